"""The attentions of the block library: their sources' counts and formulas, and the networks that hold them."""

from math import log2

import pytest
import torch

import blueprint
from blueprint.diagnostics import Reporter
from blueprint.language.reader import read_file
from blueprint.language.tree import Mapping
from blueprint.language.zoo import shipped
from tests.specs import attentions
from tests.specs.attentions import Attention, scattered

C = 48
CASES = [
    ("sca", {}, 2 * (2 * 49 + 2), attentions.sca),
    ("sca", {"kernel_size": 3}, 2 * (2 * 9 + 2), attentions.sca),
    ("triplet", {}, 3 * (2 * 49 + 2), attentions.triplet),
    ("triplet", {"kernel_size": 5}, 3 * (2 * 25 + 2), attentions.triplet),
    ("z_gate", {}, 2 * 49 + 2, attentions.z_gate),
    ("cbam", {}, 2 * C * 3 + 3 + C + 2 * 49 + 2, attentions.cbam),
    ("cbam", {"reduction": 4, "kernel_size": 3}, 2 * C * 12 + 12 + C + 2 * 9 + 2, attentions.cbam),
    ("squeeze_excite", {"channels": 3}, 2 * C * 3 + 3 + C, attentions.squeeze_excite),
    ("eca", {}, 3, attentions.eca),
    ("eca", {"kernel_size": 9}, 9, attentions.eca),
    ("coordinate_attention", {}, 3 * C * 8 + 2 * C + 3 * 8, attentions.coordinate_attention),
    ("coordinate_attention", {"reduction": 4}, 3 * C * 12 + 2 * C + 3 * 12, attentions.coordinate_attention),
    ("global_context", {}, 2 * C * 3 + 2 * C + 3 * 3 + 1, attentions.global_context),
    ("global_context", {"reduction": 4}, 2 * C * 12 + 2 * C + 3 * 12 + 1, attentions.global_context),
    ("pixel_attention", {}, C * C + C, attentions.pixel_attention),
]


def single(name: str, entering: int = C, **arguments: object) -> dict[str, object]:
    """A model that does nothing but call a block."""
    use = {} if name == "squeeze_excite" else {"use": {"blocks/attention.yaml": [name]}}
    body = [{name: arguments} if arguments else name]
    return {"blueprint": 1, "kind": "model", "name": "single", "input": [entering, 6, 5], "body": body, **use}


@pytest.mark.parametrize(("name", "arguments", "parameters", "reference"), CASES)
def test_each_attention_has_its_sources_count_and_computes_its_formula(
    name: str, arguments: dict[str, object], parameters: int, reference: Attention
) -> None:
    spec = blueprint.load(single(name, **arguments))
    assert spec.graph.parameters == parameters
    network = scattered(spec.build()).eval()
    weights = {key.removeprefix(f"{name}."): value for key, value in network.state_dict().items()}
    for height, width in ((6, 5), (9, 4)):
        x = torch.randn(2, C, height, width)
        torch.testing.assert_close(network(x), reference(x, weights), rtol=1e-5, atol=1e-5)


def test_every_attention_of_the_library_is_tried_here() -> None:
    tree = read_file(shipped("blocks")["attention"], Reporter())
    assert isinstance(tree, Mapping)
    blocks = tree.get("blocks")
    assert isinstance(blocks, Mapping)
    assert {*blocks.keys(), "squeeze_excite"} - {"squeeze"} == {name for name, *_ in CASES}


@pytest.mark.parametrize("channels", [1, 2, 7, 8, 31, 64, 127, 128, 511, 512, 2047, 2048, 4096])
def test_the_kernel_of_eca_follows_its_papers_rule(channels: int) -> None:
    whole = int(abs((log2(channels) + 1) / 2))
    graph = blueprint.load(single("eca", channels)).graph
    assert graph.parameters == (whole if whole % 2 else whole + 1)


def test_attentions_that_should_begin_without_effect_do() -> None:
    x = torch.randn(2, C, 6, 5)
    with torch.no_grad():
        assert torch.equal(blueprint.build(single("global_context"))(x), x)
        spatial = blueprint.build(single("cbam")).state_dict()["cbam.batch_norm.weight"]
    assert torch.equal(spatial, torch.zeros(1))


@pytest.mark.parametrize(
    ("name", "plain", "blocks"), [("sca_resnet50", "resnet50", 16), ("sca_mobilenet_v2", "mobilenet_v2", 17)]
)
@pytest.mark.parametrize("kernel_size", [7, 3])
def test_spatial_channel_attention_adds_two_gates_to_each_block(
    name: str, plain: str, blocks: int, kernel_size: int
) -> None:
    added = blueprint.load(name, kernel_size=kernel_size).graph
    assert added.parameters - blueprint.load(plain).graph.parameters == blocks * 2 * (2 * kernel_size**2 + 2)
    gates = [".".join(node.path) for node in added.nodes if node.op.name == "sigmoid"]
    assert len(gates) == 2 * blocks


@pytest.mark.parametrize("refine", ["sca", "eca", "triplet", "coordinate_attention", "global_context", "cbam"])
def test_an_attention_of_the_library_refines_a_network_of_the_zoo_in_one_line(refine: str) -> None:
    document = {"extends": "resnet18.yaml", "use": {"blocks/attention.yaml": [refine]}, "set": {"refine": refine}}
    graph = blueprint.load({"blueprint": 1, "kind": "model", "name": "refined", **document}).graph
    places = {node.path[: node.path.index("refine")] for node in graph.nodes if "refine" in node.path}
    assert len(places) == 8
    assert {frame.kind for node in graph.nodes for frame in node.frames if frame.name == "refine"} == {refine}
