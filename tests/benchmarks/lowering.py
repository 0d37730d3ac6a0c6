"""Lowered networks against hand-written nested modules with the same weights.

Run as `python tests/benchmarks/lowering.py [ROUNDS]`. Both sides run in one process, a round of one behind a round of
the other; the figure is the median of the rounds' ratios, below 1 where the lowered network is the faster one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measuring import compare, inference, training
from tests.benchmarks.networks import dispatch_bound, resnet18


def main(rounds: int) -> None:
    """Print a line for each network, batch size and mode."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, median of {rounds} rounds")
    print(f"{'network':24} {'batch':>5} {'mode':10} {'nested':>10} {'lowered':>10} {'ratio':>6}")
    cases = (
        ("small, dispatch-bound", dispatch_bound, 1, 8, rounds),
        ("ResNet-18 at 32x32", resnet18, 1, 32, rounds),
        ("ResNet-18 at 32x32", resnet18, 64, 32, max(5, rounds // 20)),
    )
    for name, make, batch, size, count in cases:
        lowered, nested = make()
        images = torch.randn(batch, 3, size, size)
        for mode, step in (("inference", inference), ("training", training)):
            lowered.train(mode == "training"), nested.train(mode == "training")
            _check_equal(lowered, nested, images, step)
            slow, fast, ratio = compare(lambda: step(nested, images), lambda: step(lowered, images), count)  # noqa: B023
            print(f"{name:24} {batch:5} {mode:10} {slow * 1e3:7.2f} ms {fast * 1e3:7.2f} ms {ratio:6.3f}", flush=True)


def _check_equal(
    lowered: nn.Module, nested: nn.Module, images: torch.Tensor, step: Callable[[nn.Module, torch.Tensor], torch.Tensor]
) -> None:
    """Refuse to time networks whose outputs, gradients or buffers differ in a bit."""
    assert torch.equal(step(lowered, images), step(nested, images))
    ours, theirs = list(lowered.parameters()), list(nested.parameters())
    for a, b in zip(ours, theirs, strict=True):
        assert (a.grad is None and b.grad is None) or torch.equal(a.grad, b.grad)
    assert all(torch.equal(a, b) for a, b in zip(lowered.buffers(), nested.buffers(), strict=True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
