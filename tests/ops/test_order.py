from __future__ import annotations

import pytest
import torch

from blueprint.language.values import map_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import said

X = map_of(3, 4, 5)


@pytest.mark.parametrize(("axis", "dim"), [("channels", 1), ("height", 2), ("width", 3)])
@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize("shift", [1, -2, 7])
def test_what_a_roll_pushes_out_comes_in_at_the_other_end(axis, dim, layout, shift):
    values = torch.randn(2, *X.shape)
    (y,) = call_code(find("roll")(axis=axis, shift=shift), (X,), [values], layout=layout)
    size = X.shape[dim - 1]
    expected = values.index_select(dim, torch.tensor([(i - shift) % size for i in range(size)]))
    assert torch.equal(y, expected)


@pytest.mark.parametrize(("axis", "dim"), [("channels", 1), ("height", 2), ("width", 3)])
@pytest.mark.parametrize("layout", ["first", "last"])
def test_a_flip_reverses_its_axis_alone(axis, dim, layout):
    values = torch.randn(2, *X.shape)
    (y,) = call_code(find("flip")(axis=axis), (X,), [values], layout=layout)
    size = X.shape[dim - 1]
    assert torch.equal(y, values.index_select(dim, torch.arange(size - 1, -1, -1)))


def test_an_axis_that_is_not_there_is_named():
    message = "`flip` acts on the axis `height`, which a vector here does not have"
    assert said("flip", vector_of(3), axis="height") == ("wrong-kind", message)
