"""The tree that YAML and JSON texts are read into: scalars, sequences and mappings with spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from blueprint.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Scalar:
    """A null, boolean, number or text. `quoted` tells `"3"` from `3`; `text` is as written inside the quotes."""

    value: bool | int | float | str | None
    span: Span
    quoted: bool = False

    @property
    def inner(self) -> Span:
        """The span of the text itself, without its quotes."""
        s = self.span
        if self.quoted and s.line == s.end_line and s.end_column - s.column >= 2:
            return Span(s.source, s.line, s.column + 1, s.line, s.end_column - 1)
        return s


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of trees."""

    items: tuple[Tree, ...]
    span: Span
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: Scalar
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in the order written; keys are texts, each once."""

    entries: tuple[Entry, ...]
    span: Span
    flow: bool = False

    def get(self, key: str) -> Tree | None:
        """The value under `key`, or None."""
        for entry in self.entries:
            if entry.key.value == key:
                return entry.value
        return None

    def entry(self, key: str) -> Entry | None:
        """The entry under `key`, or None."""
        for entry in self.entries:
            if entry.key.value == key:
                return entry
        return None

    def keys(self) -> list[str]:
        """The keys in the order written."""
        return [str(entry.key.value) for entry in self.entries]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Tree: TypeAlias = Scalar | Sequence | Mapping


def plain(tree: Tree) -> object:
    """The tree as Python's own lists, dictionaries and scalars, spans dropped."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    return {str(entry.key.value): plain(entry.value) for entry in tree.entries}
