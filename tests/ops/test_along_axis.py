from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import fault, said

X = map_of(4, 6, 8)


@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize(
    ("name", "options", "function"),
    [
        ("softmax", {}, nn.Softmax(1)),
        ("softmax", {"axis": "width"}, nn.Softmax(3)),
        ("softmin", {}, nn.Softmin(1)),
        ("softmin", {"axis": "height"}, nn.Softmin(2)),
        ("log_softmax", {}, nn.LogSoftmax(1)),
        ("log_softmax", {"axis": "width"}, nn.LogSoftmax(3)),
        ("glu", {}, nn.GLU(1)),
        ("glu", {"axis": "height"}, nn.GLU(2)),
        ("normalize", {}, F.normalize),
        ("normalize", {"axis": "width", "p": 3.0, "eps": 0.5}, lambda x: F.normalize(x, 3.0, 3, 0.5)),
    ],
)
def test_functions_along_an_axis_equal_torchs(name, options, function, layout):
    values = torch.randn(2, *X.shape)
    (y,) = call_code(find(name)(**options), (X,), [values], layout=layout)
    torch.testing.assert_close(y, function(values))


def test_normalize_brings_each_token_to_length_1():
    x = tokens_of(3, 5)
    (y,) = call_code(find("normalize")(), (x,), [7 * torch.randn(2, 3, 5)])
    torch.testing.assert_close(y.square().sum(2), torch.ones(2, 3))


def test_glu_halves_its_axis_alone():
    assert find("glu")().infer(tokens_of(3, 8)) == tokens_of(3, 4)
    assert find("glu")(axis="tokens").infer(tokens_of(6, 8)) == tokens_of(3, 8)


def test_glu_of_an_odd_axis():
    misfit = fault("glu", vector_of(5))
    assert misfit.code == "not-divisible"
    assert str(misfit) == "the channels (=5) must be divisible by 2, the parts of a `glu`"
    assert (misfit.label, misfit.field) == ("vector(5) enters", "axis")


def test_softmax_over_an_axis_that_is_not_there():
    misfit = fault("softmax", X, axis="tokens")
    assert misfit.code == "wrong-kind"
    assert str(misfit) == "`softmax` acts on the axis `tokens`, which a map here does not have"
    assert misfit.help == "its axes are `channels`, `height`, `width`"


@pytest.mark.parametrize("name", ["softmin", "log_softmax", "normalize", "glu"])
def test_the_axis_must_be_there(name):
    message = f"`{name}` acts on the axis `height`, which tokens here do not have"
    assert said(name, tokens_of(4, 4), axis="height") == ("wrong-kind", message)
