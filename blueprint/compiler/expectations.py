"""What `expect` promises: the figures of each line, beside those of the graph that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from blueprint.compiler.graph import Graph
from blueprint.compiler.passes import run_passes
from blueprint.compiler.specification import Shape, Specification, resolve
from blueprint.compiler.syntax import Expectation, Model
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.language.tree import Mapping, Sequence, Tree, plain

_WORDS = {"params": "parameters", "macs": "multiply-accumulates"}


@dataclass(frozen=True)
class Figure:
    """One figure that a line of `expect` promises. key: `params` or `macs`; written: as the spec has it."""

    key: str
    expected: float
    written: str
    span: Span
    actual: int
    met: bool


def expected_figures(loaded: Specification) -> list[tuple[str, str, bool]]:
    """The figures of the lines of `expect` that speak of this very graph: key, as written, whether met."""
    found = []
    for line in loaded.document.expect:
        graph = _graph(loaded.document, line, Reporter())
        if graph is not None and _form(run_passes(graph)) == _form(loaded.graph):
            found += [(figure.key, figure.written, figure.met) for figure in _figures(line, graph)]
    return found


def check_expectations(model: Model, reporter: Reporter, default: Graph) -> None:
    """Report every figure of the model's `expect` that its graph does not meet; default: the one without settings."""
    for line in model.expect:
        faults = Reporter()
        graph = _graph(model, line, faults, default)
        for diagnostic in faults.found:
            here = diagnostic.span is not None and diagnostic.span.source is line.span.source
            inside = here and diagnostic.span is not None and _within(diagnostic.span, line.span)
            note = () if inside else (Note("at the settings that `expect` names here", line.span),)
            reporter.add(replace(diagnostic, notes=(*diagnostic.notes, *note)))
        for figure in _figures(line, graph) if graph is not None else ():
            if not figure.met:
                message = f"the network does not have the {_WORDS[figure.key]} that `expect` names"
                label = f"expected {figure.written}, measured {figure.actual:,}"
                help = f"the difference is {figure.actual - figure.expected:+,.0f}"
                reporter.error("expect-not-met", message, figure.span, label=label, help=help)


def _graph(model: Model, line: Expectation, faults: Reporter, default: Graph | None = None) -> Graph | None:
    """The graph that a line speaks of, `default` where it names no settings; None after a fault."""
    shapes = _shapes(model, line, faults)
    if faults.failed:
        return None
    if default is not None and line.settings is None and shapes is None:
        return default
    graph, _ = resolve(model, faults, line.settings, shapes)
    return None if faults.failed else graph


def _figures(line: Expectation, graph: Graph) -> Iterator[Figure]:
    for key, figure in (("params", line.params), ("macs", line.macs)):
        if figure is not None:
            expected, tolerance, written, span = figure
            actual = graph.parameters if key == "params" else graph.macs
            yield Figure(key, expected, written, span, actual, abs(actual - expected) <= tolerance)


def _form(graph: Graph) -> tuple[object, ...]:
    nodes = tuple((node.op, node.inputs, node.outputs, node.path) for node in graph.nodes)
    return (nodes, graph.types, graph.inputs, graph.outputs)


def _shapes(model: Model, expectation: Expectation, reporter: Reporter) -> dict[str, Shape] | None:
    """The input shapes of a line of `expect`, or None for the model's own."""
    tree = expectation.input
    if tree is None:
        return None
    entries = tree.entries if isinstance(tree, Mapping) else ()
    pairs: list[tuple[str, Tree, Span]] = [(str(e.key.value), e.value, e.key.span) for e in entries]
    if not pairs:
        pairs = [(next(iter(model.inputs)), tree, tree.span)]
    shapes: dict[str, Shape] = {}
    for name, value, span in pairs:
        sizes = plain(value)
        if name not in model.inputs:
            reporter.error("unknown-key", f"the model has no input `{name}`", span)
        elif not isinstance(value, Sequence) or not all(
            isinstance(size, int) and not isinstance(size, bool)
            for size in sizes  # type: ignore[attr-defined]
        ):
            reporter.error("wrong-type", "an input is a list of sizes", value.span, help="`input: [3, 224, 224]`")
        else:
            shapes[name] = tuple(sizes)  # type: ignore[arg-type]
    return shapes


def _within(inner: Span, outer: Span) -> bool:
    start, end = (inner.line, inner.column), (inner.end_line, inner.end_column)
    return (outer.line, outer.column) <= start and end <= (outer.end_line, outer.end_column)
