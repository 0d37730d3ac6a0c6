"""`blueprint build`: the table of a network's layers, its totals, and what `expect` says of them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blueprint.cli.options import Input, Settings, Spec, Weights

if TYPE_CHECKING:
    from blueprint.compiler.specification import Specification
    from blueprint.weights import Filled


class Output(str, Enum):
    """How the figures are shown."""

    text = "text"
    json = "json"


def build(
    spec: Spec,
    settings: Settings = None,
    input: Input = None,
    depth: Annotated[int, typer.Option(help="How many levels of structures the table shows.", min=0)] = 2,
    format: Annotated[Output, typer.Option(help="How the figures are shown.")] = Output.text,
    weights: Weights = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE.safetensors", help="Write the network's weights into a file.")
    ] = None,
) -> None:
    """Build a spec: the table of its layers with shapes, parameters and multiply-accumulates.

    With --weights the network takes its weights from elsewhere, paired by the order and the shapes of the tensors.
    """
    from blueprint.cli.report import Format, choose
    from blueprint.cli.settings import input_shape, model_arguments
    from blueprint.compiler.specification import load

    if format is Output.json:
        choose(Format.json)
    _check(save)
    loaded = load(spec, input=input_shape(input), settings=model_arguments(settings))
    if format is Output.json:
        import json

        from blueprint.view.data import graph_data

        filled = _network(loaded, weights, save)
        data = graph_data(loaded.graph)
        print(json.dumps({**data, "weights": filled.record()} if filled else data, indent=2))
        return
    _print(loaded, depth)
    filled = _network(loaded, weights, save)
    if filled:
        from blueprint.cli.report import show

        print(f"  weights    {filled.line}")
        if filled.note:
            print(f"             {filled.note}")
        if filled.warnings:
            show(filled.warnings)


def _check(save: Path | None) -> None:
    from blueprint.diagnostics import Diagnostic, UsageError

    if save is not None and save.suffix != ".safetensors":
        help = f"`--save {save.with_suffix('.safetensors')}`"
        raise UsageError([Diagnostic("usage", "`--save` writes a file of safetensors", help=help)])


def _network(loaded: Specification, weights: str | None, save: Path | None) -> Filled | None:
    """What came of filling the network, if that is asked for; it is made and written as asked."""
    if weights is None and save is None:
        return None
    from blueprint.weights import fill
    from blueprint.weights.files import write

    network = loaded.build()
    filled = fill(network, loaded, weights) if weights is not None else None
    if save is not None:
        write(save, network)
    return filled


def _print(loaded: Specification, depth: int) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from blueprint.cli.report import colourful
    from blueprint.compiler.expectations import expected_figures
    from blueprint.view.figures import count_text, shape_text
    from blueprint.view.table import rows

    graph, promised = loaded.graph, expected_figures(loaded)
    console = Console(no_color=not colourful(sys.stdout), highlight=False, width=None if sys.stdout.isatty() else 100)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("layer", no_wrap=True, overflow="ellipsis")
    for title in ("output", "parameters", "MACs"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, value in graph.inputs:
        table.add_row(Text(name, style="dim"), shape_text(graph.types[value].shape), "", "")
    for row in rows(graph, depth):
        label = Text("  " * row.depth + row.name)
        if row.kind:
            label.append(f" {row.kind}", style="cyan")
        if row.repeats > 1:
            label.append(f" x {row.repeats}", style="yellow")
        parameters = f"{row.parameters:,}" if row.parameters else "shared" if row.shared and row.macs else ""
        table.add_row(label, shape_text(row.output), parameters, count_text(row.macs) if row.macs else "")
    console.print(table)
    console.print()
    totals = [
        ("parameters", f"{graph.parameters:,}", "params"),
        ("MACs", f"{graph.macs:,}", "macs"),
    ]
    console.print(Text(f"{graph.name}", style="bold"))
    for title, figure, key in totals:
        line = Text(f"  {title:<11}{figure}")
        for which, written, met in promised:
            if which == key:
                line.append(f"  expected {written}: {'met' if met else 'NOT met'}", style="green" if met else "red")
        console.print(line)
    if graph.fixed_size:
        shapes = ", ".join(shape_text(graph.types[value].shape) for _, value in graph.inputs)
        console.print(f"  the spec reads sizes of its values: the network takes {shapes} alone")
