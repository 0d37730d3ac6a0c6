"""The head of a document, read without its bulk."""

import json

import pytest

from blueprint.diagnostics import Reporter
from blueprint.language.heading import BULK, lineage, read_heading
from blueprint.language.reader import read_file
from blueprint.language.tree import plain
from blueprint.language.zoo import shipped


@pytest.mark.parametrize("kind", ["model", "blocks", "recipe"])
def test_the_head_of_a_shipped_document_is_the_document_without_its_bulk(kind):
    for path in shipped(kind).values():
        whole = plain(read_file(path, Reporter()))
        assert plain(read_heading(path)) == {key: value for key, value in whole.items() if key not in BULK}


BLOCK = (
    "blueprint: 1\nname: a\nbody:\n- conv:\n    kernel_size: 3\n# a comment\nargs: {dim: 8}\n"
    "let:\n  x: [1,\n2]\nkind: model\n"
)
FLOW = "{blueprint: 1, name: a, body: [relu], args: {dim: 8}, kind: model}"


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        FLOW,
        f"---\n{BLOCK}",
        json.dumps({"body": [], "blueprint": 1, "name": "a", "args": {"dim": 8}, "kind": "model"}),
    ],
)
def test_every_way_of_writing_is_read(tmp_path, text):
    path = tmp_path / ("a.json" if text.startswith('{"') else "a.yaml")
    path.write_text(text)
    assert plain(read_heading(path)) == {"blueprint": 1, "name": "a", "args": {"dim": 8}, "kind": "model"}


def test_what_cannot_be_read_in_the_bulk_is_not_looked_at_and_in_the_head_gives_nothing(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("name: a\nbody: [conv: {\nkind: model\n")
    assert plain(read_heading(path)) == {"name": "a", "kind": "model"}
    path.write_text("name: [a\nbody: []\n")
    assert read_heading(path) is None
    assert read_heading(tmp_path / "nothing.yaml") is None


def test_the_lineage_goes_up_to_shipped_parents_and_ends_in_a_circle(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("name: a\nextends: resnet34.yaml\n")
    assert [head.get("name").value for head in lineage(path)] == ["a", "resnet34", "resnet18"]
    path.write_text("name: a\nextends: a.yaml\n")
    assert len(list(lineage(path))) < 20
