"""A graph as data for programs."""

import json

import pytest

import blueprint
from blueprint.view.data import graph_data
from tests.compiler.specs import graph
from tests.view.test_mermaid import DOCUMENTS

TYPE = {"kind", "shape"}
PLACE = {"file", "line", "column", "end_line", "end_column"}


@pytest.fixture(scope="module", params=["samc", DOCUMENTS / "everything.yaml"], ids=["samc", "everything"])
def pair(request):
    whole = blueprint.load(request.param).graph
    return whole, json.loads(json.dumps(graph_data(whole)))


def test_the_keys_are_those_that_are_documented(pair):
    _, data = pair
    assert list(data) == ["name", "parameters", "macs", "inputs", "outputs", "nodes", "edges"]
    for node in data["nodes"]:
        assert set(node) - {"init"} == {"name", "path", "op", "settings", "outputs", "parameters", "macs", "place"}
        assert set(node["place"]) == PLACE
        assert all(set(kind) - {"axes"} == TYPE for kind in node["outputs"])
    assert all(set(e) - {"axes"} == {"from", "output", "to", "input", *TYPE} for e in data["edges"])
    assert all(set(o) - {"axes"} == {"name", "from", "output", "training_only", *TYPE} for o in data["outputs"])
    assert all(set(i) - {"axes"} == {"name", *TYPE} for i in data["inputs"])


def test_figures_add_up_and_names_are_unique(pair):
    whole, data = pair
    assert sum(node["parameters"] for node in data["nodes"]) == data["parameters"] == whole.parameters
    assert sum(node["macs"] for node in data["nodes"]) == data["macs"] == whole.macs
    names = [node["name"] for node in data["nodes"]]
    assert len(set(names)) == len(names) == len(whole.nodes)


def test_the_edges_are_the_values_that_the_nodes_read(pair):
    whole, data = pair
    made = {(i["name"], 0): i for i in data["inputs"]}
    made |= {(n["name"], at): kind for n in data["nodes"] for at, kind in enumerate(n["outputs"])}
    for node, record in zip(whole.nodes, data["nodes"], strict=True):
        into = [edge for edge in data["edges"] if edge["to"] == record["name"]]
        assert [edge["input"] for edge in into] == list(range(len(node.inputs)))
        for edge, kind in zip(into, whole.inputs_of(node), strict=True):
            assert edge["shape"] == list(kind.shape) == made[edge["from"], edge["output"]]["shape"]
    for output, (name, value) in zip(data["outputs"], whole.outputs, strict=True):
        assert (output["name"], output["shape"]) == (name, list(whole.types[value].shape))
        assert (output["from"], output["output"]) in made


def test_a_node_has_its_settings_costs_and_place():
    text = "body:\n  - relu\n  - conv: {out_channels: 8, kernel_size: 3, stride: 2}\n    init: {weight: zeros}\n"
    node = graph_data(graph(text))["nodes"][1]
    place = node.pop("place")
    assert (place["line"], place["column"], place["end_column"]) == (7, 5, 9)
    assert node == {
        "name": "conv",
        "path": "conv",
        "op": "conv",
        "settings": {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1},
        "init": {"weight": {"name": "zeros"}},
        "outputs": [{"kind": "map", "shape": [8, 16, 16]}],
        "parameters": 224,
        "macs": 8 * 27 * 256,
    }


def test_a_path_that_runs_again_has_a_name_of_its_own_and_its_weights_once():
    conv = "{conv: {out_channels: 3, kernel_size: 1}, share: a}"
    data = graph_data(graph(f"body: [{conv}, {conv}]"))
    assert [(n["name"], n["path"], n["parameters"]) for n in data["nodes"]] == [("a", "a", 12), ("a'2", "a", 0)]
    assert [(e["from"], e["to"]) for e in data["edges"]] == [("x", "a"), ("a", "a'2")]
    assert data["outputs"][0]["from"] == "a'2"


def test_axes_that_are_no_map_have_their_names():
    data = graph_data(
        graph("body: [rearrange: {pattern: 'c (h a) w -> c h a w', a: 2}, rearrange: 'c h a w -> c (h a) w']")
    )
    assert data["edges"][1] == {
        "from": "rearrange",
        "output": 0,
        "to": "rearrange_2",
        "input": 0,
        "kind": "axes",
        "axes": ["c", "h", "a", "w"],
        "shape": [3, 16, 2, 32],
    }
