"""What a flat forward does before its first op: guards, then all that it reads from modules, then the batch counts."""

from __future__ import annotations

import re
from textwrap import wrap

from blueprint.compiler.lower.resources import Resources
from blueprint.compiler.lower.tree import Region
from blueprint.language.values import ValueType

NORMS = "norms"
MORE_NORMS = "more_norms"


def prologue(
    parameters: list[str], region: Region, types: tuple[ValueType, ...], resources: Resources, body: list[str]
) -> list[str]:
    """The statements in front of `body`; until the last of them nothing has a side effect."""
    inputs = [(name, types[value]) for name, value in zip(parameters, region.inputs, strict=True)]
    hand_over = f"    return self._structured({', '.join(parameters)})"
    return [
        *_guard(inputs, hand_over),
        *_unpack(variables(resources)),
        *flags([*body, "training" if resources.optional_norms else ""]),
        *_reads(resources, hand_over),
        *_counts(inputs, resources, hand_over),
    ]


def variables(resources: Resources) -> list[str]:
    """The variables that `ready` fills, in order."""
    norms = [name for name, paths in ((NORMS, resources.norms), (MORE_NORMS, resources.optional_norms)) if paths]
    return [local for local, _, _ in resources.parts] + norms


def flags(lines: list[str]) -> list[str]:
    """The flags that the lines speak of, each read once a forward."""
    sources = {"training": "self.training", "cudnn": "torch.backends.cudnn.enabled"}
    text = "\n".join(lines)
    return [f"{flag} = {source}" for flag, source in sources.items() if re.search(rf'(?<!")\b{flag}\b', text)]


def _guard(inputs: list[tuple[str, ValueType]], hand_over: str) -> list[str]:
    """Nothing but plain tensors of the expected rank, nobody tracing, the modules as they were bound."""
    tests = ["is_compiling()", "is_tracing()"]
    tests += [f"type({name}) is not Tensor or {name}.dim() != {1 + len(kind.axes)}" for name, kind in inputs]
    return [f"parts = None if {' or '.join(tests)} else ready(self)", "if parts is None:", hand_over]


def _unpack(names: list[str]) -> list[str]:
    if not names:
        return []
    if len(names) == 1:
        return [f"({names[0]},) = parts"]
    return ["(", *(f"    {line}" for line in wrap(", ".join(names) + ",", 108)), ") = parts"]


def _reads(resources: Resources, hand_over: str) -> list[str]:
    """The parameters and buffers; a key is missing where a parametrisation, pruning or a replica took its place."""
    lines = list(resources.reads)
    counted = '[each["_buffers"]["num_batches_tracked"] for each in {} if each["training"]]'
    if resources.norms or resources.optional_norms:
        lines.append("counted = " + (counted.format(NORMS) if resources.norms else "[]"))
    if resources.optional_norms:
        lines += ["if training:", f"    counted += {counted.format(MORE_NORMS)}"]
    return ["try:", *(f"    {line}" for line in lines), "except KeyError:", hand_over] if lines else []


def _counts(inputs: list[tuple[str, ValueType]], resources: Resources, hand_over: str) -> list[str]:
    """All batch norms' batches, counted at once; what only their modules can do is handed over first.

    That is a plain mean of the running statistics, a transform of torch.func, and a single sample smaller than
    the spec's, which may leave one value a channel: too few to train on.
    """
    norms = [name for name, paths in ((NORMS, resources.norms), (MORE_NORMS, resources.optional_norms)) if paths]
    if not norms:
        return []
    tests = [f'in_transform() or None in [each["momentum"] for each in {" + ".join(norms)}]']
    for name, kind in inputs:
        smaller = [f"{name}.shape[{i}] < {size}" for i, (axis, size) in enumerate(kind.axes, 1) if axis != "channels"]
        if kind.batched and smaller:
            tests.append(f"{name}.shape[0] == 1 and ({' or '.join(smaller)})")
    return [
        f"if counted and ({' or '.join(tests)}):",
        hand_over,
        "if counted:",
        "    torch._foreach_add_(counted, 1)",
        "",
    ]
