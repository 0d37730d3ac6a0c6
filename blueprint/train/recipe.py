"""The recipe: how a network is trained, on which data, with which augmentation, optimiser and schedule."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from blueprint.data.augment import AUGMENTATIONS, AnyAugmentation
from blueprint.data.settings import WHOLE, Option, Settings, choice, tidy_schema
from blueprint.data.sources import SOURCES, AnySource
from blueprint.train.optimiser import OPTIMISERS, AnyOptimiser
from blueprint.train.schedule import SCHEDULES, AnySchedule, Constant

Side = Annotated[int, Field(ge=1, le=8192), WHOLE]


def _pair(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, list, tuple)):
        raise PydanticCustomError("size", "one number or two")
    return [value, value] if isinstance(value, (int, float)) else value


_SIDE_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 8192}
_SIZE_SCHEMA = {
    "type": ["integer", "array"],
    "if": {"type": "integer"},
    "then": {"minimum": 1, "maximum": 8192},
    "else": {"items": _SIDE_SCHEMA, "minItems": 2, "maxItems": 2},
}
Size = Annotated[list[Side], Field(min_length=2, max_length=2), BeforeValidator(_pair), WithJsonSchema(_SIZE_SCHEMA)]
"""Height and width in pixels; one number for both."""


class Measured(Option):
    """The mean and deviation of the training images, measured before the run."""

    name = "data"


class Given(Option):
    """A mean and a deviation for each channel, for values on the scale 0 to 1."""

    name = "given"
    mean: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, max_length=3)]
    """What is subtracted."""
    std: Annotated[list[Annotated[float, Field(gt=0, le=10)]], Field(min_length=1, max_length=3)]
    """What the difference is divided by."""

    @model_validator(mode="after")
    def _same_channels(self) -> Given:
        if len(self.mean) != len(self.std):
            raise PydanticCustomError("field", "std", {"message": "`mean` and `std` have a value for each channel"})
        return self


class Unchanged(Option):
    """Values on the scale 0 to 1, as they are."""

    name = "none"


NORMALISATIONS: tuple[type[Option], ...] = (Measured, Given, Unchanged)
AnyNormalisation: Any = choice(*NORMALISATIONS)


class About(Settings):
    """Where a recipe comes from."""

    title: str | None = None
    """A title, usually the paper's."""
    url: str | None = None
    """Where it can be read."""
    doi: str | None = None
    """The paper's DOI."""
    stated: list[str] = []
    """What the source states."""
    assumed: list[str] = []
    """What the source leaves open and is assumed here."""


class Recipe(Settings):
    """How a network is trained."""

    blueprint: Literal[1]
    """The version of the language."""
    kind: Literal["recipe"]
    """The kind of document."""
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The recipe's name, shown in reports and part of the run directory's name."""
    about: About | None = None
    """Where the recipe comes from, and which of its choices are assumed."""
    spec: Annotated[str, Field(min_length=1)] | None = None
    """The network that is trained where the command line names none: a spec's path or its shipped name."""
    data: AnySource
    """The images: the name of a source, or `{name: settings}`."""
    held_out: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """The share of the training images kept for validation, the same in every class. Above 0, the run
    is measured on them, and the test part stays unseen for `blueprint eval --split test`."""
    image_size: Size | None = None
    """Height and width, in pixels, at which the network sees images. Left out: as its spec says."""
    crop_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of an image's sides, about its middle, that is shown where nothing is cropped at random."""
    augment: Annotated[list[AnyAugmentation], Field(max_length=50)] = []
    """Random changes of the training images, in order; each a name, or `{name: settings}`."""
    normalize: AnyNormalisation = Measured()
    """How values are brought to a common scale: `data` measures the training images."""
    optimiser: AnyOptimiser
    """How gradients change the weights: `{name: settings}`."""
    schedule: AnySchedule = Constant()
    """The learning rate from step to step: a name, or `{name: settings}`."""
    epochs: Annotated[int, Field(ge=1, le=100_000), WHOLE]
    """How often the training images are seen."""
    batch_size: Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
    """Images in a step."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of each target spread evenly over all classes (Szegedy et al. 2016)."""
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    """The largest norm of the gradient of all weights; longer ones are scaled down to it."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """The number format of the forward pass; the weights are float32. `float16` scales the loss."""
    channels_last: bool = False
    """Whether images lie in memory with their channels last: often faster on a GPU."""
    compile: bool = False
    """Whether torch.compile is used: a slow start, then faster steps."""
    seed: Annotated[int, Field(ge=0, le=(1 << 32) - 1), WHOLE] = 0
    """Where the random numbers begin: weights, order, augmentation, dropout."""

    @model_validator(mode="after")
    def _one_crop_to_size(self) -> Recipe:
        raw = [i for i, step in enumerate(self.augment) if step.stage == "raw"]
        if len(raw) > 1 or raw[:1] not in ([], [0]):
            message = "`random_resized_crop` comes once, and first: it gives the images their size"
            raise PydanticCustomError("field", "augment", {"message": message})
        return self


def options(field: str) -> dict[str, type[Option]]:
    """The options that a field of the recipe takes, by name; none for a field that is no choice."""
    known: dict[str, tuple[type[Option], ...]] = {
        "data": SOURCES,
        "augment": AUGMENTATIONS,
        "normalize": NORMALISATIONS,
        "optimiser": OPTIMISERS,
        "schedule": SCHEDULES,
    }
    return {option.name: option for option in known.get(field, ())}


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a recipe document."""
    schema = tidy_schema(Recipe.model_json_schema())
    about = schema.pop("$defs")["About"]
    properties = schema["properties"]
    properties["about"] = {**about, "type": ["object", "null"], "description": properties["about"]["description"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "recipe", **schema}
