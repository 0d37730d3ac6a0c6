"""What the command line says of a spec and a recipe: `--set KEY=VALUE`, `--input`, `--data`."""

from __future__ import annotations

from pathlib import Path

from blueprint.diagnostics import Diagnostic, Reporter, Source, Span, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import listed, ticked
from blueprint.language.setting import read_setting
from blueprint.language.tree import Entry, Mapping, Scalar

Override = tuple[str, str, str]


def divided(settings: list[str]) -> tuple[Mapping, tuple[Override, ...]]:
    """The model's arguments and the recipe's fields among `--set key=value`; raises UsageError.

    `recipe.optimiser.lr=0.05` is a field of the recipe, any other key an argument of the spec.
    Of several settings of one argument the last one holds.
    """
    arguments: dict[str, Entry] = {}
    fields: list[Override] = []
    reporter = Reporter()
    for text in settings:
        key, equals, value = text.partition("=")
        key, value = key.strip(), value.strip("\n") if "\n" in value.strip() else value.strip()
        words = f"--set {key}={value}"
        if not equals or not key:
            help = "`--set num_classes=100`, or `--set recipe.epochs=3`"
            reporter.error("usage", f"`--set` takes key=value, not {ticked(text)}", help=help)
        elif key.startswith("recipe."):
            fields.append((key[len("recipe.") :], value, words))
        else:
            tree, place = read_setting(words, value, reporter, expressions=True)
            if tree is not None:
                arguments[key] = Entry(Scalar(key, place), tree)
    if reporter.failed:
        raise UsageError(reporter.sorted())
    none = Span(Source("<command line>", ""), 1, 1, 1, 1)
    return Mapping(tuple(arguments.values()), none), tuple(fields)


def model_arguments(settings: list[str] | None) -> Mapping:
    """The values of `--set` where there is no recipe, as a tree; raises UsageError."""
    given, fields = divided(settings or [])
    if fields:
        help = "`blueprint train --set recipe.FIELD=VALUE` takes it"
        raise UsageError([Diagnostic("usage", f"there is no recipe here to set `{fields[0][0]}` of", help=help)])
    return given


def input_shape(text: str | None) -> tuple[int, ...] | None:
    """A shape such as `3,32,32` or `[3, 32, 32]`; raises UsageError."""
    if text is None:
        return None
    words = text.strip("[]() ").replace("x", ",").split(",")
    if not all(word.strip().isdecimal() for word in words):
        message = f"`--input` takes sizes such as 3,224,224, not {ticked(text)}"
        raise UsageError([Diagnostic("usage", message, help="channels, height, width; the batch is left out")])
    return tuple(int(word) for word in words)


def data_override(data: str) -> Override:
    """The recipe's `data` as `--data` says it: a source's name, or a folder; raises UsageError for neither."""
    import json

    from blueprint.data.sources import SOURCES

    names = [source.name for source in SOURCES if source.name != "folder"]
    if data in names:
        return "data", data, f"--data {data}"
    if Path(data).expanduser().is_dir():
        value = json.dumps({"folder": {"root": data}}, ensure_ascii=False)
        return "data", value, f"--data {value}"
    path = Path(data)
    beside = [str(path.parent / e.name) for e in path.parent.iterdir() if e.is_dir()] if path.parent.is_dir() else []
    meant = nearest(data, names) or nearest(data, beside)
    help = f"did you mean {ticked(meant, 200)}?" if meant else f"a folder, or one of {listed(names)}"
    message = f"there is no folder and no data set {ticked(data, 200)}"
    raise UsageError([Diagnostic("data-not-found", message, help=help)])
