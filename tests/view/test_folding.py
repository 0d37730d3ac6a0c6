"""The text of a graph for a terminal."""

import re

import pytest

import blueprint
from blueprint.compiler.text import text
from blueprint.view.folding import folded


@pytest.fixture(scope="module")
def whole():
    return text(blueprint.load("samc").graph)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_and_no_word_is_lost(whole, width):
    shown = folded(whole, width)
    assert max(map(len, shown.splitlines())) <= width
    assert "".join(shown.split()) == "".join(whole.split())


def test_colour_changes_nothing_but_colour(whole):
    assert re.sub(r"\x1b\[\d+m", "", folded(whole, 80, color=True)) == folded(whole, 80)


def test_what_is_folded_stands_further_in_and_the_costs_last():
    line = "  layer = conv(embed.act, out_channels=128, kernel_size=3): map(128, 16, 16)  # 147,456 parameters\n"
    assert folded(f"block:\n{line}", 60) == (
        "block:\n"
        "  layer = conv(embed.act, out_channels=128, kernel_size=3):\n"
        "      map(128, 16, 16)  # 147,456 parameters\n"
    )


def test_what_the_text_itself_folds_is_folded_anew():
    written = "  a = conv(\n      x, out_channels=8\n  ): map(8, 4, 4)  # 1 macs\n"
    assert folded(written, 80) == "  a = conv(x, out_channels=8): map(8, 4, 4)  # 1 macs\n"


def test_structures_ops_and_costs_are_marked():
    painted = folded("block: unit\n  a = relu(x): map(3, 4, 4)  # 1 macs\n", 80, color=True)
    assert painted == (
        "\x1b[1mblock\x1b[0m:\x1b[36m unit\x1b[0m\n  a = \x1b[36mrelu\x1b[0m(x): map(3, 4, 4)  \x1b[2m# 1 macs\x1b[0m\n"
    )
