"""What no pass may do to a graph; each broken graph is named with the pass that made it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint.compiler.graph import Frame, Graph, Initialiser
from blueprint.compiler.verify import verify
from blueprint.language.values import ValueType, map_of
from blueprint.ops.registry import ops
from tests.compiler.building import Builder


@pytest.fixture
def graph() -> Graph:
    b = Builder(input=map_of(3, 8, 8))
    with b.frame("stem"):
        x = b.add("conv", b.x, out_channels=4, kernel_size=3)
    return b.graph(output=b.add("linear", b.add("global_avg_pool", x), out_features=2), map=x)


def node(graph: Graph, index: int, **changes) -> Graph:
    nodes = list(graph.nodes)
    nodes[index] = replace(nodes[index], **changes)
    return replace(graph, nodes=tuple(nodes))


def again(graph: Graph, index: int, **changes) -> Graph:
    """One node more, like the one at `index`, that makes a new value."""
    old = graph.nodes[index]
    types = graph.types + graph.outputs_of(old)
    new = replace(old, **{"outputs": (len(graph.types),), **changes})
    return replace(graph, nodes=(*graph.nodes, new), types=types)


def other_conv(graph: Graph, **fields):
    return ops()["conv"](**{"out_channels": 4, "kernel_size": 3, **fields}).resolve(graph.types[0])


BROKEN = {
    "reads a value before it is made": lambda g: replace(g, nodes=g.nodes[::-1]),
    "makes a value a second time": lambda g: again(g, 0, outputs=g.nodes[0].outputs),
    "by its rule": lambda g: replace(g, types=(*g.types[:1], map_of(5, 8, 8), *g.types[2:])),
    "reads 2 values, not 1": lambda g: node(g, 0, inputs=(0, 0)),
    "is an attribute of every module": lambda g: node(g, 0, label="double"),
    "is an attribute of every": lambda g: node(g, 0, frames=(Frame("train", 0),)),
    "has an empty name": lambda g: node(g, 0, label=""),
    "has a dot in it": lambda g: node(g, 0, label="a.b"),
    "which it does not have": lambda g: node(g, 0, init={"wait": Initialiser("zeros")}),
    "an output is never made": lambda g: replace(g, outputs=(("output", 99),)),
    "has no output": lambda g: replace(g, outputs=()),
    "two outputs have one name": lambda g: replace(g, outputs=g.outputs * 2),
    "no output is left outside training": lambda g: replace(g, training_only=frozenset(("output", "map"))),
    "no output is left": lambda g: replace(g, training_only=frozenset(("neither",))),
    "has no input": lambda g: replace(g, inputs=(), nodes=()),
    "two inputs have one name": lambda g: replace(g, inputs=g.inputs * 2),
    "is a keyword": lambda g: replace(g, inputs=(("lambda", 0),)),
    "is no name": lambda g: replace(g, inputs=(("1x", 0),)),
    "has no batch": lambda g: replace(g, types=(ValueType(g.types[0].axes, batched=False), *g.types[1:])),
    "stem.conv is Conv": lambda g: again(g, 0, op=other_conv(g, padding=1, bias=False)),
    "lies inside a node that owns weights": lambda g: again(
        g, 0, frames=(*g.nodes[0].frames, Frame("conv", 7)), label="inner"
    ),
}


def test_a_legal_graph_passes(graph):
    verify(graph, "build")
    verify(again(graph, 0), "share")


@pytest.mark.parametrize("message", BROKEN)
def test_an_illegal_graph_is_named_with_its_pass(graph, message):
    broken = BROKEN[message](graph)
    with pytest.raises(AssertionError, match=f"^fold: .*{message}"):
        verify(broken, "fold")


def test_shared_weights_of_two_shapes_are_refused():
    b = Builder(input=map_of(3, 8, 8))
    x = b.add("conv", b.x, label="one", out_channels=4, kernel_size=1)
    b.add("conv", x, label="one", out_channels=4, kernel_size=1)
    with pytest.raises(AssertionError, match="fold: one has weights of two shapes"):
        verify(b.graph(output=x), "fold")
