"""A graph as data for JSON: what `blueprint show` and `blueprint build` give to programs."""

from __future__ import annotations

from typing import Any

from blueprint.compiler.graph import Graph, Node
from blueprint.diagnostics.render.records import place
from blueprint.language.values import ValueType

Record = dict[str, Any]


def graph_data(graph: Graph) -> Record:
    """The graph as `name, parameters, macs, inputs, outputs, nodes, edges`, in the order in which it runs.

    inputs: `name` and type. nodes: `name`, which no other node bears (a path that runs again, its
    weights shared, has `'2` behind it), `path` (its weights' place in the state_dict), `op`,
    `settings` (those that differ from their defaults), `init` where the spec gives one, `outputs`
    (a type each), `parameters` (learned elements, those of shared weights at the first node
    alone), `macs` (multiply-accumulates for one sample, 0 for what training alone needs) and
    `place`. edges: the input or node `from` which a value comes and which of its `output`s it is,
    the node `to` which it goes and which `input` it is there, and its type. outputs: `name`, `from`,
    `output`, `training_only` and type. A type is `kind` (`map`, `tokens`, `vector`, or `axes` with
    the names of the `axes` beside it) and `shape`, the batch left out. A place is `file`, `line`,
    `column`, `end_line` and `end_column`, all null where it is not known. Keys may be added.
    """
    sources: dict[int, Record] = {value: {"from": name, "output": 0} for name, value in graph.inputs}
    nodes: list[Record] = []
    edges: list[Record] = []
    runs: dict[tuple[str, ...], int] = {}
    for index, node in enumerate(graph.nodes):
        runs[node.path] = runs.get(node.path, 0) + 1
        name = ".".join(node.path) + (f"'{runs[node.path]}" if runs[node.path] > 1 else "")
        nodes.append(_node(graph, index, node, name, runs[node.path] > 1))
        for at, value in enumerate(node.inputs):
            edges.append({**sources[value], "to": name, "input": at, **_type(graph.types[value])})
        for at, value in enumerate(node.outputs):
            sources[value] = {"from": name, "output": at}
    return {
        "name": graph.name,
        "parameters": graph.parameters,
        "macs": graph.macs,
        "inputs": [{"name": name, **_type(graph.types[value])} for name, value in graph.inputs],
        "outputs": [
            {
                "name": name,
                **sources[value],
                "training_only": name in graph.training_only,
                **_type(graph.types[value]),
            }
            for name, value in graph.outputs
        ],
        "nodes": nodes,
        "edges": edges,
    }


def _node(graph: Graph, index: int, node: Node, name: str, shared: bool) -> Record:
    init = {key: {"name": how.name, **dict(how.settings)} for key, how in node.init.items()}
    return {
        "name": name,
        "path": ".".join(node.path),
        "op": node.op.name,
        "settings": graph.settings_of(node),
        **({"init": init} if init else {}),
        "outputs": [_type(kind) for kind in graph.outputs_of(node)],
        "parameters": 0 if shared else graph.parameters_of(node),
        "macs": node.op.macs(*graph.inputs_of(node)) if index in graph.needed_in_eval else 0,
        "place": place(node.span),
    }


def _type(kind: ValueType) -> Record:
    axes = {"axes": list(kind.names)} if kind.kind == "axes" else {}
    return {"kind": kind.kind, **axes, "shape": list(kind.shape)}
