"""Small specs for tests: what they give, and what is wrong with them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import blueprint
from blueprint.compiler.graph import Graph
from blueprint.compiler.specification import Specification
from blueprint.diagnostics import Diagnostic

HEADER = "blueprint: 1\nkind: model\nname: example\n"
INPUT = "input: [3, 32, 32]\n"


def written(text: str, folder: Path, name: str = "spec.yaml") -> Path:
    """The path of the text in a folder, with a header and an input where it has none."""
    text = textwrap.dedent(text).lstrip("\n")
    keys = {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()}
    if "kind" not in keys:
        text = HEADER + ("" if {"input", "extends"} & keys else INPUT) + text
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def loaded(text: str, input: Any = None, **arguments: object) -> Specification:
    with TemporaryDirectory() as folder:
        return blueprint.load(written(text, Path(folder)), input=input, **arguments)


def graph(text: str, input: Any = None, **arguments: object) -> Graph:
    return loaded(text, input, **arguments).graph


def faults(text: str) -> list[Diagnostic]:
    with TemporaryDirectory() as folder:
        return blueprint.check(written(text, Path(folder)))


def fault(text: str) -> tuple[str, str]:
    """The code of the only fault, and the text at fault."""
    (found,) = faults(text)
    return found.code, at(found)


def at(diagnostic: Diagnostic) -> str:
    """The text that a diagnostic points at."""
    span = diagnostic.span
    assert span is not None
    line = span.source.lines[span.line - 1]
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


def paths(graph: Graph) -> list[str]:
    """The paths of the nodes that own weights, in order."""
    return [".".join(node.path) for node in graph.owners if graph.parameters_of(node)]


def shapes(graph: Graph) -> list[tuple[int, ...]]:
    """The shapes of the nodes' first outputs, in order."""
    return [graph.outputs_of(node)[0].shape for node in graph.nodes]


def result(graph: Graph) -> tuple[int, ...]:
    """The shape of the only output."""
    ((_, value),) = graph.outputs
    return graph.types[value].shape
