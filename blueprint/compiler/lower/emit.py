"""A container's two functions as source: `_structured` calls its children, the flat `forward` is all their code."""

from __future__ import annotations

from blueprint.compiler.lower.body import Body, Step, Style
from blueprint.compiler.lower.names import Names, child, class_name
from blueprint.compiler.lower.prologue import flags, prologue
from blueprint.compiler.lower.resources import Resources, own
from blueprint.compiler.lower.runtime import Flat, Member, Plan
from blueprint.compiler.lower.slots import letters
from blueprint.compiler.lower.steps import flat_steps, structured_steps
from blueprint.compiler.lower.tree import Path, Place, Region, Uses
from blueprint.compiler.lower.wrapping import wrapped
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
        """The names of the functions' parameters: the network's inputs, else x, y, ...

        An input that is called like something the code needs has an underscore behind it.
        """
        if place.path:
            wishes = letters()
            return [names.first_free(wishes) for _ in region.inputs]
        return [names.keep(name) for name, _ in self._graph.inputs]

    def _structured(self, place: Place, region: Region) -> str:
        names = Names()
        parameters = self._parameters(place, region, names)

        def call(step: Step) -> str | None:
            path = step.child.path if step.child else step.node.path if step.node else ()
            return child(place, path) if step.child or _has_module(place, path) else None

        style = Style(lambda step: own(place, step.node.path if step.node else ()), call, False, False)
        body = Body(self._uses, region, parameters, names, style)
        body.write(structured_steps(self._uses, place, region))
        lines = [*body.lines, *self._end(place, region, body)]
        return _function("_structured", parameters, [*flags(lines), *lines])

    def _flat(self, place: Place, region: Region) -> Flat:
        names = Names()
        parameters = self._parameters(place, region, names)
        resources = Resources(place, names)
        body = Body(self._uses, region, parameters, names, Style(resources.of, lambda step: None, True, True))
        resources.say = body.say
        body.write(flat_steps(self._uses, place, region))
        result = self._end(place, region, body)

        members = [member for member in place.walk() if member.weight is None and member.live]
        index = {member.path: i for i, member in enumerate(members)}
        parts: list[tuple[str, tuple[int, ...]]] = [
            ("module" if whole else "attributes", (index[path],)) for _, path, whole in resources.parts
        ]
        for norms in (resources.norms, resources.optional_norms):
            if norms:
                parts.append(("all", tuple(index[path] for path in norms)))
        lines = [*body.lines, *result]
        lines = [*prologue(parameters, region, self._graph.types, resources, lines), *lines]
        described = tuple(self._member(member, index, resources) for member in members)
        return Flat(_function("forward", parameters, lines), described, tuple(parts))

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
        items = {name: f'"{name}": {body.result(value)}' for name, value in outputs}
        every = ["return {" + ", ".join(items.values()) + "}"]
        if not hidden:
            return every
        shown = ", ".join(text for name, text in items.items() if name not in hidden)
        return ["if training:", f"    {every[0]}", "return {" + shown + "}"]


def _has_module(container: Place, path: Path) -> bool:
    try:
        return container.find(path).module is not None
    except KeyError:
        return False


def _function(name: str, parameters: list[str], lines: list[str]) -> str:
    head = f"def {name}({', '.join(['self', *parameters])}):"
    whole = [short for line in lines for short in wrapped(line)]
    return "\n".join([head, *(f"    {line}" if line else "" for line in whole)]) + "\n"
