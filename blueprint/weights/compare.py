"""Two networks side by side on one input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def verify(network: nn.Module, other: nn.Module, *shapes: tuple[int, ...]) -> float:
    """The largest difference of the networks' outputs, over the largest of the other's in size.

    Both run in eval mode on the same normal random inputs of these shapes, a batch of 2. Of several outputs the
    first is compared; outputs for training alone are not. Infinite where the outputs differ in shape or are not finite.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, *shape, generator=generator) for shape in shapes]
    one, two = (_run(each, inputs) for each in (network, other))
    if one.shape != two.shape or not (one.isfinite().all() and two.isfinite().all()):
        return float("inf")
    scale = two.abs().max().item()
    return (one - two).abs().max().item() / (scale or 1.0)


@contextmanager
def stirred(network: nn.Module) -> Iterator[None]:
    """Random values, within, in the tensors of the network whose elements are all the same.

    At its first values a norm does nothing, and a head of zeros hides all that comes before it.
    """
    import torch

    generator = torch.Generator().manual_seed(1)
    before = []
    for tensor in network.state_dict().values():
        if tensor.is_floating_point() and tensor.numel() and bool((tensor == tensor.flatten()[0]).all()):
            before.append((tensor, tensor.clone()))
            tensor.add_((torch.rand(tensor.shape, generator=generator) / 5).to(tensor.device, tensor.dtype))
    try:
        yield
    finally:
        for tensor, values in before:
            tensor.copy_(values)


def _run(network: nn.Module, inputs: Iterable[Tensor]) -> Tensor:
    """The network's first output in eval mode, on the CPU; the network is left in the mode it was in."""
    import torch

    tensor = next(network.parameters(), torch.empty(0))
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with torch.no_grad():
            found: Any = network(*(x.to(tensor.device, tensor.dtype) for x in inputs))
    finally:
        for module, training in modes.items():
            module.training = training
    if isinstance(found, dict):
        found = next(iter(found.values()))
    elif isinstance(found, tuple):
        found = found[0]
    result: Tensor = found.float().cpu()
    return result
