"""Labelled images in two parts, in memory or as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Split:
    """Images and their classes.

    labels: (N,), int64, indices into the classes. images: (N, C, H, W), uint8, where all fit in
    memory; else None, and `files` names one for each label.
    """

    labels: Tensor
    images: Tensor | None = None
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Tensor) -> Split:
        """The images at these indices, in their order."""
        return Split(
            self.labels[indices],
            None if self.images is None else self.images[indices],
            tuple(self.files[i] for i in indices.tolist()) if self.files else (),
        )


@dataclass(frozen=True)
class Data:
    """What a source gives: its classes, a part to train on, and a test part (None: the source has none).

    refuse_unreadable: whether a file that turns out unreadable later ends the run or is left out.
    """

    source: str
    classes: tuple[str, ...]
    train: Split
    test: Split | None
    channels: int = 3
    refuse_unreadable: bool = True


def held_out(split: Split, fraction: float) -> tuple[Split, Split]:
    """The split without a stratified part, and that part: `fraction` of each class, rounded, at least one image.

    The choice is fixed: it depends on the labels alone, so that runs with different seeds compare.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(split), generator=generator)
    taken = torch.zeros(len(split), dtype=torch.bool)
    for label in sorted(set(split.labels.tolist())):
        members = order[split.labels[order] == label]
        taken[members[: max(1, round(fraction * len(members)))]] = True
    return split.take((~taken).nonzero().squeeze(1)), split.take(taken.nonzero().squeeze(1))
