"""YAML is read by the core schema of version 1.2, with the place of every value."""

import math

import pytest
import yaml

from blueprint.diagnostics import Reporter, Source, render_text
from blueprint.language.reader import read_text
from blueprint.language.tree import Mapping, Scalar, Sequence, plain

from .test_reader import codes, read, written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("TRUE", True), ("null", None), ("~", None), ("Null", None),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("tRue", "tRue"),
        ("010", 10), ("-010", -10), ("+3", 3), ("0o17", 15), ("0x1F", 31), ("0b11", "0b11"), ("1_000", "1_000"),
        ("08", 8), ("1:30", "1:30"), ("1e-6", 1e-6), ("1e3", 1000.0), ("1E+3", 1000.0), (".5", 0.5), ("5.", 5.0),
        ("-1.5e2", -150.0),
        (".inf", math.inf), ("-.INF", -math.inf), ("inf", "inf"), ("nan", "nan"), ("20.59M", "20.59M"), ("1.2.3",
        "1.2.3"),
        ("2001-01-01", "2001-01-01"), ("+", "+"), (".", "."), ("1e", "1e"), ("٣", "٣"), ("=", "="),
        ('"3"', "3"), ("'no'", "no"), ("'it''s'", "it's"), ('"\\x41\\u00e9"', "Aé"), ("max(8, c)", "max(8, c)"),
        ("(g c) h w -> (c g) h w", "(g c) h w -> (c g) h w"), ("dims[1:]", "dims[1:]"), ("a == b", "a == b"),
    ],
)  # fmt: skip
def test_scalar_is_resolved_by_the_core_schema(text, value):
    found = plain(read(f"a: {text}"))["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_read():
    assert math.isnan(plain(read("a: .NaN"))["a"])


def test_quotes_are_known_and_left_out_of_the_inner_span():
    tree = read("a: \"3\"\nb: 3\nc: |\n  text\nd: '…'\n")
    a, b, c, d = (entry.value for entry in tree)
    assert [x.quoted for x in (a, b, c, d)] == [True, False, True, True]
    assert written(a.span) == '"3"'
    assert written(a.inner) == "3"
    assert written(b.inner) == "3"
    assert written(d.inner) == "…"


def test_every_value_and_key_has_its_span():
    tree = read("é: [1, {b: two words}]\nc:\n  - 'x' # note\n")
    first, second = tree.entries
    assert written(first.key.span) == "é"
    assert written(first.value.span) == "[1, {b: two words}]"
    assert [written(item.span) for item in first.value.items] == ["1", "{b: two words}"]
    assert written(first.value.items[1].get("b").span) == "two words"
    assert written(second.value.items[0].span) == "'x'"


def test_span_of_a_block_collection_ends_with_its_last_item():
    tree = read("a:\n  - b\n  - c: d   # note\n\n# more\n\ne: 1\n")
    span = tree.get("a").span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 3, 3, 9)
    assert tree.span.end_line == 7


def test_block_text_ends_before_the_blank_lines_behind_it():
    span = read("a: |\n  one\n  two\n\n\n# c\nb: 1\n").get("a").span
    assert (span.line, span.end_line, span.end_column) == (1, 3, 6)


def test_field_without_a_value_has_the_place_of_its_key():
    tree = read("a: {stride, b: }\nwindow:\nlast: ''\n")
    inner = tree.get("a")
    assert [entry.value.value for entry in inner] == [None, None]
    assert written(inner.get("stride").span) == "stride"
    assert written(inner.get("b").span) == "b"
    assert written(tree.get("window").span) == "window"
    assert tree.get("last").value == ""


def test_flow_and_block_collections_are_told_apart():
    tree = read("a: [1]\nb:\n  - 1\nc: {d: 1}\n")
    assert [entry.value.flow for entry in tree] == [True, False, True]
    assert tree.flow is False


def test_pair_in_brackets_is_a_mapping():
    tree = read("[conv: {out_channels, kernel_size: 3}, relu]")
    assert plain(tree) == [{"conv": {"out_channels": None, "kernel_size": 3}}, "relu"]


@pytest.mark.parametrize(
    "text",
    [
        "a: max(8, c)",
        "- max(8, c)\n- f(a, b)[0]",
        "a: {b: 'max(8, c)', c: \"d[0], 1\"}",
        "a: {pattern: c (h i) (w j) -> (j i c) h w, i: 2}",
        "a: {b: (c + 1) * 2, d: f(x)}",
        "a: {b: body(x) = y}",
        "a: {title: a smile :), year: 2015}",
        "a: {x, y, z: }",
        "a: [x, y z, 3]",
    ],
)
def test_string_that_a_comma_does_not_cut_is_read(text):
    read(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a: {k: max(8, c)}", "max(8, c)"),
        ("a: {k: max(8, min(c, 3)) // 2, l: 1}", "max(8, min(c, 3)) // 2"),
        ("a: [x, max(8, c)]", "max(8, c)"),
        ("a: [k: max(8, c), relu]", "max(8, c)"),
        ("a: {k: sum(d[:2])}", "sum(d[:2])"),
        ("a: {k: x[0]}", "x[0]"),
        ("a: {k: f({b: 1}, 2)}", "f({b: 1}, 2)"),
        ("a: {k: 1, 2}", "1, 2"),
        ("a: {k: a, b + 1}", "a, b + 1"),
        ("a: {max(8, c): 1}", "max(8, c)"),
        ("a: {k: 3 + (c, d: 2), e: 1}", "3 + (c, d: 2)"),
    ],
)
def test_cut_expression_is_one_fault_over_all_of_it(text, whole):
    reporter = Reporter()
    assert read_text(Source("x.yaml", text), reporter) is None
    (diagnostic,) = reporter
    assert diagnostic.code == "unquoted-comma"
    assert written(diagnostic.span) == whole
    assert f'"{whole}"' in diagnostic.help


def test_help_for_a_cut_expression_mends_it():
    reporter = Reporter()
    text = "a: {k: max(8, c), l: 1}"
    read_text(Source("x.yaml", text), reporter)
    mended = reporter.found[0].help.split(": `", 1)[1].rstrip("`")
    assert plain(read("a: {" + mended + ", l: 1}")) == {"a": {"k": "max(8, c)", "l": 1}}


def test_all_faults_of_a_readable_text_are_reported_at_once():
    assert codes("a: {k: max(8, c)}\nb: 1\nb: &x 2\nc: {l: f(1, 2)}\n1: !t 3\n") == [
        "unquoted-comma", "duplicate-key", "yaml-feature", "unquoted-comma", "yaml-feature", "yaml-feature",
    ]  # fmt: skip


def test_merge_key_between_quotes_is_a_text():
    assert plain(read('"<<": 1')) == {"<<": 1}


BROKEN = [
    "a:\n\tb: 1\n", "a: [1, 2\nb: 1\n", "a: {b: 1\nc: 2\n", 'a: "b\n', "a: 1\n   b: 2\n", "a:\n    b: 1\n  c: 2\n",
    "a: b: c\n",
    "{a: b: c}", "a:b\nc: 1\n", "a: - b\n", "a: @b\n", "a: [0] + b\n", "a: [1, , 2]\n", "a: [1}\n", "a: * 2\n",
    "a: > 3\n",
    "a: x\n]\n", "- a\nb: 1\n", "a: 1\n- b\n", ": x\n", "a: {b: x[0]}\n", "a: [1,", "a: {b", "a 1\nb: 2\n",
]  # fmt: skip


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="PyYAML was built without libyaml")
@pytest.mark.parametrize("text", BROKEN)
def test_both_parsers_of_pyyaml_give_the_same_words(text, monkeypatch):
    shown = []
    for pure in (False, True):
        if pure:
            monkeypatch.delattr(yaml, "CSafeLoader")
        reporter = Reporter()
        assert read_text(Source("x.yaml", text), reporter) is None
        shown.append(render_text(reporter))
    assert shown[0] == shown[1]
    assert "is not expected here" not in shown[0]


def test_pure_parser_gives_the_same_spans(monkeypatch):
    text = "a: [1, {b: c}]\nd:\n  - e\n  - f: 'g'\nh:\ni: |\n  j\n"

    def places(tree: Scalar | Sequence | Mapping) -> list[object]:
        s = tree.span
        parts = (
            tree.items
            if isinstance(tree, Sequence)
            else [p for e in tree for p in (e.key, e.value)]
            if isinstance(tree, Mapping)
            else []
        )
        return [(s.line, s.column, s.end_line, s.end_column), *(places(part) for part in parts)]

    fast = read(text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert places(read(text)) == places(fast)
