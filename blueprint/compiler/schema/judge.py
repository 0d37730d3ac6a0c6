"""What the JSON Schema alone says of a document, as an editor would, told as diagnostics at their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blueprint.diagnostics import Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import listed, ticked
from blueprint.language.tree import Entry, Mapping, Sequence, Tree, plain
from blueprint.language.types import show

if TYPE_CHECKING:
    from jsonschema import ValidationError

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "no value",
}


def judge(tree: Tree, schema: dict[str, Any], reporter: Reporter) -> None:
    """Report every error of the schema in a document's tree."""
    from jsonschema import Draft202012Validator

    errors = list(Draft202012Validator(schema).iter_errors(plain(tree)))
    misspelt = {(*e.absolute_path, meant) for e in errors for meant in _meant(e)}
    for error in errors:
        _report(error, _Place(tree).go(error.absolute_path), misspelt, reporter)


def _meant(error: ValidationError) -> list[str]:
    """The keys that were probably meant by those that a mapping does not have."""
    schema: Any = error.schema
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return []
    known = list(schema.get("properties", {}))
    return [meant for word in error.instance if word not in known and (meant := nearest(word, known))]


class _Place:
    """A spot in the tree: a value, and the entry of the mapping in which it stands."""

    def __init__(self, tree: Tree, entry: Entry | None = None) -> None:
        self.tree, self.entry = tree, entry

    def go(self, where: Any) -> _Place:
        """The spot reached along the keys and indices of a path."""
        place = self
        for part in where:
            if isinstance(place.tree, Mapping):
                entry = place.tree.entry(str(part))
                assert entry is not None, "judge: an error at a key that is not there"
                place = _Place(entry.value, entry)
            else:
                assert isinstance(place.tree, Sequence), "judge: an error inside a scalar"
                place = _Place(place.tree.items[part], place.entry)
        return place

    @property
    def name(self) -> str:
        """How a message names the spot."""
        return ticked(str(self.entry.key.value)) if self.entry else "the document"

    def key(self, word: str) -> Span:
        """Where the key `word` stands."""
        entry = self.tree.entry(word) if isinstance(self.tree, Mapping) else None
        return entry.key.span if entry else self.tree.span


def _report(error: ValidationError, place: _Place, misspelt: set[Any], reporter: Reporter) -> None:
    rule: Any = error.validator
    wanted: Any = error.validator_value
    value: Any = error.instance
    help = str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""
    head = place.entry.key.span if place.entry else place.key(next(iter(value), "") if isinstance(value, dict) else "")
    if "propertyNames" in error.absolute_schema_path:
        _name(str(value), rule, wanted, place, help, reporter)
    elif rule == "additionalProperties":
        assert isinstance(error.schema, dict), "judge: a schema of keys that is no mapping"
        known = list(error.schema.get("properties", {}))
        for word in value:
            if word not in known:
                meant = nearest(word, known)
                hint = f"did you mean `{meant}`?" if meant else f"its keys: {', '.join(known) or 'none'}"
                reporter.error("unknown-key", f"{place.name} has no `{word}`", place.key(word), help=hint)
    elif rule == "required":
        for word in wanted:
            if word not in value and (*error.absolute_path, word) not in misspelt:
                reporter.error("missing-key", f"{place.name} needs `{word}`", head)
    elif rule == "dependentRequired":
        for word, others in wanted.items():
            if word in value and not set(others) <= set(value):
                reporter.error("unknown-key", f"`{word}` goes with {listed(others)}", place.key(word))
    elif rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else [kind for kind in wanted if kind != "null"]
        *most, last = (_TYPES[kind] for kind in kinds)
        words = f"{', '.join(most)} or {last}" if most else last
        reporter.error("wrong-type", f"{place.name} is {words}", place.tree.span, label=_shown(value), help=help)
    elif rule in ("minimum", "maximum"):
        words = f"at {'least' if rule == 'minimum' else 'most'} {wanted:g}"
        reporter.error("out-of-range", f"{place.name} is {words}", place.tree.span, label=_shown(value), help=help)
    elif rule in ("exclusiveMinimum", "exclusiveMaximum"):
        words = f"{'above' if rule == 'exclusiveMinimum' else 'below'} {wanted:g}"
        reporter.error("out-of-range", f"{place.name} is {words}", place.tree.span, label=_shown(value), help=help)
    elif rule == "enum":
        meant = nearest(str(value), [str(w) for w in wanted])
        hint = f"did you mean `{meant}`?" if meant else f"one of {listed([str(w) for w in wanted])}"
        code = "unknown-name" if isinstance(value, str) else "wrong-type"
        reporter.error(code, f"{place.name} has no choice {_shown(value)}", place.tree.span, help=hint)
    elif rule == "const":
        reporter.error("wrong-type", f"{place.name} is {show(wanted)}", place.tree.span, label=_shown(value))
    elif rule == "pattern":
        reporter.error("wrong-type", f"{place.name} cannot be {_shown(value)}", place.tree.span, help=help)
    elif rule == "not" and isinstance(value, str):
        reporter.error("reserved-name", f"`{value}` is taken", place.tree.span, help=help)
    elif rule == "not" and value is None:
        reporter.error("missing-key", f"{place.name} has no value", head)
    elif rule == "not":
        reporter.error("missing-key", "a node needs an op", place.tree.span, help="write `op: fields`")
    elif rule == "maxProperties":
        first, extra = next(iter(value)), list(value)[wanted]
        reporter.error("unknown-key", f"`{extra}` has no place beside `{first}`", place.key(extra))
    elif rule in ("minProperties", "minItems", "maxItems", "minLength", "maxLength"):
        bound = f"at {'least' if rule.startswith('min') else 'most'} {wanted}"
        noun = {"Properties": "keys", "Items": "items", "Length": "characters"}[rule[3:]]
        reporter.error("wrong-type", f"{place.name} has {bound} {noun}", place.tree.span, help=help)
    else:
        raise AssertionError(f"judge: no words for the rule `{rule}`")


def _name(word: str, rule: str, wanted: Any, place: _Place, help: str, reporter: Reporter) -> None:
    span = place.key(word)
    if rule == "enum":
        meant = nearest(word, wanted)
        reporter.error(
            "unknown-key",
            f"`{word}` has no meaning here",
            span,
            help=f"did you mean `{meant}`?" if meant else "write each op as an item of its own, with a `-` before it",
        )
    elif rule == "not":
        reporter.error("reserved-name", f"`{word}` is taken", span, help=help)
    else:
        reporter.error("wrong-type", f"`{word}` is no name", span, help=help)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return ticked(show(value))
