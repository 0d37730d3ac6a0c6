"""What a shell offers for a word that is being typed. Nothing here binds a document, imports torch or raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from blueprint.language.zoo import ENDINGS

if TYPE_CHECKING:
    from blueprint.language.tree import Mapping


def specs(incomplete: str) -> list[str]:
    """Shipped specs and files."""
    return _offered(lambda: [*_shipped("model"), *_files(incomplete)])


def recipes(incomplete: str) -> list[str]:
    """Shipped recipes and files."""
    return _offered(lambda: [*_shipped("recipe"), *_files(incomplete)])


def parents(ctx: typer.Context, incomplete: str) -> list[str]:
    """Shipped documents of the kind on the line, and files."""
    kind = str(getattr(ctx.params.get("kind"), "value", ctx.params.get("kind") or "model"))
    return _offered(lambda: [*_shipped(kind), *_files(incomplete)])


def sorts(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `list` lists, then files and folders."""
    before = ctx.params.get("what")
    words = () if before else ("specs", "ops", "blocks", "recipes")
    return _offered(lambda: [*words, *_files(incomplete)])


def topics(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `explain` tells of: codes and `op`, then the names of ops, structures and blocks."""

    def found() -> Iterable[str]:
        from blueprint.diagnostics.codes import codes
        from blueprint.view.op import known

        before = list(ctx.params.get("topic") or [])
        names = [name for sort in known().values() for name in sort]
        return names if before[:1] == ["op"] else [] if before else ["op", *codes(), *names]

    return _offered(found)


def settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """`ARGUMENT=` for the arguments of the spec on the line; behind the `=`, the values that its type lists."""
    return _offered(lambda: _settings(_spec(ctx), incomplete))


def run_settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """As `settings`, and the fields of a recipe."""

    def found() -> Iterable[str]:
        if incomplete.startswith("recipe."):
            from blueprint.train.recipe import Recipe

            fields = set(Recipe.model_fields) - {"blueprint", "kind", "about", "name"}
            yield from (f"recipe.{field}=" for field in sorted(fields))
        else:
            yield "recipe."
            yield from _settings(_spec(ctx), incomplete)

    return _offered(found)


def sources(incomplete: str) -> list[str]:
    """Data sets by name, and folders."""

    def found() -> Iterable[str]:
        from blueprint.data.sources import SOURCES

        yield from (source.name for source in SOURCES if source.name != "folder")
        yield from (path for path in _files(incomplete) if path.endswith("/"))

    return _offered(found)


def weights(incomplete: str) -> list[str]:
    """`torchvision`, files of weights and folders."""
    return _offered(lambda: ["torchvision", *_files(incomplete, (".safetensors", ".pth", ".pt"))])


def _offered(found: Callable[[], Iterable[str]]) -> list[str]:
    """What is found, each once, of which Typer takes what begins as the word does; what cannot be found is left out."""
    offered: dict[str, None] = {}
    with suppress(Exception):
        for word in found():
            offered[word] = None
    return list(offered)


def _shipped(kind: str) -> list[str]:
    from blueprint.language.zoo import shipped

    return list(shipped(kind))


def _files(incomplete: str, endings: tuple[str, ...] = ENDINGS) -> Iterator[str]:
    """Files with these endings and folders in the folder that the word names; of a single folder, what is in it."""
    start, slash, last = incomplete.rpartition("/")
    folder = Path(start + slash).expanduser() if slash else Path()
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(last) and (last.startswith(".") or not path.name.startswith(".")):
            if path.is_dir():
                found.append(f"{start}{slash}{path.name}/")
            elif path.suffix in endings:
                found.append(f"{start}{slash}{path.name}")
    if len(found) == 1 and found[0].endswith("/") and found[0] != incomplete:
        yield from _files(found[0], endings)
    yield from found


def _spec(ctx: typer.Context) -> str:
    """The spec on the line; where an option still lacks its value, arguments are left over undivided."""
    left = [word for word in ctx.args if not word.startswith("-")]
    return str(ctx.params.get("spec") or (left[0] if left else ""))


def _settings(spec: str, incomplete: str) -> Iterator[str]:
    from blueprint.language.types import parse_type

    name, equals, _ = incomplete.partition("=")
    for word, written in _arguments(spec).items():
        if not equals:
            yield f"{word}="
        elif word == name:
            kind = parse_type(written)
            values = [*kind.members, *(("true", "false") if "bool" in kind.bases else ())]
            values += _bodies() if kind.is_body else []
            yield from (f"{word}={value}" for value in values)


def _bodies() -> list[str]:
    from blueprint.view.op import known

    return [*known()["ops"], *known()["blocks"]]


def _arguments(spec: str) -> dict[str, str]:
    """The arguments that a spec and what it extends declare, with their types as far as they are written."""
    from blueprint.language.heading import lineage
    from blueprint.language.tree import Mapping
    from blueprint.language.zoo import locate

    found = dict[str, str]()
    for head in lineage(locate(spec, "model")):
        arguments = head.get("args")
        if isinstance(arguments, Mapping):
            found = {**_types(arguments), **found}
    return found


def _types(arguments: Mapping) -> dict[str, str]:
    from blueprint.language.tree import Mapping, Scalar

    found = {}
    for entry in arguments:
        written = entry.value
        if isinstance(written, Mapping):
            written = written.get("type") or written.get("default") or Scalar(None, written.span)
        value = written.value if isinstance(written, Scalar) else None
        kind = "bool" if isinstance(value, bool) else str(value).partition("=")[0] if isinstance(value, str) else ""
        found[str(entry.key.value)] = kind
    return found
