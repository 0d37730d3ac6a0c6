from __future__ import annotations

import pytest
import torch
from torch import nn

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import fault, said

SHUFFLES = [
    ("channel_shuffle", {"groups": 3}, nn.ChannelShuffle(3), "(g n) h w -> (n g) h w", {"g": 3}),
    ("pixel_shuffle", {"upscale_factor": 2}, nn.PixelShuffle(2), "(c i j) h w -> c (h i) (w j)", {"i": 2, "j": 2}),
    (
        "pixel_unshuffle",
        {"downscale_factor": 2},
        nn.PixelUnshuffle(2),
        "c (h i) (w j) -> (c i j) h w",
        {"i": 2, "j": 2},
    ),
]


@pytest.mark.parametrize(("name", "options", "module", "pattern", "sizes"), SHUFFLES)
def test_shuffles_equal_torchs_modules_and_the_patterns_they_name(name, options, module, pattern, sizes):
    x = map_of(12, 4, 6)
    values = torch.randn(2, *x.shape)
    (y,) = call_code(find(name)(**options), (x,), [values])
    assert torch.equal(y, module(values))
    written = find("rearrange")(pattern=pattern, sizes=tuple(sizes.items())).resolve(x)
    assert torch.equal(y, call_code(written, (x,), [values])[0])
    assert pattern in find(name).__doc__


def test_shuffles_change_the_sizes_they_name():
    assert find("channel_shuffle")(groups=2).infer(tokens_of(5, 8)) == tokens_of(5, 8)
    assert find("pixel_shuffle")(upscale_factor=3).infer(map_of(18, 2, 5)) == map_of(2, 6, 15)
    assert find("pixel_unshuffle")(downscale_factor=3).infer(map_of(2, 6, 15)) == map_of(18, 2, 5)


def test_channel_shuffle_of_tokens_shuffles_the_channels():
    x = tokens_of(5, 6)
    values = torch.randn(2, 5, 6)
    (y,) = call_code(find("channel_shuffle")(groups=2), (x,), [values])
    assert torch.equal(y, values[..., [0, 3, 1, 4, 2, 5]])


@pytest.mark.parametrize(
    ("name", "field", "number", "message", "help"),
    [
        ("channel_shuffle", "groups", 5, "the channels (=12) must be divisible by `groups` (=5)", "10 or 15 would do"),
        (
            "pixel_shuffle",
            "upscale_factor",
            4,
            "the channels (=12) must be divisible by the square of `upscale_factor` (=4)",
            "16 would do",
        ),
        (
            "pixel_unshuffle",
            "downscale_factor",
            3,
            "the height (=4) must be divisible by `downscale_factor` (=3)",
            "3 or 6 would do",
        ),
        (
            "pixel_unshuffle",
            "downscale_factor",
            4,
            "the width (=6) must be divisible by `downscale_factor` (=4)",
            "4 or 8 would do",
        ),
    ],
)
def test_what_a_number_must_divide(name, field, number, message, help):
    misfit = fault(name, map_of(12, 4, 6), **{field: number})
    assert (misfit.code, str(misfit)) == ("not-divisible", message)
    assert (misfit.field, misfit.label, misfit.help) == (field, "map(12, 4, 6) enters", help)


def test_shuffles_take_maps_and_channel_shuffle_tokens():
    assert said("pixel_shuffle", tokens_of(4, 4), upscale_factor=2) == (
        "wrong-kind",
        "`pixel_shuffle` takes a map, not tokens",
    )
    assert said("pixel_unshuffle", vector_of(4), downscale_factor=2) == (
        "wrong-kind",
        "`pixel_unshuffle` takes a map, not a vector",
    )
    assert said("channel_shuffle", vector_of(4), groups=2) == (
        "wrong-kind",
        "`channel_shuffle` takes a map or tokens, not a vector",
    )
