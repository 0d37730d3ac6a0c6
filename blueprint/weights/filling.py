"""A network filled from a source: read, matched, compared where that can be, copied, told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Protocol

from blueprint.diagnostics import Diagnostic, SpecError
from blueprint.diagnostics.wording import counted
from blueprint.weights.compare import stirred, verify
from blueprint.weights.copying import transfer
from blueprint.weights.matching import Left, Matching, match
from blueprint.weights.report import misfits
from blueprint.weights.sources import Foreign, Source, find

if TYPE_CHECKING:
    from torch import nn

    from blueprint.compiler.graph import Graph

AGREE = 1e-4
"""Outputs that differ by no more than this share of their size are those of the same network."""


FEW = 10
"""Weights of which less than one tensor in so many fits are those of another network."""


class Spec(Protocol):
    """What filling needs to know of the network's spec."""

    @property
    def name(self) -> str:
        """The spec's name."""

    @property
    def graph(self) -> Graph:
        """The network's graph."""


@dataclass(frozen=True)
class Filled:
    """What came of filling a network.

    told: the source; place: where that is, as a run's files record it. matching: what was copied and what not.
    tensors: how many the network has. difference: of the outputs from the foreign network's, over their size; None if
    they were not compared. said: how they compare. note: what else to know; empty if nothing.
    """

    told: str
    place: str
    matching: Matching
    tensors: int
    difference: float | None
    said: str
    note: str

    @property
    def line(self) -> str:
        """A sentence: how many tensors came from where, and how outputs agree."""
        return f"{len(self.matching.pairs):,} of {counted(self.tensors, 'tensor')} from {self.told}; {self.said}"

    @property
    def warnings(self) -> list[Diagnostic]:
        """What did not fit."""
        return misfits(self.matching)

    @property
    def lines(self) -> list[str]:
        """All of it for a log: the sentence, the note, and each tensor that did not fit, up to a few."""
        found = [self.line, *([self.note] if self.note else [])]
        for warning in self.warnings:
            found += [f"{warning.message}:", *(f"  {note.message}" for note in warning.notes)]
        return found

    def record(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "source": self.place,
            "copied": len(self.matching.pairs),
            "tensors": self.tensors,
            "difference": self.difference,
            "not_filled": [left.key for left in self.matching.ours],
            "not_used": [left.key for left in self.matching.theirs],
        }


def fill(network: nn.Module, spec: Spec, source: str | Source) -> Filled:
    """What came of copying the source's weights into the network of the spec.

    source: as on the command line, told in `blueprint.weights`. Raises SpecError, the network being as it was:
    `weights-misfit` if next to nothing fits, `weights-differ` if all fits and the outputs are not those of the foreign
    network, and what reading raises.
    """
    place = find(source, spec.name) if isinstance(source, str) else source
    foreign = place.read(_classes(spec.graph))
    matching = match(network, foreign.state)
    state = network.state_dict()
    fitting = sum(state[key].is_floating_point() for key, _ in matching.pairs)
    if fitting * FEW < min(len(state), len(foreign.state)):
        found = f"{counted(fitting, 'tensor')} of {place.told} fit" if fitting else f"nothing of {place.told} fits"
        help = "are they the weights of another network?"
        raise SpecError([Diagnostic("weights-misfit", f"{found} `{spec.name}`; nothing was copied", help=help)])
    difference, said = _compared(network, spec, foreign, matching, place.told)
    matching = _without_drawn(matching, foreign)
    transfer(network, foreign.state, matching.pairs)
    return Filled(place.told, place.recorded, matching, len(state), difference, said, foreign.note)


def _classes(graph: Graph) -> int | None:
    """How many numbers the network's first output has; None if it is no vector."""
    first = next(value for name, value in graph.outputs if name not in graph.training_only)
    found = graph.types[first]
    return found.channels if found.kind == "vector" else None


def _compared(
    network: nn.Module, spec: Spec, foreign: Foreign, matching: Matching, told: str
) -> tuple[float | None, str]:
    """The difference of the outputs of a copy of the network that is filled, and what to say of it."""
    from copy import deepcopy

    if foreign.network is None:
        by = {"keys": "by their keys", "order": "by order and shapes", "names": "by shapes and names"}[matching.by]
        return None, f"paired {by}"
    graph = spec.graph
    shapes = [graph.types[value].shape for _, value in graph.inputs]
    trial = deepcopy(network).cpu().float()
    try:
        with stirred(foreign.network):
            transfer(trial, foreign.network.state_dict(), matching.pairs)
            difference = verify(trial, foreign.network, *shapes)
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:  # what torchvision's networks raise
        reason = str(error).strip().split("\n")[0]
        return None, f"outputs not compared, since the network there does not take this input ({reason})"
    if difference <= AGREE:
        return difference, f"outputs agree to {difference:.0e}" if difference else "outputs are equal"
    if not matching.complete:
        return None, "outputs not compared, since not every tensor has a counterpart"
    raise SpecError([_differ(spec.name, told, difference)])


def _differ(name: str, told: str, difference: float) -> Diagnostic:
    much = "are not of its shape or not finite" if difference == inf else f"differ by {difference:.1g} of their size"
    message = f"`{name}` with the weights of {told} does not compute the same: its outputs {much}; nothing was copied"
    help = "does the spec do the same in every node, in the same order? Parts of equal shapes are paired in their order"
    return Diagnostic("weights-differ", message, help=help)


def _without_drawn(matching: Matching, foreign: Foreign) -> Matching:
    """The matching without what the weights do not hold, which is left over instead."""
    if not foreign.drawn:
        return matching
    left = tuple(
        Left(key, foreign.drawn[other].shape, foreign.drawn[other].reason)
        for key, other in matching.pairs
        if other in foreign.drawn
    )
    return replace(
        matching,
        pairs=tuple((key, other) for key, other in matching.pairs if other not in foreign.drawn),
        ours=(*matching.ours, *left),
        theirs=tuple(one for one in matching.theirs if one.key not in foreign.drawn),
    )
