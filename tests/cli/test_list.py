"""`blueprint list`: what there is to write specs with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import blueprint
from blueprint.language.zoo import shipped
from blueprint.ops import ops

SPEC = (
    "blueprint: 1\nkind: model\nname: mine\nabout: {title: A net of mine}\ninput: [3, 9, 9]\nargs: {dim: 8}\n"
    "body: [relu]\n"
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "mine.yaml").write_text(SPEC)
    (tmp_path / "nets" / ".hidden.yaml").write_text(SPEC)
    (tmp_path / "nets" / "other.yaml").write_text("services: {web: 1}\n")
    (tmp_path / "nets" / "torn.yaml").write_text("kind: [model\n")
    child = "blueprint: 1\nkind: model\nname: child\nextends: mine.yaml\nargs: {depth: 2}\n"
    child += "expect: [{set: {dim: 9}, params: 7}, {params: 1.5k}]\n"
    (tmp_path / "nets" / "child.yaml").write_text(child)
    unit = "{args: {act: {type: body, default: relu}}, body: [act]}"
    blocks = f"blueprint: 1\nkind: blocks\nname: b\nblocks:\n  unit: {unit}\n"
    (tmp_path / "nets" / "blocks.yaml").write_text(blocks)
    return tmp_path / "nets"


def data(run, *words: str) -> dict[str, list[dict[str, object]]]:
    status, out, err = run("list", *words, "--format", "json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_every_shipped_document_and_every_op_is_there_once(run) -> None:
    found = data(run)
    assert list(found) == ["specs", "recipes", "blocks", "structures", "ops"]
    assert [spec["name"] for spec in found["specs"]] == list(shipped("model"))
    assert [recipe["name"] for recipe in found["recipes"]] == list(shipped("recipe"))
    names = [record["name"] for record in (*found["structures"], *found["ops"])]
    assert sorted(names) == sorted({*ops(), *(s["name"] for s in found["structures"])})


@pytest.mark.parametrize("sort", ["specs", "ops", "blocks", "recipes"])
def test_one_sort_is_listed_alone(run, sort: str) -> None:
    assert set(data(run, sort)) == ({"structures", "ops"} if sort == "ops" else {sort})


def test_what_is_told_of_a_spec_is_what_it_is(run) -> None:
    specs = {spec["name"]: spec for spec in data(run, "specs")["specs"]}
    for name in ("samc", "resnet34"):
        loaded = blueprint.load(name)
        spec = specs[name]
        assert spec["parameters"] == loaded.graph.parameters
        assert list(spec["arguments"]) == list(loaded.document.arguments)
        assert [tuple(spec["input"])] == list(loaded.inputs.values())
        assert spec["title"] == loaded.document.about["title"]


def test_own_documents_are_listed_behind_the_shipped_ones(run, own: Path) -> None:
    specs = data(run, "specs", "nets")["specs"][len(shipped("model")) :]
    assert [(s["name"], s["title"], s["input"], s["parameters"]) for s in specs] == [
        ("nets/child.yaml", "", [3, 9, 9], "1.5k"),
        ("nets/mine.yaml", "A net of mine", [3, 9, 9], None),
    ]
    assert specs[0]["arguments"] == {"dim": 8, "depth": 2}
    assert data(run, "specs", "nets/mine.yaml")["specs"][-1]["name"] == "nets/mine.yaml"
    assert data(run, "nets")["specs"][-1]["name"] == "nets/mine.yaml"


def test_fields_of_ops_and_arguments_of_blocks_are_told(run) -> None:
    found = data(run)
    (conv,) = [op for op in found["ops"] if op["name"] == "conv"]
    assert (conv["family"], conv["main"]) == ("conv", "out_channels")
    fields = {field["name"]: field for field in conv["fields"]}
    assert fields["kernel_size"]["required"] is True
    assert (fields["stride"]["default"], fields["stride"]["type"], fields["stride"]["minimum"]) == (1, "size", 1)
    (gate,) = [block for block in found["blocks"] if block["name"] == "squeeze_excite"]
    assert gate["path"] is None
    assert gate["arguments"]["channels"] == "int"
    (cbam,) = [block for block in found["blocks"] if block["name"] == "cbam"]
    assert cbam["path"] == "blocks/attention.yaml"


def test_the_text_shows_signatures_and_figures(run) -> None:
    _, out, _ = run("list", "ops")
    assert "  linear([out_features], bias=true)\n" in out
    assert "\n  relu\n" in out
    assert "\n  branches(paths, [split], merge, axis=channels)\n" in out
    _, out, _ = run("list", "blocks")
    assert "  mlp(hidden_features: int, act: body = gelu, dropout=0.0)\n" in out
    _, out, _ = run("list", "specs")
    assert "samc                 3 x 32 x 32      1,209,994  Self-attention model" in out
    _, out, _ = run("list", "recipes")
    assert "digits  digits       15  samc" in out
    assert "\nlinear: linear\n" in run("list")[1]


def test_own_blocks_are_listed_under_their_file(run, own: Path) -> None:
    _, out, _ = run("list", "blocks", "nets")
    assert out.endswith("\n\nblocks of nets/blocks.yaml\n  unit(act: body = relu)\n")


def test_a_long_name_stands_on_its_own_line(run, own: Path) -> None:
    deep = own / "a_folder_of_some_length"
    deep.mkdir()
    (deep / "mine.yaml").write_text(SPEC)
    _, out, _ = run("list", "specs", str(deep.relative_to(own.parent)))
    name, rest = out.splitlines()[-2:]
    assert name == "nets/a_folder_of_some_length/mine.yaml"
    assert rest.endswith("  A net of mine")
    assert rest.index("A net") == out.splitlines()[0].index("title")


def test_on_a_terminal_no_line_is_wider_than_it(own: Path) -> None:
    from blueprint.view import catalogue, listing

    specs = [catalogue.spec(path) for path in catalogue.documents("model", [])]
    every = listing.spec_lines(specs, 60) + listing.op_lines(catalogue.structures(), catalogue.all_ops(), 60)
    every += listing.family_lines(catalogue.structures(), catalogue.all_ops(), 60)
    every += listing.block_lines(catalogue.language_blocks(), 60)
    assert max(map(len, every)) <= 60
    assert any(line.endswith("…") for line in every)


@pytest.mark.parametrize(
    ("words", "help"),
    [(["spec"], "did you mean `specs`?"), (["specs", "nowhere"], "`blueprint list` takes specs, ops, blocks, recipes")],
)
def test_a_word_that_is_neither_a_sort_nor_a_path_is_a_fault(run, words: list[str], help: str) -> None:
    status, _, err = run("list", *words)
    assert status == 2
    assert help in err


def test_a_list_needs_no_torch() -> None:
    code = (
        "import sys; from blueprint.cli.app import app\n"
        "app(['list'], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
