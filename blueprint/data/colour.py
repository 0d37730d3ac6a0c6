"""Batched colour operations on uint8 images, each image its own factor; equal to torchvision's tensor functions.

Images are (N, C, H, W) with one or three channels; factors are (N,), float64 on the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def _per_image(values: Tensor, images: Tensor) -> Tensor:
    return values.float().to(images.device, non_blocking=True).view(-1, 1, 1, 1)


def _grey(images: Tensor) -> Tensor:
    """The floored luma, float, one channel."""
    if images.shape[1] == 1:
        return images.float()
    r, g, b = images.unbind(1)
    return r.mul(0.2989).add_(g, alpha=0.587).add_(b, alpha=0.114).floor_().unsqueeze(1)


def _fused(addend: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    """addend + other * factor, rounded once as in `Tensor.add_(other, alpha)`: float64 holds the product exactly."""
    return (addend.double() + other.double() * _per_image(factor, addend).double()).float()


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    mixed = _fused(images * _per_image(factor, images), other, 1.0 - factor)
    return mixed.clamp_(0, 255).to(images.dtype)


def brightness(images: Tensor, factor: Tensor) -> Tensor:
    """The images scaled by the factor: 0 is black, 1 the image itself."""
    return (images * _per_image(factor, images)).clamp_(0, 255).to(images.dtype)


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """The blend with the grey image: 0 is grey, 1 the image itself."""
    return images if images.shape[1] == 1 else _blend(images, _grey(images), factor)


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """The blend with the mean grey level: 0 is flat, 1 the image itself."""
    return _blend(images, _grey(images).mean(dim=(1, 2, 3), keepdim=True), factor)


def sharpness(images: Tensor, factor: Tensor) -> Tensor:
    """The blend with a smoothed image: 0 is smooth, 1 the image itself; the border of one pixel stays."""
    import torch
    from torch.nn import functional as F

    channels, height, width = images.shape[1:]
    if height <= 2 or width <= 2:
        return images
    kernel = torch.full((3, 3), 1.0 / 13.0)
    kernel[1, 1] = 5.0 / 13.0
    kernel = kernel.to(images.device, non_blocking=True).expand(channels, 1, 3, 3)
    out = images.float()
    smooth = F.conv2d(out, kernel, groups=channels).round_()
    view = out[..., 1:-1, 1:-1]
    view.copy_(_fused(view, smooth - view, 1.0 - factor))
    return out.clamp_(0, 255).to(images.dtype)


def posterize(images: Tensor, bits: Tensor) -> Tensor:
    """The images with the highest `bits` bits of each value kept."""
    import torch

    kept = 8 - bits.round().long().clamp(0, 8)
    mask = (256 - 2**kept).to(torch.uint8)
    return images & mask.to(images.device, non_blocking=True).view(-1, 1, 1, 1)


def solarize(images: Tensor, threshold: Tensor) -> Tensor:
    """The images with values at or above the threshold (0 to 255) inverted."""
    import torch

    return torch.where(images >= _per_image(threshold, images), ~images, images)


def autocontrast(images: Tensor) -> Tensor:
    """The images with each channel stretched to 0 to 255; a flat channel stays."""
    import torch

    values = images.float()
    low, high = values.amin(dim=(2, 3), keepdim=True), values.amax(dim=(2, 3), keepdim=True)
    flat = low == high
    low = torch.where(flat, 0.0, low)
    scale = torch.where(flat, 1.0, (high - low) * (1.0 / 255.0))
    return ((values - low) / scale).clamp_(0, 255).to(images.dtype)


def equalize(images: Tensor) -> Tensor:
    """The images with each channel's histogram flattened, by Pillow's table.

    With h the histogram, s = (pixels - h of the highest value) // 255: value v becomes
    (s // 2 + sum of h below v) // s; a channel with s = 0 stays.
    """
    import torch

    n, channels, height, width = images.shape
    flat = images.reshape(n * channels, height * width).long()
    offsets = torch.arange(n * channels, device=images.device).unsqueeze(1) * 256
    histogram = torch.zeros(n * channels * 256, dtype=torch.int64, device=images.device)
    index = (flat + offsets).view(-1)
    histogram = histogram.scatter_add_(0, index, torch.ones_like(index)).view(n * channels, 256)
    highest = flat.amax(dim=1, keepdim=True)
    step = (height * width - histogram.gather(1, highest)) // 255
    below = histogram.cumsum(1) - histogram
    table = ((below + step // 2) // step.clamp(min=1)).clamp_(0, 255)
    out = torch.where(step > 0, table.gather(1, flat), flat)
    return out.to(images.dtype).view(images.shape)
