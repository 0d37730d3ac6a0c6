"""Calls of blocks and body arguments: what they take, what they see, and what is said of wrong ones."""

import pytest

from tests.compiler.specs import fault, faults, graph, paths, result


def test_block_sees_the_models_arguments_and_hides_them_by_its_own():
    g = graph("""
        args: {k: 3}
        blocks:
          own: {args: {k: 5}, body: [conv: {kernel_size: k}]}
          sees: {body: [conv: {kernel_size: k}]}
        body: [own, sees, own: 7]
    """)
    assert [node.op.kernel_size for node in g.nodes] == [(5, 5), (3, 3), (7, 7)]


def test_nothing_hides_a_name_of_its_own_block():
    for node in ("{let: {k: 3}}", "{for: {k: 3}, do: []}", "{relu: , as: k}"):
        assert fault(f"blocks: {{u: {{args: {{k: 5}}, body: [{node}]}}}}\nbody: [u]") == ("duplicate-name", "k")


def test_field_without_value_takes_the_name_that_it_bears():
    g = graph("args: {kernel_size: 3, stride: 2}\nbody: [conv: {out_channels: 4, kernel_size, stride}]")
    assert result(g) == (4, 16, 16)
    assert fault("body: [conv: {kernel_size: 3, stride}]") == ("unknown-name", "stride")


def test_default_refers_to_arguments_before_it_and_to_what_enters():
    text = """
        blocks: {u: {args: {a: int, b: int = a * 2, c: int = x.channels}, body: [let: {d: a + b + c}, linear: d, relu]}}
        body: [u: 3, u: {a: 1, c: 1}]
    """
    assert [node.op.out_features for node in graph(text).nodes if node.op.name == "linear"] == [12, 4]
    later = "blocks: {u: {args: {a: int = b, b: 3}, body: []}}\nbody: [u]"
    assert fault(later) == ("unknown-name", "b")


def test_model_arguments_refer_to_those_before():
    text = "args: {a: 3, b: int = a * 2}\nbody: [conv: {out_channels: b, kernel_size: 1}]"
    assert result(graph(text)) == (6, 32, 32)
    assert result(graph(text, a=5)) == (10, 32, 32)
    assert result(graph(text, b=5)) == (5, 32, 32)
    assert result(graph(text, b="2 + 2")) == (4, 32, 32)


@pytest.mark.parametrize(
    ("call", "code", "part"),
    [
        ("u", "missing-key", "u"),
        ("{u: {n: 1, m: 2}}", "unknown-argument", "m"),
        ("{u: 9}", "out-of-range", "9"),
        ("{u: x.channels + 6}", "out-of-range", "x.channels + 6"),
        ("{u: 1.5}", "wrong-type", "1.5"),
        ("{u: {n: [1]}}", "wrong-type", "[1]"),
        ("{u: relu}", "unknown-name", "relu"),
        ("{u: {n: 1, mode: quick}}", "unknown-name", "quick"),
        ("{u: {n: 1, mode}}", "unknown-name", "mode"),
        ("{u: {n: 1, act: 3}}", "wrong-type", "3"),
        ("{u: {n: 1, act: rellu}}", "unknown-name", "rellu"),
        ("{u: {n: 1, act: {relu: 3}}}", "wrong-type", "3"),
        ("{u: {n: 1, skip: g}}", "wrong-type", "g"),
        ("{u: {n: 1, skip: n}}", "unknown-name", "n"),
        ("{bare: 3}", "unknown-argument", "3"),
        ("{bare: {a: 3}}", "unknown-argument", "a"),
        ("unit", "unknown-op", "unit"),
    ],
)
def test_call_at_fault(call, code, part):
    text = """
        blocks:
          bare: {body: [relu]}
          u:
            args:
              n: {type: int, min: 1, max: 8}
              mode: fast | slow = fast
              act: body = relu
              skip: {type: map | tokens, default: x}
            body: [act, {add: [x, skip]}]
        body:
          - {side: [global_avg_pool], as: g}
          - %s
    """
    assert fault(text % call) == (code, part)


def test_body_argument_is_a_name_a_node_or_a_list():
    text = """
        args: {width: 5}
        blocks:
          plain: {args: {out_channels: int, stride: 1}, body: [conv: {out_channels, stride, kernel_size: 3}]}
          u:
            args: {core: "body(out_channels, stride) = plain"}
            body: [core: {out_channels: 8, stride: 2}]
        body: [u: %s]
    """
    shape = (8, 16, 16)
    assert result(graph(text % "")) == shape
    assert result(graph(text % "plain")) == shape
    assert result(graph(text % "{core: {conv: {out_channels, stride, kernel_size: 1}}}")) == shape
    assert result(graph(text % "{core: [relu, {conv: {out_channels, stride, kernel_size: 1}}]}")) == shape
    assert result(graph(text % "{core: [conv: {out_channels: width, kernel_size: 1}]}")) == (5, 32, 32)


def test_names_of_a_body_bind_where_it_is_written_and_x_where_it_runs():
    g = graph("""
        blocks:
          u: {args: {core: body, n: 2}, body: [{conv: {out_channels: 6, kernel_size: 1}}, core]}
        body:
          - {let: {n: 7}}
          - u: {core: [conv: {out_channels: n * x.channels, kernel_size: 1}]}
    """)
    assert result(g) == (42, 32, 32)


def test_body_is_handed_on_and_kept_under_other_names():
    g = graph("""
        blocks:
          inner: {args: {act: body}, body: [act]}
          outer: {args: {act: body = gelu}, body: [inner: {act}, {let: {again: act}}, again]}
        body: [outer, outer: tanh]
    """)
    assert [node.op.name for node in g.nodes] == ["gelu", "gelu", "tanh", "tanh"]


@pytest.mark.parametrize(
    ("call", "given", "code"),
    [
        ("core: {out_channels: 4}", "plain", "missing-key"),
        ("core: {out_channels: 4, strid: 1}", "plain", "unknown-argument"),
        ("core: {out_channels: 4, stride: 1}", "relu", "unknown-key"),
        ("core: {out_channels: 4, stride: 1}", "narrow", "unknown-argument"),
        ("core: {out_channels: 1.5, stride: 1}", "plain", "wrong-type"),
        ("core: {out_channels: 4, stride: 1}", "{conv: {out_channels, kernel_size: 2, stride}}", "missing-key"),
    ],
)
def test_body_argument_that_does_not_fit_its_call(call, given, code):
    text = f"""
        blocks:
          plain: {{args: {{out_channels: int, stride: int}}, body: [conv: {{out_channels, stride, kernel_size: 3}}]}}
          narrow: {{args: {{out_channels: int}}, body: [conv: {{out_channels, kernel_size: 3}}]}}
          u: {{args: {{core: "body(out_channels, stride)"}}, body: [{call}]}}
        body: [u: {{core: {given}}}]
    """
    found = faults(text)
    assert {d.code for d in found} == {code}


def test_fault_inside_a_block_tells_the_calls_that_led_there():
    (found,) = faults("""
        blocks:
          unit: {args: {n: int}, body: [conv: {kernel_size: 3, groups: n}]}
          stage: {body: [{repeat: 3, do: [unit: 2]}]}
        body:
          - {repeat: 2, do: [stage], as: stages}
    """)
    messages = [note.message.replace(found.span.source.name, "spec") for note in found.notes if note.span is None]
    assert messages == [
        "in block `unit`, called at spec:7:35, repeat 1 of 3",
        "in block `stage`, called at spec:9:22, repeat 1 of 2",
    ]


def test_init_nests_and_the_nearest_wins():
    g = graph("""
        init: {conv: {weight: {normal: 0.5}}, batch_norm: {weight: zeros}}
        blocks:
          u:
            args: {s: 0.1}
            init: {conv: {weight: {normal: {std: s}}}}
            body: [{conv: {kernel_size: 1}}, {conv: {kernel_size: 1}, init: {weight: zeros}}]
        body: [{conv: {kernel_size: 1}}, batch_norm, u, {u: 0.2, init: {conv: {bias: ones}}}]
    """)
    found = [{name: (i.name, dict(i.settings)) for name, i in node.init.items()} for node in g.nodes]
    assert found == [
        {"weight": ("normal", {"std": 0.5})},
        {"weight": ("zeros", {})},
        {"weight": ("normal", {"std": 0.1})},
        {"weight": ("zeros", {})},
        {"weight": ("normal", {"std": 0.2}), "bias": ("ones", {})},
        {"weight": ("zeros", {}), "bias": ("ones", {})},
    ]


@pytest.mark.parametrize(
    ("init", "code"),
    [
        ("{conv: {wieght: zeros}}", "unknown-key"),
        ("{relu: {weight: zeros}}", "unknown-key"),
        ("{conw: {weight: zeros}}", "unknown-op"),
        ("{conv: {weight: zeroes}}", "unknown-name"),
        ("{conv: {weight: {normal: {stdd: 1}}}}", "unknown-key"),
        ("{conv: {weight: {normal: wide}}}", "unknown-name"),
        ("{conv: {weight: {normal: -1}}}", "out-of-range"),
        ("{conv: {weight: {constant: }}}", "missing-key"),
        ("{conv: {weight: 3}}", "wrong-type"),
        ("{conv: zeros}", "wrong-type"),
        ("[conv]", "wrong-type"),
        ("{batch_norm: {weight: dirac}}", "shape-mismatch"),
        ("{conv: {bias: kaiming_normal}}", "shape-mismatch"),
        ("{conv: {weight: eye}}", "shape-mismatch"),
    ],
)
def test_init_at_fault(init, code):
    assert [d.code for d in faults(f"init: {init}\nbody: [conv: {{kernel_size: 1}}, batch_norm, relu]")] == [code]


def test_defaults_hold_for_the_nodes_of_their_file_alone():
    g = graph("""
        args: {b: false}
        defaults: {conv: {bias: b, kernel_size: 3}, residual: {scale: 0.5}}
        body: [conv: 8, residual: [conv: {kernel_size: 1}], squeeze_excite: 2]
    """)
    biased = [node.op.bias for node in g.nodes if node.op.name == "conv"]
    assert biased == [False, False, True, True]
    assert [node.op.factor for node in g.nodes if node.op.name == "scale"] == [0.5]
    assert fault("defaults: {conv: {kernel: 3}}\nbody: []") == ("unknown-key", "kernel")
    assert fault("defaults: {conw: {kernel_size: 3}}\nbody: []") == ("unknown-op", "conw")
    assert fault("defaults: {conv: {bias: 3}}\nbody: []") == ("wrong-type", "3")


def test_prelude_is_there_for_every_spec_and_its_blocks_may_be_hidden():
    assert paths(graph("body: [{rearrange: c h w -> (h w) c}, {mlp: 4}, {layer_scale: 0.1}, class_token]")) == [
        *("mlp.linear", "mlp.linear_2", "layer_scale.gamma", "class_token.token"),
    ]
    assert graph("blocks: {mlp: {args: {a: 1}, body: [relu]}}\nbody: [mlp: 2]").parameters == 0
