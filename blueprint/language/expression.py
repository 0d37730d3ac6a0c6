"""Expressions: a text becomes a small tree with the places of its parts.

The grammar is a part of Python's, in its order of precedence:
`a if c else b`, `or`, `and`, `not`, comparisons and `in`, `+ -`, `* / // %`, `-x`, `**`,
then calls of the known functions, `[i]`, `[a:b]`, `[..]` and `.attribute`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

MAX_SIZE = 400
MAX_DEPTH = 60


class ExpressionFault(Exception):
    """What is wrong with an expression, and where in its text (characters from start to end)."""

    def __init__(self, code: str, message: str, start: int, end: int, *, label: str = "", help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end = code, message, start, end
        self.label, self.help = label, help


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or boolean."""

    value: int | float | bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name to look up."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of expressions."""

    items: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    operator: str
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An arithmetic or boolean operation of two."""

    operator: str
    left: Expression
    right: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain of comparisons: `0 < i <= n`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes if condition else no`."""

    condition: Expression
    yes: Expression
    no: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the language's functions."""

    function: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Index:
    """`items[index]`."""

    items: Expression
    index: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slice:
    """`items[lower:upper]`."""

    items: Expression
    lower: Expression | None
    upper: Expression | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """`value.channels`."""

    value: Expression
    name: str
    start: int
    end: int


Expression: TypeAlias = Literal | Name | ListOf | Unary | Binary | Compare | Choice | Call | Index | Slice | Attribute

FUNCTIONS = [
    "min",
    "max",
    "sum",
    "len",
    "abs",
    "round",
    "ceil",
    "floor",
    "sqrt",
    "first",
    "last",
    "reversed",
    "make_divisible",
]
KEYWORDS = frozenset(["and", "or", "not", "if", "else", "in", "true", "false", "True", "False"])

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],:.])
    )""",
    re.VERBOSE,
)


def parse(text: str) -> Expression:
    """The expression that `text` writes; raises ExpressionFault."""
    return _Parser(text).whole()


def names(expression: Expression) -> list[Name]:
    """Every name that an expression looks up, in order."""
    if isinstance(expression, Name):
        return [expression]
    return [name for part in parts(expression) for name in names(part)]


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression."""
    match expression:
        case Literal() | Name():
            return ()
        case ListOf(items=items):
            return items
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Compare(first=first, rest=rest):
            return (first, *(right for _, right in rest))
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case Call(arguments=arguments):
            return arguments
        case Index(items=items, index=index):
            return (items, index)
        case Slice(items=items, lower=lower, upper=upper):
            return tuple(part for part in (items, lower, upper) if part is not None)
        case Attribute(value=value):
            return (value,)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []
        self.depth = 0
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                raise self.fault(f"`{text[start]}` has no place in an expression", start, start + 1)
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind), match.end(kind)))
            at = match.end()
        if len(self.tokens) > MAX_SIZE:
            raise ExpressionFault(
                "budget",
                f"an expression has at most {MAX_SIZE} parts",
                0,
                len(text),
                label=f"{len(self.tokens)} parts",
                help="name parts of it with `let`",
            )
        self.at = 0

    def fault(self, message: str, start: int, end: int, help: str = "") -> ExpressionFault:
        return ExpressionFault("expression-syntax", message, start, end, help=help)

    def whole(self) -> Expression:
        if not self.tokens:
            raise self.fault("an expression is missing", 0, max(1, len(self.text)))
        result = self.choice()
        if self.at < len(self.tokens):
            _, word, start, end = self.tokens[self.at]
            if word == "=":
                raise self.fault("`=` has no place in an expression", start, end, "compare with `==`")
            raise self.fault(f"`{word}` has no place here", start, end)
        return result

    def peek(self) -> str:
        if self.at == len(self.tokens) or self.tokens[self.at][0] == "number":
            return ""
        return self.tokens[self.at][1]

    def take(self, *words: str) -> str:
        if self.peek() in words and self.peek():
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def need(self, word: str, opened: int) -> None:
        if not self.take(word):
            raise self.fault(f"`{word}` is missing", opened, opened + 1)

    @property
    def start(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    @property
    def end(self) -> int:
        return self.tokens[self.at - 1][3]

    def choice(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionFault("budget", f"an expression nests at most {MAX_DEPTH} deep", 0, len(self.text))
        start = self.start
        result = self.either()
        if self.take("if"):
            condition = self.either()
            if not self.take("else"):
                raise self.fault("`else` is missing", start, self.end, "write `a if condition else b`")
            result = Choice(condition, result, self.choice(), start, self.end)
        self.depth -= 1
        return result

    def either(self) -> Expression:
        start, result = self.start, self.both()
        while self.take("or"):
            result = Binary("or", result, self.both(), start, self.end)
        return result

    def both(self) -> Expression:
        start, result = self.start, self.negated()
        while self.take("and"):
            result = Binary("and", result, self.negated(), start, self.end)
        return result

    def negated(self) -> Expression:
        start = self.start
        count = 0
        while self.take("not"):
            count += 1
        result = self.comparison()
        for _ in range(count):
            result = Unary("not", result, start, self.end)
        return result

    def comparison(self) -> Expression:
        start, first = self.start, self.total()
        rest: list[tuple[str, Expression]] = []
        while True:
            operator = self.take("==", "!=", "<", "<=", ">", ">=", "in")
            ahead = self.tokens[self.at + 1][1] if self.at + 1 < len(self.tokens) else ""
            if not operator and self.peek() == "not" and ahead == "in":
                self.at += 2
                operator = "not in"
            if not operator:
                break
            rest.append((operator, self.total()))
        return Compare(first, tuple(rest), start, self.end) if rest else first

    def total(self) -> Expression:
        start, result = self.start, self.product()
        while operator := self.take("+", "-"):
            result = Binary(operator, result, self.product(), start, self.end)
        return result

    def product(self) -> Expression:
        start, result = self.start, self.signed()
        while operator := self.take("*", "//", "/", "%"):
            result = Binary(operator, result, self.signed(), start, self.end)
        return result

    def signed(self) -> Expression:
        start = self.start
        signs = []
        while sign := self.take("-", "+"):
            signs.append(sign)
        result = self.power()
        for sign in signs:
            if sign == "-":
                result = Unary("-", result, start, self.end)
        return result

    def power(self) -> Expression:
        start, base = self.start, self.postfix()
        if self.take("**"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise ExpressionFault("budget", f"an expression nests at most {MAX_DEPTH} deep", 0, len(self.text))
            exponent = self.signed()
            self.depth -= 1
            return Binary("**", base, exponent, start, self.end)
        return base

    def postfix(self) -> Expression:
        start, result = self.start, self.atom()
        while True:
            opened = self.start
            if self.take("."):
                if self.at == len(self.tokens) or self.tokens[self.at][0] != "name":
                    raise self.fault("a name is missing behind `.`", opened, opened + 1)
                name = self.tokens[self.at][1]
                self.at += 1
                result = Attribute(result, name, start, self.end)
            elif self.take("["):
                lower = None if self.peek() == ":" else self.choice()
                if self.take(":"):
                    upper = None if self.peek() == "]" else self.choice()
                    self.need("]", opened)
                    result = Slice(result, lower, upper, start, self.end)
                else:
                    self.need("]", opened)
                    assert lower is not None, "expression: an index without an index"
                    result = Index(result, lower, start, self.end)
            else:
                return result

    def atom(self) -> Expression:
        start = self.start
        if self.at == len(self.tokens):
            last = self.tokens[-1] if self.tokens else ("", "", 0, 1)
            raise self.fault(f"the expression ends after `{last[1]}`", last[2], last[3])
        kind, word, _, end = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            if re.fullmatch(r"\d+", word):
                if len(word) > 20:
                    raise ExpressionFault("budget", "a whole number has at most 20 digits", start, end)
                return Literal(int(word), start, end)
            return Literal(float(word), start, end)
        if kind == "name":
            if word in ("true", "false", "True", "False"):
                return Literal(word in ("true", "True"), start, end)
            if word in KEYWORDS:
                raise self.fault(f"`{word}` has no place here", start, end)
            if self.peek() == "(":
                self.at += 1
                return Call(word, self.several(")", self.at - 1), start, self.end)
            return Name(word, start, end)
        if word == "(":
            result = self.choice()
            self.need(")", start)
            return result
        if word == "[":
            return ListOf(self.several("]", self.at - 1), start, self.end)
        raise self.fault(f"`{word}` has no place here", start, end)

    def several(self, close: str, opened: int) -> tuple[Expression, ...]:
        place = self.tokens[opened][2]
        items: list[Expression] = []
        while not self.take(close):
            if items and not self.take(","):
                raise self.fault(f"`{close}` is missing", place, place + 1)
            if items and self.take(close):
                break
            if self.at == len(self.tokens):
                raise self.fault(f"`{close}` is missing", place, place + 1)
            items.append(self.choice())
        return tuple(items)
