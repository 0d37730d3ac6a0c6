from __future__ import annotations

import pytest
import torch

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import call_code
from tests.ops.faults import fault, said


def test_flatten_reads_a_map_channel_by_channel():
    x = map_of(3, 4, 5)
    values = torch.randn(2, 3, 4, 5)
    assert torch.equal(call_code(find("flatten")(), (x,), [values])[0], values.flatten(1))
    assert find("flatten")().infer(tokens_of(4, 3)) == vector_of(12)


@pytest.mark.parametrize("layout", ["first", "last"])
def test_to_tokens_goes_row_by_row_and_to_map_back(layout):
    x, t = map_of(3, 4, 5), tokens_of(20, 3)
    values = torch.randn(2, 3, 4, 5)
    (tokens,) = call_code(find("to_tokens")(), (x,), [values], layout=layout)
    assert torch.equal(tokens, values.permute(0, 2, 3, 1).reshape(2, 20, 3))
    back = find("to_map")(width=5).resolve(t)
    assert torch.equal(call_code(back, (t,), [tokens], layout=layout)[0], values)


def test_to_map_makes_a_square_where_no_side_is_given():
    x = tokens_of(16, 3)
    assert find("to_map")().resolve(x).infer(x) == map_of(3, 4, 4)


def test_to_map_of_tokens_that_fill_no_square():
    assert said("to_map", tokens_of(20, 3)) == (
        "shape-mismatch",
        "`height` (=4) times `width` (=4) must be the tokens (=20)",
    )
    assert said("to_map", tokens_of(20, 3), height=3) == (
        "not-divisible",
        "the tokens (=20) must be divisible by `height` (=3)",
    )


def test_to_tokens_of_a_vector_says_what_to_do():
    misfit = fault("to_tokens", vector_of(3))
    assert (misfit.code, str(misfit)) == ("wrong-kind", "`to_tokens` takes a map, not a vector")
