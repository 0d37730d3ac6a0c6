"""Every code that the package uses is documented, and every documented code is used."""

import ast
import re
from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import Reporter, Source, UsageError
from blueprint.diagnostics.codes import codes, explain
from blueprint.language.reader import read_text

PACKAGE = Path(blueprint.__file__).parent
REPORTING = {"error", "fault", "report", "warning", "Diagnostic", "Misfit"}
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PENDING = {"expect-not-met", "internal"}
READING = ("syntax", "duplicate-key", "unquoted-comma", "yaml-feature")


def texts_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) + texts_of(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def test_every_code_that_is_reported_is_documented():
    unknown = []
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [k.value for k in node.keywords if k.arg == "code"]
            given += node.args[:1] if name in REPORTING else []
            for code in (text for value in given for text in texts_of(value)):
                if re.fullmatch(r"[a-z]+(-[a-z]+)*", code) and code not in codes():
                    unknown.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {code}")
    assert unknown == []


def test_every_documented_code_is_used():
    used = {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(set(codes()) - used - PENDING) == []


@pytest.mark.parametrize("code", codes())
def test_page_says_what_and_why_and_shows_the_fault_and_its_mending(code):
    page = explain(code)
    assert page.startswith(f"# {code}\n\n")
    what, why = page.split("\n## Example\n")[0].split("\n\n")[1:3]
    assert what.rstrip().endswith(".")
    assert why.rstrip().endswith(".")
    assert len(BLOCKS.findall(page.split("\n## Example\n")[1])) == 2
    assert "\n## Instead\n" in page


@pytest.mark.parametrize("code", READING)
def test_example_of_a_page_has_the_fault_and_the_mended_one_has_not(code):
    faulty, mended = (text for _, text in BLOCKS.findall(explain(code)))
    reporter = Reporter()
    read_text(Source("faulty.yaml", faulty), reporter)
    assert {d.code for d in reporter} == {code}
    reporter = Reporter()
    assert read_text(Source("mended.yaml", mended), reporter) is not None
    assert not reporter.found


def test_unknown_code_is_a_usage_error_that_names_the_nearest():
    with pytest.raises(UsageError) as raised:
        explain("shape-mismach")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "usage"
    assert "`shape-mismatch`" in diagnostic.help


@pytest.mark.parametrize("code", ["", "../codes/syntax", "__init__", "syntax.md"])
def test_only_codes_name_pages(code):
    with pytest.raises(UsageError):
        explain(code)
