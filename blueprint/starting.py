"""New documents to start from: a template of each kind, variants of specs, copies of recipes and blocks."""

from __future__ import annotations

import json
import re
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.checking import check_text
from blueprint.diagnostics import Diagnostic, Note, Reporter, Source, SpecError, UsageError
from blueprint.diagnostics.wording import ticked
from blueprint.language.reader import read_file, read_text
from blueprint.language.tree import Mapping, Scalar, plain
from blueprint.language.zoo import ENDINGS, locate, shipped, shown

if TYPE_CHECKING:
    from blueprint.compiler.syntax import Argument, ValueSyntax

MAX_NAME = 64
_NAME = re.compile(rf"[^\W\d][\w-]{{0,{MAX_NAME - 1}}}")
_TEMPLATES = Path(__file__).parent / "templates"
_PLACEHOLDER = re.compile(r"\bNAME\b")
_LONG = 48


def start(name: str, kind: str = "model", parent: str | None = None, out: Path | None = None) -> Path:
    """The path of a new document, which is without fault and, if it is a model, trains.

    kind: `model`, `recipe` or `blocks`. parent: a path or shipped name; a model becomes its
    variant, a recipe or blocks a copy. out: the file, or the folder that it is to lie in; left out:
    the working folder. Raises UsageError where the name does not do, something lies in the way, or
    the parent is out of reach; SpecError where the parent is at fault.
    """
    _check_name(name, kind)
    path = _place(name, out)
    if parent is None:
        text = _PLACEHOLDER.sub(name, (_TEMPLATES / f"{kind}.yaml").read_text(encoding="utf-8"))
    else:
        text = (_variant if kind == "model" else _copy)(name, kind, parent, path)
    found = [] if parent is None else check_text(text, path)
    if found:
        assert parent is not None
        message = f"at {ticked(shown(path), 200)} it could not reach what {ticked(parent, 200)} is made of"
        notes = tuple(Note(str(diagnostic)) for diagnostic in found)
        place = locate(parent, kind).parent / path.name
        raise UsageError([Diagnostic("usage", message, notes=notes, help=f"`--out {shown(place)}`")])
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        message = f"{ticked(shown(path), 200)} is there already, and nothing is written over"
        raise _fault(message, "another name, or another place by `--out`") from None
    except OSError as error:
        message = f"{ticked(shown(path), 200)} cannot be written: {error.strerror or error}"
        raise _fault(message, "`--out` names a file in a folder that is there") from None
    return path


def _check_name(name: str, kind: str) -> None:
    if _NAME.fullmatch(name) is None:
        stem = Path(name).name
        stem = next((stem.removesuffix(ending) for ending in ENDINGS if stem.endswith(ending)), stem)
        help = f"a letter, then letters, digits, `_` and `-`, at most {MAX_NAME} in all"
        if stem != name and _NAME.fullmatch(stem):
            help = f"`blueprint new {stem}" + (f" --out {Path(name).with_name(stem)}.yaml`" if "/" in name else "`")
        raise _fault(f"{ticked(name)} is no name of a document", help)
    if name in shipped(kind):
        message = f"a {kind} called `{name}` ships with blueprint, and the bare name would mean that one"
        raise _fault(message, f"another name, such as `my_{name}`")


def _place(name: str, out: Path | None) -> Path:
    path = Path(f"{name}.yaml") if out is None else out / f"{name}.yaml" if out.is_dir() else out
    if path.suffix not in (".yaml", ".yml"):
        help = f"`--out {path}.yaml`, or a folder that is there"
        raise _fault(f"{ticked(path, 200)} does not end in `.yaml`", help)
    return path


def _variant(name: str, kind: str, parent: str, path: Path) -> str:
    """The text of a model that extends another one, with what can be changed as comments."""
    from blueprint.compiler.specification import load

    loaded = load(parent)
    document, shapes = loaded.document, {name: list(shape) for name, shape in loaded.inputs.items()}
    whose = document.name
    lines = [
        f"# {name}: as {whose}, but for what is said here.",
        "#",
        f"#   blueprint check {shown(path)} --watch",
        f"#   blueprint build {shown(path)}",
        f"#   blueprint train {shown(path)} --recipe digits",
        "blueprint: 1",
        *("kind: model", f"name: {name}"),
        *("", f"extends: {_extends(locate(parent, kind), path)}"),
        *("", f"# Another input than that of {whose}:"),
        f"# input: {shapes['x'] if list(shapes) == ['x'] else json.dumps(shapes)}",
    ]
    if document.arguments:
        given = {
            argument: document.settings.get(name, argument.default) for name, argument in document.arguments.items()
        }
        lines += [
            "",
            f"# The arguments of {whose} with their values. To change some, take the `#` from them and from `set`.",
        ]
        lines += ["# set:", *_settings(given)]
    lines += [
        *("", "# What is written anew wins: `args`, `blocks` and `init` name by name, `body` as a whole."),
        *("", f"# {whose} has {loaded.graph.parameters:,} parameters; how many must this one have?"),
        *("# expect:", f"#   - {{params: {loaded.graph.parameters}}}"),
    ]
    return "\n".join(lines) + "\n"


def _extends(parent: Path, path: Path) -> str:
    """How a file at `path` names its parent; raises UsageError where it would mean another one."""
    if shipped("model").get(parent.stem) != parent:
        return relpath(parent.resolve(), path.resolve().parent)
    if (path.parent / parent.name).exists():
        message = f"beside {ticked(shown(path), 200)}, `{parent.name}` is another file than the shipped one"
        raise _fault(message, "another folder, by `--out`")
    return parent.name


def _settings(given: dict[Argument, ValueSyntax | None]) -> list[str]:
    """A line in comments for each argument: its value, and what is known of it."""
    entries = [(f"#   {argument.name}: {_value(value)}", _meaning(argument)) for argument, value in given.items()]
    column = max((len(entry) for entry, _ in entries if len(entry) <= _LONG), default=0)
    return [f"{entry.ljust(column)}  # {meaning}" if meaning else entry for entry, meaning in entries]


def _value(value: ValueSyntax | None) -> str:
    """A value as it is written in its file, between quotes where it needs them on a line of its own."""
    from blueprint.compiler.syntax import Computed

    if value is None:
        return ""
    span = value.span
    lines = span.source.lines[span.line - 1 : span.end_line]
    lines = [*lines[:-1], lines[-1][: span.end_column - 1]]
    text = " ".join([lines[0][span.column - 1 :].strip(), *(line.strip() for line in lines[1:])])
    if len(lines) > 1 and not isinstance(value, Computed):
        return "…"
    read = read_text(Source("", f"value: {text}"), Reporter())
    same = not isinstance(value, Computed) or text[:1] in ('"', "'") or (read and plain(read) == {"value": text})
    return text if read and same else json.dumps(text, ensure_ascii=False)


def _meaning(argument: Argument) -> str:
    kind = argument.type
    limits = (("at least", argument.minimum), ("at most", argument.maximum))
    sort = str(kind) if kind.is_body or not all(member in argument.help for member in kind.members) else ""
    told = [argument.help, sort]
    told += [f"{words} {limit:g}" for words, limit in limits if limit is not None]
    return "; ".join(filter(None, told))


def _copy(name: str, kind: str, parent: str, path: Path) -> str:
    """The text of a document under another name, with its source."""
    source = locate(parent, kind)
    reporter = Reporter()
    tree = read_file(source, reporter, shown(source))
    reporter.raise_if_failed()
    assert tree is not None, "starting: no tree and no fault"
    text = tree.span.source.text
    if found := check_text(text, source):
        raise SpecError(found)
    named = tree.get("name") if isinstance(tree, Mapping) else None
    actual = tree.get("kind") if isinstance(tree, Mapping) else None
    assert isinstance(named, Scalar), "starting: a document without fault and without a name"
    assert isinstance(actual, Scalar), "starting: a document without fault and without a kind"
    if actual.value != kind:
        raise _fault(f"{ticked(shown(source), 200)} is of kind `{actual.value}`", f"`--kind {actual.value}`")
    lines, at = text.splitlines(), named.span
    lines[at.line - 1] = lines[at.line - 1][: at.column - 1] + name + lines[at.line - 1][at.end_column - 1 :]
    whose = f"the shipped {source.stem}" if shipped(kind).get(source.stem) == source else shown(source)
    return "\n".join([f"# {name}: a copy of {whose}.", *lines]) + "\n"


def _fault(message: str, help: str) -> UsageError:
    return UsageError([Diagnostic("usage", message, help=help)])
