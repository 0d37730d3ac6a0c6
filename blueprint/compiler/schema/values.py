"""TYPEs of the language as JSON Schema: what a field takes beside an expression.

Any field may be an expression, so a text passes everywhere, and may have no value, when it takes
the name that it bears. Members of an enumeration are examples: a text that is none of them may
name an argument.
"""

from __future__ import annotations

from typing import Any

from blueprint.language.types import Type, parse_type, show
from blueprint.ops.base import FieldInfo

Schema = dict[str, Any]

NODE = "node"
NAMES: Schema = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}
"""One value or several, each by its name."""
_JSON = ["string", "number", "boolean", "array", "object"]

# A name's characters: of ASCII letters, digits and `_`; which others are letters is left to the checker.
_REST = r"[^\s!-/:-@\[-^`{-~]*$"
IDENTIFIER = r"^[^\s!-@\[-^`{-~]" + _REST
PUBLIC = r"^[^\s!-@\[-`{-~]" + _REST


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def not_null(*others: str) -> Schema:
    """Any value but null and those of other types."""
    return {"type": [kind for kind in _JSON if kind not in others]}


def value(kind: Type, low: float | None = None, high: float | None = None, node: str | None = NODE) -> Schema:
    """The schema of a literal or expression of a type; not of null.

    node: the definition that nodes of a body are held to; None: a body is not looked into.
    """
    types = ["string"]
    schema: Schema = {"type": types}
    if "any" in kind.bases:
        return not_null()
    if "float" in kind.bases:
        types.append("number")
    elif {"int", "size"} & set(kind.bases):
        types.append("integer")
    if "bool" in kind.bases:
        types.append("boolean")
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    if kind.is_body:
        types += ["array", "object"]
        if node is not None:
            schema |= bodies(node)
    elif kind.element is not None:
        types.append("array")
        schema["items"] = value(kind.element, low, high, node)
    elif "size" in kind.bases:
        types.append("array")
        schema |= {"items": value(Type(("int",)), low, high), "minItems": 2, "maxItems": 2}
    elif "table" in kind.bases:
        types.append("array")
    if kind.members:
        schema["examples"] = list(kind.members)
    return schema


def field(info: FieldInfo, node: str | None = NODE) -> Schema:
    """The schema of a field of an op, structure or initialiser, with what an editor shows of it."""
    schema = value(parse_type(info.type), info.minimum, info.maximum, node)
    schema["type"] = [*schema["type"], "null"]
    schema |= {"title": f"{info.name}: {info.type}", "description": info.help}
    if not info.required and info.default is not None:
        if "left out" not in info.help:
            schema["description"] += f"; {show(info.default)} if left out"
        if isinstance(info.default, str | int | float):
            schema["default"] = info.default
    return schema


def fields(infos: tuple[FieldInfo, ...], main: str | None, node: str | None = NODE) -> Schema:
    """The schema of a mapping of fields, or of a bare value that sets `main`; says nothing of its type."""
    bare = {info.name: field(info, node) for info in infos}.get(main or "", {})
    about = ("type", "title", "description", "default")
    return {
        **{key: part for key, part in bare.items() if key not in about},
        "properties": {info.name: field(info, node) for info in infos},
        "additionalProperties": False,
    }


def types_of(infos: tuple[FieldInfo, ...], main: str | None, required: tuple[str, ...]) -> list[str]:
    """The types that a head's value has: a bare one only where it leaves no required field open."""
    bare = [info for info in infos if info.name == main and not set(required) - {main}]
    given = [kind for info in bare for kind in field(info)["type"] if kind not in ("object", "null")]
    return [*given, "object", "null"]


def bodies(node: str) -> Schema:
    """What holds for the nodes of a body, a list of them or one; says nothing of the body's type."""
    return {"items": ref(node), "if": {"type": ["string", "object"]}, "then": ref(node)}


def body(node: str, **more: Any) -> Schema:
    """The schema of a body."""
    return {"type": ["array", "string", "object"], **bodies(node), **more}
