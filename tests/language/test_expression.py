"""Expressions mean what Python means by them, and every fault names its place."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blueprint.language.evaluate import MISSING, evaluate
from blueprint.language.expression import MAX_DEPTH, MAX_SIZE, parse
from blueprint.language.expression_faults import MAX_LENGTH
from blueprint.language.functions import FUNCTIONS, make_divisible
from blueprint.language.terms import Binary, Comprehension, ExpressionFault, Name, free_names, walk
from blueprint.language.types import BodyLike, Member, ValueLike

MEMBERS = ("fast", "slow")


class Value(ValueLike):
    kind = "map"


NAMES = {
    "n": 3,
    "zero": 0,
    "half": 0.5,
    "flag": True,
    "dims": [64, 128, 256],
    "empty": [],
    "deep": [[1, 2], [3]],
    "mode": Member("fast", MEMBERS),
    "size": (3, 5),
    "x": Value(),
    "body": BodyLike(),
}


class Scope:
    def lookup(self, name):
        return NAMES.get(name, MISSING)

    def body(self, name):
        return MISSING

    def known(self):
        return list(NAMES)

    def attribute(self, value, name):
        return {"channels": 64}.get(name, MISSING)


def value(text, members=()):
    return evaluate(parse(text), Scope(), members)


def fault(text, members=()):
    """The code of the fault and the part of the text at fault."""
    with pytest.raises(ExpressionFault) as raised:
        value(text, members)
    return raised.value.code, text[raised.value.start : raised.value.end]


def attempt(text):
    """The value, or the fault that keeps it from being had."""
    try:
        return value(text)
    except ExpressionFault as error:
        return error


numbers = st.one_of(
    st.integers(0, 20).map(str), st.sampled_from(["0.5", "1.5", "2.25", ".5", "2.", "1e2", "1e-2", "n", "half", "zero"])
)
flags = st.sampled_from(["flag", "true", "False", "True"])
plain_lists = st.sampled_from(
    ["dims", "[1, 2, 3]", "[n]", "[n, 4,]", "dims[1:]", "deep[0]", "range(n)", "range(n, 7)", "range(2, -2)"]
)
ITEMS = ["i", "-i", "n", "i + 1", "max(i, n)", "i // 2", "1 / i", "i if i > n else 0", "sum([i * j for j in range(i)])"]
made_lists = st.tuples(
    st.sampled_from(ITEMS),
    plain_lists,
    st.sampled_from(["", " if i > n", " if i in dims and not i == n", " if i % 2 == 0"]),
).map(lambda t: f"[{t[0]} for i in {t[1]}{t[2]}]")
lists = plain_lists | made_lists


OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])


def arithmetic(inner):
    """Expressions over `inner`, half of them a row of operators without brackets."""
    rows = st.tuples(st.sampled_from(["", "-", "+", "- -"]), inner, OPERATORS, inner, OPERATORS, inner).map(" ".join)
    return rows | st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda t: "({} {} {})".format(*t)),
        st.tuples(inner, conditions, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(st.sampled_from(["abs", "round"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["sum", "len", "max", "min"]), lists).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(lists, st.integers(-3, 3)).map(lambda t: f"{t[0]}[{t[1]}]"),
        st.tuples(lists, st.sampled_from([":2", "1:", "-2:", ":", "0:5"])).map(lambda t: f"len({t[0]}[{t[1]}])"),
    )


conditions = st.deferred(
    lambda: st.one_of(
        flags,
        st.tuples(numbers, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers).map(" ".join),
        st.tuples(numbers, st.just("<"), numbers, st.just("<="), numbers).map(" ".join),
        st.tuples(numbers, st.sampled_from(["in", "not in"]), lists).map(" ".join),
        st.tuples(conditions, st.sampled_from(["and", "or"]), conditions).map(" ".join),
        conditions.map("not ({})".format),
        conditions.map("not not ({})".format),
    )
)
expressions = arithmetic(numbers) | arithmetic(numbers | arithmetic(numbers))
PYTHON = {"true": True, "abs": abs, "min": min, "max": max, "sum": sum, "len": len, "round": round, "range": range}


def by_python(text):
    return eval(text, {"__builtins__": {}, **PYTHON, **NAMES})


@settings(max_examples=400, deadline=None)
@given(st.one_of(expressions, conditions, made_lists))
def test_value_is_that_of_python(text):
    found = attempt(text)
    assume(not (isinstance(found, ExpressionFault) and found.code == "budget"))  # Python would compute it for hours
    try:
        expected = by_python(text)
    except (ZeroDivisionError, IndexError, ValueError, TypeError) as error:  # the last: of a complex number
        code = "division-by-zero" if isinstance(error, ZeroDivisionError) else "expression-value"
        assert isinstance(found, ExpressionFault)
        assert found.code == code
        return
    if isinstance(expected, complex):
        assert isinstance(found, ExpressionFault)
        assert found.code == "expression-value"
        return
    assert type(found) is type(expected)
    assert found == expected


@settings(max_examples=200, deadline=None)
@given(expressions | made_lists)
def test_place_of_every_part_is_its_text(text):
    for part in walk(parse(text)):
        piece = text[part.start : part.end]
        if isinstance(part, Name):
            assert piece == part.name
        if isinstance(part, Binary):
            assert part.operator in piece
        if isinstance(part, Comprehension):
            variable = part.variable
            assert (piece[0], piece[-1], text[variable.start : variable.end]) == ("[", "]", variable.name)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="n0123456789.+-*/%()[]<>=!, andornotifelsebcx:\"'{}é\n\t", max_size=30))
def test_any_text_is_an_expression_or_a_fault(text):
    found = attempt(text)
    if isinstance(found, ExpressionFault):
        assert 0 <= found.start < max(found.end, 1) <= max(len(text), 1)
        assert str(found)
    else:
        assert found is not MISSING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqrt(9)", 3.0),
        ("ceil(2.1)", 3),
        ("floor(-2.1)", -3),
        ("first(dims)", 64),
        ("last(dims)", 256),
        ("reversed(dims)", [256, 128, 64]),
        ("reversed(dims)[0]", 256),
        ("make_divisible(30)", 32),
        ("make_divisible(30, 4)", 32),
        ("dims + [512]", [64, 128, 256, 512]),
        ("[0] * 3", [0, 0, 0]),
        ("3 * [0]", [0, 0, 0]),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("2 ** 3 ** 2", 512),
        ("010 + 1", 11),
        ("x.channels // 2", 32),
        ("size[1]", 5),
        ("size == [3, 5]", True),
        ("mode == fast", True),
        ("fast == mode", True),
        ("mode in [slow]", False),
        ("mode not in [slow]", True),
        ("mode != slow and n > 2", True),
        ("flag == (n == 3)", True),
        ("0.1 if mode == slow else 0.2", 0.2),
        ("range(3)", [0, 1, 2]),
        ("linspace(0, 1, 5)", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("linspace(2, -1, 3)", [2.0, 0.5, -1.0]),
        ("linspace(3, 5, 1)", [3.0]),
        ("linspace(3, 5, 0)", []),
        ("linspace(0, 0.7, 4)[-1]", 0.7),
        ("[mode == fast for mode in [mode]]", [True]),
        ("[[a * b for b in dims[:2]] for a in range(1, 3)]", [[64, 128], [128, 256]]),
        ("[dims for dims in dims if dims > 64] + dims", [128, 256, 64, 128, 256]),
        ("[i for i in range(4) if i > 0 and not i == 2] * 2", [1, 3, 1, 3]),
        ("false and 1 / zero > 0", False),
        ("true or 1 / zero > 0", True),
        ("1 if flag else 1 / zero", 1),
        ("[[1], [2]][1][0]", 2),
    ],
)
def test_value(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_member_is_known_where_one_is_expected():
    assert value("slow", MEMBERS) == "slow"
    assert value("fast if n > 3 else slow", MEMBERS) == "slow"
    assert value("[fast, slow]", MEMBERS) == ["fast", "slow"]
    assert value("[slow if i > 0 else fast for i in range(2)]", MEMBERS) == ["fast", "slow"]


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "expression-syntax", ""),
        ("[n for]", "expression-syntax", "for"),
        ("[n for 3 in dims]", "expression-syntax", "for"),
        ("[n for in dims]", "expression-syntax", "for"),
        ("[n for i]", "expression-syntax", "i"),
        ("[n for i of dims]", "expression-syntax", "i"),
        ("[n for i, j in dims]", "expression-syntax", "i"),
        ("[n for i in]", "expression-syntax", "in"),
        ("[n for i in dims", "expression-syntax", "["),
        ("[n for i in dims, 3]", "expression-syntax", "["),
        ("[i for i in dims for j in dims]", "expression-syntax", "for"),
        ("[i for i in dims if flag if flag]", "expression-syntax", "if"),
        ("[i for i in dims if flag else 0]", "expression-syntax", "else"),
        ("[for i in dims]", "expression-syntax", "for"),
        ("sum(i for i in dims)", "expression-syntax", "for"),
        ("dims[i for i in dims]", "expression-syntax", "for"),
        ("[1, i for i in dims]", "expression-syntax", "for"),
        ("i for i in dims", "expression-syntax", "for"),
        ("[x for x in dims]", "reserved-name", "x"),
        ("[1 for in_channels in dims]", "reserved-name", "in_channels"),
        ("[i for i in dims] + [i]", "unknown-name", "i"),
        ("[j for i in dims]", "unknown-name", "j"),
        ("[i for i in i]", "unknown-name", "i"),
        ("[i for i in 3]", "wrong-type", "3"),
        ("[i for i in dims if i]", "wrong-type", "i"),
        ("[1 for fast in dims if mode == fast]", "name-clash", "fast"),
        ("range(half)", "wrong-type", "half"),
        ("range(1, 2, 3)", "expression-value", "range(1, 2, 3)"),
        ("linspace(0, 1, -n)", "expression-value", "-n"),
        ("[0 for i in range(10**9)]", "budget", "range(10**9)"),
        ("range(0 - 2**62 * 1.9, 2**62 * 1.9)", "budget", "range(0 - 2**62 * 1.9, 2**62 * 1.9)"),
        ("linspace(0, 1, 10001)", "budget", "linspace(0, 1, 10001)"),
        ("[[i, i] for i in range(6000)]", "budget", "[[i, i] for i in range(6000)]"),
        ("[0 for i in dims if sum(range(9999)) > len([0 for j in range(9999)])]", "budget", "[0 for j in range(9999)]"),
        ("[sum(range(9999)) for i in range(9999)]", "budget", "[sum(range(9999)) for i in range(9999)]"),
        ("n +", "expression-syntax", "+"),
        ("(n + 1", "expression-syntax", "("),
        ("n + 1)", "expression-syntax", ")"),
        ("dims[1", "expression-syntax", "["),
        ("[1, 2", "expression-syntax", "["),
        ("min(1, 2", "expression-syntax", "("),
        ("n if flag", "expression-syntax", "n if flag"),
        ("n = 3", "expression-syntax", "="),
        ("n & 3", "expression-syntax", "&"),
        ("'n'", "expression-syntax", "'"),
        ("3 n", "expression-syntax", "n"),
        ("n.", "expression-syntax", "."),
        ("if", "expression-syntax", "if"),
        ("f(n)(2)", "expression-syntax", "("),
        ("nn + 1", "unknown-name", "nn"),
        ("1 + mim(n, 2)", "unknown-name", "mim"),
        ("x.chanels", "unknown-name", "chanels"),
        ("x.height", "unknown-name", "height"),
        ("n.channels", "wrong-type", "n.channels"),
        ("n + flag", "wrong-type", "flag"),
        ("dims + 1", "wrong-type", "dims"),
        ("n + x", "wrong-type", "x"),
        ("-dims", "wrong-type", "dims"),
        ("not n", "wrong-type", "n"),
        ("n and flag", "wrong-type", "n"),
        ("flag and n", "wrong-type", "n"),
        ("1 if n else 2", "wrong-type", "n"),
        ("n < dims", "wrong-type", "dims"),
        ("n == flag", "wrong-type", "flag"),
        ("n == dims", "wrong-type", "dims"),
        ("mode == 3", "wrong-type", "3"),
        ("x == x", "wrong-type", "x"),
        ("3 in n", "wrong-type", "n"),
        ("flag in dims", "wrong-type", "flag"),
        ("n[0]", "wrong-type", "n"),
        ("dims[0.5]", "wrong-type", "0.5"),
        ("dims[flag]", "wrong-type", "flag"),
        ("sum(n)", "wrong-type", "n"),
        ("sum(deep)", "wrong-type", "deep"),
        ("len(3)", "wrong-type", "3"),
        ("body + 1", "wrong-type", "body"),
        ("dims[3]", "expression-value", "3"),
        ("dims[-4]", "expression-value", "-4"),
        ("max(empty)", "expression-value", "max(empty)"),
        ("first(empty)", "expression-value", "first(empty)"),
        ("sqrt(-1)", "expression-value", "sqrt(-1)"),
        ("(-8) ** 0.5", "expression-value", "(-8) ** 0.5"),
        ("sum(1, 2)", "expression-value", "sum(1, 2)"),
        ("max()", "expression-value", "max()"),
        ("make_divisible(8, 0)", "expression-value", "0"),
        ("1 / zero", "division-by-zero", "zero"),
        ("1 // (n - 3)", "division-by-zero", "n - 3"),
        ("n % 0", "division-by-zero", "0"),
        ("zero ** -1", "division-by-zero", "zero"),
        ("mode == maybe", "unknown-name", "maybe"),
        ("9**9**9", "budget", "9**9**9"),
        ("10**18 * 10", "budget", "10**18 * 10"),
        ("2**63", "budget", "2**63"),
        ("99999999999999999999", "budget", "99999999999999999999"),
        ("1e400", "budget", "1e400"),
        ("[0] * 10001", "budget", "[0] * 10001"),
        ("[[0] * 1000] * 1000", "budget", "[[0] * 1000] * 1000"),
    ],
)
def test_fault_names_its_code_and_its_part(text, code, part):
    assert fault(text) == (code, part)


def test_name_that_is_also_a_choice_is_a_clash():
    assert fault("n", ("n", "m")) == ("name-clash", "n")


def test_name_that_is_also_a_choice_of_the_other_side_is_a_clash(monkeypatch):
    monkeypatch.setitem(NAMES, "slow", 3)
    assert fault("mode == slow") == ("name-clash", "slow")
    assert fault("mode in [slow, fast]") == ("name-clash", "slow")


@pytest.mark.parametrize(("text", "meant"), [("dimz", "dims"), ("reversd(dims)", "reversed"), ("slwo", "slow")])
def test_nearest_name_is_offered(text, meant):
    with pytest.raises(ExpressionFault) as raised:
        value(text, MEMBERS)
    assert f"`{meant}`" in raised.value.help


@pytest.mark.parametrize(
    "text", ["1" + "+1" * 199, "true" + " and true" * 199, "-" * 300 + "1", "not " * 300 + "true", "2" + " < 3" * 100]
)
def test_long_expression_is_no_deep_one(text):
    value(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30 + "1" + ")" * 30,
        "[" * 30 + "]" * 30,
        "2" + "**1" * 30,
        "dims" + "[0]" * 30,
        "1 if true else " * 30 + "1",
        "abs(" * 30 + "1" + ")" * 30,
        "[" * 30 + "1" + " for i in dims]" * 30,
        "[1 for i in " * 30 + "dims" + "]" * 30,
        "[1 for i in dims if " * 30 + "flag" + "]" * 30,
    ],
)
def test_deep_expression_is_over_budget(text):
    assert fault(text)[0] == "budget"


def test_budgets_are_met_exactly():
    inside = "(" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1)
    assert value(inside) == 1
    assert fault(f"({inside})")[0] == "budget"
    assert value("1" + "+1" * (MAX_SIZE // 2 - 1)) == MAX_SIZE // 2
    assert fault("1" + "+1" * (MAX_SIZE // 2))[0] == "budget"


def test_budget_of_length_is_met_exactly():
    assert value(f"range({MAX_LENGTH})") == list(range(MAX_LENGTH))
    assert value(f"[i + 1 for i in range({MAX_LENGTH})]") == list(range(1, MAX_LENGTH + 1))
    assert fault(f"range({MAX_LENGTH + 1})")[0] == "budget"


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("[i * n for i in dims if i > half]", "n dims half"),
        ("[i for i in i]", "i"),
        ("[i for i in dims] + [i]", "dims i"),
        ("[[a * b for b in a] for a in b]", "b"),
        ("[[a for a in dims] for b in a]", "dims a"),
    ],
)
def test_variable_of_a_list_is_free_only_outside_it(text, free):
    assert [name.name for name, _ in free_names(parse(text))] == free.split()


def test_endless_text_is_given_up_at_once():
    assert fault("1 + " * 200_000)[0] == "budget"
    assert fault(" " * 500_000)[0] == "expression-syntax"


@given(st.floats(0.1, 5000), st.integers(1, 64))
def test_make_divisible_keeps_to_its_rule(number, divisor):
    found = make_divisible(number, divisor)
    assert found % divisor == 0
    assert found >= max(divisor, 0.9 * number)
    assert found <= max(divisor, number + divisor)


def test_every_function_is_known_by_its_name():
    for name, (least, _, _) in FUNCTIONS.items():
        arguments = ", ".join(["dims" if name in ("sum", "len", "first", "last", "reversed") else "2"] * least)
        assert value(f"{name}({'dims' if name in ('min', 'max') else arguments})") is not None
    assert math.isclose(value("sqrt(2)"), math.sqrt(2))
