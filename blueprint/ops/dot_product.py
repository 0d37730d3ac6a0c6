"""The modules behind attention: those that drop weights in training, cut windows, or hold what positions need."""

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

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """Of query (N, ..., E), key (N, ..., E), value (N, ..., V): (N, ..., V) with the query's places.

        bias: (N or 1, heads, queries, keys), added to the scores.
        """
        heads = (self._heads(query), self._heads(key), self._heads(value))
        return self._attend(*heads, bias).transpose(1, 2).reshape(*query.shape[:-1], value.shape[-1])

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        dropout = self.p if self.training else 0.0
        return F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, scale=self.scale)

    def _heads(self, x: Tensor) -> Tensor:
        """(N, ..., C) as (N, heads, places, C of one head)."""
        return torch.unflatten(x.flatten(1, -2), 2, (self.num_heads, -1)).transpose(1, 2)

    def extra_repr(self) -> str:
        """The heads, the scale and the dropout."""
        return f"num_heads={self.num_heads}, scale={self.scale}, p={self.p}"


class WindowAttention(DotProductAttention):
    """Attention inside the windows, or across the cells of a grid, of maps whose channels lie last.

    window: the height and width of what attends together; grid: the same, its places spread over the map.
    shift: rows and columns by which the windows are moved around the edge. size: height and width of the maps
    for which the mask of shifted windows is kept; for others it is made anew.
    """

    mask: Tensor | None

    def __init__(
        self,
        num_heads: int,
        scale: float | None,
        p: float,
        *,
        window: tuple[int, int] = (0, 0),
        grid: tuple[int, int] = (0, 0),
        shift: tuple[int, int] = (0, 0),
        size: tuple[int, int],
    ) -> None:
        super().__init__(num_heads, scale, p)
        self.window, self.grid, self.shift, self.size = window, grid, shift, size
        self.register_buffer("mask", None, persistent=False)
        if any(shift):
            places = window[0] * window[1]
            self.mask = torch.empty(size[0] * size[1] // places, places, places)

    def reset_mask(self) -> None:
        """Fill the mask of shifted windows."""
        if self.mask is not None:
            self.mask.copy_(self._mask(self.size, self.mask))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """Of query (N, H, W, E), key (N, H, W, E), value (N, H, W, V): (N, H, W, V).

        bias: (N or 1, heads, queries of a window, its keys), added to the scores.
        """
        height, width = query.shape[1:3]
        cut = [self._cut(x) for x in (query, key, value)]  # (N, windows, heads, places, channels of one head)
        windows = cut[0].shape[1]
        alone = not any(self.shift) and (bias is None or bias.shape[0] == 1)
        alone = alone and query.shape[0] == key.shape[0] == value.shape[0]
        # windows that need no mask lie along the batch, so that all of them read one bias
        q, k, v = (x.flatten(0, 1) if alone else x.flatten(1, 2) for x in cut)
        parts = self._attend(q, k, v, bias if alone else self._bias((height, width), windows, bias, cut[0]))
        parts = parts.reshape(-1, windows, self.num_heads, *parts.shape[-2:])
        return self._uncut(parts, height, width)

    def extra_repr(self) -> str:
        """The heads, the scale, the dropout, and the windows."""
        cut = f"grid={self.grid}" if any(self.grid) else f"window={self.window}, shift={self.shift}"
        return f"{super().extra_repr()}, {cut}"

    def _cut(self, x: Tensor) -> Tensor:
        """(N, H, W, C) as (N, windows, heads, places of one, C of one head)."""
        x = self._roll(x, -1)
        batch, height, width = x.shape[:3]
        if any(self.grid):
            rows, columns = self.grid
            x = x.reshape(batch, rows, height // rows, columns, width // columns, self.num_heads, -1)
            return x.permute(0, 2, 4, 5, 1, 3, 6).flatten(1, 2).flatten(3, 4)
        rows, columns = self.window
        x = x.reshape(batch, height // rows, rows, width // columns, columns, self.num_heads, -1)
        return x.permute(0, 1, 3, 5, 2, 4, 6).flatten(1, 2).flatten(3, 4)

    def _uncut(self, x: Tensor, height: int, width: int) -> Tensor:
        """(N, windows, heads, places of one, C of one head) as (N, H, W, C)."""
        batch, _, heads, _, channels = x.shape
        rows, columns = self.grid if any(self.grid) else self.window
        x = x.reshape(batch, height // rows, width // columns, heads, rows, columns, channels)
        order = (0, 4, 1, 5, 2, 3, 6) if any(self.grid) else (0, 1, 4, 2, 5, 3, 6)
        return self._roll(x.permute(order).reshape(batch, height, width, heads * channels), 1)

    def _roll(self, x: Tensor, sign: int) -> Tensor:
        if not any(self.shift):
            return x
        return torch.roll(x, (sign * self.shift[0], sign * self.shift[1]), (1, 2))

    def _bias(self, size: tuple[int, int], windows: int, bias: Tensor | None, like: Tensor) -> Tensor | None:
        """What is added to the scores: (N or 1, windows * heads, places, places)."""
        if any(self.shift):
            mask = self.mask if size == self.size and self.mask is not None else self._mask(size, like)
            mask = mask.to(like.dtype)[None, :, None]
            total = mask.expand(-1, -1, self.num_heads, -1, -1) if bias is None else mask + bias[:, None]
            return total.flatten(1, 2)
        return None if bias is None else bias[:, None].expand(-1, windows, -1, -1, -1).flatten(1, 2)

    def _mask(self, size: tuple[int, int], like: Tensor) -> Tensor:
        """(windows, places, places): 0 for two places that may see each other, -inf for those brought together."""
        sides = []
        for length, window, shift in zip(size, self.window, self.shift, strict=True):
            place = torch.arange(length, device=like.device)
            region = 2 * (place >= length - shift) + (place < length - window) if shift else torch.zeros_like(place)
            sides.append(region.view(-1, window))  # (windows along the side, places)
        rows, columns = sides
        regions = (3 * rows[:, None, :, None] + columns[None, :, None, :]).flatten(2).flatten(0, 1)
        apart = regions[:, :, None] != regions[:, None, :]
        return torch.zeros(apart.shape, dtype=like.dtype, device=like.device).masked_fill(apart, float("-inf"))


class RelativePositionBias(nn.Module):
    """Spreads a value per offset over the pairs of places in a window of height and width `window`."""

    index: Tensor

    def __init__(self, window: tuple[int, int]) -> None:
        super().__init__()
        self.window = window
        self.register_buffer("index", torch.empty((window[0] * window[1]) ** 2, dtype=torch.int64), persistent=False)

    def reset_index(self) -> None:
        """Fill the index: the row of the offset between each two places."""
        height, width = self.window
        device = self.index.device
        rows = torch.arange(height, device=device).repeat_interleave(width)
        columns = torch.arange(width, device=device).repeat(height)
        down = rows[:, None] - rows[None, :] + height - 1
        right = columns[:, None] - columns[None, :] + width - 1
        self.index.copy_((down * (2 * width - 1) + right).flatten())

    def forward(self, x: Tensor) -> Tensor:
        """Of (N or 1, offsets, heads): (N or 1, heads, places, places)."""
        places = self.window[0] * self.window[1]
        return torch.unflatten(x.index_select(1, self.index), 1, (places, places)).permute(0, 3, 1, 2)


class RelativeOffsets(nn.Module):
    """Gives the offsets between the places of a window, (1, offsets, 2), each from -1 to 1."""

    offsets: Tensor

    def __init__(self, window: tuple[int, int]) -> None:
        super().__init__()
        self.window = window
        count = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.register_buffer("offsets", torch.empty(count, 2), persistent=False)

    def reset_offsets(self) -> None:
        """Fill the offsets, rows before columns; a side of one place has the offset 0."""
        sides = [torch.arange(1 - side, side, device=self.offsets.device) / max(side - 1, 1) for side in self.window]
        self.offsets.copy_(torch.cartesian_prod(*sides))

    def forward(self) -> Tensor:
        """The offsets, with a batch axis of size 1."""
        return self.offsets.unsqueeze(0)
