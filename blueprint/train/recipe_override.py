"""Single fields of a recipe's tree set anew from the command line, so that their faults are shown in its words."""

from __future__ import annotations

from blueprint.diagnostics import Reporter, Source, Span
from blueprint.language.reader import read_text
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree


def set_field(tree: Tree, path: list[str], value: str, words: str, reporter: Reporter) -> Tree:
    """The tree with one field set; `words`, such as `--set recipe.epochs=3`, is where its faults are shown.

    `words` ends with `value`, YAML in flow form. The name of a choice may be left out of the path:
    `optimiser.lr` is `optimiser.sgd.lr` where the recipe says `optimiser: {sgd: {…}}`.
    """
    start = len(words) - len(value)
    name = f"<{words[:start].rstrip(' =')}>"
    source = Source(name, words)
    key = Span(source, 1, 1, 1, max(start, 1) + 1)
    inner = Reporter()
    parsed = read_text(Source(name, " " * start + value), inner)
    if parsed is None:
        why = inner.found[0].message if value.strip() else "there is none"
        reporter.error("usage", f"the value of `{'.'.join(path)}` cannot be read: {why}", key)
        return tree
    return _put(tree, path, _moved(parsed, source), key)


def _moved(tree: Tree, source: Source) -> Tree:
    """The tree with its spans in another source of the same columns."""
    s = tree.span
    span = Span(source, s.line, s.column, s.end_line, s.end_column)
    if isinstance(tree, Scalar):
        return Scalar(tree.value, span, tree.quoted)
    if isinstance(tree, Sequence):
        return Sequence(tuple(_moved(item, source) for item in tree.items), span, tree.flow)
    entries = []
    for entry in tree:
        key = _moved(entry.key, source)
        assert isinstance(key, Scalar), "recipe override: a key that is no scalar"
        entries.append(Entry(key, _moved(entry.value, source)))
    return Mapping(tuple(entries), span, tree.flow)


def _put(tree: Tree, path: list[str], value: Tree, at: Span, field: str = "") -> Tree:
    """The tree with `value` at `path`; field: the recipe's field that the tree is the value of, if it is one."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(tree, Sequence):
        if not key.isdigit() or int(key) >= len(tree.items):
            return _with(Mapping((), at), key, rest, value, at)
        items = list(tree.items)
        items[int(key)] = _put(items[int(key)], rest, value, at, field)
        return Sequence(tuple(items), tree.span, tree.flow)
    if field:
        return _put_in_choice(tree, path, value, at, field)
    return _with(tree if isinstance(tree, Mapping) else Mapping((), at), key, rest, value, at)


def _put_in_choice(tree: Tree, path: list[str], value: Tree, at: Span, field: str) -> Tree:
    """The choice with `value` in the settings of its one option, which `path` may name first."""
    from blueprint.train.recipe import options

    known = options(field)
    if isinstance(tree, Scalar) and tree.value in known:
        entry = Entry(tree, Mapping((), tree.span))
    elif isinstance(tree, Mapping) and len(tree.entries) == 1:
        entry = tree.entries[0]
    else:
        return _with(tree if isinstance(tree, Mapping) else Mapping((), at), path[0], path[1:], value, at)
    name = str(entry.key.value)
    if path[0] == name:
        path = path[1:]
    elif path[0] in known:
        return _with(Mapping((), at), path[0], path[1:], value, at)
    settings = entry.value
    main = known[name].main if name in known else None
    if path and main and not isinstance(settings, Mapping):
        settings = Mapping((Entry(Scalar(main, settings.span), settings),), settings.span)
    return Mapping((Entry(entry.key, _put(settings, path, value, at)),), tree.span)


def _with(tree: Mapping, key: str, rest: list[str], value: Tree, at: Span) -> Mapping:
    """The mapping with `value` under `key`, or deeper below it."""
    from blueprint.train.recipe import options

    field = key if options(key) else ""
    entries = []
    for entry in tree:
        here = entry.key.value == key
        entries.append(Entry(entry.key, _put(entry.value, rest, value, at, field)) if here else entry)
    if tree.entry(key) is None:
        entries.append(Entry(Scalar(key, at), _put(Mapping((), at), rest, value, at, field) if rest else value))
    return Mapping(tuple(entries), tree.span, tree.flow)
