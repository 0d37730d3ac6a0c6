"""Progress on the terminal: a bar for what is long, a line for what is worth keeping; plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Shown:
    """Shows long work: a live bar if the output is a terminal, else a line when a piece starts that takes long.

    lines_to_stderr: keeps stdout free for a result that another program reads.
    """

    def __init__(self, lines_to_stderr: bool = False) -> None:
        self.stream = sys.stderr if lines_to_stderr else sys.stdout
        self.terminal = self.stream.isatty()
        self.bar: Bar | None = None
        self.task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        """Show a bar of `total` steps, which vanishes at its end; without a terminal tell of a large piece."""
        if not self.terminal:
            if not what.startswith("epoch") and total > 2000:
                self.line(what)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.end()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self.bar = Progress(*columns, console=Console(file=self.stream), transient=True)
        self.bar.start()
        self.task = self.bar.add_task(what, total=total, note="")

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move the bar; an empty note leaves the former one."""
        if self.bar is not None and self.task is not None:
            if note:
                self.bar.update(self.task, advance=steps, note=note)
            else:
                self.bar.advance(self.task, steps)

    def end(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = self.task = None

    def line(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self.bar is not None:
            self.bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self.stream, flush=True)
