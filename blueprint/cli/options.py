"""Arguments and options that several verbs have, with what completes them in a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from blueprint.cli.completing import settings, specs, weights

Spec = Annotated[str, typer.Argument(help="A spec's path or shipped name.", autocompletion=specs)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set an argument of the spec.", autocompletion=settings),
]
Input = Annotated[str | None, typer.Option(metavar="C,H,W", help="Another input shape, the batch left out.")]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="Weights to start from: `torchvision`, `torchvision:NAME:WEIGHTS` (or `random`), a file or a run.",
        autocompletion=weights,
    ),
]
