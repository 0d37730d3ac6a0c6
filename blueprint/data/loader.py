"""Batches for training and measuring: from memory, where the device holds the whole split, or from files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader, Dataset

from blueprint.data.augment import Augmentation, RandomResizedCrop
from blueprint.data.decode import Unreadable, decode, quiet
from blueprint.data.faults import unreadable
from blueprint.data.progress import Progress, Silent
from blueprint.data.splits import Split
from blueprint.data.view import MEASURED, Normalisation, Shape, measured

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Generator, Tensor, device

_FileBatch = tuple["Tensor", "Tensor", "list[tuple[Path, str]]"]


class Loader:
    """The batches of a split, shaped for the network, augmented and normalised on the device.

    order and augmentation of epoch e follow from (seed, e) alone.
    """

    def __init__(
        self,
        split: Split,
        shape: Shape,
        normalisation: Normalisation,
        batch_size: int,
        target: device,
        *,
        augment: Sequence[Augmentation] | None = None,
        seed: int = 0,
        refuse_unreadable: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """`augment` None measures: in order, nothing random; a list, also an empty one, trains: shuffled."""
        self.split, self.shape, self.batch_size, self.target, self.seed = split, shape, batch_size, target, seed
        self.training = augment is not None
        self.refuse, self.progress = refuse_unreadable, progress or Silent()
        self.told: set[Path] = set()
        steps = list(augment or ())
        raw = [a for a in steps if isinstance(a, RandomResizedCrop)]
        self.crop = raw[0] if raw else None
        self.pixels = [a for a in steps if a.stage == "pixels"]
        self.normalised = [a for a in steps if a.stage == "normalised"]
        self.normalise: Callable[[Tensor], Tensor] = normalisation.on(target)
        self.labels = split.labels.to(target)
        self.images = None
        if split.images is not None:
            self.images = (split.images if self.crop else shape.fit(split.images)).to(target)

    def __len__(self) -> int:
        """The number of batches of an epoch."""
        full, rest = divmod(len(self.split), self.batch_size)
        return full + (1 if rest > self._least_rest else 0)

    @property
    def _least_rest(self) -> int:
        # A batch norm has nothing to learn from a single value, so a training batch of one is left out.
        return 1 if self.training and len(self.split) > self.batch_size else 0

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch: images (N, C, H, W), float32, and labels (N,), on the device."""
        import torch

        generator = torch.Generator().manual_seed((self.seed << 24) + number)
        n = len(self.split)
        order = torch.randperm(n, generator=generator) if self.training else torch.arange(n)
        batches = torch.split(order, self.batch_size)[: len(self)]
        source = self._from_memory(batches, generator) if self.images is not None else self._from_files(batches, number)
        for images, labels in source:
            for augmentation in self.pixels:
                images = augmentation(images, generator)
            images = self.normalise(images)
            for augmentation in self.normalised:
                images = augmentation(images, generator)
            yield images, labels

    def _from_memory(self, batches: Sequence[Tensor], generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
        assert self.images is not None
        for indices in batches:
            where = indices.to(self.target, non_blocking=True)
            images = self.images[where]
            if self.crop:
                from blueprint.data.view import with_channels

                images = with_channels(images, self.shape.channels)
                images = self.crop.crop(images, (self.shape.height, self.shape.width), generator)
            yield images, self.labels[where]

    def _from_files(self, batches: Sequence[Tensor], number: int) -> Iterator[tuple[Tensor, Tensor]]:
        cuda = self.target.type == "cuda"
        loader: DataLoader[_FileBatch] = DataLoader(
            _Files(self.split, self.shape, self.crop, (self.seed << 24) + number),
            batch_sampler=[batch.tolist() for batch in batches],
            collate_fn=_collate,
            num_workers=min(16, (os.cpu_count() or 1) - 1),
            pin_memory=cuda,
            worker_init_fn=_calm,
        )
        for images, labels, faults in loader:
            new = {path: reason for path, reason in faults if path not in self.told}
            self.told |= new.keys()
            unreadable(new, len(self.split), self.refuse, self.progress)
            if len(labels):
                yield images.to(self.target, non_blocking=True), labels.to(self.target, non_blocking=True)


class _Files(Dataset[Any]):
    """Decodes and shapes one image at a time, in a worker."""

    def __init__(self, split: Split, shape: Shape, crop: RandomResizedCrop | None, seed: int) -> None:
        self.split, self.shape, self.crop, self.seed = split, shape, crop, seed

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> tuple[Tensor | None, int, tuple[Path, str] | None]:
        path, label = self.split.files[index], int(self.split.labels[index])
        try:
            size = (self.shape.height, self.shape.width)
            with quiet():
                return decode(path, self.shape.channels, size, lambda h, w: self._box(index, h, w)), label, None
        except Unreadable as error:
            return None, label, (path, str(error))

    def _box(self, index: int, height: int, width: int) -> tuple[int, int, int, int]:
        import torch

        if self.crop is None:
            return self.shape.box(height, width)
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + index) % (1 << 63))
        sides = torch.tensor([float(height)]), torch.tensor([float(width)])
        top, left, h, w = self.crop.boxes(*sides, generator)[0].int().tolist()
        return top, left, h, w


def _collate(items: list[tuple[Tensor | None, int, tuple[Path, str] | None]]) -> _FileBatch:
    import torch

    images = [image for image, _, _ in items if image is not None]
    labels = [label for image, label, _ in items if image is not None]
    pixels = torch.stack(images) if images else torch.empty(0)
    return pixels, torch.tensor(labels, dtype=torch.int64), [fault for _, _, fault in items if fault]


def _calm(_: int) -> None:
    """Workers leave Ctrl-C to the main process, which ends after its step, and compute on one thread each."""
    import signal

    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def measure(split: Split, shape: Shape) -> Normalisation:
    """The normalisation of a training split: over all images in memory, or over some 2,000 files spread evenly."""
    import torch

    if split.images is not None:
        return measured([shape.fit(piece) for piece in torch.split(split.images, 4096)])
    batches = []
    with quiet():
        for path in split.files[:: max(1, len(split) // MEASURED)]:
            try:
                batches.append(decode(path, shape.channels, (shape.height, shape.width), shape.box).unsqueeze(0))
            except Unreadable:
                continue
    return measured(batches)
