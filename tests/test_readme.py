"""The README's spec and its fault, as they are written."""

import re
from pathlib import Path

import pytest

import blueprint
from blueprint.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
