"""Binding documents: the header, arguments, blocks and body of a model or block file become a `Model` or `Library`."""

from __future__ import annotations

import dataclasses
import keyword
import re
from typing import TYPE_CHECKING

from blueprint.compiler import labels
from blueprint.compiler.bind_arguments import bind_arguments
from blueprint.compiler.bind_defaults import bind_defaults
from blueprint.compiler.bind_inits import bind_inits
from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.bind_results import bind_expectations, bind_outputs, bind_settings, check_keys, misspelt
from blueprint.compiler.bind_sources import VALUE
from blueprint.compiler.structures import STRUCTURES
from blueprint.compiler.syntax import (
    Argument,
    Block,
    Body,
    Inits,
    Library,
    Model,
    Names,
    ValueSyntax,
)
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree, plain
from blueprint.language.types import ANY, Type
from blueprint.ops import find

if TYPE_CHECKING:
    from blueprint.compiler.loading import Loader

HEADER = ("blueprint", "kind", "name", "about")
MODEL_KEYS = (
    *HEADER,
    *("extends", "set", "use", "input", "args", "let", "defaults", "init", "blocks", "body", "outputs", "expect"),
)
BLOCK_KEYS = ("args", "body", "init", "about")
BLOCKS_KEYS = (*HEADER, "use", "defaults", "init", "blocks")
KINDS = ("model", "blocks", "recipe", "study")
VERSION = 1


def check_header(tree: Tree, reporter: Reporter) -> str | None:
    """The document's kind, or None after a fault in its header."""
    if not isinstance(tree, Mapping):
        reporter.error("wrong-type", "a document is a mapping", tree.span, help="it begins with `blueprint: 1`")
        return None
    version, kind = tree.get("blueprint"), tree.get("kind")
    start = tree.entries[0].key.span if tree.entries else tree.span
    if version is None:
        meant = nearest("blueprint", tree.keys())
        reporter.error(
            "missing-key",
            "the document does not say which version of the language it is in",
            start,
            help=f"did you mean `blueprint` by `{meant}`?" if meant else "begin with `blueprint: 1`",
        )
    elif not isinstance(version, Scalar) or version.value != VERSION or isinstance(version.value, bool):
        reporter.error(
            "wrong-type",
            f"this release reads version {VERSION} of the language",
            version.span,
            help="write `blueprint: 1`, or install a newer release",
        )
    if kind is None:
        reporter.error("missing-key", "the document needs its `kind`", start, help=f"one of {', '.join(KINDS)}")
        return None
    if not isinstance(kind, Scalar) or kind.value not in KINDS:
        meant = nearest(str(plain(kind)), list(KINDS))
        reporter.error(
            "unknown-name",
            f"there is no kind of document `{plain(kind)}`",
            kind.span,
            help=f"did you mean `{meant}`?" if meant else f"one of {', '.join(KINDS)}",
        )
        return None
    return str(kind.value)


class DocumentBinder:
    """Binds one document. The loader finds the files that it extends and uses."""

    def __init__(self, tree: Mapping, loader: Loader, reporter: Reporter) -> None:
        self.tree, self.loader, self.reporter = tree, loader, reporter
        self.nodes = NodeBinder(reporter)

    def library(self) -> Library:
        """The library that a document of kind `blocks` is."""
        check_keys(self.tree, BLOCKS_KEYS, "a document of blocks", self.reporter)
        library = Library(self.text("name"), False, outer=self.loader.prelude(self.tree))
        self.used(library)
        self.announce(library)
        names = Names(library)
        bind_defaults(self.nodes, self.tree.get("defaults"))
        init = self.init(names)
        self.blocks(library, names, init)
        if self.tree.get("blocks") is None and not misspelt(self.tree, "blocks", BLOCKS_KEYS):
            self.reporter.error("missing-key", "a document of blocks needs `blocks`", self.start)
        return library

    def model(self) -> Model | None:
        """The model, merged with what it extends; None after a fault in what it extends."""
        check_keys(self.tree, MODEL_KEYS, "a model", self.reporter)
        parent: Model | None = None
        extends = self.tree.get("extends")
        if extends is not None:
            parent = self.loader.extended(extends, self.tree)
            if parent is None:
                return None
        library = Library(self.text("name"), True, outer=self.loader.prelude(self.tree))
        names = Names(library, is_block=True, flows=False)
        if parent is not None:
            for block in parent.library.blocks.values():
                home = library if block.home is parent.library else block.home
                library.blocks[block.name] = dataclasses.replace(block, home=library if home.is_model else home)
            names.types.update(parent.names.types)
            names.members.update(parent.names.members)
        self.used(library)
        self.announce(library)
        arguments = dict(parent.arguments) if parent else {}
        arguments.update(bind_arguments(self.nodes, self.tree.get("args"), names))
        settings = dict(parent.settings) if parent else {}
        settings.update(self.settings(arguments, names, parent))
        lets = self.lets(names, parent)
        bind_defaults(self.nodes, self.tree.get("defaults"))
        init: Inits = dict(parent.init) if parent else {}
        init.update(self.init(names))
        self.blocks(library, names, {})
        inputs = self.inputs(names, parent)
        inner = names.inner(is_block=True)
        tree = self.tree.get("body")
        if tree is not None:
            body = self.nodes.body(tree, inner)
            labels.assign(body)
            outputs = bind_outputs(self.nodes, self.tree.get("outputs"), inner)
        elif parent is not None:
            body = parent.body
            outputs = parent.outputs
            entry = self.tree.entry("outputs")
            if entry is not None:
                self.reporter.error(
                    "unknown-key",
                    "`outputs` goes with a `body` of its own",
                    entry.key.span,
                    help="write the `body` too",
                )
        else:
            if not misspelt(self.tree, "body", MODEL_KEYS):
                self.reporter.error("missing-key", "a model needs its `body`", self.start, help="`body: [nodes]`")
            return None
        if inputs is None:
            return None
        return Model(
            self.text("name"),
            plain(about) if (about := self.tree.get("about")) is not None else None,
            inputs,
            arguments,
            lets,
            init,
            library,
            body,
            outputs,
            bind_expectations(self.reporter, self.tree.get("expect")),
            settings,
            self.start,
            names,
            self.tree,
        )

    @property
    def start(self) -> Span:
        """Where the document begins."""
        return self.tree.entries[0].key.span

    def text(self, key: str) -> str:
        """A text of the header; a missing one is reported."""
        tree = self.tree.get(key)
        if tree is None:
            if not misspelt(self.tree, key, MODEL_KEYS):
                self.reporter.error("missing-key", f"the document needs its `{key}`", self.start)
            return ""
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str) or not re.fullmatch(r"[\w.+-]+", tree.value):
            self.reporter.error(
                "wrong-type",
                f"`{key}` is a word of letters, digits, `_`, `-` and `.`",
                tree.span,
            )
            return ""
        return tree.value

    def used(self, library: Library) -> None:
        """Bring the blocks that `use` names into the library."""
        tree = self.tree.get("use")
        if tree is None:
            return
        if not isinstance(tree, Mapping):
            self.reporter.error(
                "wrong-type", "`use` is a mapping of files", tree.span, help="`use: {blocks/attention.yaml: [cbam]}`"
            )
            return
        for entry in tree:
            other = self.loader.used(entry, self.tree)
            own = {} if other is None else {name: b for name, b in other.blocks.items() if b.home is other}
            wanted = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
            for item in wanted:
                word = item.value if isinstance(item, Scalar) else None
                if not isinstance(word, str):
                    self.reporter.error("wrong-type", "`use` names blocks in a list", item.span)
                elif word in library.blocks:
                    self.reporter.error("duplicate-name", f"`{word}` is used from two files", item.span)
                elif word in own:
                    library.blocks[word] = own[word]
                else:
                    self._not_found(library, own if other is not None else None, word, entry, item)

    def _not_found(self, library: Library, own: dict[str, Block] | None, word: str, entry: Entry, item: Tree) -> None:
        """Report a block that the file used does not have; calls of it are let pass."""
        library.blocks[word] = Block(word, None, Body((), item.span), {}, item.span, library)
        if own is None:
            return
        meant = nearest(word, list(own))
        if meant is not None:
            library.blocks.setdefault(meant, own[meant])
        help = f"did you mean `{meant}`?" if meant else f"its blocks: {', '.join(own)}"
        message = f"`{entry.key.value}` has no block `{word}`"
        self.reporter.error("unknown-block", message, item.span, help=help)

    def init(self, names: Names) -> Inits:
        """The document's `init`."""
        tree = self.tree.get("init")
        return {} if tree is None else bind_inits(self.nodes, tree, names)

    def announce(self, library: Library) -> None:
        """Make the names of the document's blocks known, before anything refers to them."""
        tree = self.tree.get("blocks")
        if isinstance(tree, Mapping):
            for entry in tree:
                name = str(entry.key.value)
                used = library.blocks.get(name)
                if used is not None and used.home is not library and not used.home.is_model:
                    notes = [Note("used from a file and defined there", used.span)]
                    help = "leave one of them out, or give the new one another name"
                    message = f"`{name}` is the name of a block that the file uses"
                    self.reporter.error("duplicate-name", message, entry.key.span, notes=notes, help=help)
                library.blocks[name] = Block(name, None, Body((), entry.key.span), {}, entry.key.span, library)

    def blocks(self, library: Library, names: Names, init: Inits) -> None:
        """Bind the document's blocks: first what they take, so that they may call each other, then their bodies."""
        tree = self.tree.get("blocks")
        if tree is None:
            return
        if not isinstance(tree, Mapping):
            self.reporter.error("wrong-type", "`blocks` is a mapping of names", tree.span)
            return
        pending: list[tuple[Block, Mapping, Names]] = []
        for entry in tree:
            name = str(entry.key.value)
            if find(name) is not None or name in STRUCTURES:
                self.reporter.error("name-clash", f"`{name}` is an op, so no block can bear the name", entry.key.span)
                continue
            self.nodes.check_name(name, entry.key.span, "a block")
            if not isinstance(entry.value, Mapping):
                self.reporter.error(
                    "wrong-type", f"block `{name}` needs a `body`", entry.value.span, help="`{args: …, body: [nodes]}`"
                )
                continue
            check_keys(entry.value, BLOCK_KEYS, f"block `{name}`", self.reporter)
            scope = Names(library, names if library.is_model else None, is_block=True)
            block = library.blocks[name]
            block.arguments = bind_arguments(self.nodes, entry.value.get("args"), scope)
            about = entry.value.get("about")
            block.init, block.about = dict(init), plain(about) if about is not None else None
            pending.append((block, entry.value, scope))
        for block, mapping, scope in pending:
            own = mapping.get("init")
            if own is not None:
                block.init = {**block.init, **bind_inits(self.nodes, own, scope)}
            body = mapping.get("body")
            if body is None:
                if not misspelt(mapping, "body", BLOCK_KEYS):
                    self.reporter.error("missing-key", f"block `{block.name}` needs its `body`", block.span)
                body = Sequence((), block.span)
            block.body = self.nodes.body(body, scope.inner())
            labels.assign(block.body)

    def settings(self, arguments: dict[str, Argument], names: Names, parent: Model | None) -> dict[str, ValueSyntax]:
        """The values that `set` gives to arguments of the model extended."""
        tree = self.tree.get("set")
        if tree is None:
            return {}
        if parent is None:
            self.reporter.error(
                "unknown-key", "`set` goes with `extends`", tree.span, help="change the defaults in `args` instead"
            )
            return {}
        return bind_settings(self.nodes, tree, arguments, names)

    def lets(self, names: Names, parent: Model | None) -> dict[str, ValueSyntax]:
        """The names that the model binds by `let`."""
        lets = dict(parent.lets) if parent else {}
        tree = self.tree.get("let")
        if tree is None:
            return lets
        if not isinstance(tree, Mapping):
            self.reporter.error("wrong-type", "`let` is a mapping of names", tree.span)
            return lets
        for entry in tree:
            word = str(entry.key.value)
            if not word.isidentifier():
                self.reporter.error("wrong-type", "`let` binds a name", entry.key.span)
                continue
            value = self.nodes.values.bind(entry.value, ANY, names, word)
            if value is not None:
                lets[word] = value
            self.nodes.bind_name(names, word, None, entry.key.span)
        return lets

    def inputs(self, names: Names, parent: Model | None) -> dict[str, ValueSyntax] | None:
        """The shapes of the inputs by name, as written."""
        tree = self.tree.get("input")
        if tree is None:
            if parent is not None:
                if list(parent.inputs) != ["input"]:
                    for name in parent.inputs:
                        names.add(name, VALUE, self.start)
                return parent.inputs
            if not misspelt(self.tree, "input", MODEL_KEYS):
                help = "`input: [3, 32, 32]`"
                self.reporter.error("missing-key", "a model needs its `input`", self.start, help=help)
            return None
        entries = [(str(e.key.value), e.value) for e in tree] if isinstance(tree, Mapping) else [("input", tree)]
        shapes: dict[str, ValueSyntax] = {}
        for name, value in entries:
            bound = self.nodes.values.bind(value, Type(element=Type(("int",))), names, "input")
            if bound is None:
                return None
            shapes[name] = bound
        return shapes if self._input_names(tree, names) else None

    def _input_names(self, tree: Tree, names: Names) -> bool:
        """Bring the names of the inputs into reach; False after a fault."""
        before = len(self.reporter.found)
        for entry in tree if isinstance(tree, Mapping) else ():
            word = str(entry.key.value)
            if keyword.iskeyword(word) or word == "self":
                self.reporter.error("reserved-name", f"`{word}` is a word of Python, which calls it", entry.key.span)
            elif self.nodes.check_name(word, entry.key.span, "an input", reserved=False) is not None:
                self.nodes.bind_name(names, word, VALUE, entry.key.span)
        if isinstance(tree, Mapping) and not tree.entries:
            help = "`input: [3, 32, 32]`, or `input: {image: [3, 32, 32], …}`"
            self.reporter.error("missing-key", "a model needs an input", tree.span, help=help)
        return len(self.reporter.found) == before
