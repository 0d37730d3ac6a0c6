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
    """What the rules of an op say of its inputs.

    outputs: the types of its outputs; weights: its learned tensors; parameters: their elements;
    largest: the elements of its largest output.
    """

    outputs: tuple[ValueType, ...]
    weights: Mapping[str, Weight]
    parameters: int
    largest: int


def resolved(op: Op, inputs: tuple[ValueType, ...]) -> Op:
    """The op with every field that depends on the inputs filled in; raises Misfit."""
    if type(op).resolve is Op.resolve:
        return op
    try:
        return _resolved(op, inputs)
    except TypeError:  # a field that cannot be hashed, in an op from elsewhere
        return op.resolve(*inputs)


def facts(op: Op, inputs: tuple[ValueType, ...]) -> Facts:
    """The facts of a resolved op that takes these inputs; raises Misfit where they do not fit."""
    try:
        return _facts(op, inputs)
    except TypeError:
        return _facts.__wrapped__(op, inputs)


@lru_cache(KEPT)
def _resolved(op: Op, inputs: tuple[ValueType, ...]) -> Op:
    return op.resolve(*inputs)


@lru_cache(KEPT)
def _facts(op: Op, inputs: tuple[ValueType, ...]) -> Facts:
    inferred = op.infer(*inputs)
    outputs = inferred if isinstance(inferred, tuple) else (inferred,)
    weights = op.weights(*inputs)
    parameters = sum(prod(weight.shape) for weight in weights.values())
    return Facts(outputs, weights, parameters, max((kind.elements for kind in outputs), default=0))
