from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from torch.utils.flop_counter import FlopCounterMode

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code, random_inputs
from tests.ops.cases import CASES
from tests.ops.faults import fault, said

L = tokens_of(5, 4)
X = map_of(3, 4, 6)


def ran(pattern, *inputs):
    """The values that enter and the one that leaves."""
    values = random_inputs(inputs)
    return values, call_code(find("einsum")(pattern=pattern), inputs, values)[0]


def infer(pattern, *inputs):
    return find("einsum")(pattern=pattern).infer(*inputs)


def macs(pattern, *inputs):
    return find("einsum")(pattern=pattern).macs(*inputs)


def test_tokens_are_pooled_by_their_weights():
    (x, weight), y = ran("l d, l one -> d", L, tokens_of(5, 1))
    torch.testing.assert_close(y, (x * weight).sum(1))
    assert infer("l d, l one -> d", L, tokens_of(5, 1)) == vector_of(4)


def test_scores_of_tokens_against_places_of_a_map():
    (x, y), z = ran("l d, d h w -> l h w", L, map_of(4, 2, 3))
    torch.testing.assert_close(z, (x @ y.flatten(2)).unflatten(2, (2, 3)))


def test_a_learned_value_is_the_same_for_all_samples():
    learned = ValueType((("channels", 3), ("out", 7)), batched=False)
    (x, weight), y = ran("c h w, c o -> o h w", X, learned)
    torch.testing.assert_close(y, torch.nn.functional.conv2d(x, weight[0].T[..., None, None]), rtol=1e-4, atol=1e-5)
    assert infer("c h w, c o -> o h w", X, learned) == map_of(7, 4, 6)
    assert not infer("c o, c o -> o", learned, learned).batched


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CASES["einsum"])
def test_random_patterns_are_products_summed_over_what_is_left_out(case):
    options, inputs = case
    values, y = ran(options["pattern"], *inputs)
    before, behind = (side.split(",") for side in options["pattern"].split(" -> "))
    names, right = [side.split() for side in before], behind[0].split()
    whole = sorted({name for side in names for name in side})
    product = torch.ones(())
    for side, value in zip(names, values, strict=True):
        order = [side.index(name) + 1 for name in whole if name in side]
        where = tuple(slice(None) if name in side else None for name in whole)
        product = product * value.permute(0, *order)[(slice(None), *where)]
    summed = [dim for dim, name in enumerate(whole, 1) if name not in right]
    kept = [name for name in whole if name in right]
    expected = product.sum(summed) if summed else product
    expected = expected.permute(0, *(kept.index(name) + 1 for name in right))
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


def test_the_kind_of_the_result_follows_from_its_rank():
    assert infer("c h w -> h w", X) == tokens_of(4, 6)
    assert infer("c h w -> w", X) == vector_of(6)
    assert infer("l d, m e -> l m d e", L, tokens_of(2, 3)) == ValueType((("l", 5), ("m", 2), ("d", 4), ("e", 3)))


def test_two_values_cost_the_product_of_all_sizes():
    assert macs("l d, l one -> d", L, tokens_of(5, 1)) == 5 * 4
    assert macs("l d, m d -> l m", L, tokens_of(7, 4)) == 5 * 7 * 4


def test_what_torch_sums_before_and_products_cost_nothing():
    assert macs("c h w -> c", X) == 0
    assert macs("l d, l d -> l d", L, L) == 0
    assert macs("l d, l e -> l", L, tokens_of(5, 9)) == 0
    assert macs("l d, l e -> d", L, tokens_of(5, 9)) == 5 * 4
    assert macs("l d, l e -> d e", tokens_of(1, 4), tokens_of(1, 9)) == 0


def test_three_values_are_joined_one_after_another():
    # the counter sees two matrix products: (2 x 3) (3 x 4), then (2 x 4) (4 x 5)
    inputs = (tokens_of(2, 3), tokens_of(3, 4), tokens_of(4, 5))
    pattern = "a b, b c, c d -> a d"
    assert macs(pattern, *inputs) == 2 * 3 * 4 + 2 * 4 * 5
    counter = FlopCounterMode(display=False)
    with counter:
        ran(pattern, *inputs)
    assert counter.get_total_flops() == 2 * 2 * macs(pattern, *inputs)


def test_names_become_letters_of_their_own():
    x = tokens_of(2, 3)
    op = find("einsum")(pattern="n _x, dim Dim -> n dim")
    assert op.code(StubCall((x, x), (op.infer(x, x),), "natural")) == 'torch.einsum("nab,ndc->nad", x0, x1)'


def test_axes_of_one_name_have_one_size():
    misfit = fault("einsum", L, tokens_of(4, 1), pattern="l d, l one -> d")
    assert (misfit.code, misfit.field, misfit.inputs) == ("shape-mismatch", "pattern", (0, 1))
    assert str(misfit) == "`l` is 5 in tokens(5, 4) and 4 in tokens(4, 1)"
    assert fault(
        "einsum",
        L,
        L,
        X,
        pattern="l d, m e, c e m -> l",
    ).inputs == (1, 2)


def test_every_axis_of_every_value_has_a_name():
    misfit = fault("einsum", L, X, pattern="l d, c w -> l c")
    assert (misfit.code, misfit.inputs) == ("wrong-kind", (1,))
    assert str(misfit) == "`c w` has 2 axes, and map(3, 4, 6) has 3"
    assert said("einsum", L, pattern="l d, l one -> d") == (
        "out-of-range",
        "`l d, l one -> d` takes 2 values, and 1 enters",
    )
    assert said("einsum", L, L, pattern="l d -> d") == ("out-of-range", "`l d -> d` takes 1 value, and 2 enter")


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("l d", "it needs one `->`, and has 0"),
        ("l d -> d -> l", "it needs one `->`, and has 2"),
        ("l d -> e", "`e` stands in no value before the `->`"),
        ("l l -> l", "`l` stands twice in one value"),
        ("l d -> d d", "`d` stands twice in one value"),
        ("l d, -> d", "a value has at least one axis"),
        ("l d -> ", "a value has at least one axis"),
        ("l 1 -> l", "`1` is no name"),
        ("(a b) d -> a", "`(` is no name"),
        (" ".join(f"x{i}" for i in range(52)) + " -> x1", "it has 52 names, and 32 at most are of use"),
    ],
)
def test_a_text_that_is_no_pattern(pattern, cause):
    misfit = fault("einsum", L, pattern=pattern)
    assert misfit.code == "expression-syntax"
    assert str(misfit) == f"`{pattern.strip()}` is no pattern: {cause}"
    assert misfit.field == "pattern"
