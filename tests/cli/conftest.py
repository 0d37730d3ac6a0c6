"""The command line, run inside the test's own process."""

from __future__ import annotations

import pytest

from blueprint.cli import main
from blueprint.cli.report import Format


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["blueprint", *words])
        monkeypatch.setattr("blueprint.cli.report._chosen", Format.text)
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call
