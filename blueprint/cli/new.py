"""`blueprint new`: a document to start from."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.completing import parents


class Kind(str, Enum):
    """A kind of document."""

    model = "model"
    recipe = "recipe"
    blocks = "blocks"


def new(
    name: Annotated[str, typer.Argument(help="Its name; NAME.yaml is written, never over another file.")],
    parent: Annotated[
        str | None,
        typer.Option("--from", metavar="SPEC", help="What it is to be a variant of.", autocompletion=parents),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What is written.")] = Kind.model,
    out: Annotated[Path | None, typer.Option(help="The file or folder; left out: the working folder.")] = None,
) -> None:
    """Write a commented spec that checks and trains: a small network, or a variant of another spec."""
    from blueprint.language.zoo import shown
    from blueprint.starting import start

    path = shown(start(name, kind.value, parent, out))
    print(f"wrote {path}")
    print(f"  blueprint check {path}")
    if kind is Kind.model:
        print(f"  blueprint build {path}\n  blueprint train {path} --recipe digits")
    elif kind is Kind.recipe:
        print(f"  blueprint train SPEC --recipe {path}")
