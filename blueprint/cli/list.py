"""`blueprint list`: the specs, recipes, blocks and ops that there are."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blueprint.cli.completing import sorts

if TYPE_CHECKING:
    from pathlib import Path

SORTS = ("specs", "ops", "blocks", "recipes")


class Output(str, Enum):
    """How the lists are written."""

    text = "text"
    json = "json"


def list_(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHAT",
            help="`specs`, `ops`, `blocks` or `recipes`, with their details; left out: all of them. "
            "Behind it files and folders, whose documents are listed as well.",
            autocompletion=sorts,
        ),
    ] = None,
    format: Annotated[Output, typer.Option(help="How the lists are written.")] = Output.text,
) -> None:
    """List specs, recipes, blocks and ops: those that ship with blueprint, and those in files and folders."""
    import sys

    sort, paths = _divided(what or [])
    found = _found(sort, paths)
    if format is Output.json:
        import json

        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    width = None
    if sys.stdout.isatty():
        import shutil

        width = max(40, shutil.get_terminal_size().columns)
    print("\n\n".join("\n".join(lines) for lines in _lines(found, sort, width)))


def _divided(words: list[str]) -> tuple[str, list[Path]]:
    """The sort that is asked for, if one is, and the paths; raises UsageError for a word that is neither."""
    from pathlib import Path

    from blueprint.diagnostics import Diagnostic, UsageError
    from blueprint.diagnostics.nearest import nearest

    sort = words[0] if words and words[0] in SORTS else ""
    paths = [Path(word) for word in words[bool(sort) :]]
    for path in paths:
        if not path.exists():
            meant = nearest(str(path), list(SORTS)) if path is paths[0] and not sort else None
            help = f"did you mean `{meant}`?" if meant else f"`blueprint list` takes {', '.join(SORTS)}, then paths"
            raise UsageError([Diagnostic("missing-file", f"there is no file or folder `{path}`", help=help)])
    return sort, paths


def _found(sort: str, paths: list[Path]) -> dict[str, Any]:
    from blueprint.view import catalogue

    found: dict[str, Any] = {}
    if sort in ("", "specs"):
        found["specs"] = [catalogue.spec(path) for path in catalogue.documents("model", paths)]
    if sort in ("", "recipes"):
        found["recipes"] = [catalogue.recipe(path) for path in catalogue.documents("recipe", paths)]
    if sort in ("", "blocks"):
        shipped = [block for path in catalogue.documents("blocks", paths) for block in catalogue.blocks(path)]
        found["blocks"] = [*catalogue.language_blocks(), *shipped]
    if sort in ("", "ops"):
        found["structures"] = catalogue.structures()
        found["ops"] = catalogue.all_ops()
    return found


def _lines(found: dict[str, Any], sort: str, width: int | None) -> list[list[str]]:
    from blueprint.view import listing

    lines = []
    if "specs" in found:
        lines.append(listing.spec_lines(found["specs"], width))
    if "recipes" in found:
        lines.append(listing.recipe_lines(found["recipes"], width))
    if "blocks" in found:
        lines.append(listing.block_lines(found["blocks"], width))
    if "ops" in found:
        shown = listing.op_lines if sort == "ops" else listing.family_lines
        lines.append(shown(found["structures"], found["ops"], width))
    return lines
