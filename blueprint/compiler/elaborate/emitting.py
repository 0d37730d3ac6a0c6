"""Emitting core nodes: their types, costs, names and initialisers, and the budgets that they must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blueprint.compiler.elaborate.computing import At, Computing
from blueprint.compiler.elaborate.explaining import Maker, Makers, Scene, causes, lost_name, mending
from blueprint.compiler.elaborate.values import POISON, Poisoned, Value
from blueprint.compiler.graph import Initialiser, Node
from blueprint.compiler.syntax import NodeSyntax
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.language.terms import Name
from blueprint.language.values import ValueType
from blueprint.ops import Misfit, Op, find
from blueprint.ops.base import Weight
from blueprint.ops.facts import Facts, facts, resolved
from blueprint.ops.initialisers import initialisers

MAX_NODES = 20_000
MAX_STEPS = 50_000
MAX_PARAMETERS = 10**11
MAX_ELEMENTS = 2**36
MAX_AXES = 16

Path = tuple[str, ...]


@dataclass(frozen=True)
class _Bearer:
    """The node whose weights stand under a path; tied: a label of `share` is why others may as well."""

    op: Op
    weights: Mapping[str, Weight]
    span: Span
    tied: bool


class Emitting(Computing):
    """Grows the graph; what depends on a fault is left out."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(reporter)
        self.nodes: list[Node] = []
        self.types: list[ValueType] = []
        self.makers: Makers = {}
        self.written: set[int] = set()  # the values of nodes of their own, no part of a structure
        self.parameters = 0
        self.steps = 0
        self._bearers: dict[Path, _Bearer] = {}
        self._above: dict[Path, Span] = {}

    def step(self, span: Span, at: At) -> None:
        """Count a node or a round of a loop; raises Poisoned when the budget is used up."""
        self.steps += 1
        if self.steps > MAX_STEPS and not self.exhausted:
            self.exhaust(f"a spec expands to at most {MAX_STEPS:,} steps", span, at)
        if self.exhausted:
            raise Poisoned

    def exhaust(self, message: str, span: Span, at: At, label: str = "", help: str = "") -> None:
        """Report that a budget is used up; nothing more is elaborated."""
        self.report("budget", message, span, at, label=label, help=help)
        self.exhausted = True

    def emit(
        self,
        op: Op,
        inputs: tuple[Value, ...],
        at: At,
        label: str,
        span: Span,
        node: NodeSyntax | None = None,
        roles: tuple[str, ...] = (),
    ) -> tuple[Value, ...]:
        """Append an op to the graph; its outputs, or POISON after a fault.

        roles: what each input is in the structure that joins them, for the words of a fault.
        """
        types = tuple([v.type for v in inputs if v.type is not None])
        if self.exhausted or len(types) < len(inputs):
            return (POISON,)
        try:
            op = resolved(op, types)
            known = facts(op, types)
        except Misfit as fault:
            self._misfit(fault, op, node, span, inputs, at, roles)
            return (POISON,)
        outs, weights = known.outputs, known.weights
        frames, label = at.place.leaf(label)
        if not self._affordable(known, span, at):
            return (POISON,)
        if weights and not self._bears((*[frame.name for frame in frames], label), op, weights, span, at):
            return (POISON,)
        init = self._inits_for(op, weights, at)
        outputs = tuple([Value(id, kind) for id, kind in enumerate(outs, len(self.types))])
        self.types.extend(outs)
        maker = Maker(span, node.as_name if node else None, calls=at.place.entered)
        ids = tuple([v.id for v in outputs])
        for id in ids:
            self.makers[id] = maker
        if node is not None:
            self.written.update(ids)
        self.nodes.append(Node(op, tuple([v.id for v in inputs]), ids, frames, label, init, span, at.place.calls))
        return outputs

    def _affordable(self, known: Facts, span: Span, at: At) -> bool:
        self.parameters += known.parameters
        if len(self.nodes) >= MAX_NODES:
            self.exhaust(f"a network has at most {MAX_NODES:,} nodes", span, at)
        elif self.parameters > MAX_PARAMETERS:
            label = f"{self.parameters:,} with this node's"
            self.exhaust(f"a network has at most {MAX_PARAMETERS:,} parameters", span, at, label)
        elif known.largest > MAX_ELEMENTS:
            label = f"this one has {known.largest:,}"
            self.exhaust(f"a value has at most {MAX_ELEMENTS:,} elements a sample", span, at, label)
        elif any(len(kind.axes) > MAX_AXES for kind in known.outputs):
            self.exhaust(f"a value has at most {MAX_AXES} axes", span, at)
        else:
            return True
        return False

    def _bears(self, path: Path, op: Op, weights: Mapping[str, Weight], span: Span, at: At) -> bool:
        """Whether the weights may stand under `path`: it is free, or shared with nodes that are alike."""
        prior = self._bearers.get(path)
        if prior is None:
            below = self._above.get(path)
            fresh = [path[:end] for end in range(len(path) - 1, 0, -1)] if path[:-1] not in self._above else []
            above = next((b.span for prefix in fresh if (b := self._bearers.get(prefix))), None)
            if below is not None or above is not None:
                self._collision(path, span, below or above, at)
                return False
            self._bearers[path] = _Bearer(op, weights, span, at.place.tied)
            for prefix in fresh:
                self._above.setdefault(prefix, span)
            return True
        if not (prior.tied and at.place.tied):
            self._collision(path, span, prior.span, at)
            return False
        if prior.op == op and prior.weights == weights:
            return True
        where = (Note("shared with this one", prior.span),) if prior.span != span else ()
        if type(prior.op) is not type(op):
            message, label = f"a `{prior.op.name}` and a `{op.name}` cannot share weights", ""
        elif prior.weights != weights:
            name = next(n for n in (*weights, *prior.weights) if weights.get(n) != prior.weights.get(n))
            message = f"nodes that share their weights need them in one shape, and `{name}` differs"
            label = f"{_shape(weights.get(name))} here, {_shape(prior.weights.get(name))} before"
        else:
            name = next(f.name for f in op.fields() if getattr(op, f.name) != getattr(prior.op, f.name))
            message = f"nodes that share their weights are alike, and these differ in `{name}`"
            label = f"{getattr(op, name)} here, {getattr(prior.op, name)} before"
        help = "give each a label of its own, or make them alike"
        self.report("shape-mismatch", message, span, at, label=label, notes=where, help=help)
        return False

    def _collision(self, path: Path, span: Span, other: Span | None, at: At) -> None:
        notes = (Note("the other one", other),) if other is not None and other != span else ()
        message = f"the weights of two nodes would both stand under `{'.'.join(path)}`"
        self.report("name-clash", message, span, at, notes=notes, help="give one of them another name with `as`")

    def _misfit(
        self,
        fault: Misfit,
        op: Op,
        node: NodeSyntax | None,
        span: Span,
        inputs: tuple[Value, ...],
        at: At,
        roles: tuple[str, ...],
    ) -> None:
        """Word an op's complaint as a diagnostic that names the producers of the values at fault."""
        place = span
        if node is not None and fault.field is not None:
            place = node.spans.get(fault.field, span)
        notes: list[Note] = []
        scene = self.scene(span, at)
        values = [inputs[index] if index < len(inputs) else POISON for index in fault.inputs]
        names = [roles[index] for index in fault.inputs if index < len(roles)]
        for index, (value, maker) in enumerate(zip(values, scene.told(values), strict=True)):
            if maker.span is not None and maker.span != span and value.type is not None:
                lead = f"{names[index]} ends with {maker}, which" if names else str(maker)
                notes.append(Note(f"{lead} gives {value.type} here", maker.span))
        help = fault.help
        if fault.code == "shape-mismatch" and len(values) == 2:
            extra = causes(values, scene)
            told = {note.span for note in notes}
            notes = [_joined(note, extra) for note in notes] + [note for note in extra if note.span not in told]
            if op.name in ("add", "average", "maximum", "multiply"):
                help = mending(values, scene, names) or help
        axis = getattr(op, "axis", None)
        if fault.code == "wrong-kind" and isinstance(axis, str) and values:
            help = lost_name(axis, values[0], scene) or help
        help = self._instead_of_x(op, node, inputs, scene, at) or help
        self.report(fault.code, fault.message, place, at, label=fault.label, notes=tuple(notes), help=help)

    def scene(self, span: Span, at: At) -> Scene:
        """What is known at a place, for the words of a fault."""
        return Scene(self.nodes, self.types, self.makers, span, at.place.entered)

    def _instead_of_x(self, op: Op, node: NodeSyntax | None, inputs: tuple[Value, ...], scene: Scene, at: At) -> str:
        """The help where the value made last would fit in place of an `x`, for which it may have been taken."""
        sources = node.sources if node is not None else ()
        last = at.current
        if len(sources) != len(inputs) or last.type is None or last in (at.x, *inputs):
            return ""
        taken = [last if source.expression == Name("x", 0, 1) else v for source, v in zip(sources, inputs, strict=True)]
        types = [value.type for value in taken if value.type is not None]
        try:
            op.resolve(*types).infer(*types)
        except Misfit:
            return ""
        maker = str(scene.told([last])[0]) or "the node before"
        return f"`x` is what enters the body; name what {maker} gives with `as`, and take that"

    def _inits_for(self, op: Op, weights: Mapping[str, Weight], at: At) -> dict[str, Initialiser]:
        """The initialisers of an op's weights: the nearest that is written for each."""
        found: dict[str, Initialiser] = {}
        places: dict[str, Span] = {}
        for inits in at.place.inits:
            for name, (initialiser, span) in inits.get(op.name, {}).items():
                if name in weights:
                    found[name], places[name] = initialiser, span
                elif not weights or name not in ("weight", "bias"):
                    help = f"its parameters: {', '.join(weights)}" if weights else "only ops with weights are filled"
                    self.report("unknown-key", f"`{op.name}` has no parameter `{name}`", span, at, help=help)
        for name, initialiser in found.items():
            least, most = initialisers()[initialiser.name].ranks
            rank = len(weights[name].shape)
            if not least <= rank <= most:
                axes = f"{least}" if least == most else f"{least} to {most}" if most < 99 else f"{least} or more"
                self.report(
                    "shape-mismatch",
                    f"`{initialiser.name}` fills weights of {axes} axes",
                    places[name],
                    at,
                    label=f"`{name}` of `{op.name}` has {rank}: {_shape(weights[name])}",
                    help="take another initialiser, such as `zeros` or `normal`",
                )
        return found


def primitive(name: str, **fields: object) -> Op:
    """The op of that name which a structure makes by itself."""
    op = find(name)
    assert op is not None, f"elaborate: no op {name}"
    return op(**fields)


def _joined(note: Note, causes: list[Note]) -> Note:
    """The note, with the cause that stands at its place."""
    for cause in causes:
        if cause.span == note.span and cause != note:
            change = cause.message.partition("` ")[2].removesuffix(" here")
            return Note(f"{note.message.removesuffix(' here')} here: it {change}", note.span)
    return note


def _shape(weight: Weight | None) -> str:
    return "none" if weight is None else str(tuple(weight.shape))
