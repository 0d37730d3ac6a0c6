"""Loss and accuracies of a network over a split, counted on the device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class Scores:
    """loss: the mean cross-entropy; top1, top5: shares of 0 to 1; count: the images measured."""

    loss: float
    top1: float
    top5: float
    count: int


def logits(output: Tensor | dict[str, Tensor]) -> Tensor:
    """The class scores of a network's output: the output itself, or the one called `output` of several."""
    return output["output"] if isinstance(output, dict) else output


def evaluate(
    module: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], autocast: torch.autocast | None = None
) -> Scores:
    """The scores of the module, in eval mode, over the batches; the module's mode is restored.

    Without autocast the figures are those of float32. The device is waited for once, at the end.
    """
    import contextlib

    import torch
    from torch.nn import functional as F

    training = module.training
    module.eval()
    totals: Tensor | None = None
    count = 0
    with torch.inference_mode():
        for images, labels in batches:
            with autocast or contextlib.nullcontext():
                scores = logits(module(images))
            scores = scores.float()
            best = scores.topk(min(5, scores.shape[1]), dim=1).indices
            hits = best == labels.unsqueeze(1)
            loss = F.cross_entropy(scores, labels, reduction="sum")
            figures = torch.stack([loss.double(), hits[:, 0].sum().double(), hits.sum().double()])
            totals = figures if totals is None else totals + figures
            count += len(labels)
    module.train(training)
    loss_sum, first, among = totals.tolist() if totals is not None else (0.0, 0.0, 0.0)
    return Scores(loss_sum / max(count, 1), first / max(count, 1), among / max(count, 1), count)
