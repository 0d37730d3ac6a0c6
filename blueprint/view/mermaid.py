"""A chart as a Mermaid flowchart, as GitHub and other hosts draw it (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.compiler.graph import Graph
from blueprint.view.chart import Box, Chart, Frame, chart

MAX_ARROWS = 500
MAX_CHARACTERS = 50_000
"""What Mermaid draws unless it is told otherwise (https://mermaid.js.org/config/schema-docs/config.html)."""


def mermaid(graph: Graph, depth: int = 2) -> str:
    """The graph as the text of a Mermaid flowchart, structures opened down to `depth` levels.

    Labels stand between double quotes, in which Mermaid reads any text but `"` and what its own
    entities begin with; names of boxes are letters and numbers that are no words of Mermaid's.
    """
    drawn = chart(graph, depth)
    lines = ["flowchart TD", f"  %% {graph.name}: {graph.parameters:,} parameters, {graph.macs:,} MACs"]
    lines += [f"  {box.key}([{label(box.lines)}])" for box in drawn.ends]
    for item in drawn.items:
        lines += _item(item, "  ")
    lines += _arrows(drawn)
    return "\n".join(lines) + "\n"


def too_large(text: str) -> bool:
    """Whether a flowchart is more than Mermaid draws unless it is told otherwise."""
    return len(text) > MAX_CHARACTERS or sum("-->" in line or "-.->" in line for line in text.splitlines()) > MAX_ARROWS


def _item(item: Box | Frame, indent: str) -> Iterator[str]:
    if isinstance(item, Box):
        opening, closing = ("[[", "]]") if item.closed else ("[", "]")
        yield f"{indent}{item.key}{opening}{label(item.lines)}{closing}"
        return
    yield f"{indent}subgraph {item.key}[{label((item.title,))}]"
    for inner in item.inside:
        yield from _item(inner, indent + "  ")
    yield f"{indent}end"


def _arrows(drawn: Chart) -> Iterator[str]:
    for arrow in drawn.arrows:
        line = "-.->" if arrow.training_only else "-->"
        shape = f"|{label((arrow.label,))}|" if arrow.label else ""
        yield f"  {arrow.start} {line}{shape} {arrow.end}"


def label(lines: tuple[str, ...]) -> str:
    """The lines as a label in Mermaid's quotes."""
    return '"' + "<br>".join(_escaped(line) for line in lines) + '"'


def _escaped(text: str) -> str:
    """The text with what Mermaid or HTML would read as its own written as entities."""
    for character, entity in (
        ("#", "#35;"),
        ("&", "#amp;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(character, entity)
    return " ".join(text.split())
