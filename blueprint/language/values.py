"""The type of a value between two nodes: a map (C, H, W), tokens (L, D), a vector (D), or named axes.

The batch axis is implicit. A value's kind follows from its rank, so that after a `rearrange`
three axes are a map, two are tokens and one is a vector, whatever they were before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

_NAMES: dict[int, tuple[str, ...]] = {
    1: ("channels",),
    2: ("tokens", "channels"),
    3: ("channels", "height", "width"),
}
_KINDS = {("channels",): "vector", ("tokens", "channels"): "tokens", ("channels", "height", "width"): "map"}


@dataclass(frozen=True)
class ValueType:
    """Named axes with their sizes, in logical order, batch left out.

    `batched` is False for a learned value, which all samples share.
    """

    axes: tuple[tuple[str, int], ...]
    batched: bool = True

    @cached_property
    def kind(self) -> str:
        """`map`, `tokens`, `vector`, or `axes` for any other set of axes."""
        return _KINDS.get(self.names, "axes")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the axes, in order."""
        return tuple(name for name, _ in self.axes)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes, in order."""
        return tuple(size for _, size in self.axes)

    @cached_property
    def elements(self) -> int:
        """The number of elements of one sample."""
        return prod(self.shape)

    def size(self, axis: str) -> int | None:
        """The size of the axis called `axis`, or None if there is none."""
        return self._sizes.get(axis)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return dict(self.axes)

    @cached_property
    def channels(self) -> int:
        """The size of the channels axis; 1 where there is none."""
        return self.size("channels") or 1

    def replace(self, **sizes: int) -> ValueType:
        """The same axes with other sizes: `x.replace(channels=8)`."""
        return ValueType(tuple((n, sizes.get(n, s)) for n, s in self.axes), self.batched)

    def __str__(self) -> str:
        if self.kind in ("map", "tokens", "vector"):
            return f"{self.kind}({', '.join(map(str, self.shape))})"
        return "axes(" + ", ".join(f"{n}: {s}" for n, s in self.axes) + ")"


def map_of(channels: int, height: int, width: int) -> ValueType:
    """A feature map, (N, C, H, W) in torch."""
    return ValueType((("channels", channels), ("height", height), ("width", width)))


def tokens_of(tokens: int, channels: int) -> ValueType:
    """A sequence of tokens, (N, L, D) in torch."""
    return ValueType((("tokens", tokens), ("channels", channels)))


def vector_of(channels: int) -> ValueType:
    """A vector, (N, D) in torch."""
    return ValueType((("channels", channels),))


def by_rank(shape: tuple[int, ...], names: tuple[str, ...] = (), batched: bool = True) -> ValueType:
    """The type with these sizes: its kind follows from the rank, else the axes take `names`."""
    return ValueType(tuple(zip(_NAMES.get(len(shape), names), shape, strict=True)), batched)
