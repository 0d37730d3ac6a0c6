"""The JSON Schema of initialisers: whose names no expression can stand for, so that they are enumerated."""

from __future__ import annotations

from blueprint.compiler.schema.values import Schema, fields, ref, types_of
from blueprint.ops import ops
from blueprint.ops.initialisers import InitialiserInfo, initialisers


def definitions() -> dict[str, Schema]:
    """`initialiser`, `parameter_inits` (by parameter) and `inits` (by op)."""
    known = initialisers()
    return {
        "initialiser": {
            "title": "initialiser",
            "description": "how a weight is filled: a name, or `{name: settings}`",
            "type": ["string", "object"],
            "if": {"type": "string"},
            "then": {"enum": [name for name, info in known.items() if not _required(info)]},
            "else": {"minProperties": 1, "maxProperties": 1},
            "properties": {name: _settings(info) for name, info in known.items()},
            "additionalProperties": False,
        },
        "parameter_inits": {
            "type": "object",
            "description": "initialisers by parameter",
            "properties": {"weight": ref("initialiser"), "bias": ref("initialiser")},
            "additionalProperties": ref("initialiser"),
        },
        "inits": {
            "type": "object",
            "description": "initialisers by op and parameter; the nearest to the node wins",
            "properties": {name: ref("parameter_inits") for name in ops()},
            "additionalProperties": False,
        },
    }


def _required(info: InitialiserInfo) -> tuple[str, ...]:
    return tuple(f.name for f in info.fields if f.required)


def _settings(info: InitialiserInfo) -> Schema:
    required = _required(info)
    schema = {"title": info.name, "description": info.help, **fields(info.fields, info.main)}
    schema["type"] = types_of(info.fields, info.main, required)
    if required:
        schema["type"].remove("null")
        schema["required"] = list(required)
    return schema
