"""The README's specs and its fault, as they are written; and that its page on the language leaves nothing out."""

import re
from pathlib import Path

import pytest

import blueprint
from blueprint.cli import main
from blueprint.compiler.bind_documents import MODEL_KEYS
from blueprint.compiler.structures import BESIDE, STRUCTURES
from blueprint.language.functions import FUNCTIONS
from blueprint.language.types import BASES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = README[README.index("## The language on a page") : README.index("## Training")]
FRAGMENT = "blueprint: 1\nkind: model\nname: fragment\ninput: [16, 32, 32]\n"


def documents() -> dict[str, str]:
    """The YAML blocks by the file name that they begin with; parts of a document are made whole."""
    found = {}
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)):
        named = re.match(r"# (\S+\.yaml)\n", block)
        if not re.search(r"^blueprint: 1\b", block, re.MULTILINE):
            block = FRAGMENT + (f"body:\n{block}" if block.startswith("- ") else f"{block}body: []\n")
        found[named[1] if named else f"block_{number}.yaml"] = block
    return found


@pytest.mark.parametrize("name", documents())
def test_every_yaml_block_is_without_fault(name: str, tmp_path: Path) -> None:
    for other, text in documents().items():
        (tmp_path / other).write_text(text, encoding="utf-8")
    # a list of structures is no network: what it makes may lead nowhere
    assert [fault for fault in blueprint.check(tmp_path / name) if fault.severity == "error"] == []


def words() -> set[str]:
    """The words that the language itself gives a meaning: keys, structures with their fields, TYPEs, functions."""
    found = {*MODEL_KEYS, *BESIDE, *STRUCTURES, *FUNCTIONS, *BASES} - {"text"}
    for structure in STRUCTURES.values():
        found |= {field.name for field in structure.fields}
        found |= {role for role, _ in (*structure.roles, *structure.beside)}
    return found | {"collect", "columns", "rows", "paths", "split", "shape", "rest"}


def test_the_page_on_the_language_has_every_word_of_it() -> None:
    code = "\n".join(re.findall(r"```yaml\n.*?```|`[^`\n]+`", PAGE, re.DOTALL))
    assert {word for word in words() if not re.search(rf"(?<![\w.]){word}(?!\w)", code)} == set()


def spec() -> str:
    return re.search(r"```yaml\n# first.yaml\n(.*?)```", README, re.DOTALL)[1]


def test_the_first_spec_is_without_fault_and_is_the_examples() -> None:
    assert (ROOT / "examples" / "first.yaml").read_text(encoding="utf-8") == spec()
    assert blueprint.check(ROOT / "examples" / "first.yaml") == []


def test_the_fault_shown_is_the_one_that_a_check_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"writing `squeeze_exite`\n(.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    Path("first.yaml").write_text(spec().replace("squeeze_excite", "squeeze_exite"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["blueprint", "check", "first.yaml"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert capsys.readouterr().err.strip() == shown.strip()


def test_every_verb_has_its_line() -> None:
    from blueprint.cli.app import app

    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert re.search(rf"`blueprint {name}\b", README), f"the README does not name {name}"
