"""The parts of the state_dict's keys: fixed by the text, unique, and untouched by options."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.compiler.graph import Graph
from tests.compiler.specs import fault, faults, graph, paths

CONV = "{conv: {kernel_size: 1}}"
PATHS = f"{{branches: {{merge: add, paths: {{a: [{CONV}], b: []}}}}}}"


def keys(body: str, **arguments: object) -> list[str]:
    return paths(graph(f"body: {body}", **arguments))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"[{CONV}, {CONV}, batch_norm]", ["conv", "conv_2", "batch_norm"]),
        ("[{conv: {kernel_size: 1}, as: stem}]", ["stem"]),
        (f"[{{conv: {{kernel_size: 1}}, as: conv_2}}, {CONV}, {CONV}]", ["conv_2", "conv", "conv_3"]),
        (f"[{CONV}, {CONV}, {{conv: {{kernel_size: 1}}, as: conv_2}}]", ["conv", "conv_3", "conv_2"]),
        ("[conv: {kernel_size: 1}, {conv: {kernel_size: 1}, as: conv}]", ["conv_2", "conv"]),
        (f"[{{residual: [{CONV}]}}, {CONV}]", ["conv", "conv_2"]),
        (f"[{{residual: [{CONV}], as: unit}}, {CONV}]", ["unit.conv", "conv"]),
        (f"[{{residual: {{body: [{CONV}], shortcut: {CONV}}}}}]", ["conv", "shortcut"]),
        (f"[{{residual: {{body: [{CONV}], shortcut: [{CONV}]}}}}]", ["conv", "shortcut.conv"]),
        (
            f"[{{residual: {{body: [], shortcut: {CONV}}}}}, {{residual: {{body: [], shortcut: {CONV}}}}}]",
            ["shortcut", "shortcut_2"],
        ),
        (f"[{{branches: {{merge: add, paths: {{a: [{CONV}], b: [{CONV}]}}}}}}]", ["a.conv", "b.conv"]),
        (
            f"[{PATHS}, {PATHS}]",
            ["a.conv", "a_2.conv"],
        ),
        (f"[{{branches: {{merge: add, paths: {{a: [{CONV}], b: []}}}}, as: head}}]", ["head.a.conv"]),
        (f"[{{repeat: 2, do: [{CONV}]}}]", ["conv.0", "conv.1"]),
        (f"[{{repeat: 2, do: [{CONV}], as: stages}}]", ["stages.0.conv", "stages.1.conv"]),
        (
            f"[{{repeat: 2, as: s, do: [{{repeat: 1, do: [{CONV}, {CONV}]}}]}}]",
            ["s.0.conv.0", "s.0.conv_2.0", "s.1.conv.0", "s.1.conv_2.0"],
        ),
        (f"[{{repeat: 2, do: [{{repeat: 2, do: [{CONV}]}}]}}]", ["conv.0.0", "conv.0.1", "conv.1.0", "conv.1.1"]),
        (f"[{{repeat: 1, do: [{{residual: [{CONV}], as: u}}]}}]", ["u.0.conv"]),
        (f"[{{if: true, then: [{CONV}], else: [{CONV}]}}]", ["conv"]),
        (f"[{{if: false, then: [{CONV}], else: [{CONV}]}}]", ["conv_2"]),
        ("[{if: false, then: [{conv: {kernel_size: 1}, as: a}], else: [{conv: {kernel_size: 1}, as: a}]}]", ["a_2"]),
        ("[attention: 1]", ["attention.qkv", "attention.out"]),
        ("[{attention: 1, as: mix}]", ["mix.qkv", "mix.out"]),
        ("[{parameter: {shape: {channels: 3}}, as: p}, parameter: {shape: {height: 1}}]", ["p", "parameter"]),
        (f"[{{gate: [{CONV}]}}, {{side: [{CONV}], as: v}}]", ["conv", "v.conv"]),
        ("[{squeeze_excite: 1}, {squeeze_excite: 1, as: se}]", [
            "squeeze_excite.conv", "squeeze_excite.conv_2", "se.conv", "se.conv_2",
        ]),
    ],
)  # fmt: skip
def test_keys_of_a_body(body, expected):
    assert keys(body) == expected


def test_shortcut_given_by_name_has_a_label_of_its_own_each_time():
    text = """
        blocks: {p: {body: [conv: {kernel_size: 1}]}}
        body:
          - residual: {body: [relu], shortcut: p}
          - residual: {body: [relu], shortcut: p}
    """
    assert paths(graph(text)) == ["shortcut.conv", "shortcut_2.conv"]


def test_body_argument_names_what_it_runs():
    text = """
        blocks:
          u:
            args: {core: body, mixer: body = batch_norm}
            body: [core, core, mixer]
        body:
          - u: {core: {conv: {kernel_size: 1}}}
          - u: {core: [conv: {kernel_size: 1}], mixer: {squeeze_excite: 1}}
    """
    assert paths(graph(text)) == [
        *("u.core", "u.core_2", "u.mixer"),
        *("u_2.core.conv", "u_2.core_2.conv", "u_2.mixer.conv", "u_2.mixer.conv_2"),
    ]


def test_names_inside_two_loops_may_be_alike_and_their_keys_differ():
    body = "[{repeat: 1, do: [{conv: {kernel_size: 1}, as: a}]}, {repeat: 1, do: [{conv: {kernel_size: 1}, as: a}]}]"
    assert keys(body) == ["a.0", "a_2.0"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[{conv: {kernel_size: 1}, share: w}, relu, {conv: {kernel_size: 1}, share: w}]", ["w"]),
        ("[{conv: {kernel_size: 1}, share: conv}, {conv: {kernel_size: 1}}]", ["conv", "conv_2"]),
        ("[{conv: {kernel_size: 1}}, {conv: {kernel_size: 1}, share: conv}]", ["conv_2", "conv"]),
        ("[{repeat: 3, do: [batch_norm, conv: {kernel_size: 1}], share: l}]", ["l.batch_norm", "l.conv"]),
        (
            "[{residual: [conv: {kernel_size: 1}], share: r}, {residual: [conv: {kernel_size: 1}], share: r}]",
            ["r.conv"],
        ),
        ("[{squeeze_excite: 1, share: s}, {squeeze_excite: 1, share: s}]", ["s.conv", "s.conv_2"]),
        ("[{repeat: 2, do: [{conv: {kernel_size: 1}, share: w}, {conv: {kernel_size: 1}, share: w}]}]", ["w.0", "w.1"]),
        (
            "[{repeat: 2, as: s, do: [{residual: {body: [{conv: {kernel_size: 1}, share: w}],"
            " shortcut: [{conv: {kernel_size: 1}, share: w}]}}]}]",
            ["s.0.w", "s.1.w"],
        ),
        (
            "[{branches: {merge: add, paths: {a: [{conv: {kernel_size: 1}, share: w}],"
            " b: [{conv: {kernel_size: 1}, share: w}]}}}]",
            ["w"],
        ),
        (
            "[{branches: {merge: add, paths: {a: [{conv: {kernel_size: 1}, share: conv}], b: []}}},"
            " {conv: {kernel_size: 1}}]",
            ["conv", "conv_2"],
        ),
    ],
)
def test_shared_weights_stand_once_under_their_label(body, expected):
    assert keys(body) == expected


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ("[{conv: {kernel_size: 1}, share: w}, {conv: {kernel_size: 3}, share: w}]", "shape-mismatch", "conv"),
        ("[{conv: {kernel_size: 1}, share: w}, {batch_norm: , share: w}]", "shape-mismatch", "batch_norm"),
        (
            "[{conv: {kernel_size: 1}, share: w}, {conv: {kernel_size: 1, stride: 2}, share: w}]",
            "shape-mismatch",
            "conv",
        ),
        ("[{conv: {kernel_size: 1}, share: w}, {squeeze_excite: 1, share: w}]", "name-clash", "conv"),
        ("[{squeeze_excite: 1, share: w}, {conv: {kernel_size: 1}, share: w}]", "name-clash", "conv"),
    ],
)
def test_nodes_that_are_not_alike_cannot_share(body, code, part):
    found = faults(f"body: {body}")
    assert {d.code for d in found} == {code}
    assert "share" in found[0].message or "stand under `w" in found[0].message


def test_label_that_a_body_brings_along_may_clash_with_a_name_of_the_block_that_runs_it():
    text = """
        blocks: {u: {args: {core: body}, body: [{conv: {kernel_size: 1}, as: w}, core]}}
        body: [u: {core: [{conv: {kernel_size: 1}, share: w}]}]
    """
    assert fault(text)[0] == "name-clash"


def test_label_of_share_may_stand_beside_a_name():
    assert keys("[{conv: {kernel_size: 1}, share: w}, {conv: {kernel_size: 1}, as: w}]") == ["w", "w_2"]


def test_ops_that_structures_add_have_labels_of_their_own():
    g = graph(
        "body: [{residual: {body: [relu], drop_path: 0.1}},"
        " {residual: {body: [relu], drop_path: 0.2}, as: r}, {add: [r, x]}]"
    )
    labels = [".".join(node.path) for node in g.nodes]
    assert labels == ["relu", "drop_path", "add", "r.relu", "r.drop_path", "r.add", "add_2"]


leaf = st.sampled_from([
    "conv: {kernel_size: 1}", "batch_norm:", "squeeze_excite: 1", "relu:", "unit: 2",
    "attention: {num_heads: 1, query: unit}", "conv: {kernel_size: 1}\n  as: a",
])  # fmt: skip


def indented(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def body_of(nodes: list[str]) -> str:
    return "\n".join(indented(f"- {node}") for node in nodes)


def structure(children):
    bodies = st.lists(children, min_size=1, max_size=3).map(body_of)
    return st.one_of(
        bodies.map("residual:\n{}".format),
        bodies.map("gate:\n{}".format),
        bodies.map("repeat: 2\n  do:\n{}".format),
        bodies.map("repeat: 2\n  as: b\n  do:\n{}".format),
        st.tuples(bodies, bodies).map(lambda t: f"if: on\n  then:\n{t[0]}\n  else:\n{t[1]}"),
        bodies.map(lambda b: f"branches:\n    merge: add\n    paths:\n      p:\n{indented(b)}\n      q: []"),
        bodies.map("residual:\n{}\n  as: c".format),
    )


guards = st.sampled_from(["", "\n  when: on", "\n  when: not on"])
guarded = st.recursive(leaf, structure, max_leaves=6).flatmap(lambda node: guards.map(lambda guard: node + guard))
UNIT = "blocks:\n  unit:\n    args: {n: 1}\n    body:\n      - repeat: n\n        do: [conv: {kernel_size: 1}]\n"


@settings(max_examples=120, deadline=None)
@given(st.lists(guarded, min_size=1, max_size=4))
def test_switching_an_option_renames_no_key(nodes):
    text = f"args: {{on: true}}\n{UNIT}body:\n{body_of(nodes)}\n"
    found = {d.code for d in faults(text)}
    assert found <= {"duplicate-name", "name-clash"}  # of the names and labels that the nodes above may bear twice
    if not found:
        switched_on, switched_off = (keys_by_place(graph(text, on=on)) for on in (True, False))
        for place in switched_on.keys() & switched_off.keys():
            assert switched_on[place] == switched_off[place]
        everything = [*switched_on.items(), *(item for item in switched_off.items() if item[0] not in switched_on)]
        keys = [key for _, found in everything for key in found]
        assert len(set(keys)) == len(keys)


def keys_by_place(graph: Graph) -> dict[object, set[str]]:
    """The keys of the nodes that own weights, by the places where they and the calls around them are written."""
    found: dict[object, set[str]] = {}
    for node in graph.owners:
        if graph.parameters_of(node):
            assert node.span is not None
            calls = tuple(note.message.split("/")[-1].split(",")[0] for note in node.trail)
            key = ".".join(node.path)
            found.setdefault((node.span.line, node.span.column, node.label, calls), set()).add(key)
    return found


def test_fault_of_a_name_bound_twice_shows_both():
    (found,) = faults("body: [{relu: , as: a}, {repeat: 2, do: [{relu: , as: a}]}]")
    assert found.code == "duplicate-name"
    assert found.notes[0].span is not None
    assert fault("args: {a: 3}\nlet: {a: 4}\nbody: []") == ("duplicate-name", "a")
