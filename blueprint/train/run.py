"""The run directory: what its files hold, and how they are written and read again.

spec.yaml          the model document at the arguments and input used; what it was made of lies in `spec`
recipe.json        the recipe, every field written out, the normalisation as numbers
data.json          the classes, the counts, the network's input
metrics.jsonl      a line for every epoch
weights.json       the weights that training started from, if they came from elsewhere
model.safetensors  the weights after the last step
summary.json       what came of it
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from blueprint.diagnostics import Diagnostic, SpecError, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked
from blueprint.files import append_line, not_written, write_whole
from blueprint.weights.files import WEIGHTS, write

if TYPE_CHECKING:
    from torch import nn

    from blueprint.train.recipe import Recipe


class Record(BaseModel):
    """The shape of a file of a run."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True, protected_namespaces=())


class DataRecord(Record):
    """data.json."""

    source: str
    """Where the images came from."""
    classes: list[str]
    """The classes, in the order of the network's outputs."""
    input: list[int]
    """Channels, height and width that the network sees."""
    train: int
    """Images trained on."""
    validation: int | None
    """Images held out of the training part; None: none."""
    test: int | None
    """Images of the test part; None: the source has none."""


class WeightsRecord(Record):
    """weights.json."""

    source: str
    """Where the weights came from."""
    copied: int
    """Tensors copied from there."""
    tensors: int
    """Tensors that the network has."""
    difference: float | None
    """The largest difference of the outputs from those of the network there, over their size; None: not compared."""
    not_filled: list[str]
    """The network's tensors that started from initial values."""
    not_used: list[str]
    """Tensors there that the network has no place for."""


class EpochRecord(Record):
    """A line of metrics.jsonl."""

    epoch: int
    """The number of the epoch, from 1."""
    train_loss: float
    """The mean loss over the epoch's steps, label smoothing included."""
    loss: float
    """The mean cross-entropy over the measured split, without label smoothing."""
    top1: float
    """The share of the measured split whose class is the network's first, 0 to 1."""
    top5: float
    """The share whose class is among its first five (or all, if there are fewer), 0 to 1."""
    lr: float
    """The learning rate of the epoch's last step."""
    seconds: float
    """Seconds that training took, measuring left out."""
    images_per_second: float
    """Images trained on in a second."""


class Summary(Record):
    """summary.json."""

    name: str
    """The spec's name."""
    recipe: str
    """The recipe's name."""
    source: str
    """Where the images came from."""
    split: Literal["test", "validation"]
    """The split that the figures are of."""
    top1: float | None
    """The share right at first, 0 to 1; None: the weights were not measured."""
    top5: float | None
    """The share right among five, 0 to 1."""
    loss: float | None
    """The mean cross-entropy."""
    parameters: int
    """Learned elements."""
    macs: int
    """Multiply-accumulates for one image."""
    epochs: float
    """Epochs trained, the last one perhaps in part."""
    steps: int
    """Steps of the optimiser."""
    seconds: float
    """Seconds from the first step to the last figure."""
    interrupted: bool
    """Whether the run was ended before its last epoch."""
    device: str
    """The device: `cpu`, or the GPU's name."""
    torch: str
    """The version of torch."""
    seed: int
    """The recipe's seed."""
    weights: str | None = None
    """The weights that training started from; None: the initialisation's."""


_R = TypeVar("_R", bound=Record)
FILES = ("spec.yaml", "recipe.json", "data.json", WEIGHTS)


class Run:
    """A run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def check(path: Path | None) -> None:
        """Raise UsageError if `path` is a file or a directory that holds something."""
        if path is not None and (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            what = "is a file" if path.is_file() else "is not empty"
            help = "name another directory with `--out`, or remove this one"
            raise UsageError([Diagnostic("usage", f"{ticked(path, 200)} {what}", help=help)])

    @classmethod
    def create(cls, path: Path | None, spec: str, recipe: str) -> Run:
        """A new run directory: `path`, or the first free `runs/SPEC-RECIPE-N`; one that holds files is refused."""
        try:
            if path is not None:
                cls.check(path)
                path.mkdir(parents=True, exist_ok=True)
                return cls(path)
            number = 1
            while True:
                free = Path("runs") / f"{_plain(spec)}-{_plain(recipe)}-{number}"
                try:
                    free.mkdir(parents=True)
                    return cls(free)
                except FileExistsError:
                    number += 1
        except OSError as error:
            raise not_written(path or Path("runs"), error) from None

    @classmethod
    def open(cls, path: Path) -> Run:
        """An existing run directory; raises UsageError (`run-not-found`) if it is none."""
        missing = [name for name in FILES if not (path / name).is_file()]
        if not missing:
            return cls(path)
        parent = path.parent
        runs = [p.name for p in parent.iterdir() if (p / FILES[-1]).is_file()] if parent.is_dir() else []
        meant = nearest(path.name, runs)
        if path.is_dir():
            message, help = f"{ticked(path, 200)} is no finished run: it has no `{missing[0]}`", ""
        else:
            message = f"there is no run {ticked(path, 200)}"
            help = f"did you mean `{parent / meant}`?" if meant else "name a directory that `blueprint train` made"
        raise UsageError([Diagnostic("run-not-found", message, help=help)])

    def start(
        self,
        save_spec: Callable[[Path], Path],
        recipe: Recipe,
        data: DataRecord,
        weights: WeightsRecord | None = None,
    ) -> None:
        """Write what is known before the first step."""
        try:
            save_spec(self.path)
        except OSError as error:
            raise not_written(self.path / "spec.yaml", error) from None
        self._write("recipe.json", recipe.model_dump_json(indent=2, exclude_none=True))
        self._write("data.json", data.model_dump_json(indent=2))
        if weights is not None:
            self._write("weights.json", weights.model_dump_json(indent=2))

    def add(self, record: EpochRecord) -> None:
        """Add an epoch to the metrics."""
        append_line(self.path / "metrics.jsonl", record.model_dump_json())

    def finish(self, summary: Summary) -> None:
        """Write the summary."""
        self._write("summary.json", summary.model_dump_json(indent=2))

    def save(self, module: nn.Module) -> None:
        """Write the module's state_dict."""
        write(self.path / WEIGHTS, module)

    def load_into(self, module: nn.Module) -> None:
        """Read the weights into the module, whose spec is the run's."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        path = self.path / WEIGHTS
        try:
            module.load_state_dict(load(path.read_bytes()))
        except (SafetensorError, RuntimeError, OSError) as error:
            raise _broken(path, str(error).split("\n")[0]) from None

    @property
    def data(self) -> DataRecord:
        """data.json."""
        return self._read("data.json", DataRecord)

    @property
    def summary(self) -> Summary | None:
        """summary.json; None if the run did not come so far."""
        return self._read("summary.json", Summary) if (self.path / "summary.json").is_file() else None

    @property
    def metrics(self) -> list[EpochRecord]:
        """metrics.jsonl."""
        path = self.path / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [EpochRecord.model_validate_json(line) for line in lines]

    def _write(self, name: str, text: str) -> None:
        write_whole(self.path / name, (text + "\n").encode())

    def _read(self, name: str, shape: type[_R]) -> _R:
        path = self.path / name
        try:
            return shape.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise _broken(path, f"`{where}` is not as it was written" if where else "it is no JSON") from None
        except OSError as error:
            raise _broken(path, (error.strerror or str(error)).lower()) from None


def _broken(path: Path, reason: str) -> SpecError:
    return SpecError([Diagnostic("run-not-found", f"{ticked(path, 200)} cannot be used: {reason}")])


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:60] or "run"
