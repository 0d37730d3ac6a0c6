"""Types are read, shown, and hold values by their rules."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.language.types import (
    ANY,
    BASES,
    BodyLike,
    Member,
    Mismatch,
    Type,
    TypeSyntaxError,
    ValueLike,
    coerce,
    describe,
    expectation,
    parse_type,
    show,
    type_of,
)

names = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda n: n not in (*BASES, "list", "body", "any", "x", "in_channels")
)
types = st.recursive(
    st.builds(
        Type,
        st.lists(st.sampled_from(BASES), unique=True, max_size=3).map(tuple),
        st.lists(names, unique=True, max_size=3).map(tuple),
        st.none(),
        st.one_of(st.none(), st.lists(names, unique=True, max_size=3).map(tuple)),
    ).filter(lambda t: t.bases or t.members or t.parameters is not None),
    lambda inner: st.builds(Type, st.just(()), st.just(()), inner),
    max_leaves=4,
)


class Value(ValueLike):
    def __init__(self, kind):
        self.kind = kind


@given(types)
def test_type_is_read_from_its_own_text(kind):
    assert parse_type(str(kind)) == kind


@given(st.text(alphabet="intlsbody[](),|_ xé=3", max_size=20))
def test_any_text_is_a_type_or_a_fault(text):
    with suppress(TypeSyntaxError):
        kind = parse_type(text)
        assert parse_type(str(kind)) == kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "missing"),
        ("int |", "missing"),
        ("int int", "`int` has no place"),
        ("int | int", "twice"),
        ("a | a", "twice"),
        ("list", "`list[int]`"),
        ("list[int", "not closed"),
        ("list[]", "missing"),
        ("body(a", "not closed"),
        ("body(a b)", "commas"),
        ("body(a,)", "commas"),
        ("body(a, a)", "one name"),
        ("body(x)", "meaning of their own"),
        ("int!", "`!` has no place"),
        ("list[" * 500 + "int" + "]" * 500, "deep"),
    ],
)
def test_text_that_is_no_type_says_why(text, why):
    with pytest.raises(TypeSyntaxError, match=why.replace("[", r"\[")):
        parse_type(text)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, "int", 3),
        (3.0, "int", 3),
        (3, "float", 3.0),
        (True, "bool", True),
        (3, "size", (3, 3)),
        ([3, 5], "size", (3, 5)),
        ([3.0, 5], "size", (3, 5)),
        ("same", "size | same", "same"),
        (3, "size | same", (3, 3)),
        ([1, 2.0], "list[int]", [1, 2]),
        ([], "list[int]", []),
        ([[1], [2.5]], "list[list[float]]", [[1.0], [2.5]]),
        ([[1, 2], [3]], "table", [[1, 2], [3]]),
        ("reflect", "zeros | reflect", "reflect"),
        ("anything", "text", "anything"),
    ],
)
def test_value_is_held_as_its_type_holds_it(value, kind, expected):
    found = coerce(value, parse_type(kind))
    assert found == expected
    assert isinstance(found, type(expected))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3.5, "int"),
        (True, "int"),
        (True, "float"),
        (True, "size"),
        (1, "bool"),
        ("3", "int"),
        (None, "int"),
        ([3], "int"),
        ([1, 2, 3], "size"),
        ([1, 2.5], "size"),
        ([1, "a"], "list[int]"),
        (3, "list[int]"),
        ("constant", "zeros | reflect"),
        (3, "body"),
        (BodyLike(), "int"),
        (Value("tokens"), "map | vector"),
        (3, "map"),
        (float("inf"), "int"),
    ],
)
def test_value_of_another_type_is_a_mismatch_that_names_both(value, kind):
    with pytest.raises(Mismatch) as raised:
        coerce(value, parse_type(kind))
    assert str(raised.value).startswith(f"needs {expectation(parse_type(kind))}") or "list" in kind


def test_bodies_and_values_pass_where_they_are_wanted():
    body, value = BodyLike(), Value("map")
    assert coerce(body, parse_type("body(a)")) is body
    assert coerce(value, parse_type("tokens | map")) is value
    assert coerce([value], parse_type("list[map]")) == [value]
    assert coerce(body, ANY) is body


def test_member_remembers_its_enumeration():
    found = coerce("slow", parse_type("fast | slow"))
    assert isinstance(found, Member)
    assert found.members == ("fast", "slow")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (3, "int"),
        (0.5, "float"),
        ([1, 2], "list[int]"),
        ([1, 2.5], "list[float]"),
        ([[1, 2], [3, 4]], "list[list[int]]"),
        ([True], "list[bool]"),
        ([1, True], "table"),
        ([[1, 2.5], [True, 4]], "table"),
        ([], "table"),
    ],
)
def test_default_gives_its_type(value, kind):
    assert type_of(value) == parse_type(kind)
    assert coerce(value, type_of(value)) is not None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "the int 3"),
        (0.5, "the float 0.5"),
        (True, "the bool true"),
        (None, "nothing"),
        ("word", "the text `word`"),
        (Member("a", ("a",)), "the choice `a`"),
        (BodyLike(), "a body"),
        (Value("map"), "a map"),
        (Value("tokens"), "tokens"),
        ([1, [2, True]], "the list [1, [2, true]]"),
        ([BodyLike(), Value("map")], "the list [a body, a map]"),
        (list(range(100)), "the list [0, 1, 2, 3, 4, 5, …, 99]"),
    ],
)
def test_message_names_a_value_shortly(value, text):
    assert describe(value) == text
    assert show(value) in text or isinstance(value, BodyLike | ValueLike | None)
