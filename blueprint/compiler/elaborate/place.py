"""Where elaboration stands: the frames that name weights, the calls that led here, the initialisers in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from blueprint.compiler.graph import Frame, Initialiser
from blueprint.diagnostics import Note, Span

InitMap = Mapping[str, Mapping[str, tuple[Initialiser, Span]]]
"""Initialisers by op and parameter, with the place where each is written."""


Calls = tuple[tuple[Span, str | None], ...]
"""Calls of blocks and bodies, innermost first: where each stands, and the name that its value bears."""


class Place(NamedTuple):
    """A place in the expansion.

    frames: the parts of the weights' names so far. suffix: indices of loops without a name of
    their own, which stand behind the next part. shared: the place of the enclosing block call or
    loop iteration, under which labels of `share` stand. tied: whether such a label encloses it.
    calls: the block calls that led here, in words. entered: the calls of blocks and bodies.
    round: which round of the innermost loop it is, in words. rounds: how often the loops around
    it run together.
    """

    frames: tuple[Frame, ...] = ()
    suffix: tuple[tuple[int, int], ...] = ()
    shared: Place | None = None
    tied: bool = False
    calls: tuple[Note, ...] = ()
    entered: Calls = ()
    inits: tuple[InitMap, ...] = ()
    round: str = ""
    rounds: int = 1

    def leaf(self, label: str) -> tuple[tuple[Frame, ...], str]:
        """The frames and the label of a node that bears weights."""
        if not self.suffix:
            return self.frames, label
        parts = [label, *(str(index) for index, _ in self.suffix)]
        runs = [run for _, run in self.suffix]
        return (*self.frames, *(Frame(part, run) for part, run in zip(parts[:-1], runs, strict=True))), parts[-1]

    def enter(self, label: str, call: int, kind: str = "") -> Place:
        """The place inside a structure of that label."""
        frames, last = self.leaf(label)
        return self._replace(frames=(*frames, Frame(last, call, kind)), suffix=())

    def indexed(self, index: int, run: int) -> Place:
        """The place inside an iteration of a loop without a name."""
        return self._replace(suffix=(*self.suffix, (index, run)))

    def sharing(self) -> Place:
        """This place as one whose labels of `share` are its own."""
        return self._replace(shared=self._replace(shared=None))

    def called(self, block: str, span: Span) -> Place:
        """The place inside a call of a block."""
        note = Note(f"in block `{block}`, called at {span.place}{self.round}")
        return self._replace(calls=(note, *self.calls), round="")

    def within(self, span: Span, name: str | None) -> Place:
        """The place inside a call of a block or body that stands at `span`."""
        return self._replace(entered=((span, name), *self.entered))

    def noted(self, note: Note) -> Place:
        """This place with one more thing to tell of how it was reached."""
        return self._replace(calls=(note, *self.calls))

    def with_inits(self, inits: InitMap) -> Place:
        """The place with initialisers that win over those further out."""
        return self._replace(inits=(*self.inits, inits)) if inits else self
