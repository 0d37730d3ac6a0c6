"""The known name that a misspelt one most likely means."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_MOST = 1000


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name of `known` most like `word`, or None if none is like it.

    Case, underscores and hyphens count for nothing; a letter left out, put in, changed or swapped
    with its neighbour counts one, and a third of the letters may be wrong. Failing that, the one
    name that `word` is a whole part of (`channels` for `out_channels`), or that is a part of it. Of
    many known names the first thousand are looked at.
    """
    names = list(islice(dict.fromkeys(name for name in known if name != word), _MOST))
    plain = _plain(word)
    best: tuple[tuple[int, int, bool], str] | None = None
    for name in names:
        other = _plain(name)
        allowed = _allowed(plain, other)
        if abs(len(plain) - len(other)) > allowed:
            continue
        wrong = distance(plain, other)
        rank = (wrong, abs(len(plain) - len(other)), plain[:1] != other[:1])
        if wrong <= allowed and (best is None or rank < best[0]):
            best = (rank, name)
    if best is not None:
        return best[1]
    parts = set(_parts(word))
    akin = [name for name in names if parts and (parts < set(_parts(name)) or parts > set(_parts(name)) != set())]
    return akin[0] if len(akin) == 1 else None


def distance(a: str, b: str) -> int:
    """The fewest letters to leave out, put in, change or swap with their neighbour to make `b` of `a`.

    The optimal string alignment distance: no letter is touched twice.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def _allowed(a: str, b: str) -> int:
    longer = max(len(a), len(b))
    if longer <= 2:
        return int(sorted(a) == sorted(b))
    return min(longer, 60) // 3


def _plain(word: str) -> str:
    return word[:200].casefold().replace("_", "").replace("-", "")


def _parts(word: str) -> list[str]:
    return [part for part in word[:200].casefold().replace("-", "_").split("_") if len(part) > 1]
