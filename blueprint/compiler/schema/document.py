"""The JSON Schema of documents: one for all kinds, told apart by `kind`."""

from __future__ import annotations

from blueprint.compiler.bind_documents import BLOCKS_KEYS, HEADER, KINDS, MODEL_KEYS, VERSION
from blueprint.compiler.loading import prelude
from blueprint.compiler.schema import initials, nodes, structures
from blueprint.compiler.schema.structures import BOOL, OWN
from blueprint.compiler.schema.values import IDENTIFIER, NAMES, Schema, field, not_null, ref, value
from blueprint.compiler.structures import STRUCTURES
from blueprint.language.types import Type
from blueprint.ops import ops
from blueprint.ops.base import FieldInfo

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = f"urn:blueprint-nets:schema:{VERSION}"

_FILES = {"type": ["string", "array"], "items": {"type": "string"}}
_HELP = {
    "model": "a network: what it takes, its blocks and its body",
    "blocks": "a library of blocks that other files `use`",
    "recipe": "how a network is trained",
    "study": "which runs answer a question",
}


def schema(recipe: Schema | None = None) -> Schema:
    """The JSON Schema (2020-12) of a document of any kind.

    recipe: the schema of recipes; without it only their header is described. Nothing in it is
    `anyOf` or `oneOf`, so that one fault is one error. It refuses no document that the checker takes.
    """
    known = {
        "model": _model(),
        "blocks": _blocks_document(),
        "recipe": {k: v for k, v in (recipe or {}).items() if k not in ("$schema", "$id", "title")},
        "study": {},
    }
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": "blueprint",
        "description": "a vision network as a typed spec, or how one is trained",
        "type": "object",
        "required": ["blueprint", "kind"],
        "properties": {
            "blueprint": {"description": "the version of the language", "const": VERSION},
            "kind": {"description": "; ".join(f"{kind}: {text}" for kind, text in _HELP.items()), "enum": list(KINDS)},
            "name": {"description": "the document's name", "type": "string"},
            "about": _about(),
        },
        "allOf": [
            {"if": {"required": ["kind"], "properties": {"kind": {"const": kind}}}, "then": ref(f"document_{kind}")}
            for kind in KINDS
        ],
        "$defs": {
            **{f"document_{kind}": {"title": kind, "description": _HELP[kind], **known[kind]} for kind in KINDS},
            **_parts(),
            **initials.definitions(),
            **nodes.op_definitions(),
            **nodes.definitions(prelude(), strict=True),
            **nodes.definitions(prelude(), strict=False),
        },
    }


def _about() -> Schema:
    texts = {
        "title": "a title, usually the paper's",
        "doi": "the paper's DOI",
        "url": "where it can be read",
        "reference": "where the implementation lies whose counts it meets",
        "stated": "what the source states",
        "assumed": "what the source leaves open and is assumed here",
    }
    return {
        "description": "where it comes from",
        "properties": {key: {"description": text} for key, text in texts.items()},
    }


def _document(keys: tuple[str, ...], required: list[str], properties: Schema) -> Schema:
    """A document of models or blocks, strict about required fields unless its `defaults` may give some."""
    bodied = {key: part for key, part in properties.items() if key in ("blocks", "body")}
    assert set(properties) | set(HEADER) == set(keys), "schema: a document's keys and their schemas differ"
    return {
        "required": ["name", *required],
        "properties": {
            **dict.fromkeys(("blueprint", "kind", "about"), True),
            "name": {"type": "string", "pattern": r"^[^\s!-*,/:-@\[-^`{-~]+$"},
            **{key: part for key, part in properties.items() if key not in bodied},
            **{key: {"description": part["description"]} for key, part in bodied.items()},
        },
        "additionalProperties": False,
        "if": {"properties": {"defaults": {"properties": _gaps()}}},
        "then": {"properties": {key: ref(part["strict"]) for key, part in bodied.items()}},
        "else": {"properties": {key: ref(f"{part['strict']}_defaulted") for key, part in bodied.items()}},
    }


def _gaps() -> Schema:
    """For each op with required fields: that `defaults` give none of them."""
    heads = {name: _fields(name) for name in _heads()}
    required = {name: [info.name for info in infos if info.required] for name, infos in heads.items()}
    return {name: {"propertyNames": {"not": {"enum": words}}} for name, words in required.items() if words}


def _heads() -> list[str]:
    return [*STRUCTURES, *(name for name in ops() if name not in STRUCTURES)]


def _fields(name: str) -> tuple[FieldInfo, ...]:
    return STRUCTURES[name].fields if name in STRUCTURES else ops()[name].fields()


def _shared() -> Schema:
    return {
        "use": {
            "description": "blocks of other files: `{FILE: [block, …]}`",
            "type": "object",
            "additionalProperties": _FILES,
        },
        "defaults": ref("defaults"),
        "init": ref("inits"),
        "blocks": {"description": "blocks by name: `{name: {args, body, init, about}}`", "strict": "blocks"},
    }


def _model() -> Schema:
    shape = {"type": ["array", "string"], "items": value(Type(("int",)), 1)}
    output = {
        "type": ["string", "array", "object"],
        "items": {"type": "string"},
        "minItems": 1,
        "required": ["from"],
        "properties": {
            "from": {**NAMES, "description": "the value that it gives"},
            "when": {**value(BOOL), "description": "whether it exists"},
            "training_only": {"type": "boolean", "description": "whether it is given in training alone"},
        },
        "additionalProperties": False,
    }
    properties = {
        "extends": {"description": "the model of which this one states the difference", "type": "string"},
        "set": {"description": "values for arguments of the model extended", **_settings()},
        "input": {
            "description": "channels, height and width of the input; or a shape by name for several",
            "type": ["array", "string", "object"],
            "items": shape["items"],
            "additionalProperties": shape,
        },
        "args": ref("arguments"),
        "let": {"description": "names for expressions", **_lets()},
        "body": {"description": "the network: a list of nodes", "strict": "body"},
        "outputs": {
            "description": "outputs by name; left out: the value of the last node",
            "type": "object",
            "additionalProperties": output,
        },
        "expect": {
            "description": "figures that must come out",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "set": {"description": "values for arguments", **_settings()},
                    "input": {"description": "another input shape"},
                    "params": {"description": "learned elements: exact, or rounded like `20.59M`", **_figure()},
                    "macs": {"description": "multiply-accumulates for one sample", **_figure()},
                },
                "additionalProperties": False,
            },
        },
        **_shared(),
    }
    return {
        **_document(MODEL_KEYS, [], properties),
        "dependentRequired": {"set": ["extends"], "outputs": ["body"]},
        "allOf": [{"if": {"not": {"required": ["extends"]}}, "then": {"required": ["input", "body"]}}],
    }


def _blocks_document() -> Schema:
    return _document(BLOCKS_KEYS, ["blocks"], _shared())


def _settings() -> Schema:
    return {"type": "object", "additionalProperties": not_null()}


def _lets() -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": IDENTIFIER, "not": {"enum": OWN}},
        "additionalProperties": not_null(),
    }


def _figure() -> Schema:
    return {"type": ["integer", "string"], "minimum": 0, "pattern": r"^\d+(\.\d+)?\s*[kKMGT]$"}


def _parts() -> dict[str, Schema]:
    number = {"type": "number"}
    return {
        "path_name": structures.name(),
        "defaults": {
            "description": "fields by op, for the nodes written in this file: `{op: {field: value}}`",
            "type": "object",
            "properties": {
                name: {
                    "type": "object",
                    "properties": {info.name: field(info, None) for info in _fields(name)},
                    "additionalProperties": False,
                }
                for name in _heads()
                if _fields(name)
            },
            "additionalProperties": False,
        },
        "arguments": {
            "description": "arguments: a default, a TYPE, `TYPE = default`, or `{type, default, min, max, help}`",
            "type": "object",
            "propertyNames": {"pattern": IDENTIFIER, "not": {"enum": OWN}},
            "additionalProperties": {
                **not_null(),
                "examples": ["int", "float", "bool", "size", "list[int]", "body", "map", "tokens", "vector"],
                "properties": {
                    "type": {"description": "a TYPE, such as `int` or `large | small`", "type": "string"},
                    "default": {"description": "the value if none is given", **not_null()},
                    "min": {"description": "the least value", **number},
                    "max": {"description": "the greatest value", **number},
                    "help": {"description": "what it is for"},
                },
                "additionalProperties": False,
                "if": {"type": "object", "not": {"required": ["type"]}},
                "then": {"required": ["default"], "properties": {"default": not_null("string")}},
            },
        },
        "blocks": _blocks("body"),
        "blocks_defaulted": _blocks("body_defaulted"),
    }


def _blocks(body: str) -> Schema:
    return {
        "type": "object",
        "propertyNames": {**ref("path_name"), "allOf": [{"not": {"enum": _heads()}}]},
        "additionalProperties": {
            "title": "block",
            "type": "object",
            "required": ["body"],
            "properties": {
                "args": ref("arguments"),
                "body": ref(body),
                "init": ref("inits"),
                "about": _about(),
            },
            "additionalProperties": False,
        },
    }
