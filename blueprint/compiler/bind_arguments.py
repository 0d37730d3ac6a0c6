"""Binding `args`: what a model or block takes, with types, defaults and limits."""

from __future__ import annotations

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.syntax import Argument, Names, ValueSyntax
from blueprint.diagnostics import Note, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree, plain
from blueprint.language.types import ANY, BASES, Type, TypeSyntaxError, parse_type, type_of

Limits = tuple[float | None, float | None]
Declared = tuple[Type, ValueSyntax | None, bool]
"""An argument's type, its default, and whether either is at fault."""
NO_LIMITS: Limits = (None, None)
_OTHER_WORDS = {
    "integer": "int",
    "boolean": "bool",
    "number": "float",
    "str": "text",
    "string": "text",
    "tensor": "map",
}
_KEYS = ("type", "default", "min", "max", "help")


def bind_arguments(binder: NodeBinder, tree: Tree | None, names: Names) -> dict[str, Argument]:
    """The arguments that an `args` mapping declares; `names` gains them."""
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`args` is a mapping of names", tree.span, help="`args: {dim: 64}`")
        return {}
    arguments: dict[str, Argument] = {}
    for entry in tree:
        argument = _argument(binder, entry, names)
        name = str(entry.key.value)
        if not name.isidentifier() or name in ("x", "in_channels"):
            binder.reporter.error("reserved-name", f"`{name}` cannot name an argument", entry.key.span)
            continue
        former = names.places.get(name)
        if former is not None and former.source is entry.key.span.source:
            binder.reporter.error(
                "duplicate-name", f"`{name}` is declared twice", entry.key.span, notes=[Note("first here", former)]
            )
        names.add(name, argument.type, entry.key.span)
        arguments[name] = argument
    return arguments


def _argument(binder: NodeBinder, entry: Entry, names: Names) -> Argument:
    name, tree, span = str(entry.key.value), entry.value, entry.key.span
    if isinstance(tree, Mapping):
        return _described(binder, name, tree, names, span)
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return Argument(name, *_declared(binder, name, tree, names, NO_LIMITS), span=span)
    return Argument(name, *_by_default(binder, name, tree, names, NO_LIMITS), span=span)


def _by_default(binder: NodeBinder, name: str, tree: Tree, names: Names, limits: Limits) -> Declared:
    """A literal default, which gives the type."""
    value = plain(tree)
    if value is None or isinstance(value, str):
        what = "neither type nor default" if value is None else "no `type`, which a text does not give"
        binder.reporter.error(
            "wrong-type",
            f"argument `{name}` has {what}",
            tree.span,
            help=f"`{name}: int` or `{name}: 64`"
            if value is None
            else f"`type: a | {value}`, or a type of another sort",
        )
        return ANY, None, True
    if isinstance(tree, Sequence) and any(isinstance(v, str | dict) for v in _leaves(value)):
        kind = ANY
    else:
        kind = type_of(value)
    bound = binder.values.bind(tree, kind, names, name, limits)
    return kind, bound, bound is None


def _leaves(value: object) -> list[object]:
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list) else [value]


def _declared(binder: NodeBinder, name: str, tree: Scalar, names: Names, limits: Limits) -> Declared:
    """A text in `args`: a TYPE, or `TYPE = default`."""
    text = str(tree.value)
    kind_text, equals, default_text = text.partition("=")
    try:
        kind = parse_type(kind_text)
    except TypeSyntaxError as fault:
        binder.reporter.error(
            "wrong-type",
            f"{ticked(kind_text)} is no type: {fault}",
            tree.span,
            help=f"the types: {', '.join(BASES)}, list[T], body, and choices as `a | b`",
        )
        return ANY, None, True
    if len(kind.members) == 1 and not kind.bases and kind.element is None and kind.parameters is None:
        word = kind.members[0]
        meant = _OTHER_WORDS.get(word) or nearest(word, [*BASES, "list", "body"])
        binder.reporter.error(
            "wrong-type",
            f"there is no type `{word}`",
            tree.span,
            help=f"did you mean `{meant}`?"
            if meant
            else f"for a choice write `a | b = {word}`; for a body write `body = {word}`",
        )
        return ANY, None, True
    if not equals:
        return kind, None, False
    start = len(kind_text) + 1 + len(default_text) - len(default_text.lstrip())
    part = Scalar(default_text.strip(), tree.inner.within(start, len(text)))
    if not default_text.strip():
        binder.reporter.error("wrong-type", f"the default of `{name}` is missing", tree.span)
        return kind, None, True
    bound = binder.values.bind(part, kind, names, name, limits)
    return kind, bound, bound is None


def _described(binder: NodeBinder, name: str, tree: Mapping, names: Names, span: Span) -> Argument:
    """`{type, default, min, max, help}`."""
    for entry in tree:
        if entry.key.value not in _KEYS:
            meant = nearest(str(entry.key.value), list(_KEYS))
            binder.reporter.error(
                "unknown-key",
                f"an argument has no `{entry.key.value}`",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else f"it has {', '.join(_KEYS)}",
            )
    limits: dict[str, float | None] = {}
    for key in ("min", "max"):
        limit = tree.get(key)
        if limit is not None and not (
            isinstance(limit, Scalar) and isinstance(limit.value, int | float) and not isinstance(limit.value, bool)
        ):
            binder.reporter.error("wrong-type", f"`{key}` is a number", limit.span)
            limit = None
        limits[key] = float(limit.value) if isinstance(limit, Scalar) and isinstance(limit.value, int | float) else None
    text, default, help = tree.get("type"), tree.get("default"), tree.get("help")
    low, high = limits["min"], limits["max"]
    if low is not None and high is not None and low > high:
        binder.reporter.error("out-of-range", f"the `min` of `{name}` lies above its `max`", span)
    if text is None and default is None:
        binder.reporter.error("missing-key", f"argument `{name}` needs a `type` or a `default`", span)
        declared: Declared = (ANY, None, True)
    elif text is None:
        assert default is not None, "bind: an argument lost its default"
        declared = _by_default(binder, name, default, names, (low, high))
    elif not isinstance(text, Scalar) or not isinstance(text.value, str):
        binder.reporter.error("wrong-type", "a type is a text", text.span)
        declared = (ANY, None, True)
    else:
        declared = _declared(binder, name, text, names, (low, high))
        if default is not None and declared[0] != ANY:
            value = binder.values.bind(default, declared[0], names, name, (low, high))
            declared = (declared[0], value, value is None)
    kind, value, faulty = declared
    return Argument(name, kind, value, faulty, span, str(plain(help)) if help is not None else "", low, high)
