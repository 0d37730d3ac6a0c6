"""The JSON Schema: what it takes and refuses, what an editor shows of it, and how the verb words it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from blueprint.cli.schema import schema as verb
from blueprint.compiler.loading import PRELUDE, Loader
from blueprint.compiler.schema import judge, schema
from blueprint.compiler.structures import STRUCTURES
from blueprint.diagnostics import Reporter, UsageError, render_text
from blueprint.language.reader import read_data, read_file
from blueprint.language.tree import plain
from blueprint.language.types import parse_type
from blueprint.ops import ops
from blueprint.train.recipe import recipe_schema

HERE = Path(__file__).parent
GOLDENS = HERE / "golden"
WHOLE = schema(recipe_schema())
VALIDATOR = Draft202012Validator(WHOLE)
PLAIN = sorted(name for name in ops() if name not in STRUCTURES)
DOCUMENTS = [
    PRELUDE,
    *sorted((HERE / "documents").glob("*.yaml")),
    *sorted((HERE.parents[1] / "specs").rglob("*.yaml")),
]


def parts(value):
    """Every mapping in a schema."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(item)


def golden(path, found, update):
    if update:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def model(*nodes, **more):
    return {"blueprint": 1, "kind": "model", "name": "net", "input": [3, 8, 8], "body": list(nodes), **more}


def errors(*nodes, **more):
    return [error.message for error in VALIDATOR.iter_errors(model(*nodes, **more))]


def test_schema_is_itself_valid():
    Draft202012Validator.check_schema(WHOLE)
    Draft202012Validator.check_schema(schema())


def test_schema_has_no_unions_so_that_a_typo_is_one_error():
    assert not [part for part in parts(WHOLE) if {"anyOf", "oneOf"} & set(part)]


def test_every_reference_leads_to_a_definition_and_every_definition_is_used():
    wanted = {part["$ref"] for part in parts(WHOLE) if isinstance(part.get("$ref"), str)}
    assert wanted == {f"#/$defs/{name}" for name in WHOLE["$defs"]}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_without_fault_are_accepted(path):
    tree = read_file(path, Reporter())
    assert [error.message for error in VALIDATOR.iter_errors(plain(tree))] == []


def test_every_op_and_structure_is_offered_with_help_on_it_and_on_its_fields():
    offered = WHOLE["$defs"]["node"]["properties"]
    for name in [*PLAIN, *STRUCTURES]:
        definition = WHOLE["$defs"][offered[name]["$ref"].removeprefix("#/$defs/")]
        infos = STRUCTURES[name].fields if name in STRUCTURES else ops()[name].fields()
        assert definition["title"] == name
        assert definition["description"]
        for info in infos:
            field = definition["properties"][info.name]
            assert field["title"] == f"{info.name}: {info.type}"
            assert field["description"].startswith(info.help)
            assert field.get("examples", []) == list(parse_type(info.type).members)


def test_shipped_blocks_are_offered_with_their_arguments():
    offered = WHOLE["$defs"]["node"]["properties"]["mlp"]
    assert list(offered["properties"]) == ["hidden_features", "act", "dropout"]


def test_help_of_an_op_is_that_of_its_golden_file(update_goldens):
    found = json.dumps(WHOLE["$defs"]["op_conv"], indent=2) + "\n"
    golden(GOLDENS / "schema_of_conv.json", found, update_goldens)


@pytest.mark.parametrize(
    "node",
    [
        "anything",
        {"a_block": {"any": [{"thing": None}]}, "when": True},
        {"conv": {"kernel_size": "k", "bias": "wide", "padding_mode": "mode"}},
        {"conv": {"kernel_size": None, "stride": 2.0}},
        {"conv": None, "as": "first"},
        {"max_pool": [2, "k"]},
        {"add": ["x", "y"]},
        {"concat": {"axis": "tokens"}, "from": ["x", "y"]},
        {"einsum": {"pattern": "c h w -> c", "inputs": "x"}},
        {"rearrange": {"pattern": "(a b) h w -> b a h w", "a": 2}},
        {"attention": {"num_heads": 2, "query": {"projection": 2}, "key": ["relu"]}},
        {"residual": ["relu"]},
        {"branches": {"merge": "concat", "axis": "tokens", "split": {"a": 0}, "paths": {"a": []}}},
        {"branches": {"merge": "way", "axis": "tokens", "paths": {"a": []}}},
        {"relu": None, "init": {}},
    ],
    ids=json.dumps,
)
def test_node_that_may_be_good_is_accepted(node):
    assert errors(node) == []


@pytest.mark.parametrize(
    "node",
    [
        3,
        {},
        {"as": "a"},
        {"conv": {"kernel_size": 3, "bais": True}},
        {"conv": {"kernel_size": 0}},
        {"conv": {"kernel_size": [1, 2, 3]}},
        {"conv": {"kernel_size": [1, 0]}},
        {"conv": {"kernel_size": 3, "bias": 1}},
        {"conv": {"out_channels": 8}},
        {"conv": 8},
        {"conv": {"kernel_size": 3}, "wen": True},
        {"conv": {"kernel_size": 3}, "relu": None},
        {"one_block": 1, "two_block": 2},
        {"relu": 1},
        {"relu": None, "as": "train"},
        {"relu": None, "as": "a b"},
        {"relu": None, "when": 1},
        {"linear": 3, "init": {"weight": {"zeroes": None}}},
        {"linear": 3, "init": {"weight": "constant"}},
        {"dropout": 1.5},
        {"add": {}},
        {"add": [1]},
        {"einsum": "c h w -> c"},
        {"einsum": ["x", "y"]},
        {"residual": {"shortcut": []}},
        {"residual": [3]},
        {"branches": {"merge": "add", "paths": {}}},
        {"branches": {"merge": "add", "paths": {"half": []}}},
        {"branches": {"merge": "add", "axis": "channels", "paths": {"a": []}}},
        {"branches": {"merge": "concat", "split": {"a": -1}, "paths": {"a": []}}},
        {"branches": {"merge": "add", "paths": {"a": {"body": [], "wen": True}}}},
        {"rearrange": {"pattern": "a h w -> a h w", "a": 0}},
        {"attention": {"num_heads": 2, "query": [{"relu": 3}]}},
        {"parameter": {"shape": {"channels": 0}}},
        {"for": {"i": 3}},
        {"for": {}, "do": []},
        {"for": {"columns": ["a"], "rows": [], "c": 1}, "do": []},
        {"repeat": -1, "do": []},
        {"if": 3, "then": []},
        {"if": True, "then": [], "els": []},
        {"side": []},
        {"let": {"x": 3}},
    ],
    ids=json.dumps,
)
def test_fault_in_a_node_is_one_error(node):
    assert len(errors("relu", node)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"boddy": []},
        {"name": "a b"},
        {"blueprint": 2},
        {"kind": "modell"},
        {"args": {"dim": None}},
        {"args": {"dim": {"min": 1}}},
        {"args": {"in_channels": 3}},
        {"set": {"dim": 3}},
        {"defaults": {"conv": {"bais": True}}},
        {"defaults": {"relu": {}}},
        {"blocks": {"conv": {"body": []}}},
        {"blocks": {"unit": {}}},
        {"blocks": {"unit": {"body": [{"conv": {"kernel_size": 0}}]}}},
        {"input": [3, 0, 8]},
        {"expect": [{"params": 1.5}]},
        {"outputs": {"y": {"when": True}}},
    ],
    ids=json.dumps,
)
def test_fault_in_a_document_is_one_error(more):
    assert len(errors("relu", **more)) == 1


def test_required_field_may_be_left_out_where_defaults_give_one():
    assert errors({"conv": 8}, {"max_pool": {}}, defaults={"conv": {"kernel_size": 3}}) == []
    assert len(errors({"conv": 8, "wen": 1}, defaults={"conv": {"kernel_size": 3}})) == 1
    assert len(errors({"conv": 8}, defaults={"conv": {"bias": False}})) == 1


LITERALS = st.sampled_from(
    [True, False, -1, 0, 1, 2, 3, 0.5, 1.0, 7.5, [1, 2], [2], [0, 1], [1, 1.0], [1, 2, 3], [True]]
)


@st.composite
def nodes_of_one_op(draw):
    """A node whose fields are literals: of the op's enumerations where it has them, else any."""
    name = draw(st.sampled_from(PLAIN))
    infos = ops()[name].fields()
    fields = {"inputs": ["x"] * (ops()[name].arity or 2)} if ops()[name].arity != 1 else {}
    for info in infos:
        if draw(st.booleans()):
            kind = parse_type(info.type)
            words = [*kind.members, *(["channels"] if "text" in kind.bases else [])]
            fields[info.name] = draw(st.sampled_from(words) | LITERALS if words else LITERALS)
    return {name: fields}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(nodes_of_one_op())
def test_schema_accepts_literal_fields_of_an_op_just_if_they_bind(node):
    reporter = Reporter()
    loader = Loader(reporter)
    tree, _ = loader.tree(model(node))
    loader.model(tree)
    assert (errors(node) == []) == (not reporter.found), reporter.found


def test_faults_are_worded_at_their_places(update_goldens):
    reporter = Reporter()
    nodes = [
        {"conv": {"kernl_size": 3}},
        {"conv": {"kernel_size": -1}, "wen": True},
        {"linear": 3, "init": {"weight": "zeroes"}},
        {"max_pool": True, "as": "half"},
    ]
    tree = read_data(model(*nodes), reporter, "net.json")
    judge(tree, WHOLE, reporter)
    text = render_text(reporter.sorted()) + "\n"
    golden(GOLDENS / "schema_faults.txt", text, update_goldens)


def test_verb_prints_the_schema(capsys):
    assert verb() == 0
    assert json.loads(capsys.readouterr().out) == WHOLE


def test_verb_writes_the_schema_into_a_file(tmp_path, capsys):
    assert verb(out=tmp_path / "schema.json") == 0
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == WHOLE
    assert capsys.readouterr().out == ""


def test_verb_says_in_diagnostics_that_a_file_cannot_be_written(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        verb(out=tmp_path / "nowhere" / "schema.json")


def test_verb_validates_files_by_the_schema_alone(tmp_path, capsys):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("blueprint: 1\nkind: model\nname: net\ninput: [3, 8, 8]\nbody: [no_such_block]\n")
    bad.write_text("blueprint: 1\nkind: model\nname: net\ninput: [3, 8, 8]\nbdy: []\n")
    assert verb([good], validate=True) == 0
    assert "1 file without fault, as far as the schema can judge" in capsys.readouterr().out
    assert verb([good, bad], validate=True) == 1
    assert "the document has no `bdy`" in capsys.readouterr().err


def test_verb_takes_files_with_validate_alone():
    for given_wrongly in ({"files": [Path("a.yaml")]}, {"validate": True}):
        with pytest.raises(UsageError, match="go together"):
            verb(**given_wrongly)


def test_schema_needs_no_torch():
    code = (
        "import sys; from blueprint.cli.schema import schema; schema(); print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
