"""Leaving the program: what a verb returns or raises becomes diagnostics and an exit status.

Exit status: 0 good, 1 a spec or another file is at fault, 2 the command line is, 3 blueprint
itself is, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from blueprint.cli.report import show
from blueprint.diagnostics import Diagnostic, SpecError

INTERRUPTED = 130
OURS = 3


def leave(verb: Callable[[], object]) -> NoReturn:
    """Run a verb and leave with its exit status, what it raises shown as diagnostics."""
    try:
        status = verb()
    except SpecError as error:
        show(error.diagnostics)
        status = error.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        if type(error).__name__ == "Abort":  # Typer's word for an interrupt
            print("interrupted", file=sys.stderr)
            status = INTERRUPTED
        elif hasattr(error, "format_message"):  # what Typer raises for a command line that it cannot read
            show([_usage(error)])
            status = 2
        else:
            status = _ours(error)
    sys.exit(status if isinstance(status, int) else 0)


def _usage(error: Exception) -> Diagnostic:
    message = str(error.format_message())  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "blueprint")
    return Diagnostic("usage", message[:1].lower() + message[1:].rstrip("."), help=f"see `{path} --help`")


def _ours(error: Exception) -> int:
    """Say that the fault is not the user's; the traceback comes with BLUEPRINT_TRACEBACK=1."""
    if os.environ.get("BLUEPRINT_TRACEBACK"):
        import traceback

        traceback.print_exc()
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_globals.get("__name__", "?"))
        trace = trace.tb_next
    inside = [name for name in frames if name.startswith("blueprint.") and not name.startswith("blueprint.cli")]
    where = inside[-1] if inside else "blueprint"
    show(
        [
            Diagnostic(
                "internal",
                f"a fault of blueprint's own in {where}: {type(error).__name__}: {error}",
                help="please report it with the spec; BLUEPRINT_TRACEBACK=1 shows where it arose",
            )
        ]
    )
    return OURS
