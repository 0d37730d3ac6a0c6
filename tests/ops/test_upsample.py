from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import said

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
