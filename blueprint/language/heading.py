"""Documents without what they are made of: the files of a folder, and what each says of itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from blueprint.diagnostics import Reporter, Source
from blueprint.language.reader import load, read_text
from blueprint.language.tree import Mapping, Scalar
from blueprint.language.zoo import ENDINGS, shipped

MAX_PARENTS = 8
BULK = frozenset({"body", "blocks", "let", "defaults", "init", "outputs"})
"""The keys of a document that its head leaves out."""
_KEY = re.compile(r"(\w+)[ \t]*:(?:\s|$)")


def files_in(folder: Path) -> list[Path]:
    """The files below a folder that may be documents, sorted; what is hidden is left out."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if name.endswith(ENDINGS) and not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def read_heading(path: Path, without: frozenset[str] = BULK) -> Mapping | None:
    """A document's mapping without some of its keys, or None where there is no reading it.

    Of YAML in block style, as nearly every document is, the text below those keys is not parsed.
    """
    reporter = Reporter()
    source = load(path, str(path), reporter)
    if source is None:
        return None
    tree = read_text(Source(source.name, _without(source.text, without)), reporter)
    if not isinstance(tree, Mapping):
        return None
    return Mapping(tuple(entry for entry in tree if entry.key.value not in without), tree.span)


def lineage(path: Path) -> Iterator[Mapping]:
    """The heads of a document and of those that it extends, from itself on, as far as they can be read."""
    for _ in range(MAX_PARENTS):
        heading = read_heading(path)
        if heading is None:
            return
        yield heading
        parent = heading.get("extends")
        if not isinstance(parent, Scalar) or not isinstance(parent.value, str):
            return
        beside = path.parent / parent.value
        path = beside if beside.is_file() else shipped("model").get(Path(parent.value).stem, beside)


def _without(text: str, keys: frozenset[str]) -> str:
    """The text with the lines of those keys empty; a line at the margin that is no key goes on with the one above."""
    lines, dropping = text.splitlines(), False
    for number, line in enumerate(lines):
        found = _KEY.match(line)
        if found is not None:
            dropping = found[1] in keys
        if dropping:
            lines[number] = ""
    return "\n".join(lines) + "\n"
