"""Labels: the part of the state_dict's keys that each node of a body gives, fixed by the text alone.

Every node counts in the order written, whether its `when` holds or not, so that switching an
option adds or removes keys and renames none.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.compiler.structures import Structure
from blueprint.compiler.syntax import Body, BodyLiteral, NodeSyntax, Path

Item = NodeSyntax | Path | tuple[NodeSyntax, str, BodyLiteral]


def transparent(node: NodeSyntax) -> bool:
    """Whether a node's contents are named as if they stood in the enclosing body."""
    return isinstance(node.target, Structure) and node.as_name is None and node.head not in ("attention", "parameter")


def assign(body: Body) -> None:
    """Give every node of a naming scope its label, and those of the scopes inside theirs."""
    _assign([item for node in body.nodes for item in _items(node)])


def _items(node: NodeSyntax) -> Iterator[Item]:
    """The node and, if it is transparent, what of it is named in the same scope."""
    yield node
    if transparent(node):
        yield from _inside(node)


def _inside(node: NodeSyntax) -> Iterator[Item]:
    for role in node.bodies.values():
        for inner in role.nodes:
            yield from _items(inner)
    for name, value in node.fields.items():
        if isinstance(value, BodyLiteral):
            yield (node, name, value)
        elif name in node.places:
            node.places[name] = name
    yield from node.paths


def _assign(items: list[Item]) -> None:
    nodes = [item for item in items if isinstance(item, NodeSyntax)]
    taken = {name for node in nodes for name in (node.as_name, node.share) if name is not None}
    counts: dict[str, int] = {}

    def unique(base: str) -> str:
        while True:
            counts[base] = counts.get(base, 0) + 1
            name = base if counts[base] == 1 else f"{base}_{counts[base]}"
            if name not in taken:
                return name

    for item in items:
        if isinstance(item, Path):
            item.label = unique(item.name)
            assign(item.body)
        elif isinstance(item, tuple):
            node, field, value = item
            node.places[field] = unique(field)
            assign(value.body)
        elif not transparent(item):
            item.label = item.share or item.as_name or unique(item.head)
            if isinstance(item.target, Structure):
                _assign(list(_inside(item)))
