"""A spec from a stranger is answered at once, whatever it asks for."""

import sys

import pytest

import blueprint
from tests.compiler.specs import fault, faults, graph

LEVELS = 12
DOUBLING = "blocks:\n" + "".join(f"  b{i}: {{body: [b{i + 1}, b{i + 1}, b{i + 1}, b{i + 1}]}}\n" for i in range(LEVELS))
DOUBLING += f"  b{LEVELS}: {{body: [%s]}}\nbody: [b0]"


@pytest.mark.parametrize(
    "text",
    [
        "blocks: {u: {body: [u]}}\nbody: [u]",
        "blocks: {u: {body: [v]}, v: {body: [{residual: [u]}]}}\nbody: [u]",
        "blocks: {u: {args: {n: 0}, body: [{if: n < 1000, then: [u: n + 1]}]}}\nbody: [u]",
        DOUBLING % "relu",
        DOUBLING % "{relu: , when: false}",
        DOUBLING % "{let: {a: 1}}",
        "body: [{repeat: 10000, do: [{repeat: 10000, do: []}]}]",
        "body: [{repeat: 10000, do: [{repeat: 10000, do: [relu]}]}]",
        "body: [{repeat: 1000, do: [{repeat: 1000, do: []}]}]",
        "body: [{repeat: 10**9, do: [relu]}]",
        "body: [{for: {i: 10**9}, do: [relu]}]",
        "body: [{for: {i: 10000, j: '[0] * 10000'}, do: [relu, relu, relu]}]",
        "body: [{for: {i: '[0] * 10**9'}, do: []}]",
        "body: [{repeat: 9**9**9, do: []}]",
        "body: [linear: 10**12]",
        "body: [{repeat: 100, do: [{conv: {out_channels: 20000, kernel_size: 3}}, {max_pool: {kernel_size: 1}}]}]",
        "body: [upsample: 10**6]",
        "input: [3, 10**9, 10**9]\nbody: [relu]",
    ],
)
def test_endless_expansion_is_over_budget(text):
    assert {d.code for d in faults(text)} == {"budget"}


def test_recursion_that_ends_is_no_endless_one():
    g = graph("""
        blocks:
          level:
            args: {depth: int}
            body:
              - if: depth > 0
                then:
                  - residual:
                      - max_pool: 2
                      - level: depth - 1
                      - upsample: 2
        body: [level: 5]
    """)
    assert [n.op.name for n in g.nodes].count("max_pool") == 5


def test_recursion_without_an_end_says_which_block_and_how_often():
    (found,) = faults("blocks: {u: {body: [u]}}\nbody: [u]")
    assert "`u`" in found.help
    assert "times over" in found.notes[0].message
    assert len(found.notes) == 2


@pytest.mark.parametrize("depth", [20, 48])
def test_body_as_deep_as_the_reader_allows_is_run(depth):
    assert faults("body: [" + "{residual: [" * depth + "relu" + "]}" * depth + "]") == []


def test_document_deeper_than_the_callers_stack_is_a_diagnostic():
    def down(frames: int) -> list[str]:
        if frames:
            return down(frames - 1)
        return [d.code for d in blueprint.check(spec)]

    nested: object = "relu"
    for _ in range(40):
        nested = {"residual": [nested]}
    spec = {"blueprint": 1, "kind": "model", "name": "deep", "input": [3, 8, 8], "body": [nested]}
    limit = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame.f_back is not None:
        frame, used = frame.f_back, used + 1
    assert down(limit - used - 250) == ["budget"]
    assert down(1) == []


def test_hundreds_of_faults_are_all_told():
    assert len(faults("body: [" + ", ".join(["rellu"] * 300) + "]")) == 300


def test_including_too_many_files_is_over_budget(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i in range(80):
        blocks = f"use: {{b{i + 1}.yaml: [u{i + 1}]}}\nblocks: {{u{i}: {{body: [u{i + 1}]}}}}\n"
        (tmp_path / f"b{i}.yaml").write_text(f"blueprint: 1\nkind: blocks\nname: b\n{blocks}")
    (tmp_path / "b80.yaml").write_text("blueprint: 1\nkind: blocks\nname: b\nblocks: {u80: {body: [relu]}}\n")
    (found,) = blueprint.check("b0.yaml")
    assert (found.code, found.message) == ("budget", "a spec includes at most 64 files")
    assert found.span is not None
    assert found.span.source.name == "b64.yaml"


def test_long_list_is_shown_shortly():
    (found,) = faults("args: {n: [0, 1]}\nbody: [{conv: {out_channels: n * 5000, kernel_size: 1}}]")
    assert found.code == "wrong-type"
    assert len(found.message) < 120
    assert fault("body: [{conv: {out_channels: '[0] * 10001', kernel_size: 1}}]")[0] == "budget"


def test_expectations_are_counted_since_each_may_expand_the_spec_again():
    text = "args: {n: 3}\nbody: [{repeat: n, do: [relu]}]\nexpect:\n"
    lines = [f"  - {{set: {{n: {i}}}, params: 0}}\n" for i in range(65)]
    assert faults(text + "".join(lines[:64])) == []
    (found,) = faults(text + "".join(lines))
    assert (found.code, found.message) == ("budget", "`expect` has at most 64 lines")


def test_expressions_of_all_nodes_together_are_counted():
    text = "body: [{repeat: 1000, do: [{scale: 'sum([i for i in range(5000)])'}]}]"
    (found,) = faults(text)
    assert (found.code, found.message[:45]) == ("budget", "the expressions of a spec take at most 2,000,")
