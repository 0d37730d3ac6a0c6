"""Weights that no output needs are told of, and no others."""

import pytest

from tests.compiler.specs import at, faults


def told(text: str) -> list[tuple[str, str, str, str]]:
    return [(d.code, d.severity, at(d), d.label) for d in faults(text)]


def test_a_node_that_a_source_passes_by_is_told_once_for_all_rounds_with_its_call():
    text = """
        blocks: {cell: {body: [{conv: {out_channels: 3, kernel_size: 1}}, {relu: , from: x}]}}
        body: [{repeat: 2, do: [cell]}]
    """
    (found,) = faults(text)
    assert (found.code, found.severity, found.label) == (
        "unused-weights",
        "warning",
        "24 parameters that nothing trains",
    )
    assert any("in block `cell`" in note.message for note in found.notes)


@pytest.mark.parametrize(
    "body",
    [
        "[conv: {kernel_size: 3}]",
        "[{side: [conv: {kernel_size: 3}], as: aux}, {relu: , as: last}]\n"
        "outputs: {main: last, aux: {from: aux, training_only: true}}",
        "[relu, {relu: , from: x}]",
        "[{conv: {kernel_size: 3}, share: one}, {side: [{conv: {kernel_size: 3}, share: one}], as: aside}]",
    ],
)
def test_weights_that_some_output_needs_and_nodes_without_weights_are_not_told(body):
    assert told(f"body: {body}") == []


def test_a_side_that_nothing_takes_is_told():
    text = "body: [{side: [conv: {kernel_size: 1}], as: aux}, relu]"
    assert told(text) == [("unused-weights", "warning", "conv", "12 parameters that nothing trains")]
