"""A container's two functions as source: `_structured` calls its children, the flat `forward` is all their code."""

from __future__ import annotations

import re
from textwrap import wrap

from blueprint.compiler.lower.body import Body, Step, Style
from blueprint.compiler.lower.names import Names, child, class_name
from blueprint.compiler.lower.resources import Resources, own
from blueprint.compiler.lower.runtime import Flat, Member, Plan
from blueprint.compiler.lower.slots import letters
from blueprint.compiler.lower.steps import flat_steps, structured_steps
from blueprint.compiler.lower.tree import Path, Place, Region, Uses
from blueprint.ops.base import Op


class Emitter:
    """The plans of all containers of a tree by their paths."""

    def __init__(self, uses: Uses, root: Place) -> None:
        self._uses, self._graph = uses, uses.graph
        self._ops: dict[Path, Op] = {node.path: node.op for node in self._graph.owners}
        self.plans: dict[Path, Plan] = {}
        for place in reversed(list(root.walk())):
            if place.regions:
                self.plans[place.path] = self._plan(place, place.regions[0])

    def _plan(self, place: Place, region: Region) -> Plan:
        graph, name = self._graph, class_name(place.kind)
        ends = "" if place.path else f"{graph.inputs}{graph.outputs}{sorted(graph.training_only)}"
        structured = self._structured(place, region)
        fingerprint = self._uses.fingerprint(region, len(place.path), f"{name}{ends}{structured}")
        signature = ", ".join(["self", *self._parameters(place, region, Names())])
        return Plan(name, fingerprint, signature, structured, lambda: self._flat(place, region))

    def _parameters(self, place: Place, region: Region, names: Names) -> list[str]:
        """The names of the functions' parameters: the network's inputs, else x, y, ..."""
        if place.path:
            wishes = ("x", "y", "z", "u", "v", "w")
            return [names.take(wishes[i] if i < len(wishes) else f"x{i}") for i in range(len(region.inputs))]
        for name, _ in self._graph.inputs:
            names.keep(name)
        return [name for name, _ in self._graph.inputs]

    def _structured(self, place: Place, region: Region) -> str:
        names = Names()
        parameters = self._parameters(place, region, names)

        def call(step: Step) -> str | None:
            path = step.child.path if step.child else step.node.path if step.node else ()
            return child(place, path) if step.child or _has_module(place, path) else None

        style = Style(lambda step: own(place, step.node.path if step.node else ()), call, False, False)
        body = Body(self._uses, region, parameters, names, style)
        body.write(structured_steps(self._uses, place, region))
        return _function("_structured", parameters, [*_flags(body.lines), *body.lines, *self._end(place, region, body)])

    def _flat(self, place: Place, region: Region) -> Flat:
        names = Names()
        parameters = self._parameters(place, region, names)
        resources = Resources(place, names)
        body = Body(self._uses, region, parameters, names, Style(resources.of, lambda step: None, True, True))
        resources.say = body.say
        body.write(flat_steps(self._uses, place, region))
        result = self._end(place, region, body)

        members = [member for member in place.walk() if member.weight is None]
        index = {member.path: i for i, member in enumerate(members)}
        parts = [("module" if whole else "attributes", (index[path],)) for _, path, whole in resources.parts]
        variables = [local for local, _, _ in resources.parts]
        for variable, norms in (("norms", resources.norms), ("more_norms", resources.optional_norms)):
            if norms:
                variables.append(variable)
                parts.append(("all", tuple(index[path] for path in norms)))
        lines = [
            *self._guard(region, parameters),
            *_unpack(variables),
            *_flags([*body.lines, "training" if resources.optional_norms else ""]),
            *_reads(resources, parameters),
            *self._count(region, parameters, resources),
            *body.lines,
            *result,
        ]
        described = tuple(self._member(member, index, resources) for member in members)
        return Flat(_function("forward", parameters, lines), described, tuple(parts))

    def _guard(self, region: Region, parameters: list[str]) -> list[str]:
        """Nothing but plain tensors of the expected rank, nobody tracing, the modules as they were bound."""
        tests = ["is_compiling()", "is_tracing()"]
        for name, value in zip(parameters, region.inputs, strict=True):
            rank = 1 + len(self._graph.types[value].axes)
            tests.append(f"type({name}) is not Tensor or {name}.dim() != {rank}")
        return [f"parts = None if {' or '.join(tests)} else ready(self)", "if parts is None:", _handover(parameters)]

    def _count(self, region: Region, parameters: list[str], resources: Resources) -> list[str]:
        """All batch norms' batches, counted at once; what only their modules can do is handed over first."""
        if not resources.norms and not resources.optional_norms:
            return []
        norms = " + ".join(
            n for n, some in (("norms", resources.norms), ("more_norms", resources.optional_norms)) if some
        )
        tests = [f'in_transform() or None in [each["momentum"] for each in {norms}]']
        for name, value in zip(parameters, region.inputs, strict=True):
            value_type = self._graph.types[value]
            if value_type.batched:  # one sample of a smaller size may leave one value a channel
                tests.append(f"{name}.shape[0] == 1 and {name}.shape[1:] != {value_type.shape}")
                break
        return [
            f"if counted and ({' or '.join(tests)}):",
            _handover(parameters),
            "if counted:",
            "    torch._foreach_add_(counted, 1)",
        ]

    def _member(self, place: Place, index: dict[Path, int], resources: Resources) -> Member:
        """What the code takes for granted about a module."""
        parent = index.get(place.path[:-1], -1) if index[place.path] else -1
        name = place.path[-1] if place.path else ""
        if place.module is None:
            return Member(parent, name, self.plans.get(place.path) if parent >= 0 else None, None, (), None)
        module = place.module
        settings = tuple((name, getattr(module, name)) for name in self._ops[place.path].settings)
        read = None if place.path in resources.called else frozenset(resources.read.get(place.path, ()))
        return Member(parent, name, None, type(module), settings, read)

    def _end(self, place: Place, region: Region, body: Body) -> list[str]:
        if place.path:
            return ["return " + ", ".join(body.result(value) for value in region.outputs)]
        outputs, hidden = self._graph.outputs, self._graph.training_only
        if len(outputs) == 1 and outputs[0][0] == "output":
            return [f"return {body.result(outputs[0][1])}"]
        every, some = (
            "return {" + ", ".join(f'"{name}": {body.result(v)}' for name, v in outputs if name not in left_out) + "}"
            for left_out in (frozenset[str](), hidden)
        )
        return ["if training:", f"    {every}", some] if hidden else [every]


def _has_module(container: Place, path: Path) -> bool:
    try:
        return container.find(path).module is not None
    except KeyError:
        return False


def _handover(parameters: list[str]) -> str:
    return f"    return self._structured({', '.join(parameters)})"


def _flags(lines: list[str]) -> list[str]:
    """The flags that the lines read, each read once a forward."""
    flags = {"training": "self.training", "cudnn": "torch.backends.cudnn.enabled"}
    return [
        f"{flag} = {text}" for flag, text in flags.items() if any(re.search(rf"(?<!\")\b{flag}\b", n) for n in lines)
    ]


def _unpack(variables: list[str]) -> list[str]:
    if not variables:
        return []
    if len(variables) == 1:
        return [f"({variables[0]},) = parts"]
    return ["(", *(f"    {line}" for line in wrap(", ".join(variables) + ",", 110)), ") = parts"]


def _reads(resources: Resources, parameters: list[str]) -> list[str]:
    """The parameters and buffers; a key is missing where a parametrisation, pruning or a replica took its place."""
    lines = list(resources.reads)
    counted = '[each["_buffers"]["num_batches_tracked"] for each in {} if each["training"]]'
    if resources.norms or resources.optional_norms:
        lines.append("counted = " + (counted.format("norms") if resources.norms else "[]"))
    if resources.optional_norms:
        lines += ["if training:", f"    counted += {counted.format('more_norms')}"]
    if not lines:
        return []
    return ["try:", *(f"    {line}" for line in lines), "except KeyError:", _handover(parameters)]


def _function(name: str, parameters: list[str], lines: list[str]) -> str:
    head = f"def {name}({', '.join(['self', *parameters])}):"
    return "\n".join([head, *(f"    {line}" if line else "" for line in lines)]) + "\n"
