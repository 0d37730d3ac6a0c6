"""The convolution whose weights are masked at random in training."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class MaskedConv2d(nn.Conv2d):
    """A convolution that keeps each weight with probability `weight_mask` in training and divides it by that.

    One mask is drawn per forward and shared by the batch, so that E[output] is the plain
    convolution's output, which is what eval mode gives. DropConnect, Wan et al. 2013,
    https://proceedings.mlr.press/v28/wan13.html
    """

    weight_mask: float

    def __init__(self, *args: Any, weight_mask: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weight_mask = weight_mask

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input` (N, C, H, W), with masked weights in training."""
        weight = self.weight
        if self.training and self.weight_mask < 1.0:
            kept = torch.empty_like(weight).bernoulli_(self.weight_mask)
            if self.weight_mask > 0.0:
                kept.div_(self.weight_mask)
            weight = weight * kept
        output: Tensor = self._conv_forward(input, weight, self.bias)
        return output

    def extra_repr(self) -> str:
        """The convolution's settings and the keep rate."""
        plain = super().extra_repr()  # type: ignore[no-untyped-call]
        return f"{plain}, weight_mask={self.weight_mask}"
