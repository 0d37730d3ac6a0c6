"""A finished run at work: measured again, or asked about images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from blueprint.data.decode import Unreadable, decode, quiet
from blueprint.data.faults import fault
from blueprint.data.progress import Progress
from blueprint.data.view import Normalisation, Shape
from blueprint.diagnostics import Diagnostic, SpecError, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import listed, ticked
from blueprint.train.job import Load, parts
from blueprint.train.metrics import Scores, evaluate, logits
from blueprint.train.recipe_document import load_recipe
from blueprint.train.run import DataRecord, Run

if TYPE_CHECKING:
    import torch
    from torch import nn

    from blueprint.train.recipe import Recipe

SplitName = Literal["test", "validation"]


@dataclass(frozen=True)
class Finished:
    """A run's network with its weights, in eval mode, and how images are shown to it."""

    run: Run
    recipe: Recipe
    data: DataRecord
    module: nn.Module
    shape: Shape
    normalisation: Normalisation
    device: torch.device


def reopen(path: Path, load: Load, device: torch.device) -> Finished:
    """The run in the directory `path`, on the device; `load` is given the run's spec. Raises SpecError."""
    run = Run.open(path)
    data = run.data
    recipe = load_recipe(path / "recipe.json")
    module = load(path / "spec.yaml").build(device)
    run.load_into(module)
    module.eval()
    channels, height, width = data.input
    shape = Shape(channels, height, width, recipe.crop_fraction)
    normalisation = Normalisation(tuple(recipe.normalize.mean), tuple(recipe.normalize.std))
    return Finished(run, recipe, data, module, shape, normalisation, device)


def measure_again(
    finished: Finished, progress: Progress, source: Any = None, split: SplitName | None = None
) -> tuple[Scores, SplitName]:
    """The scores of a run's weights, and the split they are of: the one that the run was measured on, unless named.

    source: other data with the same classes (a Source), whose test part is measured.
    """
    from blueprint.data.loader import Loader

    recipe = finished.recipe
    data = (source or recipe.data).open(progress)
    if list(data.classes) != finished.data.classes:
        strange = [name for name in data.classes if name not in finished.data.classes]
        lacking = [name for name in finished.data.classes if name not in data.classes]
        both = [f"{listed(strange, 'and')} unknown to the run"] if strange else []
        both += [f"{listed(lacking, 'and')} missing"] if lacking else []
        message = f"the classes of {data.source} are not the run's: {'; '.join(both) or 'they are in another order'}"
        raise SpecError([Diagnostic("class-mismatch", message)])
    name: SplitName = split or ("validation" if recipe.held_out and source is None else "test")
    if name == "validation" and not recipe.held_out:
        message = "the run held no images out for validation"
        raise UsageError([Diagnostic("usage", message, help="leave `--split` out to measure the test part")])
    part = parts(data, recipe if name == "validation" else recipe.model_copy(update={"held_out": 0.0}))[1]
    loader = Loader(
        part,
        finished.shape,
        finished.normalisation,
        max(recipe.batch_size, 256),
        finished.device,
        refuse_unreadable=data.refuse_unreadable,
        progress=progress,
    )
    if recipe.channels_last:
        import torch

        finished.module.to(memory_format=torch.channels_last)
    return evaluate(finished.module, loader.epoch(0)), name


@dataclass(frozen=True)
class Prediction:
    """The classes of one image, the likeliest first, with their probabilities."""

    image: str
    top: tuple[tuple[str, float], ...]


def predict(finished: Finished, images: Sequence[Path], top: int) -> tuple[list[Prediction], list[Diagnostic]]:
    """The `top` likeliest classes of each readable image, in order, and the faults of the others."""
    import torch

    good: list[Path] = []
    pixels: list[torch.Tensor] = []
    faults = []
    shape = finished.shape
    for path in images:
        try:
            with quiet():
                pixels.append(decode(path, shape.channels, (shape.height, shape.width), shape.box))
            good.append(path)
        except Unreadable as error:
            faults.append(_unreadable(path, str(error)))
    predictions = []
    normalise = finished.normalisation.on(finished.device)
    classes = finished.data.classes
    with torch.inference_mode():
        for start in range(0, len(good), 64):
            batch = normalise(torch.stack(pixels[start : start + 64]).to(finished.device))
            best = logits(finished.module(batch)).double().softmax(1).topk(min(top, len(classes)), dim=1)
            for path, shares, places in zip(good[start:], best.values.tolist(), best.indices.tolist(), strict=False):
                ranked = tuple((classes[place], share) for place, share in zip(places, shares, strict=True))
                predictions.append(Prediction(str(path), ranked))
    return predictions, faults


def _unreadable(path: Path, reason: str) -> Diagnostic:
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() and not path.exists() else []
    meant = nearest(path.name, beside)
    help = f"did you mean {ticked(path.parent / meant, 200)}?" if meant else ""
    return fault("unreadable-image", f"{ticked(path, 200)} cannot be read: {reason}", help=help)
