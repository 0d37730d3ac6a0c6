from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code
from tests.ops.faults import fault, said

X = map_of(3, 4, 5)


@pytest.mark.parametrize(
    "options",
    [
        {"scale_factor": 2.0},
        {"scale_factor": 1.5, "mode": "bilinear"},
        {"size": (7, 6), "mode": "bilinear", "align_corners": True},
        {"size": (3, 3), "mode": "bicubic"},
    ],
)
def test_upsample_equals_torchs_module(options):
    values = torch.randn(2, 3, 4, 5)
    (y,) = call_code(find("upsample")(**options), (X,), [values])
    assert torch.equal(y, nn.Upsample(**options)(values))


def test_upsample_takes_a_factor_or_a_size():
    message = "`upsample` takes one of `scale_factor` and `size`"
    assert said("upsample", X) == ("missing-key", message)
    assert said("upsample", X, scale_factor=2.0, size=4) == ("missing-key", message)


def test_align_corners_has_no_meaning_with_nearest():
    assert said("upsample", X, scale_factor=2.0, align_corners=True) == (
        "out-of-range",
        "`align_corners` has no meaning with `mode` nearest",
    )


def test_a_factor_that_leaves_nothing():
    assert said("upsample", X, scale_factor=0.2) == (
        "out-of-range",
        "`scale_factor` (=0.2) leaves nothing of map(3, 4, 5)",
    )


@pytest.mark.parametrize("known", [X, map_of(1, 7, 6)])
@pytest.mark.parametrize(
    "options",
    [{}, {"mode": "bilinear"}, {"mode": "bilinear", "align_corners": True}, {"mode": "bicubic"}],
)
def test_upsample_like_gives_the_size_of_the_second_map_as_it_comes(known, options):
    op = find("upsample_like")(**options)
    text = op.code(StubCall((X, known), (op.infer(X, known),), "first"))
    x = torch.randn(2, 3, 4, 5)
    for size in ((7, 6), (3, 9), (4, 5)):
        y = eval(text, {"F": nn.functional, "x0": x, "x1": torch.empty(2, 1, *size)})
        assert torch.equal(y, nn.Upsample(size, **options)(x))
    assert op.infer(X, map_of(1, 7, 6)) == map_of(3, 7, 6)


def test_upsample_like_a_map_of_its_size_does_nothing():
    text = find("upsample_like")(mode="bilinear").code(StubCall((X, map_of(1, 4, 5)), (X,), "first"))
    x = torch.randn(2, 3, 4, 5)
    assert eval(text, {"F": nn.functional, "x0": x, "x1": x[:, :1]}) is x


def test_upsample_like_takes_two_maps():
    misfit = fault("upsample_like", X, tokens_of(4, 5))
    assert (str(misfit), misfit.inputs) == ("`upsample_like` takes a map, not tokens", (1,))
    assert said("upsample_like", X, X, align_corners=True) == (
        "out-of-range",
        "`align_corners` has no meaning with `mode` nearest",
    )
