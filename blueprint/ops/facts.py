"""What the rules of an op say of given inputs, worked out once: a network has few ops that differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple

from blueprint.language.values import ValueType
from blueprint.ops.base import Op, Weight

KEPT = 4096


class Facts(NamedTuple):
    """An op with all its fields filled in, and what its rules say.

    outputs: the types of its outputs; weights: its learned tensors; parameters: their elements;
    largest: the elements of its largest output.
    """

    op: Op
    outputs: tuple[ValueType, ...]
    weights: Mapping[str, Weight]
    parameters: int
    largest: int


def facts(op: Op, inputs: tuple[ValueType, ...]) -> Facts:
    """The facts of an op that takes these inputs; raises Misfit where they do not fit."""
    try:
        return _kept(op, inputs)
    except TypeError:  # a field that cannot be hashed, in an op from elsewhere
        return _kept.__wrapped__(op, inputs)


@lru_cache(KEPT)
def _kept(op: Op, inputs: tuple[ValueType, ...]) -> Facts:
    op = op.resolve(*inputs)
    inferred = op.infer(*inputs)
    outputs = inferred if isinstance(inferred, tuple) else (inferred,)
    weights = op.weights(*inputs)
    parameters = sum(prod(weight.shape) for weight in weights.values())
    return Facts(op, outputs, weights, parameters, max((kind.elements for kind in outputs), default=0))
