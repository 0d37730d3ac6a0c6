"""What every shipped spec promises, and that its rules tell what torch does."""

from functools import cache
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import blueprint
from blueprint.checking import check_paths
from blueprint.compiler.specification import Specification
from blueprint.compiler.text import text
from blueprint.diagnostics import Reporter
from blueprint.language.reader import read_file
from blueprint.language.tree import Mapping
from blueprint.language.zoo import shipped, zoo_root

MODELS = sorted(shipped("model"))
GOLDENS = Path(__file__).parent / "graphs"
REVIEWED: dict[str, dict[str, object]] = {
    "amsra_net": {},
    "cbam_resnet18": {"depths": [1, 1, 1, 1]},
    "cct_7_3x1": {"depth": 2},
    "dmcnet34": {"depths": [1, 1, 1, 1]},
    "googlenet": {},
    "mobilenet_v3_small": {"layers": [[3, 16, 16, True, "relu", 2], [3, 72, 24, False, "relu", 2]]},
    "resnet18": {},
    "samc": {},
    "sca_mobilenet_v2": {"stages": [[1, 16, 1, 1], [6, 24, 2, 2]]},
    "shufflenet_v2_x1_0": {"depths": [2, 2, 2]},
    "swin_t": {"depths": [2, 2, 2, 2]},
    "unet": {},
    "vit_b_16": {"depth": 2},
}
"""The models whose graphs are kept, and at which settings: those that differ in the kind of their structures."""


@cache
def shipped_spec(name: str) -> Specification:
    return blueprint.load(name)


def values(spec: Specification, batch: int) -> list[torch.Tensor]:
    """Inputs without memory."""
    return [torch.randn(batch, *shape, device="meta") for shape in spec.inputs.values()]


def brings_structure(name: str) -> bool:
    """Whether a spec is more than another one with other numbers."""
    tree = read_file(shipped("model")[name], Reporter())
    assert isinstance(tree, Mapping)
    keys = set(tree.keys())
    return "extends" not in keys or bool({"blocks", "body", "use"} & keys)


DISTINCT = [name for name in MODELS if brings_structure(name)]


def test_every_shipped_document_is_without_fault() -> None:
    checked = check_paths([zoo_root()])
    assert checked.diagnostics == []
    assert checked.others == []
    assert len(checked.documents) == len(MODELS) + len(shipped("recipe")) + len(shipped("blocks"))


@pytest.mark.parametrize("name", DISTINCT)
def test_parameters_shapes_and_macs_by_rule_are_torchs_own(name: str) -> None:
    spec = shipped_spec(name)
    network = spec.build(device="meta").eval().requires_grad_(False)
    assert sum(p.numel() for p in network.parameters()) == spec.graph.parameters
    with FlopCounterMode(display=False) as counter:
        given = network(*values(spec, 1))
    shown = {n: spec.graph.types[v].shape for n, v in spec.graph.outputs if n not in spec.graph.training_only}
    given = given if isinstance(given, dict) else {"output": given}
    assert {n: tuple(value.shape[1:]) for n, value in given.items()} == shown
    assert counter.get_total_flops() == 2 * spec.graph.macs


@pytest.mark.parametrize(("name", "arguments"), REVIEWED.items())
def test_the_graph_is_the_one_last_reviewed(name: str, arguments: dict[str, object], update_goldens: bool) -> None:
    golden = GOLDENS / f"{name}.txt"
    actual = text(blueprint.load(name, **arguments).graph)
    if update_goldens:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(actual, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == actual


@pytest.mark.parametrize("name", DISTINCT)
def test_in_training_gradients_of_all_outputs_reach_every_parameter(name: str) -> None:
    spec = shipped_spec(name)
    network = spec.build(device="meta").train()
    given = network(*values(spec, 2))
    given = given if isinstance(given, dict) else {"output": given}
    assert list(given) == [n for n, _ in spec.graph.outputs]
    torch.stack([value.sum() for value in given.values()]).sum().backward()
    assert [key for key, parameter in network.named_parameters() if parameter.grad is None] == []


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
