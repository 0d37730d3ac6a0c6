"""The operations of the augmentation policies, and how a batch runs them: each image its own, each operation once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blueprint.data import colour, geometry

if TYPE_CHECKING:
    from torch import Tensor

NAMES = (
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "color",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
    "invert",
)
SIGNED = frozenset(NAMES[1:10])
"""The operations whose magnitude may be negative."""

_Map = Callable[["Tensor", "Tensor"], "Tensor"]


def _affine(parameter: str) -> _Map:
    def run(images: Tensor, magnitude: Tensor) -> Tensor:
        import torch

        height, width = images.shape[2:]
        zero = torch.zeros_like(magnitude)
        settings = dict.fromkeys(("angle", "shear_x", "shear_y", "translate_x", "translate_y"), zero)
        if parameter.startswith("shear"):
            settings[parameter] = torch.atan(magnitude)
        elif parameter == "angle":
            settings[parameter] = torch.deg2rad(-torch.remainder(magnitude, 360.0))
        else:
            settings[parameter] = magnitude.trunc()
        corner = torch.full_like(magnitude, parameter.startswith("shear"), dtype=torch.bool)
        return geometry.affine(images, geometry.inverse_matrix(height, width, corner=corner, **settings))

    return run


_RUN: dict[str, _Map] = {
    "identity": lambda images, _: images,
    "shear_x": _affine("shear_x"),
    "shear_y": _affine("shear_y"),
    "translate_x": _affine("translate_x"),
    "translate_y": _affine("translate_y"),
    "rotate": _affine("angle"),
    "brightness": lambda images, m: colour.brightness(images, 1.0 + m),
    "color": lambda images, m: colour.saturation(images, 1.0 + m),
    "contrast": lambda images, m: colour.contrast(images, 1.0 + m),
    "sharpness": lambda images, m: colour.sharpness(images, 1.0 + m),
    "posterize": colour.posterize,
    "solarize": lambda images, m: colour.solarize(images, 255.0 * m),
    "autocontrast": lambda images, _: colour.autocontrast(images),
    "equalize": lambda images, _: colour.equalize(images),
    "invert": lambda images, _: ~images,
}


def run(images: Tensor, operations: Tensor, magnitudes: Tensor) -> Tensor:
    """The images, each changed by its own operation.

    operations: (N,) indices into `NAMES`, on the CPU. magnitudes: (N,), float64, on the CPU: tangents
    for shears, pixels for translations, degrees for rotations, the change of the factor for
    brightness, color, contrast and sharpness, bits for posterize, a share of 255 for solarize.

    The batch is sorted by operation, so each runs once on a stretch of it; nothing waits for the device.
    """
    import torch

    order = torch.argsort(operations, stable=True)
    counts = torch.bincount(operations, minlength=len(NAMES)).tolist()
    place = order.to(images.device, non_blocking=True)
    pieces, start = [], 0
    ordered = images.index_select(0, place)
    magnitudes = magnitudes.index_select(0, order)
    for name, count in zip(NAMES, counts, strict=True):
        if count:
            piece = slice(start, start + count)
            pieces.append(_RUN[name](ordered[piece], magnitudes[piece]))
            start += count
    return torch.empty_like(images).index_copy_(0, place, torch.cat(pieces))
