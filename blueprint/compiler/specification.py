"""A loaded spec: its document, its graph at the arguments chosen, and the way to a module."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.bind_results import bind_settings
from blueprint.compiler.elaborate import elaborate
from blueprint.compiler.graph import Graph
from blueprint.compiler.loading import Loader, within_stack
from blueprint.compiler.passes import run_passes
from blueprint.compiler.syntax import Model
from blueprint.diagnostics import Diagnostic, Reporter, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked
from blueprint.language.reader import read_data
from blueprint.language.tree import Mapping, plain

if TYPE_CHECKING:
    import torch
    from torch import nn

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Specification:
    """A model document at chosen arguments and inputs.

    document: the typed document; graph: its core nodes; arguments: the value of each argument;
    settings: those that were set, as trees; sources: the texts of all files it was read from.
    """

    document: Model
    graph: Graph
    arguments: dict[str, object]
    settings: Mapping | None
    sources: dict[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.document.name

    def takes(self, name: str) -> bool:
        """Whether the model has an argument of that name."""
        return name in self.document.arguments

    @property
    def inputs(self) -> dict[str, Shape]:
        """The shapes of the inputs by name, batch left out."""
        return {name: self.graph.types[value].shape for name, value in self.graph.inputs}

    def build(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> nn.Module:
        """The network as a torch module with freshly initialised weights."""
        from blueprint.compiler.lower import lower

        return lower(self.graph, device=device, dtype=dtype)

    def resolved(self) -> dict[str, object]:
        """A document that gives this graph again, beside the files of `sources` in a folder `spec`."""
        document: dict[str, object] = {
            "blueprint": 1,
            "kind": "model",
            "name": self.name,
            "extends": f"spec/{next(iter(self.sources))}",
        }
        if self.settings is not None and self.settings.entries:
            document["set"] = plain(self.settings)
        shapes = self.inputs
        single = list(shapes) == ["x"]
        document["input"] = list(shapes["x"]) if single else {name: list(shape) for name, shape in shapes.items()}
        return document

    def save(self, folder: Path) -> Path:
        """The path of `spec.yaml`, written to a folder with copies of all files it was read from."""
        import yaml

        for name, text in self.sources.items():
            path = folder / "spec" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        main = folder / "spec.yaml"
        main.write_text(yaml.safe_dump(self.resolved(), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return main


def load(
    spec: str | Path | dict[str, object],
    *,
    input: Shape | MappingABC[str, Shape] | None = None,
    settings: Mapping | None = None,
    **arguments: object,
) -> Specification:
    """The spec at a path, of a shipped name or in a dictionary, with its graph.

    input: another input shape, without the batch: (C, H, W), or shapes by name. settings: values
    for arguments as a tree, as the command line gives them. arguments: values for arguments.
    Raises SpecError with all faults of the stage that found any.
    """
    reporter = Reporter()
    loader = Loader(reporter)
    found = loader.tree(spec)
    reporter.raise_if_failed()
    assert found is not None, "load: no tree and no fault"
    tree, kind = found
    if kind != "model":
        span = tree.get("kind")
        message = f"only a model can be built, and this is a {kind}"
        help = "a recipe goes with a model: `blueprint train SPEC --recipe FILE`" if kind == "recipe" else ""
        reporter.error("wrong-kind", message, span.span if span else None, help=help)
        reporter.raise_if_failed()
    model = loader.model(tree)
    reporter.raise_if_failed()
    assert model is not None, "bind: no model and no fault"
    if arguments:
        given = read_data(dict(arguments), reporter, "<arguments>")
        reporter.raise_if_failed()
        assert isinstance(given, Mapping), "load: arguments that are no mapping"
        settings = Mapping((*(settings.entries if settings else ()), *given.entries), given.span)
    graph, values = resolve(model, reporter, settings, shapes_of(model, input))
    reporter.raise_if_failed()
    assert graph is not None
    return Specification(model, run_passes(graph), values, settings, loader.sources())


def shapes_of(model: Model, input: Shape | MappingABC[str, Shape] | None) -> dict[str, Shape] | None:
    """Input shapes by name; raises UsageError where they are not the model's."""
    if input is None:
        return None
    names = list(model.inputs)
    wrong = [value for value in (input.values() if isinstance(input, MappingABC) else [input]) if not _is_shape(value)]
    if wrong:
        help = "such as (3, 32, 32), the batch left out"
        raise UsageError([Diagnostic("usage", f"{ticked(wrong[0])} is no shape of an input", help=help)])
    if not isinstance(input, MappingABC):
        if len(names) > 1:
            message = f"the model has the inputs {', '.join(names)}: give a shape to each"
            raise UsageError([Diagnostic("usage", message)])
        return {names[0]: tuple(input)}
    shapes = {("input" if name == "x" and names == ["input"] else name): tuple(shape) for name, shape in input.items()}
    for name in shapes:
        if name not in names:
            meant = nearest(name, names)
            help = f"did you mean `{meant}`?" if meant else f"its inputs: {', '.join(names)}"
            raise UsageError([Diagnostic("usage", f"the model has no input `{name}`", help=help)])
    return shapes


def _is_shape(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)


def resolve(
    model: Model, reporter: Reporter, settings: Mapping | None, shapes: dict[str, Shape] | None = None
) -> tuple[Graph | None, dict[str, object]]:
    """The graph of a model at these settings; None after a fault, which is reported."""
    bound = bind_settings(NodeBinder(reporter), settings, model.arguments, model.names) if settings else {}
    if reporter.failed:
        return None, {}
    with within_stack(reporter, model.span):
        graph, values = elaborate(model, reporter, bound, shapes)
        assert graph is not None or reporter.failed, "elaborate: no graph and no fault"
        return graph, values
    return None, {}
