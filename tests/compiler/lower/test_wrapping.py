"""Long statements are wrapped and mean what they meant."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.compiler.lower.wrapping import WIDTH, wrapped

names = st.integers(1, 40).map(lambda n: "n" * n)
settings_ = names.map(lambda name: f'{name}["{name}, (x)"]')
expressions = st.recursive(
    st.one_of(names, settings_, st.just("(1, 1)")),
    lambda inner: st.one_of(
        st.tuples(names, st.lists(inner, max_size=6)).map(lambda call: f"{call[0]}({', '.join(call[1])})"),
        st.tuples(names, names, inner).map(lambda call: f"{call[0]}.{call[1]}({call[2]}).{call[1]}(0)"),
        st.tuples(inner, inner).map(" + ".join),
        st.tuples(inner, inner, inner).map(lambda parts: f"({' or '.join(parts)})"),
        st.lists(inner, min_size=1, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(expressions, st.sampled_from(["", "    "]))
def test_a_wrapped_statement_means_what_it_meant(expression, margin):
    line = f"{margin}x = {expression}"
    lines = wrapped(line)
    whole = "\n".join(lines)
    assert ast.dump(ast.parse(whole.lstrip())) == ast.dump(ast.parse(line.lstrip()))
    assert all(part.startswith(margin) for part in lines)
    assert lines == [line] or len(line) > WIDTH


def test_arguments_stand_on_lines_of_their_own_as_many_as_fit():
    arguments = [f"argument_{i}" for i in range(20)]
    lines = wrapped(f"y = torch.function({', '.join(arguments)}, {{}}).permute(0, 2, 1)")
    assert lines[0] == "y = torch.function("
    assert lines[-1] == ").permute(0, 2, 1)"
    assert len(lines) == 5
    assert max(map(len, lines)) <= WIDTH


def test_a_long_argument_is_wrapped_in_its_turn():
    inner = f"inner({', '.join('a' * 30 for _ in range(6))})"
    lines = wrapped(f"y = outer(first, {inner}, last)")
    assert "        aaaaaaaaaa" in "\n".join(lines)
    assert max(map(len, lines)) <= WIDTH
