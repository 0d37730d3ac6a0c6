"""Elaboration: running a bound model, node by node, into a graph of core nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from blueprint.compiler.bind_nodes import NodeBinder
from blueprint.compiler.bind_values import limit_text, within
from blueprint.compiler.elaborate.place import InitMap, Place
from blueprint.compiler.elaborate.values import (
    POISON,
    BlockBody,
    Env,
    LiteralBody,
    OpBody,
    Poisoned,
    Value,
)
from blueprint.compiler.graph import Initialiser, Node
from blueprint.compiler.labels import transparent
from blueprint.compiler.structures import Structure
from blueprint.compiler.syntax import (
    Argument,
    Block,
    Body,
    BodyLiteral,
    Computed,
    Constant,
    Deferred,
    Inits,
    NodeSyntax,
    ValueSyntax,
)
from blueprint.diagnostics import Diagnostic, Note, Reporter, Span
from blueprint.language.evaluate import MISSING, evaluate
from blueprint.language.expression import ExpressionFault
from blueprint.language.tree import Mapping as TreeMapping
from blueprint.language.tree import Sequence as TreeSequence
from blueprint.language.tree import Tree
from blueprint.language.types import ANY, BodyLike, Mismatch, Type, ValueLike, coerce, parse_type, show
from blueprint.language.values import ValueType
from blueprint.ops import Misfit, Op

MAX_NODES = 20_000
MAX_DEPTH = 64
MAX_PARAMETERS = 10**11
MAX_ELEMENTS = 2**36
BODY = Type(parameters=())


@dataclass(frozen=True)
class At:
    """Where a node runs: the names in reach, the body's input, the value that enters it, the place."""

    env: Env
    x: Value
    current: Value
    place: Place


class _Scope:
    """The names of an expression at a place."""

    def __init__(self, run: Elaborator, at: At) -> None:
        self.run, self.at = run, at

    def lookup(self, name: str) -> object:
        if name == "x":
            return self.at.x
        if name == "in_channels":
            if self.at.current.type is None:
                raise Poisoned
            return self.at.current.type.channels
        found = self.at.env.lookup(name)
        if found is POISON or isinstance(found, Poisoned):
            raise Poisoned
        return found

    def body(self, name: str) -> object:
        return self.at.env.body(name)

    def known(self) -> list[str]:
        return ["x", "in_channels", *self.at.env.all_names()]

    def attribute(self, value: ValueLike, name: str) -> object:
        assert isinstance(value, Value), "elaborate: a foreign value"
        if value.type is None:
            raise Poisoned
        if name in ("height", "width", "tokens") and value.type.size(name) is not None:
            self.run.fixed_size = True
        size = value.type.size(name)
        return MISSING if size is None or name not in ("channels", "height", "width", "tokens") else size


class Elaborator:
    """Grows the graph of one model. Faults go to the reporter; what depends on them is left out."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.binder = NodeBinder(reporter)
        self.nodes: list[Node] = []
        self.types: list[ValueType] = []
        self.makers: dict[int, tuple[str, Span | None]] = {}
        self.parameters = 0
        self.fixed_size = False
        self.exhausted = False
        self.model_env: Env | None = None
        self._runs = 0
        self._late: dict[tuple[int, Type], ValueSyntax | None] = {}

    def new_run(self) -> int:
        """A number that no other run of a structure has."""
        self._runs += 1
        return self._runs

    # Values of fields.

    def value(
        self,
        syntax: ValueSyntax,
        kind: Type,
        at: At,
        what: str,
        limits: tuple[float | None, float | None] = (None, None),
    ) -> object:
        """What a field's syntax stands for here; raises Poisoned after a fault, which is reported."""
        if isinstance(syntax, Constant):
            return syntax.value
        if isinstance(syntax, Deferred):
            return self._deferred(syntax, kind, at, what)
        if isinstance(syntax, BodyLiteral):
            return LiteralBody(syntax, at.env)
        result: object
        if isinstance(syntax, Computed):
            try:
                result = evaluate(syntax.expression, _Scope(self, at), kind.members)
            except ExpressionFault as fault:
                span = syntax.span.within(fault.start, fault.end)
                self.report(fault.code, str(fault), span, at, label=fault.label, help=fault.help)
                raise Poisoned from None
        else:
            element = kind.element or ANY
            result = [self.value(item, element, at, what) for item in syntax.items]
        try:
            result = coerce(result, kind)
        except Mismatch as fault:
            self.report("wrong-type", f"`{what}` {fault}", syntax.span, at)
            raise Poisoned from None
        if not within(result, limits):
            self.report("out-of-range", f"`{what}` {limit_text(limits)}", syntax.span, at, label=f"is {show(result)}")
            raise Poisoned
        return result

    def _deferred(self, syntax: Deferred, kind: Type, at: At, what: str) -> object:
        tree: Tree = syntax.tree
        if kind == ANY and isinstance(tree, TreeSequence):
            kinds = [BODY if isinstance(item, TreeMapping) else ANY for item in tree.items]
            bound = [self._bind_late(item, k, syntax, what) for item, k in zip(tree.items, kinds, strict=True)]
            return [self.value(item, ANY, at, what) for item in bound]
        return self.value(self._bind_late(tree, BODY if kind == ANY else kind, syntax, what), kind, at, what)

    def _bind_late(self, tree: Tree, kind: Type, syntax: Deferred, what: str) -> ValueSyntax:
        key = (id(tree), kind)
        if key not in self._late:
            self._late[key] = self.binder.values.bind(tree, kind, syntax.names, what)
        bound = self._late[key]
        if bound is None:
            raise Poisoned
        return bound

    def field(self, node: NodeSyntax, name: str, default: object, at: At, kind: str) -> object:
        """A structure's field by its TYPE, or `default` where it is left out."""
        syntax = node.fields.get(name)
        return default if syntax is None else self.value(syntax, parse_type(kind), at, name)

    # Faults.

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        at: At,
        *,
        label: str = "",
        notes: tuple[Note, ...] = (),
        help: str = "",
    ) -> None:
        """Report a fault with the calls that led to it."""
        trail = at.place.calls[:8]
        if at.place.round:
            trail = (Note(at.place.round.lstrip(", ")), *trail)
        self.reporter.add(Diagnostic(code, message, span, label, (*notes, *trail), help))

    def misfit(self, fault: Misfit, node: NodeSyntax | None, span: Span, inputs: tuple[Value, ...], at: At) -> None:
        """Word an op's complaint as a diagnostic that names the producers of the values at fault."""
        place = span
        if node is not None and fault.field is not None:
            place = node.spans.get(fault.field, span)
        notes = []
        for index in fault.inputs:
            value = inputs[index] if index < len(inputs) else POISON
            name, made = self.makers.get(value.id, ("", None))
            if made is not None and value.type is not None:
                notes.append(Note(f"{name} gives {value.type} here", made))
        self.report(fault.code, fault.message, place, at, label=fault.label, notes=tuple(notes), help=fault.help)

    # Nodes.

    def emit(
        self, op: Op, inputs: tuple[Value, ...], at: At, label: str, span: Span, node: NodeSyntax | None = None
    ) -> tuple[Value, ...]:
        """Append an op to the graph; its outputs, or POISON after a fault."""
        if self.exhausted or any(v.type is None for v in inputs):
            return (POISON,)
        types = tuple(v.type for v in inputs if v.type is not None)
        try:
            op = op.resolve(*types)
            inferred = op.infer(*types)
            weights = op.weights(*types)
        except Misfit as fault:
            self.misfit(fault, node, span, inputs, at)
            return (POISON,)
        outs = inferred if isinstance(inferred, tuple) else (inferred,)
        if not self._affordable(outs, weights, span, at):
            return (POISON,)
        frames, label = at.place.leaf(label)
        init = self.inits_for(op, weights, at)
        outputs = tuple(Value(len(self.types) + i, kind) for i, kind in enumerate(outs))
        self.types.extend(outs)
        for value in outputs:
            self.makers[value.id] = (f"`{node.as_name if node and node.as_name else op.name}`", span)
        ids = tuple(v.id for v in outputs)
        self.nodes.append(Node(op, tuple(v.id for v in inputs), ids, frames, label, init, span, at.place.calls))
        return outputs

    def _affordable(self, outs: tuple[ValueType, ...], weights: Mapping[str, object], span: Span, at: At) -> bool:
        count = 0
        for weight in weights.values():
            size = 1
            for n in weight.shape:  # type: ignore[attr-defined]
                size *= n
            count += size
        self.parameters += count
        if len(self.nodes) >= MAX_NODES:
            self.report("budget", f"a network has at most {MAX_NODES:,} nodes", span, at)
        elif self.parameters > MAX_PARAMETERS:
            self.report("budget", f"a network has at most {MAX_PARAMETERS:,} parameters", span, at)
        elif any(kind.elements > MAX_ELEMENTS for kind in outs):
            self.report("budget", f"a value has at most {MAX_ELEMENTS:,} elements a sample", span, at)
        else:
            return True
        self.exhausted = True
        return False

    def inits_for(self, op: Op, weights: Mapping[str, object], at: At) -> dict[str, Initialiser]:
        """The initialisers of an op's weights: the nearest that is written for each."""
        found: dict[str, Initialiser] = {}
        for inits in at.place.inits:
            for name, (initialiser, span) in inits.get(op.name, {}).items():
                if name in weights:
                    found[name] = initialiser
                elif name not in ("weight", "bias"):
                    self.report(
                        "unknown-key",
                        f"`{op.name}` has no parameter `{name}`",
                        span,
                        at,
                        help=f"its parameters: {', '.join(weights)}" if weights else "",
                    )
        return found

    def inits(self, inits: Inits, at: At) -> InitMap:
        """Initialisers as written, with their settings computed here."""
        from blueprint.ops.initialisers import initialisers

        found: dict[str, dict[str, tuple[Initialiser, Span]]] = {}
        for op, by_parameter in inits.items():
            for name, initial in by_parameter.items():
                infos = {info.name: info for info in initialisers()[initial.name].fields}
                settings = {
                    key: self.value(syntax, parse_type(infos[key].type), at, key)
                    for key, syntax in initial.settings.items()
                }
                initialiser = Initialiser(initial.name, tuple(settings.items()))  # type: ignore[arg-type]
                found.setdefault(op, {})[name] = (initialiser, initial.span)
        return found

    def body(self, body: Body, at: At) -> Value:
        """Run a list of nodes on `at.current`, which is its x; the value that leaves it."""
        env = at.env.inner()
        current = at.current
        for node in body.nodes:
            current = self.node(node, At(env, at.current, current, at.place))
        return current

    def node(self, node: NodeSyntax, at: At, label: str | None = None) -> Value:
        """Run one node: the value that leaves it, which it may also bind to a name."""
        env = at.env
        try:
            result = self._guarded(node, at, label)
        except Poisoned:
            result = POISON
        if node.as_name is not None and node.head != "let":
            env.names[node.as_name] = result
        return at.current if node.head == "side" else result

    def _guarded(self, node: NodeSyntax, at: At, label: str | None) -> Value:
        if node.when is not None and not self.value(node.when, Type(("bool",)), at, "when"):
            return at.current
        sources = tuple(self.named(name, span, at) for name, span in node.sources)
        if sources and not (isinstance(node.target, type) and node.target.arity is None):
            at = replace(at, current=sources[0])
        if node.share is not None:
            assert at.place.shared is not None, "elaborate: no place for a shared label"
            base = at.place.shared
            at = replace(at, place=replace(at.place, frames=base.frames, suffix=base.suffix))
        name = label or node.label
        if isinstance(node.target, Structure):
            return self._structure(node, node.target, at, name, label is not None)
        if isinstance(node.target, str):
            return self._called(node, at, name)
        at = replace(at, place=at.place.with_inits(self.inits(node.init, at)))
        return self.op(node, node.target, node.fields, sources, at, name)

    def named(self, name: str, span: Span, at: At) -> Value:
        """The value between nodes that a name stands for."""
        found = at.x if name == "x" else at.env.lookup(name)
        if isinstance(found, Poisoned):
            raise found
        if not isinstance(found, Value):
            self.report("wrong-type", f"`{name}` is no value between nodes", span, at)
            raise Poisoned
        return found

    def op(
        self,
        node: NodeSyntax,
        op: type[Op],
        syntaxes: dict[str, ValueSyntax],
        sources: tuple[Value, ...],
        at: At,
        label: str,
    ) -> Value:
        """Run an op with its fields computed here."""
        infos = {info.name: info for info in op.fields()}
        fields = {
            name: self.value(syntax, parse_type(infos[name].type), at, name, (infos[name].minimum, infos[name].maximum))
            for name, syntax in syntaxes.items()
        }
        plain = {name: _plain(value) for name, value in fields.items()}
        inputs = sources if op.arity is None or op.arity > 1 else () if op.arity == 0 else (at.current,)
        outputs = self.emit(op(**plain), inputs, at, label, node.span, node)
        return outputs[0]

    # Calls.

    def _called(self, node: NodeSyntax, at: At, label: str) -> Value:
        found = at.env.lookup(node.head)
        if not isinstance(found, BodyLike | Poisoned):
            found = at.env.body(node.head)
        if isinstance(found, Poisoned) or found is POISON:
            raise Poisoned
        if not isinstance(found, BodyLike):
            self.report("unknown-op", f"`{node.head}` is not a body that could run", node.span, at)
            raise Poisoned
        return self.call(found, node, at, label)

    def call(self, body: BodyLike, node: NodeSyntax, at: At, label: str) -> Value:
        """Run a body that a node calls, with the node's arguments."""
        if isinstance(body, OpBody):
            return self._call_op(body.op, node, at, label)
        at = replace(at, place=at.place.with_inits(self.inits(node.init, at)))
        if isinstance(body, BlockBody):
            wanted = body.block.arguments or {}
            bound = self.binder.call_arguments(node, wanted, f"block `{body.block.name}`")
            if bound is None:
                raise Poisoned
            given = self._arguments(bound, wanted, at)
            return self.block(body.block, given, node.span, at, label)
        assert isinstance(body, LiteralBody), "elaborate: an unknown sort of body"
        names: dict[str, object] = {}
        if node.arguments is not None or node.main is not None:
            kind = node.names.type_of(node.head) if node.names is not None else None
            parameters = kind.parameters if kind is not None and kind.parameters is not None else ()
            wanted = {p: Argument(p, ANY, None, node.span) for p in parameters}
            bound = self.binder.call_arguments(node, wanted, f"body `{node.head}`")
            if bound is None:
                raise Poisoned
            names = self._arguments(bound, wanted, at)
        return self.literal(body, at, label, names)

    def _call_op(self, op: type[Op], node: NodeSyntax, at: At, label: str) -> Value:
        key = ("op", op)
        if key not in node.bound:
            tree = node.arguments if node.arguments is not None else node.main
            assert node.names is not None, "elaborate: a call without the names in its reach"
            fields = self.binder.fields(op.name, op.fields(), op.main, tree, node.names, node.span)
            node.bound[key] = fields[0] if fields is not None else None
        syntaxes = node.bound[key]
        if syntaxes is None:
            raise Poisoned
        return self.op(node, op, syntaxes, (at.current,), at, label)

    def _arguments(self, bound: dict[str, ValueSyntax], wanted: dict[str, Argument], at: At) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, syntax in bound.items():
            argument = wanted[name]
            try:
                values[name] = self.value(syntax, argument.type, at, name, (argument.minimum, argument.maximum))
            except Poisoned as fault:
                values[name] = fault
        return values

    def block(self, block: Block, given: dict[str, object], span: Span, at: At, label: str) -> Value:
        """Run a block with its arguments, inside a frame of that label."""
        if len(at.place.calls) >= MAX_DEPTH:
            self.report(
                "budget",
                f"blocks call each other at most {MAX_DEPTH} deep",
                span,
                at,
                help=f"does the recursion of `{block.name}` end? Guard the call with `when` or `if`",
            )
            self.exhausted = True
            raise Poisoned
        if self.exhausted:
            raise Poisoned
        outer = self.model_env if block.sees_model else None
        env = Env(block.home, outer, dict(given))
        place = at.place.called(block.name, span).enter(label, self.new_run(), block.name)
        inside = At(env, at.current, at.current, place)
        for argument in (block.arguments or {}).values():
            if argument.name not in env.names and argument.default is not None:
                env.names[argument.name] = self.value(argument.default, argument.type, inside, argument.name)
        place = place.with_inits(self.inits(block.init, inside)).sharing()
        return self.body(block.body, At(env, at.current, at.current, place))

    def literal(self, body: LiteralBody, at: At, label: str, names: dict[str, object] | None = None) -> Value:
        """Run a body written as a value: one node takes the label, a list stands in a frame of that label."""
        env = body.env.inner(**(names or {}))
        literal = body.literal
        if literal.single:
            return self.node(literal.body.nodes[0], At(env, at.current, at.current, at.place), label)
        place = at.place.enter(label, self.new_run())
        return self.body(literal.body, At(env, at.current, at.current, place))

    def role(self, value: object, node: NodeSyntax, field: str, at: At) -> Value:
        """Run a body given as a structure's field, named by its place."""
        label = node.places.get(field, field)
        if isinstance(value, LiteralBody):
            return self.literal(value, at, label)
        stand_in = NodeSyntax(field, node.spans.get(field, node.span), "", names=node.names, spans=dict(node.spans))
        assert isinstance(value, BodyLike), "elaborate: a role that is no body"
        return self.call(value, stand_in, at, label)

    def _structure(self, node: NodeSyntax, structure: Structure, at: At, label: str, named: bool) -> Value:
        from blueprint.compiler.elaborate.structures import RULES

        if (named or not transparent(node)) and structure.name not in ("parameter", "for", "repeat"):
            at = replace(at, place=at.place.enter(label, self.new_run()))
        if structure.name != "parameter":
            at = replace(at, place=at.place.with_inits(self.inits(node.init, at)))
        rule: Callable[[Elaborator, NodeSyntax, At, str | None], Value] = RULES[structure.name]
        return rule(self, node, at, label if named or not transparent(node) else None)


def _plain(value: object) -> object:
    """A field's value as an op holds it: lists as tuples, members of enumerations as texts."""
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    return str(value) if isinstance(value, str) else value
