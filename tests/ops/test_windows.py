"""Convolutions and pools refuse exactly what torch refuses."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import Misfit, find
from blueprint.ops.sizes import windows
from tests.ops.calling import StubCall, make_module, random_inputs, to_layout

many = settings(max_examples=150, deadline=None, derandomize=True)


def fits(op, x):
    """The output's shape by the op's rule, or None where it refuses."""
    try:
        return op.resolve(x).infer(x).shape
    except Misfit:
        return None


def torchs(op, x):
    """The output's shape by torch, or None where it refuses."""
    try:
        op = op.resolve(x)
        module = make_module(op, (x,))
        call = StubCall((x,), (x,), op.layout(x))  # not call_code, which asks the rule for the output's type
        scope = {"x0": to_layout(random_inputs([x])[0], x, call.layout), "m": module, "torch": torch}
        return tuple(eval(op.code(call), scope | {"F": torch.nn.functional}).shape)
    except (Misfit, RuntimeError, ValueError):
        return None


@many
@given(
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    groups=st.integers(1, 3),
    channels=st.integers(1, 6),
    out_channels=st.integers(1, 6),
    mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    sides=st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_conv_takes_what_torch_takes(kernel, stride, padding, dilation, groups, channels, out_channels, mode, sides):
    x = map_of(channels, *sides)
    op = find("conv")(
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        out_channels=out_channels,
        padding_mode=mode,
    )
    expected = torchs(op, x)
    assert fits(op, x) == (expected and expected[1:])


@many
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
    mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    length=st.integers(1, 8),
)
def test_conv1d_takes_what_torch_takes(kernel, stride, padding, dilation, mode, length):
    x = tokens_of(length, 2)
    op = find("conv1d")(
        kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, out_channels=3, padding_mode=mode
    )
    expected = torchs(op, x)
    assert fits(op, x) == (expected and (expected[2], expected[1]))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("name", "dilation"), [("avg_pool", 1), ("max_pool", 1), ("max_pool", 2)])
def test_pools_take_what_torch_takes(name, dilation, ceil_mode):
    options = {"dilation": dilation} if name == "max_pool" else {}
    for length, kernel, stride, padding in product(range(1, 8), range(1, 5), range(1, 5), range(3)):
        x = map_of(1, length, length + 1)
        if length < dilation:  # torch takes windows that see nothing, see below
            continue
        op = find(name)(kernel_size=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, **options)
        expected = torchs(op, x)
        assert fits(op, x) == (expected and expected[1:]), (op, x)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_every_window_of_a_max_pool_sees_an_element(ceil_mode):
    """Torch lets one see nothing, and its backward writes outside its memory then."""
    settings = product(range(1, 5), range(1, 4), range(3), range(1, 6), range(1, 6))
    refused = 0
    for kernel, stride, padding, dilation, length in settings:
        op = find("max_pool")(
            kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
        )
        x = map_of(1, length, length)
        if padding > kernel // 2 or windows(length, kernel, stride, padding, dilation, ceil_mode) < 1:
            continue
        pooled = torch.max_pool2d(torch.zeros(1, 1, length, length), kernel, stride, padding, dilation, ceil_mode)
        assert (fits(op, x) is not None) == bool(pooled.isfinite().all()), op
        refused += fits(op, x) is None
    assert refused > 10


@pytest.mark.parametrize("name", ["conv", "max_pool", "avg_pool", "adaptive_avg_pool", "upsample"])
def test_a_size_is_one_number_or_two_alike(name):
    fields = [info.name for info in find(name).fields() if "size" in info.type.split()]
    assert fields
    assert find(name)(**dict.fromkeys(fields, 2)) == find(name)(**dict.fromkeys(fields, (2, 2)))
