"""The schedules that a recipe may name: the learning rate of every step, in closed form."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from blueprint.data.settings import WHOLE, Option, choice


class Schedule(Option):
    """The learning rate from step to step.

    Step t of T (from 0) in an epoch of n steps; W = warmup_epochs * n. For t < W the rate is
    lr * (t + 1) / W, whatever the schedule; after it as the schedule says.
    """

    warmup_epochs: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """Epochs over which the rate rises in a line from nearly 0 to its height."""

    def rate(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """The learning rate of a step; total: the steps of the run, per_epoch: those of an epoch, lr: its height."""
        warmup = self.warmup_epochs * per_epoch
        if step < warmup:
            return lr * min(1.0, (step + 1) / warmup)
        return self.after(step, total, per_epoch, lr)

    def after(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """The learning rate of a step after the warm-up."""
        raise AssertionError(f"schedule {self.name}: no implementation")


class Constant(Schedule):
    """The same rate throughout."""

    name = "constant"

    def after(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """lr."""
        return lr


class Cosine(Schedule):
    """Half a wave from the height down to `min_lr` (Loshchilov and Hutter 2017, without restarts)."""

    name = "cosine"
    main = "min_lr"
    min_lr: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """The rate that the last step comes close to."""

    def after(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """min_lr + (lr - min_lr) * (1 + cos(pi * (t - W) / (T - W))) / 2."""
        warmup = self.warmup_epochs * per_epoch
        share = (step - warmup) / max(total - warmup, 1)
        return self.min_lr + (lr - self.min_lr) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


class Step(Schedule):
    """The rate multiplied by `gamma` at each milestone."""

    name = "step"
    main = "milestones"
    milestones: Annotated[list[Annotated[int, Field(ge=1), WHOLE]], Field(min_length=1, max_length=1000)]
    """The epochs, counted from 0, before which the rate changes."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The factor."""

    def after(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """lr * gamma ** (the milestones passed)."""
        passed = sum(step >= milestone * per_epoch for milestone in self.milestones)
        return float(lr * self.gamma**passed)


class OneCycle(Schedule):
    """Up in a line and down again to nearly 0 in a line (Smith 2018, the rate alone)."""

    name = "one_cycle"
    main = "peak"
    peak: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """The share of the run after which the rate is at its height."""

    def rate(self, step: int, total: int, per_epoch: int, lr: float) -> float:
        """lr * (t + 1) / P up to P = peak * T, then lr * (T - t) / (T - P)."""
        top = max(1.0, self.peak * total)
        up, down = (step + 1) / top, (total - step) / max(total - top, 1.0)
        return lr * min(1.0, up, down)


SCHEDULES: tuple[type[Schedule], ...] = (Constant, Cosine, Step, OneCycle)
AnySchedule = choice(*SCHEDULES)
