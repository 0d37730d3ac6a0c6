"""The JSON Schema and the checker agree: whatever the schema refuses is a fault, and of the faults
that the binder finds in keys, types and limits the schema finds all but those named here."""

import copy
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import blueprint
from blueprint.compiler.loading import Loader
from blueprint.compiler.schema import schema
from blueprint.compiler.structures import STRUCTURES
from blueprint.diagnostics import Diagnostic, Reporter
from blueprint.language.reader import read_file
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree, plain
from blueprint.ops import ops
from blueprint.train.recipe import recipe_schema

FOLDER = Path(__file__).parent / "documents"
SPECS = Path(__file__).parents[2] / "specs"
VALIDATOR = Draft202012Validator(schema(recipe_schema()))

JUDGED = {"unknown-key", "missing-key", "wrong-type", "out-of-range"}
"""The codes of the faults that a schema can find."""

CALLED = {"core", "plain_core", "plain_core_q", "token_block", "widen", "halve", "mlp", "act", "nothing", "one"}
"""The blocks and body arguments that the documents call."""

OUT_OF_REACH = {
    "missing-key": (
        r"^block `|^body `",  # what a block takes, the schema does not know
        r"`split` leaves out path",  # it does not compare the keys of two mappings
    ),
    "unknown-key": (
        r"neither a field of `rearrange` nor an axis of its pattern",  # it does not read patterns
        r"^a node has one op|has no meaning beside",  # it does not count keys where some stand beside the op
    ),
    "wrong-type": (
        r"is no type: |there is no type|the default of `",  # it does not read TYPEs
        r"only one path takes the `rest`",  # it does not compare the values of a mapping
        r"is a name of letters, digits and `_`$|binds a name|is a name$",  # of letters it knows ASCII alone
    ),
    "out-of-range": (r"lies above its `max`",),  # it does not compare two limits
}
"""Faults that the schema cannot find, by code and message."""


def bare_or_null(found: Diagnostic, at: tuple[str | int, ...], doc: object) -> bool:
    """A node with no value may run a body argument that bears the name of an op, so the schema lets it pass."""
    return found.code in ("missing-key", "wrong-type") and value_at(doc, at) in (*ops(), *STRUCTURES, None)


def in_call(at: tuple[str | int, ...]) -> bool:
    """In the arguments of a call, whose types the block says."""
    return any(part in CALLED and at[i - 1] not in ("blocks", "args") for i, part in enumerate(at))


def in_free_value(found: Diagnostic, at: tuple[str | int, ...]) -> bool:
    """In a value of any type, or of one that stands beside it: an argument's default, a `let`, a loop's column."""
    for i, part in enumerate(at):
        inside = at[i + 1 :]
        if part == "args" and inside and (inside[1:2] == ("default",) or isinstance(inside[-1], int)):
            return True
        if part == "args" and found.code == "wrong-type" and len(inside) == 1:
            return True
        if part in ("let", "for") and len(inside) > 1 and inside[0] != "columns":
            return True
        if part == "set" and inside:
            return True
    return False


def filled_by_defaults(found: Diagnostic, doc: dict[str, object]) -> bool:
    """Where `defaults` give any required field, the schema asks for none."""
    given = doc.get("defaults") or {}
    return found.code == "missing-key" and any(
        info.required and info.name in given[name]
        for name in given
        for info in (STRUCTURES[name].fields if name in STRUCTURES else ops()[name].fields())
    )


def value_at(doc: object, at: tuple[str | int, ...]) -> object:
    for part in at:
        doc = doc[part]
    return doc


def path_to(tree: Tree, found: Diagnostic) -> tuple[str | int, ...]:
    """The keys and indices that lead to the place of a fault."""
    assert found.span is not None
    place = (found.span.line, found.span.column)

    def holds(span) -> bool:
        return (span.line, span.column) <= place < (span.end_line, span.end_column)

    path: list[str | int] = []
    while not isinstance(tree, Scalar):
        if isinstance(tree, Sequence):
            step = next(((i, item) for i, item in enumerate(tree.items) if holds(item.span)), None)
        else:
            step = next(((str(e.key.value), e.value) for e in tree if holds(e.key.span) or holds(e.value.span)), None)
        if step is None:
            break
        path.append(step[0])
        tree = step[1]
    return tuple(path)


def bind(doc: dict[str, object]) -> tuple[Tree | None, list[Diagnostic]]:
    """The document's tree, and what the stages up to the binder find."""
    reporter = Reporter()
    loader = Loader(reporter)
    found = loader.tree(doc)
    if found is None:
        return None, reporter.found
    tree, kind = found
    if kind == "model":
        loader.model(tree)
    elif kind == "blocks":
        loader.library(tree)
    elif kind == "recipe":
        from blueprint.train.recipe_document import bind_recipe

        bind_recipe(tree, reporter)
    return tree, reporter.found


def read(path: Path) -> dict[str, object]:
    tree = read_file(path, Reporter())
    assert isinstance(tree, Mapping)
    return plain(tree)


MODELS = {name: read(FOLDER / f"{name}.yaml") for name in ("everything", "edges", "library", "child")}
RECIPES = {name: read(SPECS / "recipes" / f"{name}.yaml") for name in ("digits", "dmcnet")}

WORDS = st.sampled_from(
    ["conv", "relu", "body", "when", "x", "do", "bias", "kernel_size", "type", "_a", "1a", "init", "residual", "rows"]
)
VALUES = st.sampled_from(
    [
        *(True, 3, -1, 0, 2.5, 2.0, "word", "relu", "1 + 1", "none", "rest", None),
        *([], [1, 2], [1, 2, 3], [0, "a"], [True], [None], [["relu"]], ["relu"], [{"linear": 4, "when": "wide"}]),
        *({}, {"conv": {"kernel_size": 3}}, {"conv": {"kernl": 3}}, {"body": ["relu"]}),
        *({"weight": "zeros"}, {"value": 0.5}),
    ]
)


def places(doc: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where every value of a document stands, but the document itself."""
    steps = doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    found = []
    for key, value in steps:
        found += [(*at, key), *places(value, (*at, key))]
    return found


@st.composite
def edited(draw, documents: dict[str, dict[str, object]]) -> dict[str, object]:
    """A document with one edit or two of its structure, which most often put it in the wrong."""
    doc = copy.deepcopy(documents[draw(st.sampled_from(sorted(documents)))])
    for _ in range(draw(st.integers(1, 2))):
        edit(draw, doc)
    return doc


def edit(draw, doc: dict[str, object]) -> None:
    here = places(doc)
    if not here:
        return
    at = draw(st.sampled_from(here))
    owner, key = value_at(doc, at[:-1]), at[-1]
    kind = draw(st.sampled_from(["replace", "delete", "add", "rename"]))
    if kind == "replace":
        owner[key] = copy.deepcopy(draw(VALUES))
    elif kind == "delete":
        del owner[key]
    elif isinstance(owner, list):
        owner.insert(key, copy.deepcopy(draw(VALUES)))
    elif kind == "add":
        owner[draw(WORDS)] = copy.deepcopy(draw(VALUES))
    else:
        new = draw(st.sampled_from([f"{key}x", str(key)[:-1] or "a"]) | WORDS)
        entries = [(new if word == key else word, value) for word, value in owner.items()]
        owner.clear()
        owner.update(entries)


ROUNDS = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def _in_folder():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(FOLDER)
        yield


def agree(doc: dict[str, object]) -> None:
    errors = list(VALIDATOR.iter_errors(doc))
    if errors:
        assert blueprint.check(doc), f"the schema alone finds fault: {errors[0].message} at {errors[0].json_path}"
        return
    tree, faults = bind(doc)
    for found in faults:
        if found.code not in JUDGED or found.span is None:
            continue
        at = path_to(tree, found)
        if any(re.search(pattern, found.message) for pattern in OUT_OF_REACH[found.code]):
            continue
        excused = bare_or_null(found, at, doc) or filled_by_defaults(found, doc)
        excused = excused or in_call(at) or in_free_value(found, at)
        assert excused, f"the binder alone finds {found} {at}"


@ROUNDS
@given(edited(MODELS))
def test_schema_and_binder_agree_on_edited_models(doc):
    agree(doc)


@ROUNDS
@given(edited(RECIPES))
def test_schema_and_binder_agree_on_edited_recipes(doc):
    agree(doc)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_documents_under_edit_are_without_fault(name):
    assert blueprint.check(MODELS[name]) == []
    assert VALIDATOR.is_valid(MODELS[name])
