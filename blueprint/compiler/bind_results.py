"""Binding what a model gives and promises: `outputs`, `expect`, and the values of `set`."""

from __future__ import annotations

import re

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.bind_sources import bind_sources
from blueprint.compiler.syntax import Argument, Computed, Expectation, Names, Output, Several, ValueSyntax
from blueprint.diagnostics import Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.terms import free_names
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree, plain
from blueprint.language.types import Type

MAX_EXPECTATIONS = 64


def check_keys(tree: Mapping, known: tuple[str, ...], what: str, reporter: Reporter) -> None:
    """Report the keys of a mapping that have no meaning in it."""
    for entry in tree:
        word = str(entry.key.value)
        if word not in known:
            meant = nearest(word, list(known))
            reporter.error(
                "unknown-key",
                f"{what} has no `{word}`",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else f"its keys: {', '.join(known)}",
            )


def misspelt(tree: Mapping, key: str, known: tuple[str, ...]) -> bool:
    """Whether a key of the mapping, reported as unknown, is most likely meant to be `key`."""
    return any(word not in known and nearest(word, list(known)) == key for word in map(str, tree.keys()))


def bind_outputs(binder: NodeBinder, tree: Tree | None, names: Names) -> tuple[Output, ...]:
    """The named outputs."""
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        help = "`outputs: {logits: head, features: pooled}`"
        binder.reporter.error("wrong-type", "`outputs` is a mapping of names", tree.span, help=help)
        return ()
    if not tree.entries:
        help = "leave it out: the last value is the output"
        binder.reporter.error("missing-key", "`outputs` names no value", tree.span, help=help)
    found = []
    for entry in tree:
        value, when, only = entry.value, None, False
        if isinstance(value, Mapping):
            check_keys(value, ("from", "when", "training_only"), "an output", binder.reporter)
            guard, flag, source = value.get("when"), value.get("training_only"), value.get("from")
            if guard is not None:
                when = binder.values.bind(guard, Type(("bool",)), names, "when")
            if flag is not None:
                only = isinstance(flag, Scalar) and flag.value is True
                if not isinstance(flag, Scalar) or not isinstance(flag.value, bool):
                    binder.reporter.error("wrong-type", "`training_only` is true or false", flag.span)
            if source is None:
                binder.reporter.error("missing-key", "an output needs `from`", entry.key.span)
                continue
            value = source
        binder.check_name(str(entry.key.value), entry.key.span, "an output", reserved=False)
        sources = bind_sources(binder, value, names)
        if isinstance(value, Sequence) and len(value.items) > 1:
            binder.reporter.error("wrong-type", "an output is one value", value.span, help="name each by itself")
        elif sources:
            found.append(Output(str(entry.key.value), sources[0], when, only, sources[0].span))
    return tuple(found)


def bind_expectations(reporter: Reporter, tree: Tree | None) -> tuple[Expectation, ...]:
    """The figures that `expect` promises."""
    if tree is None:
        return ()
    if not isinstance(tree, Sequence):
        reporter.error("wrong-type", "`expect` is a list", tree.span, help="`expect: [{params: 1209994}]`")
        return ()
    if len(tree.items) > MAX_EXPECTATIONS:
        reporter.error("budget", f"`expect` has at most {MAX_EXPECTATIONS} lines", tree.span)
        return ()
    found = []
    for item in tree.items:
        if not isinstance(item, Mapping):
            reporter.error("wrong-type", "an expectation is a mapping", item.span)
            continue
        check_keys(item, ("set", "input", "params", "macs"), "an expectation", reporter)
        settings = item.get("set")
        if settings is not None and not isinstance(settings, Mapping):
            reporter.error("wrong-type", "`set` is a mapping of arguments", settings.span)
            continue
        figures = {key: _figure(reporter, value) for key in ("params", "macs") if (value := item.get(key)) is not None}
        found.append(Expectation(settings, item.get("input"), figures.get("params"), figures.get("macs"), item.span))
    return tuple(found)


def _figure(reporter: Reporter, tree: Tree) -> tuple[float, float, str, Span] | None:
    """A count, or a rounded one such as `20.59M`, with half a unit of its last place."""
    text = str(plain(tree))
    value = tree.value if isinstance(tree, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        return float(value), 0.0, f"{int(value):,}", tree.span
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?\s*([kKMGT])", text)
    if match is None or not isinstance(tree, Scalar):
        reporter.error("wrong-type", "a figure is a whole number, or rounded like `20.59M`", tree.span)
        return None
    unit = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[match[3]]
    places = len(match[2] or "")
    value = float(f"{match[1]}.{match[2] or '0'}")
    return value * unit, 0.5 * 10**-places * unit, text, tree.span


def bind_settings(
    nodes: NodeBinder, tree: Tree, arguments: dict[str, Argument], names: Names
) -> dict[str, ValueSyntax]:
    """Values for a model's arguments; unknown names are reported."""
    if not isinstance(tree, Mapping):
        nodes.reporter.error("wrong-type", "`set` is a mapping of arguments", tree.span)
        return {}
    found: dict[str, ValueSyntax] = {}
    for entry in tree:
        word = str(entry.key.value)
        argument = arguments.get(word)
        if argument is None:
            meant = nearest(word, list(arguments))
            nodes.reporter.error(
                "unknown-argument",
                f"the model has no argument `{word}`",
                entry.key.span,
                help=f"did you mean `{meant}`?"
                if meant
                else f"its arguments: {', '.join(arguments)}"
                if arguments
                else "it takes none",
            )
            continue
        value = nodes.values.bind(
            entry.value,
            argument.type,
            names,
            word,
            (argument.minimum, argument.maximum),
        )
        if value is not None and _in_order(nodes.reporter, value, word, list(arguments)):
            found[word] = value
    return found


def _in_order(reporter: Reporter, value: ValueSyntax, word: str, arguments: list[str]) -> bool:
    """Whether a value given to an argument reads only arguments declared before it; any other is reported."""
    if isinstance(value, Several):
        items = [_in_order(reporter, item, word, arguments) for item in value.items]
        return all(items)
    later = arguments[arguments.index(word) :]
    late = [name for name, _ in free_names(value.expression)] if isinstance(value, Computed) else []
    late = [name for name in late if name.name in later]
    for name in late:
        span, message, help = value.span.within(name.start, name.end), f"`{word}` is set by its own value", ""
        if name.name != word:
            message = f"`{name.name}` has no value yet where `{word}` gets its own"
            help = f"a value reads the arguments declared before its own; `{name.name}` comes later"
        reporter.error("unknown-name", message, span, help=help)
    return not late
