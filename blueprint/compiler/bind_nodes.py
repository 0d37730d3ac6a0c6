"""Binding bodies: a list of trees becomes nodes whose heads, fields and names are known to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.compiler import labels
from blueprint.compiler.bind_values import ValueBinder
from blueprint.compiler.reserved import RESERVED
from blueprint.compiler.structures import BESIDE, STRUCTURES, Structure
from blueprint.compiler.syntax import (
    Argument,
    Body,
    Computed,
    Initial,
    Inits,
    Names,
    NodeSyntax,
    ValueSyntax,
)
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.expression import Name
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree
from blueprint.language.types import ANY, Type, expectation, parse_type
from blueprint.ops import find, initialisers, ops
from blueprint.ops.base import FieldInfo, Op

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOL = Type(("bool",))
VALUE = Type(("map", "tokens", "vector"))


class NodeBinder:
    """Binds the bodies of one file. `defaults`: the file's defaults, fields by op."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.defaults: dict[str, dict[str, Entry]] = {}
        self.values = ValueBinder(reporter, self.value_body, self.known_bodies)

    def known_bodies(self, names: Names) -> list[str]:
        """The names that can stand where a body is wanted, variables aside."""
        return [*names.library.names(), *ops()]

    def value_body(self, tree: Tree, names: Names) -> Body | None:
        """A body written where a value is wanted, its labels assigned."""
        before = len(self.reporter.found)
        body = self.body(tree, names)
        if len(self.reporter.found) > before:
            return None
        labels.assign(body)
        return body

    def body(self, tree: Tree, names: Names) -> Body:
        """The body that a list of nodes, or one node, writes; `names` gains what it binds."""
        if isinstance(tree, Scalar) and tree.value is None:
            self.reporter.error(
                "wrong-type", "a body is a list of nodes", tree.span, help="write `[]` for one that does nothing"
            )
            return Body((), tree.span)
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        nodes = [node for item in items if (node := self.node(item, names)) is not None]
        return Body(tuple(nodes), tree.span)

    def node(self, tree: Tree, names: Names) -> NodeSyntax | None:
        """One node, or None after a fault in its head."""
        if isinstance(tree, Scalar):
            if not isinstance(tree.value, str):
                self.reporter.error("wrong-type", "a node is an op's name or `op: fields`", tree.span)
                return None
            return self._headed(Entry(tree, Scalar(None, tree.span)), (), names, bare=True)
        if isinstance(tree, Sequence):
            self.reporter.error("wrong-type", "a node is an op's name or `op: fields`, not a list", tree.span)
            return None
        return self._mapping(tree, names)

    def _mapping(self, tree: Mapping, names: Names) -> NodeSyntax | None:
        heads = [e for e in tree if e.key.value not in BESIDE]
        structural = next((e for e in heads if str(e.key.value) in STRUCTURES), None)
        allowed: set[str] = set()
        if structural is not None:
            structure = STRUCTURES[str(structural.key.value)]
            allowed = {name for name, _ in structure.beside} | ({"collect"} if structure.name == "for" else set())
        known = [e for e in heads if str(e.key.value) not in allowed]
        if len(known) == 1:
            beside = tuple(e for e in tree if e is not known[0])
            return self._headed(known[0], beside, names)
        if not known:
            self.reporter.error("missing-key", "a node needs an op", tree.span, help="write `op: fields`")
            return None
        first = structural or next((e for e in known if self._is_head(str(e.key.value), names)), known[0])
        for entry in known:
            if entry is first:
                continue
            word = str(entry.key.value)
            if self._is_head(word, names):
                self.reporter.error(
                    "unknown-key",
                    f"a node has one op, and this one has `{first.key.value}` and `{word}`",
                    entry.key.span,
                    help="write each as an item of its own, with a `-` before it",
                )
            else:
                fields = self._field_names(str(first.key.value), names)
                help = ""
                if word in fields:
                    help = f"`{word}` is a field of `{first.key.value}`: indent it below, or put it in its braces"
                else:
                    meant = nearest(word, [*BESIDE, *allowed])
                    help = f"did you mean `{meant}`?" if meant else f"beside an op stand {', '.join(BESIDE)}"
                self.reporter.error(
                    "unknown-key", f"`{word}` has no meaning beside `{first.key.value}`", entry.key.span, help=help
                )
        return None

    def _is_head(self, word: str, names: Names) -> bool:
        return word in STRUCTURES or find(word) is not None or bool(names.library.find(word)) or names.variable(word)

    def _field_names(self, head: str, names: Names) -> list[str]:
        structure, op, block = STRUCTURES.get(head), find(head), names.library.find(head)
        if structure is not None:
            return [f.name for f in structure.fields] + [r for r, _ in structure.roles]
        if block is not None:
            return list(block.arguments or ())
        return [f.name for f in op.fields()] if op is not None else []

    def _headed(self, head: Entry, beside: Iterable[Entry], names: Names, bare: bool = False) -> NodeSyntax | None:
        word = str(head.key.value)
        target: type[Op] | Structure | str | None = None
        if (names.variable(word) and _may_run(names.type_of(word))) or names.library.find(word) is not None:
            target = word
        else:
            target = STRUCTURES.get(word) or find(word)
        if target is None and names.variable(word):
            kind = names.type_of(word)
            assert kind is not None, "bind: a variable that may run and has no target"
            self.reporter.error(
                "unknown-op", f"`{word}` is {expectation(kind)}, not a body that could run", head.key.span
            )
            return None
        if target is None:
            known = [*STRUCTURES, *self.known_bodies(names), *names.variables()]
            meant = nearest(word, known)
            self.reporter.error(
                "unknown-op",
                f"there is no op or block `{word}`",
                head.key.span,
                help=f"did you mean `{meant}`?" if meant else "",
            )
            return None
        node = NodeSyntax(word, head.key.span, target, names=names)
        for entry in beside:
            self._beside(node, entry, names)
        if isinstance(target, Structure):
            self._structure(node, target, head.value, beside, names, bare)
        elif isinstance(target, str):
            self._call(node, head.value, names, bare)
        else:
            self._op(node, target, head.value, names, bare)
        if node.as_name is not None and node.head != "let":
            self.bind_name(names, node.as_name, VALUE, node.as_span or node.span)
        return node

    def bind_name(self, names: Names, name: str, kind: Type | None, span: Span) -> None:
        """Bring a name into reach; one that the same block binds already is a fault."""
        if name in ("x", "in_channels"):
            self.reporter.error("reserved-name", f"`{name}` has a meaning of its own in every body", span)
            return
        former = names.own(name)
        if former is not None:
            self.reporter.error("duplicate-name", f"`{name}` is bound twice", span, notes=[Note("first here", former)])
            return
        names.add(name, kind, span)

    def key_name(self, tree: Tree, what: str) -> str | None:
        """A name that becomes a part of the state_dict's keys, or None after a fault."""
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self.reporter.error("wrong-type", f"{what} is a name", tree.span)
            return None
        return self.check_name(tree.value, tree.span, what)

    def check_name(self, name: str, span: Span, what: str) -> str | None:
        """The name if it is an identifier that torch leaves free, else None, reported."""
        if not name.isidentifier():
            self.reporter.error("wrong-type", f"{what} is a name of letters, digits and `_`", span)
            return None
        if name in RESERVED or name.startswith("_"):
            self.reporter.error(
                "reserved-name",
                f"`{name}` is taken: every torch module has an attribute of that name"
                if name in RESERVED
                else f"`{name}` begins with `_`, which torch keeps for itself",
                span,
                help=f"take another name, such as `{name.strip('_')}_path`" if name.strip("_") else "",
            )
            return None
        return name

    def _beside(self, node: NodeSyntax, entry: Entry, names: Names) -> None:
        key, value = str(entry.key.value), entry.value
        if key == "as":
            node.as_name, node.as_span = self.key_name(value, "`as`"), value.span
        elif key == "share":
            node.share = self.key_name(value, "`share`")
        elif key == "when":
            node.when = self.values.bind(value, BOOL, names, "when")
        elif key == "from":
            node.sources = self.value_names(value, names)
        elif key == "init":
            target = node.target
            if isinstance(target, type):
                node.init = {node.head: self.parameters_init(value, names)}
            else:
                node.init = self.inits(value, names)

    def value_names(self, tree: Tree, names: Names) -> tuple[tuple[str, Span], ...]:
        """The names of values in a list, or one; those that are not known are reported."""
        found = []
        for item in tree.items if isinstance(tree, Sequence) else (tree,):
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                self.reporter.error("wrong-type", "a value is given by its name", item.span)
                continue
            word = item.value
            if word != "x" and not names.variable(word):
                meant = nearest(word, ["x", *names.variables()])
                self.reporter.error(
                    "unknown-name",
                    f"nothing here is called `{word}`",
                    item.span,
                    help=f"did you mean `{meant}`?" if meant else "name a value with `as` where it is made",
                )
                continue
            found.append((word, item.span))
        return tuple(found)

    def inits(self, tree: Tree, names: Names) -> Inits:
        """Initialisers by op and parameter."""
        if not isinstance(tree, Mapping):
            self.reporter.error("wrong-type", "`init` is a mapping of ops", tree.span)
            return {}
        found: Inits = {}
        for entry in tree:
            word = str(entry.key.value)
            if find(word) is None:
                meant = nearest(word, list(ops()))
                self.reporter.error(
                    "unknown-op",
                    f"there is no op `{word}`",
                    entry.key.span,
                    help=f"did you mean `{meant}`?" if meant else "",
                )
                continue
            found[word] = self.parameters_init(entry.value, names)
        return found

    def parameters_init(self, tree: Tree, names: Names) -> dict[str, Initial]:
        """Initialisers by parameter."""
        if not isinstance(tree, Mapping):
            self.reporter.error(
                "wrong-type", "an op's `init` is a mapping of its parameters", tree.span, help="`{weight: zeros}`"
            )
            return {}
        found = {}
        for entry in tree:
            initial = self.initial(entry.value, names)
            if initial is not None:
                found[str(entry.key.value)] = initial
        return found

    def initial(self, tree: Tree, names: Names) -> Initial | None:
        """An initialiser: a name, `{name: value}` or `{name: {settings}}`."""
        settings: Tree | None = None
        if isinstance(tree, Mapping) and len(tree.entries) == 1:
            name, span, settings = str(tree.entries[0].key.value), tree.entries[0].key.span, tree.entries[0].value
        elif isinstance(tree, Scalar) and isinstance(tree.value, str):
            name, span = tree.value, tree.span
        else:
            self.reporter.error("wrong-type", "an initialiser is a name or `{name: settings}`", tree.span)
            return None
        known = initialisers.initialisers()
        if name not in known:
            meant = nearest(name, list(known))
            self.reporter.error(
                "unknown-name",
                f"there is no initialiser `{name}`",
                span,
                help=f"did you mean `{meant}`?" if meant else f"they are {', '.join(known)}",
            )
            return None
        initialiser = known[name]
        bound = self.fields(name, initialiser.fields, initialiser.main, settings, names, span)
        return None if bound is None else Initial(name, bound[0], span)

    def _op(self, node: NodeSyntax, op: type[Op], tree: Tree, names: Names, bare: bool) -> None:
        infos = op.fields()
        if op.arity is None or (op.arity > 1 and not node.sources):
            inputs = tree
            if isinstance(tree, Mapping):
                inputs = tree.get("inputs") or tree
                entry = tree.entry("inputs")
                rest = Mapping(tuple(e for e in tree if e is not entry), tree.span)
                if entry is None and node.sources:
                    inputs = Scalar(None, tree.span)
                elif entry is None:
                    self.reporter.error(
                        "missing-key", f"`{node.head}` needs its inputs", node.span, help=f"`{node.head}: [a, b]`"
                    )
                    return
                tree = rest
            else:
                tree = Mapping((), tree.span)
            if isinstance(inputs, Scalar) and inputs.value is None and node.sources:
                pass
            elif not isinstance(inputs, Sequence):
                self.reporter.error(
                    "missing-key", f"`{node.head}` needs its inputs by name", node.span, help=f"`{node.head}: [a, b]`"
                )
                return
            else:
                node.sources = self.value_names(inputs, names)
            if op.arity is not None and len(node.sources) != op.arity:
                self.reporter.error("wrong-type", f"`{node.head}` takes {op.arity} inputs", node.span)
                return
        bound = self.fields(node.head, infos, op.main, None if bare else tree, names, node.span)
        if bound is not None:
            node.fields, node.spans = bound

    def fields(
        self,
        head: str,
        infos: tuple[FieldInfo, ...],
        main: str | None,
        tree: Tree | None,
        names: Names,
        span: Span,
        ignore: tuple[str, ...] = (),
    ) -> tuple[dict[str, ValueSyntax], dict[str, Span]] | None:
        """The fields of an op or structure, bound by their types, and where each stands; None after a fault."""
        by_name = {info.name: info for info in infos}
        entries: list[tuple[str, Tree, Span]] = []
        good = True
        if isinstance(tree, Mapping):
            for entry in tree:
                word = str(entry.key.value)
                if word in ignore:
                    continue
                if word not in by_name:
                    good = False
                    meant = nearest(word, list(by_name))
                    known = ", ".join(by_name) or "none"
                    self.reporter.error(
                        "unknown-key",
                        f"`{head}` has no field `{word}`",
                        entry.key.span,
                        help=f"did you mean `{meant}`?" if meant else f"its fields: {known}",
                    )
                    continue
                entries.append((word, entry.value, entry.key.span))
        elif tree is not None and not (isinstance(tree, Scalar) and tree.value is None):
            if main is None or main not in by_name:
                self.reporter.error(
                    "wrong-type",
                    f"`{head}` takes no bare value",
                    tree.span,
                    help=f"its fields: {', '.join(by_name)}" if by_name else f"write `{head}` alone",
                )
                return None
            entries.append((main, tree, tree.span))
        given = {word for word, _, _ in entries}
        for word, entry in self.defaults.get(head, {}).items():
            if word not in given and word in by_name:
                entries.append((word, entry.value, entry.key.span))
        bound: dict[str, ValueSyntax] = {}
        for word, value, place in entries:
            info = by_name[word]
            if isinstance(value, Scalar) and value.value is None:
                if not names.variable(word):
                    good = False
                    self.reporter.error(
                        "unknown-name",
                        f"`{word}` has no value, and nothing in reach is called `{word}`",
                        place,
                        help="a field with no value takes the name that it bears",
                    )
                    continue
                bound[word] = Computed(Name(word, 0, len(word)), place)
                continue
            result = self.values.bind(value, parse_type(info.type), names, word, (info.minimum, info.maximum))
            if result is None:
                good = False
            else:
                bound[word] = result
        for info in infos:
            if info.required and info.name not in {word for word, _, _ in entries}:
                good = False
                self.reporter.error(
                    "missing-key", f"`{head}` needs `{info.name}`", span, help=f"{info.name}: {info.type}, {info.help}"
                )
        return (bound, {word: place for word, _, place in entries}) if good else None

    def _call(self, node: NodeSyntax, tree: Tree, names: Names, bare: bool) -> None:
        if isinstance(tree, Mapping):
            node.arguments = tree
        elif not bare and not (isinstance(tree, Scalar) and tree.value is None):
            node.main = tree
        node.names = names
        if names.variable(node.head):
            given = node.arguments or node.main
            if given is not None and (node.head in STRUCTURES or find(node.head) is not None):
                self.reporter.error(
                    "name-clash",
                    f"`{node.head}` is an op, and also a name in reach here",
                    node.span,
                    help="a name that hides an op runs without fields; give it another name",
                )
                return
            kind = names.type_of(node.head)
            if kind is not None and kind.parameters:
                wanted = {p: Argument(p, ANY, None, node.span) for p in kind.parameters}
                self.call_arguments(node, wanted, f"body `{node.head}`")
            elif node.arguments is not None:
                for entry in node.arguments:
                    if isinstance(entry.value, Scalar) and entry.value.value is None:
                        self.values.check_names(Name(str(entry.key.value), 0, 1), ANY, names, entry.key.span)
            return
        block = names.library.find(node.head)
        if block is not None and block.arguments is not None:
            self.call_arguments(node, block.arguments, f"block `{node.head}`")

    def call_arguments(self, node: NodeSyntax, wanted: dict[str, Argument], what: str) -> dict[str, ValueSyntax] | None:
        """A call's arguments bound to the callee's types, once per callee; None after a fault."""
        key = tuple((a.name, a.type, a.default is None) for a in wanted.values())
        if key not in node.bound:
            node.bound[key] = self._call_arguments(node, wanted, what)
        return node.bound[key]

    def _call_arguments(
        self, node: NodeSyntax, wanted: dict[str, Argument], what: str
    ) -> dict[str, ValueSyntax] | None:
        assert node.names is not None, "bind: a call without the names in its reach"
        names = node.names
        entries: list[tuple[str, Tree, Span]] = []
        good = True
        if node.arguments is not None:
            for entry in node.arguments:
                word = str(entry.key.value)
                if word not in wanted:
                    good = False
                    meant = nearest(word, list(wanted))
                    self.reporter.error(
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
                self.reporter.error(
                    "unknown-argument", f"{what} takes no arguments", node.main.span, help=f"write `{node.head}` alone"
                )
                return None
            entries.append((next(iter(wanted)), node.main, node.main.span))
        bound: dict[str, ValueSyntax] = {}
        for word, tree, place in entries:
            argument = wanted[word]
            node.spans[word] = place
            if isinstance(tree, Scalar) and tree.value is None:
                if not names.variable(word):
                    good = False
                    self.reporter.error(
                        "unknown-name",
                        f"`{word}` has no value, and nothing in reach is called `{word}`",
                        place,
                        help="an argument with no value takes the name that it bears",
                    )
                    continue
                bound[word] = Computed(Name(word, 0, len(word)), place)
                continue
            value = self.values.bind(tree, argument.type, names, word, (argument.minimum, argument.maximum))
            if value is None:
                good = False
            else:
                bound[word] = value
        given = {word for word, _, _ in entries}
        for argument in wanted.values():
            if argument.default is None and argument.name not in given:
                good = False
                self.reporter.error(
                    "missing-key",
                    f"{what} needs `{argument.name}`",
                    node.span,
                    notes=[Note("declared here", argument.span)] if argument.span != node.span else [],
                )
        return bound if good else None

    def _structure(
        self, node: NodeSyntax, s: Structure, tree: Tree, beside: Iterable[Entry], names: Names, bare: bool
    ) -> None:
        from blueprint.compiler.bind_structures import bind_structure

        bind_structure(self, node, s, tree, tuple(beside), names, bare)


def _may_run(kind: Type | None) -> bool:
    """Whether a variable of this type may be a body; of loop variables nothing is known."""
    return kind is None or kind == ANY or kind.is_body
