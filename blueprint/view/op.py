"""An op or structure as text: what it computes, and its fields."""

from __future__ import annotations

from inspect import cleandoc

from blueprint.compiler.structures import STRUCTURES
from blueprint.diagnostics import Diagnostic, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.language.types import show
from blueprint.ops import find, ops
from blueprint.ops.base import FieldInfo


def op_text(name: str) -> str:
    """What an op or structure computes, and a line per field; raises UsageError for an unknown name."""
    structure, op = STRUCTURES.get(name), find(name)
    if structure is not None:
        about, fields, main = structure.help, structure.fields, structure.main
        bodies = [*structure.roles, *structure.beside]
    elif op is not None:
        about, fields, main, bodies = cleandoc(op.__doc__ or ""), op.fields(), op.main, []
    else:
        meant = nearest(name, [*STRUCTURES, *ops()])
        help = f"did you mean `{meant}`?" if meant else ""
        raise UsageError([Diagnostic("unknown-op", f"there is no op `{name}`", help=help)])
    lines = [f"op `{name}`", "", about]
    if fields or bodies:
        lines += ["", "fields"]
        lines += [f"  {word}: body{'' if required else ', may be left out'}" for word, required in bodies]
        lines += [line for info in fields for line in _field(info, main)]
    return "\n".join(lines)


def _field(info: FieldInfo, main: str | None) -> list[str]:
    default = "required" if info.required else f"default {show(info.default)}"
    if not info.required and info.default is None:
        default = "may be left out"
    limits = [f"at least {info.minimum:g}"] if info.minimum is not None else []
    limits += [f"at most {info.maximum:g}"] if info.maximum is not None else []
    bare = [f"a bare value sets it: `{info.name}`"] if info.name == main else []
    return [f"  {info.name}: {info.type}, {', '.join([default, *limits, *bare])}", f"      {info.help}"]
