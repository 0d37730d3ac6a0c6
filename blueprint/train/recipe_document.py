"""A recipe's tree to a typed recipe; each fault becomes a diagnostic at the field at fault, in words of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.compiler.bind_documents import check_header
from blueprint.diagnostics import Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import counted, listed, ticked
from blueprint.language.reader import read_data, read_file
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree, plain
from blueprint.language.zoo import locate, shown
from blueprint.train.recipe_override import set_field

if TYPE_CHECKING:
    from blueprint.data.settings import Settings
    from blueprint.train.recipe import Recipe

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "string": "a text",
    "list": "a list",
    "model": "a mapping of settings",
    "dict": "a mapping of settings",
}
_LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def load_recipe(recipe: str | Path | dict[str, object], overrides: tuple[tuple[str, str, str], ...] = ()) -> Recipe:
    """The recipe of a file, of a shipped name or of a dictionary, with single fields set anew.

    overrides: (field path, value as YAML, the command line's words for both), such as
    (`optimiser.lr`, `0.05`, `--set recipe.optimiser.lr=0.05`). Raises SpecError with all faults.
    """
    reporter = Reporter()
    if isinstance(recipe, dict):
        tree = read_data(recipe, reporter)
    else:
        path = locate(str(recipe), "recipe")
        tree = read_file(path, reporter, shown(path))
    for path_text, value, words in overrides:
        if tree is not None:
            tree = set_field(tree, path_text.split("."), value, words, reporter)
    reporter.raise_if_failed()
    assert tree is not None, "recipe document: no tree and no fault"
    found = bind_recipe(tree, reporter)
    reporter.raise_if_failed()
    assert found is not None, "recipe document: no recipe and no fault"
    return found


def bind_recipe(tree: Tree, reporter: Reporter) -> Recipe | None:
    """The recipe that a tree of kind `recipe` writes; None if anything is at fault, which is then reported."""
    kind = check_header(tree, reporter)
    if kind is None or not isinstance(tree, Mapping):
        return None
    if kind != "recipe":
        entry = tree.get("kind")
        assert entry is not None, "recipe document: a kind without its entry"
        message = f"a recipe is wanted, this is a document of kind `{kind}`"
        reporter.error(
            "wrong-kind", message, entry.span, help="pass the spec as the argument, the recipe as `--recipe`"
        )
        return None
    from pydantic import ValidationError

    from blueprint.train.recipe import Recipe

    before = len(reporter.found)
    try:
        recipe = Recipe.model_validate(plain(tree))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _report(fault, tree, reporter)
        return None
    return recipe if len(reporter.found) == before else None


def _report(fault: Any, tree: Mapping, reporter: Reporter) -> None:
    """Report one of pydantic's faults at its place in the tree."""
    from blueprint.train.recipe import Recipe

    kind, where, context, value = fault["type"], fault["loc"], fault.get("ctx", {}), fault["input"]
    place = _Place(tree).go(where[:-1] if kind in ("extra_forbidden", "missing") else where)
    name = str(next((part for part in reversed(where) if isinstance(part, str)), "recipe"))
    owner = place.name or "a recipe"
    if where[:1] == ("blueprint",) or where[:1] == ("kind",):
        return  # check_header has told
    if kind == "extra_forbidden":
        known = _fields(Recipe, where[:-1])
        help = _did_you_mean(name, known) or f"its keys: {', '.join(known)}"
        what = f"`{owner}`" if place.name else owner
        span = place.key_of(name)
        reporter.error("unknown-key", f"{what} has no `{name}`", span, help=help)
    elif kind == "missing":
        what = f"`{owner}`" if place.name else owner
        reporter.error("missing-key", f"{what} needs `{name}`", place.start, help=_summary(Recipe, where))
    elif kind == "union_tag_invalid":
        names = [n.strip(" '") for n in context["expected_tags"].split(",")]
        wrong = str(context["tag"])
        help = _did_you_mean(wrong, names) or f"one of {listed(names)}"
        reporter.error("unknown-name", f"`{name}` knows no {ticked(wrong)}", place.start, help=help)
    elif kind == "choice":
        message = f"`{name}` takes a name, or one name with its settings, as `{{name: {{key: value}}}}`"
        help = f"one of {listed(context['names'])}"
        reporter.error("wrong-type", message, place.span, help=help)
    elif kind == "literal_error":
        names = [n.strip(" '") for n in context["expected"].replace(" or ", ", ").split(",")]
        help = _did_you_mean(str(value), names) or f"one of {listed(names)}"
        code = "unknown-name" if isinstance(value, str) else "wrong-type"
        reporter.error(code, f"`{name}` is {listed(names)}", place.span, label=_shown(value), help=help)
    elif kind in _LIMITS:
        key, words = _LIMITS[kind]
        reporter.error("out-of-range", f"`{name}` is {words} {_number(context[key])}", place.span, label=_shown(value))
    elif kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        noun = "character" if kind.startswith("string") else "value"
        limit = context.get("min_length", context.get("max_length"))
        words = f"{'at least' if 'short' in kind else 'at most'} {counted(limit, noun)}"
        reporter.error("out-of-range", f"`{name}` has {words}", place.span, label=counted(len(value), noun))
    elif kind == "field":
        field = str(fault["msg"])
        at = place.go((field,)) if field not in where else place
        reporter.error("out-of-range", context["message"], at.span)
    elif kind == "size":
        message = f"`{name}` is a whole number, or a list of two: height and width"
        reporter.error("wrong-type", message, place.span, label=_shown(value))
    elif kind == "finite_number":
        reporter.error("out-of-range", f"`{name}` is a finite number", place.span, label=_shown(value))
    else:
        stem = kind.rsplit("_", 1)[0].split("_")[0]
        assert stem in _TYPES, f"recipe document: no words for pydantic's `{kind}`"
        reporter.error("wrong-type", f"`{name}` is {_TYPES[stem]}", place.span, label=_shown(value))


class _Place:
    """A spot in the tree, found as far as the document goes; the rest of the way lies in what is written short."""

    def __init__(self, tree: Tree, entry: Entry | None = None, name: str = "") -> None:
        self.tree, self.entry, self.name = tree, entry, name

    def go(self, where: tuple[str | int, ...]) -> _Place:
        """The spot reached along a location of pydantic's."""
        place = self
        for part in where:
            entry = place.tree.entry(str(part)) if isinstance(place.tree, Mapping) else None
            if entry is not None:
                place = _Place(entry.value, entry, str(part))
            elif isinstance(place.tree, Sequence) and isinstance(part, int) and part < len(place.tree.items):
                place = _Place(place.tree.items[part], None, place.name)
            elif isinstance(part, str):
                place = _Place(place.tree, place.entry, part)
        return place

    @property
    def span(self) -> Span:
        """Where the value stands."""
        return self.tree.span

    @property
    def start(self) -> Span:
        """What best stands for the whole: a name's or mapping's first key, the key of the value, or the value."""
        if isinstance(self.tree, Mapping) and self.entry is None and self.tree.entries:
            return self.tree.entries[0].key.span
        if isinstance(self.tree, Scalar):
            return self.tree.span
        if isinstance(self.tree, Mapping) and len(self.tree.entries) == 1:
            return self.tree.entries[0].key.span
        return self.entry.key.span if self.entry else self.tree.span

    def key_of(self, name: str) -> Span:
        """Where the key `name` stands."""
        entry = self.tree.entry(name) if isinstance(self.tree, Mapping) else None
        return entry.key.span if entry else self.tree.span


def _fields(recipe: type[Recipe], where: tuple[str | int, ...]) -> list[str]:
    """The names of the fields of the model that a location lies in."""
    return list(_model(recipe, where).model_fields)


def _summary(recipe: type[Recipe], where: tuple[str | int, ...]) -> str:
    """What the field at a location is for."""
    field = _model(recipe, where[:-1]).model_fields.get(str(where[-1]))
    text = " ".join((field.description or "").split()) if field else ""
    return text[:1].lower() + text[1:].rstrip(".")


def _model(recipe: type[Recipe], where: tuple[str | int, ...]) -> type[Settings]:
    """The model at a location: the recipe, what it is about, or the option named there."""
    from blueprint.train.recipe import About, options

    if where == ("about",):
        return About
    return options(str(where[0])).get(str(where[-1]), recipe) if where else recipe


def _did_you_mean(word: str, known: list[str]) -> str:
    meant = nearest(word, known)
    return f"did you mean `{meant}`?" if meant else ""


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return ticked(json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value)


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value}"
