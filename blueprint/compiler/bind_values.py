"""Binding values: a tree where a value is wanted becomes a constant, an expression, a list or a body."""

from __future__ import annotations

from collections.abc import Callable

from blueprint.compiler.syntax import Body, BodyLiteral, Computed, Constant, Deferred, Names, Several, ValueSyntax
from blueprint.diagnostics import Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.expression import ENTERING, parse
from blueprint.language.expression_faults import MAX_MAGNITUDE, unknown_function
from blueprint.language.functions import FUNCTIONS
from blueprint.language.terms import Call, Expression, ExpressionFault, Literal, Name, free_names, walk
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree
from blueprint.language.types import ANY, Mismatch, Type, coerce, expectation, show

BodyBinder = Callable[[Tree, Names], "Body | None"]


class ValueBinder:
    """Binds values of one file, reporting every fault that the text alone shows."""

    def __init__(self, reporter: Reporter, body: BodyBinder, known_bodies: Callable[[Names], list[str]]) -> None:
        self.reporter = reporter
        self.body = body
        self.known_bodies = known_bodies

    def bind(
        self,
        tree: Tree,
        kind: Type,
        names: Names,
        what: str,
        limits: tuple[float | None, float | None] = (None, None),
    ) -> ValueSyntax | None:
        """The value of a field `what` of type `kind`; None after a fault, which is reported."""
        if isinstance(tree, Mapping):
            return self._mapping(tree, kind, names, what)
        if isinstance(tree, Sequence):
            return self._sequence(tree, kind, names, what, limits)
        if isinstance(tree.value, str):
            return self._text(tree, kind, names, what, limits)
        if tree.value is None:
            self.reporter.error("wrong-type", f"`{what}` has no value", tree.span, help=f"it needs {expectation(kind)}")
            return None
        return self.constant(tree.value, kind, tree.span, what, limits)

    def field(
        self,
        tree: Tree,
        kind: Type,
        names: Names,
        what: str,
        limits: tuple[float | None, float | None],
        place: Span,
        sort: str = "field",
    ) -> ValueSyntax | None:
        """As `bind`, for a field or argument at `place`: one with no value takes the name that it bears."""
        if not isinstance(tree, Scalar) or tree.value is not None:
            return self.bind(tree, kind, names, what, limits)
        if names.variable(what):
            return Computed(Name(what, 0, len(what)), place)
        self.reporter.error(
            "unknown-name",
            f"`{what}` has no value, and nothing in reach is called `{what}`",
            place,
            help=f"{'an' if sort[0] in 'aeiou' else 'a'} {sort} with no value takes the name that it bears",
        )
        return None

    def constant(
        self,
        value: object,
        kind: Type,
        span: Span,
        what: str,
        limits: tuple[float | None, float | None] = (None, None),
    ) -> Constant | None:
        """A literal of the type, or None after a fault."""
        if isinstance(value, int | float) and not abs(value) < MAX_MAGNITUDE:
            self.reporter.error("budget", "a number stays under 2**63", span)
            return None
        try:
            value = coerce(value, kind)
        except Mismatch as fault:
            self.reporter.error("wrong-type", f"`{what}` {fault}", span, help=_as_list(value, kind))
            return None
        if not within(value, limits):
            self.reporter.error("out-of-range", f"`{what}` {limit_text(limits)}", span, label=f"is {show(value)}")
            return None
        return Constant(value, span)

    def _mapping(self, tree: Mapping, kind: Type, names: Names, what: str) -> ValueSyntax | None:
        if kind.is_body:
            return self._literal(tree, kind, names, True)
        if kind == ANY:
            return Deferred(tree, names, tree.span)
        self.reporter.error("wrong-type", f"`{what}` needs {expectation(kind)}, not a mapping", tree.span)
        return None

    def _literal(self, tree: Tree, kind: Type, names: Names, single: bool) -> ValueSyntax | None:
        inner = names.inner(is_block=True)
        for parameter in kind.parameters or ():
            inner.add(parameter, None, tree.span)
        body = self.body(tree, inner)
        return BodyLiteral(body, single, tree.span) if body is not None else None

    def _sequence(
        self,
        tree: Sequence,
        kind: Type,
        names: Names,
        what: str,
        limits: tuple[float | None, float | None] = (None, None),
    ) -> ValueSyntax | None:
        if kind.is_body:
            return self._literal(tree, kind, names, False)
        if kind == ANY and any(isinstance(item, Mapping) for item in tree.items):
            return Deferred(tree, names, tree.span)
        element = kind.element or (Type(("int",)) if "size" in kind.bases else ANY)
        if kind.element is None and not {"size", "table", "any"} & set(kind.bases):
            self.reporter.error("wrong-type", f"`{what}` needs {expectation(kind)}, not a list", tree.span)
            return None
        if kind.element is None and not {"table", "any"} & set(kind.bases) and len(tree.items) != 2:
            words = f"has {len(tree.items)} items"
            self.reporter.error("wrong-type", f"`{what}` needs {expectation(kind)}", tree.span, label=words)
            return None
        items = [self.bind(item, element, names, f"{what}[{i}]", limits) for i, item in enumerate(tree.items)]
        if any(item is None for item in items):
            return None
        if all(isinstance(item, Constant) for item in items):
            return self.constant([item.value for item in items if isinstance(item, Constant)], kind, tree.span, what)
        return Several(tuple(item for item in items if item is not None), tree.span)

    def _text(
        self, tree: Scalar, kind: Type, names: Names, what: str, limits: tuple[float | None, float | None]
    ) -> ValueSyntax | None:
        text = str(tree.value)
        if kind.bases == ("text",) and not kind.members:
            return Constant(text, tree.span)
        expression = self.expression(text, tree.inner)
        if expression is None:
            return None
        if isinstance(expression, Literal):
            return self.constant(expression.value, kind, tree.span, what, limits)
        if isinstance(expression, Name) and kind.members and not names.variable(expression.name):
            word = expression.name
            if word in kind.members:
                return self.constant(word, kind, tree.span, what)
            if not (kind.is_body and word in self.known_bodies(names)):
                self._no_member(expression, kind, names, what, tree.inner)
                return None
        if not self.check_names(expression, kind, names, tree.inner):
            return None
        return Computed(expression, tree.inner)

    def _no_member(self, name: Name, kind: Type, names: Names, what: str, span: Span) -> None:
        meant = nearest(name.name, [*kind.members, *names.variables()])
        self.reporter.error(
            "unknown-name",
            f"`{what}` needs {expectation(kind)}, and nothing here is called `{name.name}`",
            span,
            help=f"did you mean `{meant}`?" if meant else "",
        )

    def expression(self, text: str, span: Span) -> Expression | None:
        """The expression of a text, or None after a fault."""
        try:
            return parse(text)
        except ExpressionFault as fault:
            self.reporter.error(
                fault.code, str(fault), span.within(fault.start, fault.end), label=fault.label, help=fault.help
            )
            return None

    def check_names(self, expression: Expression, kind: Type, names: Names, span: Span) -> bool:
        """Whether every name in an expression is known; those that are not are reported."""
        good = True
        for name, in_comparison in free_names(expression):
            word = name.name
            if names.variable(word) or word in kind.members or (word in ENTERING and names.flows):
                continue
            if in_comparison and names.member(word):
                continue
            bodies = self.known_bodies(names)
            if word in bodies and (kind.is_body or kind == ANY):
                continue
            good = False
            known = [*names.variables(), *(ENTERING if names.flows else ()), *kind.members]
            known += bodies if kind.is_body else []
            known += names.choices() if in_comparison else []
            meant = nearest(word, known)
            self.reporter.error(
                "unknown-name",
                f"nothing here is called `{word}`",
                span.within(name.start, name.end),
                help=f"did you mean `{meant}`?" if meant else _bridge(word, kind),
            )
        for call in walk(expression):
            if isinstance(call, Call) and call.function not in FUNCTIONS:
                good = False
                fault = unknown_function(call)
                place = span.within(fault.start, fault.end)
                self.reporter.error(fault.code, str(fault), place, help=fault.help)
        return good


def within(value: object, limits: tuple[float | None, float | None]) -> bool:
    """Whether a number, or each of several, lies within the limits."""
    low, high = limits
    if low is None and high is None:
        return True
    values = value if isinstance(value, list | tuple) else (value,)
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return all((low is None or v >= low) and (high is None or v <= high) for v in numbers)


def limit_text(limits: tuple[float | None, float | None]) -> str:
    """How a message words limits: `is at least 1`, `lies between 0 and 1`."""
    low, high = (None if limit is None else f"{limit:g}" for limit in limits)
    if low is not None and high is not None:
        return f"lies between {low} and {high}"
    return f"is at least {low}" if low is not None else f"is at most {high}"


def _bridge(word: str, kind: Type) -> str:
    if word in ENTERING:
        return f"`{word}` speaks of the value that enters a body, and none enters here"
    if word in ("channels", "height", "width", "tokens"):
        return f"the value that enters this body has `x.{word}`"
    if "bool" in kind.bases and word.lower() in ("yes", "no", "on", "off"):
        return "a bool is `true` or `false`"
    return ""


def _as_list(value: object, kind: Type) -> str:
    """The help for one value where a list of such is wanted."""
    if kind.element is None:
        return ""
    try:
        coerce(value, kind.element)
    except Mismatch:
        return ""
    return f"a list of one is `[{show(value)}]`"
