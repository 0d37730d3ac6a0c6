"""How long work tells of itself: a protocol that the command line fills in, and one that keeps silent."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of long work, one piece at a time."""

    def begin(self, what: str, total: int) -> None:
        """A piece of `total` steps starts; `what` says in a few words what is done."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """So many steps more are done; `note` is the latest figure worth showing."""

    def end(self) -> None:
        """The piece is over, finished or not."""

    def line(self, text: str) -> None:
        """A line worth keeping."""


class Silent:
    """A progress that shows nothing."""

    def begin(self, what: str, total: int) -> None:
        """Show nothing."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""

    def line(self, text: str) -> None:
        """Show nothing."""
