"""The printed form of a graph, made to be read and compared."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.compiler.graph import Graph, Node


def text(graph: Graph) -> str:
    """The graph as text: a line for each input, node and output, the same for equal graphs.

    A value is called by the path of the node that makes it, so that a change above leaves the lines below as
    they were; one that a path makes again, its weights shared, has `'2` behind it. Settings are those that
    differ from their defaults. Elements learned and multiply-accumulates stand at the end where there are any.
    """
    names = _names(graph)
    lines = [f"network {graph.name}"]
    lines += [f"input {name}: {graph.types[value]}" for name, value in graph.inputs]
    seen: set[tuple[str, ...]] = set()
    for node in graph.nodes:
        lines.append(_line(graph, node, names, shared=node.path in seen))
        seen.add(node.path)
    for name, value in graph.outputs:
        when = ", in training" if name in graph.training_only else ""
        lines.append(f"output {name}{when}: {names[value]}")
    lines.append(f"total {graph.parameters:,} parameters, {graph.macs:,} macs")
    return "\n".join(lines) + "\n"


def _line(graph: Graph, node: Node, names: dict[int, str], shared: bool) -> str:
    settings = [f"{name}={_value(value)}" for name, value in graph.settings_of(node).items()]
    inside = ", ".join([*(names[value] for value in node.inputs), *settings])
    types = ", ".join(map(str, graph.outputs_of(node)))
    costs = []
    parameters, macs = graph.parameters_of(node), node.op.macs(*graph.inputs_of(node))
    if parameters:
        costs.append(f"{parameters:,} parameters" + (" shared" if shared else ""))
    if macs:
        costs.append(f"{macs:,} macs")
    for name, how in node.init.items():
        given = ", ".join(f"{key}={_value(value)}" for key, value in how.settings)
        costs.append(f"{name} {how.name}" + (f"({given})" if given else ""))
    makes = ", ".join(names[value] for value in node.outputs)
    return f"{makes} = {node.op.name}({inside}): {types}" + (f"  # {'; '.join(costs)}" if costs else "")


def _value(value: object) -> str:
    """A setting as the language writes it: lower-case booleans, lists for tuples."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _names(graph: Graph) -> dict[int, str]:
    """A name for each value: the input's, or the path of the node, with a number where it makes several."""
    names = {value: name for name, value in graph.inputs}
    taken = set(names.values())
    for node in graph.nodes:
        path = ".".join(node.path)
        for number, value in enumerate(node.outputs):
            name = path if len(node.outputs) == 1 else f"{path}[{number}]"
            names[value] = _unique(name, taken)
            taken.add(names[value])
    return names


def _unique(name: str, taken: Iterable[str]) -> str:
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}'{number}", number + 1
    return unique
