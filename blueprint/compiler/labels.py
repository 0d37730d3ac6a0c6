"""Labels: the part of the state_dict's keys that each node of a body gives, fixed by the text alone.

Every node counts in the order written, whether its `when` holds or not, so that switching an
option adds or removes keys and renames none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.compiler.structures import Structure
from blueprint.compiler.syntax import Body, BodyLiteral, Constant, NodeSyntax, Path
from blueprint.language.types import parse_type

Item = NodeSyntax | Path | tuple[NodeSyntax, str, str, "BodyLiteral | None"]
"""A node, a path, or what a structure makes of a field or emits by itself: its place, name and body."""


def transparent(node: NodeSyntax) -> bool:
    """Whether a node's contents are named as if they stood in the enclosing body."""
    named = node.as_name is not None or node.share is not None
    return isinstance(node.target, Structure) and not named and node.head not in ("attention", "parameter")


def assign(body: Body) -> None:
    """Give every node of a naming scope its label, and those of the scopes inside theirs."""
    items = [item for node in body.nodes for item in _items(node)]
    _assign(items, set(_shares(items)))


def _items(node: NodeSyntax) -> Iterator[Item]:
    """The node and, if it is transparent, what of it is named in the same scope."""
    yield node
    if transparent(node):
        yield from _inside(node)


def _inside(node: NodeSyntax) -> Iterator[Item]:
    for role in node.bodies.values():
        for inner in role.nodes:
            yield from _items(inner)
    structure = node.target
    assert isinstance(structure, Structure), "labels: a node with bodies that is no structure"
    for info in structure.fields:
        if parse_type(info.type).is_body and info.name in node.fields:
            value = node.fields[info.name]
            yield (node, info.name, info.name, value if isinstance(value, BodyLiteral) else None)
    yield from node.paths
    for place, name in _emitted(node):
        yield (node, place, name, None)


def _emitted(node: NodeSyntax) -> Iterator[tuple[str, str]]:
    """The ops that a structure adds by itself: their places, and the names that they take if free."""

    def chosen(field: str, default: str) -> str:
        value = node.fields.get(field)
        return str(value.value) if isinstance(value, Constant) else default

    if node.head == "residual":
        yield from ((field, field) for field in ("scale", "drop_path") if field in node.fields)
        yield "add", "add"
    elif node.head == "gate":
        yield "activation", chosen("activation", "activation" if "activation" in node.fields else "sigmoid")
        yield "multiply", "multiply"
    elif node.head == "branches":
        if "split" in node.extra:
            yield "split", "split"
        yield "merge", chosen("merge", "merge")
    elif node.head == "rearrange":
        yield "rearrange", "rearrange"
        yield "back", "rearrange_back"


def _shares(items: Iterable[Item]) -> Iterator[str]:
    """The labels of `share` that stand at the start of this scope, from wherever they are written."""
    for item in items:
        if isinstance(item, Path):
            yield from _shares([inner for node in item.body.nodes for inner in _items(node)])
        elif isinstance(item, tuple):
            if item[3] is not None:
                yield from _shares([inner for node in item[3].body.nodes for inner in _items(node)])
        else:
            if item.share is not None:
                yield item.share
            if isinstance(item.target, Structure) and not transparent(item) and item.head not in ("for", "repeat"):
                yield from _shares(_inside(item))


def _assign(items: list[Item], shared: set[str]) -> None:
    """Label the items of one scope; the labels in `shared` stand in it too."""
    given = shared | {item.as_name for item in items if isinstance(item, NodeSyntax) and item.as_name is not None}
    used: set[str] = set()
    counts: dict[str, int] = {}

    def unique(base: str, own: bool = False) -> str:
        if base not in used and (own or base not in given):
            used.add(base)
            return base
        number = counts.get(base, 1)
        while True:
            number += 1
            name = f"{base}_{number}"
            if name not in used and name not in given:
                counts[base] = number
                used.add(name)
                return name

    used |= shared
    for item in items:
        if isinstance(item, Path):
            item.label = unique(item.name)
            _assign([inner for node in item.body.nodes for inner in _items(node)], set())
        elif isinstance(item, tuple):
            node, place, name, value = item
            node.places[place] = unique(name)
            if value is not None:
                _assign([inner for inside in value.body.nodes for inner in _items(inside)], set())
        elif not transparent(item):
            item.label = item.share or (
                unique(item.as_name, own=True) if item.as_name is not None else unique(item.head)
            )
            if isinstance(item.target, Structure):
                inside = list(_inside(item))
                _assign(inside, set(_shares(inside)) if item.head in ("for", "repeat") else set())
