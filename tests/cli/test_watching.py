"""`blueprint check --watch`: again whenever a file changes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from blueprint.cli import watching
from blueprint.cli.report import Format
from blueprint.cli.watching import SETTLING, watch
from blueprint.diagnostics import UsageError

GOOD = "blueprint: 1\nkind: model\nname: a\ninput: [3, 8, 8]\nbody: [relu]\n"
BAD = GOOD.replace("relu", "rellu")
CHILD = "blueprint: 1\nkind: model\nname: b\nextends: a.yaml\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("a.yaml")
    path.write_text(GOOD)
    return path


@pytest.fixture
def watched(capsys: pytest.CaptureFixture[str]):
    """The exit status of a watch of some paths, and what was shown before each of its pauses.

    steps: what happens in each pause; then Ctrl-C is pressed.
    """

    def call(paths: list[str], *steps: Callable[[], object], format: Format = Format.text) -> tuple[int, list[str]]:
        pending, shown = list(steps), []

        def wait(seconds: float) -> None:
            if seconds <= SETTLING:
                return
            out, err = capsys.readouterr()
            shown.append(err + out)
            if not pending:
                raise KeyboardInterrupt
            pending.pop(0)()

        status = watch([Path(path) for path in paths], format, wait, lambda: "12:00:00")
        return status, shown

    return call


def nothing() -> None:
    """A pause in which nothing happens."""


def replaced(path: Path, text: str) -> None:
    """The text put in the file's place, as many editors write."""
    path.with_name("saving~").write_text(text)
    os.replace(path.with_name("saving~"), path)


def test_it_checks_at_the_start_and_says_that_it_watches(spec, watched) -> None:
    assert watched(["a.yaml"]) == (0, ["1 document without fault\n12:00:00  watching 1 file, Ctrl-C ends\n"])


def test_it_checks_again_after_a_change_and_only_then(spec, watched) -> None:
    status, shown = watched(["a.yaml"], nothing, lambda: spec.write_text(BAD), nothing, lambda: spec.write_text(GOOD))
    assert status == 0
    assert [text and text.split("\n")[0] for text in shown] == [
        "1 document without fault",
        "",
        "error[unknown-op]: there is no op or block `rellu`",
        "",
        "1 document without fault",
    ]


def test_the_status_is_that_of_the_last_check(spec, watched) -> None:
    assert watched(["a.yaml"], lambda: spec.write_text(BAD), nothing)[0] == 1


def test_a_file_written_by_renaming_another_one_is_seen(spec, watched) -> None:
    state = spec.stat()

    def save() -> None:
        replaced(spec, GOOD.replace("relu", "gleu"))
        os.utime(spec, ns=(state.st_atime_ns, state.st_mtime_ns))

    status, shown = watched(["a.yaml"], save)
    assert (status, "`gelu`" in shown[1]) == (1, True)


def test_a_file_that_vanishes_is_a_fault_until_it_is_back(spec, watched) -> None:
    status, shown = watched(["a.yaml"], spec.unlink, nothing, lambda: spec.write_text(GOOD))
    assert status == 0
    assert "error[missing-file]: `a.yaml` does not exist" in shown[1]
    assert shown[3].startswith("1 document without fault")


def test_files_that_appear_in_a_folder_and_below_are_checked(spec, watched) -> None:
    def add() -> None:
        Path("deep").mkdir()
        Path("deep/b.yaml").write_text(BAD)

    status, shown = watched(["."], add, lambda: shutil.rmtree("deep"))
    assert [text.split("\n")[0] for text in shown] == [
        "1 document without fault",
        "error[unknown-op]: there is no op or block `rellu`",
        "1 document without fault",
    ]
    assert "--> deep/b.yaml:5:8" in shown[1]
    assert "watching 2 files" in shown[1]
    assert status == 0


def test_what_is_no_document_is_not_watched(spec, watched) -> None:
    def add() -> None:
        Path("notes.txt").write_text("a")
        Path(".hidden").mkdir()
        Path(".hidden/b.yaml").write_text(BAD)

    assert watched(["."], add, nothing)[1][1:] == ["", ""]


def test_a_change_of_a_file_that_is_included_is_seen(spec, watched) -> None:
    Path("b.yaml").write_text(CHILD)
    status, shown = watched(["b.yaml"], lambda: spec.write_text(BAD))
    assert status == 1
    assert "--> a.yaml:5:8" in shown[1]


def test_an_included_file_that_was_missing_is_seen_when_it_appears(spec, watched) -> None:
    spec.unlink()
    Path("b.yaml").write_text(CHILD)
    status, shown = watched(["b.yaml"], nothing, lambda: spec.write_text(GOOD), nothing)
    assert status == 0
    assert "there is no file `a.yaml`" in shown[0]
    assert [text[:24] for text in shown[1:]] == ["", "1 document without fault", ""]


@pytest.mark.parametrize("changed", ["nets/b.yaml", "nets/new.yaml", "a.yaml"], ids=["named", "new", "included"])
def test_a_change_during_a_check_is_seen_after_it(spec, watched, monkeypatch, changed: str) -> None:
    import blueprint.checking as checking

    (nets := Path("specs/nets")).mkdir(parents=True)
    shutil.move(spec, "specs/a.yaml")
    (nets / "b.yaml").write_text(CHILD.replace("a.yaml", "../a.yaml"))
    whole, checks = checking.check_paths, []

    def slow(paths: list[Path], most: int) -> checking.Checked:
        found = whole(paths)
        checks.append(len(found.diagnostics))
        if len(checks) == 2:
            Path("specs", changed).write_text(BAD)
        return found

    monkeypatch.setattr(checking, "check_paths", slow)
    status, _ = watched(["specs/nets"], lambda: (nets / "c.yaml").write_text(GOOD))
    assert (status, checks) == (1, [0, 0, 1])


def test_a_file_still_being_written_is_waited_for(spec, monkeypatch) -> None:
    parts = [BAD[:40], BAD[:60], GOOD]
    checks: list[str] = []

    def wait(seconds: float) -> None:
        if seconds > SETTLING and len(parts) < 3:
            raise KeyboardInterrupt
        if parts:
            spec.write_text(parts.pop(0))

    monkeypatch.setattr(
        "blueprint.cli.checked.show_checked", lambda checked, format: checks.append(spec.read_text()) or 0
    )
    watch([spec], Format.text, wait)
    assert checks == [GOOD, GOOD]


def test_a_folder_that_vanishes_does_not_end_it(spec, watched) -> None:
    Path("nets").mkdir()
    Path("nets/a.yaml").write_text(GOOD)

    def back() -> None:
        Path("nets").mkdir()
        Path("nets/a.yaml").write_text(GOOD)

    status, shown = watched(["nets"], lambda: shutil.rmtree("nets"), nothing, back)
    assert status == 0
    assert "error[missing-file]" in shown[1]
    assert watched(["nets"], lambda: shutil.rmtree("nets"))[0] == 1
    assert shown[3].startswith("1 document without fault")


def test_a_path_that_is_not_there_at_the_start_ends_it(spec, watched) -> None:
    with pytest.raises(UsageError):
        watched(["nowhere"])


def test_as_json_there_is_an_object_for_each_check_and_nothing_else(spec, watched) -> None:
    import json

    _, shown = watched(["a.yaml"], lambda: spec.write_text(BAD), format=Format.json)
    assert [len(json.loads(text)["diagnostics"]) for text in shown] == [0, 1]


def test_a_terminal_is_cleared_before_each_check(spec, watched, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    _, shown = watched(["a.yaml"], lambda: spec.write_text(BAD))
    assert [text.count(watching.CLEAR) for text in shown] == [1, 1]


def test_a_large_folder_is_looked_at_less_often(spec, monkeypatch) -> None:
    now, waits = [0.0], []

    def slow_look(*given: object) -> dict[Path, None]:
        now[0] += 2.0
        return {}

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(watching, "_stamps", slow_look)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    watch([spec], Format.text, wait)
    assert waits == [10.0, 10.0]


def test_ctrl_c_ends_it_with_the_last_status_and_no_traceback(spec) -> None:
    spec.write_text(BAD)
    words = [sys.executable, "-m", "blueprint", "check", "a.yaml", "--watch"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
    with subprocess.Popen(words, **pipes, preexec_fn=heeding) as running:
        assert running.stdout is not None
        assert "watching 1 file," in running.stdout.readline()
        spec.write_text(GOOD)
        assert running.stdout.readline() == "1 document without fault\n"
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "Traceback" not in err
