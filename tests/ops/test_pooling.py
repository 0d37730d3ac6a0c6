from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import fault, said

X = map_of(3, 9, 11)


@pytest.mark.parametrize(
    ("name", "options", "module"),
    [
        ("max_pool", {"kernel_size": 2}, nn.MaxPool2d(2)),
        (
            "max_pool",
            {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1, "dilation": 2, "ceil_mode": True},
            nn.MaxPool2d((3, 2), (2, 1), 1, 2, ceil_mode=True),
        ),
        ("avg_pool", {"kernel_size": 2}, nn.AvgPool2d(2)),
        (
            "avg_pool",
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
            nn.AvgPool2d(3, 2, 1, True, False),
        ),
        ("lp_pool", {"norm_type": 2.0, "kernel_size": 3}, nn.LPPool2d(2.0, 3)),
        (
            "lp_pool",
            {"norm_type": 4.0, "kernel_size": (3, 2), "stride": 2, "ceil_mode": True},
            nn.LPPool2d(4.0, (3, 2), 2, True),
        ),
        ("adaptive_avg_pool", {"output_size": (2, 3)}, nn.AdaptiveAvgPool2d((2, 3))),
        ("adaptive_max_pool", {"output_size": 4}, nn.AdaptiveMaxPool2d(4)),
        ("global_avg_pool", {}, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())),
        ("global_max_pool", {}, nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())),
    ],
)
def test_pools_equal_torchs_modules(name, options, module):
    values = torch.randn(2, *X.shape)
    (y,) = call_code(find(name)(**options).resolve(X), (X,), [values])
    assert torch.equal(y, module(values))


def test_global_pools_of_tokens_leave_the_channels():
    x = tokens_of(4, 3)
    values = torch.randn(2, 4, 3)
    assert torch.equal(call_code(find("global_avg_pool")(), (x,), [values])[0], values.mean(1))
    assert find("global_avg_pool")().infer(x) == vector_of(3)


def test_adaptive_avg_pool_1_gives_a_map():
    assert find("adaptive_avg_pool")(output_size=1).infer(X) == map_of(3, 1, 1)


def test_the_stride_left_out_is_the_kernel_size():
    assert find("max_pool")(kernel_size=(2, 3)).resolve(X).infer(X) == map_of(3, 4, 3)


def test_a_window_must_fit_into_the_map():
    misfit = fault("max_pool", X, kernel_size=10)
    assert (misfit.code, str(misfit)) == ("kernel-too-large", "`kernel_size` (=10) is larger than the height (=9)")
    assert misfit.field == "kernel_size"


def test_padding_is_at_most_half_of_the_window():
    assert said("avg_pool", X, kernel_size=3, padding=2) == (
        "out-of-range",
        "`padding` (=2) must be at most half of `kernel_size` (=3)",
    )


@pytest.mark.parametrize("name", ["global_avg_pool", "global_max_pool"])
def test_a_vector_has_nothing_left_to_pool(name):
    assert said(name, vector_of(3)) == ("wrong-kind", f"`{name}` takes a map or tokens, not a vector")


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
def test_pools_say_what_to_insert_where_tokens_enter(name):
    misfit = fault(name, tokens_of(4, 3), kernel_size=2)
    assert (str(misfit), misfit.help) == (f"`{name}` takes a map, not tokens", "insert `to_map` before it")


def test_with_ceil_mode_the_last_window_begins_inside_the_map():
    x = map_of(1, 5, 6)
    assert find("max_pool")(kernel_size=1, stride=3, ceil_mode=True).resolve(x).infer(x) == map_of(1, 2, 2)
    assert find("max_pool")(kernel_size=2, stride=2, ceil_mode=True).resolve(x).infer(x) == map_of(1, 3, 3)
    assert find("max_pool")(kernel_size=2, stride=3, padding=1, ceil_mode=True).resolve(x).infer(x) == map_of(1, 2, 3)
