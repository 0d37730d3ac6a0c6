"""Loading: a path or dictionary becomes a bound document, together with the files it extends and uses.

A file reaches only files in the folders of the specs named and among those shipped with the
package, never a URL and nothing outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from os.path import commonpath, normpath
from pathlib import Path

from blueprint.compiler.bind_documents import DocumentBinder, check_header
from blueprint.compiler.syntax import Library, Model
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked
from blueprint.language.reader import read_data, read_file
from blueprint.language.tree import Entry, Mapping, Scalar, Tree
from blueprint.language.zoo import ENDINGS, locate, shipped_folders, shown, zoo_root

MAX_INCLUDES = 64


@contextmanager
def within_stack(reporter: Reporter, span: Span) -> Iterator[None]:
    """Report what nests deeper than Python's stack allows where the call came from, rather than raise."""
    try:
        yield
    except RecursionError:
        help = "name inner parts as blocks, or call from less deep a place"
        reporter.error("budget", "the document nests deeper than the stack of this program", span, help=help)


class Loader:
    """Loads documents once each, keeping the chain of files under way to find circles."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.libraries: dict[Path, Library | None] = {}
        self.chain: list[tuple[Path, Span | None]] = []
        self.paths: dict[int, Path] = {}
        self.logical: dict[Path, Path] = {}
        self.texts: dict[Path, str] = {}
        self.count = 0

    def tree(self, spec: str | Path | dict[str, object]) -> tuple[Mapping, str] | None:
        """The tree of a document and its kind; None after a fault."""
        if isinstance(spec, dict):
            return self.begin(Path.cwd() / "spec.json", read_data(spec, self.reporter))
        path = locate(str(spec), "model")
        return self.begin(path, read_file(path, self.reporter, shown(path)))

    def begin(self, path: Path, tree: Tree | None) -> tuple[Mapping, str] | None:
        """The same of a document that has been read from `path`, with None for one that cannot be."""
        if tree is None:
            return None
        self._remember(path.resolve(), path.resolve(), tree)
        kind = check_header(tree, self.reporter)
        if kind is None or not isinstance(tree, Mapping):
            return None
        self.paths[id(tree)] = path.resolve()
        return tree, kind

    def _remember(self, path: Path, logical: Path, tree: Tree) -> None:
        self.logical[path] = logical
        self.texts[logical] = tree.span.source.text

    def sources(self) -> dict[str, str]:
        """The texts of all files read, by paths relative to one folder; the main one first."""
        root = Path(commonpath([str(path.parent) for path in self.texts]))
        return {str(path.relative_to(root)): text for path, text in self.texts.items()}

    def model(self, tree: Mapping) -> Model | None:
        """The model that a tree of kind `model` writes."""
        self.chain.append((self.paths[id(tree)], None))
        model = None
        with within_stack(self.reporter, tree.span):
            model = DocumentBinder(tree, self, self.reporter).model()
        self.chain.pop()
        return model

    def library(self, tree: Mapping) -> Library | None:
        """The library that a tree of kind `blocks` writes."""
        self.chain.append((self.paths[id(tree)], None))
        library = None
        with within_stack(self.reporter, tree.span):
            library = DocumentBinder(tree, self, self.reporter).library()
        self.chain.pop()
        return library

    def prelude(self, tree: Mapping) -> Library | None:
        """The blocks that every file may call; none for the prelude itself."""
        return None if self.paths[id(tree)] == PRELUDE else prelude()

    def extended(self, tree: Tree, by: Mapping) -> Model | None:
        """The model that `extends` names."""
        found = self._include(tree, by, "model")
        if found is None:
            return None
        path, mapping, span = found
        self.chain.append((path, span))
        model = DocumentBinder(mapping, self, self.reporter).model()
        self.chain.pop()
        return model

    def used(self, entry: Entry, by: Mapping) -> Library | None:
        """The library that a key of `use` names."""
        found = self._include(entry.key, by, "blocks")
        if found is None:
            return None
        path, mapping, span = found
        if path not in self.libraries:
            self.chain.append((path, span))
            self.libraries[path] = DocumentBinder(mapping, self, self.reporter).library()
            self.chain.pop()
        return self.libraries[path]

    def _include(self, tree: Tree, by: Mapping, kind: str) -> tuple[Path, Mapping, Span] | None:
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self.reporter.error("wrong-type", "a file is named by a text", tree.span)
            return None
        path = self._resolve(tree.value, tree.span, self.paths[id(by)].parent, kind)
        if path is None:
            return None
        if any(path == other for other, _ in self.chain):
            first = next(i for i, (other, _) in enumerate(self.chain) if other == path)
            self.reporter.error(
                "circular-include",
                f"{ticked(tree.value)} leads back to itself",
                tree.span,
                notes=[Note(f"{ticked(shown(p))} is included here", at) for p, at in self.chain[first + 1 :]],
                help="move what both need into a third file",
            )
            return None
        self.count += 1
        if self.count > MAX_INCLUDES:
            self.reporter.error("budget", f"a spec includes at most {MAX_INCLUDES} files", tree.span)
            return None
        found = read_file(path, self.reporter, shown(path))
        if found is None:
            return None
        actual = check_header(found, self.reporter)
        if actual is None or not isinstance(found, Mapping):
            return None
        if actual != kind:
            verb = {"model": "extended", "blocks": "used"}[kind]
            self.reporter.error(
                "wrong-kind",
                f"only a document of kind `{kind}` can be {verb}",
                tree.span,
                label=f"its kind is `{actual}`",
            )
            return None
        self.paths[id(found)] = path
        base = self.logical[self.paths[id(by)]].parent
        self._remember(path, Path(normpath(base / tree.value)), found)
        return path, found, tree.span

    def _resolve(self, name: str, span: Span, folder: Path, kind: str) -> Path | None:
        if "://" in name:
            self.reporter.error("outside-folder", "a spec reads files, no addresses", span)
            return None
        roots = [self._root(self.chain[0][0]), zoo_root().resolve()]
        path = _resolved(folder / name)
        if path is None:
            message = f"{ticked(name)} cannot be the name of a file"
            self.reporter.error("missing-file", message, span, help="a file is named by its path from here")
            return None
        if not any(path.is_relative_to(root) for root in roots):
            self.reporter.error(
                "outside-folder",
                f"{ticked(name)} lies outside the folder of the spec",
                span,
                help=f"a spec reaches files in `{shown(roots[0])}` and the shipped ones",
            )
            return None
        places = (folder, *shipped_folders("model"))
        for place in places:
            if file := _reached(place / name, roots):
                return file
        parent = path.parent
        whole = [
            path.name + ending for place in places for ending in ENDINGS if _reached(place / (name + ending), roots)
        ]
        meant = whole[0] if whole else nearest(path.name, _files(parent))
        self.reporter.error(
            "missing-file",
            f"there is no file {ticked(name)}",
            span,
            help=f"did you mean `{Path(name).parent / meant}`?" if meant else f"looked in {shown(parent)}",
        )
        return None

    @staticmethod
    def _root(path: Path) -> Path:
        """The folder that a spec may reach: the nearest enclosing `specs`, else its own."""
        for parent in path.parents:
            if parent.name == "specs":
                return parent
        return path.parent


def _resolved(path: Path) -> Path | None:
    """The path with its links followed; None where there cannot be one: too long, a NUL, links that go round."""
    try:
        path.is_file()
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _reached(path: Path, roots: list[Path]) -> Path | None:
    """The file that a path leads to, if there is one in a folder that the spec may reach."""
    found = _resolved(path)
    inside = found is not None and found.is_file() and any(found.is_relative_to(root) for root in roots)
    return found if inside else None


def _files(folder: Path) -> list[str]:
    """The names of a folder's files; none where it cannot be read."""
    try:
        return [path.name for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []


PRELUDE = (Path(__file__).parent / "prelude.yaml").resolve()


@cache
def prelude() -> Library:
    """The blocks that ship with the language, written in it."""
    reporter = Reporter()
    loader = Loader(reporter)
    tree = read_file(PRELUDE, reporter, "prelude.yaml")
    assert isinstance(tree, Mapping), "prelude: unreadable"
    loader.paths[id(tree)] = PRELUDE
    library = loader.library(tree)
    assert library is not None, "prelude: no library"
    assert not reporter.failed, f"prelude: {reporter.sorted()}"
    return library
