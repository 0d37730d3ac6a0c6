from __future__ import annotations

import pytest
import torch

from blueprint.language.values import tokens_of
from blueprint.ops import find
from tests.ops.calling import call_code, make_module
from tests.ops.faults import said


def test_a_parameter_gives_its_value_with_a_batch_of_one():
    op = find("parameter")(shape=(("tokens", 4), ("channels", 3)))
    holder = make_module(op, ())
    (y,) = call_code(op, (), [], holder)
    assert torch.equal(y, holder.value[None])
    assert op.infer().axes == tokens_of(4, 3).axes
    assert not op.infer().batched


def test_a_parameter_has_weights_and_no_module():
    op = find("parameter")(shape=(("channels", 3),))
    assert op.module() is None
    assert {n: w.shape for n, w in op.weights().items()} == {"value": (3,)}


def test_it_is_normal_at_first_with_a_deviation_of_a_fiftieth():
    torch.manual_seed(0)
    value = torch.empty(100, 100)
    find("parameter")(shape=(("tokens", 100), ("channels", 100))).initialise_parameter(value)
    assert value.std().item() == pytest.approx(0.02, rel=0.03)
    assert value.mean().item() == pytest.approx(0, abs=0.001)


def test_known_axes_come_in_their_own_order():
    assert said("parameter", shape=(("channels", 3), ("tokens", 4))) == (
        "wrong-kind",
        "the axes of a `parameter` must be in the order `tokens`, `channels`",
    )
    assert said("parameter", shape=()) == ("out-of-range", "`shape` of a `parameter` needs at least one axis")
