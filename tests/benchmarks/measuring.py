"""What a benchmark measures: steps of two networks in turn, and the median of the ratios."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch
from torch import nn


def inference(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """A forward that keeps nothing for a backward."""
    with torch.inference_mode():
        return model(images)


def training(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """One forward and backward."""
    output = model(images)
    model.zero_grad(set_to_none=True)
    output.square().mean().backward()
    return output


def compare(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """The median seconds of each side and the median ratio of the second to the first."""
    times: list[tuple[float, float]] = []
    for side in (first, second):
        for _ in range(3):
            side()
    for index in range(rounds):
        order = (first, second) if index % 2 == 0 else (second, first)
        taken = {}
        for side in order:
            start = time.perf_counter()
            side()
            taken[side] = time.perf_counter() - start
        times.append((taken[first], taken[second]))
    return median(a for a, _ in times), median(b for _, b in times), median(b / a for a, b in times)
