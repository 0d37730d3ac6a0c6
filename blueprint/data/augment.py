"""The augmentations that a recipe may list: each with its fields, what it draws, and what it does to a batch.

An augmentation draws on the CPU from a seeded generator, for every image its own, and works on the
whole batch on the device where the images lie; no step of it waits for the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.data import geometry, operations, policies
from blueprint.data.settings import WHOLE, Option, choice

if TYPE_CHECKING:
    from torch import Generator, Tensor

Probability = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0, le=1)]


class Augmentation(Option):
    """A random change of the training images.

    `stage` tells what it works on: `raw` uint8 images as the source has them, which it brings to the
    network's size; `pixels` uint8 images of that size; `normalised` float images of zero mean.
    """

    stage: ClassVar[Literal["raw", "pixels", "normalised"]] = "pixels"

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """The changed images, (N, C, H, W) as given."""
        raise AssertionError(f"augmentation {self.name}: no implementation")


class RandomCrop(Augmentation):
    """A window of the image's own size, shifted at random over the padded image."""

    name = "random_crop"
    main = "padding"
    padding: Annotated[int, Field(ge=1, le=512), WHOLE] = 4
    """Pixels added on each side; the window shifts by as many at most."""
    padding_mode: Literal["constant", "reflect"] = "constant"
    """What the added pixels show: black, or the image mirrored at its border."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        import torch

        shift = torch.randint(-self.padding, self.padding + 1, (2, len(images)), generator=generator)
        return geometry.shifted(images, shift[0], shift[1], self.padding_mode)


class HorizontalFlip(Augmentation):
    """The image mirrored from left to right."""

    name = "horizontal_flip"
    main = "p"
    p: Probability = 0.5
    """The probability of a flip."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        import torch

        chosen = torch.rand(len(images), generator=generator) < self.p
        return torch.where(chosen.to(images.device, non_blocking=True).view(-1, 1, 1, 1), images.flip(3), images)


class RandomRotation(Augmentation):
    """The image turned about its centre, black outside."""

    name = "random_rotation"
    main = "degrees"
    degrees: Annotated[float, Field(ge=0, le=180)]
    """The largest angle, in degrees, to either side."""
    interpolation: Literal["nearest", "bilinear"] = "nearest"
    """How values between pixels are found."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        import torch

        angle = (torch.rand(len(images), generator=generator, dtype=torch.float64) * 2 - 1) * self.degrees
        return rotated(images, angle, self.interpolation)


def rotated(images: Tensor, degrees: Tensor, interpolation: Literal["nearest", "bilinear"]) -> Tensor:
    """The images, each turned counter-clockwise by its own angle; degrees: (N,), float64."""
    import torch

    zero = torch.zeros_like(degrees)
    inverse = geometry.inverse_matrix(
        images.shape[2],
        images.shape[3],
        angle=torch.deg2rad(-torch.remainder(degrees, 360.0)),
        shear_x=zero,
        shear_y=zero,
        translate_x=zero,
        translate_y=zero,
        corner=zero.bool(),
    )
    return geometry.affine(images, inverse, interpolation)


class RandomResizedCrop(Augmentation):
    """A random part of the image, of random shape, resized to the network's input."""

    name = "random_resized_crop"
    main = "scale"
    stage = "raw"
    scale: Annotated[list[Probability], Field(min_length=2, max_length=2)] = [0.08, 1.0]
    """The least and the largest share of the image's area that is kept."""
    ratio: Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=2, max_length=2)] = [0.75, 4 / 3]
    """The least and the largest ratio of the part's width to its height."""

    def boxes(self, heights: Tensor, widths: Tensor, generator: Generator) -> Tensor:
        """The part of each image that is kept, (N, 4) float: top, left, height, width, in whole pixels.

        Of ten tries at area and ratio the first that fits is taken; else the largest middle part
        within the ratios.
        """
        import torch

        n = len(heights)
        area = (heights * widths).unsqueeze(1)
        share = torch.rand(n, 10, generator=generator) * (self.scale[1] - self.scale[0]) + self.scale[0]
        low, high = (torch.log(torch.tensor(r)) for r in self.ratio)
        ratio = torch.exp(torch.rand(n, 10, generator=generator) * (high - low) + low)
        h = (area * share / ratio).sqrt().round()
        w = (area * share * ratio).sqrt().round()
        fits = (h >= 1) & (w >= 1) & (h <= heights.unsqueeze(1)) & (w <= widths.unsqueeze(1))
        first = fits.int().argmax(1, keepdim=True)
        tried = fits.any(1)
        whole_ratio = (widths / heights).clamp(self.ratio[0], self.ratio[1])
        h = torch.where(tried, h.gather(1, first).squeeze(1), torch.minimum(heights, widths / whole_ratio).round())
        w = torch.where(tried, w.gather(1, first).squeeze(1), torch.minimum(widths, heights * whole_ratio).round())
        free = torch.where(tried, torch.rand(2, n, generator=generator), 0.5)
        room = torch.stack([heights - h, widths - w])
        corner = torch.minimum((free * (room + 1)).floor(), room)
        return torch.stack([corner[0], corner[1], h, w], dim=1)

    def crop(self, images: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
        """The parts of a batch of equally large images, resized to `size` (height, width)."""
        import torch

        height, width = (torch.full((len(images),), float(s)) for s in images.shape[2:])
        return geometry.resized_windows(images, self.boxes(height, width, generator), size)


class RandomErasing(Augmentation):
    """A random rectangle blotted out (Zhong et al. 2020)."""

    name = "random_erasing"
    main = "p"
    stage = "normalised"
    p: Probability = 0.5
    """The probability that an image loses a part."""
    scale: Annotated[list[Probability], Field(min_length=2, max_length=2)] = [0.02, 0.33]
    """The least and the largest share of the image's area."""
    ratio: Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=2, max_length=2)] = [0.3, 3.3]
    """The least and the largest ratio of the rectangle's height to its width."""
    fill: Literal["mean", "noise"] = "mean"
    """What the rectangle shows: the data's mean colour, or normal noise."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        import torch

        n, _, height, width = images.shape
        share = torch.rand(n, 10, generator=generator) * (self.scale[1] - self.scale[0]) + self.scale[0]
        low, high = (torch.log(torch.tensor(r)) for r in self.ratio)
        ratio = torch.exp(torch.rand(n, 10, generator=generator) * (high - low) + low)
        h = (height * width * share * ratio).sqrt().round()
        w = (height * width * share / ratio).sqrt().round()
        fits = (h < height) & (w < width)
        first = fits.int().argmax(1, keepdim=True)
        chosen = (torch.rand(n, generator=generator) < self.p) & fits.any(1)
        h = torch.where(chosen, h.gather(1, first).squeeze(1), 0.0)
        w = w.gather(1, first).squeeze(1)
        corner = torch.rand(2, n, generator=generator) * torch.stack([height - h + 1, width - w + 1])
        box = torch.stack([corner[0].floor(), corner[1].floor(), h, w]).long()
        top, left, h, w = box.to(images.device, non_blocking=True).view(4, n, 1)
        rows = torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device)
        inside = ((rows >= top) & (rows < top + h)).view(n, 1, height, 1) & (
            (columns >= left) & (columns < left + w)
        ).view(n, 1, 1, width)
        if self.fill == "mean":
            return images.masked_fill(inside, 0.0)
        noise = torch.randn(images.shape, generator=generator).to(images.device, images.dtype, non_blocking=True)
        return torch.where(inside, noise, images)


class ColorJitter(Augmentation):
    """Brightness, contrast and saturation changed by random factors, in a random order for each image."""

    name = "color_jitter"
    brightness: Strength = 0.0
    """The factor lies in 1 - brightness to 1 + brightness."""
    contrast: Strength = 0.0
    """The factor lies in 1 - contrast to 1 + contrast."""
    saturation: Strength = 0.0
    """The factor lies in 1 - saturation to 1 + saturation."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        import torch

        n = len(images)
        kinds = torch.tensor([operations.NAMES.index(name) for name in ("brightness", "contrast", "color")])
        ranges = torch.tensor([self.brightness, self.contrast, self.saturation], dtype=torch.float64)
        change = (torch.rand(n, 3, generator=generator, dtype=torch.float64) * 2 - 1) * ranges
        order = torch.rand(n, 3, generator=generator).argsort(1)
        for step in range(3):
            kind = order[:, step]
            images = operations.run(images, kinds[kind], change.gather(1, kind.unsqueeze(1)).squeeze(1))
        return images


class AutoAugment(Augmentation):
    """One of 25 pairs of operations, found by search (Cubuk et al. 2019)."""

    name = "auto_augment"
    main = "policy"
    policy: policies.Policy = "imagenet"
    """The data that the search was made on."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        return _run_all(images, *policies.draw_auto(self.policy, *_extent(images), generator))


class RandAugment(Augmentation):
    """A number of random operations at one magnitude (Cubuk et al. 2020)."""

    name = "rand_augment"
    main = "magnitude"
    num_ops: Annotated[int, Field(ge=0, le=14), WHOLE] = 2
    """How many operations follow one another."""
    magnitude: Annotated[int, Field(ge=0, le=30), WHOLE] = 9
    """How strong they are, 0 to 30."""

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        drawn = policies.draw_rand(self.num_ops, self.magnitude, 31, *_extent(images), generator)
        return _run_all(images, *drawn)


class TrivialAugment(Augmentation):
    """One random operation at a random magnitude, of wide ranges (Müller and Hutter 2021)."""

    name = "trivial_augment"

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        return _run_all(images, *policies.draw_trivial(31, *_extent(images), generator))


def _extent(images: Tensor) -> tuple[int, int, int]:
    return len(images), images.shape[2], images.shape[3]


def _run_all(images: Tensor, drawn: Tensor, strengths: Tensor) -> Tensor:
    for kind, strength in zip(drawn, strengths, strict=True):
        images = operations.run(images, kind, strength)
    return images


AUGMENTATIONS: tuple[type[Augmentation], ...] = (
    RandomCrop,
    HorizontalFlip,
    RandomRotation,
    RandomResizedCrop,
    AutoAugment,
    RandAugment,
    TrivialAugment,
    ColorJitter,
    RandomErasing,
)
AnyAugmentation = choice(*AUGMENTATIONS)
