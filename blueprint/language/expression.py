"""Expressions: a text becomes a small tree with the places of its parts.

The grammar is a part of Python's, in its order of precedence:
`a if c else b`, `or`, `and`, `not`, comparisons and `in`, `+ -`, `* / // %`, `-x`, `**`,
then calls of the known functions, `[i]`, `[a:b]`, `[..]`, `[.. for name in .. if ..]` and `.attribute`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.diagnostics.wording import ticked
from blueprint.language.terms import (
    Attribute,
    Binary,
    Call,
    Choice,
    Compare,
    Comprehension,
    Expression,
    ExpressionFault,
    Index,
    ListOf,
    Literal,
    Name,
    Slice,
    Unary,
)

MAX_SIZE = 400
MAX_DEPTH = 20
MAX_NUMBER = 2**63

ENTERING = ("x", "in_channels")
"""The names that speak of the value that enters a body or a node."""
KEYWORDS = frozenset(["and", "or", "not", "if", "else", "for", "in", "true", "false", "True", "False"])

_TOKEN = re.compile(
    r"""
      (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],:.])
    """,
    re.VERBOSE,
)
_BLANK = re.compile(r"\s*")
_INSTEAD = {
    "=": "compare with `==`",
    "!": "write `not`, or compare with `!=`",
    "&": "write `and`",
    "|": "write `or`",
    "^": "a power is `**`",
    "'": "a choice is written without quotes",
    '"': "a choice is written without quotes",
    "{": "an expression holds numbers, choices and lists",
}
_FOR = "write `[2 * item for item in items]`"
_BEHIND_FOR = {
    "for": ("a list has one `for`", "put one list into the other: `[[a * b for b in these] for a in those]`"),
    "if": ("a list has one `if`", "join the conditions with `and`"),
    "else": ("`else` has no place here", "a choice stands before `for`: `[a if c else b for item in items]`"),
}
"""What may not follow a list's `for`, each with its message and its help."""


def parse(text: str) -> Expression:
    """The expression that `text` writes; raises ExpressionFault."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []
        self.depth = 0
        at = self.behind_blanks(0)
        while at < len(text) and len(self.tokens) <= MAX_SIZE:
            match = _TOKEN.match(text, at)
            if match is None:
                message = f"`{text[at]}` has no place in an expression"
                raise self.fault(message, at, at + 1, _INSTEAD.get(text[at], ""))
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind), match.end(kind)))
            at = self.behind_blanks(match.end())
        if len(self.tokens) > MAX_SIZE:
            raise ExpressionFault(
                "budget",
                f"an expression has at most {MAX_SIZE} parts",
                0,
                len(text),
                help="name parts of it with `let`",
            )
        self.at = 0

    def behind_blanks(self, at: int) -> int:
        blank = _BLANK.match(self.text, at)
        return blank.end() if blank else at

    def deeper(self, start: int) -> None:
        """Go one level down; beyond the limit it is a fault."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"an expression nests at most {MAX_DEPTH} deep"
            raise ExpressionFault(
                "budget", message, start, max(start + 1, self.end), help="name parts of it with `let`"
            )

    def fault(self, message: str, start: int, end: int, help: str = "") -> ExpressionFault:
        return ExpressionFault("expression-syntax", message, start, end, help=help)

    def whole(self) -> Expression:
        if not self.tokens:
            raise self.fault("an expression is missing", 0, max(1, len(self.text)))
        result = self.choice()
        if self.at < len(self.tokens):
            _, word, start, end = self.tokens[self.at]
            help = f"a list stands in brackets: {ticked(f'[{self.text.strip()}]')}" if word == "," else ""
            if word == "for":
                quoted = f'"[{self.text.strip()}]"'
                help = f"a list that `for` makes is one expression, its brackets in the quotes: {ticked(quoted)}"
            raise self.fault(f"`{word}` has no place here", start, end, help)
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
            self.check_for()
            help = "a list stands in square brackets" if self.peek() == "," and word == ")" else ""
            raise self.fault(f"`{word}` is missing", opened, opened + 1, help)

    @property
    def start(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    @property
    def end(self) -> int:
        return self.tokens[self.at - 1][3] if self.at else len(self.text)

    def choice(self) -> Expression:
        start = self.start
        self.deeper(start)
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
        for _ in range(min(count, 2 - count % 2)):  # `not not x` is `x` for every condition
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
        start, signs = self.start, []
        while sign := self.take("-", "+"):
            signs.append(sign)
        result = self.power()
        if not signs:
            return result
        return Unary("-" if signs.count("-") % 2 else "+", result, start, self.end)

    def power(self) -> Expression:
        start, base = self.start, self.postfix()
        if self.take("**"):
            self.deeper(start)
            exponent = self.signed()
            self.depth -= 1
            return Binary("**", base, exponent, start, self.end)
        return base

    def postfix(self) -> Expression:
        start, result = self.start, self.atom()
        depth = self.depth
        while True:
            opened = self.start
            if self.peek() in (".", "["):
                self.deeper(start)
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
                self.depth = depth
                return result

    def atom(self) -> Expression:
        start = self.start
        if self.at == len(self.tokens):
            last = self.tokens[-1] if self.tokens else ("", "", 0, 1)
            raise self.fault(f"the expression ends after `{last[1]}`", last[2], last[3])
        kind, word, _, end = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            if len(word) > 300 or not float(word) < MAX_NUMBER:
                raise ExpressionFault("budget", "a number stays under 2**63", start, end)
            return Literal(int(word) if word.isdigit() else float(word), start, end)
        if kind == "name":
            if word in ("true", "false", "True", "False"):
                return Literal(word in ("true", "True"), start, end)
            if word in KEYWORDS:
                raise self.fault(f"`{word}` has no place here", start, end, _FOR if word == "for" else "")
            if self.peek() == "(":
                self.at += 1
                return Call(word, self.several(")", self.at - 1), start, self.end)
            return Name(word, start, end)
        if word == "(":
            result = self.choice()
            self.need(")", start)
            return result
        if word == "[":
            return self.listed(start)
        raise self.fault(f"`{word}` has no place here", start, end)

    def listed(self, start: int) -> Expression:
        """The list, or the comprehension, behind its bracket."""
        opened, first = self.at - 1, []
        if self.at < len(self.tokens) and self.peek() != "]":
            first.append(self.choice())
            if self.peek() == "for":
                return self.comprehension(first[0], start)
        return ListOf(self.several("]", opened, first), start, self.end)

    def comprehension(self, item: Expression, start: int) -> Comprehension:
        at = self.start
        self.take("for")
        word, place = self.peek(), self.start
        if word in KEYWORDS or not word.isidentifier():
            raise self.fault("a name is missing behind `for`", at, self.end, _FOR)
        self.at += 1
        variable = Name(word, place, self.end)
        if word in ENTERING:
            message = f"`{word}` has a meaning of its own in every body"
            raise ExpressionFault("reserved-name", message, place, self.end, help="give the variable another name")
        if self.peek() == ",":
            help = "go by place: `[a[i] * b[i] for i in range(len(a))]`"
            raise self.fault("`for` takes one name in an expression", place, self.end, help)
        if not self.take("in"):
            raise self.fault(f"`in` is missing behind `{word}`", place, self.end, _FOR)
        if self.peek() == "]":
            raise self.fault("a list is missing behind `in`", self.end - 2, self.end, _FOR)
        self.deeper(start)
        items = self.either()
        condition = self.either() if self.take("if") else None
        self.depth -= 1
        if self.peek() in _BEHIND_FOR:
            message, help = _BEHIND_FOR[self.peek()]
            raise self.fault(message, self.start, self.start + len(self.peek()), help)
        if not self.take("]"):
            raise self.fault("`]` is missing", start, start + 1)
        return Comprehension(item, variable, items, condition, start, self.end)

    def check_for(self) -> None:
        """Refuse a `for` in what is no list, and behind the first item of one."""
        if self.peek() == "for":
            help = f"what `for` makes is a list, in brackets of its own: {_FOR.removeprefix('write ')}"
            raise self.fault("`for` has no place here", self.start, self.start + 3, help)

    def several(self, close: str, opened: int, first: Iterable[Expression] = ()) -> tuple[Expression, ...]:
        place = self.tokens[opened][2]
        items = list(first)
        while not self.take(close):
            self.check_for()
            if items and not self.take(","):
                raise self.fault(f"`{close}` is missing", place, place + 1)
            if items and self.take(close):
                break
            if self.at == len(self.tokens):
                raise self.fault(f"`{close}` is missing", place, place + 1)
            items.append(self.choice())
        return tuple(items)
