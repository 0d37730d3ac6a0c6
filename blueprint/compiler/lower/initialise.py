"""Modules made on the meta device, then given memory and values once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from blueprint.compiler.graph import Graph, Node
from blueprint.compiler.lower.tree import Path
from blueprint.ops.initialisers import fill
from blueprint.ops.learned import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def make_modules(graph: Graph) -> dict[Path, nn.Module | None]:
    """The module, on the meta device, of each node that owns one; None for those without."""
    import torch

    with torch.device("meta"):
        return {node.path: node.op.module(*graph.inputs_of(node)) for node in graph.owners}


def fill_modules(graph: Graph, modules: Mapping[Path, nn.Module], device: torch.device) -> None:
    """Give the modules memory on `device` and their values, in the order of the nodes."""
    import torch

    for node in graph.owners:
        module = modules.get(node.path)
        if module is not None:
            if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
                module.to_empty(device=device)
            with torch.no_grad():
                _fill(node, module)


def _fill(node: Node, module: nn.Module) -> None:
    """The op's own values, then those that the spec asks for instead."""
    parameters = dict(module.named_parameters())
    if set(node.init) != set(parameters) or any(True for _ in module.buffers()):
        if isinstance(node.op, Parameter):
            node.op.initialise_parameter(parameters["value"])
        else:
            node.op.initialise(module)
    for name, initialiser in node.init.items():
        assert name in parameters, f"lower: {'.'.join(node.path)} has no {name} to initialise"
        fill(parameters[name], initialiser.name, **dict(initialiser.settings))
