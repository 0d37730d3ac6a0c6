from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import find
from blueprint.ops.moves import expression
from blueprint.ops.pattern import parse
from tests.ops.calling import call_code
from tests.ops.cases import rearranges
from tests.ops.faults import fault, said

many = settings(max_examples=200, deadline=None, derandomize=True)


def reference(pattern, sizes, values):
    """The pattern carried out index by index: where each name's index stands on either side."""
    left, right = (
        [re.findall(r"[a-z]\w*", group) for group in re.findall(r"\([^)]*\)|\S+", side)] for side in pattern.split("->")
    )
    out = values.new_empty([len(values), *[_product(sizes[n] for n in group) for group in right]])
    names = [n for group in left for n in group]
    for place in range(_product(sizes.values())):
        index = {}
        for name in reversed(names):
            place, index[name] = divmod(place, sizes[name])
        source, target = ([_flat(group, index, sizes) for group in side] for side in (left, right))
        out[(slice(None), *target)] = values[(slice(None), *source)]
    return out


def _product(numbers):
    total = 1
    for number in numbers:
        total *= number
    return total


def _flat(group, index, sizes):
    flat = 0
    for name in group:
        flat = flat * sizes[name] + index[name]
    return flat


def sizes_in(pattern, x, given):
    """The size of every name, found from the input and those given."""
    sizes = dict(given)
    for group, length in zip(re.findall(r"\([^)]*\)|\S+", pattern.split("->")[0]), x.shape, strict=True):
        names = re.findall(r"[a-z]\w*", group)
        for name in names:
            if name not in sizes:
                sizes[name] = length // _product(sizes[n] for n in names if n != name)
    return sizes


@many
@given(case=rearranges())
def test_rearrange_moves_every_element_where_the_pattern_says(case):
    options, (x,) = case
    op = find("rearrange")(**options).resolve(x)
    values = torch.randn(2, *x.shape)
    sizes = sizes_in(options["pattern"], x, options["sizes"])
    assert torch.equal(call_code(op, (x,), [values])[0], reference(options["pattern"], sizes, values))


@many
@given(case=rearranges())
def test_the_inverse_brings_every_element_back(case):
    options, (x,) = case
    op = find("rearrange")(**options).resolve(x)
    back, y = op.inverse(x), op.infer(x)
    values = torch.randn(2, *x.shape)
    moved = call_code(op, (x,), [values])
    assert back.infer(y).shape == x.shape
    assert torch.equal(call_code(back, (y,), moved)[0], values)


@many
@given(case=rearranges())
def test_code_has_at_most_three_calls(case):
    options, (x,) = case
    code = find("rearrange")(**options).resolve(x)
    text = expression(parse(code.pattern), "x", dict(code.sizes))
    calls = r"(reshape|permute|transpose|flatten|unsqueeze|squeeze|torch\.unflatten)\("
    assert len(re.findall(calls, text)) <= 3


@pytest.mark.parametrize(
    ("pattern", "given", "code"),
    [
        ("c h w -> c h w", {}, "x"),
        ("(a b) c -> (a b) c", {"a": 2}, "x"),
        ("c h w -> w h c", {}, "x.transpose(1, 3)"),
        ("c h w -> h w c", {}, "x.permute(0, 2, 3, 1)"),
        ("c h w -> (c h w)", {}, "x.flatten(1, 3)"),
        ("c h w -> (h w) c", {}, "x.flatten(2, 3).transpose(1, 2)"),
        ("c -> c 1", {}, "x.unsqueeze(2)"),
        ("c 1 -> c", {}, "x.squeeze(2)"),
        ("c -> c 1 1", {}, "x.reshape(-1, x.shape[1], 1, 1)"),
        ("(h w) c -> h w c", {"w": 7}, "torch.unflatten(x, 1, (-1, 7))"),
        (
            "(g c) h w -> (c g) h w",
            {"g": 2},
            "torch.unflatten(x, 1, (2, -1)).transpose(1, 2).flatten(1, 2)",
        ),
        (
            "c (h i) (w j) -> (j i c) h w",
            {"i": 2, "j": 2},
            "x.reshape(-1, x.shape[1], x.shape[2] // 2, 2, x.shape[3] // 2, 2).permute(0, 5, 3, 1, 2, 4).flatten(1, 3)",
        ),
    ],
)
def test_code_has_as_few_calls_as_the_pattern_needs(pattern, given, code):
    assert expression(parse(pattern), "x", given) == code


def test_code_fits_inputs_of_other_sizes():
    x = map_of(3, 4, 6)
    op = find("rearrange")(pattern="c (h i) (w j) -> (h w) (i j c)", sizes=(("i", 2), ("j", 2)))
    other = torch.randn(5, 3, 8, 2)
    expected = other.reshape(5, 3, 4, 2, 1, 2).permute(0, 2, 4, 3, 5, 1).reshape(5, 4, 12)
    code = expression(parse(op.pattern), "x", dict(op.sizes))
    assert torch.equal(eval(code, {"x": other, "torch": torch}), expected)
    assert op.infer(x) == tokens_of(6, 12)


def test_the_kind_follows_from_the_rank():
    x = map_of(4, 2, 3)

    def kind(pattern, x=x, **sizes):
        return find("rearrange")(pattern=pattern, sizes=tuple(sizes.items())).infer(x)

    assert kind("c h w -> w h c") == map_of(3, 2, 4)
    assert kind("c h w -> (h w) c") == tokens_of(6, 4)
    assert kind("c h w -> (c h w)") == vector_of(24)
    assert kind("c -> c 1", vector_of(4)) == tokens_of(4, 1)
    assert kind("(g c) h w -> g c (h w) 1", g=2) == ValueType((("g", 2), ("c", 2), ("h_w", 6), ("one_4", 1)))


def test_a_new_axis_of_size_1_may_bear_a_name():
    x = ValueType((("n", 2), ("h", 3), ("w", 4)))
    op = find("rearrange")(pattern="n h w -> n e (f h) w", sizes=(("e", 1), ("f", 1)))
    assert op.infer(x) == ValueType((("n", 2), ("e", 1), ("f_h", 3), ("w", 4)))
    values = torch.randn(5, 2, 3, 4)
    moved = call_code(op, (x,), [values])
    assert torch.equal(moved[0], values[:, :, None])
    assert torch.equal(call_code(op.inverse(x), (op.infer(x),), moved)[0], values)


def test_a_new_axis_has_size_1():
    misfit = fault("rearrange", map_of(4, 2, 3), pattern="c h w -> c e h w", sizes=(("e", 2),))
    assert str(misfit).endswith("`e` is missing on the left, and a new axis has size 1")
    misfit = fault("rearrange", map_of(4, 2, 1), pattern="c h w -> c h", sizes=(("w", 1),))
    assert str(misfit).endswith("`w` is missing on the right")


def test_a_learned_value_stays_one():
    learned = ValueType(tokens_of(4, 3).axes, batched=False)
    assert not find("rearrange")(pattern="l c -> c l").infer(learned).batched


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("c h w", "it needs one `->`, and has 0"),
        ("c -> c -> c", "it needs one `->`, and has 2"),
        ("c h w -> c h", "`w` is missing on the right"),
        ("c h -> c h w", "`w` is missing on the left"),
        ("c c h -> c h", "`c` stands twice on one side"),
        ("(c h w -> c h w", "a `(` is not closed"),
        ("c) h w -> c h w", "a `)` has no `(`"),
        ("((c h) w) -> c h w", "a `(` stands inside another"),
        ("c h w 2 -> c h w", "`2` is no name, 1 or bracket"),
        ("c h ... -> c h ...", "`.` is no name, 1 or bracket"),
    ],
)
def test_patterns_that_are_none_say_why(pattern, cause):
    misfit = fault("rearrange", map_of(4, 2, 3), pattern=pattern)
    assert (misfit.code, str(misfit)) == ("expression-syntax", f"`{pattern}` is no pattern: {cause}")
    assert misfit.field == "pattern"


def test_the_pattern_must_have_as_many_axes_as_the_input():
    assert said("rearrange", tokens_of(4, 3), pattern="c h w -> w h c") == (
        "wrong-kind",
        "`c h w` has 3 axes, and tokens(4, 3) has 2",
    )


def test_all_sizes_of_a_group_but_one_must_be_given():
    misfit = fault("rearrange", tokens_of(6, 3), pattern="(h w) c -> c h w")
    assert misfit.code == "missing-key"
    assert str(misfit) == "of `h` and `w` in `(h w)` all sizes but one must be given"
    assert misfit.help == "write `w: SIZE` beside the pattern"


def test_given_sizes_must_divide_their_axis():
    assert said("rearrange", map_of(3, 7, 8), pattern="c (h i) w -> (i c) h w", sizes=(("i", 2),)) == (
        "not-divisible",
        "`height` (=7) must be divisible by `i` (=2)",
    )
    assert said("rearrange", vector_of(6), pattern="(a b) -> a b", sizes=(("a", 2), ("b", 2))) == (
        "shape-mismatch",
        "`channels` (=6) must be `a` * `b` (=4)",
    )
    assert said("rearrange", tokens_of(4, 3), pattern="1 c -> c") == (
        "shape-mismatch",
        "`tokens` (=4) must be the 1 in the pattern",
    )


def test_sizes_are_for_names_in_the_pattern():
    assert said("rearrange", vector_of(6), pattern="c -> c 1", sizes=(("d", 2),)) == (
        "unknown-key",
        "`d` is no name in the pattern `c -> c 1`",
    )
