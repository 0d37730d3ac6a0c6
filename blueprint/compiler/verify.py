"""The legal form of a graph, checked after each pass."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from blueprint.compiler.graph import Graph, Node
from blueprint.compiler.reserved import RESERVED
from blueprint.language.values import ValueType
from blueprint.ops.base import Weight
from blueprint.ops.facts import Facts, facts

Types = tuple[ValueType, ...]
Weights = Mapping[str, Weight]


def verify(graph: Graph, after: str) -> None:
    """Assert that the graph is legal; the message names the pass that made it.

    Each value is made once, before it is read, and has the type that its op's rule gives. The paths of
    nodes that own weights can be names in a torch module: none is reserved, none lies inside another, and
    nodes that share one share an op and the shapes of its weights. Inputs and outputs have names and values.
    """
    made = _verify_inputs(graph, after)
    bearers = []
    for node in graph.nodes:
        _verify_values(graph, node, made, after)
        types = graph.inputs_of(node)
        known = facts(node.op, types)
        _verify_rules(graph, node, known, after)
        made.update(node.outputs)
        if known.weights or node.op.random:
            bearers.append((node, types, known.weights))
    _verify_outputs(graph, made, after)
    _verify_sharing(bearers, after)


def _verify_inputs(graph: Graph, after: str) -> set[int]:
    """The values of the inputs."""
    names = [name for name, _ in graph.inputs]
    assert names, f"{after}: the network has no input"
    assert len(set(names)) == len(names), f"{after}: two inputs have one name"
    for name, value in graph.inputs:
        assert name.isidentifier(), f"{after}: the input {name} is no name"
        assert name != "self", f"{after}: the input self has a taken name"
        assert not keyword.iskeyword(name), f"{after}: the input {name} is a keyword"
        assert 0 <= value < len(graph.types), f"{after}: the input {name} has no type"
        assert graph.types[value].batched, f"{after}: the input {name} has no batch"
    values = {value for _, value in graph.inputs}
    assert len(values) == len(names), f"{after}: two inputs are one value"
    return values


def _verify_values(graph: Graph, node: Node, made: set[int], after: str) -> None:
    where = _where(node, after)
    assert made.issuperset(node.inputs), f"{where} reads a value before it is made"
    assert made.isdisjoint(node.outputs), f"{where} makes a value a second time"
    assert node.outputs, f"{where} makes nothing"
    assert len(set(node.outputs)) == len(node.outputs), f"{where} makes a value twice"
    assert all(0 <= value < len(graph.types) for value in node.outputs), f"{where} makes a value without a type"
    assert node.op.arity in (None, len(node.inputs)), f"{where} reads {len(node.inputs)} values, not {node.op.arity}"


def _verify_rules(graph: Graph, node: Node, known: Facts, after: str) -> None:
    where, weights, given = _where(node, after), known.weights, graph.outputs_of(node)
    assert given == known.outputs, f"{where} gives {given}, by its rule {known.outputs}"
    for part in node.path if weights or node.op.random else ():
        assert part, f"{where} has an empty name in its path"
        assert "." not in part, f"{where}: `{part}` has a dot in it"
        assert part not in RESERVED, f"{where}: `{part}` is an attribute of every module"
    assert weights.keys() >= node.init.keys(), f"{where} fills {set(node.init) - set(weights)}, which it does not have"


def _where(node: Node, after: str) -> str:
    return f"{after}: {node.op.name} at {'.'.join(node.path)}"


def _verify_outputs(graph: Graph, made: set[int], after: str) -> None:
    names = [name for name, _ in graph.outputs]
    assert names, f"{after}: the network has no output"
    assert len(set(names)) == len(names), f"{after}: two outputs have one name"
    assert made.issuperset(value for _, value in graph.outputs), f"{after}: an output is never made"
    assert graph.training_only < set(names), f"{after}: no output is left outside training"


def _verify_sharing(bearers: list[tuple[Node, Types, Weights]], after: str) -> None:
    """Nodes of one path are one thing; nothing stands inside a thing that owns weights."""
    owners: dict[tuple[str, ...], tuple[Node, Types, Weights]] = {}
    for node, types, weights in bearers:
        first, theirs, shapes = owners.setdefault(node.path, (node, types, weights))
        if first is node:
            continue
        where = f"{after}: {'.'.join(node.path)}"
        assert first.op == node.op, f"{where} is {first.op} and {node.op}"
        assert shapes == weights, f"{where} has weights of two shapes"
        kinds = ([t.names for t in theirs], [t.names for t in types])
        assert kinds[0] == kinds[1], f"{where} takes values of two kinds, {kinds[0]} and {kinds[1]}"
    for path in owners:
        for end in range(1, len(path)):
            assert path[:end] not in owners, f"{after}: {'.'.join(path)} lies inside a node that owns weights"
