"""The grammar of settings: strict fields, and choices written `name`, `{name: MAIN}` or `{name: {field: value}}`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Union

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    SerializerFunctionWrapHandler,
    Tag,
    WithJsonSchema,
    model_serializer,
)
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """A group of fields: strict types, unknown keys refused, never changed after validation."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Option(Settings):
    """One of several things that a document may name.

    `name` is what the document writes, `main` the field that a bare value sets. The docstring's
    first line is shown by editors. It serialises as `{name: {field: value}}`.
    """

    name: ClassVar[str]
    main: ClassVar[str | None] = None

    @model_serializer(mode="wrap")
    def _fold(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {self.name: handler(self)}


def choice(*options: type[Option]) -> Any:
    """The type of a field that takes one of `options`; a fault inside one has the option's name in its location."""
    by_name = {option.name: option for option in options}

    def unfold(value: Any) -> Any:
        if isinstance(value, Option):
            return value.name, value
        if isinstance(value, str):
            return value, {}
        if isinstance(value, dict) and len(value) == 1:
            name, fields = next(iter(value.items()))
            option = by_name.get(name)
            if option and option.main and not isinstance(fields, (dict, option)):
                fields = {option.main: fields}
            return name, fields
        raise PydanticCustomError("choice", "one name", {"names": list(by_name)})

    tagged = [Annotated[o, BeforeValidator(_second), Tag(o.name)] for o in options]
    union = Union[tuple(tagged)]  # type: ignore[valid-type]  # noqa: UP007
    return Annotated[union, Discriminator(_first), BeforeValidator(unfold), WithJsonSchema(_choice_schema(options))]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else getattr(value, "name", None)


def _second(value: Any) -> Any:
    return value[1] if isinstance(value, tuple) else value


def _choice_schema(options: tuple[type[Option], ...]) -> dict[str, Any]:
    properties = {}
    bare = []
    for option in options:
        body = tidy_schema(option.model_json_schema())
        summary = (option.__doc__ or "").split("\n")[0]
        if not body.get("required"):
            bare.append(option.name)
        if option.main:
            value = dict(body["properties"][option.main])
            body = {"if": {"type": "object"}, "then": body, "else": value}
        properties[option.name] = {**body, "description": summary}
    return {
        "type": ["string", "object"],
        "if": {"type": "string"},
        "then": {"enum": bare},
        "else": {"minProperties": 1, "maxProperties": 1, "additionalProperties": False, "properties": properties},
    }


def tidy_schema(schema: Any) -> Any:
    """The JSON Schema without generated titles, and with `null` among the types in place of `anyOf`."""
    if isinstance(schema, list):
        return [tidy_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {k: tidy_schema(v) for k, v in schema.items() if not (k == "title" and isinstance(v, str))}
    some = schema.pop("anyOf", None)
    if some:
        inner, null = some
        assert null == {"type": "null"}, f"recipe schema: a union of more than a type and null: {some}"
        if "if" in inner or "$ref" in inner:
            inner = {"if": {"type": "null"}, "then": {}, "else": inner}
        elif "enum" in inner:
            inner = {**{k: v for k, v in inner.items() if k != "type"}, "enum": [*inner["enum"], None]}
        else:
            inner = {**inner, "type": [inner["type"], "null"]}
        schema = {**inner, **schema}
    return schema


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Beside an integer's limits: a whole float passes as an integer, as everywhere in the language."""
