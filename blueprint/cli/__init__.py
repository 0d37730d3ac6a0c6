"""The command line: a verb per file, each thin."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    from blueprint.cli.leaving import leave

    # Threads of OpenMP that wait by spinning stall each other where cores are shared: with one other process on two
    # cores a training step took 6.3 s, and 0.13 s with sleeping waits. Read when torch is loaded; the user's word wins.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    words = sys.argv[1:]
    if len(words) > 1 and words[0] == "check" and not any(word.startswith("-") for word in words):
        # Nothing here needs a parser, and Typer's costs as much time as the check itself.
        from blueprint.cli.checked import check_and_show

        leave(lambda: check_and_show(words[1:]))
    from blueprint.cli.app import app

    leave(lambda: app(standalone_mode=False))
