"""Checking documents of every kind, one or a folder of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from blueprint.compiler.expectations import check_expectations
from blueprint.compiler.loading import Loader
from blueprint.compiler.specification import resolve
from blueprint.compiler.unused import unused
from blueprint.diagnostics import Diagnostic, Reporter, Source, UsageError
from blueprint.language.heading import files_in
from blueprint.language.reader import read_file, read_text
from blueprint.language.tree import Mapping, Scalar, Tree
from blueprint.language.zoo import locate, shown
from blueprint.processes import available, each


@dataclass
class Checked:
    """What a check found: the diagnostics, the files that are documents and those that are not.

    read: all files that had a part in it, those that documents extend and use among them.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    documents: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    read: set[Path] = field(default_factory=set)


def check(spec: str | Path | dict[str, object]) -> list[Diagnostic]:
    """Every fault of a document: of a file, a shipped name, a dictionary, or of all files in a folder.

    Empty for a document without fault. A stage reports all its faults; the next one runs only
    after a stage without any. Needs no torch.
    """
    if not isinstance(spec, dict) and os.path.isdir(spec):
        return check_paths([Path(spec)]).diagnostics
    loader = Loader(Reporter())
    return _check(loader, loader.tree(spec))


def check_paths(paths: list[Path], most: int = 1) -> Checked:
    """The faults of files and of all documents in folders; raises UsageError for a path that is not there.

    most: how many processes may share the work; more than 1 only where no other threads run.
    """
    files = [found for path in paths for found in _files(path)]
    checked = Checked()
    for one in each(_check_file, files, min(most, available(len(files)))):
        checked.diagnostics += one.diagnostics
        checked.documents += one.documents
        checked.others += one.others
        checked.read |= one.read
    return checked


def _check_file(found: tuple[Path, bool]) -> Checked:
    """What a check finds in one file, which may have been named or only lie in a folder."""
    file, named = found
    reporter = Reporter()
    tree = read_file(file, reporter, shown(file))
    if not named and not _is_document(tree):
        return Checked(others=[file])
    loader = Loader(reporter)
    diagnostics = _check(loader, loader.begin(file, tree))
    return Checked(diagnostics, [file], [], {file.resolve(), *loader.logical})


def check_text(text: str, path: Path) -> list[Diagnostic]:
    """Every fault that a document with this text would have at a path, where there need not be one yet."""
    reporter = Reporter()
    tree = read_text(Source(shown(path), text), reporter)
    loader = Loader(reporter)
    return _check(loader, loader.begin(path, tree))


def _files(path: Path) -> list[tuple[Path, bool]]:
    if not path.is_dir():
        return [(locate(str(path), "model"), True)]
    return [(file, False) for file in files_in(path)]


def _is_document(tree: Tree | None) -> bool:
    """Whether a file in a folder is one of ours: it names the language or a kind, or cannot be read at all."""
    return tree is None or (isinstance(tree, Mapping) and bool({"blueprint", "kind"} & set(tree.keys())))


def _check(loader: Loader, found: tuple[Mapping, str] | None) -> list[Diagnostic]:
    """What is at fault in a document that the loader began with, its tree and kind."""
    if found is not None and not loader.reporter.failed:
        _check_kind(loader, *found)
    return loader.reporter.sorted()


def _check_kind(loader: Loader, tree: Mapping, kind: str) -> None:
    reporter = loader.reporter
    if kind == "model":
        model = loader.model(tree)
        if model is None or reporter.failed:
            return
        graph, _ = resolve(model, reporter, None)
        if graph is not None:
            # the passes behind elaboration find no fault of a user's, and a check waits for none of them
            for warning in unused(graph):
                reporter.add(warning)
            check_expectations(model, reporter, graph)
    elif kind == "blocks":
        loader.library(tree)
    elif kind == "recipe":
        from blueprint.train.recipe_document import bind_recipe

        bind_recipe(tree, reporter)
        named = tree.get("spec")
        if isinstance(named, Scalar) and isinstance(named.value, str):
            _check_named(named, reporter)
    else:
        place = tree.get("kind")
        reporter.error("wrong-kind", "this release reads no studies yet", place.span if place else None)


def _check_named(named: Scalar, reporter: Reporter) -> None:
    """Report a spec that a recipe names and that is not there; its own faults are its file's."""
    try:
        path = locate(str(named.value), "model")
    except UsageError as error:
        for found in error.diagnostics:
            reporter.error(found.code, found.message, named.span, help=found.help)
        return
    if not path.is_file():
        message = f"there is no file `{named.value}`"
        reporter.error("missing-file", message, named.span, help="a path is taken from the working folder")
