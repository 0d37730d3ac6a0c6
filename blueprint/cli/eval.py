"""`blueprint eval`: a run's weights measured again."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.completing import sources


class Part(str, Enum):
    """A part of the data."""

    test = "test"
    validation = "validation"


class Format(str, Enum):
    """How the result is written."""

    text = "text"
    json = "json"


def evaluate(
    run: Annotated[Path, typer.Argument(help="A directory that `blueprint train` made.")],
    data: Annotated[
        str | None,
        typer.Option(help="Other data with the same classes: a name or a folder.", autocompletion=sources),
    ] = None,
    split: Annotated[Part | None, typer.Option(help="Left out: the part that the run was measured on.")] = None,
    device: Annotated[
        str | None, typer.Option(help="`cpu`, `cuda` or `cuda:1`; left out: a GPU if there is one.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How the figures are written.")] = Format.text,
) -> None:
    """Measure a run's network again, on the part of the data it was measured on or on other data."""
    import json
    from typing import Any

    import blueprint
    from blueprint.cli.progress import Shown
    from blueprint.cli.settings import data_override
    from blueprint.train.run import Run

    Run.open(run)
    override = data_override(data) if data else None

    from blueprint.train.device import choose_device
    from blueprint.train.finished import measure_again, reopen

    progress = Shown(lines_to_stderr=format is Format.json)
    finished = reopen(run, blueprint.load, choose_device(device))
    source: Any = None
    if override:
        from blueprint.train.recipe_document import load_recipe

        source = load_recipe(run / "recipe.json", (override,)).data
    scores, measured = measure_again(finished, progress, source, split.value if split else None)
    if format is Format.json:
        figures = {"split": measured, "images": scores.count, "top1": scores.top1, "top5": scores.top5}
        print(json.dumps({**figures, "loss": scores.loss}, indent=2))
    else:
        print(
            f"{measured} top-1 {scores.top1:.2%}, top-5 {scores.top5:.2%}, loss {scores.loss:.4f}"
            f" on {scores.count:,} images"
        )
