from __future__ import annotations

import pytest
import torch

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, make_module
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


def inside(query, key, value, heads, groups, bias=0.0):
    """Attention of maps (N, C, H, W) where two places see each other if their groups, (H, W), are equal."""
    flat = [x.flatten(2).transpose(1, 2) for x in (query, key, value)]
    apart = groups.flatten()[:, None] != groups.flatten()[None]
    parts = []
    for q, k, v in zip(*(x.chunk(heads, 2) for x in flat), strict=True):
        scores = (q @ k.transpose(1, 2) / q.shape[2] ** 0.5 + bias).masked_fill(apart, float("-inf"))
        parts.append(torch.softmax(scores, -1) @ v)
    return torch.cat(parts, 2).transpose(1, 2).reshape(query.shape[0], -1, *query.shape[2:])


ROWS, COLUMNS = torch.meshgrid(torch.arange(4), torch.arange(6), indexing="ij")


@pytest.mark.parametrize(
    ("cut", "groups"),
    [
        ({"window": (2, 3)}, ROWS // 2 * 2 + COLUMNS // 3),
        ({"grid": (2, 3)}, ROWS % 2 * 2 + COLUMNS % 2),
        # moved up by one row and left by two columns: what the edge cuts off stays apart from what it joins
        ({"window": (2, 3), "shift": (1, 2)}, (ROWS + 1) // 2 * 3 + (COLUMNS + 1) // 3),
        ({"window": (4, 3), "shift": (2, 1)}, (COLUMNS + 2) // 3),
    ],
)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_places_attend_inside_their_window_or_across_the_cells_of_a_grid(cut, groups, dropout):
    q, v = map_of(4, 4, 6), map_of(6, 4, 6)
    values = [torch.randn(2, *x.shape) for x in (q, q, v)]
    op = find(NAME)(num_heads=2, dropout=dropout, **cut).resolve(q, q, v)
    (y,) = call_code(op, (q, q, v), values, make_module(op, (q, q, v)).eval())
    torch.testing.assert_close(y, inside(*values, 2, groups))


@pytest.mark.parametrize("cut", [{"window": 2}, {"window": 2, "shift": 1}])
@pytest.mark.parametrize("batched", [False, True])
def test_a_bias_is_added_to_the_scores_of_every_window(cut, batched):
    q = map_of(2, 4, 6)
    bias = ValueType((("heads", 1), ("queries", 4), ("keys", 4)), batched)
    op = find(NAME)(num_heads=1, **cut).resolve(q, q, q, bias)
    values = [torch.randn(3, *q.shape) for _ in range(3)]
    # a bias that leaves each place nothing but itself gives the values back
    alone = torch.full((3 if batched else 1, 1, 4, 4), -1e9)
    alone[..., range(4), range(4)] = 0.0
    (y,) = call_code(op, (q, q, q, bias), [*values, alone], make_module(op, (q, q, q, bias)))
    torch.testing.assert_close(y, values[2])


def test_the_mask_of_shifted_windows_is_made_anew_for_maps_of_another_size():
    small, large = map_of(2, 4, 4), map_of(2, 6, 4)
    op = find(NAME)(num_heads=1, window=2, shift=1).resolve(small, small, small)
    values = [torch.randn(2, *large.shape) for _ in range(3)]
    module, fitting = make_module(op, (small,) * 3), make_module(op, (large,) * 3)
    of_small = call_code(op, (large,) * 3, values, module)[0]
    assert torch.equal(of_small, call_code(op, (large,) * 3, values, fitting)[0])
    assert module.state_dict() == {}


def test_windows_that_cover_a_side_are_not_moved_along_it():
    x = map_of(4, 3, 6)
    assert find(NAME)(num_heads=1, window=3, shift=1).resolve(x, x, x).shift == (0, 1)


@pytest.mark.parametrize(
    ("fields", "shape", "fault"),
    [
        ({"window": 3}, (4, 6, 8), ("not-divisible", "the width (=8) must be divisible by `window` (=3)")),
        ({"grid": 3}, (4, 8, 6), ("not-divisible", "the height (=8) must be divisible by `grid` (=3)")),
        ({"grid": 2, "window": 2}, (4, 8, 8), ("out-of-range", "`window` and `grid` exclude each other")),
        ({"shift": 1}, (4, 8, 8), ("missing-key", "`shift` moves windows, and there is no `window`")),
        ({"window": (0, 2)}, (4, 8, 8), ("out-of-range", "`window` needs a height and a width above 0")),
        (
            {"window": 2, "shift": 2},
            (4, 8, 8),
            ("out-of-range", "`shift` (=2) must be less than the window's rows (=2)"),
        ),
    ],
)
def test_windows_must_fit_the_map(fields, shape, fault):
    x = map_of(*shape)
    assert said(NAME, x, x, x, num_heads=1, **fields) == fault


def test_windows_need_maps_of_one_size():
    x, tokens = map_of(4, 8, 8), tokens_of(64, 4)
    assert said(NAME, x, map_of(4, 4, 4), map_of(4, 4, 4), num_heads=1, window=2) == (
        "shape-mismatch",
        "inside a `window`, query, key and value have one height and width",
    )
    assert said(NAME, tokens, tokens, tokens, num_heads=1, window=2) == (
        "wrong-kind",
        f"`{NAME}` with `window` takes a map, not tokens",
    )


def test_a_bias_has_an_entry_for_each_head_query_and_key():
    x = map_of(4, 4, 4)
    bias = ValueType((("heads", 1), ("queries", 4), ("keys", 4)), batched=False)
    assert said(NAME, x, x, x, bias, num_heads=2, window=2) == (
        "shape-mismatch",
        "the bias must be axes(heads: 2, queries: 4, keys: 4)",
    )


def test_two_values_are_no_attention():
    x = tokens_of(5, 8)
    assert said(NAME, x, x, num_heads=2)[0] == "wrong-type"


@pytest.mark.parametrize("window", [(1, 1), (2, 3), (3, 1), (1, 5)])
def test_the_bias_of_two_places_is_the_row_of_their_offset(window):
    height, width = window
    offsets = [(down, right) for down in range(1 - height, height) for right in range(1 - width, width)]
    x = tokens_of(len(offsets), 2)
    op = find("relative_position_bias")(window=window)
    rows = torch.randn(1, len(offsets), 2)
    (bias,) = call_code(op, (x,), [rows], make_module(op, (x,)))
    places = [(row, column) for row in range(height) for column in range(width)]
    for i, query in enumerate(places):
        for j, key in enumerate(places):
            row = offsets.index((query[0] - key[0], query[1] - key[1]))
            assert torch.equal(bias[0, :, i, j], rows[0, row])


def test_offsets_are_in_the_order_of_the_bias_and_reach_from_minus_one_to_one():
    op = find("relative_offsets")(window=(2, 3))
    (offsets,) = call_code(op, (), [], make_module(op, ()), "natural")
    assert offsets[0].tolist()[:6] == [[-1, -1], [-1, -0.5], [-1, 0], [-1, 0.5], [-1, 1], [0, -1]]
    assert offsets[0, -1].tolist() == [1, 1]
    alone = find("relative_offsets")(window=1)
    assert call_code(alone, (), [], make_module(alone, ()), "natural")[0].tolist() == [[[0, 0]]]


def test_a_table_needs_a_row_for_every_offset():
    assert said("relative_position_bias", tokens_of(9, 2), window=3) == (
        "shape-mismatch",
        "a window of 3 x 3 has 25 offsets, and 9 tokens enter",
    )
