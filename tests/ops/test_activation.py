from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code
from tests.ops.faults import fault, said

X = map_of(3, 4, 5)

SAME = [
    ("identity", {}, nn.Identity()),
    ("relu", {}, nn.ReLU()),
    ("relu6", {}, nn.ReLU6()),
    ("gelu", {}, nn.GELU()),
    ("gelu", {"approximate": "tanh"}, nn.GELU("tanh")),
    ("silu", {}, nn.SiLU()),
    ("mish", {}, nn.Mish()),
    ("sigmoid", {}, nn.Sigmoid()),
    ("tanh", {}, nn.Tanh()),
    ("hardswish", {}, nn.Hardswish()),
    ("hardsigmoid", {}, nn.Hardsigmoid()),
    ("leaky_relu", {}, nn.LeakyReLU()),
    ("leaky_relu", {"negative_slope": 0.2}, nn.LeakyReLU(0.2)),
    ("elu", {}, nn.ELU()),
    ("elu", {"alpha": 0.5}, nn.ELU(0.5)),
    ("softplus", {}, nn.Softplus()),
    ("softplus", {"beta": 2.0, "threshold": 1.0}, nn.Softplus(2.0, 1.0)),
    ("softmax", {}, nn.Softmax(1)),
    ("softmax", {"axis": "width"}, nn.Softmax(3)),
]


@pytest.mark.parametrize(("name", "options", "module"), SAME)
def test_activations_equal_torchs_modules(name, options, module):
    values = 4 * torch.randn(2, *X.shape)
    (y,) = call_code(find(name)(**options), (X,), [values])
    assert torch.equal(y, module(values))


def test_relu_overwrites_its_input_only_where_it_may():
    op = find("relu")()
    assert op.code(StubCall((X,), (X,), "first")) == "torch.relu(x0)"
    assert op.code(StubCall((X,), (X,), "first", inplace=True)) == "torch.relu_(x0)"


def test_softmax_over_an_axis_that_is_not_there():
    misfit = fault("softmax", X, axis="tokens")
    assert misfit.code == "wrong-kind"
    assert str(misfit) == "`softmax` acts on the axis `tokens`, which a map here does not have"
    assert misfit.help == "its axes are `channels`, `height`, `width`"


def test_prelu_has_one_weight_or_one_for_each_channel():
    x = tokens_of(4, 3)
    assert find("prelu")(num_parameters=3).weights(x)["weight"].shape == (3,)
    assert said("prelu", x, num_parameters=4) == (
        "shape-mismatch",
        "`num_parameters` (=4) must be 1 or the channels that enter (=3)",
    )


def test_scale_multiplies_by_its_factor():
    values = torch.randn(2, *X.shape)
    assert torch.equal(call_code(find("scale")(factor=0.1), (X,), [values])[0], values * 0.1)
