from __future__ import annotations

import torch

from blueprint.language.values import ValueType, map_of
from blueprint.ops import find
from tests.ops.calling import call_code, make_module
from tests.ops.faults import fault


def test_linear_on_a_map_is_a_convolution_of_kernel_size_1():
    x = map_of(3, 4, 5)
    op = find("linear")(out_features=7).resolve(x)
    module = make_module(op, (x,))
    values = torch.randn(2, 3, 4, 5)
    expected = torch.conv2d(values, module.weight[:, :, None, None], module.bias)
    torch.testing.assert_close(call_code(op, (x,), [values], module)[0], expected)
    assert op.infer(x) == map_of(7, 4, 5)


def test_out_features_left_out_are_as_many_as_enter():
    x = map_of(3, 4, 5)
    assert find("linear")().resolve(x).infer(x) == x


def test_linear_needs_a_channels_axis():
    misfit = fault("linear", ValueType((("height", 3), ("width", 4))))
    assert misfit.code == "wrong-kind"
    assert str(misfit) == "`linear` acts on the axis `channels`, which named axes here do not have"
    assert misfit.help == "its axes are `height`, `width`"
