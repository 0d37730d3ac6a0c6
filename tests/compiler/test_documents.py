"""Documents: their headers, what they extend and use, their inputs, outputs and promises."""

from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import SpecError, UsageError
from tests.compiler.specs import at, fault, faults, graph, paths, result, written

BASE = """
    blueprint: 1
    kind: model
    name: base
    input: [3, 32, 32]
    about: {title: the base}
    args: {width: 8, depth: 2}
    let: {double: 2 * width}
    init: {conv: {weight: zeros}}
    defaults: {conv: {bias: false}}
    blocks:
      unit: {args: {dim: int}, body: [conv: {out_channels: dim, kernel_size: 3}, relu]}
      stem: {body: [unit: double]}
    body:
      - stem
      - {repeat: depth, do: [unit: width], as: units}
    expect: [{params: 2160}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder, the working one, in which `base.yaml` lies."""
    monkeypatch.chdir(tmp_path)
    written(BASE, tmp_path, "base.yaml")
    return tmp_path


def child(folder: Path, text: str, name: str = "child.yaml") -> blueprint.Specification:
    return blueprint.load(written(text, folder, name))


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    return [(d.code, at(d)) for d in blueprint.check(written(text, folder, "child.yaml"))]


def test_extending_alone_gives_the_same_graph(folder):
    parent = blueprint.load("base.yaml")
    assert parent.graph.parameters == 2160
    spec = child(folder, "extends: base.yaml")
    assert paths(spec.graph) == paths(parent.graph)
    assert spec.graph.parameters == 2160
    assert spec.document.about is None
    assert spec.document.expect == ()


def test_set_gives_values_and_is_handed_down(folder):
    child(folder, "extends: base.yaml\nset: {width: 16}", "middle.yaml")
    spec = child(folder, "extends: middle.yaml\nset: {depth: 1}")
    assert spec.arguments == {"width": 16, "depth": 1}
    assert result(spec.graph) == (16, 32, 32)


def test_args_blocks_body_and_input_replace_whole_entries(folder):
    assert result(child(folder, "extends: base.yaml\nargs: {width: 4}").graph) == (4, 32, 32)
    assert result(child(folder, "extends: base.yaml\ninput: [1, 8, 8]").graph) == (8, 8, 8)
    spec = child(folder, "extends: base.yaml\nbody: [unit: double]")
    assert paths(spec.graph) == ["unit.conv"]
    unit = "{args: {dim: int, k: 1}, body: [conv: {out_channels: dim, kernel_size: k}]}"
    spec = child(folder, f"extends: base.yaml\nblocks: {{unit: {unit}}}")
    assert [node.op.kernel_size for node in spec.graph.nodes] == [(1, 1)] * 3
    assert all(node.op.bias for node in spec.graph.nodes)  # defaults hold for the nodes of their file
    assert all("weight" in node.init for node in spec.graph.nodes)  # init comes along


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("extends: base.yaml\nset: {depht: 1}", [("unknown-argument", "depht")]),
        ("extends: base.yaml\nset: {width: wide}", [("unknown-name", "wide")]),
        ("extends: base.yaml\nset: {width: 1.5}", [("wrong-type", "1.5")]),
        ("extends: base.yaml\nset: 3", [("wrong-type", "3")]),
        ("set: {a: 3}\nbody: []", [("unknown-key", "{a: 3}")]),
        ("extends: bass.yaml", [("missing-file", "bass.yaml")]),
        ("extends: ../base.yaml", [("outside-folder", "../base.yaml")]),
        ("extends: https://a.b/c.yaml", [("outside-folder", "https://a.b/c.yaml")]),
        ("extends: 3", [("wrong-type", "3")]),
        ("extends: child.yaml", [("circular-include", "child.yaml")]),
        ("extends: lib.yaml", [("wrong-kind", "lib.yaml")]),
        ("use: {base.yaml: [unit]}\nbody: []", [("wrong-kind", "base.yaml")]),
        ("use: {lib.yaml: [on]}\nbody: [one]", [("unknown-block", "on")]),
        ("use: {lib.yaml: [on]}\nbody: [on]", [("unknown-block", "on")]),
        ("use: {lib.yaml: [deep]}\nbody: [deep]", [("unknown-block", "deep")]),
        ("use: {gone.yaml: [one]}\nbody: [one: 3]", [("missing-file", "gone.yaml")]),
        ("use: {lib.yaml: [one, 3]}\nbody: [one]", [("wrong-type", "3")]),
        ("use: [lib.yaml]\nbody: []", [("wrong-type", "[lib.yaml]")]),
        ("use: {lib.yaml: [one]}\nblocks: {one: {body: []}}\nbody: [one]", [("duplicate-name", "one")]),
        ("use: {lib.yaml: [one], inner.yaml: [one]}\nbody: [one]", [("duplicate-name", "one")]),
    ],
)
def test_fault_of_what_is_extended_or_used_is_told_once(folder, text, expected):
    head = "blueprint: 1\nkind: blocks\nname: lib\n"
    written(head + "use: {inner.yaml: [deep]}\nblocks: {one: {body: [deep]}}", folder, "lib.yaml")
    written(head + "blocks: {deep: {body: [relu]}, one: {body: []}}", folder, "inner.yaml")
    assert found(folder, text) == expected


def test_circle_of_files_shows_the_way_round(folder):
    head = "blueprint: 1\nkind: model\nname: a\n"
    written(head + "extends: b.yaml", folder, "a.yaml")
    written(head + "extends: a.yaml", folder, "b.yaml")
    (diagnostic,) = blueprint.check("a.yaml")
    assert diagnostic.code == "circular-include"
    assert diagnostic.span.place == "b.yaml:4:10"
    ((message, place),) = [(note.message, note.span.place) for note in diagnostic.notes]
    assert (message, place) == ("`b.yaml` is included here", "a.yaml:4:10")


def test_library_sees_only_its_own_names_and_use_is_not_handed_on(folder):
    head = "blueprint: 1\nkind: blocks\nname: lib\n"
    written(head + "blocks: {a: {body: [conv: {out_channels: wide, kernel_size: 1}]}}", folder, "lib.yaml")
    diagnostics = blueprint.check(written("args: {wide: 3}\nuse: {lib.yaml: [a]}\nbody: [a]", folder))
    assert [(d.code, d.span.place) for d in diagnostics] == [("unknown-name", "lib.yaml:4:42")]
    written(head + "blocks: {a: {body: [relu]}}", folder, "lib.yaml")
    written("use: {lib.yaml: [a]}\nbody: [a]", folder, "parent.yaml")
    assert found(folder, "extends: parent.yaml\nbody: [a]") == []


def test_inputs_are_named_and_outputs_given_by_name():
    g = graph("""
        input: {image: [3, 32, 32], depth: [1, 32, 32]}
        args: {more: true}
        body:
          - {concat: [image, depth], as: both}
          - {conv: {out_channels: 8, kernel_size: 1}, as: features}
          - {side: [global_avg_pool, linear: 5], as: extra}
          - global_avg_pool
          - {linear: 10, as: head}
        outputs:
          logits: head
          features: {from: features, when: more}
          extra: {from: extra, training_only: true}
    """)
    assert [name for name, _ in g.inputs] == ["image", "depth"]
    assert [name for name, _ in g.outputs] == ["logits", "features", "extra"]
    assert g.training_only == {"extra"}
    assert g.nodes[1].op.out_channels == 8


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("input: {}\nbody: []", "missing-key"),
        ("input: 3\nbody: []", "wrong-type"),
        ("input: [3, 0, 3]\nbody: []", "out-of-range"),
        ("input: [1, 2, 3, 4]\nbody: []", "out-of-range"),
        ("input: [3, a, 3]\nbody: []", "unknown-name"),
        ("input: {class: [3]}\nbody: []", "reserved-name"),
        ("input: {x: [3]}\nbody: []", "reserved-name"),
        ("input: {a b: [3]}\nbody: []", "wrong-type"),
        ("args: {image: 3}\ninput: {image: [3]}\nbody: []", "duplicate-name"),
        ("body: []\noutputs: {}", "missing-key"),
        ("body: []\noutputs: [x]", "wrong-type"),
        ("body: []\noutputs: {a: b}", "unknown-name"),
        ("body: []\noutputs: {a: [x, x]}", "wrong-type"),
        ("body: []\noutputs: {a: {when: true}}", "missing-key"),
        ("body: []\noutputs: {a: {from: x, whn: true}}", "unknown-key"),
        ("body: []\noutputs: {a: {from: x, training_only: maybe}}", "wrong-type"),
        ("body: []\noutputs: {a: {from: x, training_only: true}}", "expression-value"),
        ("body: []\noutputs: {a: {from: x, when: 1 > 2}}", "expression-value"),
        ("args: {n: 3}\nbody: []\noutputs: {a: n}", "wrong-type"),
        ("args: {n: int}\nbody: []", "missing-key"),
        ("args: {n: }\nbody: []", "wrong-type"),
        ("args: {n: imt}\nbody: []", "wrong-type"),
        ("args: {n: int = }\nbody: []", "wrong-type"),
        ("args: {n: int = 1.5}\nbody: []", "wrong-type"),
        ("args: {n: map = 3}\nbody: []", "wrong-type"),
        ("args: {n: {type: int, default: 3, min: 4}}\nbody: []", "out-of-range"),
        ("args: {n: {type: int = 3, max: 2}}\nbody: []", "out-of-range"),
        ("args: {n: {default: 3, max: 2}}\nbody: []", "out-of-range"),
        ("args: {n: {default: 3, min: 9, max: 2}}\nbody: []", "out-of-range"),
        ("args: {n: {default: some}}\nbody: []", "wrong-type"),
        ("args: {n: {help: some}}\nbody: []", "missing-key"),
        ("args: {n: {type: int, defalt: 3}}\nbody: []", "unknown-key"),
        ("args: {x: 3}\nbody: []", "reserved-name"),
        ("args: [n]\nbody: []", "wrong-type"),
        ("bdy: []", "unknown-key"),
        ("inputs: [3, 4, 5]\nbody: []", "unknown-key"),
        ("blocks: {conv: {body: []}}\nbody: []", "name-clash"),
        ("blocks: {half: {body: []}}\nbody: []", "reserved-name"),
        ("blocks: {a: 3}\nbody: [a, a: 3]", "wrong-type"),
        ("blocks: {a: {}}\nbody: [a]", "missing-key"),
        ("blocks: {a: {bdy: []}}\nbody: [a]", "unknown-key"),
        ("body: 3", "wrong-type"),
        ("body: ", "wrong-type"),
    ],
)  # fmt: skip
def test_model_at_fault(text, code):
    given = {line.split(":")[0] for line in text.splitlines()}
    header = "blueprint: 1\nkind: model\nname: example\n" + (
        "" if {"input", "inputs"} & given else "input: [3, 8, 8]\n"
    )
    codes = [d.code for d in faults(header + text)]
    assert set(codes) == {code}
    assert len(codes) <= 2


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("kind: model\nname: a\ninput: [3]\nbody: []", "missing-key", "kind"),
        ("blueprint: 2\nkind: model\nname: a\ninput: [3]\nbody: []", "wrong-type", "2"),
        ("blueprint: 1\nkind: modle\nname: a", "unknown-name", "modle"),
        ("blueprint: 1\nname: a\nkind: [model]", "unknown-name", "[model]"),
        ("blueprint: 1\nkind: model\ninput: [3]\nbody: []", "missing-key", "blueprint"),
        ("blueprint: 1\nkind: model\nname: [a]\ninput: [3]\nbody: []", "wrong-type", "[a]"),
        ("- kind: model", "wrong-type", "- kind: model"),
    ],
)
def test_header_at_fault(tmp_path, text, code, part):
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    (diagnostic,) = blueprint.check(path)
    assert (diagnostic.code, at(diagnostic)) == (code, part)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{params: 224}", None),
        ("{params: 0.2K}", None),
        ("{params: 0.22K, macs: 221184}", None),
        ("{params: 0.23K}", "expect-not-met"),
        ("{params: 225}", "expect-not-met"),
        ("{macs: 1M}", "expect-not-met"),
        ("{set: {n: 4}, params: 112}", None),
        ("{set: {n: 4}, params: 224}", "expect-not-met"),
        ("{set: {m: 4}, params: 224}", "unknown-argument"),
        ("{set: {n: 0}, params: 224}", "out-of-range"),
        ("{set: {n: 7}, params: 224}", "not-divisible"),
        ("{input: [3, 8, 8], macs: 13824}", None),
        ("{input: [3, 8, 8], macs: 13825}", "expect-not-met"),
        ("{input: [3, 8.5, 8], macs: 13824}", "wrong-type"),
        ("{input: {image: [3, 8, 8]}}", "unknown-key"),
        ("{parms: 3}", "unknown-key"),
        ("{params: many}", "wrong-type"),
        ("3", "wrong-type"),
    ],
)
def test_promises_are_held(line, code):
    text = """
        args: {n: {default: 8, min: 1}}
        body:
          - conv: {out_channels: n, kernel_size: 3}
          - {if: n == 7, then: [conv: {kernel_size: 1, groups: 2}]}
        expect: [%s]
    """
    assert [d.code for d in faults(text % line)] == ([code] if code else [])


def test_fault_at_the_settings_of_a_promise_says_so():
    text = "args: {n: 2}\nbody: [conv: {kernel_size: 1, out_channels: 6 // n}]\nexpect: [{set: {n: 0}}]"
    (diagnostic,) = faults(text)
    assert diagnostic.code == "division-by-zero"
    assert "`expect`" in diagnostic.notes[-1].message


def test_recipe_beside_models_cannot_be_built():
    recipe = next(iter(sorted((Path(blueprint.__file__).parent.parent / "specs/recipes").glob("*.yaml"))))
    with pytest.raises(SpecError) as raised:
        blueprint.load(recipe)
    assert raised.value.diagnostics[0].code == "wrong-kind"


def test_path_that_is_not_there_is_a_usage_error_with_the_nearest_name():
    with pytest.raises(UsageError) as raised:
        blueprint.check("samcc")
    assert "did you mean" in raised.value.diagnostics[0].help


def test_fault_of_an_extended_file_stands_in_that_file(folder):
    written("blueprint: 1\nkind: model\nname: bad\ninput: [3, 3, 3]\nbody: [rellu]", folder, "bad.yaml")
    (diagnostic,) = blueprint.check(written("extends: bad.yaml", folder))
    assert diagnostic.span.place == "bad.yaml:5:8"


def test_word_that_is_no_bool_is_unknown():
    assert fault("body: [{conv: {kernel_size: 3, bias: maybe}}]") == ("unknown-name", "maybe")
