"""The training loop: plain torch, one device, no wait for the device inside a step."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from blueprint.data.progress import Progress
from blueprint.diagnostics import Diagnostic, SpecError
from blueprint.train.metrics import Scores, evaluate, logits
from blueprint.train.run import EpochRecord, Run

if TYPE_CHECKING:
    from blueprint.data.loader import Loader
    from blueprint.train.recipe import Recipe

LOOK_EVERY = 50
"""Steps between two looks at the loss, which wait for the device."""


@dataclass
class Outcome:
    """How far a run came: whole epochs, steps, seconds, and the scores of the weights as they are, if measured."""

    epochs: int
    steps: int
    seconds: float
    scores: Scores | None
    interrupted: bool


def fit(
    module: nn.Module,
    train: Loader,
    measure: Loader,
    recipe: Recipe,
    run: Run,
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train the module by the recipe; after each epoch measure it, add to the metrics and save the weights.

    The module lies on the device of the loaders. `stop` is asked before the first step and after
    every one; when it says true, the weights are saved as they are. Raises SpecError where the loss
    is no longer finite; the weights of the last whole epoch stay.
    """
    device = train.target
    module.train()
    if recipe.channels_last:
        module.to(memory_format=torch.channels_last)
    network = torch.compile(module) if recipe.compile else module
    optimiser = recipe.optimiser.make(module)
    half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(recipe.precision)
    autocast = torch.autocast(device.type, dtype=half) if half else contextlib.nullcontext()
    scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16)
    parameters = [p for p in module.parameters() if p.requires_grad]
    per_epoch = len(train)
    total = per_epoch * recipe.epochs
    step = 0
    begin = time.perf_counter()
    scores: Scores | None = None

    for epoch in range(recipe.epochs):
        if stop():
            run.save(module)
            return Outcome(epoch, step, time.perf_counter() - begin, scores, True)
        progress.begin(f"epoch {epoch + 1}/{recipe.epochs}", per_epoch)
        start = time.perf_counter()
        seen = 0
        loss_sum = torch.zeros((), device=device)
        rate = 0.0
        for images, labels in train.epoch(epoch):
            rate = recipe.schedule.rate(step, total, per_epoch, recipe.optimiser.lr)
            for group in optimiser.param_groups:
                group["lr"] = rate
            if recipe.channels_last:
                images = images.contiguous(memory_format=torch.channels_last)
            with autocast:
                scored = logits(network(images))
                loss = F.cross_entropy(scored, labels, label_smoothing=recipe.label_smoothing)
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            if recipe.clip_norm is not None:
                scaler.unscale_(optimiser)
                nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
            scaler.step(optimiser)
            scaler.update()
            optimiser.zero_grad(set_to_none=True)
            loss_sum += loss.detach() * len(labels)
            seen += len(labels)
            step += 1
            note = ""
            if step % LOOK_EVERY == 0:
                mean = _finite(loss_sum.item() / seen, epoch, step, progress)
                note = f"loss {mean:.3f}"
            progress.advance(1, note)
            if stop():
                break
        train_loss = _finite(loss_sum.item() / max(seen, 1), epoch, step, progress)
        seconds = time.perf_counter() - start
        progress.end()
        if stop():
            run.save(module)
            return Outcome(epoch + (step == (epoch + 1) * per_epoch), step, time.perf_counter() - begin, None, True)

        scores = evaluate(module, measure.epoch(0))
        record = EpochRecord(
            epoch=epoch + 1,
            train_loss=train_loss,
            loss=scores.loss,
            top1=scores.top1,
            top5=scores.top5,
            lr=rate,
            seconds=seconds,
            images_per_second=seen / seconds,
        )
        run.save(module)
        run.add(record)
        progress.line(told(record, recipe.epochs))
    return Outcome(recipe.epochs, step, time.perf_counter() - begin, scores, False)


def told(record: EpochRecord, epochs: int) -> str:
    """A line about an epoch: `epoch  3/20  train loss 0.412  loss 0.388  top-1 91.20 %  ...`."""
    number = f"{record.epoch:>{len(str(epochs))}}/{epochs}"
    return (
        f"epoch {number}  train loss {record.train_loss:.4f}  loss {record.loss:.4f}  top-1 {record.top1:.2%}"
        f"  top-5 {record.top5:.2%}  lr {record.lr:.2e}  {record.images_per_second:,.0f} images/s"
    )


def _finite(loss: float, epoch: int, step: int, progress: Progress) -> float:
    if math.isfinite(loss):
        return loss
    progress.end()
    kept = f"the weights after epoch {epoch} are kept" if epoch else "no weights are kept: the first epoch did not end"
    message = f"the loss is {loss} in epoch {epoch + 1}, at or before step {step}"
    help = f"{kept}; a lower `lr`, a warm-up or `clip_norm` often helps"
    raise SpecError([Diagnostic("not-finite", message, help=help)])
