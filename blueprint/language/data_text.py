"""Python's own dictionaries and lists to a tree, by way of JSON text that diagnostics can show."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping as AnyMapping

from blueprint.diagnostics import Reporter, Source
from blueprint.diagnostics.wording import ticked
from blueprint.language.json_text import read_json
from blueprint.language.limits import MAX_DEPTH, MAX_NODES, GiveUp
from blueprint.language.tree import Tree

_WIDTH = 88


def read_data(data: object, reporter: Reporter, name: str = "<dict>") -> Tree | None:
    """The tree of a dictionary that holds what JSON can hold; None if anything is at fault.

    Its spans lie in the indented JSON text of the data, which diagnostics show under `name`.
    A tuple is a list.
    """
    writer = _Writer(reporter)
    try:
        text = "\n".join(writer.lines(data, "", 0))
    except GiveUp:
        return None
    return None if writer.failed else read_json(Source(name, text), reporter)


class _Writer:
    """Writes data as JSON, each list or mapping on one line where it fits, and reports what JSON cannot hold."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.failed = False
        self.nodes = 0

    def lines(self, data: object, path: str, depth: int) -> list[str]:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            what = f"hold {MAX_NODES:,} values" if self.nodes > MAX_NODES else f"nest {MAX_DEPTH} deep"
            self.fail("budget", f"a document may {what}", "look for a list or dictionary that holds itself")
            raise GiveUp
        if isinstance(data, AnyMapping):
            blocks = [self.entry(key, value, path, depth) for key, value in data.items()]
            return _enclosed("{", blocks, "}", depth)
        if isinstance(data, (list, tuple)):
            blocks = [self.lines(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(data)]
            return _enclosed("[", blocks, "]", depth)
        return [self.scalar(data, path)]

    def entry(self, key: object, value: object, path: str, depth: int) -> list[str]:
        if not isinstance(key, str):
            self.fail("wrong-type", f"a key of {_at(path)} is {_article(key)}: {ticked(repr(key))}", "keys are texts")
            key = str(key)
        first, *rest = self.lines(value, f"{path}.{key}" if path else key, depth + 1)
        return [f"{self.scalar(key, path)}: {first}", *rest]

    def scalar(self, data: object, path: str) -> str:
        if isinstance(data, str):
            if any(0xD800 <= ord(c) < 0xE000 for c in data):
                self.fail("wrong-type", f"the text at {_at(path)} holds half of a surrogate pair", "")
                return '""'
            return json.dumps(str(data), ensure_ascii=not data.isprintable())
        if isinstance(data, float) and not math.isfinite(data):
            self.fail("wrong-type", f"{_at(path)} is {data}", "numbers are finite")
            return "null"
        if data is None or isinstance(data, bool):
            return json.dumps(data)
        if isinstance(data, int) and abs(data) < 10**300:
            return int.__repr__(data)
        if isinstance(data, float):
            return float.__repr__(data)
        self.fail("wrong-type", f"{_at(path)} is {_article(data)}", "a spec holds dictionaries, lists, texts, numbers, "
                  "True, False and None; convert it")  # fmt: skip
        return "null"

    def fail(self, code: str, message: str, help: str) -> None:
        self.failed = True
        self.reporter.error(code, message, help=help)


def _enclosed(opener: str, blocks: list[list[str]], closer: str, depth: int) -> list[str]:
    """The blocks between brackets: on one line if each is one line and all fit, else indented by two."""
    if all(len(block) == 1 for block in blocks):
        line = opener + ", ".join(block[0] for block in blocks) + closer
        if len(line) + 2 * depth <= _WIDTH:
            return [line]
        if opener == "[" and all(block[0][:1] not in "[{" for block in blocks):
            return [opener, *_filled([block[0] for block in blocks], _WIDTH - 2 * depth), closer]
    lines = [opener]
    for i, block in enumerate(blocks):
        lines += ["  " + line for line in block]
        lines[-1] += "," if i < len(blocks) - 1 else ""
    return [*lines, closer]


def _filled(items: list[str], width: int) -> list[str]:
    """The items between commas, as many on a line as fit."""
    lines = ["  " + items[0]]
    for item in items[1:]:
        if len(lines[-1]) + len(item) + 2 <= width:
            lines[-1] += f", {item}"
        else:
            lines[-1] += ","
            lines.append("  " + item)
    return lines


def _at(path: str) -> str:
    return ticked(path) if path else "the data"


def _article(data: object) -> str:
    kind = type(data)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"of type {ticked(name)}"
