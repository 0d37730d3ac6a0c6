"""`blueprint train`: a spec, a recipe and data become a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.completing import recipes, run_settings, sources, specs
from blueprint.cli.options import Weights


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            help="A spec's path or shipped name; left out: the one that the recipe names.", autocompletion=specs
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="A recipe's path or shipped name; left out: `digits`, or `cifar` for other data.",
            autocompletion=recipes,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="A data set's name or a folder, in place of the recipe's.", autocompletion=sources),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Set an argument of the spec, or a field as recipe.FIELD.",
            autocompletion=run_settings,
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="In place of the recipe's.")] = None,
    device: Annotated[
        str | None, typer.Option(help="`cpu`, `cuda` or `cuda:1`; left out: a GPU if there is one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the recipe's.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's directory; left out: a new one, runs/SPEC-RECIPE-N.")
    ] = None,
    weights: Weights = None,
) -> None:
    """Train a network, and write its weights, metrics and summary into a run directory.

    With no spec, a small network learns the digits that come with the package, in about two minutes.
    """
    from blueprint.cli.progress import Shown
    from blueprint.cli.settings import data_override, divided
    from blueprint.cli.stopping import Stopper
    from blueprint.diagnostics import Diagnostic, UsageError
    from blueprint.diagnostics.wording import counted

    arguments, fields = divided(settings or [])
    overrides = [data_override(data)] if data else []
    overrides += [("epochs", str(epochs), f"--epochs {epochs}")] if epochs is not None else []
    overrides += [("seed", str(seed), f"--seed {seed}")] if seed is not None else []

    from blueprint.train.recipe_document import load_recipe

    progress = Shown()
    if recipe is None:
        recipe = "digits" if data in (None, "digits") else "cifar"
        progress.line(f"recipe: {recipe}")
    chosen = load_recipe(recipe, (*overrides, *fields))
    named = spec or chosen.spec
    if named is None:
        raise UsageError(
            [Diagnostic("usage", "no spec is named", help="`blueprint train SPEC`, or `spec:` in the recipe")]
        )

    import blueprint
    from blueprint.train.device import choose_device
    from blueprint.train.job import train as run_job

    target = choose_device(device)
    with Stopper() as stopper:
        run, summary = run_job(
            lambda **given: blueprint.load(named, settings=arguments, **given),
            arguments.keys(),
            chosen,
            out,
            target,
            progress,
            stopper.asked,
            weights,
        )
    progress.line(f"wrote {run.path}")
    if summary.top1 is not None:
        progress.line(
            f"{summary.split} top-1 {summary.top1:.2%}, top-5 {summary.top5:.2%}"
            f" after {counted(round(summary.epochs), 'epoch')}, {summary.seconds:.0f} s"
        )
    if summary.interrupted:
        progress.line(
            f"stopped after {summary.epochs:.2f} of {chosen.epochs} epochs, {summary.steps:,} steps;"
            " the weights are kept"
        )
        raise SystemExit(130)
