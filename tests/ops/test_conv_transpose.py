from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
from tests.ops.faults import fault, said

X = map_of(6, 5, 7)
L = tokens_of(5, 6)


def resolved(**options):
    return find("conv_transpose")(**options).resolve(X)


@pytest.mark.parametrize(
    ("options", "module"),
    [
        ({"kernel_size": 2, "stride": 2}, nn.ConvTranspose2d(6, 6, 2, 2)),
        (
            {"out_channels": 4, "kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "output_padding": (1, 0)},
            nn.ConvTranspose2d(6, 4, (3, 2), (2, 3), 1, (1, 0)),
        ),
        (
            {"out_channels": 9, "kernel_size": 3, "dilation": (1, 2), "groups": 3, "bias": False},
            nn.ConvTranspose2d(6, 9, 3, groups=3, bias=False, dilation=(1, 2)),
        ),
    ],
)
def test_conv_transpose_equals_torchs_module(options, module):
    op = resolved(**options)
    values = torch.randn(2, *X.shape)
    (y,) = call_code(op, (X,), [values], module)
    assert torch.equal(y, module(values))
    assert op.infer(X).shape == y.shape[1:]
    assert make_module(op, (X,)).extra_repr() == module.extra_repr()


def test_conv_transpose1d_moves_along_the_tokens():
    module = nn.ConvTranspose1d(6, 4, 3, 2, 1, 1, groups=2, dilation=2)
    options = {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
    op = find("conv_transpose1d")(**options, groups=2, dilation=2).resolve(L)
    values = torch.randn(2, 5, 6)
    (y,) = call_code(op, (L,), [values], module)
    assert torch.equal(y, module(values.mT).mT)
    assert op.infer(L) == tokens_of(12, 4)


def test_by_hand_each_place_is_spread_over_a_window():
    x = map_of(1, 1, 2)
    op = find("conv_transpose")(kernel_size=(1, 3), stride=(1, 2), bias=False).resolve(x)
    module = make_module(op, (x,))
    module.weight.data = torch.tensor([[[[1.0, 10.0, 100.0]]]])
    (y,) = call_code(op, (x,), [torch.tensor([[[[2.0, 3.0]]]])], module)
    assert y.flatten().tolist() == [2, 20, 203, 30, 300]


def test_weights_and_macs_of_a_convolution_that_doubles_the_sides():
    op = resolved(out_channels=3, kernel_size=2, stride=2)
    assert {n: w.shape for n, w in op.weights(X).items()} == {"weight": (6, 3, 2, 2), "bias": (3,)}
    assert op.macs(X) == 5 * 7 * 6 * 3 * 4
    assert op.infer(X) == map_of(3, 10, 14)


def test_code_is_torchs_own_function_with_its_numbers():
    code = resolved(kernel_size=2, stride=2, bias=False).code(StubCall((X,), (X,), "first"))
    assert code == "torch.conv_transpose2d(x0, m.weight, m.bias, (2, 2), (0, 0), (0, 0), 1, (1, 1))"


def test_output_padding_is_less_than_the_stride_or_the_dilation():
    misfit = fault("conv_transpose", X, kernel_size=3, stride=(3, 2), output_padding=2)
    assert misfit.code == "out-of-range"
    assert str(misfit) == "`output_padding` (=2) must be less than `stride` (=2) or `dilation` (=1)"
    assert misfit.field == "output_padding"
    assert resolved(kernel_size=3, dilation=2, output_padding=1).infer(X) == map_of(6, 10, 12)


def test_padding_must_leave_something():
    misfit = fault("conv_transpose", X, kernel_size=2, padding=(2, 4))
    assert misfit.code == "out-of-range"
    assert str(misfit) == "`padding` (=4) leaves nothing of the width, which is 8 without it"
    assert misfit.field == "padding"
    assert resolved(kernel_size=2, padding=(2, 3)).infer(X) == map_of(6, 2, 2)


def test_groups_and_kinds_are_checked_as_for_conv():
    assert said("conv_transpose", X, kernel_size=1, groups=4) == (
        "not-divisible",
        "`in_channels` (=6) must be divisible by `groups` (=4)",
    )
    assert said("conv_transpose", L, kernel_size=1) == ("wrong-kind", "`conv_transpose` takes a map, not tokens")
    assert said("conv_transpose1d", X, kernel_size=1) == ("wrong-kind", "`conv_transpose1d` takes tokens, not a map")
