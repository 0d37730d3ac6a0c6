"""The printed form of a graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from blueprint.compiler.graph import Initialiser
from blueprint.compiler.text import WIDTH, text
from blueprint.language.values import map_of, vector_of
from tests.compiler.building import Builder
from tests.compiler.specs import graph as graph_of

GOLDEN = Path(__file__).parent / "golden" / "graph.txt"


def _graph(name: str = "printed", deeper: bool = False):
    b = Builder(image=map_of(3, 8, 8))
    with b.frame("stem", kind="unit"):
        init = {"weight": Initialiser("trunc_normal", (("std", 0.02),)), "bias": Initialiser("zeros")}
        x = b.add("conv", b.x, out_channels=4, kernel_size=3, init=init)
        if deeper:
            x = b.add("relu6", x)
    for index in range(2):
        with b.frame("stages"), b.frame(str(index), kind="stage"):
            x = b.add("layer_norm", x)
        with b.frame("shared"):
            y = b.add("conv", x, out_channels=4, kernel_size=3, dilation=2, padding=(2, 2), bias=False)
            with b.frame("attention"):
                x = b.add("relu", b.add("scaled_dot_product_attention", y, x, y, num_heads=2, label="scores"))
    x = b.add("add", x, b.add("parameter", label="gamma", shape=(("channels", 4),)))
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


def test_equal_graphs_print_alike_whatever_their_values_and_runs_are_numbered():
    graph = _graph()
    moved = {v: len(graph.types) - 1 - v for v in range(len(graph.types))}
    nodes = [
        replace(
            n,
            inputs=tuple(moved[v] for v in n.inputs),
            outputs=tuple(moved[v] for v in n.outputs),
            frames=tuple(replace(frame, call=1000 - frame.call) for frame in n.frames),
        )
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


def test_a_long_line_is_cut_behind_commas():
    b = Builder(input=vector_of(300))
    parts = b.add("split", b.x, sizes=(1,) * 300)
    lines = text(b.graph(output=b.add("concat", *parts))).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 90
    assert sum(line.count("vector(1)") for line in lines) == 300


def test_a_value_outside_is_named_so_that_nothing_inside_is_meant():
    b = Builder(x=map_of(4, 8, 8))
    first = b.add("relu", b.x, label="y")
    with b.frame("a", kind="block"):
        second = b.add("relu", first, label="y")
        third = b.add("relu", second, label="x")
        fourth = b.add("multiply", b.x, third, label="z")
    lines = [line.strip() for line in text(b.graph(output=fourth)).splitlines()]
    assert [line.partition(")")[0] for line in lines if "=" in line] == [
        "y = relu(x",
        "y = relu(.y",
        "x = relu(y",
        "z = multiply(.x, x",
    ]


def test_names_are_as_short_as_they_can_be_and_begin_with_no_number():
    printed = text(
        graph_of("""
        blocks: {unit: {body: [{residual: [relu, conv: {kernel_size: 1}]}]}}
        body: [{for: {i: 2}, do: [unit, sigmoid], as: rounds}]
        """)
    )
    lines = [line.strip().partition(")")[0] for line in printed.splitlines()]
    assert "conv = conv(relu, out_channels=3, kernel_size=1, padding=0" in lines
    assert "add = add(conv, rounds.0.sigmoid" in lines
    assert "output output: rounds.1.sigmoid" in lines
