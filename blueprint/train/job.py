"""A whole training: recipe, data and spec become a network that fits them, a run directory and its summary."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from blueprint.data.progress import Progress
from blueprint.data.splits import Data, Split, held_out
from blueprint.diagnostics import Diagnostic, SpecError
from blueprint.diagnostics.wording import counted
from blueprint.train.run import DataRecord, Run, Summary, WeightsRecord
from blueprint.weights.filling import fill
from blueprint.weights.sources import find

if TYPE_CHECKING:
    import torch
    from torch import nn

    from blueprint.compiler.graph import Graph
    from blueprint.data.view import Shape
    from blueprint.train.recipe import Recipe


class Model(Protocol):
    """What training needs of a loaded spec."""

    @property
    def name(self) -> str:
        """The spec's name."""

    @property
    def graph(self) -> Graph:
        """The network's graph."""

    @property
    def arguments(self) -> Mapping[str, object]:
        """The spec's arguments, resolved."""

    def takes(self, name: str) -> bool:
        """Whether the spec has an argument of that name."""

    def save(self, folder: Path) -> Path:
        """The path of the spec, written into the folder with all it was read from."""

    def build(self, device: Any = None) -> nn.Module:
        """The torch module, its weights drawn anew."""


Load = Callable[..., Model]
"""A spec's loader: takes arguments by name, and `input=(C, H, W)` for another input shape."""


def train(
    load: Load,
    chosen: Collection[str],
    recipe: Recipe,
    out: Path | None,
    device: torch.device,
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
    weights: str | None = None,
) -> tuple[Run, Summary]:
    """The finished run and its summary.

    load: makes the model, with what the user set. chosen: the names of the arguments set. out: the
    run directory; None: a new one below `runs`. stop: asked after every step, ends the run early.
    weights: where the first weights come from, as `blueprint.weights` tells; None: the initialisation's.
    """
    import torch

    from blueprint.data.loader import Loader
    from blueprint.train.engine import fit

    model = load()
    Run.check(out)
    source = find(weights, model.name) if weights is not None else None
    data = recipe.data.open(progress)
    model, shape = fitted(load, model, chosen, recipe, data, progress)
    training, measured = parts(data, recipe)
    normalisation = normalise(recipe, training, shape)
    recipe = recorded(recipe, shape, normalisation)

    torch.manual_seed(recipe.seed)
    module = model.build(device)
    filled = fill(module, model, source) if source else None
    run = Run.create(out, model.name, recipe.name)
    record = DataRecord(
        source=data.source,
        classes=list(data.classes),
        input=[shape.channels, shape.height, shape.width],
        train=len(training),
        validation=len(measured) if recipe.held_out else None,
        test=len(data.test) if data.test else None,
    )
    run.start(model.save, recipe, record, WeightsRecord.model_validate(filled.record()) if filled else None)
    graph = model.graph
    split: Literal["test", "validation"] = "validation" if recipe.held_out else "test"
    progress.line(
        f"{model.name} ({counted(graph.parameters, 'parameter')}) on {device_name(device)}, recipe {recipe.name}:"
        f" {counted(len(training), 'image')} of {data.source} in {len(data.classes)} classes,"
        f" measured on {counted(len(measured), f'{split} image')}"
    )
    for line in filled.lines if filled else ():
        progress.line(f"weights: {line}")
    progress.line(f"run: {run.path}")
    common = {"refuse_unreadable": data.refuse_unreadable, "progress": progress}
    size = recipe.batch_size
    loader = Loader(training, shape, normalisation, size, device, augment=recipe.augment, seed=recipe.seed, **common)
    measure = Loader(measured, shape, normalisation, max(size, 256), device, **common)
    outcome = fit(module, loader, measure, recipe, run, progress, stop)
    scores = outcome.scores
    summary = Summary(
        name=model.name,
        recipe=recipe.name,
        source=data.source,
        split=split,
        top1=scores.top1 if scores else None,
        top5=scores.top5 if scores else None,
        loss=scores.loss if scores else None,
        parameters=graph.parameters,
        macs=graph.macs,
        epochs=outcome.steps / len(loader),
        steps=outcome.steps,
        seconds=outcome.seconds,
        interrupted=outcome.interrupted,
        device=device_name(device),
        torch=torch.__version__,
        seed=recipe.seed,
        weights=filled.place if filled else None,
    )
    run.finish(summary)
    return run, summary


def fitted(
    load: Load, model: Model, chosen: Collection[str], recipe: Recipe, data: Data, progress: Progress
) -> tuple[Model, Shape]:
    """The model brought to the data, and its input: its `num_classes` and input size follow the data and the recipe.

    What the user set stays as set. Raises SpecError where the network does not end in a score per class.
    """
    from blueprint.data.view import Shape

    changed: dict[str, Any] = {}
    classes = len(data.classes)
    if "num_classes" not in chosen and model.takes("num_classes") and model.arguments["num_classes"] != classes:
        changed["num_classes"] = classes
        progress.line(f"num_classes: {classes}, as {data.source} has")
    channels, height, width = input_of(model)
    if recipe.image_size and recipe.image_size != [height, width]:
        height, width = recipe.image_size
        changed["input"] = (channels, height, width)
        progress.line(f"input: [{channels}, {height}, {width}], as the recipe's `image_size` says")
    if changed:
        model = load(**changed)
    outputs = [(name, v) for name, v in model.graph.outputs if name not in model.graph.training_only]
    found = model.graph.types[dict(outputs).get("output", outputs[0][1])]
    if found.shape != (classes,):
        message = f"`{model.name}` gives {found}, but {data.source} has {classes} classes"
        help = f"end the network in `linear: {classes}`, or give it an argument `num_classes`"
        raise SpecError([Diagnostic("shape-mismatch", message, help=help)])
    if not model.graph.parameters:
        raise SpecError([Diagnostic("usage", f"`{model.name}` has no parameters: there is nothing to train")])
    return model, Shape(channels, height, width, recipe.crop_fraction)


def input_of(model: Model) -> tuple[int, int, int]:
    """Channels, height and width of the model's one image input; raises SpecError for other inputs."""
    graph = model.graph
    types = [graph.types[value] for _, value in graph.inputs]
    if len(types) != 1 or types[0].kind != "map" or types[0].channels not in (1, 3):
        given = ", ".join(map(str, types))
        message = f"`{model.name}` takes {given}; training on images needs one map of 1 or 3 channels"
        raise SpecError([Diagnostic("wrong-kind", message, help="`input: [3, H, W]`, or `[1, H, W]` for grey images")])
    channels, height, width = types[0].shape
    return channels, height, width


def parts(data: Data, recipe: Recipe) -> tuple[Split, Split]:
    """The split to train on and the one to measure: the test part, or what the recipe holds out."""
    if recipe.held_out:
        return held_out(data.train, recipe.held_out)
    if data.test is None:
        message = f"{data.source} has no `test` and no `val` folder to measure on"
        raise SpecError([Diagnostic("data-not-found", message, help="add one, or set `held_out: 0.1` in the recipe")])
    return data.train, data.test


def normalise(recipe: Recipe, training: Split, shape: Shape) -> Any:
    """The normalisation that the recipe asks for, as numbers for each channel of the input."""
    from blueprint.data.loader import measure
    from blueprint.data.view import Normalisation
    from blueprint.train.recipe import Given, Measured

    kind = recipe.normalize
    if isinstance(kind, Measured):
        return measure(training, shape)
    if not isinstance(kind, Given):
        return Normalisation((0.0,) * shape.channels, (1.0,) * shape.channels)
    if len(kind.mean) not in (1, shape.channels):
        message = f"the recipe normalises {len(kind.mean)} channels, the network takes {shape.channels}"
        raise SpecError([Diagnostic("shape-mismatch", message, help="give `mean` and `std` a value for each channel")])
    times = shape.channels if len(kind.mean) == 1 else 1
    return Normalisation(tuple(kind.mean) * times, tuple(kind.std) * times)


def recorded(recipe: Recipe, shape: Shape, normalisation: Any) -> Recipe:
    """The recipe with what was measured or left to the spec written out, folders by their whole path."""
    from blueprint.data.sources import Folder
    from blueprint.train.recipe import Given

    changed: dict[str, Any] = {
        "normalize": Given(mean=list(normalisation.mean), std=list(normalisation.std)),
        "image_size": [shape.height, shape.width],
    }
    if isinstance(recipe.data, Folder):
        root = str(Path(recipe.data.root).expanduser().resolve())
        changed["data"] = recipe.data.model_copy(update={"root": root})
    return recipe.model_copy(update=changed)


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's own name."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
