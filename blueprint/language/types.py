"""The types of fields and arguments: TYPE texts such as `int`, `size | same`, `list[int]`, `body(dim) `."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

BASES = ("int", "float", "bool", "size", "text", "table", "map", "tokens", "vector")
"""The names of the simple types; any other word in a TYPE is a member of an enumeration."""


class Member(str):
    """A member of an enumeration, with the enumeration it belongs to."""

    members: tuple[str, ...]

    def __new__(cls, text: str, members: tuple[str, ...] = ()) -> Member:
        member = super().__new__(cls, text)
        member.members = members
        return member


class BodyLike:
    """The base of values that are bodies: what can be run as a node."""

    def __repr__(self) -> str:
        return "a body"


class ValueLike:
    """The base of values that flow between nodes at build time; `kind` is their kind."""

    kind: str


MAX_NESTING = 8
MAX_MEMBERS = 100


@dataclass(frozen=True)
class Type:
    """A union of simple types, a list, a body and members of an enumeration.

    element: the type of a list's items; parameters: the names that a body takes.
    """

    bases: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    element: Type | None = None
    parameters: tuple[str, ...] | None = None

    @property
    def is_body(self) -> bool:
        """Whether a body is among the alternatives."""
        return self.parameters is not None

    @property
    def is_value(self) -> bool:
        """Whether a value between nodes (map, tokens, vector) is among the alternatives."""
        return any(base in ("map", "tokens", "vector") for base in self.bases)

    def __str__(self) -> str:
        parts = list(self.bases)
        if self.element is not None:
            parts.append(f"list[{self.element}]")
        if self.parameters is not None:
            parts.append(f"body({', '.join(self.parameters)})" if self.parameters else "body")
        return " | ".join([*parts, *self.members])


ANY = Type(bases=("any",))
"""The type of a value about which nothing is known yet."""


class TypeSyntaxError(ValueError):
    """A TYPE text that does not parse; the message says why."""


_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*|[\[\](),|])")


@cache
def parse_type(text: str) -> Type:
    """The type that a TYPE text names; raises TypeSyntaxError."""
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise TypeSyntaxError(f"`{text[at:].strip()[0]}` has no place in a type")
        tokens.append(match[1])
        at = match.end()
    if not tokens:
        raise TypeSyntaxError("a type is missing")
    kind, rest = _union(tokens, 0)
    if rest:
        raise TypeSyntaxError(f"`{rest[0]}` has no place here")
    return kind


def _union(tokens: list[str], depth: int) -> tuple[Type, list[str]]:
    bases: list[str] = []
    members: list[str] = []
    element: Type | None = None
    parameters: tuple[str, ...] | None = None
    if depth > MAX_NESTING:
        raise TypeSyntaxError(f"a type nests at most {MAX_NESTING} deep")
    while True:
        if not tokens or not _is_name(tokens[0]):
            raise TypeSyntaxError("a name of a type is missing")
        word, tokens = tokens[0], tokens[1:]
        if word in (*bases, *members, "list" if element else "", "body" if parameters is not None else ""):
            raise TypeSyntaxError(f"`{word}` stands in it twice")
        if word == "list":
            if tokens[:1] != ["["]:
                raise TypeSyntaxError("`list` says what it holds: `list[int]`")
            element, tokens = _union(tokens[1:], depth + 1)
            if tokens[:1] != ["]"]:
                raise TypeSyntaxError("`list[` is not closed")
            tokens = tokens[1:]
        elif word == "body":
            parameters, tokens = _parameters(tokens)
        elif word in BASES:
            bases.append(word)
        elif len(members) == MAX_MEMBERS:
            raise TypeSyntaxError(f"an enumeration has at most {MAX_MEMBERS} members")
        else:
            members.append(word)
        if tokens[:1] != ["|"]:
            return Type(tuple(bases), tuple(members), element, parameters), tokens
        tokens = tokens[1:]


def _parameters(tokens: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The names between the brackets behind `body`, and what stands behind them."""
    if tokens[:1] != ["("]:
        return (), tokens
    if ")" not in tokens:
        raise TypeSyntaxError("`body(` is not closed")
    close = tokens.index(")")
    inside, rest = tokens[1:close], tokens[close + 1 :]
    names, commas = inside[::2], inside[1::2]
    if len(inside) % 2 != bool(inside) or any(comma != "," for comma in commas) or not all(map(_is_name, names)):
        raise TypeSyntaxError("a body's parameters are names with commas between them")
    if len(set(names)) < len(names):
        raise TypeSyntaxError("two parameters of a body bear one name")
    if {"x", "in_channels"} & set(names):
        raise TypeSyntaxError("`x` and `in_channels` have a meaning of their own in every body")
    return tuple(names), rest


def _is_name(token: str) -> bool:
    return token[0].isalpha() or token[0] == "_"


def type_of(value: object) -> Type:
    """The type that a literal default gives to its argument."""
    if isinstance(value, bool):
        return Type(("bool",))
    if isinstance(value, int):
        return Type(("int",))
    if isinstance(value, float):
        return Type(("float",))
    if isinstance(value, list):
        kinds = {type_of(item) for item in value}
        if kinds == {Type(("int",)), Type(("float",))}:
            kinds = {Type(("float",))}
        if len(kinds) == 1 and not next(iter(kinds)).is_body:
            return Type(element=kinds.pop())
        return Type(("table",))
    return ANY


def describe(value: object) -> str:
    """How a message names a value: `the float 0.5`, `the list [1, 2]`, `a body`."""
    if isinstance(value, BodyLike):
        return "a body"
    if isinstance(value, ValueLike):
        return value.kind if value.kind == "tokens" else f"a {value.kind}"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the bool {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the {type(value).__name__} {show(value)}"
    if isinstance(value, list | tuple):
        return f"the list {show(value)}"
    if isinstance(value, Member):
        return f"the choice `{value}`"
    return f"the text `{value}`"


def show(value: object) -> str:
    """A value as a spec would write it; the middle of a long list is left out."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        items = list(value) if len(value) <= _SHOWN else [*value[: _SHOWN - 2], _Ellipsis, value[-1]]
        return "[" + ", ".join(map(show, items)) + "]"
    if value is None:
        return "null"
    if isinstance(value, BodyLike | ValueLike):
        return describe(value)
    if value is _Ellipsis:
        return "…"
    return repr(value) if isinstance(value, float) else str(value)


_SHOWN = 8
_Ellipsis = object()


class Mismatch(ValueError):
    """A value that is not of a type; the message says `needs TYPE, not VALUE`."""


def coerce(value: object, kind: Type) -> object:
    """`value` as `kind` holds it: whole floats become ints, a size becomes a pair; raises Mismatch."""
    if "any" in kind.bases:
        return value
    if isinstance(value, str) and str(value) in kind.members:
        return Member(value, kind.members)
    for base in kind.bases:
        result = _COERCIONS[base](value)
        if result is not None:
            return result
    if kind.element is not None and isinstance(value, list | tuple):
        return [coerce(item, kind.element) for item in value]
    if kind.parameters is not None and isinstance(value, BodyLike):
        return value
    raise Mismatch(f"needs {expectation(kind)}, not {describe(value)}")


def frozen(value: object) -> object:
    """A value of a field as an op holds it: lists as tuples, members of enumerations as texts."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return str(value) if isinstance(value, str) else value


def expectation(kind: Type) -> str:
    """How a message names a type: `an int`, `a size (one int or two) or `same``."""
    names = [_NAMES[base] for base in kind.bases]
    if kind.element is not None:
        names.append(f"a {Type(element=kind.element)}")
    if kind.parameters is not None:
        names.append("a body")
    names += [f"`{member}`" for member in kind.members]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


_NAMES = {
    "int": "an int",
    "float": "a float",
    "bool": "a bool",
    "size": "a size (one int or two)",
    "text": "a text",
    "table": "a table (a list of lists)",
    "map": "a map",
    "tokens": "tokens",
    "vector": "a vector",
    "any": "a value",
}


def _int(value: object) -> object:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def _float(value: object) -> object:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _size(value: object) -> object:
    if isinstance(value, list | tuple):
        pair = [_int(item) for item in value]
        return (pair[0], pair[1]) if len(pair) == 2 and None not in pair else None
    side = _int(value)
    return None if side is None else (side, side)


def _value_of(kind: str) -> Callable[[object], object]:
    return lambda value: value if isinstance(value, ValueLike) and value.kind in (kind, "any") else None


_COERCIONS: dict[str, Callable[[object], object]] = {
    "int": _int,
    "float": _float,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "size": _size,
    "text": lambda value: str(value) if isinstance(value, str) else None,
    "table": lambda value: list(value) if isinstance(value, list | tuple) else None,
    "map": _value_of("map"),
    "tokens": _value_of("tokens"),
    "vector": _value_of("vector"),
}
