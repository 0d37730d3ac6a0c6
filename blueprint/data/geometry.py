"""Batched geometry on uint8 images: affine maps, shifted windows and resized windows, each image its own.

Images are (N, C, H, W). Affine maps follow torchvision's tensor functions bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor


def inverse_matrix(
    height: int,
    width: int,
    *,
    angle: Tensor,
    shear_x: Tensor,
    shear_y: Tensor,
    translate_x: Tensor,
    translate_y: Tensor,
    corner: Tensor,
) -> Tensor:
    """The maps from output to input pixels, (N, 6), float64, row by row, in pixels from the centre of the image.

    angle and shears: (N,), radians, clockwise as torchvision's `affine` has them; translations: pixels.
    corner: (N,) bool, whether the shear's fixed point is the top left corner and not the centre.
    The forward map is R(angle) SHy(shear_y) SHx(shear_x), then the translation.
    """
    import torch

    zero = torch.zeros_like(angle)
    cx = torch.where(corner, -0.5 * width, zero)
    cy = torch.where(corner, -0.5 * height, zero)
    cosine = torch.cos(shear_y)
    tangent = torch.tan(shear_x)
    a = torch.cos(angle - shear_y) / cosine
    b = -(a * tangent + torch.sin(angle))
    c = torch.sin(angle - shear_y) / cosine
    d = torch.cos(angle) - c * tangent
    x, y = cx + translate_x, cy + translate_y
    return torch.stack([d, -b, cx - d * x + b * y, -c, a, cy + c * x - a * y], dim=1)


def affine(images: Tensor, inverse: Tensor, interpolation: Literal["nearest", "bilinear"] = "nearest") -> Tensor:
    """The images with pixel p of the output taken from `inverse` p of the input, black outside.

    inverse: (N, 6) of `inverse_matrix`.
    """
    import torch
    from torch.nn import functional as F

    n, _, height, width = images.shape
    device = images.device
    theta = inverse.to(torch.float32).view(n, 2, 3).to(device, non_blocking=True)
    grid = torch.ones(1, height, width, 3, device=device)
    grid[..., 0] = torch.linspace((1.0 - width) * 0.5, (width - 1.0) * 0.5, width, device=device)
    grid[..., 1] = torch.linspace((1.0 - height) * 0.5, (height - 1.0) * 0.5, height, device=device).unsqueeze(-1)
    half = torch.tensor([0.5 * width, 0.5 * height]).to(device, non_blocking=True)
    grid = grid.view(1, height * width, 3).expand(n, -1, -1).bmm(theta.transpose(1, 2) / half)
    grid = grid.view(n, height, width, 2)
    out = F.grid_sample(images.float(), grid, mode=interpolation, padding_mode="zeros", align_corners=False)
    return out.round_().to(images.dtype)


def shifted(images: Tensor, top: Tensor, left: Tensor, padding_mode: Literal["constant", "reflect"]) -> Tensor:
    """Each image's window of the same size whose corner lies at (top, left); outside is black, or mirrored.

    top, left: (N,) integers, negative above and left of the image.
    """
    import torch

    n, channels, height, width = images.shape
    device = images.device
    rows = top.to(device, non_blocking=True).view(n, 1) + torch.arange(height, device=device)
    columns = left.to(device, non_blocking=True).view(n, 1) + torch.arange(width, device=device)
    if padding_mode == "reflect":
        rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    outside = (rows < 0) | (rows >= height)
    outside = outside.unsqueeze(2) | ((columns < 0) | (columns >= width)).unsqueeze(1)
    index = rows.clamp(0, height - 1).unsqueeze(2) * width + columns.clamp(0, width - 1).unsqueeze(1)
    index = index.view(n, 1, height * width).expand(-1, channels, -1)
    out = images.reshape(n, channels, height * width).gather(2, index).view(images.shape)
    return out.masked_fill_(outside.unsqueeze(1), 0)


def _mirrored(index: Tensor, size: int) -> Tensor:
    last = size - 1
    return last - (last - index.abs()).abs()


def resized_windows(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Each image's own window resized to `size` (height, width): bilinear, antialiased.

    boxes: (N, 4) float: top, left, height, width, in pixels. A resize is a weighted sum along each
    axis, so every image has two small matrices and the batch takes two products.
    """
    import torch

    boxes = boxes.to(images.device, torch.float32, non_blocking=True)
    rows = _weights(boxes[:, 0], boxes[:, 2], images.shape[2], size[0])
    columns = _weights(boxes[:, 1], boxes[:, 3], images.shape[3], size[1])
    out = rows.unsqueeze(1) @ images.float() @ columns.unsqueeze(1).transpose(2, 3)
    return out.round_().clamp_(0, 255).to(images.dtype)


def _weights(start: Tensor, length: Tensor, size: int, out: int) -> Tensor:
    """The share of each of `size` input pixels in each of `out` output pixels, (N, out, size)."""
    import torch

    device = start.device
    scale = (length / out).view(-1, 1, 1)
    centre = start.view(-1, 1, 1) + (torch.arange(out, device=device).view(1, -1, 1) + 0.5) * scale
    pixel = torch.arange(size, device=device).view(1, 1, -1) + 0.5
    weight = (1 - ((pixel - centre) / scale.clamp(min=1.0)).abs()).clamp(min=0)
    inside = (pixel > start.view(-1, 1, 1)) & (pixel < (start + length).view(-1, 1, 1))
    weight = weight * inside
    return weight / weight.sum(2, keepdim=True)
