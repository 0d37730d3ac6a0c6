"""The statements of one function: a step a line, with views for layouts, reused variables and dead ones set to None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blueprint.compiler.graph import Graph, Node
from blueprint.compiler.lower.inplace import may_overwrite
from blueprint.compiler.lower.names import Names
from blueprint.compiler.lower.site import Owner, Site
from blueprint.compiler.lower.slots import Axes, Slots, axes_in, permuted
from blueprint.compiler.lower.tree import Place, Region, Uses
from blueprint.language.values import ValueType
from blueprint.ops.base import Layout


@dataclass(frozen=True)
class Step:
    """One statement: a node, or a call of a container.

    training: whether it runs in training alone. block: where it stands, for the reader.
    """

    reads: tuple[int, ...]
    makes: tuple[int, ...]
    training: bool
    block: str
    node: Node | None = None
    child: Place | None = None


@dataclass(frozen=True)
class Style:
    """How a function says things: whose weights a node reads, how a container or module is called.

    inplace: whether dead values may be overwritten. comments: whether blocks are named.
    """

    owner: Callable[[Step], Owner]
    call: Callable[[Step], str | None]
    inplace: bool
    comments: bool


class Body:
    """Writes the statements of the steps that run `region`, whose inputs the function's parameters hold."""

    def __init__(self, uses: Uses, region: Region, parameters: list[str], names: Names, style: Style) -> None:
        self.graph: Graph = uses.graph
        self.lines: list[str] = []
        self._uses, self._region, self._style = uses, region, style
        self._slots = Slots(names)
        for name, value in zip(parameters, region.inputs, strict=True):
            self._slots.adopt(name, value, self.graph.types[value].names)
        self._training = False
        self._made_in_training: set[int] = set()
        self._views: list[tuple[int, Axes]] = []
        self._deferred: list[str] = []
        self._block: str | None = None

    def write(self, steps: list[Step]) -> None:
        """Append the statements of all steps."""
        dying = _deaths(steps, self._region.outputs)
        for index, step in enumerate(steps):
            self._enter(step)
            self._statement(step, dying[index], last=index == len(steps) - 1)
        self._leave_training()

    def result(self, value: int) -> str:
        """The expression for a value of the region in its natural order, once all steps are written."""
        held, names = self._slots.held[value], self.graph.types[value].names
        have = names if names in held else self._slots.native(value)
        return permuted(held[have], have, names)

    def say(self, line: str) -> None:
        self.lines.append("    " + line if self._training and line else line)

    def _enter(self, step: Step) -> None:
        """Open or close the branch for training, and name the block."""
        if step.training != self._training:
            self._leave_training()
            if step.training:
                self.say("if training:")
                self._training = True
        if self._style.comments and step.block != self._block:
            if self.lines and self._block is not None and self.lines[-1] != "if training:":
                self.lines.append("")
            if step.block:
                self.say(f"# {step.block}")
            self._block = step.block

    def _leave_training(self) -> None:
        """Close the branch: what was only viewed or given up inside it is given up behind it."""
        self._training = False
        for value, axes in self._views:
            if value in self._slots.held:
                self._deferred.append(self._slots.held[value].pop(axes))
        self._clear(self._deferred)
        self._views, self._deferred = [], []

    def _clear(self, names: list[str]) -> None:
        owned = [name for name in names if name in self._slots.owned]
        if owned:
            self.say(" = ".join(owned) + " = None")
        self._slots.release(names)

    def _statement(self, step: Step, dying: list[int], last: bool) -> None:
        graph, held = self.graph, self._slots.held
        reads, makes = self._orders(step)
        inplace = self._style.inplace and step.node is not None and self._may_overwrite(step.node, reads)
        args = tuple(self._variable(value, axes) for value, axes in zip(step.reads, reads, strict=True))
        text = self._style.call(step)
        if text is not None:
            text = f"{text}({', '.join(args)})"
        else:
            assert step.node is not None, "lower: a container that nothing calls"
            types = graph.inputs_of(step.node)
            site = Site(args, types, graph.types[step.makes[0]], reads, makes[0], inplace, self._style.owner(step))
            text = step.node.op.code(site)

        dead: list[str] = []
        for value in dying:
            if value in held:
                outer = self._training and value not in self._made_in_training
                (self._deferred if outer else dead).extend(self._slots.drop(value))
        self._views = [(v, axes) for v, axes in self._views if v in held]
        self._slots.release(dead)
        targets = [self._slots.hold(value, axes) for value, axes in zip(step.makes, makes, strict=True)]
        if self._training:
            self._made_in_training.update(step.makes)
        if ", ".join(targets) != text:
            self.say(f"{', '.join(targets)} = {text}")
        unread = [name for v in dying if v in step.makes for name in self._slots.drop(v)]
        self._slots.release(unread)
        idle = [name for name in dict.fromkeys(dead + unread) if name in self._slots.owned]
        idle = [name for name in idle if name not in targets or name in unread]
        if idle and not last:
            self.say(" = ".join(idle) + " = None")

    def _may_overwrite(self, node: Node, reads: tuple[Axes, ...]) -> bool:
        if not may_overwrite(node, self._uses, self._region.start):
            return False
        return list(self._slots.held[node.inputs[0]]) == [reads[0]]

    def _variable(self, value: int, axes: Axes) -> str:
        """The variable that holds the value in that order, made as a view where there is none yet."""
        held = self._slots.held[value]
        if axes not in held:
            have = self._slots.native(value)
            text = permuted(held[have], have, axes)
            self.say(f"{self._slots.hold(value, axes)} = {text}")
            if self._training and value not in self._made_in_training:
                self._views.append((value, axes))
        return held[axes]

    def _orders(self, step: Step) -> tuple[tuple[Axes, ...], tuple[Axes, ...]]:
        """The orders of axes in which the step takes its values and gives them."""
        inputs = [self.graph.types[value] for value in step.reads]
        outputs = [self.graph.types[value] for value in step.makes]
        layout = "natural" if step.node is None else step.node.op.layout(*inputs)
        if layout == "any":
            held = self._slots.held
            layouts: tuple[Layout, ...] = ("first", "last", "natural")
            layout = max(layouts, key=lambda name: _there(held, step.reads, inputs, name))  # of equals the first
        return tuple(axes_in(t, layout) for t in inputs), tuple(axes_in(t, layout) for t in outputs)


def _there(held: dict[int, dict[Axes, str]], reads: tuple[int, ...], types: list[ValueType], layout: Layout) -> int:
    """How many of the values a variable holds in that layout already."""
    return sum(axes_in(t, layout) in held[v] for v, t in zip(reads, types, strict=True))


def _deaths(steps: list[Step], outputs: tuple[int, ...]) -> list[list[int]]:
    """For each step the values that nothing behind it reads, those it makes in vain among them."""
    kept = set(outputs)
    deaths: list[list[int]] = []
    for step in reversed(steps):
        dying = [v for v in dict.fromkeys((*step.reads, *step.makes)) if v not in kept]
        kept.update(dying)
        deaths.append(dying)
    return deaths[::-1]
