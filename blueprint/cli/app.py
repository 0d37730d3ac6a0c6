"""The program `blueprint`: its verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from blueprint.cli.build import build
from blueprint.cli.check import check
from blueprint.cli.eval import evaluate
from blueprint.cli.explain import explain
from blueprint.cli.list import list_
from blueprint.cli.new import new
from blueprint.cli.predict import predict
from blueprint.cli.schema import schema
from blueprint.cli.show import show
from blueprint.cli.train import train

app = typer.Typer(
    name="blueprint",
    help="Vision networks as typed specs, compiled to plain, fast torch modules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
for verb, name, summary in (
    (new, "new", "Write a spec to start from."),
    (check, "check", "Check specs: every fault, with the way to mend it."),
    (build, "build", "Show the table of a spec's layers and its totals."),
    (show, "show", "Show a spec's graph: text, a flowchart, or data."),
    (train, "train", "Train a network."),
    (evaluate, "eval", "Measure a trained network again."),
    (predict, "predict", "Name the likeliest classes of images."),
    (list_, "list", "List specs, ops, blocks and recipes."),
    (explain, "explain", "Explain a diagnostic's code, or an op."),
    (schema, "schema", "Print the JSON Schema, for editors."),
):
    app.command(name, short_help=summary)(verb)


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
