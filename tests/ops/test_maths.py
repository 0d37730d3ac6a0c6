from __future__ import annotations

import pytest
import torch

from blueprint.language.values import map_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import said

X = map_of(3, 4, 5)


@pytest.mark.parametrize(
    ("name", "options", "given", "wanted"),
    [
        ("identity", {}, -2.5, -2.5),
        ("scale", {"factor": 0.5}, 3.0, 1.5),
        ("scale", {"factor": 0.5, "offset": -2.0}, 3.0, -0.5),
        ("log1p", {}, 1.718281828, 1.0),
        ("sin", {}, 0.5235987756, 0.5),
        ("cos", {}, 1.0471975512, 0.5),
        ("sign", {}, -3.0, -1.0),
        ("exp", {}, 1.0, 2.718281828),
        ("log", {}, 2.718281828, 1.0),
        ("abs", {}, -3.0, 3.0),
        ("square", {}, -3.0, 9.0),
        ("sqrt", {}, 9.0, 3.0),
        ("clamp", {"min": -1.0, "max": 2.0}, 3.0, 2.0),
        ("clamp", {"min": -1.0, "max": 2.0}, -3.0, -1.0),
        ("clamp", {"min": -1.0}, 3.0, 3.0),
        ("clamp", {"max": 2.0}, -3.0, -3.0),
    ],
)
def test_each_element_becomes_the_functions_value(name, options, given, wanted):
    (y,) = call_code(find(name)(**options), (X,), [torch.full((2, *X.shape), given)])
    torch.testing.assert_close(y, torch.full((2, *X.shape), wanted))


def test_clamp_needs_a_bound_and_its_bounds_in_order():
    assert said("clamp", X) == ("missing-key", "`clamp` takes at least one of `min` and `max`")
    assert said("clamp", X, min=1.0, max=-1.0) == ("out-of-range", "`min` (=1.0) must be at most `max` (=-1.0)")
    assert find("clamp")(min=1.0, max=1.0).infer(X) == X
