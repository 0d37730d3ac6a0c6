"""Binding what enters a node: `from`, and the inputs of ops that take several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.compiler.syntax import Computed, Names, NodeSyntax
from blueprint.diagnostics import Note, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.terms import Name
from blueprint.language.tree import Mapping, Scalar, Sequence, Tree
from blueprint.language.types import Type
from blueprint.ops.base import Op

if TYPE_CHECKING:
    from blueprint.compiler.bind_nodes import NodeBinder

VALUE = Type(("map", "tokens", "vector"))


def check_sources(binder: NodeBinder, node: NodeSyntax) -> None:
    """Report more values than one that enter what takes one."""
    arity = node.target.arity if isinstance(node.target, type) else int(node.head != "parameter")
    if "from" in node.spans and (arity == 0 or (arity == 1 and len(node.sources) > 1)):
        message = f"`{node.head}` takes {'no value' if arity == 0 else 'one value'}"
        help = "join several with `add`, `multiply` or `concat` before it" if arity else "leave out `from`"
        binder.reporter.error("wrong-type", message, node.spans["from"], help=help)


def bind_sources(binder: NodeBinder, tree: Tree, names: Names) -> tuple[Computed, ...]:
    """The values in a list, or one, each a name or an expression; names that are not known are reported."""
    found = []
    if isinstance(tree, Sequence) and not tree.items:
        binder.reporter.error("wrong-type", "a value is missing", tree.span, help="values are given by name: `[a, b]`")
    for item in tree.items if isinstance(tree, Sequence) else (tree,):
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            binder.reporter.error(
                "wrong-type", "a value is given by its name", item.span, help="name it with `as` where it is made"
            )
            continue
        expression = binder.values.expression(item.value, item.inner)
        if expression is None:
            continue
        if isinstance(expression, Name) and expression.name != "x" and not names.variable(expression.name):
            _no_value(binder, expression.name, item.span, names)
        elif isinstance(expression, Name) or binder.values.check_names(expression, VALUE, names, item.inner):
            found.append(Computed(expression, item.inner))
    return tuple(found)


def _no_value(binder: NodeBinder, name: str, span: Span, names: Names) -> None:
    meant, elsewhere = nearest(name, ["x", *names.variables()]), binder.bound_at.get(name)
    help = f"did you mean `{meant}`?" if meant else "name a value with `as` where it is made"
    notes = []
    later = next((found[name] for found in reversed(binder.coming) if name in found), None)
    if later is not None:
        notes = [Note("it is made here, further down", later)]
        help = "a value is used after the node that makes it"
    elif elsewhere is not None:
        notes = [Note("this one is seen only inside its own loop, path or block", elsewhere)]
        help = "`collect` gives a loop's values to what follows; a block takes values as arguments"
    binder.reporter.error("unknown-name", f"nothing here is called `{name}`", span, notes=notes, help=help)


def bind_inputs(binder: NodeBinder, node: NodeSyntax, op: type[Op], tree: Tree, names: Names) -> Mapping | None:
    """Bind the inputs of an op of several; what is left are its fields. None after a fault."""
    fields, given = Mapping((), tree.span), tree
    if isinstance(tree, Mapping):
        entry = tree.entry("inputs")
        fields = Mapping(tuple(e for e in tree if e is not entry), tree.span)
        given = Scalar(None, tree.span) if entry is None else entry.value
    nothing = isinstance(given, Scalar) and given.value is None
    filled = binder.defaults.get(node.head, {})
    needed = next((info.name for info in op.fields() if info.required and info.name not in filled), None)
    if needed is not None and not nothing and not isinstance(tree, Mapping):
        help = f"`{node.head}: {{{needed}: …, inputs: [a, b]}}`"
        binder.reporter.error("missing-key", f"`{node.head}` needs `{needed}` beside its inputs", tree.span, help=help)
        return None
    if nothing and not node.sources:
        if "from" not in node.spans:
            help = f"`{node.head}: [a, b]`"
            binder.reporter.error("missing-key", f"`{node.head}` needs its inputs by name", node.span, help=help)
        return None
    if not nothing and node.sources:
        binder.reporter.error(
            "unknown-key", f"`{node.head}` has its inputs already", node.spans["from"], help="leave out `from`"
        )
        return None
    if not nothing:
        before = len(binder.reporter.found)
        node.sources = bind_sources(binder, given, names)
        if len(binder.reporter.found) > before:
            return None
    if isinstance(given, Sequence) and op.arity is not None and len(node.sources) != op.arity:
        binder.reporter.error("wrong-type", f"`{node.head}` takes {op.arity} inputs", node.span)
        return None
    return fields
