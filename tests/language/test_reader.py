"""Files, texts and dictionaries become trees, or diagnostics and never anything else."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blueprint.diagnostics import Reporter, Source, Span, render_text
from blueprint.language.limits import MAX_BYTES
from blueprint.language.reader import read_data, read_file, read_text
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree, plain


def read(text: str, name: str = "x.yaml") -> Tree:
    reporter = Reporter()
    tree = read_text(Source(name, text), reporter)
    assert tree is not None, render_text(reporter)
    assert not reporter.found
    return tree


def codes(text: str, name: str = "x.yaml") -> list[str]:
    reporter = Reporter()
    assert read_text(Source(name, text), reporter) is None
    return [d.code for d in reporter]


def spans(tree: Tree) -> list[Span]:
    found = [tree.span]
    if isinstance(tree, Sequence):
        found += [span for item in tree.items for span in spans(item)]
    elif isinstance(tree, Mapping):
        found += [span for entry in tree for part in (entry.key, entry.value) for span in spans(part)]
    return found


def written(span: Span) -> str:
    """The text of a span that lies on one line."""
    assert span.line == span.end_line
    return span.source.lines[span.line - 1][span.column - 1 : span.end_column - 1]


def inside(span: Span) -> bool:
    lines = span.source.lines
    return (
        1 <= span.line <= span.end_line <= len(lines)
        and 1 <= span.column <= len(lines[span.line - 1]) + 1
        and span.end_column <= len(lines[span.end_line - 1]) + 2
        and (span.line, span.column) < (span.end_line, span.end_column)
    )


# Texts that both formats can hold: YAML has no surrogates, and takes some characters for line ends.
letters = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"), max_size=12
)
numbers = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
scalars = st.one_of(st.none(), st.booleans(), numbers, letters)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(letters, inner, max_size=4)),
    max_leaves=25,
)


def same(a: object, b: object) -> bool:
    """Equality that tells 1, 1.0 and True apart."""
    return repr(a) == repr(b)


@given(documents, st.sampled_from([None, 2]))
@example({"a": 1e16, "b": -0.0, "c": 1e-7}, None)
def test_json_text_is_the_same_tree_as_json_and_as_yaml(data, indent):
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    as_json = read(text, "x.json")
    assert same(plain(as_json), data)
    assert same(plain(read(text, "x.yaml")), data)


@given(
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=20)
)
def test_json_with_escapes_reads_as_python_reads_it(data):
    text = json.dumps(data)
    assert same(plain(read(text, "x.json")), json.loads(text))


@given(st.dictionaries(letters, documents, max_size=5))
def test_dictionary_reads_as_itself(data):
    reporter = Reporter()
    tree = read_data(data, reporter)
    assert tree is not None, render_text(reporter)
    assert same(plain(tree), data)
    assert all(inside(span) for span in spans(tree))


SNIPPETS = st.sampled_from([
    "a", "b: ", "- ", "\n", "  ", "    ", "{", "}", "[", "]", ", ", ": ", '"', "'", "max(8, c)", "x[1]", "# c\n",
    "|\n", "&a ", "*a ",
    "<<: ", "!t ", "---\n", "\t", "1", ".5", "null", "\\", "\\u12", "\r\n", "é", "中", "\x85", "\u2028", "\x00",
    "\ufeff", "// c", "%",
])  # fmt: skip
noise = st.one_of(st.lists(SNIPPETS, max_size=30).map("".join), st.text(max_size=40))


@given(noise, st.sampled_from(["x.yaml", "x.json"]))
@example("\ufeffa: 1", "x.yaml")
@example('x: {a: "}", ', "x.yaml")
@example("a: {{", "x.yaml")
def test_any_text_gives_a_tree_or_faults_with_places_inside_the_text(text, name):
    reporter = Reporter()
    tree = read_text(Source(name, text), reporter)
    assert (tree is None) == reporter.failed
    found = [] if tree is None else spans(tree)
    for diagnostic in reporter:
        assert diagnostic.span is not None
        found += [diagnostic.span] + [note.span for note in diagnostic.notes if note.span]
    assert all(inside(span) for span in found)
    assert render_text(reporter) != "" or tree is not None


@given(st.binary(max_size=60))
def test_any_bytes_give_a_tree_or_faults(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    reporter = Reporter()
    assert (read_file(path, reporter) is None) == reporter.failed


def test_byte_order_mark_is_read_over(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffname: ä\n".encode())
    tree = read_file(path, Reporter(), shown="x.yaml")
    assert plain(tree) == {"name": "ä"}
    assert tree.span.place == "x.yaml:1:1"


@pytest.mark.parametrize(
    ("data", "place", "label"),
    [(b"a: 1\nb: caf\xe9\n", "x.yaml:2:7", "0xE9"), ("ä: é\n".encode() + b"x: \xff", "x.yaml:2:4", "0xFF"),
     ("a: 1".encode("utf-16"), "x.yaml:1:1", "0xFF")],
)  # fmt: skip
def test_byte_that_is_not_utf8_is_named_with_its_place(tmp_path, data, place, label):
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    reporter = Reporter()
    assert read_file(path, reporter, shown="x.yaml") is None
    (diagnostic,) = reporter
    assert diagnostic.code == "encoding"
    assert diagnostic.span.place == place
    assert label in diagnostic.label


def missing(path: object, shown: str | None = None) -> str:
    reporter = Reporter()
    assert read_file(path, reporter, shown) is None
    (diagnostic,) = reporter
    assert diagnostic.code == "missing-file"
    return f"{diagnostic.message}: {diagnostic.help}"


def test_missing_file_gets_the_nearest_name_of_its_folder(tmp_path):
    (tmp_path / "small.yaml").write_text("a: 1")
    (tmp_path / "specs").mkdir()
    assert missing(tmp_path / "smal.yaml", "smal.yaml") == "`smal.yaml` does not exist: did you mean `small.yaml`?"
    assert "did you mean `in/small.yaml`?" in missing(tmp_path / "small", "in/small")
    assert "the folder `spec` does not exist; did you mean `specs`?" in missing(tmp_path / "spec" / "a.yaml")
    assert "is a folder" in missing(tmp_path)
    assert missing(tmp_path / "qqqqqqqq.txt", "q").endswith(": ")


@pytest.mark.parametrize("path", ["\0", "a" * 5000, "/dev/null", "/nowhere/at/all.yaml"])
def test_path_that_names_no_file_is_a_fault_of_the_user(path):
    assert missing(path)


def test_missing_file_named_in_another_stands_at_its_name():
    span = Source("x.yaml", "extends: y.yaml").span(9, 15)
    reporter = Reporter()
    read_file("/nowhere/y.yaml", reporter, "y.yaml", at=span)
    assert [d.span for d in reporter] == [span]


def test_file_beyond_the_budget_is_not_read(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n" + "#" * MAX_BYTES)
    reporter = Reporter()
    assert read_file(path, reporter) is None
    assert [d.code for d in reporter] == ["budget"]


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
@pytest.mark.parametrize(
    "text", ["[" * 101 + "]" * 101, "[" * 100_000, "[" + "0," * 200_000 + "0]", "[" + "9" * 5000 + "]"]
)
def test_document_beyond_the_budget_is_refused(text, name):
    assert codes(text, name) == ["budget"]


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_nesting_of_a_hundred_is_read(name):
    tree = read("[" * 100 + "1" + "]" * 100, name)
    for _ in range(100):
        assert isinstance(tree, Sequence)
        (tree,) = tree.items
    assert isinstance(tree, Scalar)


class Odd:
    pass


@pytest.mark.parametrize(
    ("data", "path"),
    [({"a": [1, Odd()]}, "`a[1]`"), ({"a": {"b": {1: 2}}}, "`a.b`"), ({"a": float("nan")}, "`a`"), ({"a": 1j}, "`a`"),
    (Odd(), "the data")],
)  # fmt: skip
def test_value_that_json_cannot_hold_is_named_by_its_path(data, path):
    reporter = Reporter()
    assert read_data(data, reporter) is None
    assert [d.code for d in reporter] == ["wrong-type"]
    assert path in reporter.found[0].message


def test_dictionary_that_holds_itself_is_refused():
    data: dict[str, object] = {}
    data["a"] = [data, data]
    reporter = Reporter()
    assert read_data(data, reporter) is None
    assert [d.code for d in reporter] == ["budget"]


def test_tuple_is_a_list_and_the_excerpt_is_indented_json():
    tree = read_data({"input": (3, 32, 32), "body": [{"conv": {"out_channels": 64}}] * 4}, Reporter())
    assert plain(tree)["input"] == [3, 32, 32]
    assert tree.span.source.name == "<dict>"
    assert tree.span.source.lines[1] == '  "input": [3, 32, 32],'
