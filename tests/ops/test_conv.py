from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
from tests.ops.faults import fault, said

X = map_of(6, 8, 10)


def conv(**options):
    return find("conv")(**options).resolve(X)


def test_out_channels_left_out_are_as_many_as_enter():
    assert conv(kernel_size=3).infer(X) == X


@pytest.mark.parametrize("kernel", [1, 3, 5, (1, 7)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_padding_left_out_keeps_the_size_at_stride_1(kernel, dilation):
    assert conv(kernel_size=kernel, dilation=dilation).infer(X) == X


def test_padding_left_out_halves_even_and_odd_sizes_upwards_at_stride_2():
    assert conv(kernel_size=3, stride=2).infer(X) == map_of(6, 4, 5)
    x = map_of(6, 7, 9)
    assert find("conv")(kernel_size=3, stride=2).resolve(x).infer(x) == map_of(6, 4, 5)


def test_an_even_kernel_that_moves_by_its_size_takes_no_padding():
    assert conv(kernel_size=2, stride=2).infer(X) == map_of(6, 4, 5)


def test_an_even_kernel_with_another_stride_asks_for_its_padding():
    misfit = fault("conv", X, kernel_size=4, stride=2)
    assert misfit.code == "missing-key"
    assert str(misfit) == "`padding` must be written for an even `kernel_size` (=4) unless `stride` (=2) equals it"
    assert misfit.help == "write `padding: 1`, or take an odd kernel"
    assert misfit.field == "padding"
    assert said("conv", X, kernel_size=2, stride=3)[0] == "missing-key"


def test_groups_must_divide_the_channels_on_both_sides():
    misfit = fault("conv", X, kernel_size=1, groups=4)
    assert (misfit.code, str(misfit)) == ("not-divisible", "`in_channels` (=6) must be divisible by `groups` (=4)")
    assert (misfit.field, misfit.inputs) == ("groups", (0,))
    assert said("conv", X, kernel_size=1, groups=3, out_channels=4) == (
        "not-divisible",
        "`out_channels` (=4) must be divisible by `groups` (=3)",
    )


def test_a_kernel_must_fit_into_the_map():
    assert said("conv", X, kernel_size=11, padding=0) == (
        "kernel-too-large",
        "`kernel_size` (=11) is larger than the height (=8)",
    )
    assert said("conv", X, kernel_size=(3, 13), padding=1) == (
        "kernel-too-large",
        "`kernel_size` (=13) is larger than the width with its padding (=12)",
    )
    assert said("conv", X, kernel_size=5, dilation=3, padding=1) == (
        "kernel-too-large",
        "`kernel_size` (=5) with `dilation` (=3) spans 13, more than the height with its padding (=10)",
    )


def test_reflected_padding_must_be_less_than_the_map():
    assert said("conv", X, kernel_size=3, padding=8, padding_mode="reflect") == (
        "out-of-range",
        "`padding` (=8) with `padding_mode` reflect must be less than the height (=8)",
    )


@pytest.mark.parametrize(
    ("x", "message", "help"),
    [
        (
            vector_of(6),
            "`conv` takes a map, not a vector",
            "move it before the pooling that made the vector, or insert `rearrange: c -> c 1 1`",
        ),
        (tokens_of(4, 6), "`conv` takes a map, not tokens", "insert `to_map` before it"),
    ],
)
def test_conv_says_what_to_insert_where_no_map_enters(x, message, help):
    misfit = fault("conv", x, kernel_size=3)
    assert (misfit.code, str(misfit), misfit.help) == ("wrong-kind", message, help)


def test_conv1d_says_what_to_insert_where_no_tokens_enter():
    misfit = fault("conv1d", X, kernel_size=3)
    assert (misfit.code, str(misfit)) == ("wrong-kind", "`conv1d` takes tokens, not a map")
    assert misfit.help == "insert `to_tokens` before it"


def test_macs_and_weights_of_a_depthwise_convolution():
    op = conv(kernel_size=3, groups=6, bias=False)
    assert {n: w.shape for n, w in op.weights(X).items()} == {"weight": (6, 1, 3, 3)}
    assert op.macs(X) == 6 * 8 * 10 * 9


def test_conv1d_moves_along_the_tokens():
    x = tokens_of(5, 2)
    op = find("conv1d")(kernel_size=3).resolve(x)
    module = make_module(op, (x,))
    values = torch.randn(3, 5, 2)
    expected = module(values.transpose(1, 2)).transpose(1, 2)
    assert torch.equal(call_code(op, (x,), [values], module)[0], expected)


def test_padding_other_than_zeros_goes_through_the_module():
    code = conv(kernel_size=3, padding_mode="reflect").code(StubCall((X,), (X,), "first"))
    assert code == "m(x0)"


def test_code_is_torchs_own_function_with_its_numbers():
    code = conv(kernel_size=3, stride=2, bias=False).code(StubCall((X,), (X,), "first"))
    assert code == "torch.conv2d(x0, m.weight, m.bias, (2, 2), (1, 1), (1, 1), 1)"


class TestWeightMask:
    X = map_of(64, 1, 1)

    def module(self, keep):
        op = find("conv")(kernel_size=1, out_channels=256, bias=False, weight_mask=keep).resolve(self.X)
        assert op.random
        module = make_module(op, (self.X,))
        nn.init.ones_(module.weight)
        return module

    def kept(self, module):
        """Which weights are kept, read from the response to each input channel alone: (64, 256)."""
        return module(torch.eye(64)[:, :, None, None])[:, :, 0, 0]

    def test_kept_weights_are_divided_by_the_keep_rate_and_are_as_many(self):
        torch.manual_seed(0)
        kept = self.kept(self.module(0.75))
        assert kept.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
        assert (kept > 0).float().mean().item() == pytest.approx(0.75, abs=0.02)

    def test_the_mask_is_shared_by_the_batch_and_drawn_anew_each_forward(self):
        module = self.module(0.5)
        x = torch.ones(4, 64, 1, 1)
        one, other = module(x), module(x)
        assert all(torch.equal(one[0], sample) for sample in one)
        assert not torch.equal(one, other)

    def test_eval_mode_is_the_plain_convolution(self):
        module = self.module(0.5).eval()
        assert torch.equal(self.kept(module), torch.ones(64, 256))

    def test_masked_weights_get_no_gradient(self):
        module = self.module(0.5)
        out = module(torch.ones(1, 64, 1, 1))
        out.sum().backward()
        assert set(module.weight.grad.unique().tolist()) == {0.0, 2.0}

    def test_without_a_mask_it_is_torchs_own_module(self):
        assert type(conv(kernel_size=1).module(X)) is nn.Conv2d
        assert not conv(kernel_size=1).random
