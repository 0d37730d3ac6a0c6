from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest

from blueprint.diagnostics import SpecError
from blueprint.ops import Op, find, ops, registry
from blueprint.ops.activation import Relu


@dataclass(frozen=True, kw_only=True)
class Twice(Op):
    """x + x, of any kind."""

    name: ClassVar[str] = "twice"


@dataclass(frozen=True, kw_only=True)
class OtherRelu(Op):
    """Not the relu that is known."""

    name: ClassVar[str] = "relu"


BOTH = (Twice, OtherRelu)


@pytest.fixture
def installed(monkeypatch):
    """Installs entry points for the ops; gives a function that takes their values."""

    def install(*values):
        points = [EntryPoint(f"extra{i}", value, registry.GROUP) for i, value in enumerate(values)]
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else [])
        registry.ops.cache_clear()

    yield install
    monkeypatch.undo()
    registry.ops.cache_clear()


def test_ops_are_found_by_name():
    assert find("relu") is Relu
    assert find("rlu") is None
    assert all(op.name == name for name, op in ops().items())


def test_an_installed_package_adds_ops(installed):
    installed(f"{__name__}:Twice")
    assert find("twice") is Twice
    assert find("relu") is Relu


def test_a_name_that_two_bring_is_a_clash(installed):
    installed(f"{__name__}:BOTH")
    with pytest.raises(SpecError) as caught:
        ops()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "name-clash"
    assert diagnostic.message == (
        f"the entry point `extra0 = {__name__}:BOTH` brings an op called `relu`, as blueprint itself does"
    )


def test_every_entry_point_that_cannot_be_loaded_is_named(installed):
    installed("no_such_package:Op", f"{__name__}:find", f"{__name__}:Twice")
    with pytest.raises(SpecError) as caught:
        ops()
    assert [d.code for d in caught.value.diagnostics] == ["unknown-op", "unknown-op"]
    first, second = (d.message for d in caught.value.diagnostics)
    assert first == (
        "the entry point `extra0 = no_such_package:Op` of the group `blueprint.ops` cannot be loaded: "
        "ModuleNotFoundError: No module named 'no_such_package'"
    )
    assert second.endswith("is no subclass of blueprint.ops.Op with a name")


def test_the_rules_need_no_torch():
    program = (
        "import sys; from blueprint.ops import ops, find; from blueprint.ops.initialisers import initialisers; "
        "from blueprint.language.values import map_of; ops(); initialisers(); x = map_of(3, 8, 8); "
        "op = find('conv')(kernel_size=3).resolve(x); op.infer(x), op.weights(x), op.macs(x); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
