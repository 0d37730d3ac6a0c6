"""Binding bodies: a list of trees becomes nodes whose heads, fields and names are known to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.compiler import labels
from blueprint.compiler.bind_calls import call_arguments
from blueprint.compiler.bind_inits import bind_inits, bind_parameters
from blueprint.compiler.bind_sources import VALUE, bind_inputs, bind_sources, check_sources
from blueprint.compiler.bind_values import ValueBinder
from blueprint.compiler.reserved import RESERVED
from blueprint.compiler.structures import BESIDE, STRUCTURES, Structure
from blueprint.compiler.syntax import (
    Argument,
    Body,
    Names,
    NodeSyntax,
    ValueSyntax,
)
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.terms import Name
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree
from blueprint.language.types import ANY, Type, expectation, parse_type
from blueprint.ops import find, ops
from blueprint.ops.base import FieldInfo, Op

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOL = Type(("bool",))
_OTHER_WORDS = {"cat": "concat", "dense": "linear", "fc": "linear"}


class NodeBinder:
    """Binds the bodies of one file. `defaults`: the file's defaults, fields by op."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.defaults: dict[str, dict[str, Entry]] = {}
        self.bound_at: dict[str, Span] = {}
        self.coming: list[dict[str, Span]] = []
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
        given = [name for item in items if isinstance(item, Mapping) for name in _given_names(item)]
        self.coming.append({str(name.value): name.span for name in given})
        nodes = [node for item in items if (node := self.node(item, names)) is not None]
        self.coming.pop()
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
        found = self._mapping(tree, names)
        if found is None:
            self._name_anyway(tree, names)
        return found

    def _name_anyway(self, tree: Mapping, names: Names) -> None:
        """Bring the names that a node at fault binds into reach, so that nothing more is said of them."""
        collected = tree.get("collect")
        words = [name.value for name in _given_names(tree)]
        words += collected.keys() if isinstance(collected, Mapping) else []
        for word in words:
            if isinstance(word, str) and not names.variable(word):
                names.add(word, None, tree.span)

    def _mapping(self, tree: Mapping, names: Names) -> NodeSyntax | None:
        heads = [e for e in tree if e.key.value not in BESIDE]
        structural = next((e for e in heads if str(e.key.value) in STRUCTURES), None)
        allowed: list[str] = []
        if structural is not None:
            structure = STRUCTURES[str(structural.key.value)]
            allowed = [name for name, _ in structure.beside] + (["collect"] if structure.name == "for" else [])
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
                    head = f"`{first.key.value}`" if allowed else "an op"
                    there = ", ".join([*allowed, *BESIDE])
                    help = f"did you mean `{meant}`?" if meant else f"beside {head} stand {there}"
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
            plain = _OTHER_WORDS.get(word, word.removesuffix("2d"))
            meant = plain if plain in known else nearest(plain, known)
            self.reporter.error(
                "unknown-op",
                f"there is no op or block `{word}`",
                head.key.span,
                help=f"did you mean `{meant}`?"
                if meant
                else "`blueprint explain op` lists them; a package's ops are known once it is installed",
            )
            return None
        node = NodeSyntax(word, head.key.span, target, names=names)
        for entry in beside:
            if word == "let" and str(entry.key.value) in BESIDE:
                help = "`let` only names expressions; it holds to the end of its body"
                message = f"`{entry.key.value}` has no meaning beside `let`"
                self.reporter.error("unknown-key", message, entry.key.span, help=help)
            else:
                self._beside(node, entry, names)
        if word == "side" and "as" not in {str(entry.key.value) for entry in beside}:
            help = "it names the result, which nothing else passes on"
            self.reporter.error("missing-key", "`side` needs `as`", node.span, help=help)
        several = isinstance(target, type) and target.several
        if several and "as" not in {str(entry.key.value) for entry in beside}:
            help = "`as: [a, b]` names the parts, `as: parts` their list"
            self.reporter.error("missing-key", f"`{word}` gives several values and needs `as`", node.span, help=help)
        elif node.as_names is not None and not several:
            help = "give the node one name"
            self.reporter.error("wrong-type", f"`{word}` gives one value", node.named[0][1], help=help)
        check_sources(self, node)
        if isinstance(target, Structure):
            self._structure(node, target, head.value, beside, names, bare)
        elif isinstance(target, str):
            self._call(node, head.value, names, bare)
        else:
            self._op(node, target, head.value, names, bare)
        for name, span in node.named:
            self.bind_name(names, name, VALUE if not several or node.as_names is not None else None, span)
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
        self.bound_at.setdefault(name, span)

    def key_name(self, tree: Tree, what: str) -> str | None:
        """A name that becomes a part of the state_dict's keys, or None after a fault."""
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self.reporter.error("wrong-type", f"{what} is a name", tree.span)
            return None
        return self.check_name(tree.value, tree.span, what)

    def check_name(self, name: str, span: Span, what: str, reserved: bool = True) -> str | None:
        """The name if it is an identifier, and by `reserved` one that torch leaves free, else None, reported."""
        if not name.isidentifier():
            self.reporter.error("wrong-type", f"{what} is a name of letters, digits and `_`", span)
            return None
        if reserved and (name in RESERVED or name.startswith("_")):
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
            listed = isinstance(value, Sequence)
            trees = value.items if isinstance(value, Sequence) else (value,)
            found = [(name, tree.span) for tree in trees if (name := self.key_name(tree, "`as`")) is not None]
            node.named = tuple(found)
            node.as_name = found[0][0] if found and not listed else None
            node.as_names = tuple(name for name, _ in found) if listed and found else None
            if not trees:
                self.reporter.error("wrong-type", "`as` names nothing", value.span, help="`as: [a, b]` names two parts")
        elif key == "share":
            node.share = self.key_name(value, "`share`")
        elif key == "when":
            node.when = self.values.bind(value, BOOL, names, "when")
        elif key == "from":
            node.sources = bind_sources(self, value, names)
            node.spans["from"] = value.span
        elif key == "init":
            target = node.target
            if isinstance(target, type):
                node.init = {node.head: bind_parameters(self, value, names)}
            else:
                node.init = bind_inits(self, value, names)

    def _op(self, node: NodeSyntax, op: type[Op], tree: Tree, names: Names, bare: bool) -> None:
        infos = op.fields()
        if op.arity is None or op.arity > 1:
            fields = bind_inputs(self, node, op, tree, names)
            if fields is None:
                return
            tree = fields
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
        misspelt: set[str | None] = set()
        good = True
        if isinstance(tree, Mapping):
            for entry in tree:
                word = str(entry.key.value)
                if word in ignore:
                    continue
                if word not in by_name:
                    good = False
                    meant = nearest(word, list(by_name))
                    misspelt.add(meant)
                    known = ", ".join(by_name) or "none"
                    help = f"did you mean `{meant}`?" if meant else f"its fields: {known}"
                    if word in BESIDE:
                        help = f"`{word}` stands beside the op, not among its fields: `{{{head}: …, {word}: …}}`"
                    self.reporter.error("unknown-key", f"`{head}` has no field `{word}`", entry.key.span, help=help)
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
            limits = (info.minimum, info.maximum)
            result = self.values.field(value, parse_type(info.type), names, word, limits, place)
            if result is None:
                good = False
            else:
                bound[word] = result
        for info in infos:
            if info.required and info.name not in {word for word, _, _ in entries}:
                good = False
                if info.name in misspelt:
                    continue
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
                wanted = {p: Argument(p, ANY, None, False, node.span) for p in kind.parameters}
                call_arguments(self, node, wanted, f"body `{node.head}`")
            elif node.arguments is not None:
                for entry in node.arguments:
                    if isinstance(entry.value, Scalar) and entry.value.value is None:
                        self.values.check_names(Name(str(entry.key.value), 0, 1), ANY, names, entry.key.span)
            return
        block = names.library.find(node.head)
        if block is not None and block.arguments is not None:
            call_arguments(self, node, block.arguments, f"block `{node.head}`")

    def _structure(
        self, node: NodeSyntax, s: Structure, tree: Tree, beside: Iterable[Entry], names: Names, bare: bool
    ) -> None:
        from blueprint.compiler.bind_structures import bind_structure

        bind_structure(self, node, s, tree, tuple(beside), names, bare)


def _may_run(kind: Type | None) -> bool:
    """Whether a variable of this type may be a body; of loop variables nothing is known."""
    return kind is None or kind == ANY or kind.is_body


def _given_names(tree: Mapping) -> list[Scalar]:
    """The names that a node's `as` gives."""
    given = tree.get("as")
    return [name for name in (given.items if isinstance(given, Sequence) else (given,)) if isinstance(name, Scalar)]
