"""Explaining shapes that do not meet: where each value came from, what made it small, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from blueprint.compiler.elaborate.place import Calls
from blueprint.compiler.elaborate.values import Value
from blueprint.compiler.graph import Node
from blueprint.diagnostics import Note, Span
from blueprint.diagnostics.wording import counted
from blueprint.language.values import ValueType

_STEPS = 100
_BY_RANK = {
    "map": "a pattern of three axes gives a map",
    "tokens": "a pattern of two axes gives tokens",
    "vector": "a pattern of one axis gives a vector",
}


class Maker(NamedTuple):
    """What made a value: where it stands, if anywhere, and its own name or, for an input, what messages call it.

    calls: those of blocks and bodies around it.
    """

    span: Span | None
    name: str | None = None
    called: str = ""
    calls: Calls = ()

    def __str__(self) -> str:
        """How messages call it: by its own name, or by the word that is written at its place."""
        if self.called or self.span is None:
            return self.called
        span, lines = self.span, self.span.source.lines
        line = lines[span.line - 1] if span.line <= len(lines) else ""
        word = line[span.column - 1 : span.end_column - 1].strip("\"'") if span.line == span.end_line else ""
        return f"`{self.name or word}`"


Makers = dict[int, Maker]


class Scene(NamedTuple):
    """What is known where a fault is found: the graph so far, the place of the fault and the calls around it."""

    nodes: Sequence[Node]
    types: Sequence[ValueType]
    makers: Makers
    span: Span
    calls: Calls

    def told(self, values: Sequence[Value]) -> list[Maker]:
        """What made each value, or the call around it by which the reader knows it.

        A place in a file that ships with the package gives way to the call in a file of the reader's own, and one
        place of several values to the calls that tell them apart.
        """
        chains = [self._places(self.makers.get(value.id, Maker(None))) for value in values]
        chosen = first = [self._nearest(chain) for chain in chains]
        while True:
            spans = [chain[i].span for chain, i in zip(chains, chosen, strict=True)]
            outer = [
                min(i + 1, len(chain) - 1) if spans.count(span) > 1 else i
                for chain, i, span in zip(chains, chosen, spans, strict=True)
            ]
            if outer == chosen:
                break
            chosen = outer
        chosen = chosen if len(set(spans)) == len(spans) else first
        return [chain[i] for chain, i in zip(chains, chosen, strict=True)]

    def _places(self, maker: Maker) -> list[Maker]:
        """The maker and the calls around it that are not around the fault as well, from the inside out."""
        own = len(maker.calls)
        for inner, outer in zip(reversed(maker.calls), reversed(self.calls), strict=False):
            if inner != outer:
                break
            own -= 1
        return [maker, *(Maker(span, name) for span, name in maker.calls[:own])]

    def _nearest(self, chain: Sequence[Maker]) -> int:
        """The innermost place in a file of the reader's own, else in that of the fault."""
        sources = [maker.span.source if maker.span is not None else None for maker in chain]
        written = (i for i, source in enumerate(sources) if source is None or not source.shipped)
        return next(written, sources.index(self.span.source) if self.span.source in sources else 0)

    def changes(self, values: Sequence[Value], change: Callable[[ValueType, ValueType], str | None]) -> list[Note]:
        """A note for each value at the last node on the way to it of which `change` tells something."""
        found = [found for value in values if (found := self._changing(value, change)) is not None]
        makers = self.told([value for value, _ in found])
        return [Note(f"{maker} {what} here", maker.span) for maker, (_, what) in zip(makers, found, strict=True)]

    def _changing(self, value: Value, change: Callable[[ValueType, ValueType], str | None]) -> tuple[Value, str] | None:
        producers = {output: node for node in self.nodes for output in node.outputs}
        now = value.id
        for _ in range(_STEPS):
            node = producers.get(now)
            if node is None or not node.inputs or node.span is None:
                return None
            what = change(self.types[node.inputs[0]], self.types[now])
            if what is not None:
                return (Value(now), what) if what else None
            now = node.inputs[0]
        return None


def _resized(before: ValueType, after: ValueType) -> str | None:
    """How a map's height or width changed; empty where one of both is no map."""
    if before.kind != "map" or after.kind != "map":
        return ""
    if before.shape[1:] == after.shape[1:]:
        return None
    (bh, bw), (ah, aw) = before.shape[1:], after.shape[1:]
    halved = bh == 2 * ah and bw == 2 * aw
    return "halves height and width" if halved else f"makes {ah} x {aw} of {bh} x {bw}"


def _widened(before: ValueType, after: ValueType) -> str | None:
    """How the channels changed."""
    same = before.channels == after.channels
    return None if same else f"makes {counted(after.channels, 'channel')} of {before.channels}"


def lost_name(axis: str, value: Value, scene: Scene) -> str:
    """The help where a pattern called an axis so, and the rank of its result gave it another name."""
    producers = {output: node for node in scene.nodes for output in node.outputs}
    now = value.id
    for _ in range(_STEPS):
        node = producers.get(now)
        if node is None or not node.inputs:
            return ""
        names: tuple[str, ...] = getattr(node.op, "result_names", ())
        kind = scene.types[now]
        if axis in names:
            rule = _BY_RANK[kind.kind] + f" ({', '.join(kind.names)})"
            return f"{rule}, whatever they are called: `{axis}` is `{kind.names[names.index(axis)]}` here"
        if names or scene.types[node.inputs[0]].names != kind.names:
            return ""
        now = node.inputs[0]
    return ""


def causes(values: Sequence[Value], scene: Scene, suspects: int = 2) -> list[Note]:
    """A note at the node that made one of two maps smaller than the other, or at those that made their channels.

    suspects: how many of the two may have the wrong channels.
    """
    if apart_in_channels(values):
        return scene.changes(values[:suspects], _widened)
    pair = _maps(values)
    if pair is None or pair[0].shape[1:] == pair[1].shape[1:]:
        return []
    small = min(range(2), key=lambda i: pair[i].shape[1] * pair[i].shape[2])
    return scene.changes([values[small]], _resized)


def apart_in_channels(values: Sequence[Value]) -> bool:
    """Whether two values differ in their channels, and in nothing else."""
    types = [value.type for value in values]
    if len(types) != 2 or types[0] is None or types[1] is None or types[0].axes == types[1].axes:
        return False
    return types[0].replace(channels=types[1].channels).axes == types[1].axes


def mending(values: Sequence[Value], scene: Scene, roles: Sequence[str]) -> str:
    """The help for two values that should be added: which has how many channels, or what makes maps of one size."""
    names = list(roles) or [str(maker) for maker in scene.told(values)]
    if apart_in_channels(values):
        first, second = (value.type.channels for value in values if value.type is not None)
        if all(names) and names[0] != names[1]:
            return f"{names[0]} has {counted(first, 'channel')} and {names[1]} has {second}: let both end with as many"
        return f"the one has {counted(first, 'channel')} and the other {second}: let both end with as many"
    return _projection(values, names)


def _projection(values: Sequence[Value], names: Sequence[str]) -> str:
    """The help for two maps: the conv that brings the larger to the shape of the smaller."""
    pair = _maps(values)
    if pair is None:
        return ""
    (ac, ah, aw), (bc, bh, bw) = pair[0].shape, pair[1].shape
    from_first = ah * aw > bh * bw
    (sc, sh, sw), (tc, th, tw) = ((ac, ah, aw), (bc, bh, bw)) if from_first else ((bc, bh, bw), (ac, ah, aw))
    name = names[0 if from_first else 1]
    stride = -(-sh // th)
    if not name or (-(-sh // stride), -(-sw // stride)) != (th, tw):
        return ""
    strided = f", stride {stride}" if stride > 1 else ""
    channels = f", out_channels {tc}" if tc != sc else ""
    return f"project {name} with a conv of kernel_size 1{strided}{channels}"


def shortcut_help(body: ValueType, short: ValueType, plain: bool) -> str:
    """The help for a residual of unequal shapes; plain: its shortcut is what enters."""
    channels = body.replace(channels=short.channels).axes == short.axes
    if channels and not plain:
        return f"let both end with as many channels: the body has {body.channels} and the shortcut {short.channels}"
    if body.kind == short.kind == "map":
        (bc, bh, _), (_, sh, _) = body.shape, short.shape
        if not plain:
            return f"let the shortcut end with {bc} channels and the same height and width"
        stride = f", stride: {round(sh / bh)}" if bh and sh > bh else ""
        shortcut = f"[conv: {{out_channels: {bc}, kernel_size: 1{stride}}}]"
    else:
        shortcut = f"[linear: {body.channels}]"
    if channels:
        return f"let the body end with {short.channels} channels, or give it a `shortcut`, such as {shortcut}"
    return f"give it a `shortcut`, such as {shortcut}" if body.kind == short.kind == "map" else ""


def _maps(values: Sequence[Value]) -> tuple[ValueType, ValueType] | None:
    types = [value.type for value in values]
    if len(types) != 2 or types[0] is None or types[1] is None or not types[0].kind == types[1].kind == "map":
        return None
    return types[0], types[1]
