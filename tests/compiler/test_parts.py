"""A value taken apart into several named values."""

import pytest
import torch

from tests.compiler.specs import fault, graph, loaded, result, shapes


def test_parts_are_named_one_by_one_and_the_value_itself_passes_on():
    network = loaded("""
        body:
          - split: [1, 2]
            as: [gate, rest]
          - add: [x, gate]
          - concat: {inputs: [x, rest]}
    """).build()
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(network(x), torch.cat((x, x[:, 1:]), 1))


def test_the_value_that_was_split_enters_the_node_behind():
    assert result(graph("body: [{split: 3, as: parts}, {conv: {kernel_size: 1}}]")) == (3, 32, 32)


def test_one_name_holds_the_list_of_the_parts_for_indices_names_and_loops():
    g = graph("""
        body:
          - {split: [1, 2], as: parts}
          - let: {second: "parts[1]"}
          - relu:
            from: second
            as: kept
          - for: {part: parts}
            do: [{amax: {axis: channels, keepdim: true}, from: part, as: largest}]
            collect: {all: largest}
          - concat: [kept, "all[0]", "last(all)", "first(parts)"]
    """)
    assert result(g) == (5, 32, 32)
    assert shapes(g)[1] == (2, 32, 32)


def test_a_number_makes_equal_parts_and_must_divide_the_axis():
    network = loaded("body: [to_tokens, {split: {sizes: 2, axis: tokens}, as: [a, b]}, {subtract: [a, b]}]").build()
    x = torch.randn(2, 3, 32, 32)
    halves = x.flatten(2).transpose(1, 2).chunk(2, 1)
    assert torch.equal(network(x), halves[0] - halves[1])
    assert fault("body: [{split: 2, as: [a, b]}]") == ("not-divisible", "2")


def test_a_part_that_is_split_again_in_a_loop_keeps_its_names_to_the_round():
    g = graph("""
        input: [12, 8, 8]
        body:
          - for: {i: 2}
            do:
              - {split: 2, as: [left, right]}
              - multiply: [left, right]
    """)
    assert result(g) == (3, 8, 8)


@pytest.mark.parametrize(
    ("node", "code", "place"),
    [
        ("split: [1, 2]", "missing-key", "split"),
        ("{split: [1, 2], as: [a, b, c]}", "wrong-type", "a"),
        ("{split: [1, 2], as: [a, a]}", "duplicate-name", "a"),
        ("{split: [1, 2], as: [a, half]}", "reserved-name", "half"),
        ("{relu: , as: [a, b]}", "wrong-type", "a"),
        ("{relu: , as: {a: b}}", "wrong-type", "{a: b}"),
        ("{relu: , as: []}", "wrong-type", "[]"),
        ("{split: 3, as: []}", "wrong-type", "[]"),
    ],
)
def test_names_that_do_not_fit_are_told(node, code, place):
    assert fault(f"body: [{node}]") == (code, place)


def test_a_split_that_is_off_gives_its_input_alone():
    assert shapes(graph("body: [{split: [1, 2], as: parts, when: false}, {add: parts}]")) == [(3, 32, 32)]
    assert fault("body: [{split: [1, 2], as: [a, b], when: false}]") == ("wrong-type", "a")


def test_a_body_cannot_be_several_values():
    assert fault('args: {cut: "body(sizes) = split"}\nbody: [cut: 3]') == ("wrong-type", "cut")
