"""The start of elaboration: arguments, inputs, body and outputs of one model."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.compiler.elaborate.computing import At
from blueprint.compiler.elaborate.explaining import Maker
from blueprint.compiler.elaborate.place import Place
from blueprint.compiler.elaborate.run import Elaborator
from blueprint.compiler.elaborate.values import POISON, BlockBody, Env, OpBody, Poisoned, Value
from blueprint.compiler.graph import Graph
from blueprint.compiler.syntax import Model, ValueSyntax
from blueprint.diagnostics import Diagnostic, Note, Reporter, Span
from blueprint.language.types import ANY, Type
from blueprint.language.values import ValueType, by_rank

SHAPE = Type(element=Type(("int",)))


def elaborate(
    model: Model,
    reporter: Reporter,
    settings: Mapping[str, ValueSyntax] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> tuple[Graph | None, dict[str, object]]:
    """The graph of a model at the given settings and input shapes, and its arguments' values.

    The graph is None after a fault, which is reported.
    """
    run = Elaborator(reporter)
    env = Env(model.library)
    run.model_env = env
    start = At(env, POISON, POISON, Place())
    start = start._replace(place=start.place.sharing())
    faults = len(reporter.found)
    _arguments(run, model, settings or {}, env, start)
    for name, syntax in model.lets.items():
        try:
            env.names[name] = run.value(syntax, ANY, start, name)
        except Poisoned as fault:
            env.names[name] = fault
    inputs: list[tuple[str, int]] = []
    for name, syntax in model.inputs.items():
        try:
            shape = (shapes or {}).get(name) or run.value(syntax, SHAPE, start, "input")
        except Poisoned:
            return None, {}
        value = _input(run, name, tuple(shape), syntax.span, start)  # type: ignore[arg-type]
        if value is None:
            return None, {}
        inputs.append((name if len(model.inputs) > 1 or name != "input" else "x", value.id))
        if len(model.inputs) > 1 or name != "input":
            env.names[name] = value
    arguments = {name: env.names[name] for name in model.arguments if name in env.names}
    first = Value(inputs[0][1], run.types[inputs[0][1]])
    try:
        place = start.place.with_inits(run.inits(model.init, start)).sharing()
    except Poisoned:
        return None, arguments
    inner = env.inner()
    at = At(inner, first, first, place)
    for node in model.body.nodes:
        at = at._replace(current=run.node(node, at))
    outputs, training_only = _outputs(run, model, at)
    if len(reporter.found) > faults or not outputs:
        return None, arguments
    _warn_of_maps(run, outputs, training_only, at)
    graph = Graph(
        model.name,
        tuple(inputs),
        tuple(outputs),
        tuple(run.nodes),
        tuple(run.types),
        frozenset(training_only),
        run.fixed_size,
    )
    return graph, arguments


def _arguments(run: Elaborator, model: Model, settings: Mapping[str, ValueSyntax], env: Env, at: At) -> None:
    given = {**model.settings, **settings}
    for name, argument in model.arguments.items():
        syntax = given.get(name, argument.default)
        if syntax is None:
            run.reporter.error(
                "missing-key",
                f"the model needs its argument `{name}`",
                argument.span,
                help=f"give it a default, or a value: --set {name}=…",
            )
            env.names[name] = Poisoned()
            continue
        try:
            value = run.value(syntax, argument.type, at, name, (argument.minimum, argument.maximum))
            env.names[name] = value
            if name in given and isinstance(value, OpBody | BlockBody):
                word = value.op.name if isinstance(value, OpBody) else value.block.name
                run.chosen[id(value)] = Note(f"`{name}` is `{word}`, set at {syntax.span.place}")
        except Poisoned as fault:
            env.names[name] = fault


def _input(run: Elaborator, name: str, shape: tuple[int, ...], span: Span, at: At) -> Value | None:
    if not 1 <= len(shape) <= 3 or any(size < 1 for size in shape):
        run.report(
            "out-of-range",
            "an input is [C, H, W], [L, D] or [D], each at least 1",
            span,
            at,
            label=f"is {list(shape)}",
        )
        return None
    kind: ValueType = by_rank(shape)
    run.types.append(kind)
    value = Value(len(run.types) - 1, kind)
    run.makers[value.id] = Maker(span, called=f"the input `{name}`" if name != "input" else "the input")
    return value


def _outputs(run: Elaborator, model: Model, at: At) -> tuple[list[tuple[str, int]], list[str]]:
    """The named outputs that exist, or the last value as the one called `output`."""
    if not model.outputs:
        return ([("output", at.current.id)] if at.current.type is not None else []), []
    found: list[tuple[str, int]] = []
    only: list[str] = []
    poisoned = False
    for output in model.outputs:
        try:
            if output.when is not None and not run.value(output.when, Type(("bool",)), at, "when"):
                continue
            value = run.one_value(output.value, at, "an output")
        except Poisoned:
            poisoned = True
            continue
        if value.type is None:
            poisoned = True
            continue
        found.append((output.name, value.id))
        if output.training_only:
            only.append(output.name)
    if len(only) == len(found) and not poisoned:
        what = "every output is for training only" if found else "every output is off"
        help = "name one that is there at all times"
        run.report("expression-value", what, model.outputs[0].span, at, help=help)
    return found, only


def _warn_of_maps(run: Elaborator, outputs: list[tuple[str, int]], only: list[str], at: At) -> None:
    """Warn of an output that a linear makes of a map: a classifier most likely lost its pooling."""
    values = {value for name, value in outputs if name not in only}
    for node in run.nodes:
        kind = run.types[node.outputs[0]]
        if (
            node.outputs[0] in run.written
            and node.op.name == "linear"
            and kind.kind == "map"
            and values.intersection(node.outputs)
        ):
            run.reporter.add(
                Diagnostic(
                    "wrong-kind",
                    "the network ends with a map, not a vector",
                    node.span,
                    f"gives {kind}: scores at each of {kind.size('height')} x {kind.size('width')} places",
                    node.trail,
                    "insert `global_avg_pool` or `flatten` before it; for a map on purpose take a 1x1 conv",
                    "warning",
                )
            )
