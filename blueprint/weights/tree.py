"""A state_dict as a tree: leaves whose tensors belong together, below the names that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]

KINDS = ("weight", "bias", "running_mean", "running_var")
_KIND = re.compile(rf"(?:^|_)({'|'.join((*KINDS, 'num_batches_tracked'))})$")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ROLES = {"q": "query", "k": "key", "v": "value", "query": "query", "key": "key", "value": "value"}


@dataclass(frozen=True)
class Entry:
    """A tensor of a state_dict. kind: what it is to its module, by the end of its name; empty if that tells nothing."""

    key: str
    shape: Shape
    kind: str
    learned: bool  # floating point: integers count or index, and nothing is learned in them

    @property
    def plain(self) -> Shape:
        """The shape without the axes of size 1."""
        return tuple(size for size in self.shape if size != 1)


@dataclass(eq=False)
class Part:
    """A name of the tree: a leaf with its tensors, or what holds other parts, in the order of the state_dict."""

    name: str
    children: list[Part] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def learned(self) -> tuple[Entry, ...]:
        """A leaf's learned tensors: weight, bias, running mean, running variance, then others."""
        return tuple(sorted((entry for entry in self.entries if entry.learned), key=lambda entry: _rank(entry.kind)))

    @cached_property
    def signature(self) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
        """What two leaves must share to be paired: the shapes of weights and biases, and of running statistics."""
        running = [entry.kind.startswith("running") for entry in self.learned]
        both = list(zip(self.learned, running, strict=True))
        return tuple(e.plain for e, of_batches in both if not of_batches), tuple(e.plain for e, of in both if of)

    @cached_property
    def wide(self) -> bool:
        """Whether a leaf has a matrix or a kernel, not vectors alone."""
        return any(len(entry.plain) > 1 for entry in self.learned)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the name, in lower case; numbers count for nothing."""
        return frozenset(word.lower() for word in _WORD.findall(self.name))

    @cached_property
    def end(self) -> str:
        """The last part of the name, with its numbers."""
        return self.name.rsplit(".", 1)[-1]

    @cached_property
    def role(self) -> str:
        """Whether the name says that this makes the query, key or value of an attention; empty if not."""
        end = ".".join(self.name.split(".")[-2:])
        return next((_ROLES[word.lower()] for word in reversed(_WORD.findall(end)) if word.lower() in _ROLES), "")

    def leaves(self) -> Iterator[Part]:
        """The leaves of the part, itself if it is one."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


def tree_of(state: Mapping[str, Tensor]) -> list[Part]:
    """The parts at the top of a state_dict; a name that holds one part alone is that part.

    The tensors of one module are a leaf: `a.weight` and `a.bias`, `a.in_proj_weight` and `a.in_proj_bias`; a tensor
    whose name ends otherwise is one by itself. A name that is come back to is a part of its own each time.
    """
    open_parts = [Part("")]
    open_path: list[str] = []
    leaves: dict[tuple[str, str], Part] = {}
    for key, tensor in state.items():
        *path, last = key.split(".")
        found = _KIND.search(last)
        kind, stem = (found[1], last[: found.start()]) if found else ("", last)
        place = (".".join(path), stem)
        if place not in leaves:
            shared = 0
            while path[: shared + 1] == open_path[: shared + 1] and shared < len(path):
                shared += 1
            del open_parts[shared + 1 :]
            for depth in range(shared, len(path)):
                part = Part(".".join(path[: depth + 1]))
                open_parts[-1].children.append(part)
                open_parts.append(part)
            open_path = path
            leaves[place] = Part(".".join([*path, stem]) if stem else ".".join(path))
            open_parts[-1].children.append(leaves[place])
        learned = tensor.is_floating_point() or tensor.is_complex()
        leaves[place].entries.append(Entry(key, tuple(tensor.shape), kind, learned))
    return _collapsed(open_parts[0].children)


def without(parts: list[Part], leaves: set[Part]) -> list[Part]:
    """The same tree without some of its leaves."""
    kept = []
    for part in parts:
        if part.children:
            kept.append(Part(part.name, without(part.children, leaves)))
        elif part not in leaves:
            kept.append(part)
    return _collapsed(kept)


def _collapsed(parts: list[Part]) -> list[Part]:
    found = []
    for part in parts:
        if not part.entries:
            part.children = _collapsed(part.children)
            if not part.children:
                continue
        found.append(part.children[0] if len(part.children) == 1 else part)
    return found


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else 0 if not kind else len(KINDS)
