"""What the code of one function takes from the modules: their parameters, buffers, settings, themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blueprint.compiler.lower.body import Step
from blueprint.compiler.lower.names import Names, child
from blueprint.compiler.lower.site import Owner
from blueprint.compiler.lower.tree import Path, Place


@dataclass(frozen=True)
class Own:
    """The owner of a learned value in structured code, where `text` reads it; modules are called there."""

    text: str

    def module(self) -> str:
        """Not in structured code."""
        raise AssertionError(f"lower: {self.text} has no module")

    def parameter(self, name: str) -> str:
        """The learned value."""
        return self.text

    buffer = setting = parameter

    def count(self, name: str) -> None:
        """Not in structured code."""
        raise AssertionError(f"lower: {self.text} has no buffer")


class Resources:
    """All that a flat function reads from modules, and the local variables that hold it.

    parts: the variables bound in each forward with the path they stand for; a module as a whole, or its attributes.
    reads: the statements that fetch parameters and buffers. norms: the modules whose batches are counted together,
    those that run in training alone apart.
    """

    def __init__(self, container: Place, names: Names) -> None:
        self._container, self._names = container, names
        self._locals: dict[tuple[Path, str], str] = {}
        self._tables: dict[tuple[Path, str, str], str] = {}
        self.parts: list[tuple[str, Path, bool]] = []
        self.reads: list[str] = []
        self.read: dict[Path, set[str]] = {}
        self.called: set[Path] = set()
        self.norms: list[Path] = []
        self.optional_norms: list[Path] = []
        self.say: Callable[[str], None] = lambda line: None

    def of(self, step: Step) -> Owner:
        """The owner of the step's weights."""
        assert step.node is not None, "lower: flat code calls no container"
        return _Leaf(self, step)

    def module(self, path: Path) -> str:
        """The variable that holds the module."""
        self.called.add(path)
        return self._part(path, whole=True)

    def attributes(self, path: Path) -> str:
        """The variable that holds the module's attributes, as a dict."""
        return self._part(path, whole=False)

    def tensor(self, path: Path, table: str, name: str) -> str:
        """The variable that holds a parameter or buffer, read before anything runs."""
        place = self._container.find(path)
        if place.weight is not None:  # it stands in the module above, under its own label
            path, name = path[:-1], path[-1]
        key = (path, table, name)
        if key not in self._tables:
            self.read.setdefault(path, set()).add(name)
            local = self._names.take(f"{self._wish(path)}_{name}".lstrip("_"))
            self.reads.append(f'{local} = {self.attributes(path)}["{table}"]["{name}"]')
            self._tables[key] = local
        return self._tables[key]

    def count(self, path: Path, name: str, training: bool) -> None:
        """Count a batch for the module: with all others at the start, or here if it was counted before."""
        assert name == "num_batches_tracked", f"lower: {name} cannot be counted"
        if path in self.norms or path in self.optional_norms:
            attributes = self.attributes(path)
            self.say(f'if {attributes}["training"]:')
            self.say(f'    {attributes}["_buffers"]["{name}"].add_(1)')
        else:
            (self.optional_norms if training else self.norms).append(path)

    def _part(self, path: Path, whole: bool) -> str:
        suffix = "_module" if whole else ""
        if (path, suffix) not in self._locals:
            local = self._names.take(self._wish(path) + suffix)
            self._locals[path, suffix] = local
            self.parts.append((local, path, whole))
        return self._locals[path, suffix]

    def _wish(self, path: Path) -> str:
        return "_".join(path[len(self._container.path) :]) or "own"


@dataclass(frozen=True)
class _Leaf:
    """The owner of one node's weights in flat code."""

    resources: Resources
    step: Step

    @property
    def _path(self) -> Path:
        assert self.step.node is not None, "lower: flat code calls no container"
        return self.step.node.path

    def module(self) -> str:
        return self.resources.module(self._path)

    def parameter(self, name: str) -> str:
        return self.resources.tensor(self._path, "_parameters", name)

    def buffer(self, name: str) -> str:
        return self.resources.tensor(self._path, "_buffers", name)

    def setting(self, name: str) -> str:
        return f'{self.resources.attributes(self._path)}["{name}"]'

    def count(self, name: str) -> None:
        self.resources.count(self._path, name, self.step.training)


def own(container: Place, path: Path) -> Own:
    """The owner of the learned value at `path` in structured code of `container`; a node without one asks nothing."""
    try:
        container.find(path)
    except KeyError:
        return Own("self")
    return Own(child(container, path))
