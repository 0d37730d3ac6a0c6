"""The arithmetic of sliding windows: pairs of sizes, padding, output sizes."""

from __future__ import annotations

from typing import TypeAlias

from blueprint.language.values import ValueType
from blueprint.ops.base import Misfit

Size: TypeAlias = int | tuple[int, int]
"""A value of the language's type `size`: one number for height and width, or both."""


def pair(size: Size) -> tuple[int, int]:
    """The size as (height, width)."""
    if isinstance(size, int):
        return (size, size)
    height, width = size
    return (height, width)


def same_padding(kernel: int, stride: int, dilation: int) -> int:
    """The padding that keeps the size at stride 1, `dilation * (kernel - 1) // 2`, for an odd kernel.

    An even kernel takes 0 when it moves by its own size; otherwise it has no such padding: raises Misfit.
    """
    if kernel % 2 == 1:
        return dilation * (kernel - 1) // 2
    if stride == kernel:
        return 0
    raise Misfit(
        "missing-key",
        f"`padding` must be written for an even `kernel_size` (={kernel}) unless `stride` (={stride}) equals it",
        label="no padding keeps the size here",
        help=f"write `padding: {(kernel - 1) // 2}`, or take an odd kernel",
        field="padding",
    )


def windows(length: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil_mode: bool = False) -> int:
    """How many windows fit along an axis of this length; 0 or less: none.

    floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1; with `ceil_mode` the
    quotient is rounded up, as long as the last window begins inside the axis or its left padding.
    """
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count


def window_sizes(
    x: ValueType,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    axes: tuple[str, ...] = ("height", "width"),
    ceil_mode: bool = False,
) -> dict[str, int]:
    """The sizes of `axes` after a sliding window; raises Misfit `kernel-too-large` where none fits."""
    sizes = {}
    for axis, k, s, p, d in zip(axes, kernel, stride, padding, dilation, strict=True):
        length = x.size(axis)
        assert length is not None, f"window_sizes: {x} has no {axis}"
        sizes[axis] = windows(length, k, s, p, d, ceil_mode)
        if sizes[axis] < 1:
            spans = f" with `dilation` (={d}) spans {d * (k - 1) + 1}," if d > 1 else " is"
            padded = f"the {axis} with its padding (={length + 2 * p})" if p else f"the {axis} (={length})"
            more = "more" if d > 1 else "larger"
            raise Misfit(
                "kernel-too-large",
                f"`kernel_size` (={k}){spans} {more} than {padded}",
                label=f"{x} enters",
                help="take a smaller kernel, more padding, or fewer strides before it",
                field="kernel_size",
                inputs=(0,),
            )
    return sizes


def check_fill(mode: str, amount: int, x: ValueType, axis: str, field: str, words: str) -> None:
    """Raise Misfit `out-of-range` where the axis has too few places to fill `amount` more on one side from.

    mode: what is filled in (`reflect`, `circular`, ...); field: what gives the amount; words: how a message names it.
    """
    length = x.size(axis)
    assert length is not None, f"check_fill: {x} has no {axis}"
    if (mode == "reflect" and amount >= length) or (mode == "circular" and amount > length):
        bound = "less than" if mode == "reflect" else "at most"
        raise Misfit(
            "out-of-range",
            f"{words} {mode} must be {bound} the {axis} (={length})",
            label=f"{x} enters",
            field=field,
            inputs=(0,),
        )
