"""The rows of the table of layers."""

import pytest

import blueprint
from blueprint.view.table import rows
from tests.compiler.specs import graph

SHARED = """
    body:
      - conv: {out_channels: 3, kernel_size: 3}
        share: a
      - relu
      - conv: {out_channels: 3, kernel_size: 3}
        share: a
      - repeat: 4
        do: [conv: {kernel_size: 1}, relu]
"""


@pytest.mark.parametrize("name", ["samc", "densenet121", "triplet_resnet50"])
def test_the_rows_of_every_depth_add_up_to_the_totals(name):
    whole = blueprint.load(name).graph
    for depth in range(5):
        found = rows(whole, depth)
        top = [row for row in found if row.depth == 0]
        assert (sum(r.parameters for r in top), sum(r.macs for r in top)) == (whole.parameters, whole.macs)
        assert max(row.depth for row in found) <= depth


def test_shared_weights_count_once_and_their_work_each_time():
    whole = graph(SHARED)
    found = rows(whole, 1)
    assert sum(r.parameters for r in found if r.depth == 0) == whole.parameters == 84 + 4 * 12
    assert sum(r.macs for r in found if r.depth == 0) == whole.macs
    assert [(row.name, row.parameters) for row in found if row.macs and row.shared] == [("a", 0)]


def test_a_row_of_alike_rounds_has_their_figures_together():
    (loop,) = rows(graph("body: [{repeat: 3, do: [conv: {kernel_size: 1}, relu]}]"), 0)
    assert (loop.name, loop.repeats, loop.parameters, loop.macs) == ("conv, relu", 3, 3 * 12, 3 * 9 * 1024)


def test_leaves_that_merely_join_values_have_no_row():
    assert [row.name for row in rows(graph("body: [residual: [relu]]"), 2)] == ["relu"]
