"""The module behind `scaled_dot_product_attention` where it drops weights in training."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DotProductAttention(nn.Module):
    """Attention of `num_heads` heads over values whose channels lie last, with dropout of its weights in training."""

    def __init__(self, num_heads: int, scale: float | None, p: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = scale
        self.p = p

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Of query (N, ..., E), key (N, ..., E) and value (N, ..., V): (N, ..., V) with the query's places."""
        output = F.scaled_dot_product_attention(
            self._heads(query),
            self._heads(key),
            self._heads(value),
            dropout_p=self.p if self.training else 0.0,
            scale=self.scale,
        )
        return output.transpose(1, 2).reshape(*query.shape[:-1], value.shape[-1])

    def _heads(self, x: Tensor) -> Tensor:
        """(N, ..., C) as (N, heads, places, C of one head)."""
        return torch.unflatten(x.flatten(1, -2), 2, (self.num_heads, -1)).transpose(1, 2)

    def extra_repr(self) -> str:
        """The heads, the scale and the dropout."""
        return f"num_heads={self.num_heads}, scale={self.scale}, p={self.p}"
