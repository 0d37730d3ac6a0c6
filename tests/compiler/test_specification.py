"""Loaded specs: arguments and inputs from Python, and the form in which a run keeps them."""

import subprocess
import sys
from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import SpecError, UsageError
from blueprint.language.zoo import shipped
from tests.compiler.specs import loaded, written

TEXT = """
    args:
      n: {type: int, default: 3, min: 1, max: 5}
      mode: fast | slow = fast
      dims: [4, 8]
      act: body = gelu
    body:
      - {for: {dim: dims}, do: [{conv: {out_channels: dim * n, kernel_size: 3}}, act], as: stages}
      - {if: mode == slow, then: [batch_norm]}
"""


@pytest.mark.parametrize(
    ("name", "given", "held"),
    [
        ("n", 2, 2),
        ("n", 2.0, 2),
        ("n", "2 + 1", 3),
        ("mode", "slow", "slow"),
        ("dims", [2], [2]),
        ("dims", (2, 4), [2, 4]),
        ("dims", "[2] * 3", [2, 2, 2]),
    ],
)
def test_argument_is_held_by_its_type(name, given, held):
    spec = loaded(TEXT, **{name: given})
    assert spec.arguments[name] == held


@pytest.mark.parametrize("act", ["relu", {"leaky_relu": 0.1}, ["relu", "tanh"]])
def test_body_argument_is_given_as_name_node_or_list(act):
    assert "gelu" not in [node.op.name for node in loaded(TEXT, act=act).graph.nodes]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"n": 7}, "out-of-range"),
        ({"n": "n"}, "unknown-name"),
        ({"n": True}, "wrong-type"),
        ({"n": None}, "wrong-type"),
        ({"n": float("nan")}, "wrong-type"),
        ({"n": object()}, "wrong-type"),
        ({"m": 7}, "unknown-argument"),
        ({"mode": "quick"}, "unknown-name"),
        ({"dims": 4}, "wrong-type"),
        ({"dims": [4, "relu"]}, "unknown-name"),
        ({"act": "rellu"}, "unknown-name"),
        ({"act": {"relu": 3}}, "wrong-type"),
    ],
)
def test_argument_at_fault_is_a_diagnostic(arguments, code):
    with pytest.raises(SpecError) as raised:
        loaded(TEXT, **arguments)
    assert [d.code for d in raised.value.diagnostics] == [code]


def test_all_arguments_at_fault_are_told_at_once():
    with pytest.raises(SpecError) as raised:
        loaded(TEXT, n=7, m=1, mode="quick")
    assert [d.code for d in raised.value.diagnostics] == ["out-of-range", "unknown-argument", "unknown-name"]


def test_other_input_shape_is_taken():
    assert loaded(TEXT, input=(1, 8, 8)).inputs == {"x": (1, 8, 8)}
    assert loaded(TEXT, input=[1, 8, 8]).inputs == {"x": (1, 8, 8)}
    assert loaded("input: {a: [3], b: [4]}\nbody: [{concat: [a, b]}]", input={"b": (5,)}).inputs == {
        "a": (3,),
        "b": (5,),
    }


@pytest.mark.parametrize("shape", ["3,4,4", 3, (3, 4.0, 4), (True, 2, 2), {"y": (3, 4, 4)}, {"x": 3}])
def test_shape_at_fault_is_a_usage_error(shape):
    with pytest.raises(UsageError):
        loaded(TEXT, input=shape)


def test_kept_spec_gives_the_same_graph_and_needs_no_other_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head = "blueprint: 1\nkind: blocks\nname: lib\n"
    project, run = tmp_path / "project" / "specs", tmp_path / "run"
    written(
        head + "blocks: {u: {args: {dim: int}, body: [conv: {out_channels: dim, kernel_size: 1}]}}", project, "b/u.yaml"
    )
    written("args: {n: 2, act: body = relu}\nuse: {b/u.yaml: [u]}\nbody: [u: n, act]", project, "parent.yaml")
    path = written("extends: ../parent.yaml\nset: {n: 3}", project, "sub/child.yaml")
    spec = blueprint.load(path, input=(1, 4, 4), act={"leaky_relu": 0.2})
    kept = spec.save(run)
    (project / "b/u.yaml").unlink()
    again = blueprint.load(kept)
    assert again.graph == spec.graph
    assert again.name == spec.name


@pytest.mark.parametrize("name", sorted(shipped("model")))
def test_every_shipped_model_is_kept_as_it_is(name, tmp_path):
    spec = blueprint.load(name)
    again = blueprint.load(spec.save(tmp_path / "run"))
    assert again.graph == spec.graph


def test_dictionary_is_a_spec(tmp_path):
    document = {
        "blueprint": 1,
        "kind": "model",
        "name": "d",
        "input": [3, 4, 4],
        "body": ["relu", {"linear": 3}, "relu"],
    }
    assert blueprint.check(document) == []
    spec = blueprint.load(document)
    assert blueprint.load(spec.save(tmp_path / "run")).graph == spec.graph


def test_check_needs_no_torch():
    spec = next(iter(shipped("model").values()))
    program = f"import sys, blueprint; blueprint.check({str(spec)!r}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_folder_is_checked_whole_and_other_files_are_let_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written("body: [rellu]", tmp_path, "a.yaml")
    written("body: [relu]", tmp_path, "deep/b.yaml")
    (tmp_path / "other.yaml").write_text("version: 2\n")
    (tmp_path / ".hidden").mkdir()
    written("body: [rellu]", tmp_path, ".hidden/c.yaml")
    (diagnostic,) = blueprint.check(Path())
    assert diagnostic.span.place == "a.yaml:5:8"
