"""The JSON Schema of the structures: nodes that hold bodies."""

from __future__ import annotations

from blueprint.compiler.bind_structures import AXES
from blueprint.compiler.reserved import RESERVED
from blueprint.compiler.schema.values import IDENTIFIER, PUBLIC, Schema, body, field, fields, not_null, ref, value
from blueprint.compiler.structures import STRUCTURES, Structure
from blueprint.language.types import Type

INT, BOOL = Type(("int",)), Type(("bool",))
OWN = ["x", "in_channels"]
"""The names that every body binds itself."""
ELEMENTWISE = ["add", "multiply", "mean", "max"]
"""The merges of `branches` that join along no axis."""


def definition(structure: Structure, node: str) -> Schema:
    """What the value beside a structure's key holds, its type left out; `node` is what its bodies hold."""
    special = {
        "branches": _branches,
        "parameter": _parameter,
        "for": _for,
        "let": _let,
    }
    shape: Schema
    if structure.name in special:
        shape = special[structure.name](structure, node)
    elif structure.name == "side":
        shape = {k: v for k, v in body(node).items() if k != "type"}
    elif structure.name == "repeat":
        shape = {"minimum": 0}
    elif structure.name == "if":
        shape = {}
    else:
        shape = _plain(structure, node)
    return {"title": structure.name, "description": structure.help, **shape}


def types(structure: Structure) -> list[str]:
    """The JSON types of the value beside a structure's key; null may be a name that hides the structure."""
    bare = {
        "residual": ["array", "string"],
        "gate": ["array", "string"],
        "side": ["array", "string"],
        "attention": ["integer", "string"],
        "rearrange": ["string"],
    }
    if structure.name in ("repeat", "if"):
        return ["integer" if structure.name == "repeat" else "boolean", "string", "null"]
    return [*bare.get(structure.name, []), "object", "null"]


def required(structure: Structure) -> tuple[list[str], list[str]]:
    """The keys that a structure's mapping must have: those in any case, those that `defaults` may give."""
    always = {"branches": ["paths"], "parameter": ["shape"], "side": []}.get(
        structure.name, [role for role, needed in structure.roles if needed]
    )
    return always, [info.name for info in structure.fields if info.required]


def definitions(node: str, suffix: str) -> dict[str, Schema]:
    """Every structure's definition, and those that they share."""
    found = {f"{name}{suffix}": definition(structure, node) for name, structure in STRUCTURES.items()}
    found[f"path{suffix}"] = {
        "title": "path",
        "description": "the nodes of a path, or `{when, body}`: off drops the path",
        "type": ["array", "string", "object"],
        "items": ref(node),
        "if": {"type": "object", "required": ["body"]},
        "then": {
            "properties": {"when": {**value(BOOL), "description": "off drops the path"}, "body": body(node)},
            "additionalProperties": False,
        },
        "else": {"if": {"type": ["object", "string"]}, "then": ref(node)},
    }
    return found


def _plain(structure: Structure, node: str) -> Schema:
    shape = fields(structure.fields, structure.main, node)
    for role, _ in structure.roles:
        shape["properties"][role] = body(node, description=f"the body of `{structure.name}`")
        if role == structure.main:
            shape |= {"items": ref(node), "if": {"type": "string"}, "then": ref(node)}
    if structure.open:
        shape["additionalProperties"] = {**value(INT, 1), "description": "the size of an axis in the pattern"}
    return shape


def _branches(structure: Structure, node: str) -> Schema:
    path = node.replace("node", "path")
    return {
        "properties": {
            "paths": {
                "description": "named bodies, each over the same input, or over its part of a `split`",
                "type": "object",
                "minProperties": 1,
                "propertyNames": ref("path_name"),
                "additionalProperties": ref(path),
            },
            "split": {
                "description": "divides the channels: n equal parts, or sizes by path (0: off), one of them `rest`",
                "type": ["integer", "string", "object"],
                "minimum": 2,
                "additionalProperties": {**value(INT, 0), "examples": ["rest"]},
            },
            **{info.name: field(info, node) for info in structure.fields},
        },
        "additionalProperties": False,
        "if": {"type": "object", "required": ["merge"], "properties": {"merge": {"enum": ELEMENTWISE}}},
        "then": {"properties": {"axis": False}},
    }


def _parameter(structure: Structure, node: str) -> Schema:
    return {
        "properties": {
            "shape": {
                "description": f"sizes by axis, such as {', '.join(AXES)}",
                "type": "object",
                "properties": {axis: value(INT, 1) for axis in AXES},
                "propertyNames": {"pattern": IDENTIFIER},
                "additionalProperties": value(INT, 1),
            },
            "init": ref("initialiser"),
        },
        "additionalProperties": False,
    }


def _for(structure: Structure, node: str) -> Schema:
    variable = {"type": "string", "pattern": IDENTIFIER, "not": {"enum": OWN}}
    table: Schema = {
        "required": ["columns", "rows"],
        "properties": {
            "columns": {"description": "the loop variables", "type": "array", "items": variable},
            "rows": {"description": "a list of a value per column", "type": ["array", "string"]},
        },
        "additionalProperties": False,
    }
    return {
        "minProperties": 1,
        "if": {"type": "object", "required": ["rows"]},
        "then": table,
        "else": {
            "if": {"type": "object", "required": ["columns"], "properties": {"columns": {"type": "array"}}},
            "then": table,
            "else": {"propertyNames": variable},
        },
    }


def _let(structure: Structure, node: str) -> Schema:
    return {
        "propertyNames": {"pattern": IDENTIFIER, "not": {"enum": OWN}},
        "additionalProperties": not_null(),
    }


def collect() -> Schema:
    """What stands beside `for` as `collect`: lists of a loop's values by the name they bear outside."""
    return {
        "description": "lists of the loop's values: `{name outside: name inside}`",
        "type": "object",
        "propertyNames": ref("path_name"),
        "additionalProperties": {
            "type": ["string", "array"],
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": 1,
        },
    }


def name() -> Schema:
    """A name that becomes part of the state_dict's keys."""
    return {
        "description": "a name of letters, digits and `_`; none that torch's modules have themselves, such as `type`",
        "type": "string",
        "pattern": PUBLIC,
        "not": {"enum": sorted(RESERVED)},
    }
