"""Binding `defaults`: the fields that the nodes written in a file take where they say nothing."""

from __future__ import annotations

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.structures import STRUCTURES
from blueprint.compiler.syntax import Library, Names
from blueprint.diagnostics.nearest import nearest
from blueprint.language.tree import Entry, Mapping, Scalar, Tree
from blueprint.language.types import parse_type
from blueprint.ops import find
from blueprint.ops.base import FieldInfo


def bind_defaults(binder: NodeBinder, tree: Tree | None) -> None:
    """Take in the file's `defaults`; their values are bound where a node needs them."""
    if tree is None:
        return
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`defaults` is a mapping of ops", tree.span)
        return
    for entry in tree:
        word = str(entry.key.value)
        fields = {info.name: info for info in _fields(word)}
        if not fields:
            binder.reporter.error("unknown-op", f"there is no op `{word}` with fields", entry.key.span)
        elif not isinstance(entry.value, Mapping):
            binder.reporter.error("wrong-type", "the defaults of an op are a mapping of its fields", entry.value.span)
        else:
            found: dict[str, Entry] = {}
            for field in entry.value:
                name = str(field.key.value)
                if name not in fields:
                    meant = nearest(name, list(fields))
                    binder.reporter.error(
                        "unknown-key",
                        f"`{word}` has no field `{name}`",
                        field.key.span,
                        help=f"did you mean `{meant}`?" if meant else f"its fields: {', '.join(fields)}",
                    )
                else:
                    found[name] = field
                    _judge(binder, fields[name], field.value)
            binder.defaults[word] = found


def _judge(binder: NodeBinder, info: FieldInfo, tree: Tree) -> None:
    """Report a default that no node could take; what names mean is known only where a node takes it."""
    kind = parse_type(info.type)
    if kind.is_body and not isinstance(tree, Scalar):
        return
    if isinstance(tree, Scalar) and (tree.value is None or isinstance(tree.value, str)):
        return
    names = _AnyNames(Library("", True))
    binder.values.bind(tree, kind, names, info.name, (info.minimum, info.maximum))


def _fields(word: str) -> tuple[FieldInfo, ...]:
    op = find(word)
    return STRUCTURES[word].fields if word in STRUCTURES else op.fields() if op is not None else ()


class _AnyNames(Names):
    """Names in reach at a place not yet known: any."""

    def variable(self, name: str) -> bool:
        return True
