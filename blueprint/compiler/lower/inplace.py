"""Which values may be overwritten by the node that reads them."""

from __future__ import annotations

from blueprint.compiler.graph import Node
from blueprint.compiler.lower.tree import Uses


def may_overwrite(node: Node, uses: Uses, start: int) -> bool:
    """Whether the node's first input is a new tensor that nothing else reads.

    Its maker, a node from `start` on (what was made before belongs to the caller), says `fresh`: it makes
    a tensor of its own and does not need it for its backward. Nobody else reads it, nor does this node twice.
    """
    if not node.inputs:
        return False
    value = node.inputs[0]
    maker = uses.maker[value]
    return maker >= start and uses.count[value] == 1 and uses.graph.nodes[maker].op.fresh
