from __future__ import annotations

import pytest
import torch

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from tests.ops.calling import StubCall, call_code
from tests.ops.faults import fault, said

MERGES = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "average": lambda a, b: (a + b) / 2,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}


@pytest.mark.parametrize("name", sorted(MERGES))
@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize(
    ("other", "index"),
    [
        (map_of(3, 4, 4), ()),
        (map_of(3, 1, 1), ()),
        (map_of(1, 4, 4), ()),
        (vector_of(3), (slice(None), slice(None), None, None)),
        (ValueType((("height", 4), ("width", 4))), (slice(None), None)),
        (ValueType((("width", 4),)), (slice(None), None, None)),
    ],
)
def test_merges_broadcast_by_the_axes_names_then_by_size_1(name, layout, other, index):
    x = map_of(3, 4, 4)
    one, two = torch.randn(2, 3, 4, 4), torch.randn(2, *other.shape)
    (y,) = call_code(find(name)(), (x, other), [one, two], layout=layout)
    assert torch.equal(y, MERGES[name](one, two[index] if index else two))


def test_several_values_merge_in_the_order_given():
    x = vector_of(4)
    values = [torch.randn(2, 4) for _ in range(3)]
    a, b, c = values
    for name, expected in (("add", a + b + c), ("average", (a + b + c) / 3), ("multiply", a * b * c)):
        assert torch.equal(call_code(find(name)(), (x, x, x), values)[0], expected)
    assert torch.equal(call_code(find("maximum")(), (x, x, x), values)[0], torch.stack(values).amax(0))
    assert torch.equal(call_code(find("minimum")(), (x, x, x), values)[0], torch.stack(values).amin(0))


def test_a_sum_of_one_value_is_a_new_tensor():
    x = vector_of(4)
    call = StubCall((x,), (x,), "first")
    assert find("add").fresh
    assert find("add")().code(call) == "x0.clone()"
    assert find("multiply")().code(call) == "x0"


def test_sizes_that_differ_name_both_inputs():
    misfit = fault("add", map_of(64, 56, 56), map_of(128, 28, 28))
    assert (misfit.code, str(misfit)) == ("shape-mismatch", "`add` needs equal shapes")
    assert misfit.label == "map(64, 56, 56) and map(128, 28, 28)"
    assert misfit.help == "`channels` is 64 in one and 128 in the other; sizes are equal or 1"
    assert misfit.inputs == (0, 1)


def test_the_inputs_at_fault_are_named_among_several():
    x = map_of(3, 4, 4)
    assert fault("multiply", vector_of(1), x, x, vector_of(2)).inputs == (1, 3)
    assert fault("add", map_of(1, 4, 4), x, map_of(2, 4, 4)).inputs == (1, 2)


def test_kinds_whose_axes_differ_do_not_broadcast():
    misfit = fault("add", map_of(3, 4, 4), tokens_of(16, 3))
    assert (misfit.code, misfit.label) == ("shape-mismatch", "map(3, 4, 4) and tokens(16, 3)")
    assert misfit.help == ("map(3, 4, 4) has no axis `tokens`; bring both to one kind with `to_tokens` or `to_map`")


def test_axes_in_another_order_do_not_broadcast():
    one, other = ValueType((("a", 2), ("b", 2))), ValueType((("b", 2), ("a", 2)))
    assert fault("add", one, other).help == "their axes are in another order"


@pytest.mark.parametrize("name", ["subtract", "divide"])
def test_a_difference_and_a_quotient_take_two_values(name):
    x = vector_of(3)
    assert said(name, x, x, x) == ("out-of-range", f"`{name}` takes two values, not 3")


def test_a_sum_with_a_learned_value_is_batched():
    assert find("add")().infer(ValueType(vector_of(3).axes, batched=False), vector_of(3)).batched
    learned = ValueType(vector_of(3).axes, batched=False)
    assert not find("add")().infer(learned, learned).batched


@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize(("axis", "dim"), [("channels", 1), ("height", 2), ("width", 3)])
def test_concat_equals_torchs_cat_along_the_named_axis(layout, axis, dim):
    x = map_of(2, 3, 4)
    values = [torch.randn(2, 2, 3, 4) for _ in range(3)]
    (y,) = call_code(find("concat")(axis=axis), (x, x, x), values, layout=layout)
    assert torch.equal(y, torch.cat(values, dim))


def test_concat_repeats_a_learned_value_for_each_sample():
    token = ValueType((("tokens", 1), ("channels", 3)), batched=False)
    x = tokens_of(4, 3)
    learned, values = torch.randn(1, 1, 3), torch.randn(5, 4, 3)
    op = find("concat")(axis="tokens")
    assert op.infer(token, x) == tokens_of(5, 3)
    (y,) = call_code(op, (token, x), [learned, values], layout="last")
    assert torch.equal(y, torch.cat([learned.expand(5, 1, 3), values], 1))


def test_concat_says_which_sizes_differ():
    misfit = fault("concat", map_of(3, 4, 4), map_of(5, 4, 4), map_of(3, 4, 2))
    assert (misfit.code, str(misfit)) == ("shape-mismatch", "`concat` needs equal shapes but for `channels`")
    assert misfit.label == "map(3, 4, 4) and map(3, 4, 2)"
    assert misfit.help == "`width` is 4 in one and 2 in the other"
    assert misfit.inputs == (0, 2)


def test_concat_needs_one_kind_and_its_axis():
    assert fault("concat", map_of(3, 4, 4), vector_of(3)).help == "they are of different kinds"
    assert said("concat", vector_of(3), vector_of(3), axis="tokens") == (
        "wrong-kind",
        "`concat` joins along the axis `tokens`, which vector(3) does not have",
    )


def test_split_gives_each_part():
    x = map_of(6, 2, 2)
    op = find("split")(sizes=[1, 2, 3]).resolve(x)
    values = torch.randn(2, 6, 2, 2)
    assert op.infer(x) == (map_of(1, 2, 2), map_of(2, 2, 2), map_of(3, 2, 2))
    for part, expected in zip(call_code(op, (x,), [values]), values.split([1, 2, 3], 1), strict=True):
        assert torch.equal(part, expected)


def test_split_into_one_part_gives_it_and_no_tuple():
    x = map_of(6, 2, 2)
    values = torch.randn(2, 6, 2, 2)
    assert eval(find("split")(sizes=(6,)).resolve(x).code(StubCall((x,), (x,), "first")), {"x0": values}) is values


def test_the_parts_of_a_split_must_add_up():
    assert said("split", map_of(6, 2, 2), sizes=(1, 2)) == (
        "shape-mismatch",
        "`sizes` (1 + 2 = 3) must add up to the channels that enter (=6)",
    )
