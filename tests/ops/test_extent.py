from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torchvision.transforms.functional import center_crop

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code
from tests.ops.faults import fault, said

X = map_of(3, 5, 8)
L = tokens_of(6, 4)


def ran(name, *inputs, layout=None, given=None, **options):
    """The values that enter and the one that leaves."""
    values = [torch.randn(2, *kind.shape) for kind in inputs] if given is None else given
    op = find(name)(**options).resolve(*inputs)
    return values, call_code(op, inputs, values, layout=layout)[0]


def code(name, *inputs, layout="first", **options):
    op = find(name)(**options).resolve(*inputs)
    return op.code(StubCall(inputs, (op.infer(*inputs),), layout))


@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize(
    ("options", "pads"),
    [
        ({"height": 1}, (0, 0, 1, 1)),
        ({"height": (1, 2), "width": (0, 3)}, (0, 3, 1, 2)),
        ({"width": (2, 0)}, (2, 0, 0, 0)),
        ({"multiple": 4}, (0, 0, 0, 3)),
        ({"multiple": (1, 7)}, (0, 6, 0, 0)),
        ({"multiple": 9}, (0, 1, 0, 4)),
    ],
)
def test_pad_adds_rows_and_columns_as_torch_does(layout, options, pads):
    (x,), y = ran("pad", X, layout=layout, **options)
    assert torch.equal(y, F.pad(x, pads))


@pytest.mark.parametrize("layout", ["first", "last"])
def test_pad_of_tokens_adds_tokens(layout):
    (x,), y = ran("pad", L, layout=layout, tokens=(1, 2), value=0.5)
    assert torch.equal(y, F.pad(x, (0, 0, 1, 2), value=0.5))
    (x,), y = ran("pad", L, layout=layout, multiple=4)
    assert torch.equal(y, F.pad(x, (0, 0, 0, 2)))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_pad_fills_from_the_map_itself(mode):
    (x,), y = ran("pad", X, height=(1, 2), width=(0, 3), mode=mode)
    assert torch.equal(y, F.pad(x, (0, 3, 1, 2), mode))
    (x,), y = ran("pad", X, height=1, mode=mode)
    assert torch.equal(y, F.pad(x, (0, 0, 1, 1), mode))
    (x,), y = ran("pad", L, tokens=(2, 1), mode=mode)
    assert torch.equal(y, F.pad(x.mT, (2, 1), mode).mT)


@pytest.mark.parametrize("known", [X, map_of(3, 7, 14)])
def test_pad_to_a_multiple_fits_maps_of_any_size(known):
    op = find("pad")(multiple=7)
    text = op.code(StubCall((known,), (op.infer(known),), "first"))
    for height in range(1, 9):
        x = torch.randn(1, 3, height, 15 - height)
        y = eval(text, {"F": F, "x0": x})
        assert torch.equal(y, F.pad(x, (0, -(15 - height) % 7, 0, -height % 7)))


def test_pad_that_adds_nothing_copies_nothing():
    assert code("pad", X, height=0, width=0) == "x0"
    assert code("pad", X, multiple=1) == "x0"
    x = torch.randn(2, 3, 8, 8)
    assert eval(code("pad", map_of(3, 8, 8), multiple=4), {"F": F, "x0": x}) is x


def test_pad_says_what_it_takes():
    assert said("pad", X) == ("missing-key", "`pad` takes `height`, `width` or `multiple`")
    assert said("pad", L) == ("missing-key", "`pad` takes `tokens` or `multiple`")
    assert said("pad", vector_of(3), height=1) == ("wrong-kind", "`pad` takes a map or tokens, not a vector")
    misfit = fault("pad", L, height=1)
    assert str(misfit) == "`pad` acts on the axis `height`, which tokens here do not have"
    assert misfit.help == "its axes are `tokens`, `channels`"
    assert said("pad", X, multiple=2, height=1) == ("out-of-range", "`multiple` takes no `height` beside it")
    assert said("pad", L, multiple=(2, 3)) == ("out-of-range", "`multiple` of tokens is one number")
    assert said("pad", X, height=1, value=1.0, mode="reflect") == (
        "out-of-range",
        "`value` has no meaning with `mode` reflect",
    )


def test_pad_takes_no_more_from_the_map_than_it_has():
    assert said("pad", X, height=(0, 5), mode="reflect") == (
        "out-of-range",
        "`height` (=5) with `mode` reflect must be less than the height (=5)",
    )
    misfit = fault("pad", X, multiple=11, mode="circular")
    assert str(misfit) == "what `multiple` adds (=6) with `mode` circular must be at most the height (=5)"
    assert misfit.field == "multiple"
    assert find("pad")(height=5, mode="circular").infer(X) == map_of(3, 15, 8)


@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize("height", range(1, 6))
@pytest.mark.parametrize("width", range(1, 9))
def test_crop_takes_the_middle_as_torchvision_does(layout, height, width):
    (x,), y = ran("crop", X, layout=layout, height=height, width=width)
    assert torch.equal(y, center_crop(x, [height, width]))
    (x, _), y = ran("crop_like", X, map_of(2, height, width), layout=layout)
    assert torch.equal(y, center_crop(x, [height, width]))


def test_crop_from_the_start_undoes_padding_to_a_multiple():
    (x,), padded = ran("pad", X, multiple=7)
    _, y = ran("crop_like", map_of(3, 7, 14), X, given=[padded, x], align="start")
    assert torch.equal(y, x)
    (x,), y = ran("crop", L, tokens=2, align="start")
    assert torch.equal(y, x[:, :2])


@pytest.mark.parametrize("layout", ["first", "last"])
def test_crop_to_the_end_keeps_the_last_places(layout):
    (x,), y = ran("crop", X, layout=layout, height=2, width=3, align="end")
    assert torch.equal(y, x[..., -2:, -3:])
    (x,), y = ran("crop", L, layout=layout, tokens=5, align="end")
    assert torch.equal(y, x[:, 1:])


def test_crop_keeps_what_is_left_out():
    assert find("crop")(width=3).infer(X) == map_of(3, 5, 3)
    (x,), y = ran("crop", X, width=2)
    assert torch.equal(y, x[..., 3:5])


def test_crop_to_the_size_that_enters_does_nothing():
    x = torch.randn(1, 3, 5, 8)
    assert eval(code("crop", X, height=5), {"x0": x}) is x
    assert eval(code("crop_like", X, X), {"x0": x, "x1": x[:, :1]}) is x


@pytest.mark.parametrize(("align", "first"), [("start", 0), ("center", 2), ("end", 5)])
def test_crop_like_follows_the_sizes_as_they_come(align, first):
    text = code("crop_like", X, X, align=align)
    x, like = torch.randn(1, 3, 9, 9), torch.randn(1, 1, 4, 9)
    assert torch.equal(eval(text, {"x0": x, "x1": like}), x[:, :, first : first + 4])


def test_crop_cannot_make_a_value_larger():
    misfit = fault("crop", X, height=6)
    assert (misfit.code, str(misfit)) == ("out-of-range", "`height` (=6) must be at most the height that enters (=5)")
    assert misfit.field == "height"
    assert said("crop", L, tokens=7) == ("out-of-range", "`tokens` (=7) must be at most the tokens that enter (=6)")
    misfit = fault("crop_like", X, map_of(3, 5, 9))
    assert (misfit.code, misfit.inputs) == ("shape-mismatch", (0, 1))
    assert str(misfit) == "`crop_like` cannot cut the width (=8) to that of its second value (=9)"


def test_crop_says_what_it_takes():
    assert said("crop", X) == ("missing-key", "`crop` takes `height` or `width`")
    assert said("crop", L) == ("missing-key", "`crop` takes `tokens`")
    assert said("crop", vector_of(2), height=1) == ("wrong-kind", "`crop` takes a map or tokens, not a vector")
    misfit = fault("crop_like", X, L)
    assert (str(misfit), misfit.inputs) == ("`crop_like` takes a map, not tokens", (1,))
