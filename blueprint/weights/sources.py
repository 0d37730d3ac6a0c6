"""Where weights come from: a network of torchvision, a file, a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blueprint.weights.files import located, read
from blueprint.weights.matching import Left

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Foreign:
    """Weights from elsewhere.

    network: the network that they are of, holding them, to compare outputs with; None where there is but a file.
    drawn: its tensors that the weights did not fit, by key, which hold random values and are only there to compare.
    note: what to know of these weights; empty if nothing.
    """

    state: Mapping[str, Tensor]
    network: nn.Module | None = None
    drawn: Mapping[str, Left] = field(default_factory=dict)
    note: str = ""


class Source(Protocol):
    """A place that weights can be read from."""

    @property
    def told(self) -> str:
        """What a person calls it."""

    @property
    def recorded(self) -> str:
        """The same in a way that finds it again."""

    def read(self, classes: int | None) -> Foreign:
        """The weights; classes: how many the network tells apart, None if it ends in no vector. Raises SpecError."""


@dataclass(frozen=True)
class File:
    """A file of weights."""

    path: Path

    @property
    def told(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def recorded(self) -> str:
        """The whole path."""
        return str(self.path.resolve())

    def read(self, classes: int | None) -> Foreign:
        """The weights in the file."""
        return Foreign(read(self.path))


def find(source: str, name: str) -> Source:
    """The source that a user means; `torchvision` alone is its network called `name`.

    Raises UsageError (`weights-not-found`) if there is no such network, weights or file. Nothing is read yet.
    """
    first, _, rest = source.partition(":")
    if first != "torchvision":
        return File(located(source))
    from blueprint.weights.published import published

    network, _, weights = rest.partition(":")
    return published(network or name, weights)
