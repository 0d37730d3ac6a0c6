"""The nearest name is what a person would have meant, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.diagnostics.nearest import distance, nearest

OPS = ("conv", "conv1d", "conv_transpose", "batch_norm", "layer_norm", "relu", "relu6", "gelu", "silu", "linear",
       "max_pool", "avg_pool", "adaptive_avg_pool", "global_avg_pool", "add", "multiply", "concat", "dropout",
       "drop_path", "residual", "attention", "tanh", "flatten", "rearrange")  # fmt: skip


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("covn", "conv"),
        ("cnv", "conv"),
        ("Conv2d", "conv1d"),
        ("batchnorm", "batch_norm"),
        ("BatchNorm2d", "batch_norm"),
        ("batch-norm", "batch_norm"),
        ("ReLU", "relu"),
        ("reul", "relu"),
        ("maxpool", "max_pool"),
        ("droput", "dropout"),
        ("attn", None),
        ("transformer", None),
        ("pool", None),
        ("x", None),
        ("", None),
    ],
)
def test_misspelt_op_gets_the_op_that_was_meant(word, meant):
    assert nearest(word, OPS) == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [("channels", "out_channels"), ("kernel", "kernel_size"), ("size", "kernel_size"), ("strides", "stride")],
)
def test_part_of_one_name_alone_means_that_name(word, meant):
    assert nearest(word, ["out_channels", "kernel_size", "stride", "bias"]) == meant


def test_short_names_are_not_mixed_up():
    assert nearest("h", ["w"]) is None
    assert nearest("dm", ["dp"]) is None
    assert nearest("hw", ["wh"]) == "wh"
    assert nearest("dim", ["dims", "depth"]) == "dims"


def test_word_itself_is_never_suggested():
    assert nearest("conv", ["conv"]) is None


words = st.text("abcd_", max_size=7)


@given(words, words)
def test_distance_is_symmetric_and_zero_for_equal_words_only(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) <= max(len(a), len(b))


@given(st.text("abcdefgh", min_size=4, max_size=9), st.data())
def test_one_slip_in_a_name_of_some_length_finds_it_again(name, data):
    at = data.draw(st.integers(0, len(name) - 2))
    slips = [name[:at] + name[at + 1 :], name[:at] + "z" + name[at:], name[:at] + "z" + name[at + 1 :],
             name[:at] + name[at + 1] + name[at] + name[at + 2 :]]  # fmt: skip
    slip = data.draw(st.sampled_from(slips))
    if slip != name:
        assert nearest(slip, ["zzzzzzzzzzzz", name]) == name


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_taken(word, known):
    assert nearest(word, known) in (None, *known)
