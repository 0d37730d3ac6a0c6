"""What a shell offers for the word being typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.cli.app import app
from blueprint.diagnostics.codes import codes
from blueprint.language.zoo import shipped

SPEC = """\
blueprint: 1
kind: model
name: mine
extends: parent.yaml
args:
  core: body = relu
  width: {default: 8, help: channels}
  deep: {type: bool, default: "width > 4"}
"""
PARENT = """\
blueprint: 1
kind: model
name: parent
input: [3, 8, 8]
args: {mode: fast | slow = fast, wide: true, width: int = 3}
body: [relu]
"""


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is offered for the last of the words of a command line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(SPEC)
    (tmp_path / "parent.yaml").write_text(PARENT)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".hidden.yaml").write_text("")
    (tmp_path / "nets" / "deep").mkdir(parents=True)
    (tmp_path / "nets" / "net.json").write_text("")

    def call(*words: str) -> list[str]:
        monkeypatch.setenv("_BLUEPRINT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(("blueprint", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            app([], prog_name="blueprint", complete_var="_BLUEPRINT_COMPLETE")
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return call


@pytest.mark.parametrize("verb", ["build", "show", "check", "train"])
def test_specs_are_shipped_ones_and_files(offered, verb: str) -> None:
    assert offered(verb, "samc") == ["samc"]
    assert offered(verb, "m") == [*(name for name in shipped("model") if name.startswith("m")), "mine.yaml"]
    assert offered(verb, "./") == ["./mine.yaml", "./nets/", "./parent.yaml"]


def test_a_single_folder_is_opened(offered) -> None:
    assert offered("check", "nets") == ["nets/deep/", "nets/net.json", "nets/"]


def test_hidden_files_are_offered_to_who_begins_with_a_dot(offered) -> None:
    assert offered("check", ".h") == [".hidden.yaml"]


@pytest.mark.parametrize("words", [("build", "mine.yaml"), ("show", "mine.yaml"), ("train", "mine.yaml")])
def test_settings_are_the_arguments_of_the_spec_on_the_line_and_its_parents(offered, words: tuple[str, ...]) -> None:
    assert offered(*words, "--set", "w") == ["wide=", "width="]
    assert offered(*words, "--set", "wide=false", "--set", "co") == ["core="]
    assert offered(*words, "--set", "mode=") == ["mode=fast", "mode=slow"]
    assert offered(*words, "--set", "deep=f") == ["deep=false"]
    assert offered(*words, "--set", "wide=t") == ["wide=true"]
    assert offered(*words, "--set", "width=") == []
    assert {"core=gelu", "core=geglu"} & set(offered(*words, "--set", "core=ge")) == {"core=gelu"}


def test_a_training_offers_the_fields_of_its_recipe_too(offered) -> None:
    assert offered("train", "mine.yaml", "--set", "r") == ["recipe."]
    assert offered("train", "--set", "recipe.ba") == ["recipe.batch_size="]


def test_recipes_data_and_kinds_are_offered_by_name(offered) -> None:
    assert offered("train", "--recipe", "di") == ["digits"]
    assert offered("train", "--data", "cifar") == ["cifar10", "cifar100"]
    assert offered("train", "--data", "fo") == []
    assert offered("train", "--data", "ne") == ["nets/deep/", "nets/"]
    assert offered("list", "o") == ["ops"]
    assert offered("list", "specs", "p") == ["parent.yaml"]
    assert offered("new", "a", "--from", "samc") == ["samc"]
    assert offered("new", "a", "--kind", "recipe", "--from", "di") == ["digits"]


def test_explain_offers_codes_ops_structures_and_blocks(offered) -> None:
    assert offered("explain", "shape-") == ["shape-mismatch"]
    assert offered("explain", "op") == ["op"]
    assert offered("explain", "op", "squeeze") == ["squeeze_excite"]
    assert offered("explain", "op", "resid") == ["residual"]
    assert set(codes()) <= set(offered("explain", ""))
    assert offered("explain", "syntax", "") == []


@pytest.mark.parametrize(
    "words",
    [
        ("build", "nowhere/x"),
        ("build", "nope", "--set", "a"),
        ("build", "torn.yaml", "--set", "a"),
        ("build", "--set", "a"),
        ("build", "~nobody/x"),
        ("build", "a" * 5000),
        ("train", "torn.yaml", "--set", "a"),
    ],
)
def test_nothing_is_offered_and_nothing_said_where_nothing_can_be_found_out(offered, words: tuple[str, ...]) -> None:
    Path("torn.yaml").write_text("args: [a\n")
    assert offered(*words) == []


def test_a_fault_of_an_installed_package_does_not_reach_the_shell(offered, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, list[str]]:
        raise RuntimeError("no ops today")

    monkeypatch.setattr("blueprint.view.op.known", broken)
    assert offered("explain", "op", "con") == []


def test_completing_imports_no_torch() -> None:
    code = (
        "import sys; from blueprint.cli.app import app\n"
        "try: app([], prog_name='blueprint', complete_var='_BLUEPRINT_COMPLETE')\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'rich'} & set(sys.modules)"
    )
    words = {"COMP_WORDS": "blueprint\nbuild\nresnet18\n--set\nst", "COMP_CWORD": "4"}
    environment = {**os.environ, **words, "_BLUEPRINT_COMPLETE": "complete_bash"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "stem="
