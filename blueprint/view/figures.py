"""How shapes and counts are written for people."""

from __future__ import annotations


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape without the batch: `64 x 32 x 32`."""
    return " x ".join(map(str, shape))


def count_text(number: int) -> str:
    """A large count with its unit, three digits: `91.6 M`."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            value = number / limit
            return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"
    return str(number)
