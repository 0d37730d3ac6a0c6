"""Single fields of a recipe's tree set anew from the command line, so that their faults are shown in its words."""

from __future__ import annotations

from blueprint.diagnostics import Note, Reporter, Span
from blueprint.language.setting import read_setting
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree


def set_field(tree: Tree, path: list[str], value: str, words: str, reporter: Reporter) -> Tree:
    """The tree with one field set; `words`, such as `--set recipe.epochs=3`, is where its faults are shown.

    `words` ends with `value`, YAML in flow form. The name of a choice may be left out of the path:
    `optimiser.lr` is `optimiser.sgd.lr` where the recipe says `optimiser: {sgd: {…}}`. Another
    name than the recipe's is a fault: the settings of the one are not those of the other.
    """
    parsed, key = read_setting(words, value, reporter)
    return tree if parsed is None else _Setting(parsed, value, key, reporter).put(tree, path)


class _Setting:
    """A value on its way to a field. at: where the command line names the field."""

    def __init__(self, value: Tree, text: str, at: Span, reporter: Reporter) -> None:
        self.value, self.text, self.at, self.reporter = value, text, at, reporter

    def put(self, tree: Tree, path: list[str], field: str = "") -> Tree:
        """The tree with the value at `path`; field: the recipe's field that the tree is the value of, if it is one."""
        if not path:
            return self.value
        key, rest = path[0], path[1:]
        if isinstance(tree, Sequence):
            if not key.isdigit() or int(key) >= len(tree.items):
                return self.under(Mapping((), self.at), key, rest)
            items = list(tree.items)
            items[int(key)] = self.put(items[int(key)], rest, field)
            return Sequence(tuple(items), tree.span, tree.flow)
        if field:
            return self.in_choice(tree, path, field)
        return self.under(tree if isinstance(tree, Mapping) else Mapping((), self.at), key, rest)

    def in_choice(self, tree: Tree, path: list[str], field: str) -> Tree:
        """The choice with the value in the settings of its one option, which `path` may name first."""
        from blueprint.train.recipe import options

        known = options(field)
        if isinstance(tree, Scalar) and tree.value in known:
            entry = Entry(tree, Mapping((), tree.span))
        elif isinstance(tree, Mapping) and len(tree.entries) == 1:
            entry = tree.entries[0]
        else:
            return self.under(tree if isinstance(tree, Mapping) else Mapping((), self.at), path[0], path[1:])
        name = str(entry.key.value)
        if path[0] == name:
            path = path[1:]
        elif path[0] in known:
            self.another(entry.key, path)
            return tree
        settings = entry.value
        main = known[name].main if name in known else None
        if path and main and not isinstance(settings, Mapping):
            settings = Mapping((Entry(Scalar(main, settings.span), settings),), settings.span)
        return Mapping((Entry(entry.key, self.put(settings, path)),), tree.span)

    def another(self, has: Scalar, path: list[str]) -> None:
        """Report a setting of an option that the recipe does not have."""
        wanted, settings = path[0], self.text
        for part in reversed(path):
            settings = f"{{{part}: {settings}}}"
        at = self.at
        place = at.source.text[at.column - 1 : at.end_column - 1].removesuffix("." + ".".join(path))
        self.reporter.error(
            "unknown-key",
            f"`{place.removeprefix('recipe.')}` is `{has.value}`, which has no `{wanted}`",
            at,
            notes=[Note(f"`{has.value}` is chosen here", has.span)],
            help=f"`{place}={settings}` chooses `{wanted}` in its place",
        )

    def under(self, tree: Mapping, key: str, rest: list[str]) -> Tree:
        """The mapping with the value under `key`, or deeper below it."""
        from blueprint.train.recipe import options

        field = key if options(key) else ""
        entries = []
        for entry in tree:
            here = entry.key.value == key
            entries.append(Entry(entry.key, self.put(entry.value, rest, field)) if here else entry)
        if tree.entry(key) is None:
            below = self.put(Mapping((), self.at), rest, field) if rest else self.value
            entries.append(Entry(Scalar(key, self.at), below))
        return Mapping(tuple(entries), tree.span, tree.flow)
