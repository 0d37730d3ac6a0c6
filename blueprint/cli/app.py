"""The program `blueprint`: its verbs, and what becomes of what they raise.

Exit status: 0 good, 1 a spec or another file is at fault, 2 the command line is, 3 blueprint
itself is, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from blueprint.cli.build import build
from blueprint.cli.check import check
from blueprint.cli.eval import evaluate
from blueprint.cli.explain import explain
from blueprint.cli.predict import predict
from blueprint.cli.report import show
from blueprint.cli.schema import schema
from blueprint.cli.train import train
from blueprint.diagnostics import Diagnostic, SpecError

INTERRUPTED = 130
OURS = 3

app = typer.Typer(
    name="blueprint",
    help="Vision networks as typed specs, compiled to plain, fast torch modules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
for verb in (check, build, schema, explain, train, predict):
    app.command()(verb)
app.command(name="eval")(evaluate)


def _version(wanted: bool) -> None:
    if wanted:
        from blueprint import __version__

        print(f"blueprint {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Vision networks as typed specs, compiled to plain, fast torch modules."""


def main() -> None:
    """Run the command line and leave with its exit status."""
    # Threads of OpenMP that wait by spinning stall each other where cores are shared: with one other process on two
    # cores a training step took 6.3 s, and 0.13 s with sleeping waits. Read when torch is loaded; the user's word wins.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        status = app(standalone_mode=False)
    except SpecError as error:
        show(error.diagnostics)
        status = error.status
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        if hasattr(error, "format_message"):  # what Typer raises for a command line that it cannot read
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
