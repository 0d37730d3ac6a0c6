"""A strict reader of the Mermaid flowcharts that the package writes: all else is a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LABEL = r'"((?:[^"#<>&`\n]|#(?:[0-9]+|[a-z]+);|<br>)+)"'
KEY = r"([a-z][0-9]+)"
BOX = re.compile(rf"{KEY}(?:\[{LABEL}\]|\[\[{LABEL}\]\]|\(\[{LABEL}\]\))")
FRAME = re.compile(rf"subgraph {KEY}\[{LABEL}\]")
ARROW = re.compile(rf"{KEY} (-->|-\.->)(?:\|{LABEL}\|)? {KEY}")
SORTS = ("op", "closed", "end")
ENTITIES = {"#35;": "#", "#quot;": '"', "#lt;": "<", "#gt;": ">", "#amp;": "&", "#96;": "`"}


@dataclass
class Flowchart:
    """boxes: sort and text by key. within: the frame around each box and frame. arrows: start, end, line, text."""

    boxes: dict[str, tuple[str, str]] = field(default_factory=dict)
    frames: dict[str, str] = field(default_factory=dict)
    within: dict[str, str] = field(default_factory=dict)
    arrows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def named(self) -> list[tuple[str, str, str]]:
        """The arrows by the first lines of their boxes: start, end, label."""
        first = {key: text.split("\n")[0] for key, (_, text) in self.boxes.items()}
        return [(first[start], first[end], label) for start, end, _, label in self.arrows]

    def texts(self, sort: str) -> list[str]:
        """The texts of the boxes of a sort, in order."""
        return [text for own, text in self.boxes.values() if own == sort]


def read(text: str) -> Flowchart:
    """The flowchart of a text; AssertionError where a line is none of ours or something does not fit."""
    chart = Flowchart()
    first, comment, *lines = text.splitlines()
    assert first == "flowchart TD"
    assert re.fullmatch(r"  %% [^{}\n]+", comment)
    assert text.endswith("\n")
    open_frames: list[str] = []
    for line in lines:
        inner = line.strip()
        if inner == "end":
            open_frames.pop()
            assert line == "  " * (len(open_frames) + 1) + inner
            continue
        assert line == "  " * (len(open_frames) + 1) + inner, f"the indentation of {line!r}"
        if found := FRAME.fullmatch(inner):
            key = found[1]
            assert key not in {*chart.boxes, *chart.frames}, f"{key} is declared twice"
            chart.frames[key], chart.within[key] = plain(found[2]), open_frames[-1] if open_frames else ""
            open_frames.append(key)
        elif found := BOX.fullmatch(inner):
            key, *texts = found.groups()
            assert key not in {*chart.boxes, *chart.frames}, f"{key} is declared twice"
            assert not chart.arrows, "a box behind the arrows would be drawn where the arrow is"
            (sort, label), *_ = [(s, t) for s, t in zip(SORTS, texts, strict=True) if t]
            chart.boxes[key], chart.within[key] = (sort, plain(label)), open_frames[-1] if open_frames else ""
        else:
            found = ARROW.fullmatch(inner)
            assert found, f"no line of a flowchart: {line!r}"
            start, kind, label, end = found.groups()
            assert not open_frames
            assert {start, end} <= set(chart.boxes), f"an end of {line!r} is not declared"
            chart.arrows.append((start, end, kind, plain(label or "")))
    assert not open_frames
    empty = [title for key, title in chart.frames.items() if key not in chart.within.values()]
    assert not empty, f"frames without anything inside: {empty}"
    return chart


def plain(label: str) -> str:
    """What a label shows."""
    for entity, character in ENTITIES.items():
        label = label.replace(entity, character)
    return label.replace("<br>", "\n")
