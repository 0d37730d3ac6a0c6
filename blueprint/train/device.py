"""The device that a run uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import Diagnostic, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import listed, ticked

if TYPE_CHECKING:
    import torch


def choose_device(name: str | None) -> torch.device:
    """The device called `name` (`cpu`, `cuda`, `cuda:1`); None: the first CUDA device, else the CPU."""
    import torch

    cuda = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    known = ["cpu", *(["cuda"] if cuda else []), *cuda]
    if name is None:
        return torch.device("cuda" if cuda else "cpu")
    if name in known:
        return torch.device(name)
    meant = nearest(name, known)
    help = f"did you mean `{meant}`?" if meant else f"here there is {listed(known, 'and')}"
    if name.partition(":")[0] == "cuda" and not cuda:
        help = "torch finds no CUDA device here; leave `--device` out to use the CPU"
    raise UsageError([Diagnostic("device-not-found", f"there is no device {ticked(name)}", help=help)])
