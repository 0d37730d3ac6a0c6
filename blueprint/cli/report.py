"""Showing diagnostics on a terminal, as JSON, or as a code host wants them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import Enum
from typing import TextIO

from blueprint.diagnostics import Diagnostic


class Format(str, Enum):
    """How diagnostics are shown."""

    text = "text"
    json = "json"
    github = "github"


_chosen = Format.text


def choose(chosen: Format) -> None:
    """Show all diagnostics of this run in that format."""
    global _chosen
    _chosen = chosen


def colourful(stream: TextIO) -> bool:
    """Whether a stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def show(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics: text to standard error, the other formats to standard output."""
    from blueprint.diagnostics.render import render_github, render_json, render_text

    if _chosen is Format.json:
        print(render_json(diagnostics))
    elif _chosen is Format.github:
        print(render_github(diagnostics))
    else:
        print(render_text(diagnostics, color=colourful(sys.stderr)), file=sys.stderr)
