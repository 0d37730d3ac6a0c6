from __future__ import annotations

import pytest
import torch

from blueprint.language.values import map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code
from tests.ops.faults import said

NAME = "scaled_dot_product_attention"


def by_hand(query, key, value, heads, scale):
    """Attention of (N, L, E), (N, S, E) and (N, S, V), head by head."""
    parts = []
    for q, k, v in zip(query.chunk(heads, 2), key.chunk(heads, 2), value.chunk(heads, 2), strict=True):
        parts.append(torch.softmax(scale * q @ k.transpose(1, 2), -1) @ v)
    return torch.cat(parts, 2)


@pytest.mark.parametrize(("scale", "factor"), [("none", 4**-0.5), (0.3, 0.3)])
def test_each_head_attends_by_itself(scale, factor):
    q, k, v = tokens_of(5, 8), tokens_of(7, 8), tokens_of(7, 6)
    values = [torch.randn(3, *x.shape) for x in (q, k, v)]
    (y,) = call_code(find(NAME)(num_heads=2, scale=scale), (q, k, v), values)
    torch.testing.assert_close(y, by_hand(*values, 2, factor))


def test_maps_attend_over_their_places_and_stay_maps():
    q, k = map_of(4, 2, 3), map_of(4, 2, 2)
    values = [torch.randn(2, *x.shape) for x in (q, k, k)]
    op = find(NAME)(num_heads=2)
    flat = [x.flatten(2).transpose(1, 2) for x in values]
    expected = by_hand(*flat, 2, 2**-0.5).transpose(1, 2).reshape(2, 4, 2, 3)
    torch.testing.assert_close(call_code(op, (q, k, k), values)[0], expected)
    assert op.infer(q, k, k) == q


def test_the_output_has_the_querys_axes_and_the_values_channels():
    assert find(NAME)(num_heads=2).infer(map_of(4, 2, 3), tokens_of(9, 4), map_of(6, 3, 3)) == map_of(6, 2, 3)


def test_code_on_tokens_is_one_call_with_its_views():
    x = tokens_of(5, 8)
    code = find(NAME)(num_heads=2).code(StubCall((x, x, x), (x,), "last"))
    heads = ", ".join(f"torch.unflatten(x{i}, 2, (2, 4)).transpose(1, 2)" for i in range(3))
    assert code == f"F.scaled_dot_product_attention({heads}).transpose(1, 2).flatten(2)"


def test_heads_must_divide_the_channels():
    x = tokens_of(5, 8)
    assert said(NAME, x, x, tokens_of(5, 7), num_heads=2) == (
        "not-divisible",
        "the value's channels (=7) must be divisible by `num_heads` (=2)",
    )


def test_query_and_key_must_agree_in_channels_and_key_and_value_in_places():
    x = tokens_of(5, 8)
    assert said(NAME, x, tokens_of(5, 4), x, num_heads=2) == (
        "shape-mismatch",
        "the query's channels (=8) must be the key's (=4)",
    )
    assert said(NAME, x, x, map_of(8, 2, 2), num_heads=2) == (
        "shape-mismatch",
        "the key's places (=5) must be the value's (=4)",
    )


def test_a_vector_has_no_places_to_attend_to():
    x = tokens_of(5, 8)
    assert said(NAME, x, vector_of(8), x, num_heads=2) == (
        "wrong-kind",
        f"`{NAME}` takes a map or tokens, not a vector",
    )


def test_dropout_falls_on_the_weights_in_training_alone():
    from blueprint.ops.dot_product import DotProductAttention

    x = tokens_of(64, 8)
    op = find(NAME)(num_heads=2, dropout=0.5)
    module = op.module(x, x, x)
    assert isinstance(module, DotProductAttention)
    values = [torch.randn(2, 64, 8) for _ in range(3)]
    plain = call_code(find(NAME)(num_heads=2), (x, x, x), values)[0]
    assert torch.equal(call_code(op, (x, x, x), values, module.eval())[0], plain)
    assert not torch.allclose(call_code(op, (x, x, x), values, module.train())[0], plain)
