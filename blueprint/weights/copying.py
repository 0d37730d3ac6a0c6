"""Foreign weights copied into a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from blueprint.diagnostics import SpecError
from blueprint.weights.matching import Matching, match
from blueprint.weights.report import misfits

if TYPE_CHECKING:
    from torch import Tensor, nn


def copy(network: nn.Module, state_dict: Mapping[str, Tensor], strict: bool = False) -> Matching:
    """The matching by which the foreign tensors were copied into the network.

    A tensor without a counterpart keeps its values. strict: raises SpecError (`weights-misfit`) if any learned
    tensor of either side has none; the network is then as it was.
    """
    matching = match(network, state_dict)
    if strict and not matching.complete:
        raise SpecError(misfits(matching, severity="error"))
    transfer(network, state_dict, matching.pairs)
    return matching


def transfer(network: nn.Module, state_dict: Mapping[str, Tensor], pairs: tuple[tuple[str, str], ...]) -> None:
    """Copy the foreign tensor of each pair into ours, in our shape and dtype."""
    import torch

    state = network.state_dict()
    with torch.no_grad():
        for key, other in pairs:
            state[key].copy_(state_dict[other].reshape(state[key].shape))
