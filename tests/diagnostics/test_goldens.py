"""Every case in `cases/*.md` shows the text that its documents give.

A file is a title and cases, each under a heading of its own: the files, the first of which is
checked, and the expected output in a block marked `text`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import blueprint
from blueprint.diagnostics import Diagnostic, Reporter, Source, render_text
from blueprint.language.reader import read_text

CASES = Path(__file__).parent / "cases"
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: title=(?P<title>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Case:
    path: Path
    title: str
    files: dict[str, str]
    expected: str


def read_cases(path: Path) -> list[Case]:
    cases = []
    for section in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        blocks = list(BLOCK.finditer(section))
        files = {b["title"]: b["body"] for b in blocks if b["title"]}
        (expected,) = [b["body"] for b in blocks if b["kind"] == "text"]
        cases.append(Case(path, section.split("\n", 1)[0].strip(), files, expected))
    return cases


ALL = [case for path in sorted(CASES.glob("*.md")) for case in read_cases(path)]


def diagnose(text: str, name: str) -> list[Diagnostic]:
    if hasattr(blueprint, "check"):
        return list(blueprint.check(name))
    reporter = Reporter()
    read_text(Source(name, text), reporter)
    return reporter.sorted()


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.path.stem}: {case.title}")
def test_document_gives_the_text_of_its_golden_file(case, tmp_path, monkeypatch, update_goldens):
    monkeypatch.chdir(tmp_path)
    for name, text in case.files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    name, text = next(iter(case.files.items()))
    found = render_text(diagnose(text, name)) + "\n"
    if update_goldens:
        update(case, found)
    else:
        assert found == case.expected


def update(case: Case, found: str) -> None:
    whole = case.path.read_text(encoding="utf-8")
    start = whole.index(f"## {case.title}\n")
    block = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL).search(whole, start)
    assert block is not None
    new = whole[: block.start()] + f"```text\n{found}```" + whole[block.end() :]
    case.path.write_bytes(new.encode())


def test_headings_of_a_golden_file_are_told_apart():
    names = [(case.path, case.title) for case in ALL]
    assert len(set(names)) == len(names) > 40
