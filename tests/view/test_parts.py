"""Grouping a graph's nodes by structure, rounds of a loop as one."""

import pytest

import blueprint
from blueprint.view.parts import folded, told
from tests.compiler.specs import graph


def outline(text):
    """The parts of a body as nested lists: `[name, [children]]`, with `x N` behind what repeats."""

    def shown(part):
        title = " ".join(filter(None, told(part))) + (f" x {part.repeats}" if part.repeats > 1 else "")
        return [title, [shown(child) for child in part.children]] if part.children else title

    return [shown(part) for part in folded(graph(text)).parts]


@pytest.mark.parametrize("name", ["samc", "resnet34", "densenet121"])
def test_every_node_is_shown_by_one_leaf(name):
    whole = blueprint.load(name).graph
    found = folded(whole)
    leaves, pending = set(), list(found.parts)
    while pending:
        part = pending.pop()
        pending += part.children
        if not part.children:
            assert not leaves & set(part.nodes)
            leaves |= set(part.nodes)
    assert {found.shown(index)[0] for index in range(len(whole.nodes))} == leaves


def test_a_node_of_a_later_round_is_shown_by_the_one_at_its_place_in_the_first():
    whole = graph("body: [tanh, {repeat: 3, do: [relu, gelu]}, tanh]")
    found = folded(whole)
    ops = [[whole.nodes[i].op.name for i in found.shown(index)] for index in range(8)]
    assert ops == [["tanh"], *([["relu"], ["gelu"]] * 3), ["tanh"]]
    assert found.shown(1, 2) == found.shown(3, 4) == (1, 2)
    assert found.shown(2, 3) is None
    assert found.shown(0, 1) == (0, 1)


def test_loops_in_loops_are_folded_each():
    assert outline("body: [{repeat: 2, as: outer, do: [relu, {repeat: 3, as: inner, do: [gelu, tanh]}]}]") == [
        ["outer x 2", ["relu", ["inner x 3", ["gelu", "tanh"]]]]
    ]


def test_rounds_without_a_name_of_their_own_are_folded_as_a_round():
    assert outline("body: [{repeat: 4, do: [relu, gelu, tanh]}, sigmoid]") == [
        ["relu, gelu, tanh x 4", ["relu", "gelu", "tanh"]],
        "sigmoid",
    ]
    # The first conv reads 3 channels, the others 8: the rounds alike are the last three, not three from the middle.
    assert outline("body: [{repeat: 4, do: [conv: {out_channels: 8, kernel_size: 3}, relu]}]") == [
        "conv.0",
        "relu.0",
        ["conv, relu x 3", ["conv", "relu"]],
    ]


def test_rounds_are_alike_only_with_the_same_fields_types_and_wiring():
    conv = "conv: {out_channels: c, kernel_size: 3, dilation: d}"
    text = f"body: [{{for: {{c: [4, 4, 4, 8, 8], d: [1, 1, 2, 2, 2]}}, as: levels, do: [{conv}, relu]}}]"
    # The second conv of 8 channels reads 8, the first one 4; with 4 channels it is the input of 3 that differs.
    assert outline(text) == [["levels", [[str(i), ["conv", "relu"]] for i in range(5)]]]
    assert outline(text.replace("[4, 4, 4, 8, 8]", "[3, 3, 3, 3, 3]")) == [
        ["levels", [["0-1 x 2", ["conv", "relu"]], ["2-4 x 3", ["conv", "relu"]]]]
    ]
    body = "{relu: , as: r}, {tanh: , as: t}, {add: [t, r if i < 2 else x]}"
    assert outline(f"body: [{{for: {{i: 4}}, as: levels, do: [{body}]}}]") == [
        ["levels", [[f"{first}-{first + 1} x 2", ["r relu", "t tanh", "add"]] for first in (0, 2)]]
    ]


def test_what_is_written_twice_or_shared_is_not_taken_for_a_loop():
    assert outline("body: [relu, gelu, relu, gelu]") == ["relu", "gelu", "relu_2", "gelu_2"]
    conv = "{conv: {out_channels: 3, kernel_size: 3}, share: a}"
    assert outline(f"body: [{conv}, {conv}]") == ["a conv", "a conv"]


def test_a_structure_that_holds_one_part_is_shown_as_that_part():
    text = """
        blocks:
          unit: {body: [conv: {kernel_size: 3}]}
          units: {body: [{repeat: 2, do: [unit]}]}
        body:
          - unit
          - repeat: 2
            as: stages
            do: [units]
    """
    assert outline(text) == ["unit.conv", ["stages x 2", ["units.unit.conv x 2"]]]


def test_a_kind_is_told_where_the_name_does_not():
    text = """
        blocks: {unit: {body: [relu, relu]}}
        body:
          - relu6
          - relu6
          - relu:
            as: relu_act
          - unit
          - unit:
            as: first
    """
    assert outline(text) == [
        "relu6",
        "relu6_2",
        "relu_act relu",
        ["unit", ["relu", "relu_2"]],
        ["first unit", ["relu", "relu_2"]],
    ]
