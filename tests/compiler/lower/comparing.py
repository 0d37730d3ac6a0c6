"""Runs a lowered and a nested network on the same input and holds that not a bit differs."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from blueprint.compiler.lower.runtime import Container, ready


def images(batch: int = 2, size: int = 16) -> torch.Tensor:
    """Random images, the same in each call."""
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(1))


def assert_same(lowered: nn.Module, nested: nn.Module, x: torch.Tensor | None = None) -> torch.Tensor:
    """The lowered network's output; it, all gradients, all buffers and the random state equal the nested one's."""
    x = images() if x is None else x
    results = []
    for model in (lowered, nested):
        torch.manual_seed(3)
        entering = x.clone().requires_grad_(x.is_floating_point())
        model.zero_grad(set_to_none=True)
        output = model(entering)
        if output.requires_grad:
            output.float().square().sum().backward()
        grads = [p.grad for p in model.parameters()]
        results.append([output, entering.grad, *grads, *model.buffers(), torch.get_rng_state()])
    for ours, theirs in zip(*results, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or (ours.dtype == theirs.dtype and torch.equal(ours, theirs))
    return results[0][0]


def is_flat(model: nn.Module) -> bool:
    """Whether the next forward of a container runs its flat code, as far as its modules decide that."""
    assert isinstance(model, Container)
    return ready(model) is not None


class Peak(TorchDispatchMode):
    """The most elements alive at once, `peak`, among the tensors that ops made."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = self.peak = 0

    def __torch_dispatch__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        known = {id(arg) for arg in args}
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor) and id(tensor) not in known:
                self.alive += tensor.numel()
                self.peak = max(self.peak, self.alive)
                weakref.finalize(tensor, self._gone, tensor.numel())
        return result

    def _gone(self, elements: int) -> None:
        self.alive -= elements


def peak(run: Callable[[torch.Tensor], Any], x: torch.Tensor) -> int:
    """The most elements alive at once in a second run, without gradients."""
    with torch.no_grad():
        run(x)
        with Peak() as found:
            run(x)
    return found.peak
