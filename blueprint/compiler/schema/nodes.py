"""The JSON Schema of nodes: an op's, structure's or block's key, and what may stand beside it."""

from __future__ import annotations

from inspect import cleandoc

from blueprint.compiler.schema import structures
from blueprint.compiler.schema.structures import BOOL
from blueprint.compiler.schema.values import NAMES, Schema, body, fields, ref, types_of, value
from blueprint.compiler.structures import BESIDE, STRUCTURES
from blueprint.compiler.syntax import Library
from blueprint.ops import ops
from blueprint.ops.base import Op


def definitions(prelude: Library, strict: bool) -> dict[str, Schema]:
    """`node`, and all that refers to it.

    strict: whether ops must have their required fields, which a document's `defaults` may give.
    The definitions of the other kind end in `_defaulted`.
    """
    suffix = "" if strict else "_defaulted"
    node = f"node{suffix}"
    return {
        f"body{suffix}": body(node, description="a list of nodes, or one"),
        node: _node(prelude, suffix, strict),
        **structures.definitions(node, suffix),
    }


def op_definitions() -> dict[str, Schema]:
    """What stands beside each op's key, types and required keys left out; and the names that nodes may be alone."""
    plain = {name: op for name, op in ops().items() if name not in STRUCTURES}
    lines = {name: first_line(op) for name, op in plain.items()}
    word = {
        "examples": [name for name, op in plain.items() if op.arity == 1 and not _required(op)],
        "allOf": [
            {"if": {"const": name}, "then": {"title": name, "description": line}} for name, line in lines.items()
        ],
    }
    return {"word": word, **{f"op_{name}": _op(op) for name, op in plain.items()}}


def first_line(op: type[Op]) -> str:
    """The first line of an op's docstring."""
    return cleandoc(op.__doc__ or "").split("\n")[0]


def _op(op: type[Op]) -> Schema:
    shape = fields(op.fields(), op.main)
    if _takes_names(op):
        names: Schema = {"items": {"type": "string"}, "minItems": 1}
        if op.arity is not None:
            names |= {"minItems": op.arity, "maxItems": op.arity}
        inputs = {"type": ["array", "string", "null"], "description": "the values that enter, by name", **names}
        shape["properties"] = {"inputs": inputs, **shape["properties"]}
        shape |= names
    return {"title": op.name, "description": first_line(op), **shape}


def _takes_names(op: type[Op]) -> bool:
    return op.arity is None or op.arity > 1


def _required(op: type[Op]) -> tuple[str, ...]:
    return tuple(info.name for info in op.fields() if info.required)


def _op_property(op: type[Op], strict: bool) -> Schema:
    required = _required(op) if strict else ()
    types = types_of(op.fields(), op.main, required)
    if _takes_names(op):
        types = [*([] if required else ["array", "string"]), "object", "null"]
    return {**ref(f"op_{op.name}"), "type": types, **({"required": list(required)} if required else {})}


def _structure_property(name: str, suffix: str, strict: bool) -> Schema:
    structure = STRUCTURES[name]
    always, given = structures.required(structure)
    required = [*always, *(given if strict else [])]
    schema = {**ref(f"{name}{suffix}"), "type": structures.types(structure)}
    return {**schema, "required": required} if required else schema


def _node(prelude: Library, suffix: str, strict: bool) -> Schema:
    plain = [name for name in ops() if name not in STRUCTURES]
    inner = {"$ref": f"#/$defs/body{suffix}"}
    beside: Schema = {
        "as": {
            "title": "as",
            "description": "names the value and its part of the weights' names; of `split` each part, or their list",
            "type": ["string", "array"],
            "if": {"type": "array"},
            "then": {"items": ref("path_name"), "minItems": 1},
            "else": ref("path_name"),
        },
        "from": {**NAMES, "title": "from", "description": "the values that enter, by name; left out: the one before"},
        "when": {**value(BOOL), "title": "when", "description": "guards the node: off means identity"},
        "share": {**ref("path_name"), "title": "share", "description": "nodes with the same label share their weights"},
        "init": {"title": "init", "description": "initialisers: of an op by parameter, of a structure or block by op"},
        "do": {**inner, "description": "the body of a loop"},
        "then": {**inner, "description": "the body if the condition holds"},
        "else": {**inner, "description": "the body if it does not; left out: identity"},
        "collect": structures.collect(),
    }
    return {
        "type": ["string", "object"],
        "properties": {
            **{name: _op_property(ops()[name], strict) for name in plain},
            **{name: _structure_property(name, suffix, strict) for name in STRUCTURES},
            **_blocks(prelude),
            **beside,
        },
        "if": {"type": "string"},
        "then": ref("word"),
        "else": {"if": {"type": "object"}, "then": {"allOf": _rules(plain)}},
    }


def _rules(plain: list[str]) -> list[Schema]:
    """What the keys of a node have to do with each other."""
    beside, bodies = list(BESIDE), ["do", "then", "else", "collect"]
    has_op = {"not": {"propertyNames": {"not": {"enum": plain}}}}
    values_given = {"properties": dict.fromkeys(beside, True), "additionalProperties": {"not": {"type": "null"}}}
    several = [name for name in plain if _takes_names(ops()[name])]
    parted = [name for name in plain if ops()[name].several]
    named = {"required": ["inputs"], "properties": {"inputs": {"not": {"type": "null"}}}}
    unnamed = {"type": ["object", "null"], "properties": {"inputs": {"type": "null"}}}
    known = [*plain, *STRUCTURES, *beside, *bodies]
    rules: list[Schema] = [
        {"not": {"propertyNames": {"enum": beside}}},
        {
            "if": has_op,
            "then": {
                "propertyNames": {"enum": [*plain, *beside]},
                "if": values_given,
                "then": {"properties": {"init": ref("parameter_inits")}},
                "else": {"properties": {"init": {"type": "object"}}},
            },
            "else": {"properties": {"init": ref("inits")}},
        },
        {"if": {"propertyNames": {"enum": plain}}, "then": {"maxProperties": 1}},
        {"if": {"propertyNames": {"not": {"enum": known}}}, "then": {"maxProperties": 1}},
        {
            "if": {"required": ["from"]},
            "then": {"properties": dict.fromkeys(several, unnamed)},
            "else": {"properties": dict.fromkeys(several, named)},
        },
        {
            "if": {"propertyNames": {"not": {"enum": parted}}},
            "then": {"properties": {"as": {"type": "string"}}},
            "else": {"if": values_given, "then": {"required": ["as"]}},
        },
        {
            "if": {"propertyNames": {"not": {"enum": several}}},
            "then": {"properties": {"from": {"maxItems": 1}}},
        },
    ]
    for name, structure in STRUCTURES.items():
        own = [word for word, _ in structure.beside] + (["collect"] if name == "for" else [])
        own += beside if name != "let" else []
        rule: Schema = {"if": {"required": [name]}, "then": {"propertyNames": {"enum": [name, *own]}}}
        needed = [word for word, must in structure.beside if must] + (["as"] if name == "side" else [])
        if needed:
            given = {"properties": {name: {"not": {"type": "null"}}}}
            rule["then"] |= {"if": given, "then": {"required": needed}}
        rules.append(rule)
    return rules


def _blocks(prelude: Library) -> dict[str, Schema]:
    """The shipped blocks, shown but not judged: a document may have its own under the same name."""
    return {
        name: {
            "title": name,
            "description": str(block.about or f"the block `{name}`"),
            "properties": {
                word: {"title": f"{word}: {argument.type}", "description": argument.help or f"an argument of `{name}`"}
                for word, argument in (block.arguments or {}).items()
            },
        }
        for name, block in prelude.blocks.items()
    }
