"""Which tensor of a foreign state_dict is which of a network's, and what is left over on either side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blueprint.weights.align import paired
from blueprint.weights.company import in_company
from blueprint.weights.tree import Entry, Part, Shape, tree_of

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Left:
    """A learned tensor that found no counterpart, and why."""

    key: str
    shape: Shape
    reason: str


@dataclass(frozen=True)
class Matching:
    """What `match` found.

    by: what decided: equal `keys`; the `order` and shapes; or shapes and `names`, where the foreign keys stand in
    alphabetical order. pairs: (our key, their key), in our order. ours: the network's learned tensors without a
    counterpart; theirs: the foreign ones. aside: foreign tensors of integers without one: nothing is learned in them.
    """

    by: Literal["keys", "order", "names"]
    pairs: tuple[tuple[str, str], ...]
    ours: tuple[Left, ...]
    theirs: tuple[Left, ...]
    aside: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every learned tensor of both sides has its counterpart."""
        return not self.ours and not self.theirs


def match(network: nn.Module, state_dict: Mapping[str, Tensor]) -> Matching:
    """The counterparts of the network's tensors in a foreign state_dict; nothing is copied.

    Where one set of keys holds the other, keys decide. Otherwise the order of the keys and the shapes do,
    as `blueprint.weights` tells. The shapes of a pair are equal but for axes of size 1.
    """
    mine = network.state_dict()
    ours, theirs = tree_of(mine), tree_of(in_order(state_dict))
    pairs = _by_key(mine, state_dict)
    by: Literal["keys", "order", "names"] = "keys"
    if pairs is None:
        by = "names" if _alphabetical(state_dict) else "order"
        leaves = in_company(paired(ours, theirs, ordered=by == "order"), ours, theirs)
        pairs = dict(pair for ones in leaves for pair in _of_leaves(*ones))
    found = set(pairs.values())
    left = [leaf for leaf in _leaves(ours) if any(e.key not in pairs for e in leaf.learned)]
    over = [leaf for leaf in _leaves(theirs) if any(e.key not in found for e in leaf.learned)]
    likely = _likely(left, over)
    back = {id(other): mine for mine, other in likely.values()}
    return Matching(
        by=by,
        pairs=tuple((key, pairs[key]) for key in mine if key in pairs),
        ours=tuple(
            Left(e.key, e.shape, _reason(e, likely[id(leaf)][1] if id(leaf) in likely else None, "there"))
            for leaf in left
            for e in leaf.entries
            if e.learned and e.key not in pairs
        ),
        theirs=tuple(
            Left(e.key, e.shape, _reason(e, back.get(id(leaf)), "here"))
            for leaf in over
            for e in leaf.entries
            if e.learned and e.key not in found
        ),
        aside=tuple(e.key for leaf in _leaves(theirs) for e in leaf.entries if not e.learned and e.key not in found),
    )


def _by_key(mine: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, str] | None:
    """The pairs of equal keys and shapes; None if each side has keys that the other lacks."""
    ours, others = ({key for key in state if not key.endswith("num_batches_tracked")} for state in (mine, theirs))
    if not (ours and others) or not (ours <= others or others <= ours):
        return None
    return {key: key for key in mine if key in theirs and mine[key].shape == theirs[key].shape}


def in_order(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state_dict; where its keys are in alphabetical order, with their numbers in the order of numbers."""
    keys = sorted(state, key=_natural) if _alphabetical(state) else list(state)
    return {key: state[key] for key in keys}


def _alphabetical(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are sorted, as safetensors writes them: their order tells nothing of the network's."""
    return list(state) == sorted(state)


def _natural(key: str) -> list[tuple[int, str]]:
    """A key to sort by: `blocks.2` before `blocks.10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", key)]


def _of_leaves(mine: Part, other: Part) -> Iterable[tuple[str, str]]:
    """The pairs of two leaves with equal signatures, those of their counters among them."""
    yield from ((a.key, b.key) for a, b in zip(mine.learned, other.learned, strict=True))
    counters = {(e.kind, e.plain): e.key for e in other.entries if not e.learned}
    for e in mine.entries:
        if not e.learned and (e.kind, e.plain) in counters:
            yield e.key, counters[e.kind, e.plain]


def _leaves(parts: list[Part]) -> list[Part]:
    return [leaf for part in parts for leaf in part.leaves()]


def _likely(left: list[Part], over: list[Part]) -> dict[int, tuple[Part, Part]]:
    """For leaves that are left over the foreign one, left over too, that they were most likely meant for.

    That is the first with the same number of axes and one size in common, of those with the same kinds of tensors
    if there are such.
    """
    free = list(over)
    found = {}
    for leaf in left:
        akin = [other for other in free if _akin(leaf, other)]
        same = [other for other in akin if [e.kind for e in other.learned] == [e.kind for e in leaf.learned]]
        if akin:
            chosen = (same or akin)[0]
            free.remove(chosen)
            found[id(leaf)] = (leaf, chosen)
    return found


def _akin(leaf: Part, other: Part) -> bool:
    one, two = leaf.learned[0].plain, other.learned[0].plain
    return len(one) == len(two) and any(a == b for a, b in zip(one, two, strict=True))


def _reason(entry: Entry, likely: Part | None, where: str) -> str:
    if likely is None:
        return f"no tensor of its shape is left {where}"
    named = [other for other in likely.learned if other.kind == entry.kind]
    if not named:
        return f"{likely.name} {where} has none"
    if named[0].plain == entry.plain:
        return "what stands beside it has no counterpart"
    return f"{named[0].key} {where} is {shape_text(named[0].shape)}"


def shape_text(shape: Shape) -> str:
    """A shape as torch prints it: `(64, 3, 7, 7)`."""
    return str(tuple(shape))
