"""An op, structure or shipped block as text: what it computes, and its fields; and the list of them all."""

from __future__ import annotations

from inspect import cleandoc
from textwrap import wrap

from blueprint.compiler.loading import prelude
from blueprint.compiler.structures import STRUCTURES, Structure
from blueprint.compiler.syntax import Block, Constant
from blueprint.diagnostics import Diagnostic, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.language.types import show
from blueprint.ops import find, ops
from blueprint.ops.base import FieldInfo

WIDTH = 80


def known() -> dict[str, list[str]]:
    """The names of all structures, ops and shipped blocks, each sort in alphabetical order."""
    return {
        "structures": sorted(STRUCTURES),
        "ops": sorted(set(ops()) - set(STRUCTURES)),
        "blocks": sorted(prelude().blocks),
    }


def op_text(name: str) -> str:
    """What an op, structure or shipped block computes, and a line per field; raises UsageError for an unknown name."""
    structure, op, block = STRUCTURES.get(name), find(name), prelude().blocks.get(name)
    if structure is not None:
        return _folded(_structure(structure))
    if block is not None:
        return _folded(_block(block))
    if op is None:
        meant = nearest(name, [word for words in known().values() for word in words])
        help = f"did you mean `{meant}`?" if meant else "`blueprint explain op` lists them"
        raise UsageError([Diagnostic("unknown-op", f"there is no op `{name}`", help=help)])
    fields = ["  inputs: names of values, required, a bare list sets it"] if op.arity is None or op.arity > 1 else []
    fields += [line for info in op.fields() for line in _field(info, op.main)]
    paragraphs = cleandoc(op.__doc__ or "").split("\n\n")
    text = [line for paragraph in paragraphs for line in (" ".join(paragraph.split()), "")]
    return _folded([f"op `{name}`", "", *text, *(["fields", *fields] if fields else ["no fields"])])


def _folded(lines: list[str]) -> str:
    """The lines as a text that fits a terminal; of a line that is folded, the rest stands below, further in."""
    folded = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        below = indent + "  " if indent else ""
        folded += wrap(line, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(folded)


def _structure(structure: Structure) -> list[str]:
    lines = [f"structure `{structure.name}`", "", structure.help, "", "fields"]
    lines += [f"  {word}: {form}" for word, form in structure.forms]
    for word, required in (*structure.roles, *structure.beside):
        bare = f", a bare value sets it: `{word}`" if word == structure.main else ""
        place = ", beside the head" if (word, required) in structure.beside else ""
        lines.append(f"  {word}: body, {'required' if required else 'may be left out'}{place}{bare}")
    return [*lines, *(line for info in structure.fields for line in _field(info, structure.main))]


def _block(block: Block) -> list[str]:
    lines = [f"block `{block.name}`, which ships with the language and is written in it", "", str(block.about or "")]
    arguments = (block.arguments or {}).values()
    lines += ["", "arguments"] if arguments else []
    for number, argument in enumerate(arguments):
        default = "required" if argument.required else "may be left out"
        if isinstance(argument.default, Constant):
            default = f"default {show(argument.default.value)}"
        bare = ", a bare value sets it" if number == 0 else ""
        lines.append(f"  {argument.name}: {argument.type}, {default}{bare}")
    return lines


def _field(info: FieldInfo, main: str | None) -> list[str]:
    default = "required" if info.required else f"default {show(info.default)}"
    if not info.required and info.default is None:
        default = "may be left out"
    limits = [f"at least {info.minimum:g}"] if info.minimum is not None else []
    limits += [f"at most {info.maximum:g}"] if info.maximum is not None else []
    bare = [f"a bare value sets it: `{info.name}`"] if info.name == main else []
    return [f"  {info.name}: {info.type}, {', '.join([default, *limits, *bare])}", f"      {info.help}"]
