"""`blueprint show`: a spec's graph as text, as a flowchart, or as data."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from blueprint.cli.options import Input, Settings, Spec

if TYPE_CHECKING:
    from blueprint.compiler.graph import Graph


class Form(str, Enum):
    """What the graph is shown as."""

    text = "text"
    mermaid = "mermaid"
    json = "json"


def show(
    spec: Spec,
    settings: Settings = None,
    input: Input = None,
    format: Annotated[
        Form, typer.Option(help="A line per node, a Mermaid flowchart, or nodes, edges, types, costs and places.")
    ] = Form.text,
    depth: Annotated[
        int | None, typer.Option(help="For mermaid: how many levels of structures are opened; left out: 2.", min=0)
    ] = None,
) -> None:
    """Show the graph that a spec becomes: every node, with the types of its values and what it costs."""
    from blueprint.cli.report import Format, choose
    from blueprint.cli.settings import input_shape, model_arguments
    from blueprint.compiler.specification import load
    from blueprint.diagnostics import Diagnostic, UsageError

    if format is Form.json:
        choose(Format.json)
    if depth is not None and format is not Form.mermaid:
        help = "`blueprint build --depth` has a table whose structures open so far"
        raise UsageError(
            [Diagnostic("usage", f"`--depth` goes with `--format mermaid`, not {format.value}", help=help)]
        )
    graph = load(spec, input=input_shape(input), settings=model_arguments(settings)).graph
    if format is Form.json:
        import json

        from blueprint.view.data import graph_data

        print(json.dumps(graph_data(graph), indent=2))
    elif format is Form.mermaid:
        _print_chart(graph, 2 if depth is None else depth)
    else:
        _print_text(graph)


def _print_chart(graph: Graph, depth: int) -> None:
    from blueprint.cli.report import show as report
    from blueprint.diagnostics import Diagnostic
    from blueprint.view.mermaid import MAX_ARROWS, MAX_CHARACTERS, mermaid, too_large

    text = mermaid(graph, depth)
    print(text, end="")
    if too_large(text):
        message = f"the chart has more than the {MAX_ARROWS} arrows or {MAX_CHARACTERS:,} characters that Mermaid draws"
        report([Diagnostic("usage", message, help=f"take `--depth {max(depth - 1, 0)}`", severity="warning")])


def _print_text(graph: Graph) -> None:
    """Print the graph's own text; on a terminal with its lines folded and what is written small dimmed."""
    import sys

    from blueprint.compiler.text import text

    whole = text(graph)
    if not sys.stdout.isatty():
        print(whole, end="")
        return
    import shutil

    from blueprint.cli.report import colourful
    from blueprint.view.folding import folded

    print(folded(whole, shutil.get_terminal_size().columns, colourful(sys.stdout)), end="")
