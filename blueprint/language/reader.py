"""Files, texts and dictionaries to trees."""

from __future__ import annotations

import re
from pathlib import Path

from blueprint.diagnostics import Reporter, Source, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked
from blueprint.language.data_text import read_data
from blueprint.language.limits import MAX_BYTES
from blueprint.language.tree import Tree
from blueprint.language.zoo import ships

__all__ = ["load", "read_data", "read_file", "read_text"]

# What YAML 1.2 takes for printable, section 5.1; JSON's strings are held to it as well.
_FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUFFIXES = (".yaml", ".yml", ".json")


def read_file(path: str | Path, reporter: Reporter, shown: str | None = None, at: Span | None = None) -> Tree | None:
    """The tree of a file in YAML or, if its name ends in `.json`, in JSON; None if anything is at fault.

    shown: the name that diagnostics give the file, its path if left out. at: where the file is
    named in another one, if it is.
    """
    name = str(path) if shown is None else shown
    source = load(Path(path), name, reporter, at)
    return None if source is None else read_text(source, reporter)


def read_text(source: Source, reporter: Reporter) -> Tree | None:
    """The tree of a text in YAML or, if its name ends in `.json`, in JSON; None if anything is at fault."""
    if bad := _FORBIDDEN.search(source.text):
        _report_character(source, bad.start(), reporter)
        return None
    if source.name.lower().endswith(".json"):
        from blueprint.language.json_text import read_json

        return read_json(source, reporter)
    from blueprint.language.yaml_text import read_yaml

    return read_yaml(source, reporter)


def load(path: Path, name: str, reporter: Reporter, at: Span | None = None) -> Source | None:
    """The text of a file in UTF-8, or None if there is none, which is then reported."""
    try:
        if not path.is_file():
            _report_missing(path, name, reporter, at)
            return None
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        reporter.error("missing-file", f"{ticked(name, 200)} cannot be read: {reason}", at)
        return None
    if len(data) > MAX_BYTES:
        reporter.error("budget", f"{ticked(name, 200)} is larger than 1 MiB", at, help="divide it with `use`")
        return None
    try:
        return Source(name, data.decode("utf-8-sig"), ships(path))
    except UnicodeDecodeError as error:
        # The excerpt shows the text with what cannot be decoded replaced; up to the fault it is exact.
        read = error.object[: error.start].decode("utf-8-sig")
        source = Source(name, read + error.object[error.start :].decode("utf-8", "replace"))
        reporter.error(
            "encoding",
            "the file is not in UTF-8",
            source.span(len(read), len(read) + 1),
            label=f"the byte 0x{error.object[error.start]:02X}",
            help=_encoding_help(data),
        )
        return None


def _encoding_help(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it looks like UTF-16: save it as UTF-8"
    return "save it as UTF-8"


def _report_missing(path: Path, name: str, reporter: Reporter, at: Span | None) -> None:
    if path.is_dir():
        reporter.error("missing-file", f"{ticked(name, 200)} is a folder", at, help="name a file in it")
    elif path.exists():
        reporter.error("missing-file", f"{ticked(name, 200)} is no file", at)
    else:
        reporter.error("missing-file", f"{ticked(name, 200)} does not exist", at, help=_likely(path, name))


def _likely(path: Path, name: str) -> str:
    """A sentence that names the file most likely meant, or the first folder on the way that is not there."""
    folder = path.parent
    if not folder.is_dir():
        while not folder.parent.is_dir():
            folder = folder.parent
        here = folder.parent
        likely = nearest(folder.name, [child.name for child in here.iterdir() if child.is_dir()])
        hint = f"; did you mean {ticked(likely)}?" if likely else ""
        return f"the folder {ticked(folder.name)} does not exist{hint}"
    children = sorted(child.name for child in folder.iterdir())
    same = [path.name + suffix for suffix in _SUFFIXES if path.name + suffix in children]
    found = same[0] if same else nearest(path.name, children)
    if found is None:
        return ""
    written = name[: len(name) - len(path.name)] + found if name.endswith(path.name) else found
    return f"did you mean {ticked(written, 200)}?"


def _report_character(source: Source, at: int, reporter: Reporter) -> None:
    code = ord(source.text[at])
    reporter.error(
        "encoding",
        "a control character stands in the text",
        source.span(at, at + 1),
        label=f"U+{code:04X}",
        help="save the file as UTF-8 text"
        if code == 0
        else "remove it, or write it as an escape between double quotes",
    )
