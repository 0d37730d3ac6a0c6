"""Binding `init`: which initialiser fills which parameter of which op."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.compiler.syntax import Initial, Inits, Names
from blueprint.diagnostics.nearest import nearest
from blueprint.language.tree import Mapping, Scalar, Tree
from blueprint.ops import find, initialisers, ops

if TYPE_CHECKING:
    from blueprint.compiler.bind_nodes import NodeBinder


def bind_inits(binder: NodeBinder, tree: Tree, names: Names) -> Inits:
    """Initialisers by op and parameter."""
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`init` is a mapping of ops", tree.span)
        return {}
    found: Inits = {}
    for entry in tree:
        word = str(entry.key.value)
        if find(word) is None:
            meant = nearest(word, list(ops()))
            binder.reporter.error(
                "unknown-op",
                f"there is no op `{word}`",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else "",
            )
            continue
        found[word] = bind_parameters(binder, entry.value, names)
    return found


def bind_parameters(binder: NodeBinder, tree: Tree, names: Names) -> dict[str, Initial]:
    """Initialisers by parameter."""
    if not isinstance(tree, Mapping):
        binder.reporter.error(
            "wrong-type", "an op's `init` is a mapping of its parameters", tree.span, help="`{weight: zeros}`"
        )
        return {}
    found = {}
    for entry in tree:
        initial = bind_initial(binder, entry.value, names)
        if initial is not None:
            found[str(entry.key.value)] = initial
    return found


def bind_initial(binder: NodeBinder, tree: Tree, names: Names) -> Initial | None:
    """An initialiser: a name, `{name: value}` or `{name: {settings}}`."""
    settings: Tree | None = None
    if isinstance(tree, Mapping) and len(tree.entries) == 1:
        name, span, settings = str(tree.entries[0].key.value), tree.entries[0].key.span, tree.entries[0].value
    elif isinstance(tree, Scalar) and isinstance(tree.value, str):
        name, span = tree.value, tree.span
    else:
        binder.reporter.error("wrong-type", "an initialiser is a name or `{name: settings}`", tree.span)
        return None
    known = initialisers.initialisers()
    if name not in known:
        meant = nearest(name, list(known))
        binder.reporter.error(
            "unknown-name",
            f"there is no initialiser `{name}`",
            span,
            help=f"did you mean `{meant}`?" if meant else f"they are {', '.join(known)}",
        )
        return None
    initialiser = known[name]
    bound = binder.fields(name, initialiser.fields, initialiser.main, settings, names, span)
    return None if bound is None else Initial(name, bound[0], span)
