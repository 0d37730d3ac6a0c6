"""The catalogue as text for people."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from textwrap import wrap
from typing import Any

from blueprint.language.types import show
from blueprint.view.figures import shape_text

Record = dict[str, Any]
GAP = "  "
NAME = 24
"""The length from which on a name stands on a line of its own."""


def spec_lines(found: Iterable[Record], width: int | None) -> list[str]:
    """A line per spec: name, input, parameters where they are promised, title; width: cut to it."""
    head = ("spec", "input", "parameters", "title")
    rows = [(r["name"], _input(r["input"]), _count(r["parameters"]), r["title"]) for r in found]
    return _columns([head, *rows], right=(2,), width=width)


def recipe_lines(found: Iterable[Record], width: int | None) -> list[str]:
    """A line per recipe: name, data, epochs, the spec that it trains where none is named, title."""
    head = ("recipe", "data", "epochs", "spec", "title")
    rows = [(r["name"], r.get("data"), r.get("epochs"), r.get("spec"), r["title"]) for r in found]
    return _columns([head, *rows], right=(2,), width=width)


def block_lines(found: Iterable[Record], width: int | None) -> list[str]:
    """The blocks with their arguments, under the file that `use` names; first those in reach of every spec."""
    lines: list[str] = []
    for place, group in groupby(found, lambda record: record["path"]):
        lines += [""] if lines else []
        lines.append("blocks in reach of every spec" if place is None else f"blocks of {place}")
        for block in group:
            arguments = (f"{name}{_declared(value)}" for name, value in block["arguments"].items())
            lines += _signature(block["name"], arguments, width)
    return lines


def op_lines(structures: Iterable[Record], found: Iterable[Record], width: int | None) -> list[str]:
    """The structures, then the ops by family, each with its fields: `required`, `name=default`, `[may be left out]`."""
    lines = ["structures"]
    for structure in structures:
        lines += _signature(structure["name"], map(_signed, structure["fields"]), width)
    for family, group in groupby(found, lambda record: record["family"]):
        lines += ["", family]
        for op in group:
            lines += _signature(op["name"], map(_signed, op["fields"]), width)
    return lines


def family_lines(structures: Iterable[Record], found: Iterable[Record], width: int | None) -> list[str]:
    """The names of structures and ops, a paragraph per family."""
    lines = _folded(f"structures: {', '.join(s['name'] for s in structures)}", width)
    for family, group in groupby(found, lambda record: record["family"]):
        lines += _folded(f"{family}: {', '.join(op['name'] for op in group)}", width)
    return lines


def _signature(name: str, inside: Iterable[str], width: int | None) -> list[str]:
    listed = ", ".join(inside)
    return _folded(f"{GAP}{name}({listed})" if listed else f"{GAP}{name}", width)


def _folded(line: str, width: int | None) -> list[str]:
    """The line, folded to the width; what follows the first part stands further in."""
    if width is None:
        return [line]
    further = line[: len(line) - len(line.lstrip())] + 2 * GAP
    return wrap(line, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def _columns(rows: list[tuple[object, ...]], right: tuple[int, ...], width: int | None) -> list[str]:
    """Rows as aligned columns, long names on lines of their own; the last column is cut at the width."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in texts if at or len(row[0]) <= NAME) for at in range(len(texts[0]))]
    lines = []
    for row in texts:
        if len(row[0]) > NAME:
            lines.append(row[0])
            row = ["", *row[1:]]
        cells = [c.rjust(w) if at in right else c.ljust(w) for at, (c, w) in enumerate(zip(row, widths, strict=True))]
        line = GAP.join(cells).rstrip()
        lines.append(line if width is None or len(line) <= width else line[: width - 1].rstrip() + "…")
    return lines


def _input(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_input(shape)}" for name, shape in value.items())
    return shape_text(tuple(value)) if isinstance(value, list) else "" if value is None else str(value)


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def _declared(value: object) -> str:
    """What stands behind an argument's name: its type and default."""
    if isinstance(value, dict):
        kind, default = value.get("type"), value.get("default")
        if kind is None:
            return f"={show(default)}"
        return f": {kind}" if default is None else f": {kind} = {show(default)}"
    return f": {value}" if isinstance(value, str) else f"={show(value)}"


def _signed(field: Record) -> str:
    name = str(field["name"])
    if field.get("default") is not None:
        return f"{name}={show(field['default'])}"
    form = str(field.get("written", ""))
    required = field.get("required", "left out" not in form and "default" not in form)
    return name if required else f"[{name}]"
