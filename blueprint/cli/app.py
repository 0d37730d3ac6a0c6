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
for verb in (new, check, build, show, schema, explain, train, predict):
    app.command()(verb)
app.command(name="list")(list_)
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
