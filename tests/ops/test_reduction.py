from __future__ import annotations

import pytest
import torch

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import said

X = map_of(3, 4, 5)
REDUCTIONS = [("sum", torch.sum), ("mean", torch.mean), ("amax", torch.amax), ("amin", torch.amin)]


@pytest.mark.parametrize(("name", "function"), REDUCTIONS)
@pytest.mark.parametrize(("axis", "dim"), [("channels", 1), ("height", 2), ("width", 3)])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("layout", ["first", "last"])
def test_reductions_equal_torchs(name, function, axis, dim, keepdim, layout):
    values = torch.randn(2, *X.shape)
    (y,) = call_code(find(name)(axis=axis, keepdim=keepdim), (X,), [values], layout=layout)
    torch.testing.assert_close(y, function(values, dim, keepdim=keepdim))


def test_the_axes_that_stay_keep_their_names():
    assert find("mean")(axis="channels").infer(X) == ValueType((("height", 4), ("width", 5)))
    assert find("mean")(axis="tokens").infer(tokens_of(4, 3)) == vector_of(3)
    assert find("amax")(axis="channels", keepdim=True).infer(X) == map_of(1, 4, 5)


def test_the_only_axis_can_only_be_kept():
    assert said("mean", vector_of(3), axis="channels") == ("wrong-kind", "`mean` would leave no axis of vector(3)")
