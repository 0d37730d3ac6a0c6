"""The flowchart of a graph: what Mermaid reads, and what a person sees."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import blueprint
from blueprint.view.mermaid import MAX_ARROWS, label, mermaid, too_large
from tests.compiler.specs import graph
from tests.view.flowchart import read

DOCUMENTS = Path(__file__).parent.parent / "compiler" / "documents"
SOME = ("samc", "densenet121", DOCUMENTS / "everything.yaml", DOCUMENTS / "edges.yaml", DOCUMENTS / "child.yaml")


@pytest.fixture(scope="module", params=SOME, ids=lambda name: Path(name).stem)
def drawn(request):
    loaded = blueprint.load(request.param)
    return loaded.graph, {depth: read(mermaid(loaded.graph, depth)) for depth in (0, 1, 2, 20)}


def test_every_line_is_one_that_mermaid_reads_and_nothing_is_drawn_twice(drawn):
    _, charts = drawn
    for depth, chart in charts.items():
        assert len(set(chart.arrows)) == len(chart.arrows)
        nesting = max(len(list(enclosing(chart, key))) for key in chart.boxes)
        assert nesting <= depth


def test_from_every_box_an_output_is_reached_and_from_the_inputs_every_box_that_reads_something(drawn):
    _, charts = drawn
    for chart in charts.values():
        ends = [key for key, (sort, _) in chart.boxes.items() if sort == "end"]
        onward, back = links(chart, 0, 1), links(chart, 1, 0)
        outputs = {key for key in ends if key in back and key not in onward}
        reading = {key for key in chart.boxes if key in back}
        assert reading <= reached(set(ends) - outputs | {key for key in chart.boxes if key not in back}, onward)
        assert set(chart.boxes) == reached(outputs, back)


def test_opened_to_the_bottom_it_has_a_box_for_each_kind_of_op(drawn):
    whole, charts = drawn
    text = " ".join(text for _, text in charts[20].boxes.values())
    assert not charts[20].texts("closed")
    assert {node.op.name for node in whole.nodes} <= {word for part in text.split() for word in names(part)}


def enclosing(chart, key):
    while chart.within[key]:
        key = chart.within[key]
        yield key


def links(chart, start, end):
    found = {}
    for arrow in chart.arrows:
        found.setdefault(arrow[start], set()).add(arrow[end])
    return found


def reached(start, onward):
    found, pending = set(), list(start)
    while pending:
        now = pending.pop()
        if now not in found:
            found.add(now)
            pending += onward.get(now, ())
    return found


def names(word):
    """A word of a title and, for `embed.conv_2`, the op in it."""
    for part in word.split("."):
        head, _, number = part.rpartition("_")
        yield from (part, head) if number.isdigit() else (part,)


WHOLE = """\
flowchart TD
  %% example: 8,534 parameters, 2,076,832 MACs
  i1(["x<br>3 x 32 x 32"])
  o12(["logits<br>10"])
  o13(["aux<br>4"])
  n2["stem conv<br>out_channels 16, kernel_size 3, stride 2, padding 1"]
  subgraph g3["levels.unit x 3"]
    n4["conv<br>out_channels 16, kernel_size 3, padding 1"]
    n5[["near<br>16 x 16 x 16"]]
    n6["far.relu"]
    n7["add"]
    n8["add_2"]
  end
  n9["global_avg_pool"]
  n10["head linear<br>out_features 10"]
  n11["other linear<br>out_features 4"]
  i1 --> n2
  n2 -->|"16 x 16 x 16"| n4
  n4 --> n5
  n4 --> n6
  n5 --> n7
  n6 --> n7
  n7 --> n8
  n2 -->|"16 x 16 x 16"| n8
  n8 --> n9
  n9 -->|"16"| n10
  n10 -->|"10"| n11
  n10 --> o12
  n11 -.-> o13
"""


@pytest.fixture(scope="module")
def example():
    return graph(
        """
        blocks:
          unit:
            body:
              - residual:
                  - conv: {kernel_size: 3}
                  - branches:
                      merge: add
                      paths:
                        near: [conv: {kernel_size: 1}, batch_norm]
                        far: [relu]
        body:
          - conv: {out_channels: 16, kernel_size: 3, stride: 2}
            as: stem
          - repeat: 3
            as: levels
            do: [unit]
          - global_avg_pool
          - linear: 10
            as: head
          - linear: 4
            from: head
            as: other
        outputs:
          logits: head
          aux: {from: other, training_only: true}
        """
    )


def test_the_whole_text_of_a_small_network(example):
    assert mermaid(example, 1) == WHOLE


def test_structures_are_opened_down_to_the_depth(example):
    depths = [read(mermaid(example, depth)) for depth in (0, 1, 2)]
    assert [len(chart.frames) for chart in depths] == [0, 1, 2]
    assert depths[0].texts("closed") == ["levels.unit x 3\n16 x 16 x 16"]


def test_rounds_are_drawn_once_where_they_are_alike_and_apart_where_they_differ():
    alike = graph("body: [conv: {out_channels: 8, kernel_size: 3}, {repeat: 6, do: [conv: {kernel_size: 3}, relu]}]")
    chart = read(mermaid(alike, 1))
    assert list(chart.frames.values()) == ["conv_2, relu x 6"]
    assert chart.named() == [
        ("x", "conv", ""),
        ("conv", "conv_2", "8 x 32 x 32"),
        ("conv_2", "relu", ""),
        ("relu", "output", ""),
    ]
    dilated = "{args: {d: int}, body: [conv: {kernel_size: 3, dilation: d}, relu]}"
    differing = graph(f"body: [{{for: {{d: [1, 1, 2, 2, 2]}}, do: [dilated: d]}}]\nblocks: {{dilated: {dilated}}}")
    assert read(mermaid(differing, 1)).texts("closed") == ["0-1 x 2\n3 x 32 x 32", "2-4 x 3\n3 x 32 x 32"]


def test_a_value_that_skips_the_rounds_still_arrives():
    text = """
        body:
          - conv: {out_channels: 8, kernel_size: 3}
            as: first
          - repeat: 4
            do:
              - relu:
                as: a
              - add: [a, first]
          - tanh:
            as: bounded
          - add: [bounded, first]
            as: last
    """
    named = set(read(mermaid(graph(text), 0)).named())
    assert named == {
        ("x", "first conv", ""),
        ("first conv", "a, add x 4", "8 x 32 x 32"),
        ("a, add x 4", "bounded tanh", ""),
        ("bounded tanh", "last add", ""),
        ("first conv", "last add", "8 x 32 x 32"),
        ("last add", "output", ""),
    }


def test_what_mermaid_would_read_as_its_own_is_only_text():
    text = """
        body:
          - relu:
            as: end
          - rearrange: {pattern: 'c (h a) (w b) -> (a b c) h w', a: 2, b: 2}
            as: graph
          - relu:
            as: subgraph
    """
    chart = read(mermaid(graph(text)))
    assert [text.split("\n")[0] for text in chart.texts("op")] == ["end relu", "graph.rearrange", "subgraph relu"]
    assert "c (h a) (w b) -> (a b c) h w" in chart.texts("op")[1]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1, max_size=3))
def test_a_label_shows_any_text_as_it_is(lines):
    text = f"flowchart TD\n  %% any\n  n1[{label(tuple(lines))}]\n"
    assert read(text).boxes["n1"] == ("op", "\n".join(lines))


def test_a_chart_beyond_mermaids_limits_is_known():
    arrows = "".join("  n1 --> n2\n" for _ in range(MAX_ARROWS))
    assert not too_large(arrows)
    assert too_large(arrows + "  n1 -.-> n2\n")
    assert too_large("x" * 60_000)
