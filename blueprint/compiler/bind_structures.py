"""Binding structures: nodes that hold bodies, each with the scopes that its bodies see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blueprint.compiler.bind_inits import bind_initial
from blueprint.compiler.bind_sources import bind_sources
from blueprint.compiler.structures import Structure
from blueprint.compiler.syntax import Computed, Constant, Names, NodeSyntax, Path, ValueSyntax
from blueprint.diagnostics import Note, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree
from blueprint.language.types import ANY, Type

if TYPE_CHECKING:
    from blueprint.compiler.bind_nodes import NodeBinder

INT = Type(("int",))
BOOL = Type(("bool",))
AXES = ("channels", "tokens", "height", "width")


def bind_structure(
    binder: NodeBinder,
    node: NodeSyntax,
    structure: Structure,
    tree: Tree,
    beside: tuple[Entry, ...],
    names: Names,
    bare: bool,
) -> None:
    """Fill in a structure's fields and bodies; every fault is reported."""
    special = _SPECIAL.get(structure.name)
    if bare and (special is not None or structure.roles):
        help = f"`blueprint explain op {structure.name}` tells them"
        binder.reporter.error("missing-key", f"`{structure.name}` needs its fields", node.span, help=help)
        return
    if special is not None:
        special(binder, node, tree, beside, names)
        return
    roles = dict(structure.roles)
    if isinstance(tree, Mapping) and structure.name != "side":
        for role, required in structure.roles:
            entry = tree.entry(role)
            if entry is not None:
                node.bodies[role] = binder.body(entry.value, names.inner())
            elif required:
                binder.reporter.error("missing-key", f"`{structure.name}` needs `{role}`", node.span)
        if structure.open:
            _sizes(binder, node, structure, tree, names)
        sizes = tuple(node.extra.get("sizes", {}))
        bound = binder.fields(
            structure.name, structure.fields, structure.main, tree, names, node.span, (*roles, *sizes)
        )
    elif structure.main in roles:
        node.bodies[str(structure.main)] = binder.body(tree, names.inner())
        bound = binder.fields(structure.name, structure.fields, None, None, names, node.span)
    else:
        bound = binder.fields(structure.name, structure.fields, structure.main, tree, names, node.span)
    if bound is not None:
        node.fields, node.spans = bound


def _sizes(binder: NodeBinder, node: NodeSyntax, structure: Structure, tree: Mapping, names: Names) -> None:
    known = {info.name for info in structure.fields} | {role for role, _ in structure.roles}
    sizes: dict[str, ValueSyntax] = {}
    for entry in tree:
        word = str(entry.key.value)
        if word in known:
            continue
        pattern = tree.get("pattern")
        text = str(pattern.value) if isinstance(pattern, Scalar) else ""
        if word not in text.replace("(", " ").replace(")", " ").split():
            meant = nearest(word, [*known])
            binder.reporter.error(
                "unknown-key",
                f"`{word}` is neither a field of `{structure.name}` nor an axis of its pattern",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else "",
            )
            sizes[word] = Constant(1, entry.key.span)
            continue
        value = binder.values.bind(entry.value, INT, names, word, (1, None))
        if value is not None:
            sizes[word] = value
    node.extra["sizes"] = sizes


def _branches(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`branches` needs `paths` and `merge`", tree.span)
        return
    paths = tree.entry("paths")
    if paths is None:
        binder.reporter.error("missing-key", "`branches` needs `paths`", node.span, help="paths: {name: [nodes], …}")
    elif not isinstance(paths.value, Mapping) or not paths.value.entries:
        binder.reporter.error(
            "wrong-type", "`paths` is a mapping of named bodies", paths.value.span, help="paths: {name: [nodes], …}"
        )
    else:
        node.paths = tuple(_path(binder, entry, names) for entry in paths.value)
    split = tree.entry("split")
    if split is not None:
        _split(binder, node, split.value, names)
    from blueprint.compiler.structures import STRUCTURES

    s = STRUCTURES["branches"]
    bound = binder.fields(s.name, s.fields, None, tree, names, node.span, ("paths", "split"))
    if bound is not None:
        node.fields, node.spans = bound
    merge, axis = node.fields.get("merge"), tree.entry("axis")
    if isinstance(merge, Constant) and merge.value != "concat" and axis is not None:
        message = f"`axis` has no meaning beside `merge: {merge.value}`"
        help = "leave it out: `concat` alone joins along an axis"
        binder.reporter.error("unknown-key", message, axis.key.span, help=help)


def _path(binder: NodeBinder, entry: Entry, names: Names) -> Path:
    name, when, tree = str(entry.key.value), None, entry.value
    binder.check_name(name, entry.key.span, "a path")
    if isinstance(tree, Mapping) and tree.get("body") is not None:
        guard = tree.get("when")
        if guard is not None:
            when = binder.values.bind(guard, BOOL, names, "when")
        for extra in tree:
            if extra.key.value not in ("when", "body"):
                binder.reporter.error(
                    "unknown-key", f"a path has `when` and `body`, not `{extra.key.value}`", extra.key.span
                )
        inner = tree.get("body")
        assert inner is not None, "bind: a path lost its body"
        tree = inner
    return Path(name, binder.body(tree, names.inner()), when, entry.key.span)


def _split(binder: NodeBinder, node: NodeSyntax, tree: Tree, names: Names) -> None:
    node.extra["split_span"] = tree.span
    if not isinstance(tree, Mapping):
        node.extra["split"] = binder.values.bind(tree, INT, names, "split", (2, None))
        return
    sizes: dict[str, ValueSyntax | None] = {}
    misspelt: set[str | None] = set()
    known = [path.name for path in node.paths]
    for entry in tree:
        word = str(entry.key.value)
        if word not in known:
            meant = nearest(word, known)
            misspelt.add(meant)
            binder.reporter.error(
                "unknown-path",
                f"there is no path `{word}`",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else f"the paths: {', '.join(known)}",
            )
        elif isinstance(entry.value, Scalar) and entry.value.value == "rest":
            sizes[word] = None
        else:
            size = binder.values.bind(entry.value, INT, names, word, (0, None))  # 0 where its path is off
            sizes[word] = Constant(1, entry.key.span) if size is None else size
    missing = [name for name in known if name not in sizes and name not in misspelt]
    if missing:
        binder.reporter.error(
            "missing-key", f"`split` leaves out path `{missing[0]}`", tree.span, help=f"`{missing[0]}: rest`"
        )
    if sum(size is None for size in sizes.values()) > 1:
        binder.reporter.error("wrong-type", "only one path takes the `rest`", tree.span)
    node.extra["split"] = sizes


def _parameter(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    if not isinstance(tree, Mapping) or not isinstance(tree.get("shape"), Mapping):
        binder.reporter.error(
            "missing-key", "`parameter` needs its `shape`", node.span, help="`parameter: {shape: {channels: 64}}`"
        )
        return
    shape = tree.get("shape")
    assert isinstance(shape, Mapping), "bind: a parameter lost its shape"
    sizes: dict[str, ValueSyntax | None] = {}
    for entry in shape:
        word = str(entry.key.value)
        if not word.isidentifier():
            binder.reporter.error("wrong-type", "an axis is a name", entry.key.span, help=f"such as {', '.join(AXES)}")
            continue
        sizes[word] = binder.values.bind(entry.value, INT, names, word, (1, None))
    node.extra["shape"] = sizes
    for entry in tree:
        if entry.key.value == "init":
            initial = bind_initial(binder, entry.value, names)
            if initial is not None:
                node.init = {"parameter": {"value": initial}}
        elif entry.key.value != "shape":
            word = str(entry.key.value)
            meant = nearest(word, ["shape", "init"])
            binder.reporter.error(
                "unknown-key",
                f"`parameter` has no field `{word}`",
                entry.key.span,
                help=f"did you mean `{meant}`?" if meant else "its fields: shape, init",
            )


def _beside_body(
    binder: NodeBinder, node: NodeSyntax, beside: tuple[Entry, ...], name: str, names: Names, required: bool = True
) -> None:
    entry = next((e for e in beside if e.key.value == name), None)
    if entry is not None:
        node.bodies[name] = binder.body(entry.value, names)
    elif required:
        binder.reporter.error("missing-key", f"`{node.head}` needs `{name}`", node.span, help=f"`{name}: [nodes]`")


def _for(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    inner = names.inner()
    if not isinstance(tree, Mapping) or not tree.entries:
        binder.reporter.error(
            "wrong-type", "`for` needs its columns", tree.span, help="`for: {dim: [64, 128]}` or `for: {i: depth}`"
        )
    elif tree.get("rows") is not None or isinstance(tree.get("columns"), Sequence):
        _table(binder, node, tree, names, inner)
    else:
        columns: dict[str, tuple[ValueSyntax, Span]] = {}
        for entry in tree:
            word = str(entry.key.value)
            if not word.isidentifier():
                binder.reporter.error("wrong-type", "a loop variable is a name", entry.key.span)
                continue
            value = entry.value
            if isinstance(value, Scalar) and value.value is None:
                value = Scalar(word, entry.key.span)
            bound = binder.values.bind(value, ANY, names, word)
            if bound is not None:
                columns[word] = (bound, entry.key.span)
            binder.bind_name(inner, word, None, entry.key.span)
        node.extra["columns"] = columns
    _beside_body(binder, node, beside, "do", inner)
    collect = next((e for e in beside if e.key.value == "collect"), None)
    if collect is not None:
        _collect(binder, node, collect.value, names, inner)


def _table(binder: NodeBinder, node: NodeSyntax, tree: Mapping, names: Names, inner: Names) -> None:
    heads, rows = tree.get("columns"), tree.get("rows")
    if not isinstance(heads, Sequence) or rows is None:
        binder.reporter.error(
            "missing-key", "a table has `columns` and `rows`", tree.span, help="columns: [a, b], rows: [[1, 2], …]"
        )
        return
    for entry in tree:
        if entry.key.value not in ("columns", "rows"):
            binder.reporter.error(
                "unknown-key", f"a table has `columns` and `rows`, not `{entry.key.value}`", entry.key.span
            )
    words = []
    for item in heads.items:
        word = item.value if isinstance(item, Scalar) else None
        if not isinstance(word, str) or not word.isidentifier():
            binder.reporter.error("wrong-type", "a column is a name", item.span)
            continue
        binder.bind_name(inner, word, None, item.span)
        words.append(word)
    if isinstance(rows, Sequence):
        for row in rows.items:
            if isinstance(row, Sequence) and len(row.items) != len(heads.items):
                binder.reporter.error(
                    "unequal-columns",
                    f"a row has {len(heads.items)} items, one per column",
                    row.span,
                    label=f"has {len(row.items)}",
                    notes=[Note("the columns", heads.span)],
                )
    node.extra["table"] = (words, binder.values.bind(rows, Type(("table",)), names, "rows"))


def _collect(binder: NodeBinder, node: NodeSyntax, tree: Tree, names: Names, inner: Names) -> None:
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`collect` is a mapping", tree.span, help="`collect: {skips: skip}`")
        return
    collected: dict[str, Computed] = {}
    for entry in tree:
        outer = binder.key_name(entry.key, "a collected list")
        found = bind_sources(binder, entry.value, inner)
        if isinstance(entry.value, Sequence) and len(entry.value.items) != 1:
            binder.reporter.error("wrong-type", "a collected list is of one value", entry.value.span)
        elif outer is not None and len(found) == 1:
            collected[outer] = found[0]
            binder.bind_name(names, outer, None, entry.key.span)
    node.extra["collect"] = collected


def _repeat(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    count = binder.values.bind(tree, INT, names, "repeat", (0, None))
    if count is not None:
        node.fields["count"] = count
        node.spans["count"] = tree.span
    _beside_body(binder, node, beside, "do", names.inner())


def _if(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    condition = binder.values.bind(tree, BOOL, names, "if")
    if condition is not None:
        node.fields["condition"] = condition
        node.spans["condition"] = tree.span
    _beside_body(binder, node, beside, "then", names.inner())
    _beside_body(binder, node, beside, "else", names.inner(), required=False)


def _let(binder: NodeBinder, node: NodeSyntax, tree: Tree, beside: tuple[Entry, ...], names: Names) -> None:
    if not isinstance(tree, Mapping):
        binder.reporter.error("wrong-type", "`let` is a mapping of names", tree.span, help="`let: {half: dim // 2}`")
        return
    for entry in tree:
        word = str(entry.key.value)
        if not word.isidentifier():
            binder.reporter.error("wrong-type", "`let` binds a name", entry.key.span)
            continue
        value = binder.values.bind(entry.value, ANY, names, word)
        if value is not None:
            node.fields[word] = value
        binder.bind_name(names, word, None, entry.key.span)


_SPECIAL: dict[str, Callable[[NodeBinder, NodeSyntax, Tree, tuple[Entry, ...], Names], None]] = {
    "branches": _branches,
    "parameter": _parameter,
    "for": _for,
    "repeat": _repeat,
    "if": _if,
    "let": _let,
}
