"""What people, programs and code hosts are shown of a diagnostic."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.diagnostics import Diagnostic, Note, Source, render_github, render_json, render_text
from blueprint.diagnostics.render.cells import width, window

TINY = Source("specs/tiny.yaml", "\n" * 17 + "      - add: [shortcut, conv2]\n")
MISMATCH = Diagnostic(
    "shape-mismatch",
    "`add` needs equal shapes",
    TINY.span(25, 28),
    "(64, 56, 56) and (128, 28, 28)",
    (Note("`conv2` halves height and width here", TINY.span(3, 4)), Note("in block `basic`, repeat 2 of 3")),
    "project `shortcut` with a conv",
)


def caret_lines(text: str) -> tuple[str, str]:
    """The excerpt and the line of carets under it, without the gutter."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if re.match(r" *\| +\^|  \| \^", line))
    return lines[at - 1].split("| ", 1)[1], lines[at].split("| ", 1)[1]


def test_text_shows_header_place_excerpt_label_notes_and_help():
    assert (
        render_text([MISMATCH])
        == """\
error[shape-mismatch]: `add` needs equal shapes
  --> specs/tiny.yaml:18:9
   |
18 |       - add: [shortcut, conv2]
   |         ^^^ (64, 56, 56) and (128, 28, 28)
note: `conv2` halves height and width here
  --> specs/tiny.yaml:4:1
   = note: in block `basic`, repeat 2 of 3
   = help: project `shortcut` with a conv

1 error"""
    )


def test_color_adds_escapes_and_changes_nothing_else():
    plain, colored = render_text([MISMATCH]), render_text([MISMATCH], color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31merror[shape-mismatch]\x1b[0m" in colored
    assert "\x1b[1;34m18\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_nothing_found_is_nothing_shown():
    assert render_text([]) == ""
    assert render_github([]) == ""
    assert json.loads(render_json([])) == {"diagnostics": []}


def test_last_line_counts_errors_and_warnings():
    warning = Diagnostic("usage", "odd", severity="warning")
    assert render_text([MISMATCH, MISMATCH, warning]).endswith("\n\n2 errors, 1 warning")
    assert render_text([warning]).endswith("\n\n1 warning")
    assert render_text([warning]).startswith("warning[usage]: odd\n")


def test_fault_without_a_place_shows_header_and_help():
    diagnostic = Diagnostic("usage", "no such verb", help="write one of\n`check`\n`build`")
    assert render_text([diagnostic]) == (
        "error[usage]: no such verb\n  = help: write one of\n          `check`\n          `build`\n\n1 error"
    )


def test_span_over_several_lines_marks_the_rest_of_its_first():
    source = Source("x", "a: [1,  \n 2]\n")
    excerpt, carets = caret_lines(render_text([Diagnostic("syntax", "m", source.span(3, 12), "here")]))
    assert excerpt == "a: [1,"
    assert carets == "   ^^^ here"


@pytest.mark.parametrize(
    ("line", "marked"), [("\tab", "ab"), ("深層: ab", "ab"), ("e\u0301: ab", "ab"), ("a\x07: ab", "ab")]
)
def test_carets_stand_under_the_marked_part_whatever_stands_before_it(line, marked):
    start = line.index(marked)
    excerpt, carets = caret_lines(render_text([Diagnostic("syntax", "m", Source("x", line).span(start, start + 2))]))
    assert carets == " " * width(excerpt[: excerpt.index(marked)]) + "^^"


def test_wide_characters_get_carets_of_their_width():
    _, carets = caret_lines(render_text([Diagnostic("syntax", "m", Source("x", "深層").span(0, 2))]))
    assert carets == "^^^^"


def test_terminal_is_never_given_the_control_characters_of_a_file():
    source = Source("a\x1b[2J.yaml", "a: \x1b[2J\u202e")
    shown = render_text([Diagnostic("syntax", "m \x1b[2J", source.span(3, 4), "l \x1b", (Note("n \x1b"),), "h \x1b")])
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_long_label_is_wrapped_beside_the_carets_or_below_them():
    label = "a size is wanted here " * 6
    source = Source("x", "a" * 90)
    for start in (0, 85):
        shown = render_text([Diagnostic("syntax", "m", source.span(start, start + 3), label)])
        assert max(map(len, shown.split("\n"))) <= 100
        assert shown.count("wanted") == 6


def test_code_in_a_help_line_is_not_broken():
    help = "x" * 60 + " and then write `out_channels: max(8, dims[0])` instead"
    assert "`out_channels: max(8, dims[0])`" in render_text([Diagnostic("usage", "m", help=help)])


@given(st.text("ab\t深\u0301 ", min_size=1, max_size=80), st.data())
def test_window_shows_the_marked_part_in_the_cells_it_is_given(line, data):
    start = data.draw(st.integers(0, len(line) - 1))
    end = data.draw(st.integers(start + 1, len(line)))
    text, first, last = window(line, start, end, 40)
    assert width(text) <= 40
    assert 0 <= first <= last <= width(text)
    if width(line[start:end]) <= 19:
        assert last - first == width(line[start:end])
    if width(line) <= 40:
        assert "…" not in text


def test_json_holds_every_field_and_null_for_missing_places():
    (found,) = json.loads(render_json([MISMATCH]))["diagnostics"]
    assert found == {
        "code": "shape-mismatch",
        "severity": "error",
        "message": "`add` needs equal shapes: (64, 56, 56) and (128, 28, 28)",
        "file": "specs/tiny.yaml",
        "line": 18,
        "column": 9,
        "end_line": 18,
        "end_column": 12,
        "notes": [
            {
                "message": "`conv2` halves height and width here",
                "file": "specs/tiny.yaml",
                "line": 4,
                "column": 1,
                "end_line": 4,
                "end_column": 2,
            },
            {"message": "in block `basic`, repeat 2 of 3"}
            | dict.fromkeys(("file", "line", "column", "end_line", "end_column")),
        ],
        "help": "project `shortcut` with a conv",
    }
    (found,) = json.loads(render_json([Diagnostic("usage", "m")]))["diagnostics"]
    assert (found["message"], found["file"], found["help"], found["notes"]) == ("m", None, "", [])


def test_github_gets_one_command_a_diagnostic_with_its_escapes():
    source = Source("a,b:c.yaml", "x: 50%\n")
    diagnostic = Diagnostic("syntax", "100% wrong", source.span(3, 6), "here", help="mend\nit")
    assert render_github([diagnostic, Diagnostic("usage", "odd", severity="warning")]).split("\n") == [
        "::error file=a%2Cb%3Ac.yaml,line=1,col=4,endLine=1,endColumn=7,title=syntax"
        "::100%25 wrong: here%0Ahelp: mend%0Ait",
        "::warning title=usage::odd",
    ]
