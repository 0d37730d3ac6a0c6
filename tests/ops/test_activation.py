from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
from tests.ops.faults import fault, said

X = map_of(3, 4, 5)

SAME = [
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
    ("selu", {}, nn.SELU()),
    ("celu", {}, nn.CELU()),
    ("celu", {"alpha": 0.3}, nn.CELU(0.3)),
    ("log_sigmoid", {}, nn.LogSigmoid()),
    ("softsign", {}, nn.Softsign()),
    ("tanhshrink", {}, nn.Tanhshrink()),
    ("hardtanh", {}, nn.Hardtanh()),
    ("hardtanh", {"min_val": -2.0, "max_val": 0.5}, nn.Hardtanh(-2.0, 0.5)),
    ("hardshrink", {}, nn.Hardshrink()),
    ("hardshrink", {"lambd": 1.5}, nn.Hardshrink(1.5)),
    ("softshrink", {}, nn.Softshrink()),
    ("softshrink", {"lambd": 1.5}, nn.Softshrink(1.5)),
    ("threshold", {"threshold": 0.5, "value": -3.0}, nn.Threshold(0.5, -3.0)),
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


def test_prelu_has_one_weight_or_one_for_each_channel():
    x = tokens_of(4, 3)
    assert find("prelu")(num_parameters=3).weights(x)["weight"].shape == (3,)
    assert said("prelu", x, num_parameters=4) == (
        "shape-mismatch",
        "`num_parameters` (=4) must be 1 or the channels that enter (=3)",
    )


def test_rrelu_draws_a_slope_for_each_negative_element_in_training():
    op = find("rrelu")(lower=0.1, upper=0.3)
    module = make_module(op, (X,))
    (y,) = call_code(op, (X,), [torch.full((50, *X.shape), -1.0)], module)
    assert -0.3 <= y.min() < -0.29
    assert -0.11 < y.max() <= -0.1
    (y,) = call_code(op, (X,), [torch.full((2, *X.shape), -1.0)], module.eval())
    torch.testing.assert_close(y, torch.full_like(y, -0.2))


def test_rrelu_reads_its_slopes_live():
    assert find("rrelu")().code(StubCall((X,), (X,), "first")) == "torch.rrelu(x0, m.lower, m.upper, m.training)"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("hardtanh", {"min_val": 1.0, "max_val": 0.5}, "`min_val` (=1.0) must be at most `max_val` (=0.5)"),
        ("rrelu", {"lower": 0.5, "upper": 0.1}, "`lower` (=0.5) must be at most `upper` (=0.1)"),
        ("celu", {"alpha": 0.0}, "`alpha` (=0) of a `celu` must not be 0, as x is divided by it"),
    ],
)
def test_numbers_that_torch_refuses(name, options, message):
    assert said(name, X, **options) == ("out-of-range", message)
    assert fault(name, X, **options).field == next(iter(options))
