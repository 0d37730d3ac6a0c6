"""The printed form of a graph, read again."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import torch

import blueprint
from blueprint.compiler.graph import Frame, Initialiser
from blueprint.compiler.lower import lower
from blueprint.compiler.number import number
from blueprint.compiler.text import text
from blueprint.compiler.text_parser import parse
from blueprint.diagnostics import SpecError
from blueprint.language.values import ValueType, map_of
from tests.compiler.building import Builder

DOCUMENTS = Path(__file__).parent / "documents"

SMALL = """\
network small
input x: map(3, 8, 8)

stem: unit
  conv = conv(x, out_channels=4, kernel_size=3, padding=1): map(4, 8, 8) with weight=trunc_normal(std=0.02)
  halves = split(conv, sizes=[1, 3]): map(1, 8, 8), map(3, 8, 8)

concat = concat(stem.halves[1], stem.halves[0]): map(4, 8, 8)
rearrange = rearrange(concat, pattern="c (h i) w -> (c i) h w", sizes={i: 2}): map(8, 4, 8)
linear = linear(rearrange, out_features=2): map(2, 4, 8)

output output: linear
output early, in training: stem.conv
"""


def same(graph):
    """The graph itself, which its printed form gives again, and that form again."""
    printed = text(graph)
    again = parse(printed)
    assert again == number(graph)
    assert text(again) == printed
    return again


def of(name, input=None):
    """The graph of a document of the tests, or of a shipped spec."""
    path = DOCUMENTS / f"{name}.yaml"
    return blueprint.load(path if path.exists() else name, input=input).graph


@pytest.mark.parametrize("name", ["everything", "edges", "inception_v3", "shufflenet_v2_x1_0", "cbam_resnet18"])
def test_a_graph_is_read_as_it_was_printed(name):
    graph = of(name)
    assert same(graph) == graph


def test_runs_labels_and_kinds_are_told_apart():
    b = Builder(x=map_of(4, 8, 8))
    x = b.add("relu", b.x, label="x")
    for kind in ("", "block", "block"):
        with b.frame("a", kind=kind), b.frame("b"), b.frame("0", kind=kind):
            x = b.add("relu", b.add("conv", x, out_channels=4, kernel_size=1), label="conv")
            x = b.add("conv", x, label="conv", out_channels=4, kernel_size=1)
    frames = same(b.graph(name='näme with spaces, "quotes" and # no comment', output=x)).nodes[-1].frames
    assert frames == (Frame("a", 2, "block"), Frame("b", 0), Frame("0", 0, "block"))


def test_runs_may_lie_between_each_other():
    b = Builder(x=map_of(4, 8, 8))
    x = b.x
    for _ in range(2):
        for index, op in enumerate(("relu", "sigmoid", "relu")):
            with b.frame(op):
                b._frames[-1] = Frame(op, index, "")
                x = b.add(op, x, label=str(len(b.nodes)))
    assert len(same(b.graph(output=x)).nodes) == 6


def test_settings_of_every_sort_are_read():
    axes = ValueType((("channels", 4), ("left", 2), ("true", 3)))
    b = Builder(first=map_of(4, 8, 8), second=axes)
    init = {"value": Initialiser("uniform", (("b", 1e-07), ("a", -2.0)))}
    learned = b.add("parameter", label="null", shape=(("channels", 4),), init=init)
    x = b.add("conv", b.x, out_channels=4, kernel_size=(1, 3), padding=(0, 2), bias=False, weight_mask=0.5)
    x = b.add("batch_norm", x, momentum="none", eps=1e-12)
    x = b.add("upsample", b.add("multiply", learned, x), scale_factor=1.5, mode="bilinear", align_corners=True)
    b.add("mean", b.inputs[1][1], axis="left", keepdim=True)
    graph = same(b.graph(output=x, other=b.add("amax", b.inputs[1][1], axis="true")))
    assert graph.nodes[1].op == b.nodes[1].op
    assert type(graph.nodes[1].op) is type(b.nodes[1].op)


def test_a_network_of_fixed_size_and_one_of_nothing():
    assert parse("network n, fixed size\ninput x: vector(3)\noutput output: x").fixed_size
    assert same(Builder(x=map_of(1, 1, 1)).graph(output=0)).nodes == ()


@pytest.mark.parametrize("name", ["everything", "shufflenet_v2_x1_0"])
def test_what_is_read_lowers_to_the_same_network(name):
    graph = of(name, None if name == "everything" else (3, 64, 64))
    one, other = lower(graph), lower(parse(text(graph)))
    assert type(one) is type(other)
    assert list(one.state_dict()) == list(other.state_dict())
    other.load_state_dict(one.state_dict())
    x = [torch.randn(2, *graph.types[value].shape) for _, value in graph.inputs]
    outputs = []
    for network in (one, other):
        torch.manual_seed(0)
        output = network(*x)
        outputs.append(output if isinstance(output, dict) else {"output": output})
    assert all(torch.equal(outputs[0][name], outputs[1][name]) for name in outputs[0])


def test_layout_comments_and_defaults_are_free():
    loose = SMALL.replace(", padding=1", "").replace("(conv, ", "( # split\n      conv,\n\n")
    assert "# split" in loose
    assert parse(loose) == parse(SMALL)


FAULTS = [
    ("network", "netwrk", 1, "syntax", "the first line"),
    ("map(3, 8, 8)\n", "map(3, 8)\n", 2, "syntax", "`map` has 3 axes"),
    ("map(3, 8, 8)\n", "map(3, 8, 0)\n", 2, "syntax", "a size is missing"),
    ("map(3, 8, 8)\n", "mop(3, 8, 8)\n", 2, "syntax", "a type such as"),
    ("input x: map(3, 8, 8)\n", "input x: map(3, 8, 8)\ninput x: vector(2)\n", 3, "duplicate-name", "an input `x`"),
    ("stem: unit", "stem", 4, "syntax", "`:` stands behind a structure"),
    ("  halves", "   halves", 6, "syntax", "begins with 2 spaces"),
    ("  halves", "    halves", 6, "syntax", "begins with 2 spaces"),
    ("= conv(", "= conf(", 5, "unknown-op", "there is no op `conf`"),
    ("kernel_size=3", "kernel=3", 5, "unknown-key", "`conv` has no field `kernel`"),
    ("kernel_size=3", "kernel_size=0", 5, "out-of-range", "`kernel_size` is at least 1"),
    ("kernel_size=3", "kernel_size=a", 5, "wrong-type", "`kernel_size` needs a size"),
    ("kernel_size=3, ", "", 5, "missing-key", "`conv` needs `kernel_size`"),
    ("kernel_size=3", "kernel_size=3, kernel_size=3", 5, "duplicate-key", "`kernel_size` is set already"),
    ("kernel_size=3", "kernel_size=13", 5, "kernel-too-large", "`kernel_size` (=13)"),
    ("kernel_size=3", f"kernel_size={'[' * 60}", 5, "budget", "lists nest"),
    ("(x, out", "(y, out", 5, "unknown-name", "there is no value `y`"),
    ("(x, out", "(conv, out", 5, "unknown-name", "`conv` is made only here or below"),
    ("(x, out", "(linear, out", 5, "unknown-name", "`linear` is made only here or below"),
    ("(x, out", "(x, x, out", 5, "wrong-type", "`conv` takes 1, not 2"),
    ("trunc_normal", "truncated", 5, "unknown-name", "there is no initialiser"),
    ("std=0.02", "standard=0.02", 5, "unknown-key", "has no field `standard`"),
    ("weight=trunc", "wait=trunc", 1, "syntax", "no legal graph"),
    ("padding=1): map(4, 8, 8)", "padding=1): map(4, 8, 9)", 5, "shape-mismatch", "`conv` gives map(4, 8, 8) here"),
    ("sizes=[1, 3]", "sizes=[1, 3", 6, "syntax", "`]` is missing"),
    ("map(1, 8, 8), map(3, 8, 8)", "map(1, 8, 8)", 6, "shape-mismatch", "`split` gives map(1, 8, 8), map"),
    ("halves[1]", "halves[2]", 8, "unknown-name", "there is no value `stem.halves[2]`"),
    ("concat = ", "linear = ", 10, "duplicate-name", "there is a value `linear` already"),
    ('"c (h', "c (h", 9, "syntax", "`)` is missing"),
    ("map(8, 4, 8)", "map(8, 4, 8) here", 9, "syntax", "nothing more fits"),
    ("output output: linear", "output output: last", 12, "unknown-name", "there is no value `last`"),
    ("early, in training", "early, in trainin", 13, "syntax", "`in training` is missing"),
    ("output early", "output output", 13, "duplicate-name", "there is an output"),
]


@pytest.mark.parametrize(("old", "new", "line", "code", "message"), FAULTS, ids=lambda value: str(value)[:20])
def test_a_malformed_text_is_told_with_its_line(old, new, line, code, message):
    assert SMALL.count(old) >= 1
    with pytest.raises(SpecError) as raised:
        parse(SMALL.replace(old, new, 1))
    (found,) = raised.value.diagnostics
    assert (found.span.line, found.code) == (line, code)
    assert message in found.message


@pytest.mark.parametrize("broken", ["", "\n", "#", "network", "network n", "network n\ninput x: vector(3)"])
def test_a_text_that_ends_early_is_refused(broken):
    with pytest.raises(SpecError):
        parse(broken)


def test_a_text_broken_anywhere_is_read_or_refused():
    chance = random.Random(0)
    printed = text(blueprint.load(DOCUMENTS / "everything.yaml").graph)
    marks = [*re.findall(r"\w+", printed), *"()[]{}=:,.'\"#\n ", "9" * 400, "-1", "0", ""]
    refused = 0
    for _ in range(150):
        pieces = re.findall(r"\w+|\s+|.", printed)
        for _ in range(chance.randrange(1, 3)):
            pieces[chance.randrange(len(pieces))] = chance.choice(marks)
        try:
            same(parse("".join(pieces)))
        except SpecError:
            refused += 1
    assert 75 < refused < 150
