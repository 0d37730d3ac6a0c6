"""Shipped networks under torch's exporter, its compiler and its data-parallel training."""

from __future__ import annotations

import copy
import socket
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

import blueprint
from blueprint.compiler.specification import Specification
from blueprint.language.zoo import shipped

SMALL: dict[str, dict[str, Any]] = {
    "cct_7_3x1": {"depth": 1},
    "mobilenet_v3_small": {"layers": [[3, 16, 16, True, "relu", 2], [5, 72, 24, False, "hardswish", 2]]},
    "samc": {"depths": [1, 1], "dims": [8, 16], "num_heads": [2, 2]},
    "swin_t": {"depths": [2], "num_heads": [3], "input": (3, 56, 56)},
    "unet": {"dims": [4, 8], "input": (3, 32, 32)},
    "vit_b_16": {"depth": 1, "input": (3, 32, 32)},
}
"""Networks that differ in the kind of their structures, cut down to what costs little."""

small = pytest.mark.parametrize("name", sorted(SMALL))
every = pytest.mark.parametrize("name", sorted(shipped("model")))


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    """Nothing compiled is kept; the warnings of torch's own parts are no faults of ours."""
    torch.manual_seed(0)
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def network(spec: Specification, device: str = "cpu") -> nn.Module:
    return spec.build(device=device).eval()


def inputs(spec: Specification, batch: int, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(batch, *shape, device=device) for shape in spec.inputs.values())


def exported(model: nn.Module, values: tuple[torch.Tensor, ...]) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=2, max=64)
    return torch.export.export(model, values, dynamic_shapes=tuple({0: batch} for _ in values), strict=False)


@small
def test_an_exported_network_takes_any_batch_and_keeps_its_names(name: str) -> None:
    spec = blueprint.load(name, **SMALL[name])
    model = network(spec)
    program = exported(model, inputs(spec, 2))
    assert sorted(program.state_dict) == sorted(model.state_dict())
    values = inputs(spec, 3)
    torch.testing.assert_close(program.module()(*values), model(*values), rtol=1e-4, atol=1e-5)


@small
def test_a_compiled_network_is_one_graph_with_the_same_output(name: str) -> None:
    spec = blueprint.load(name, **SMALL[name])
    model, values = network(spec), inputs(spec, 2)
    compiled = torch.compile(model, backend="eager", fullgraph=True)(*values)
    torch.testing.assert_close(compiled, model(*values), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@every
def test_every_network_is_exported(name: str) -> None:
    spec = blueprint.load(name)
    program = exported(network(spec, "meta"), inputs(spec, 2, "meta"))
    ((_, value),) = [end for end in spec.graph.outputs if end[0] not in spec.graph.training_only]
    output = program.module()(*inputs(spec, 3, "meta"))
    output = output if isinstance(output, torch.Tensor) else next(iter(output.values()))
    assert tuple(output.shape) == (3, *spec.graph.types[value].shape)


@pytest.mark.slow
@every
def test_every_network_compiles_to_one_graph_in_training(name: str) -> None:
    spec = blueprint.load(name)
    model = network(spec, "meta").train()
    output = torch.compile(model, backend="eager", fullgraph=True)(*inputs(spec, 2, "meta"))
    found = {"output": output} if isinstance(output, torch.Tensor) else output
    shapes = {end: spec.graph.types[value].shape for end, value in spec.graph.outputs}
    assert {end: tuple(y.shape[1:]) for end, y in found.items()} == shapes


@pytest.mark.slow
def test_inductor_trains_a_network_as_it_is() -> None:
    spec = blueprint.load("samc", **SMALL["samc"])
    model = spec.build()
    other = copy.deepcopy(model)
    losses = []
    for run in (model, torch.compile(other, fullgraph=True)):
        torch.manual_seed(1)
        loss = run(*inputs(spec, 4)).square().mean()
        loss.backward()
        losses.append(loss.detach())
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-2, atol=1e-4)


PARALLEL: dict[str, dict[str, Any]] = {
    "samc": SMALL["samc"],
    "densenet121": {"depths": [2, 2], "growth_rate": 4, "stem_channels": 8, "input": (3, 32, 32)},
    "googlenet": {"num_classes": 10, "dropout": 0.0, "dropout_aux": 0.0, "input": (3, 64, 64)},
}
"""Attention, layers that see all before them, and outputs for training alone."""


def _loss(output: torch.Tensor | dict[str, torch.Tensor]) -> torch.Tensor:
    parts = [output] if isinstance(output, torch.Tensor) else list(output.values())
    return torch.stack([part.square().mean() for part in parts]).sum()


def _worker(rank: int, port: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    try:
        for name, arguments in PARALLEL.items():
            _train_in_parallel(blueprint.load(name, **arguments), rank)
    finally:
        dist.destroy_process_group()


def _train_in_parallel(spec: Specification, rank: int) -> None:
    """Each process takes its own images; the gradients are the means of those that each has alone."""
    torch.manual_seed(0)
    model = spec.build()
    alone = copy.deepcopy(model)
    parallel = nn.parallel.DistributedDataParallel(model)
    torch.manual_seed(10 + rank)
    images = inputs(spec, 4)
    for run in (parallel, alone):
        _loss(run(*images)).backward()
    for name, parameter in alone.named_parameters():
        assert parameter.grad is not None, name
        dist.all_reduce(parameter.grad)
        expected = parameter.grad / 2
        torch.testing.assert_close(model.get_parameter(name).grad, expected, rtol=1e-4, atol=1e-6)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    for parameter in model.parameters():
        theirs = [torch.empty_like(parameter) for _ in range(2)]
        dist.all_gather(theirs, parameter.detach())
        assert torch.equal(*theirs)
    assert model._bound.parts is not None, "the flat forward did not run"


def test_data_parallel_training_gives_the_mean_of_the_gradients() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.spawn(_worker, (port,), nprocs=2)
