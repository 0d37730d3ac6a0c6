"""What bodies mean: x and in_channels, structures, loops, values and their names."""

import pytest

from blueprint.compiler.structures import ACTIVATIONS
from tests.compiler.specs import at, fault, faults, graph, paths, result, shapes


def test_x_is_what_enters_the_innermost_body_and_in_channels_what_enters_the_node():
    g = graph("""
        body:
          - conv: {out_channels: 8, kernel_size: 1}
          - branches:
              merge: add
              paths:
                a:
                  - conv: {out_channels: 2 * x.channels, kernel_size: 1}
                  - conv: {out_channels: x.channels, kernel_size: 1, groups: in_channels // 2}
                b: []
    """)
    first, second = g.nodes[1].op, g.nodes[2].op
    assert (first.out_channels, second.out_channels, second.groups) == (16, 8, 8)


def test_x_of_a_round_is_what_the_round_before_gave():
    g = graph("body: [{repeat: 3, do: [relu, {conv: {out_channels: x.channels + 1, kernel_size: 1}}]}]")
    assert result(g) == (6, 32, 32)


def test_conv_keeps_its_channels_and_size_where_nothing_is_said():
    assert result(graph("body: [conv: {kernel_size: 3}]")) == (3, 32, 32)


def test_split_by_name_gives_the_rest_and_an_integer_equal_parts():
    g = graph("""
        body:
          - conv: {out_channels: 10, kernel_size: 1}
          - branches: {merge: concat, split: {b: rest, a: 3}, paths: {a: [relu], b: [tanh]}}
          - branches: {merge: add, split: 2, paths: {a: [], b: []}}
    """)
    kinds = {node.op.name: [t.channels for t in g.outputs_of(node)] for node in g.nodes}
    assert kinds["relu"] == [3]
    assert kinds["tanh"] == [7]
    assert result(g) == (5, 32, 32)


@pytest.mark.parametrize(
    ("split", "code"),
    [
        ("3", "not-divisible"),
        ("4", "expression-value"),
        ("{a: 3, b: 3, c: 3}", "not-divisible"),
        ("{a: 10, b: rest, c: 1}", "not-divisible"),
        ("{a: 1, b: rest}", "missing-key"),
        ("{a: rest, b: rest, c: 1}", "wrong-type"),
        ("{a: rest, b: 2, d: 1, c: 1}", "unknown-path"),
        ("1", "out-of-range"),
        ("{a: 0, b: 1, c: rest}", "out-of-range"),
        ("{a: 9, b: 1, c: rest}", "not-divisible"),
    ],
)
def test_split_that_does_not_fit_is_a_fault(split, code):
    node = "{branches: {merge: concat, split: %s, paths: {a: [], b: [], c: []}}}"
    text = "body: [{conv: {out_channels: 10, kernel_size: 1}}, " + node + "]"
    assert [d.code for d in faults(text % split)] == [code]


def test_a_path_that_is_off_may_take_no_channels_by_number_expression_or_rest():
    for width, kept in ((1, [1, 9]), (9, [9, 1]), (10, [10])):
        g = graph(
            """
                args: {width: int}
                body:
                  - conv: {out_channels: 10, kernel_size: 1}
                  - branches:
                      merge: concat
                      split: {none: 0, near: width, zero: "min(0, width)", far: rest}
                      paths:
                        none: {when: false, body: [tanh]}
                        near: [relu]
                        zero: {when: width > 10, body: [tanh]}
                        far: {when: width < 10, body: [relu]}
            """,
            width=width,
        )
        assert [g.outputs_of(node)[0].channels for node in g.nodes if node.op.name == "relu"] == kept
        assert not [node for node in g.nodes if node.op.name == "tanh"]
        assert result(g) == (10, 32, 32)


def test_a_path_that_is_off_is_left_out_with_its_share():
    g = graph("body: [{branches: {merge: concat, split: {a: 1, b: rest}, paths: {a: {when: false, body: []}, b: []}}}]")
    assert result(g) == (2, 32, 32)


@pytest.mark.parametrize(
    ("when", "share", "fault_at"),
    [
        ("true", "0", ("out-of-range", "0")),
        ("x.height > 1", "x.channels - 3", ("out-of-range", "x.channels - 3")),
        ("x.height > 99", "x.channels - 4", ("out-of-range", "x.channels - 4")),
        ("false", "-1", ("out-of-range", "-1")),
    ],
)
def test_share_of_a_path_is_at_least_1_where_it_is_on_and_0_where_it_is_off(when, share, fault_at):
    paths = f"{{near: {{when: {when}, body: [relu]}}, far: []}}"
    text = f"body: [{{branches: {{merge: concat, split: {{near: {share}, far: rest}}, paths: {paths}}}}}]"
    assert fault(text) == fault_at


def test_residual_adds_scales_and_drops_only_where_it_skips():
    text = "args: {s: true}\nbody: [{residual: {body: [relu], skip: s, scale: 0.5, drop_path: 0.1}}]"
    assert [n.op.name for n in graph(text).nodes] == ["relu", "scale", "drop_path", "add"]
    assert [n.op.name for n in graph(text, s=False).nodes] == ["relu"]


def test_residual_takes_a_shortcut_as_name_node_or_list():
    text = "blocks: {half: {body: [conv: {kernel_size: 1, stride: 2}]}}\nbody:\n".replace("half", "down")
    for given, path in (
        ("down", "shortcut.conv"),
        ("{conv: {kernel_size: 1, stride: 2}}", "shortcut"),
        ("[conv: {kernel_size: 1, stride: 2}, batch_norm]", "shortcut.conv"),
    ):
        node = f"  - residual: {{body: [conv: {{kernel_size: 3, stride: 2}}], shortcut: {given}}}\n"
        assert path in paths(graph(text + node))


def test_residual_of_unequal_shapes_names_both_and_the_shortcut_that_would_do():
    (found,) = faults("""
        body:
          - conv: {out_channels: 64, kernel_size: 3}
          - residual: [conv: {out_channels: 128, kernel_size: 3, stride: 2}]
    """)
    assert found.code == "shape-mismatch"
    assert "map(128, 16, 16)" in found.label
    assert "map(64, 32, 32)" in found.label
    assert [note.span.line for note in found.notes if note.span] == [7, 6]
    mended = "- residual: {body: [conv: {out_channels: 128, kernel_size: 3, stride: 2}], shortcut: %s}"
    shortcut = found.help.removeprefix("give it a `shortcut`, such as ")
    assert faults("body:\n- conv: {out_channels: 64, kernel_size: 3}\n" + mended % shortcut) == []


def test_residual_and_shortcut_that_differ_in_channels_alone_are_both_named():
    (found,) = faults("body: [{residual: {body: [linear: 8], shortcut: [linear: 4]}}]")
    assert found.help == "let both end with as many channels: the body has 8 and the shortcut 4"
    assert [at(note) for note in found.notes] == ["linear", "linear"]


def test_what_a_shipped_block_gives_is_told_by_its_call():
    (found,) = faults("body: [{conv: {out_channels: 8, kernel_size: 1}}, {layer_scale: 0.1}, {residual: [linear: 4]}]")
    assert [note.message for note in found.notes] == [
        "the body ends with `linear`, which gives map(4, 32, 32)",
        "`layer_scale` gives map(8, 32, 32), which enters",
    ]
    assert at(found.notes[1]) == "layer_scale"


def test_a_call_around_the_fault_itself_is_not_told_as_what_made_a_value():
    (found,) = faults("body: [mlp: {hidden_features: 8, act: [softmax: {axis: tokens}]}]")
    assert found.notes[0].message == "`linear` gives map(8, 32, 32) here"


@pytest.mark.parametrize("activation", ACTIVATIONS.split(" | "))
def test_gate_multiplies_by_its_body(activation):
    g = graph(f"body: [gate: {{body: [global_avg_pool], activation: {activation}}}]")
    assert [n.op.name for n in g.nodes] == ["global_avg_pool", activation, "multiply"]
    assert result(g) == (3, 32, 32)


def test_path_that_is_off_is_left_out_and_a_single_one_needs_no_merge():
    text = """
        args: {wide: true}
        body: [{branches: {merge: concat, paths: {a: [relu], b: {when: wide, body: [tanh]}}}}]
    """
    assert result(graph(text)) == (6, 32, 32)
    assert [n.op.name for n in graph(text, wide=False).nodes] == ["relu"]


@pytest.mark.parametrize(("axis", "shape"), [("tokens", (2048, 3)), ("channels", (1024, 6))])
def test_paths_are_joined_along_the_axis_that_is_named(axis, shape):
    g = graph(f"body: [to_tokens, {{branches: {{merge: concat, axis: {axis}, paths: {{a: [relu], b: []}}}}}}]")
    assert result(g) == shape


@pytest.mark.parametrize("merge", ["add", "multiply", "mean", "max"])
def test_an_axis_goes_with_a_concat_alone(merge):
    text = "body: [{branches: {merge: %s, axis: channels, paths: {a: [], b: []}}}]"
    assert fault(text % merge) == ("unknown-key", "axis")
    given = f"args: {{way: concat | add | multiply | mean | max = {merge}}}\n"
    assert faults(given + text % "way") == []


@pytest.mark.parametrize("paths", ["{a: [], b: []}", "{a: []}"])
@pytest.mark.parametrize("merge", ["concat", "'way'"])
def test_an_axis_that_the_paths_do_not_give_is_a_fault_that_names_the_nearest(paths, merge):
    given = "args: {way: concat | add = add}\n"
    (found,) = faults(given + f"body: [{{branches: {{merge: {merge}, axis: chanels, paths: {paths}}}}}]")
    assert (found.code, at(found), found.help) == ("wrong-kind", "chanels", "did you mean `channels`?")


def test_every_path_off_is_a_fault():
    text = "body: [{branches: {merge: add, paths: {a: {when: false, body: []}, b: {when: 1 > 2, body: []}}}}]"
    assert fault(text) == ("expression-value", "branches")


def test_merge_of_unequal_paths_names_the_paths_that_are_on():
    (found,) = faults("""
        body:
          - branches:
              merge: add
              paths:
                off: {when: false, body: [relu]}
                left: [conv: {out_channels: 4, kernel_size: 1}]
                right: []
    """)
    assert "path `left` ends with `conv`" in found.notes[0].message
    assert "path `right` ends with the input" in found.notes[1].message


def test_when_off_is_the_identity_and_names_what_entered():
    g = graph("body: [{relu: , when: false, as: v}, {tanh: , as: t}, {concat: [v, t]}]")
    assert g.nodes[-1].inputs[0] == g.inputs[0][1]


def test_if_runs_one_of_its_bodies_and_without_else_nothing():
    text = "args: {n: 1}\nbody: [{if: n > 1, then: [relu], else: [tanh]}, {if: n > 1, then: [gelu]}]"
    assert [n.op.name for n in graph(text).nodes] == ["tanh"]
    assert [n.op.name for n in graph(text, n=2).nodes] == ["relu", "gelu"]


def test_choice_is_compared_by_its_name_on_either_side():
    text = "args: {mode: fast | slow = fast}\nbody: [{if: %s, then: [relu]}]"
    for condition in ("mode == fast", "fast == mode", "'mode in [fast]'", "mode != slow"):
        assert len(graph(text % condition).nodes) == 1
    assert fault(text % "mode == quick") == ("unknown-name", "quick")
    clash = "args: {mode: fast | slow = fast}\nlet: {fast: 3}\nbody: [{if: mode == fast, then: [relu]}]"
    assert fault(clash)[0] == "name-clash"


def test_for_takes_columns_integers_and_expressions():
    g = graph("""
        args: {dims: [4, 8, 16]}
        body:
          - for: {dim: "dims[:2]", i: 2, deep: "[1, 2]"}
            do:
              - repeat: deep
                do: [conv: {out_channels: dim + i, kernel_size: 1}]
    """)
    assert [s[0] for s in shapes(g)] == [4, 9, 9]


def test_for_column_without_value_takes_the_list_of_its_name():
    assert (
        result(graph("args: {dim: [4, 8]}\nbody: [{for: {dim}, do: [{conv: {out_channels: dim, kernel_size: 1}}]}]"))[0]
        == 8
    )


def test_for_takes_a_table_written_or_given():
    node = "{for: {columns: [dim, k], rows: %s}, do: [{conv: {out_channels: dim, kernel_size: k}}]}"
    written = graph("body: [%s]" % (node % "[[4, 1], [8, 3]]"))
    given = graph("args: {t: [[4, 1], [8, 3]]}\nbody: [%s]" % (node % "t"))
    assert shapes(written) == shapes(given) == [(4, 32, 32), (8, 32, 32)]


def test_for_runs_bodies_from_a_column():
    g = graph("body: [{for: {act: [relu, {conv: {out_channels: 4, kernel_size: 1}}, gelu]}, do: [act]}]")
    assert [n.op.name for n in g.nodes] == ["relu", "conv", "gelu"]


@pytest.mark.parametrize(
    ("loop", "code"),
    [
        ("{for: {a: [1, 2], b: [1]}, do: []}", "unequal-columns"),
        ("{for: {a: [1, 2], b: 3}, do: []}", "unequal-columns"),
        ("{for: {columns: [a, b], rows: [[1, 2], [3]]}, do: []}", "unequal-columns"),
        ("{for: {columns: [a, b], rows: [1, 2]}, do: []}", "unequal-columns"),
        ("{for: {i: 0 - 1}, do: []}", "out-of-range"),
        ("{repeat: 0 - 1, do: []}", "out-of-range"),
        ("{for: {i: 0.5}, do: []}", "wrong-type"),
        ("{repeat: [1], do: []}", "wrong-type"),
        ("{for: {i: true}, do: []}", "wrong-type"),
        ("{for: {i: 3}}", "missing-key"),
        ("{repeat: 3}", "missing-key"),
        ("{for: , do: []}", "wrong-type"),
    ],
)
def test_loop_at_fault(loop, code):
    assert [d.code for d in faults(f"body: [{loop}]")] == [code]


def test_fault_in_a_loop_is_told_once_with_its_round():
    (found,) = faults("body: [{for: {i: 4}, do: [{conv: {out_channels: 6 // (2 - i), kernel_size: 1}}]}]")
    assert found.code == "division-by-zero"
    assert [note.message for note in found.notes] == ["repeat 3 of 4"]


def test_collect_gives_a_loops_values_and_reversed_takes_them_back():
    g = graph("""
        blocks:
          up:
            args: {skip: map}
            body:
              - upsample: 2
                as: large
              - concat: [large, skip]
              - conv: {out_channels: skip.channels, kernel_size: 3}
        body:
          - for: {dim: [4, 8]}
            do:
              - conv: {out_channels: dim, kernel_size: 3}
                as: skip
              - max_pool: 2
            collect: {skips: skip}
          - for: {skip: reversed(skips)}
            do: [up: {skip}]
    """)
    assert result(g) == (4, 32, 32)
    assert shapes(g)[-6:] == [
        (8, 16, 16),
        (16, 16, 16),
        (8, 16, 16),
        (8, 32, 32),
        (12, 32, 32),
        (4, 32, 32),
    ]


def test_values_of_a_list_are_joined_or_taken_by_index():
    text = """
        body:
          - {for: {i: 3}, do: [{conv: {out_channels: i + 1, kernel_size: 1}, as: v}], collect: {all: v}}
          - {%s}
    """
    assert result(graph(text % "concat: all")) == (6, 32, 32)
    assert result(graph(text % "concat: [first(all), x]")) == (4, 32, 32)
    assert result(graph(text % "relu: , from: 'all[1]'")) == (2, 32, 32)
    assert fault(text % "relu: , from: all")[0] == "wrong-type"
    assert fault(text % "concat: [i, x]")[0] == "unknown-name"


def test_name_inside_a_loop_or_path_is_not_seen_outside_and_the_fault_says_where_it_is():
    for inner in (
        "{repeat: 2, do: [{relu: , as: v}]}",
        "{branches: {merge: add, paths: {a: [{relu: , as: v}], b: []}}}",
    ):
        (found,) = faults(f"body: [{inner}, {{add: [v, x]}}]")
        assert found.code == "unknown-name"
        assert "`collect`" in found.help
        assert found.notes[0].span is not None


def test_value_is_not_used_before_it_is_made():
    assert fault("body: [{add: [late, x]}, {relu: , as: late}]") == ("unknown-name", "late")


def test_side_runs_a_body_and_passes_its_input_on():
    g = graph("body: [{side: [{conv: {out_channels: 5, kernel_size: 1}}], as: s}, {concat: [x, s]}]")
    assert result(g) == (8, 32, 32)


def test_let_holds_to_the_end_of_its_body():
    text = "body: [{let: {half: x.channels // 2, twice: 2 * half}}, {conv: {out_channels: twice, kernel_size: 1}}]"
    assert result(graph("input: [8, 4, 4]\n" + text)) == (8, 4, 4)
    outside = "body: [{repeat: 1, do: [{let: {k: 3}}]}, {conv: {out_channels: k, kernel_size: 1}}]"
    assert fault(outside) == ("unknown-name", "k")


def test_from_says_what_enters_and_takes_one_value():
    text = "body: [{relu: , as: a}, {global_avg_pool: , as: g}, {conv: {kernel_size: 1}, from: %s}]"
    assert result(graph(text % "a")) == (3, 32, 32)
    assert fault(text % "[a, g]") == ("wrong-type", "[a, g]")
    assert fault(text % "b") == ("unknown-name", "b")
    assert fault(text % "[]")[0] == "wrong-type"
    assert fault("body: [{parameter: {shape: {channels: 3}}, from: x}]")[0] == "wrong-type"


def test_inputs_are_given_once():
    assert fault("body: [{add: [x, x], from: x}]")[0] == "unknown-key"
    assert fault("body: [add]")[0] == "missing-key"
    assert len(graph("body: [{relu: , as: a}, {add: , from: [a, x]}]").nodes) == 2


def test_op_of_several_values_that_needs_a_field_takes_no_bare_value():
    text = "body: [{einsum: %s}]"
    assert fault(text % "c h w -> c") == ("missing-key", "c h w -> c")
    assert fault(text % "[x, x]") == ("missing-key", "[x, x]")
    assert result(graph("defaults: {einsum: {pattern: c h w -> c}}\nbody: [{einsum: [x]}]")) == (3,)


def test_attention_makes_its_projections_by_bodies_names_or_linears():
    blocks = "input: [8, 4, 4]\nblocks: {p: {args: {s: 1}, body: [conv: {kernel_size: 1, stride: s}]}}\n"
    text = blocks + "body: [attention: %s]"
    assert paths(graph(text % "2")) == ["attention.qkv", "attention.out"]
    g = graph(text % "{num_heads: 2, query: p, key: {p: 2}, value: [p: 2, batch_norm], out: []}")
    assert paths(g) == [
        "attention.query.conv",
        "attention.key.conv",
        "attention.value.p.conv",
        "attention.value.batch_norm",
    ]
    assert result(g) == (8, 4, 4)
    assert fault(text % "3")[0] == "not-divisible"


def test_attention_of_a_vector_is_of_the_wrong_kind():
    assert fault("body: [global_avg_pool, attention: 1]") == ("wrong-kind", "attention")


def test_rearrange_with_a_body_is_undone_behind_it():
    g = graph("body: [{rearrange: {pattern: c h w -> (h w) c, body: [layer_norm]}}]")
    assert [n.op.name for n in g.nodes] == ["rearrange", "layer_norm", "rearrange"]
    assert result(g) == (3, 32, 32)


def test_a_new_axis_that_has_a_name_meets_others_by_it_and_goes_behind_a_body():
    g = graph("""
        body:
          - {rearrange: {pattern: (n c) h w -> n c h w, n: 3}, as: all}
          - {sum: c, as: some}
          - rearrange: {pattern: c h w -> c h w}
          - {rearrange: {pattern: n h w -> n c h w, c: 1}, as: one}
          - multiply: [all, one]
          - rearrange: {pattern: n c h w -> n e c h w, e: 1, body: [{sum: {axis: e, keepdim: true}}]}
    """)
    assert shapes(g)[-3:] == [(3, 1, 1, 32, 32), (3, 1, 1, 32, 32), (3, 1, 32, 32)]
    assert g.types[g.outputs[0][1]].names == ("n", "c", "h", "w")


def test_axis_size_that_the_pattern_does_not_name_is_a_fault():
    assert fault("body: [{rearrange: {pattern: c h w -> (h w) c, p: 2}}]") == ("unknown-key", "p")


def test_parameter_is_learned_and_not_batched():
    g = graph("body: [{parameter: {shape: {channels: x.channels}, init: ones}, as: p}, {multiply: [x, p]}]")
    assert g.parameters == 3
    assert not g.outputs_of(g.nodes[0])[0].batched


def test_linear_on_a_map_is_legal_and_warned_of_where_it_is_the_output():
    (found,) = faults("body: [linear: 10]")
    assert (found.code, found.severity) == ("wrong-kind", "warning")
    assert "`global_avg_pool`" in found.help
    assert faults("body: [linear: 10, relu]") == []
    assert faults("body: [global_avg_pool, linear: 10]") == []


def test_nothing_that_depends_on_a_fault_is_reported():
    text = """
        body:
          - {conv: {out_channels: 7, kernel_size: 3, groups: 2}, as: a}
          - {repeat: a.channels, do: [{conv: {out_channels: a.channels, kernel_size: 3}, as: b}], as: loop}
          - {let: {n: a.channels}}
          - {if: n > 3, then: [{conv: {out_channels: n, kernel_size: 1}}]}
          - {residual: [{attention: {num_heads: n}}]}
          - {branches: {merge: add, split: 2, paths: {p: [relu], q: [{add: [a, x]}]}}}
          - {for: {i: n}, do: [relu], collect: {}}
          - {linear: n}
    """
    assert [d.code for d in faults(text)] == ["not-divisible"]


def test_nothing_more_is_said_of_a_name_that_a_faulty_node_binds():
    assert fault("body: [{conw: 3, as: a}, {add: [a, x]}]") == ("unknown-op", "conw")
    assert fault("body: [{for: {i: 2}, doo: [], collect: {vs: v}}, {concat: vs}]")[0] in ("unknown-key", "missing-key")


@pytest.mark.parametrize(
    ("node", "code", "part"),
    [
        ("3", "wrong-type", "3"),
        ("[relu]", "wrong-type", "[relu]"),
        ("{}", "missing-key", "{}"),
        ("{as: a}", "missing-key", "{as: a}"),
        ("{relu: , gelu: }", "unknown-key", "gelu"),
        ("{conv: 8, kernel_size: 3}", "unknown-key", "kernel_size"),
        ("{relu: , whn: true}", "unknown-key", "whn"),
        ("{conv: {kernel_size: 3, as: a}}", "unknown-key", "as"),
        ("{relu: 3}", "wrong-type", "3"),
        ("{conv: {kernel_size: }}", "unknown-name", "kernel_size"),
        ("{relu: , when: 3}", "wrong-type", "3"),
        ("{relu: , when: x.channels}", "wrong-type", "x.channels"),
        ("{relu: , as: 3}", "wrong-type", "3"),
        ("{relu: , as: a b}", "wrong-type", "a b"),
        ("{relu: , as: x}", "reserved-name", "x"),
        ("{relu: , as: forward}", "reserved-name", "forward"),
        ("{relu: , as: _a}", "reserved-name", "_a"),
        ("{relu: , share: train}", "reserved-name", "train"),
        ("{let: {a: 1}, when: true}", "unknown-key", "when"),
        ("{side: [relu]}", "missing-key", "side"),
        ("{branches: {merge: add, paths: {to: []}}}", "reserved-name", "to"),
        ("{branches: {merge: add}}", "missing-key", "branches"),
        ("{branches: {paths: {a: []}}}", "missing-key", "branches"),
        ("{branches: {merge: ad, paths: {a: []}}}", "unknown-name", "ad"),
        ("{branches: {merge: add, paths: {a: {body: [], wen: true}}}}", "unknown-key", "wen"),
        ("{residual: }", "wrong-type", ""),
        ("{residual: {shortcut: []}}", "missing-key", "residual"),
        ("residual", "missing-key", "residual"),
        ("{gate: {body: [], activation: swish}}", "unknown-name", "swish"),
        ("{parameter: 3}", "missing-key", "parameter"),
        ("{parameter: {shape: {channels: 0}}}", "out-of-range", "0"),
        ("{if: 3, then: []}", "wrong-type", "3"),
        ("{if: true}", "missing-key", "if"),
        ("{let: 3}", "wrong-type", "3"),
        ("{let: {x: 3}}", "reserved-name", "x"),
        ("{conv: {kernel_size: 3, padding: sam}}", "unknown-name", "sam"),
        ("{conv: {kernel_size: 3, out_channels: 0}}", "out-of-range", "0"),
        ("{conv: {kernel_size: 3, out_channels: x.channels - 3}}", "out-of-range", "x.channels - 3"),
        ("{conv: {kernel_size: [3, 3, 3]}}", "wrong-type", "[3, 3, 3]"),
        ("{conv: {kernel_size: '1.5'}}", "wrong-type", "'1.5'"),
        ("{dropout: 1e300}", "budget", "1e300"),
    ],
)
def test_node_at_fault(node, code, part):
    if node == "{residual: }":
        part = faults(f"body: [{node}]")[0].span.source.lines[4][0:0]
        assert [d.code for d in faults(f"body: [{node}]")] == [code]
        return
    assert fault(f"body: [{node}]") == (code, part)


def test_misspelt_field_is_not_missing_as_well():
    assert fault("body: [{conv: {out_channels: 3, kernel_siz: 3}}]") == ("unknown-key", "kernel_siz")


def test_the_axis_of_branches_is_not_asked_of_a_path_that_is_the_only_one_on():
    text = """
        body:
          - branches:
              merge: concat
              axis: tokens
              paths: {class: {when: false, body: [to_tokens]}, places: [relu]}
    """
    assert result(graph(text)) == (3, 32, 32)
