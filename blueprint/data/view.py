"""How images are shown to a network: channels, size, normalisation, each to all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.data import geometry

if TYPE_CHECKING:
    from torch import Tensor

MEASURED = 2000
"""Files that are read to measure the mean and the deviation of a data set that is not in memory."""


@dataclass(frozen=True)
class Shape:
    """The network's input: channels (1 or 3), height and width; `crop_fraction` of an image's middle is shown."""

    channels: int
    height: int
    width: int
    crop_fraction: float = 1.0

    def box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The middle part of an image of that size which is resized to the input: top, left, height, width.

        The largest of the input's proportions, times `crop_fraction` along each side.
        """
        scale = min(height / self.height, width / self.width) * self.crop_fraction
        h, w = max(1, round(scale * self.height)), max(1, round(scale * self.width))
        return (height - h) // 2, (width - w) // 2, h, w

    def fit(self, images: Tensor) -> Tensor:
        """Equally large uint8 images brought to the input's channels and size, in stretches of 1,024."""
        import torch

        images = with_channels(images, self.channels)
        box = self.box(images.shape[2], images.shape[3])
        if box == (0, 0, self.height, self.width):
            return images
        size = (self.height, self.width)
        boxes = torch.tensor([box], dtype=torch.float32)
        pieces = torch.split(images, 1024)
        return torch.cat([geometry.resized_windows(piece, boxes.expand(len(piece), 4), size) for piece in pieces])


def with_channels(images: Tensor, channels: int) -> Tensor:
    """The images with one channel (the rounded luma) or three (grey repeated)."""
    if images.shape[1] == channels:
        return images
    if channels == 1:
        r, g, b = images.float().unbind(1)
        return (0.299 * r + 0.587 * g + 0.114 * b).round_().to(images.dtype).unsqueeze(1)
    return images.expand(-1, channels, -1, -1).contiguous()


@dataclass(frozen=True)
class Normalisation:
    """Values of 0 to 255 to (value / 255 - mean) / std, per channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def on(self, device: object) -> Callable[[Tensor], Tensor]:
        """The function that turns uint8 images on the device into normalised float32."""
        import torch

        mean, std = torch.tensor(self.mean, dtype=torch.float64), torch.tensor(self.std, dtype=torch.float64)
        scale = (1 / (255 * std)).float().view(1, -1, 1, 1).to(device)  # type: ignore[call-overload]
        shift = (-mean / std).float().view(1, -1, 1, 1).to(device)  # type: ignore[call-overload]

        def normalise(images: Tensor) -> Tensor:
            return torch.addcmul(shift, images.float(), scale)

        return normalise


def measured(batches: list[Tensor]) -> Normalisation:
    """The mean and the standard deviation of each channel over all pixels of uint8 batches, on the scale 0 to 1.

    They are rounded to four digits; a channel of one value gets the deviation 1.
    """
    import torch

    count, total, squares = 0, torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for images in batches:
        values = images.double().transpose(0, 1).flatten(1) / 255
        count += values.shape[1]
        total = total + values.sum(1)
        squares = squares + values.square().sum(1)
    mean = total / count
    variance = (squares / count - mean.square()).clamp(min=0)
    deviation = [round(s, 4) if s > 1e-3 else 1.0 for s in variance.sqrt().tolist()]
    return Normalisation(tuple(round(m, 4) for m in mean.tolist()), tuple(deviation))
