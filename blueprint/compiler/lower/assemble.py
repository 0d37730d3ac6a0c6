"""The real modules of a tree: leaves, containers of their generated classes, namespaces."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from blueprint.compiler.graph import Graph
from blueprint.compiler.lower.runtime import Namespace, Plan
from blueprint.compiler.lower.tree import Path, Place


def assemble(
    graph: Graph, root: Place, plans: Mapping[Path, Plan], device: torch.device
) -> tuple[nn.Module, dict[Path, nn.Module]]:
    """The network, its leaves still on the meta device, and the modules to fill by the paths of their nodes.

    A learned value stands in the module above it, on `device` already; the module to fill for it is one that
    holds nothing else.
    """
    fill: dict[Path, nn.Module] = {}
    owners = {node.path: node for node in graph.owners}

    def make(place: Place) -> nn.Module:
        if place.module is not None:
            fill[place.path] = place.module
            return place.module
        module: nn.Module
        module = plans[place.path].cls() if place.regions else nn.ModuleList() if place.listed else Namespace()
        for name, child in place.children.items():
            if child.weight is None:
                module.add_module(name, make(child))
                continue
            node = owners[child.path]
            shape = node.op.weights(*graph.inputs_of(node))[child.weight].shape
            alone, learned = nn.Module(), nn.Parameter(torch.empty(shape, device=device))
            module.register_parameter(name, learned)
            alone.register_parameter(child.weight, learned)
            fill[child.path] = alone
        return module

    return make(root), fill


def _namespace(place: Place) -> nn.Module:
    return nn.ModuleList() if place.listed else Namespace()
