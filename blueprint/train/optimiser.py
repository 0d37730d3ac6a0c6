"""The optimisers that a recipe may name: their fields, and the torch optimiser they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from blueprint.data.settings import Option, choice

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

Rate = Annotated[float, Field(gt=0, le=1000)]
Decay = Annotated[float, Field(ge=0, le=10)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class Optimiser(Option):
    """How gradients change the weights."""

    main = "lr"
    lr: Rate
    """The learning rate at its height; the schedule scales it."""
    weight_decay: Decay = 0.0
    """How strongly weights are pulled to zero."""
    decay: Literal["all", "weights"] = "all"
    """What `weight_decay` acts on: all parameters, or all but biases and the scales of norms."""

    def groups(self, module: nn.Module) -> list[dict[str, Any]]:
        """The parameters that are trained, in groups with their weight decay.

        With `decay: weights`, parameters of one axis (biases, norms' scales and shifts) have none.
        """
        parameters = [p for p in module.parameters() if p.requires_grad]
        if self.decay == "all":
            return [{"params": parameters, "weight_decay": self.weight_decay}]
        decayed = [p for p in parameters if p.ndim > 1]
        rest = [p for p in parameters if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.weight_decay}, {"params": rest, "weight_decay": 0.0}]
        return [group for group in groups if group["params"]]

    def make(self, module: nn.Module) -> Optimizer:
        """The torch optimiser over the module's parameters, fused."""
        raise AssertionError(f"optimiser {self.name}: no implementation")


class Sgd(Optimiser):
    """Stochastic gradient descent with momentum."""

    name = "sgd"
    momentum: Beta = 0.0
    """The share of the former step that is kept."""
    nesterov: bool = False
    """Whether the momentum looks one step ahead (Nesterov)."""

    @model_validator(mode="after")
    def _momentum_for_nesterov(self) -> Sgd:
        if self.nesterov and self.momentum == 0:
            raise PydanticCustomError("field", "nesterov", {"message": "`nesterov` needs a `momentum` above 0"})
        return self

    def make(self, module: nn.Module) -> Optimizer:
        """torch.optim.SGD."""
        from torch.optim import SGD

        return SGD(self.groups(module), lr=self.lr, momentum=self.momentum, nesterov=self.nesterov, fused=True)


class Adam(Optimiser):
    """Adam (Kingma and Ba 2015); weight decay is part of the gradient."""

    name = "adam"
    betas: Annotated[list[Beta], Field(min_length=2, max_length=2)] = [0.9, 0.999]
    """The shares of the former mean and mean square of the gradient that are kept."""
    eps: Annotated[float, Field(gt=0, le=1)] = 1e-8
    """What is added to the denominator."""

    def make(self, module: nn.Module) -> Optimizer:
        """torch.optim.Adam."""
        from torch.optim import Adam as TorchAdam

        return TorchAdam(
            self.groups(module), lr=self.lr, betas=(self.betas[0], self.betas[1]), eps=self.eps, fused=True
        )


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""

    name = "adamw"
    weight_decay: Decay = 0.01
    """How strongly weights are pulled to zero."""

    def make(self, module: nn.Module) -> Optimizer:
        """torch.optim.AdamW."""
        from torch.optim import AdamW as TorchAdamW

        betas = (self.betas[0], self.betas[1])
        return TorchAdamW(self.groups(module), lr=self.lr, betas=betas, eps=self.eps, fused=True)


OPTIMISERS: tuple[type[Optimiser], ...] = (Sgd, Adam, AdamW)
AnyOptimiser = choice(*OPTIMISERS)
