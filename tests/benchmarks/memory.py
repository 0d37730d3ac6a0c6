"""The memory that a lowered network needs beside hand-written nested modules with the same weights.

Run as `python tests/benchmarks/memory.py [BATCH]`. What counts is what ops made, in elements of 4 bytes, when most of
it is alive; a view counts as what it views, on both sides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.networks import dispatch_bound, resnet18
from tests.compiler.lower.comparing import Peak, peak

MIB = 2**20


def main(batch: int) -> None:
    """Print a line for each network and mode."""
    print(f"torch {torch.__version__}, batch {batch}, MiB at the peak")
    print(f"{'network':24} {'mode':10} {'nested':>8} {'structured':>10} {'flat':>8}")
    for name, make, size in (("small, dispatch-bound", dispatch_bound, 8), ("ResNet-18 at 32x32", resnet18, 32)):
        lowered, nested = (model.eval() for model in make())
        images = torch.randn(batch, 3, size, size)
        runs = (nested, lowered._structured, lowered)
        _show(name, "inference", [peak(run, images) for run in runs])
        lowered.train(), nested.train()
        _show(name, "training", [_training_peak(run, images) for run in runs])


def _training_peak(run: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor) -> int:
    """The peak of a forward and its backward, the gradients of the weights among it."""
    run(images).square().mean().backward()
    with Peak() as found:
        run(images).square().mean().backward()
    return found.peak


def _show(name: str, mode: str, elements: list[int]) -> None:
    nested, structured, flat = (4 * count / MIB for count in elements)
    print(f"{name:24} {mode:10} {nested:8.2f} {structured:10.2f} {flat:8.2f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
