"""Distributed wrappers train a lowered network as they train nested modules: two processes on the CPU."""

from __future__ import annotations

import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from tests.compiler.lower.nets import pair


def _train(model: nn.Module, rank: int) -> list[torch.Tensor]:
    """The losses of three steps, each process on its own images."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for step in range(3):
        x = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(10 * step + rank))
        torch.manual_seed(step)
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


def _worker(rank: int, port: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    try:
        _data_parallel(rank)
        _fully_sharded(rank)
    finally:
        dist.destroy_process_group()


def _data_parallel(rank: int) -> None:
    from torch.nn.parallel import DistributedDataParallel

    lowered, nested = (DistributedDataParallel(model) for model in pair())
    for ours, theirs in zip(_train(lowered, rank), _train(nested, rank), strict=True):
        assert torch.equal(ours, theirs)
    state, expected = lowered.module.state_dict(), nested.module.state_dict()
    assert all(torch.equal(state[name], expected[name]) for name in expected)
    assert lowered.module._bound.parts is not None
    gathered = [torch.empty_like(state["head.weight"]) for _ in range(2)]
    dist.all_gather(gathered, state["head.weight"])
    assert torch.equal(*gathered)


def _fully_sharded(rank: int) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh("cpu", (2,))
    for inner in (False, True):
        models = pair()
        for model in models:
            for block in model.blocks if inner else ():
                fully_shard(block, mesh=mesh)
            fully_shard(model, mesh=mesh)
        losses = [_train(model, rank) for model in models]
        for ours, theirs in zip(*losses, strict=True):
            assert torch.equal(ours, theirs)
        for ours, theirs in zip(*(model.parameters() for model in models), strict=True):
            assert torch.equal(ours.full_tensor(), theirs.full_tensor())


def test_data_parallel_and_fully_sharded_training():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.spawn(_worker, (port,), nprocs=2)
