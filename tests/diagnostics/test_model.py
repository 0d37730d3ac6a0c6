"""Spans lie inside their source, whatever offsets they are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.diagnostics import Diagnostic, Note, Reporter, Source, SpecError


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\n", ["a", "b", "c", ""]),
        ("a\x0cb\u2028c", ["a\x0cb\u2028c"]),
    ],
)
def test_lines_end_at_line_feeds_and_carriage_returns_alone(text, lines):
    assert Source("x", text).lines == lines


def test_span_counts_from_one_and_excludes_its_end():
    span = Source("x.yaml", "ab\r\ncd\n").span(4, 6)
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 1, 2, 3)
    assert span.place == "x.yaml:2:1"


def test_empty_span_is_one_column_wide():
    span = Source("x", "ab").span(2, 2)
    assert (span.line, span.column, span.end_line, span.end_column) == (1, 3, 1, 4)


@given(st.text("ab\n\r", max_size=20), st.integers(-3, 25), st.integers(-3, 25))
def test_span_of_any_offsets_lies_inside_the_text(text, start, end):
    source = Source("x", text)
    span = source.span(start, end)
    assert 1 <= span.line <= span.end_line <= len(source.lines)
    assert 1 <= span.column <= len(source.lines[span.line - 1]) + 2
    assert (span.end_line, span.end_column) > (span.line, span.column)


def test_reporter_keeps_one_fault_of_a_code_at_a_place_and_sorts_by_place():
    source, reporter = Source("x", "abc"), Reporter()
    reporter.error("syntax", "second", source.span(1, 2))
    reporter.error("syntax", "first", source.span(0, 1))
    reporter.error("syntax", "again", source.span(1, 2))
    assert [d.message for d in reporter] == ["first", "second"]


def test_spec_error_reads_as_the_rendered_diagnostics():
    reporter = Reporter()
    reporter.error("syntax", "it is wrong", Source("x.yaml", "abc").span(0, 1), help="mend it")
    with pytest.raises(SpecError, match=r"(?s)error\[syntax\]: it is wrong.*x\.yaml:1:1.*= help: mend it.*1 error"):
        reporter.raise_if_failed()


def test_what_a_user_wrote_at_any_length_is_cut_in_every_text():
    long = "q" * 5000
    found = Diagnostic("syntax", f"no `{long}`", None, long, (Note(f"`{long}` and `a`"),), f"did you mean `{long}`?")
    assert found.message == f"no `{'q' * 59}…`"
    assert found.notes[0].message == f"`{'q' * 59}…` and `a`"
    assert found.help == f"did you mean `{'q' * 59}…`?"
    assert 1000 < len(found.label) < 2000
    listed = ", ".join(f"`name{i}`" for i in range(60))
    assert Diagnostic("syntax", listed).message == listed
