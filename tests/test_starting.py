"""Documents to start from: without fault, training, and never in the way of another file."""

import re
from pathlib import Path

import pytest

import blueprint
from blueprint.cli.settings import divided
from blueprint.diagnostics import SpecError, UsageError
from blueprint.language.zoo import shipped
from blueprint.starting import start

PARENT = """\
blueprint: 1
kind: model
name: parent
input: {left: [3, 8, 8], right: [3, 8, 8]}
args:
  dim: {default: 8, min: 1, max: 64, help: channels}
  dims: {type: "list[int]", default: "[dim] * 2"}
  long:
    type: list[int]
    default: "[dim, dim] if dim > 4 else
      [dim]"
  act: body = relu
  tail: {type: body, default: [conv: {out_channels: dim, kernel_size: 1}, act]}
  mode: {type: fast | slow, default: fast, help: "fast: at once; slow: later"}
  way: near | far = near
body:
  - concat: [left, right]
  - for: {d: dims}
    do: [conv: {out_channels: d, kernel_size: 3}, act]
  - tail
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def uncommented(path: Path) -> None:
    """Take the `#` from all that a variant offers."""
    text = path.read_text()
    head, rest = text[: text.index("\n\n")], text[text.index("\n\n") :]
    path.write_text(head + re.sub(r"(?m)^# ?(set:|input:|expect:|  )", r"\1", rest))


@pytest.mark.parametrize("kind", ["model", "recipe", "blocks"])
def test_a_new_document_of_each_kind_is_without_fault_and_bears_its_name(kind):
    path = start("mine", kind)
    assert path == Path("mine.yaml")
    assert blueprint.check(path) == []
    text = path.read_text()
    assert "\nname: mine\n" in text
    assert "NAME" not in text
    assert f"\nkind: {kind}\n" in text


def test_the_counts_that_a_new_model_speaks_of_are_its_own():
    path = start("mine")
    text = path.read_text().replace("# expect:", "expect:").replace("#   - {", "  - {")
    assert text.count("params:") == 2
    path.write_text(text)
    assert blueprint.check(path) == []


def test_a_new_model_takes_the_settings_and_images_that_it_speaks_of():
    path = start("mine")
    for setting in ("depth=3", "dims=[16, 32]", "act=gelu"):
        assert setting in path.read_text()
        blueprint.load(path, settings=divided([setting])[0])
    assert blueprint.load(path, input=(1, 8, 8)).graph.outputs


@pytest.mark.parametrize("parent", ["samc", "resnet34", "dmcnet34", "triplet_resnet50"])
def test_a_variant_is_its_parent_until_something_is_changed(parent):
    graph, whole = blueprint.load(start("mine", parent=parent)).graph, blueprint.load(parent).graph
    assert [(node.op, node.path) for node in graph.nodes] == [(node.op, node.path) for node in whole.nodes]


@pytest.mark.parametrize("parent", ["samc", "resnet34", "dmcnet34", "parent.yaml"])
def test_what_a_variant_offers_in_comments_is_the_parent_again(parent):
    Path("parent.yaml").write_text(PARENT)
    path = start("mine", parent=parent)
    before = blueprint.load(path)
    uncommented(path)
    assert blueprint.check(path) == []
    after = blueprint.load(path)
    assert set(after.document.settings) == set(before.document.arguments)
    assert [(n.op, n.path, n.inputs) for n in after.graph.nodes] == [
        (n.op, n.path, n.inputs) for n in before.graph.nodes
    ]


def test_arguments_are_offered_with_their_values_and_what_is_known_of_them():
    Path("parent.yaml").write_text(PARENT)
    lines = start("mine", parent="parent.yaml").read_text().splitlines()
    offered = lines[lines.index("# set:") + 1 : lines.index("# set:") + 9]
    assert offered[0].endswith("# channels; at least 1; at most 64")
    assert [line.split("  # ")[0].rstrip() for line in offered] == [
        "#   dim: 8",
        '#   dims: "[dim] * 2"',
        '#   long: "[dim, dim] if dim > 4 else [dim]"',
        "#   act: relu",
        "#   tail: [conv: {out_channels: dim, kernel_size: 1}, act]",
        "#   mode: fast",
        "#   way: near",
        "",
    ]
    assert offered[5].endswith("# fast: at once; slow: later")
    assert offered[6].endswith("# near | far")


def test_the_value_that_a_parent_sets_is_the_one_offered():
    lines = start("mine", parent="resnet34").read_text().splitlines()
    assert any(line.startswith("#   depths: [3, 4, 6, 3]") for line in lines)


def test_a_variant_finds_its_parent_from_where_it_lies(folder):
    (folder / "nets" / "deep").mkdir(parents=True)
    (folder / "nets" / "parent.yaml").write_text(PARENT)
    beside = start("beside", parent="nets/parent.yaml", out=Path("nets"))
    assert beside == Path("nets/beside.yaml")
    assert "\nextends: parent.yaml\n" in beside.read_text()
    above = start("above", parent="nets/parent.yaml", out=Path("above.yaml"))
    assert "\nextends: nets/parent.yaml\n" in above.read_text()
    (folder / "specs" / "deep").mkdir(parents=True)
    (folder / "specs" / "parent.yaml").write_text(PARENT)
    below = start("below", parent="specs/parent.yaml", out=Path("specs/deep"))
    assert "\nextends: ../parent.yaml\n" in below.read_text()
    assert [blueprint.check(path) for path in (beside, above, below)] == [[], [], []]


def test_a_parent_out_of_reach_is_a_fault_and_nothing_is_written(folder):
    (folder / "nets").mkdir()
    (folder / "parent.yaml").write_text(PARENT)
    with pytest.raises(UsageError) as caught:
        start("mine", parent="parent.yaml", out=Path("nets"))
    (fault,) = caught.value.diagnostics
    assert fault.message == "at `nets/mine.yaml` it could not reach what `parent.yaml` is made of"
    assert "lies outside the folder" in fault.notes[0].message
    assert fault.help == "`--out mine.yaml`"
    assert list((folder / "nets").iterdir()) == []


def test_a_file_that_would_be_taken_for_the_shipped_parent_is_a_fault(folder):
    (folder / "resnet18.yaml").write_text(PARENT)
    with pytest.raises(UsageError, match="is another file than the shipped one"):
        start("mine", parent="resnet18")
    assert not Path("mine.yaml").exists()


@pytest.mark.parametrize("out", [None, Path("mine.yaml"), Path()])
def test_no_file_is_written_over(out):
    Path("mine.yaml").write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        start("mine", out=out)
    assert Path("mine.yaml").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("net.yaml", "`blueprint new net`"),
        ("nets/net", "`blueprint new net --out nets/net.yaml`"),
        ("nets/net.json", "`blueprint new net --out nets/net.yaml`"),
        ("3d", None),
        ("a b", None),
        ("", None),
        ("-x", None),
        ("a" * 65, None),
        ("a: b", None),
        ("samc", "another name, such as `my_samc`"),
    ],
)
def test_a_name_that_does_not_do_is_a_fault(folder, name, help):
    with pytest.raises(UsageError) as caught:
        start(name)
    (fault,) = caught.value.diagnostics
    assert fault.code == "usage"
    assert fault.help == (help or "a letter, then letters, digits, `_` and `-`, at most 64 in all")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("out", ["nowhere/mine.yaml", "mine.txt", "nowhere/", "parent.yaml/mine.yaml"])
def test_a_place_that_cannot_be_is_a_fault(out):
    Path("parent.yaml").write_text(PARENT)
    with pytest.raises(UsageError):
        start("mine", out=Path(out))


@pytest.mark.parametrize(("kind", "source"), [("recipe", "cifar"), ("blocks", "attention")])
def test_recipes_and_blocks_are_copied_under_the_new_name(kind, source):
    path = start("mine", kind, source)
    whole = shipped(kind)[source].read_text()
    text = path.read_text()
    assert text == f"# mine: a copy of the shipped {source}.\n" + whole.replace(f"name: {source}\n", "name: mine\n", 1)
    assert blueprint.check(path) == []


def test_a_parent_at_fault_or_of_another_kind_is_told():
    Path("broken.yaml").write_text(PARENT.replace("concat", "concta"))
    with pytest.raises(SpecError, match="did you mean `concat`"):
        start("mine", parent="broken.yaml")
    Path("torn.yaml").write_text(shipped("recipe")["cifar"].read_text().replace("epochs: 200", "epochs: many"))
    with pytest.raises(SpecError, match="`epochs` is a whole number") as caught:
        start("mine", "recipe", "torn.yaml")
    assert caught.value.diagnostics[0].span.source.name == "torn.yaml"
    with pytest.raises(UsageError, match="--kind recipe"):
        start("mine", "blocks", str(shipped("recipe")["cifar"]))
    with pytest.raises(SpecError, match="missing-file"):
        start("mine", parent="nothing.yaml")
    assert not Path("mine.yaml").exists()
