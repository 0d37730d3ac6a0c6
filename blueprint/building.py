"""Building a network from a spec in one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.compiler.specification import load

if TYPE_CHECKING:
    import torch
    from torch import nn


def build(
    spec: str | Path | dict[str, object],
    *,
    input: tuple[int, ...] | Mapping[str, tuple[int, ...]] | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    **arguments: object,
) -> nn.Module:
    """The network of a spec as a torch module with freshly initialised weights.

    It takes (N, C, H, W) for an input of [C, H, W]. input: another input shape, batch left out.
    device, dtype: where and as what the weights are made, `meta` included. arguments: values for
    the model's arguments. Raises SpecError with every fault of the spec.
    """
    specification = load(spec, input=input, **arguments)  # type: ignore[arg-type]
    return specification.build(device=device, dtype=dtype)
