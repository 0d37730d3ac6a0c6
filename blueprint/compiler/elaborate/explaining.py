"""Explaining shapes that do not meet: where each value came from, what made it small, and what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from blueprint.compiler.elaborate.values import Value
from blueprint.compiler.graph import Node
from blueprint.diagnostics import Note, Span
from blueprint.language.values import ValueType

_STEPS = 100


class Maker(NamedTuple):
    """What made a value: where it stands, if anywhere, and its own name or, for an input, what messages call it."""

    span: Span | None
    name: str | None = None
    called: str = ""

    def __str__(self) -> str:
        """How messages call it: by its own name, or by the word that is written at its place."""
        if self.called or self.span is None:
            return self.called
        span, lines = self.span, self.span.source.lines
        line = lines[span.line - 1] if span.line <= len(lines) else ""
        word = line[span.column - 1 : span.end_column - 1].strip("\"'") if span.line == span.end_line else ""
        return f"`{self.name or word}`"


Makers = dict[int, Maker]


def shrinking(value: Value, nodes: Sequence[Node], types: Sequence[ValueType]) -> tuple[Node, str] | None:
    """The last node on the way to a map that changed its height or width, and what it did; None if none did."""
    producers = {output: node for node in nodes for output in node.outputs}
    now = value.id
    for _ in range(_STEPS):
        node = producers.get(now)
        if node is None or not node.inputs:
            return None
        before, after = types[node.inputs[0]], types[now]
        if before.kind != "map" or after.kind != "map":
            return None
        if before.shape[1:] != after.shape[1:]:
            (bh, bw), (ah, aw) = before.shape[1:], after.shape[1:]
            halved = bh == 2 * ah and bw == 2 * aw
            return node, "halves height and width" if halved else f"makes {ah} x {aw} of {bh} x {bw}"
        now = node.inputs[0]
    return None


def causes(values: Sequence[Value], nodes: Sequence[Node], types: Sequence[ValueType], makers: Makers) -> list[Note]:
    """A note at the node that made one of two maps smaller than the other."""
    pair = _maps(values)
    if pair is None or pair[0].shape[1:] == pair[1].shape[1:]:
        return []
    small = min(range(2), key=lambda i: pair[i].shape[1] * pair[i].shape[2])
    found = shrinking(values[small], nodes, types)
    if found is None or found[0].span is None:
        return []
    node, change = found
    return [Note(f"{makers[node.outputs[0]]} {change} here", node.span)]


def projection(values: Sequence[Value], makers: Makers, roles: Sequence[str]) -> str:
    """The help for two maps that should be added: the conv that brings the one to the shape of the other."""
    pair = _maps(values)
    if pair is None:
        return ""
    (ac, ah, aw), (bc, bh, bw) = pair[0].shape, pair[1].shape
    from_first = ah * aw > bh * bw or (ah * aw == bh * bw and values[0].id < values[1].id)
    (sc, sh, sw), (tc, th, tw) = ((ac, ah, aw), (bc, bh, bw)) if from_first else ((bc, bh, bw), (ac, ah, aw))
    source = 0 if from_first else 1
    name = roles[source] if roles else str(makers.get(values[source].id, ""))
    stride = -(-sh // th)
    if not name or (-(-sh // stride), -(-sw // stride)) != (th, tw):
        return ""
    strided = f", stride {stride}" if stride > 1 else ""
    channels = f", out_channels {tc}" if tc != sc else ""
    return f"project {name} with a conv of kernel_size 1{strided}{channels}"


def _maps(values: Sequence[Value]) -> tuple[ValueType, ValueType] | None:
    types = [value.type for value in values]
    if len(types) != 2 or types[0] is None or types[1] is None or not types[0].kind == types[1].kind == "map":
        return None
    return types[0], types[1]
