"""The steps of a region: node by node for flat code, container by container for structured code."""

from __future__ import annotations

from blueprint.compiler.lower.body import Step
from blueprint.compiler.lower.tree import Place, Region, Uses


def flat_steps(uses: Uses, container: Place, region: Region) -> list[Step]:
    """A step a node. What only outputs for training need is marked so in the network's own code."""
    graph, depth = uses.graph, len(container.path)
    optional = _optional(uses, container)
    steps = []
    for index in range(region.start, region.stop):
        node = graph.nodes[index]
        block = ".".join(frame.name for frame in node.frames[depth:])
        steps.append(Step(node.inputs, node.outputs, index in optional, block, node))
    return steps


def structured_steps(uses: Uses, container: Place, region: Region) -> list[Step]:
    """A step for each node of the container's own and each call of a container in it."""
    optional = _optional(uses, container)
    steps = []
    index = region.start
    while index < region.stop:
        found = _called_here(uses, container, index)
        if found is None:
            node = uses.graph.nodes[index]
            steps.append(Step(node.inputs, node.outputs, index in optional, "", node))
            index += 1
        else:
            child, inner = found
            training = optional.issuperset(range(inner.start, inner.stop))
            steps.append(Step(inner.inputs, inner.outputs, training, "", child=child))
            index = inner.stop
    return steps


def _optional(uses: Uses, container: Place) -> frozenset[int]:
    """The nodes that run in training alone; an inner container cannot know and runs all it has."""
    graph = uses.graph
    if container.path or not graph.training_only:
        return frozenset()
    return frozenset(range(len(graph.nodes))) - graph.needed_in_eval


def _called_here(uses: Uses, container: Place, index: int) -> tuple[Place, Region] | None:
    """The outermost container inside `container` whose call begins at node `index`, and the call's region."""
    place: Place | None = container
    for frame in uses.graph.nodes[index].frames[len(container.path) :]:
        place = place.children.get(frame.name) if place else None
        if place is None:
            return None
        for region in place.regions:
            if region.start == index:
                return place, region
    return None
