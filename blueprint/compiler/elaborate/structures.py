"""What each structure of the language means: how it grows the graph from the value that enters it."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

from blueprint.compiler.elaborate.attention import attention
from blueprint.compiler.elaborate.branches import branches
from blueprint.compiler.elaborate.emitting import primitive
from blueprint.compiler.elaborate.explaining import causes, shortcut_help
from blueprint.compiler.elaborate.run import At, Elaborator
from blueprint.compiler.elaborate.values import POISON, Poisoned, Value
from blueprint.compiler.structures import ACTIVATIONS
from blueprint.compiler.syntax import NodeSyntax
from blueprint.diagnostics import Note
from blueprint.language.types import ANY, Type, describe

MAX_ROUNDS = 10_000
MAX_TOGETHER = 1_000_000
INT = Type(("int",))


def _body(run: Elaborator, node: NodeSyntax, role: str, at: At) -> Value:
    return run.body(node.bodies[role], at._replace(x=at.current))


def residual(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """body(x) * scale, dropped by path, + shortcut(x)."""
    skip = run.field(node, "skip", True, at, "bool")
    scale = run.field(node, "scale", 1.0, at, "float")
    rate = run.field(node, "drop_path", 0.0, at, "float")
    result = _body(run, node, "body", at)
    if not skip:
        return result
    short = at.current
    if "shortcut" in node.fields:
        value = run.value(node.fields["shortcut"], Type(parameters=()), at, "shortcut")
        short = run.role(value, node, "shortcut", at)
    assert isinstance(scale, float), "elaborate: a scale that is no float"
    if not isclose(scale, 1.0, rel_tol=0, abs_tol=0):
        result = run.emit(primitive("scale", factor=scale), (result,), at, node.places["scale"], node.span)[0]
    if rate:
        result = run.emit(primitive("drop_path", p=rate), (result,), at, node.places["drop_path"], node.span)[0]
    return _sum(run, node, at, result, short)


def _sum(run: Elaborator, node: NodeSyntax, at: At, result: Value, short: Value) -> Value:
    if result.type is not None and short.type is not None and result.type.axes != short.type.axes:
        plain = "shortcut" not in node.fields
        scene = run.scene(node.span, at)
        notes: list[Note] = []
        body, entering = scene.told((result, short))
        if body.span is not None:
            notes.append(Note(f"the body ends with {body}, which gives {result.type}", body.span))
        if entering.span is not None and plain:
            notes.append(Note(f"{entering} gives {short.type}, which enters", entering.span))
        elif entering.span is not None:
            notes.append(Note(f"the shortcut ends with {entering}, which gives {short.type}", entering.span))
        told = {note.span for note in notes}
        made = causes((result, short), scene, 1 if plain else 2)
        run.report(
            "shape-mismatch",
            "`residual` needs equal shapes",
            node.span,
            at,
            label=f"body {result.type} and {'input' if plain else 'shortcut'} {short.type}",
            notes=(*notes, *(note for note in made if note.span not in told)),
            help=shortcut_help(result.type, short.type, plain),
        )
        return POISON
    return run.emit(primitive("add"), (result, short), at, node.places["add"], node.span)[0]


def gate(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """x * activation(body(x))."""
    activation = str(run.field(node, "activation", "sigmoid", at, ACTIVATIONS))
    opened = _body(run, node, "body", at)
    opened = run.emit(primitive(activation), (opened,), at, node.places["activation"], node.span)[0]
    return run.emit(primitive("multiply"), (at.current, opened), at, node.places["multiply"], node.span)[0]


def rearrange(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """The axes moved, and with a body moved back behind it."""
    pattern = str(run.field(node, "pattern", "", at, "text"))
    sizes = tuple(
        (name, run.value(size, INT, at, name, (1, None))) for name, size in node.extra.get("sizes", {}).items()
    )
    op = primitive("rearrange", pattern=pattern, sizes=sizes)
    moved = run.emit(op, (at.current,), at, node.places["rearrange"], node.span, node)[0]
    if "body" not in node.bodies:
        return moved
    inside = _body(run, node, "body", at._replace(current=moved))
    if moved.type is None or inside.type is None or at.current.type is None:
        return POISON
    assert hasattr(op, "inverse"), "elaborate: a rearrange that cannot be undone"
    back = op.inverse(at.current.type)
    return run.emit(back, (inside,), at, node.places["back"], node.span, node)[0]


def parameter(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """A learned value."""
    shape = tuple(
        (name, run.value(size, INT, at, name, (1, None)))
        for name, size in node.extra.get("shape", {}).items()
        if size is not None
    )
    at = at._replace(place=at.place.with_inits(run.inits(node.init, at)))
    return run.emit(primitive("parameter", shape=shape), (), at, label or node.label, node.span, node)[0]


def let(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """Names for the rest of the body; the value passes."""
    for name, syntax in node.fields.items():
        try:
            at.env.names[name] = run.value(syntax, ANY, at, name)
        except Poisoned as fault:
            at.env.names[name] = fault
    return at.current


def side(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """The body's result, for its name alone."""
    return _body(run, node, "body", at)


def if_(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """One of two bodies."""
    condition = run.field(node, "condition", None, at, "bool")
    if condition:
        return _body(run, node, "then", at)
    return _body(run, node, "else", at) if "else" in node.bodies else at.current


def repeat(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """The body n times."""
    count = run.value(node.fields["count"], INT, at, "repeat", (0, None))
    assert isinstance(count, int), "elaborate: a count that is no int"
    if count > MAX_ROUNDS:
        _count(run, node, at, count)
    return _rounds(run, node, at, label, [{} for _ in range(count)])


def for_(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """The body once per row."""
    if "table" in node.extra:
        words, syntax = node.extra["table"]
        if syntax is None:
            raise Poisoned
        rows = run.value(syntax, Type(("table",)), at, "rows")
        assert isinstance(rows, list), "elaborate: rows that are no list"
        for row in rows:
            if not isinstance(row, list) or len(row) != len(words):
                message = f"a row has {len(words)} items, one per column"
                run.report("unequal-columns", message, node.span, at, label=f"one is {describe(row)}")
                raise Poisoned
        return _rounds(run, node, at, label, [dict(zip(words, row, strict=True)) for row in rows])
    columns: dict[str, list[object]] = {}
    counts: dict[str, int] = {}
    for name, (syntax, span) in node.extra["columns"].items():
        value = run.value(syntax, ANY, at, name)
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 0 or value > MAX_ROUNDS:
                _count(run, node, at, value)
            counts[name] = value
        elif isinstance(value, list | tuple):
            columns[name] = list(value)
        else:
            run.report(
                "wrong-type",
                f"the column `{name}` is neither a list nor an int",
                span,
                at,
                label=f"is {describe(value)}",
            )
            raise Poisoned
    lengths = {name: len(items) for name, items in columns.items()} | counts
    if len(set(lengths.values())) > 1:
        common = max(set(lengths.values()), key=list(lengths.values()).count)
        odd = next(name for name, length in lengths.items() if length != common)
        run.report(
            "unequal-columns",
            "the columns of a loop are equally long",
            node.extra["columns"][odd][1],
            at,
            label=", ".join(f"`{name}` has {length}" for name, length in lengths.items()),
        )
        raise Poisoned
    length = next(iter(lengths.values()))
    if length > MAX_ROUNDS:
        _count(run, node, at, length)
    rounds = [{name: columns[name][i] if name in columns else i for name in lengths} for i in range(length)]
    return _rounds(run, node, at, label, rounds)


def _count(run: Elaborator, node: NodeSyntax, at: At, count: int) -> None:
    code = "out-of-range" if count < 0 else "budget"
    message = "a loop counts from 0 up" if count < 0 else f"a loop runs at most {MAX_ROUNDS:,} times"
    run.report(code, message, node.span, at, label=f"{count:,} times")
    raise Poisoned


def _rounds(run: Elaborator, node: NodeSyntax, at: At, label: str | None, rounds: list[dict[str, object]]) -> Value:
    """Run a loop's body once per row; with a label, each round stands in a frame of its index."""
    if len(rounds) > MAX_ROUNDS:
        _count(run, node, at, len(rounds))
    together = at.place.rounds * max(1, len(rounds))
    if together > MAX_TOGETHER:
        run.exhaust(f"loops inside each other run at most {MAX_TOGETHER:,} times", node.span, at, f"{together:,} times")
        raise Poisoned
    shared = node.share is not None
    loop = run.new_run()
    base = at.place
    if label is not None and not shared:
        base = base.enter(label, loop)
    collected: dict[str, list[object]] = {outer: [] for outer in node.extra.get("collect", {})}
    current = at.current
    body = node.bodies.get("do")
    if body is None:
        raise Poisoned
    for index, names in enumerate(rounds):
        run.step(node.span, at)
        faults = len(run.reporter.found)
        env = at.env.inner(**names)
        if shared:
            place = base.enter(label or node.label, run.new_run())
        elif label is not None:
            place = base.enter(str(index), run.new_run())
        else:
            place = base.indexed(index, loop)
        place = place._replace(round=f", repeat {index + 1} of {len(rounds)}", rounds=together).sharing()
        inner = env.inner()
        inside = At(inner, current, current, place)
        for step in body.nodes:
            inside = At(inner, current, run.node(step, inside), place)
        current = inside.current
        for outer, syntax in node.extra.get("collect", {}).items():
            try:
                collected[outer].append(
                    run.one_value(syntax, At(inner, current, current, place), "what a loop collects")
                )
            except Poisoned:
                collected[outer].append(POISON)
        if len(run.reporter.found) > faults:  # the rounds to come would show the same again
            at.env.names.update(dict.fromkeys(collected, Poisoned()))
            return POISON
    at.env.names.update(collected)
    return current


RULES: dict[str, Callable[[Elaborator, NodeSyntax, At, str | None], Value]] = {
    "residual": residual,
    "gate": gate,
    "branches": branches,
    "attention": attention,
    "rearrange": rearrange,
    "parameter": parameter,
    "for": for_,
    "repeat": repeat,
    "if": if_,
    "side": side,
    "let": let,
}
