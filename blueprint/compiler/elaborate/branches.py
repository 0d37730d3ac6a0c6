"""Branches: paths over one input or over parts of its channels, and the value that their results become."""

from __future__ import annotations

from blueprint.compiler.bind_values import limit_text
from blueprint.compiler.elaborate.emitting import primitive
from blueprint.compiler.elaborate.run import At, Elaborator
from blueprint.compiler.elaborate.values import POISON, Poisoned, Value
from blueprint.compiler.syntax import NodeSyntax
from blueprint.language.types import Type
from blueprint.ops.kinds import axes_help

INT = Type(("int",))

_MERGES = {"concat": "concat", "add": "add", "multiply": "multiply", "mean": "average", "max": "maximum"}


def branches(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """Paths over one input, or over parts of it, merged."""
    merge = str(run.field(node, "merge", None, at, "concat | add | multiply | mean | max"))
    axis = str(run.field(node, "axis", "channels", at, "text"))
    on = [path.when is None or bool(run.value(path.when, Type(("bool",)), at, "when")) for path in node.paths]
    entering = _parts(run, node, at, on)
    results: list[Value] = []
    roles: list[str] = []
    for path, value, runs in zip(node.paths, entering, on, strict=True):
        if not runs:
            continue
        place = at.place.enter(path.label, run.new_run())
        results.append(run.body(path.body, at._replace(x=value, current=value, place=place)))
        roles.append(f"path `{path.name}`")
    if not results:
        run.report("expression-value", "every path of `branches` is off", node.span, at, help="guard the node itself")
        return POISON
    kind = results[0].type
    sure = len(results) > 1 or len(node.paths) == 1  # else a path that is off may be what has the axis
    if sure and "axis" in node.fields and kind is not None and kind.size(axis) is None:
        message, span = f"the paths give no axis `{axis}`", node.fields["axis"].span
        run.report("wrong-kind", message, span, at, label=f"they give {kind}", help=axes_help(kind, axis))
        return POISON
    if len(results) == 1:
        return results[0]
    op = primitive("concat", axis=axis) if merge == "concat" else primitive(_MERGES[merge])
    return run.emit(op, tuple(results), at, node.places["merge"], node.span, node, tuple(roles))[0]


def _parts(run: Elaborator, node: NodeSyntax, at: At, on: list[bool]) -> list[Value]:
    """What enters each path: the input itself, or a part of its channels; POISON for a part of none, of a path off."""
    split = node.extra.get("split")
    if split is None:
        return [at.current] * len(node.paths)
    if at.current.type is None:
        raise Poisoned
    channels, span = at.current.type.channels, node.extra["split_span"]
    if isinstance(split, dict):
        sizes = _shares(run, node, at, on, channels)
    else:
        count = run.value(split, INT, at, "split", (2, None))
        assert isinstance(count, int), "elaborate: a split that is no int"
        if count != len(node.paths):
            message = f"`split` makes {count} parts for {len(node.paths)} paths"
            run.report("expression-value", message, span, at, help=f"split: {len(node.paths)}")
            raise Poisoned
        if channels % count:
            run.report(
                "not-divisible",
                f"the channels (={channels}) must be divisible by `split` (={count})",
                span,
                at,
                help=f"give sizes by path name: `split: {{{node.paths[0].name}: {channels // count}, …: rest}}`",
            )
            raise Poisoned
        sizes = [channels // count] * count
    some = tuple(size for size in sizes if size)
    parts = run.emit(primitive("split", sizes=some), (at.current,), at, node.places["split"], span)
    if len(parts) != len(some):
        raise Poisoned
    left = iter(parts)
    return [next(left) if size else POISON for size in sizes]


def _shares(run: Elaborator, node: NodeSyntax, at: At, on: list[bool], channels: int) -> list[int]:
    """The channels of each path, given by name; 0 for a path alone that is off."""
    span, open_path = node.extra["split_span"], None
    sizes: list[int] = []
    for path, runs in zip(node.paths, on, strict=True):
        syntax = node.extra["split"].get(path.name)
        if syntax is None:
            open_path = len(sizes)
            sizes.append(0)
            continue
        size = run.value(syntax, INT, at, path.name, (0, None))
        assert isinstance(size, int), "elaborate: a share that is no int"
        if runs and not size:
            message, label = f"`{path.name}` {limit_text((1, None))}", "is 0, and the path is on"
            run.report("out-of-range", message, syntax.span, at, label=label)
            raise Poisoned
        sizes.append(size)
    rest = channels - sum(sizes)
    if open_path is not None and rest == 0 and on[open_path]:
        name = node.paths[open_path].name
        help = f"leave it some; or guard it, since a path that is off takes none: `{name}: {{when: …, body: […]}}`"
        label = f"the other parts take all {channels} channels"
        run.report("not-divisible", f"nothing is left for path `{name}`", span, at, label=label, help=help)
        raise Poisoned
    if rest < 0 or (open_path is None and rest != 0):
        label = f"the parts take {channels - rest} of {channels} channels"
        run.report("not-divisible", "`split` must use up the channels exactly", span, at, label=label)
        raise Poisoned
    if open_path is not None:
        sizes[open_path] = rest
    return sizes
