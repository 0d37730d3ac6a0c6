"""Binding calls: what a node gives to the block or body argument that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.compiler.syntax import Argument, NodeSyntax, ValueSyntax
from blueprint.diagnostics import Note, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.tree import Tree
from blueprint.language.types import ANY

if TYPE_CHECKING:
    from blueprint.compiler.bind_nodes import NodeBinder


def call_arguments(
    binder: NodeBinder, node: NodeSyntax, wanted: dict[str, Argument], what: str
) -> dict[str, ValueSyntax] | None:
    """A call's arguments bound to the callee's types, once per callee; None after a fault."""
    key = tuple((a.name, a.type, a.required, a.minimum, a.maximum) for a in wanted.values())
    if key not in node.bound:
        node.bound[key] = _bound(binder, node, wanted, what)
    return node.bound[key]


def _bound(
    binder: NodeBinder, node: NodeSyntax, wanted: dict[str, Argument], what: str
) -> dict[str, ValueSyntax] | None:
    assert node.names is not None, "bind: a call without the names in its reach"
    names = node.names
    entries: list[tuple[str, Tree, Span]] = []
    misspelt: set[str | None] = set()
    good = True
    if node.arguments is not None:
        for entry in node.arguments:
            word = str(entry.key.value)
            if word not in wanted:
                good = False
                meant = nearest(word, list(wanted))
                misspelt.add(meant)
                binder.reporter.error(
                    "unknown-argument",
                    f"{what} has no argument `{word}`",
                    entry.key.span,
                    help=f"did you mean `{meant}`?"
                    if meant
                    else f"its arguments: {', '.join(wanted)}"
                    if wanted
                    else "it takes none",
                )
                continue
            entries.append((word, entry.value, entry.key.span))
    elif node.main is not None:
        if not wanted:
            binder.reporter.error(
                "unknown-argument", f"{what} takes no arguments", node.main.span, help=f"write `{node.head}` alone"
            )
            return None
        entries.append((next(iter(wanted)), node.main, node.main.span))
    bound: dict[str, ValueSyntax] = {}
    for word, tree, place in entries:
        argument = wanted[word]
        node.spans[word] = place
        limits = (argument.minimum, argument.maximum)
        value = binder.values.field(tree, argument.type, names, word, limits, place, "argument")
        if value is None:
            good = False
        else:
            bound[word] = value
    given: set[str | None] = {word for word, _, _ in entries}
    for argument in wanted.values():
        if argument.required and argument.name not in given | misspelt:
            binder.reporter.error(
                "missing-key",
                f"{what} needs `{argument.name}`",
                node.span,
                notes=[Note("declared here", argument.span)] if argument.span != node.span else [],
                help=_example(argument),
            )
        good = good and (argument.name in given or not argument.required)
    return bound if good else None


def _example(argument: Argument) -> str:
    """The help for an argument that is missing: its type and what it is for."""
    kind = "" if argument.type == ANY else f": {argument.type}"
    return f"{argument.name}{kind}, {argument.help}" if argument.help else f"{argument.name}{kind}" if kind else ""
