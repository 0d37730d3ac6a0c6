"""The printed form of a graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from blueprint.compiler.graph import Initialiser
from blueprint.compiler.text import text
from blueprint.language.values import map_of
from tests.compiler.building import Builder

GOLDEN = Path(__file__).parent / "golden" / "graph.txt"


def _graph(name: str = "printed", deeper: bool = False):
    b = Builder(image=map_of(3, 8, 8))
    with b.frame("stem", kind="unit"):
        init = {"weight": Initialiser("trunc_normal", (("std", 0.02),)), "bias": Initialiser("zeros")}
        x = b.add("conv", b.x, out_channels=4, kernel_size=3, init=init)
        if deeper:
            x = b.add("relu6", x)
    for _ in range(2):
        with b.frame("shared"):
            x = b.add("conv", x, out_channels=4, kernel_size=3, bias=False)
    low, high = b.add("split", x, sizes=(1, 3))
    x = b.add("concat", high, low)
    vector = b.add("global_avg_pool", x)
    return b.graph(name=name, output=b.add("linear", vector, out_features=10), map=x, training_only=("map",))


def test_the_form_is_as_kept(update_goldens):
    printed = text(_graph())
    if update_goldens:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(printed)
    assert printed == GOLDEN.read_text()


def test_equal_graphs_print_alike_whatever_their_values_are_numbered():
    graph = _graph()
    moved = {v: len(graph.types) - 1 - v for v in range(len(graph.types))}
    nodes = [
        replace(n, inputs=tuple(moved[v] for v in n.inputs), outputs=tuple(moved[v] for v in n.outputs))
        for n in graph.nodes
    ]
    renumbered = replace(
        graph,
        inputs=tuple((n, moved[v]) for n, v in graph.inputs),
        outputs=tuple((n, moved[v]) for n, v in graph.outputs),
        nodes=tuple(nodes),
        types=graph.types[::-1],
    )
    assert text(renumbered) == text(graph)


def test_a_node_more_changes_its_own_line_and_that_of_its_reader():
    before, after = set(text(_graph()).splitlines()), set(text(_graph(deeper=True)).splitlines())
    assert len(after - before) == 2
    assert len(before - after) == 1
