"""`blueprint predict`: what a run's network sees in images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.eval import Format


def predict(
    run: Annotated[Path, typer.Argument(help="A directory that `blueprint train` made.")],
    images: Annotated[list[Path], typer.Argument(help="Image files.", metavar="IMAGE...")],
    top: Annotated[int, typer.Option(min=1, help="How many classes are shown for each image.")] = 5,
    device: Annotated[
        str | None, typer.Option(help="`cpu`, `cuda` or `cuda:1`; left out: a GPU if there is one.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How the classes are written.")] = Format.text,
) -> None:
    """Name the likeliest classes of images, with their probabilities.

    Images that cannot be read are told after the others, with exit status 1.
    """
    import json

    import blueprint
    from blueprint.diagnostics import SpecError
    from blueprint.train.run import Run

    Run.open(run)

    from blueprint.train.device import choose_device
    from blueprint.train.finished import predict as ask
    from blueprint.train.finished import reopen

    finished = reopen(run, blueprint.load, choose_device(device))
    predictions, faults = ask(finished, images, top)
    if format is Format.json:
        shown = [
            {"image": p.image, "top": [{"class": name, "probability": share} for name, share in p.top]}
            for p in predictions
        ]
        print(json.dumps({"predictions": shown}, indent=2, ensure_ascii=False))
    else:
        for p in predictions:
            print(p.image)
            for name, share in p.top:
                print(f"  {share:7.2%}  {name}")
    if faults:
        raise SpecError(faults)
