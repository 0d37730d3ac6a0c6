"""Runs an op's code the way a lowered forward does: inputs in the op's layout, sources from its module."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F

from blueprint.language.values import ValueType


def memory_names(kind: ValueType, layout: str) -> list[str]:
    """The names of the axes as they lie in memory behind the batch."""
    names = list(kind.names)
    if "channels" not in names or layout == "natural":
        return names
    others = [name for name in names if name != "channels"]
    return ["channels", *others] if layout == "first" else [*others, "channels"]


def to_layout(x, kind, layout):
    """A tensor in logical order (batch first) brought into a layout."""
    order = [kind.names.index(name) + 1 for name in memory_names(kind, layout)]
    return x.permute(0, *order).contiguous()


def to_logical(x, kind, layout):
    """A tensor in a layout brought into logical order."""
    names = memory_names(kind, layout)
    return x.permute(0, *[names.index(name) + 1 for name in kind.names])


@dataclass
class StubCall:
    inputs: tuple[ValueType, ...]
    outputs: tuple[ValueType, ...]
    layout: str
    inplace: bool = False
    module: str = "m"
    counted: list[str] = field(default_factory=list)

    @property
    def args(self):
        return tuple(f"x{i}" for i in range(len(self.inputs)))

    @property
    def output(self):
        return self.outputs[0]

    def parameter(self, name):
        return f"m.{name}"

    def buffer(self, name):
        return f"m.{name}"

    def setting(self, name):
        return f"m.{name}"

    def count(self, name):
        self.counted.append(name)

    def dim(self, axis, of=0):
        return memory_names(self.inputs[of], self.layout).index(axis) + 1

    def aligned(self, index):
        own = self.inputs[index].names
        wanted = memory_names(self.output, self.layout)
        if len(own) == len(wanted):
            return f"x{index}"
        return f"x{index}[:, {', '.join(':' if name in own else 'None' for name in wanted)}]"


@dataclass
class Weights:
    """Stands for the container that holds a parameter which has no module."""

    value: torch.Tensor


def outputs_of(op, inputs):
    """The types of the outputs, always as a tuple."""
    result = op.infer(*inputs)
    return result if isinstance(result, tuple) else (result,)


def layouts_of(op, inputs):
    """The layouts in which the op may be asked to run."""
    layout = op.layout(*inputs)
    return ("first", "last") if layout == "any" else (layout,)


def call_code(op, inputs, tensors, module=None, layout=None, inplace=False):
    """The outputs of the op's code for tensors in logical order, in logical order."""
    layout = layout or layouts_of(op, inputs)[0]
    call = StubCall(inputs, outputs_of(op, inputs), layout, inplace)
    scope = {f"x{i}": to_layout(t, k, layout) for i, (t, k) in enumerate(zip(tensors, inputs, strict=True))}
    scope |= {"torch": torch, "F": F, "math": math, "cudnn": torch.backends.cudnn.enabled, "m": module}
    result = eval(op.code(call), scope)
    for name in call.counted:
        if module.training:
            getattr(module, name).add_(1)
    results = result if isinstance(result, tuple) else (result,)
    return tuple(to_logical(r, k, layout) for r, k in zip(results, call.outputs, strict=True))


def call_module(op, inputs, tensors, module):
    """The output of the op's module for tensors in logical order, in logical order."""
    layout = layouts_of(op, inputs)[0]
    result = module(*(to_layout(t, k, layout) for t, k in zip(tensors, inputs, strict=True)))
    return to_logical(result, outputs_of(op, inputs)[0], layout)


def make_module(op, inputs):
    """The op's module as a build makes it: on the meta device, then filled; for a learned value its stand-in."""
    with torch.device("meta"):
        module = op.module(*inputs)
    if module is None:
        weights = op.weights(*inputs)
        return Weights(torch.randn(weights["value"].shape)) if weights else None
    module = module.to_empty(device="cpu")
    op.initialise(module)
    return module


def random_inputs(inputs, batch=2):
    """A tensor for each input, in logical order; a value that is not batched has a batch of 1."""
    return [torch.randn(batch if kind.batched else 1, *kind.shape) for kind in inputs]
