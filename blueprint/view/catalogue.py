"""What there is to write specs with, as data: specs, recipes, blocks and ops. Nothing is bound or built."""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path
from typing import Any

from blueprint.compiler.structures import STRUCTURES
from blueprint.language.heading import BULK, files_in, lineage, read_heading
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree, plain
from blueprint.language.zoo import shipped, shown, zoo_root
from blueprint.ops import ops
from blueprint.ops.base import FieldInfo

Record = dict[str, Any]


def documents(kind: str, paths: list[Path]) -> list[Path]:
    """The shipped documents of a kind, and those among files and in folders."""
    found = list(shipped(kind).values())
    for path in paths:
        files = files_in(path) if path.is_dir() else [path]
        found += [file for file in files if _kind(file) == kind and file not in found]
    return found


def spec(path: Path) -> Record:
    """A spec's `name, path, title, input, arguments, parameters, macs`.

    name: as the command line takes it, bare for a shipped one. input: its shape as written, or shapes
    by name. arguments: as written, those of what it extends first. parameters and macs: what the
    first line of `expect` that sets nothing promises, or None.
    """
    heads = list(lineage(path))
    record: Record = {"name": _name(path, "model"), "path": shown(path), "title": "", "input": None, "arguments": {}}
    for head in heads:
        record["input"] = record["input"] or (plain(tree) if (tree := head.get("input")) is not None else None)
    for head in reversed(heads):
        record["arguments"].update(_arguments(head.get("args")))
    own = heads[0].get("expect") if heads else None
    lines = own.items if isinstance(own, Sequence) else ()
    promised = next(
        (line for line in lines if isinstance(line, Mapping) and not {"set", "input"} & set(line.keys())), None
    )
    for key, word in (("parameters", "params"), ("macs", "macs")):
        figure = promised.get(word) if promised is not None else None
        record[key] = plain(figure) if figure is not None else None
    record["title"] = _about(heads[0], "title") if heads else ""
    return record


def recipe(path: Path) -> Record:
    """A recipe's `name, path, title, spec, data, epochs`; data: the source's name."""
    head = read_heading(path)
    record: Record = {"name": _name(path, "recipe"), "path": shown(path), "title": ""}
    if head is not None:
        data = head.get("data")
        source = data.keys()[0] if isinstance(data, Mapping) and data.entries else data and plain(data)
        record["title"] = _about(head, "title")
        record |= {"spec": _plain(head.get("spec")), "data": source, "epochs": _plain(head.get("epochs"))}
    return record


def language_blocks() -> list[Record]:
    """The blocks that every spec may call, as `blocks` has them, their path None."""
    from blueprint.compiler.loading import PRELUDE

    return [{**block, "path": None} for block in blocks(PRELUDE)]


def blocks(path: Path) -> list[Record]:
    """The blocks of a library: `name, path, about, arguments`; path: as `use` names it, for a shipped one."""
    head = read_heading(path, BULK - {"blocks"})
    found = head.get("blocks") if head is not None else None
    place = str(path.relative_to(zoo_root())) if path.is_relative_to(zoo_root()) else shown(path)
    return [
        {
            "name": str(entry.key.value),
            "path": place,
            "about": " ".join(str(_plain(entry.value.get("about")) or "").split()),
            "arguments": _arguments(entry.value.get("args")),
        }
        for entry in (found if isinstance(found, Mapping) else ())
        if isinstance(entry.value, Mapping)
    ]


def structures() -> list[Record]:
    """The structures of the language: `name, about, fields`; a field is an op's, or a name with how it is `written`."""
    return [
        {
            "name": s.name,
            "about": s.help,
            "fields": [
                *({"name": name, "written": form} for name, form in s.forms),
                *({"name": name, "type": "body", "required": required} for name, required in (*s.roles, *s.beside)),
                *map(_field, s.fields),
            ],
        }
        for s in STRUCTURES.values()
    ]


def all_ops() -> list[Record]:
    """The ops: `name, family, about, main, fields`, families together; main: the field that a bare value sets."""
    families: dict[str, list[Record]] = {}
    for name, op in ops().items():
        if name not in STRUCTURES:
            module = op.__module__.split(".")
            family = (module[-1] if module[0] == "blueprint" else module[0]).replace("_", " ")
            about = " ".join(cleandoc(op.__doc__ or "").split("\n\n")[0].split())
            fields = [_field(info) for info in op.fields()]
            record = {"name": name, "family": family, "about": about, "main": op.main, "fields": fields}
            families.setdefault(family, []).append(record)
    return [record for family in families.values() for record in family]


def _field(info: FieldInfo) -> Record:
    record: Record = {"name": info.name, "type": info.type, "required": info.required}
    if not info.required:
        record["default"] = info.default
    limits = {"minimum": info.minimum, "maximum": info.maximum}
    return {**record, **{k: v for k, v in limits.items() if v is not None}, "help": info.help}


def _kind(path: Path) -> object:
    head = read_heading(path)
    return _plain(head.get("kind")) if head is not None else None


def _name(path: Path, kind: str) -> str:
    return path.stem if shipped(kind).get(path.stem) == path else shown(path)


def _arguments(tree: Tree | None) -> dict[str, object]:
    return {str(entry.key.value): plain(entry.value) for entry in tree} if isinstance(tree, Mapping) else {}


def _about(head: Mapping, key: str) -> str:
    about = head.get("about")
    value = about.get(key) if isinstance(about, Mapping) else about if key == "title" else None
    return " ".join(str(value.value).split()) if isinstance(value, Scalar) and value.value is not None else ""


def _plain(tree: Tree | None) -> object:
    return plain(tree) if tree is not None else None
