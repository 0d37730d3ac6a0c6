"""Computing fields: what the syntax of a value stands for at a place, and how faults there are reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.bind_values import limit_text, within
from blueprint.compiler.elaborate.place import InitMap, Place
from blueprint.compiler.elaborate.values import POISON, Env, LiteralBody, Poisoned, Value
from blueprint.compiler.graph import Initialiser
from blueprint.compiler.syntax import BodyLiteral, Computed, Constant, Deferred, Inits, NodeSyntax, ValueSyntax
from blueprint.diagnostics import Diagnostic, Note, Reporter, Span
from blueprint.language.evaluate import MISSING, evaluate
from blueprint.language.terms import ExpressionFault
from blueprint.language.tree import Mapping as TreeMapping
from blueprint.language.tree import Sequence as TreeSequence
from blueprint.language.tree import Tree
from blueprint.language.types import ANY, Mismatch, Type, ValueLike, coerce, describe, parse_type, show
from blueprint.ops import Op
from blueprint.ops.initialisers import initialisers

BODY = Type(parameters=())
SHOWN_CALLS = 8
MAX_COMPUTED = 2_000_000
Limits = tuple[float | None, float | None]
_AXES = ("channels", "height", "width", "tokens")


_RULES: dict[str, dict[str, tuple[Type, Limits]]] = {}


def rules(op: type[Op]) -> dict[str, tuple[Type, Limits]]:
    """The type and limits of each field of an op."""
    found = _RULES.get(op.name)
    if found is None:
        infos = op.fields()
        found = {info.name: (parse_type(info.type), (info.minimum, info.maximum)) for info in infos}
        _RULES[op.name] = found
    return found


class At(NamedTuple):
    """Where a node runs: the names in reach, the body's input, the value that enters it, the place."""

    env: Env
    x: Value
    current: Value
    place: Place


class _Scope:
    """The names of an expression at a place."""

    def __init__(self, run: Computing, at: At) -> None:
        self.run, self.at = run, at

    def lookup(self, name: str) -> object:
        if name == "x":
            return self.at.x
        if name == "in_channels":
            if self.at.current.type is None:
                raise Poisoned
            return self.at.current.type.channels
        found = self.at.env.lookup(name)
        if found is POISON or isinstance(found, Poisoned):
            raise Poisoned
        return found

    def body(self, name: str) -> object:
        return self.at.env.body(name)

    def known(self) -> list[str]:
        return ["x", "in_channels", *self.at.env.all_names()]

    def attribute(self, value: ValueLike, name: str) -> object:
        assert isinstance(value, Value), "elaborate: a foreign value"
        if value.type is None:
            raise Poisoned
        size = value.type.size(name) if name in _AXES else None
        if size is None:
            return MISSING
        if name != "channels":
            self.run.fixed_size = True
        return size


class Computing:
    """Computes the fields of nodes. Faults go to the reporter, each with the calls that led to it."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.binder = NodeBinder(reporter)
        self.fixed_size = False
        self.computed = 0
        self.exhausted = False
        self._late: dict[tuple[int, Type], ValueSyntax | None] = {}

    def value(
        self,
        syntax: ValueSyntax,
        kind: Type,
        at: At,
        what: str,
        limits: Limits = (None, None),
    ) -> object:
        """What a field's syntax stands for here; raises Poisoned after a fault, which is reported."""
        if isinstance(syntax, Constant):
            return syntax.value
        if isinstance(syntax, Deferred):
            return self._deferred(syntax, kind, at, what)
        if isinstance(syntax, BodyLiteral):
            return LiteralBody(syntax, at.env)
        result: object
        if isinstance(syntax, Computed):
            result = self._evaluated(syntax, at, kind.members)
        else:
            element = kind.element or ANY
            result = [self.value(item, element, at, what) for item in syntax.items]
        try:
            result = coerce(result, kind)
        except Mismatch as fault:
            self.report("wrong-type", f"`{what}` {fault}", syntax.span, at, help=_mending(result, kind))
            raise Poisoned from None
        if not within(result, limits):
            self.report("out-of-range", f"`{what}` {limit_text(limits)}", syntax.span, at, label=f"is {show(result)}")
            raise Poisoned
        return result

    def _evaluated(self, syntax: Computed, at: At, members: tuple[str, ...] = ()) -> object:
        if self.computed > MAX_COMPUTED:
            message = f"the expressions of a spec take at most {MAX_COMPUTED:,} steps together"
            self.report("budget", message, syntax.span, at, help="compute what nodes share once, with `let`")
            self.exhausted = True
            raise Poisoned
        try:
            return evaluate(syntax.expression, _Scope(self, at), members, self._spend)
        except ExpressionFault as fault:
            span = syntax.span.within(fault.start, fault.end)
            self.report(fault.code, str(fault), span, at, label=fault.label, help=fault.help)
            raise Poisoned from None

    def _spend(self, steps: int) -> None:
        self.computed += steps

    def _deferred(self, syntax: Deferred, kind: Type, at: At, what: str) -> object:
        tree: Tree = syntax.tree
        if kind == ANY and isinstance(tree, TreeSequence):
            kinds = [BODY if isinstance(item, TreeMapping) else ANY for item in tree.items]
            bound = [self._bound(item, k, syntax, what, at) for item, k in zip(tree.items, kinds, strict=True)]
            return [self.value(item, ANY, at, what) for item in bound]
        return self.value(self._bound(tree, BODY if kind == ANY else kind, syntax, what, at), kind, at, what)

    def _bound(self, tree: Tree, kind: Type, syntax: Deferred, what: str, at: At) -> ValueSyntax:
        key = (id(tree), kind)
        if key not in self._late:
            with self.trailing(at):
                self._late[key] = self.binder.values.bind(tree, kind, syntax.names, what)
        bound = self._late[key]
        if bound is None:
            raise Poisoned
        return bound

    def field(self, node: NodeSyntax, name: str, default: object, at: At, kind: str) -> object:
        """A structure's field by its TYPE, or `default` where it is left out."""
        syntax = node.fields.get(name)
        if syntax is None:
            return default
        assert not isinstance(node.target, str | type), "elaborate: a field of what is no structure"
        info = next((f for f in node.target.fields if f.name == name), None)
        limits = (info.minimum, info.maximum) if info is not None else (None, None)
        return self.value(syntax, parse_type(kind), at, name, limits)

    def values_of(self, syntax: Computed, at: At) -> list[Value]:
        """The values between nodes that a name or an expression stands for: one, or those of a list."""
        found = self._evaluated(syntax, at)
        values = found if isinstance(found, list) else [found]
        wrong = next((value for value in values if not isinstance(value, Value)), None)
        if wrong is not None or not values:
            label = f"is {describe(wrong)}" if wrong is not None else "is an empty list"
            self.report("wrong-type", "a value between nodes is needed here", syntax.span, at, label=label)
            raise Poisoned
        return [value for value in values if isinstance(value, Value)]

    def one_value(self, syntax: Computed, at: At, what: str) -> Value:
        """The one value between nodes that a name or an expression stands for."""
        values = self.values_of(syntax, at)
        if len(values) > 1:
            self.report("wrong-type", f"{what} is one value", syntax.span, at, label=f"is a list of {len(values)}")
            raise Poisoned
        return values[0]

    def inits(self, inits: Inits, at: At) -> InitMap:
        """Initialisers as written, with their settings computed here."""
        found: dict[str, dict[str, tuple[Initialiser, Span]]] = {}
        for op, by_parameter in inits.items():
            for name, initial in by_parameter.items():
                infos = {info.name: info for info in initialisers()[initial.name].fields}
                settings = {
                    key: self.value(
                        syntax, parse_type(infos[key].type), at, key, (infos[key].minimum, infos[key].maximum)
                    )
                    for key, syntax in initial.settings.items()
                }
                initialiser = Initialiser(initial.name, tuple(settings.items()))  # type: ignore[arg-type]
                found.setdefault(op, {})[name] = (initialiser, initial.span)
        return found

    # Faults.

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        at: At,
        *,
        label: str = "",
        notes: tuple[Note, ...] = (),
        help: str = "",
    ) -> None:
        """Report a fault with the calls that led to it."""
        self.reporter.add(Diagnostic(code, message, span, label, (*notes, *trail(at.place)), help))

    @contextmanager
    def trailing(self, at: At) -> Iterator[None]:
        """What the binder reports inside is reported with the calls that led here."""
        before = len(self.reporter.found)
        yield
        for index in range(before, len(self.reporter.found)):
            found = self.reporter.found[index]
            self.reporter.found[index] = replace(found, notes=(*found.notes, *trail(at.place)))


def _mending(value: object, kind: Type) -> str:
    """What to do with a number where another sort of it is wanted."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and kind.bases == ("bool",):
        return "compare it: `> 0`, `!= 0`"
    if isinstance(value, float) and {"int", "size"} & set(kind.bases):
        return "`//` divides without a rest; `round`, `floor` and `ceil` make a whole number"
    return ""


def trail(place: Place) -> tuple[Note, ...]:
    """The calls that led to a place, innermost first: those alike are told once, the middle of many is left out."""
    notes = [Note(place.round.lstrip(", "))] if place.round else []
    for note, alike in groupby(place.calls):
        times = len(list(alike))
        notes.append(Note(f"{note.message}, {times} times over") if times > 1 else note)
    if len(notes) > SHOWN_CALLS:
        left = len(notes) - SHOWN_CALLS + 1
        notes = [*notes[: SHOWN_CALLS - 2], Note(f"{left} more calls"), notes[-1]]
    return tuple(notes)
