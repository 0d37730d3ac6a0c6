"""Whole networks written in the language: each is without fault and has the figures that its `expect` promises."""

from pathlib import Path

import pytest

import blueprint

DOCUMENTS = sorted((Path(__file__).parent / "documents").glob("*.yaml"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_network_keeps_its_promises(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert blueprint.check(path.name) == []
