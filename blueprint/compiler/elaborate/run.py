"""Elaboration: running a bound model, node by node, into a graph of core nodes."""

from __future__ import annotations

from collections.abc import Callable

from blueprint.compiler.bind_calls import call_arguments
from blueprint.compiler.elaborate.computing import At, rules
from blueprint.compiler.elaborate.emitting import Emitting
from blueprint.compiler.elaborate.values import POISON, BlockBody, Env, LiteralBody, OpBody, Poisoned, Value
from blueprint.compiler.labels import transparent
from blueprint.compiler.structures import Structure
from blueprint.compiler.syntax import Argument, Block, Body, Constant, NodeSyntax, ValueSyntax
from blueprint.diagnostics import Note, Reporter, Span
from blueprint.diagnostics.wording import counted
from blueprint.language.types import ANY, BodyLike, Type, describe, frozen
from blueprint.ops import Op

MAX_DEPTH = 80
BOOL = Type(("bool",))

__all__ = ["At", "Elaborator"]


class Elaborator(Emitting):
    """Runs the bodies of one model."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(reporter)
        self.model_env: Env | None = None
        self.chosen: dict[int, Note] = {}  # for bodies that the model's settings name, where they do
        self._runs = 0
        self._constant: dict[
            int, tuple[dict[str, ValueSyntax], Op]
        ] = {}  # holds the syntaxes, so that no other has their id
        self._depth = 0

    def new_run(self) -> int:
        """A number that no other run of a structure has."""
        self._runs += 1
        return self._runs

    # Nodes.

    def body(self, body: Body, at: At) -> Value:
        """Run a list of nodes on `at.current`, which is its x; the value that leaves it."""
        env = at.env.inner()
        current = at.current
        for node in body.nodes:
            current = self.node(node, At(env, at.current, current, at.place))
        return current

    def node(self, node: NodeSyntax, at: At, label: str | None = None) -> Value:
        """Run one node: the value that leaves it, which it may also bind to a name."""
        self._depth += 1
        result: Value | tuple[Value, ...]
        try:
            result = self._guarded(node, at, label)
        except Poisoned:
            result = POISON
        self._depth -= 1
        self._name(node, result, at)
        return at.current if node.head == "side" or isinstance(result, tuple) else result

    def _name(self, node: NodeSyntax, result: Value | tuple[Value, ...], at: At) -> None:
        """Bind what the node names: its value, or of several the list or each."""
        several = isinstance(node.target, type) and node.target.several and result is not POISON
        values = result if isinstance(result, tuple) else (result,)
        if node.as_name is not None:
            at.env.names[node.as_name] = list(values) if several else values[0]
        if node.as_names is None:
            return
        if several and len(values) != len(node.as_names):
            message = f"`{node.head}` gives {counted(len(values), 'value')} here, and `as` names {len(node.as_names)}"
            self.report("wrong-type", message, node.named[0][1], at)
        fits = several and len(values) == len(node.as_names)
        for index, name in enumerate(node.as_names):
            at.env.names[name] = values[index] if fits else POISON

    def _guarded(self, node: NodeSyntax, at: At, label: str | None) -> Value | tuple[Value, ...]:
        self.step(node.span, at)
        if self._depth > MAX_DEPTH:
            often = max((note.message for note in at.place.calls), key=_called_block, default="")
            help = (
                f"does the recursion of {_called_block(often)} end? Guard the call with `when` or `if`" if often else ""
            )
            self.exhaust(f"blocks and bodies nest at most {MAX_DEPTH} deep", node.span, at, help=help)
            raise Poisoned
        if node.when is not None and not self.value(node.when, BOOL, at, "when"):
            return at.current
        sources = tuple([value for syntax in node.sources for value in self.values_of(syntax, at)])
        arity = node.target.arity if isinstance(node.target, type) else 1
        if sources and arity is not None and len(sources) != max(arity, 1):
            message = f"`{node.head}` takes {arity} value{'' if arity == 1 else 's'}, and these are {len(sources)}"
            self.report("wrong-type", message, node.sources[0].span, at)
            raise Poisoned
        if arity == 1 and sources:
            at = at._replace(current=sources[0])
        if node.share is not None:
            assert at.place.shared is not None, "elaborate: no place for a shared label"
            base = at.place.shared
            at = at._replace(place=at.place._replace(frames=base.frames, suffix=base.suffix, tied=True))
        name = node.share or label or node.label
        if isinstance(node.target, Structure):
            return self._structure(node, node.target, at, name, label is not None)
        if isinstance(node.target, str):
            return self._called(node, at, name)
        if node.init:
            at = at._replace(place=at.place.with_inits(self.inits(node.init, at)))
        return self.op(node, node.target, node.fields, sources, at, name)

    def op(
        self,
        node: NodeSyntax,
        op: type[Op],
        syntaxes: dict[str, ValueSyntax],
        sources: tuple[Value, ...],
        at: At,
        label: str,
    ) -> Value | tuple[Value, ...]:
        """Run an op with its fields computed here: its value, or all of one that gives several."""
        inputs = sources if op.arity is None or op.arity > 1 else () if op.arity == 0 else (at.current,)
        outputs = self.emit(self._made(op, syntaxes, at), inputs, at, label, node.span, node)
        return outputs if op.several and outputs != (POISON,) else outputs[0]

    def _made(self, op: type[Op], syntaxes: dict[str, ValueSyntax], at: At) -> Op:
        """The op with its fields computed here; one whose fields are the same everywhere is made once."""
        known = self._constant.get(id(syntaxes))
        if known is not None:
            return known[1]
        types = rules(op)
        fields: dict[str, object] = {}
        for name, syntax in syntaxes.items():
            kind, limits = types[name]
            fields[name] = frozen(self.value(syntax, kind, at, name, limits))
        made = op(**fields)
        if all(isinstance(syntax, Constant) for syntax in syntaxes.values()):
            self._constant[id(syntaxes)] = (syntaxes, made)
        return made

    # Calls.

    def _called(self, node: NodeSyntax, at: At, label: str) -> Value:
        found = at.env.lookup(node.head)
        if isinstance(found, Poisoned) or found is POISON:
            raise Poisoned
        body = found if isinstance(found, BodyLike) else at.env.body(node.head)
        if not isinstance(body, BodyLike):
            what = describe(found)
            help = (
                "a list of nodes among other values needs a name: write it as a block"
                if what.startswith("the list")
                else ""
            )
            self.report("unknown-op", f"`{node.head}` is {what}, not a body that could run", node.span, at, help=help)
            raise Poisoned
        chosen = self.chosen.get(id(body))
        if chosen is not None:
            at = at._replace(place=at.place.noted(chosen))
        return self.call(body, node, at, label)

    def call(self, body: BodyLike, node: NodeSyntax, at: At, label: str) -> Value:
        """Run a body that a node calls, with the node's arguments."""
        if isinstance(body, OpBody):
            return self._call_op(body.op, node, at, label)
        at = at._replace(place=at.place.within(node.span, node.as_name))
        if node.init:
            at = at._replace(place=at.place.with_inits(self.inits(node.init, at)))
        if isinstance(body, BlockBody):
            wanted = body.block.arguments or {}
            bound = self._given(node, wanted, f"block `{body.block.name}`", at)
            given = self._arguments(bound, wanted, at)
            return self.block(body.block, given, node.span, at, label)
        assert isinstance(body, LiteralBody), "elaborate: an unknown sort of body"
        names: dict[str, object] = {}
        if node.arguments is not None or node.main is not None:
            kind = node.names.type_of(node.head) if node.names is not None else None
            parameters = kind.parameters if kind is not None and kind.parameters is not None else ()
            wanted = {p: Argument(p, ANY, None, False, node.span) for p in parameters}
            bound = self._given(node, wanted, f"body `{node.head}`", at)
            names = self._arguments(bound, wanted, at)
        return self.literal(body, at, label, names)

    def _call_op(self, op: type[Op], node: NodeSyntax, at: At, label: str) -> Value:
        key = ("op", op)
        if key not in node.bound:
            tree = node.arguments if node.arguments is not None else node.main
            assert node.names is not None, "elaborate: a call without the names in its reach"
            with self.trailing(at):
                fields = self.binder.fields(op.name, op.fields(), op.main, tree, node.names, node.span)
            node.bound[key] = fields[0] if fields is not None else None
        syntaxes = node.bound[key]
        if syntaxes is None:
            raise Poisoned
        result = self.op(node, op, syntaxes, (at.current,), at, label)
        if isinstance(result, tuple):
            help = "write it as a node of its own, with `as`"
            self.report(
                "wrong-type", f"`{op.name}` gives several values, and a body gives one", node.span, at, help=help
            )
            raise Poisoned
        return result

    def _given(self, node: NodeSyntax, wanted: dict[str, Argument], what: str, at: At) -> dict[str, ValueSyntax]:
        with self.trailing(at):
            bound = call_arguments(self.binder, node, wanted, what)
        if bound is None:
            raise Poisoned
        return bound

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
        outer = self.model_env if block.sees_model else None
        env = Env(block.home, outer, dict(given))
        place = at.place.called(block.name, span).enter(label, self.new_run(), block.name)
        inside = At(env, at.current, at.current, place)
        for argument in (block.arguments or {}).values():
            if argument.name not in env.names and argument.default is not None:
                limits = (argument.minimum, argument.maximum)
                try:
                    env.names[argument.name] = self.value(
                        argument.default, argument.type, inside, argument.name, limits
                    )
                except Poisoned as fault:
                    env.names[argument.name] = fault
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
        stand_in = NodeSyntax(field, node.spans.get(field, node.span), "", names=node.names)
        assert isinstance(value, BodyLike), "elaborate: a role that is no body"
        return self.call(value, stand_in, at, label)

    def _structure(self, node: NodeSyntax, structure: Structure, at: At, label: str, named: bool) -> Value:
        from blueprint.compiler.elaborate.structures import RULES

        if (named or not transparent(node)) and structure.name not in ("parameter", "for", "repeat"):
            at = at._replace(place=at.place.enter(label, self.new_run()))
        if structure.name != "parameter" and node.init:
            at = at._replace(place=at.place.with_inits(self.inits(node.init, at)))
        rule: Callable[[Elaborator, NodeSyntax, At, str | None], Value] = RULES[structure.name]
        return rule(self, node, at, label if named or not transparent(node) else None)


def _called_block(note: str) -> str:
    return note.partition(",")[0].removeprefix("in block ")
