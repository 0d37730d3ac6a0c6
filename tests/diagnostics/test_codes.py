"""Every code that the package uses is documented, and every documented code is used."""

import ast
import re
from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import Diagnostic, UsageError
from blueprint.diagnostics.codes import codes, explain

PACKAGE = Path(blueprint.__file__).parent
REPORTING = {"error", "fault", "report", "warning", "Diagnostic", "Misfit"}
BLOCKS = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNSEEN = {  # what no check of a spec can find
    "class-mismatch",
    "data-not-found",
    "device-not-found",
    "encoding",
    "internal",
    "no-network",
    "not-finite",
    "not-written",
    "run-not-found",
    "unreadable-image",
    "unreadable-weights",
    "usage",
    "weights-differ",
    "weights-misfit",
    "weights-not-found",
}
HEADER = "blueprint: 1\nkind: model\nname: example\ninput: [3, 32, 32]\n"


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
    assert sorted(set(codes()) - used) == []


@pytest.mark.parametrize("code", codes())
def test_page_says_what_and_why_and_shows_the_fault_and_its_mending(code):
    page = explain(code)
    assert page.startswith(f"# {code}\n\n")
    what, why = page.split("\n## Example\n")[0].split("\n\n")[1:3]
    assert what.rstrip().endswith(".")
    assert why.rstrip().endswith(".")
    faulty, mended = page.split("\n## Example\n")[1].split("\n## Instead\n")
    assert BLOCKS.search(faulty)
    assert BLOCKS.search(mended)


@pytest.mark.parametrize("code", sorted(set(codes()) - UNSEEN))
def test_example_of_a_page_has_the_fault_and_the_mended_one_has_not(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faulty, mended = explain(code).split("\n## Instead\n")
    assert {d.code for d in check(faulty)} == {code}
    assert [d.code for d in check(mended)] == []


def check(section: str) -> list[Diagnostic]:
    """What is wrong with the first file that the section shows; a fragment is a model's."""
    files = {title or "example.yaml": text for _, title, text in BLOCKS.findall(section)}
    for name, text in files.items():
        Path(name).write_text(text if "blueprint:" in text else HEADER + text, encoding="utf-8")
    return blueprint.check(next(iter(files)))


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
