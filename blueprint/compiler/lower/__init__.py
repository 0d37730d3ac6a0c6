"""Lowering: a graph becomes a torch module with real leaves, readable names and a flat forward."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

    from blueprint.compiler.graph import Graph


def lower(graph: Graph, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> nn.Module:
    """The graph as a module: initialised on `device` (torch's default if None), in `dtype` (torch's default if None).

    On the meta device nothing is initialised. `module.code` shows the flat forward. Nodes that no output needs have
    their weights and are not run.
    """
    import torch

    from blueprint.compiler.lower.assemble import assemble
    from blueprint.compiler.lower.emit import Emitter
    from blueprint.compiler.lower.initialise import fill_modules, make_modules
    from blueprint.compiler.lower.tree import Uses, build_tree

    target = torch.get_default_device() if device is None else torch.device(device)
    uses = Uses(replace(graph, nodes=tuple(node for i, node in enumerate(graph.nodes) if i in graph.needed)))
    root = build_tree(graph, uses, make_modules(graph))
    model, leaves = assemble(graph, root, Emitter(uses, root).plans, target)
    if target.type != "meta":
        fill_modules(graph, leaves, target)
    return model if dtype is None else model.to(dtype)
