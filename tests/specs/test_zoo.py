"""What every shipped spec promises, and that its rules tell what torch does."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import blueprint
from blueprint.checking import check_paths
from blueprint.compiler.text import text
from blueprint.language.zoo import shipped, zoo_root

MODELS = sorted(shipped("model"))
GOLDENS = Path(__file__).parent / "graphs"


def test_every_shipped_document_is_without_fault() -> None:
    checked = check_paths([zoo_root()])
    assert checked.diagnostics == []
    assert checked.others == []
    assert len(checked.documents) == len(MODELS) + len(shipped("recipe")) + len(shipped("blocks"))


@pytest.mark.parametrize("name", MODELS)
def test_parameters_shapes_and_macs_by_rule_are_torchs_own(name: str) -> None:
    spec = blueprint.load(name)
    network = spec.build().eval()
    assert sum(p.numel() for p in network.parameters()) == spec.graph.parameters
    inputs = [torch.randn(1, *shape, device="meta") for shape in spec.inputs.values()]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = network.to("meta")(*inputs)
    assert tuple(output.shape[1:]) == spec.graph.types[spec.graph.outputs[0][1]].shape
    assert counter.get_total_flops() == 2 * spec.graph.macs


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_is_the_one_last_reviewed(name: str, update_goldens: bool) -> None:
    golden = GOLDENS / f"{name}.txt"
    actual = text(blueprint.load(name).graph)
    if update_goldens:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(actual, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == actual


@pytest.mark.parametrize("name", MODELS)
def test_gradients_reach_every_parameter(name: str) -> None:
    torch.manual_seed(0)
    spec = blueprint.load(name, input=(3, 32, 32))
    network = spec.build().train()
    network(torch.randn(2, 3, 32, 32)).square().sum().backward()
    without = [key for key, parameter in network.named_parameters() if parameter.grad is None]
    assert without == []


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ({}, 1_209_994),
        ({"num_classes": 100}, 1_221_604),
        ({"dims": [96, 192, 256], "num_heads": [3, 6, 8]}, 3_569_226),
        ({"dims": [96, 192, 256], "num_heads": [3, 6, 8], "num_classes": 100}, 3_592_356),
    ],
)
def test_samc_has_the_counts_of_its_paper(arguments: dict[str, object], parameters: int) -> None:
    assert blueprint.load("samc", **arguments).graph.parameters == parameters
    assert sum(p.numel() for p in blueprint.build("samc", device="meta", **arguments).parameters()) == parameters


def test_no_file_of_the_package_knows_a_network_by_name() -> None:
    """A line that cites a source by its address may name one."""
    package = Path(blueprint.__file__).parent
    names = [*MODELS, "dmcnet", "amsra", "resnet", "mobilenet", "densenet", "googlenet"]
    for file in package.rglob("*.py"):
        for line in file.read_text(encoding="utf-8").lower().splitlines():
            found = [name for name in names if name in line and "https://" not in line]
            assert not found, f"{file} names {found}: {line}"
