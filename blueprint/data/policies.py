"""AutoAugment, RandAugment and TrivialAugment: what they draw; `operations` carries it out.

The magnitudes are torchvision's, which follow the papers' code. AutoAugment: Cubuk et al. 2019,
arXiv:1805.09501; RandAugment: arXiv:1909.13719; TrivialAugment: arXiv:2103.10158.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from blueprint.data.operations import NAMES, SIGNED

if TYPE_CHECKING:
    from torch import Generator, Tensor

Policy = Literal["cifar10", "svhn", "imagenet"]

# A sub-policy is two steps `operation probability level`; the level counts from 0 to 9.
_TABLES: dict[str, str] = {
    "cifar10": """
        invert .1 0, contrast .2 6;         rotate .7 2, translate_x .3 9;      sharpness .8 1, sharpness .9 3
        shear_y .5 8, translate_y .7 9;     autocontrast .5 0, equalize .9 0;   shear_y .2 7, posterize .3 7
        color .4 3, brightness .6 7;        sharpness .3 9, brightness .7 9;    equalize .6 0, equalize .5 0
        contrast .6 7, sharpness .6 5;      color .7 7, translate_x .5 8;       equalize .3 0, autocontrast .4 0
        translate_y .4 3, sharpness .2 6;   brightness .9 6, color .2 8;        solarize .5 2, invert 0 0
        equalize .2 0, autocontrast .6 0;   equalize .2 0, equalize .6 0;       color .9 9, equalize .6 0
        autocontrast .8 0, solarize .2 8;   brightness .1 3, color .7 0;        solarize .4 5, autocontrast .9 0
        translate_y .9 9, translate_y .7 9; autocontrast .9 0, solarize .8 3;   equalize .8 0, invert .1 0
        translate_y .7 9, autocontrast .9 0
    """,
    "svhn": """
        shear_x .9 4, invert .2 0;          shear_y .9 8, invert .7 0;          equalize .6 0, solarize .6 6
        invert .9 0, equalize .6 0;         equalize .6 0, rotate .9 3;         shear_x .9 4, autocontrast .8 0
        shear_y .9 8, invert .4 0;          shear_y .9 5, solarize .2 6;        invert .9 0, autocontrast .8 0
        equalize .6 0, rotate .9 3;         shear_x .9 4, solarize .3 3;        shear_y .8 8, invert .7 0
        equalize .9 0, translate_y .6 6;    invert .9 0, equalize .6 0;         contrast .3 3, rotate .8 4
        invert .8 0, translate_y 0 2;       shear_y .7 6, solarize .4 8;        invert .6 0, rotate .8 4
        shear_y .3 7, translate_x .9 3;     shear_x .1 6, invert .6 0;          solarize .7 2, translate_y .6 7
        shear_y .8 4, invert .8 0;          shear_x .7 9, translate_y .8 3;     shear_y .8 5, autocontrast .7 0
        shear_x .7 2, invert .1 0
    """,
    "imagenet": """
        posterize .4 8, rotate .6 9;        solarize .6 5, autocontrast .6 0;   equalize .8 0, equalize .6 0
        posterize .6 7, posterize .6 6;     equalize .4 0, solarize .2 4;       equalize .4 0, rotate .8 8
        solarize .6 3, equalize .6 0;       posterize .8 5, equalize 1 0;       rotate .2 3, solarize .6 8
        equalize .6 0, posterize .4 6;      rotate .8 8, color .4 0;            rotate .4 9, equalize .6 0
        equalize 0 0, equalize .8 0;        invert .6 0, equalize 1 0;          color .6 4, contrast 1 8
        rotate .8 8, color 1 2;             color .8 8, solarize .8 7;          sharpness .4 7, invert .6 0
        shear_x .6 5, equalize 1 0;         color .4 0, equalize .6 0;          equalize .4 0, solarize .2 4
        solarize .6 5, autocontrast .6 0;   invert .6 0, equalize 1 0;          color .6 4, contrast 1 8
        equalize .8 0, equalize .6 0
    """,
}


@cache
def sub_policies(policy: Policy) -> tuple[tuple[tuple[str, float, int], ...], ...]:
    """The 25 sub-policies: pairs of (operation, probability, level)."""
    texts = [text for text in _TABLES[policy].replace("\n", ";").split(";") if text.strip()]
    steps = [[step.split() for step in text.split(",")] for text in texts]
    return tuple(tuple((name, float(p), int(level)) for name, p, level in pair) for pair in steps)


def magnitudes(bins: int, height: int, width: int, *, wide: bool = False) -> Tensor:
    """The magnitude of each operation of `NAMES` at each level, (operations, bins), float64.

    wide: TrivialAugment's ranges and not AutoAugment's.
    """
    import torch

    lost = 6 if wide else 4
    top = {
        "shear_x": 0.99 if wide else 0.3,
        "shear_y": 0.99 if wide else 0.3,
        "translate_x": 32.0 if wide else 150.0 / 331.0 * width,
        "translate_y": 32.0 if wide else 150.0 / 331.0 * height,
        "rotate": 135.0 if wide else 30.0,
        **dict.fromkeys(("brightness", "color", "contrast", "sharpness"), 0.99 if wide else 0.9),
    }
    rows = []
    for name in NAMES:
        if name == "posterize":
            row = (8 - torch.arange(bins) / (max(bins - 1, 1) / lost)).round()
        elif name == "solarize":
            row = torch.linspace(1.0, 0.0, bins)
        else:
            row = torch.linspace(0.0, top.get(name, 0.0), bins)
        rows.append(row.double())
    return torch.stack(rows)


def draw_auto(policy: Policy, n: int, height: int, width: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Two operations and their magnitudes for each of n images, (2, n) each; a step not taken is `identity`."""
    import torch

    table = sub_policies(policy)
    operation = torch.tensor([[NAMES.index(name) for name, _, _ in pair] for pair in table])
    probability = torch.tensor([[p for _, p, _ in pair] for pair in table])
    level = torch.tensor([[level for _, _, level in pair] for pair in table])
    chosen = torch.randint(len(table), (n,), generator=generator)
    taken = torch.rand(n, 2, generator=generator) < probability[chosen]
    operations = torch.where(taken, operation[chosen], 0)
    strength = magnitudes(10, height, width)[operations, level[chosen]]
    return operations.T, _with_sign(operations, strength, generator).T


def draw_rand(
    steps: int, level: int, bins: int, n: int, height: int, width: int, generator: Generator
) -> tuple[Tensor, Tensor]:
    """`steps` operations at one level for each of n images, (steps, n) each."""
    import torch

    operations = torch.randint(len(NAMES) - 1, (steps, n), generator=generator)  # all but invert
    strength = magnitudes(bins, height, width)[operations, level]
    return operations, _with_sign(operations, strength, generator)


def draw_trivial(bins: int, n: int, height: int, width: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """One operation at a drawn level for each of n images, (1, n) each."""
    import torch

    operations = torch.randint(len(NAMES) - 1, (1, n), generator=generator)  # all but invert
    level = torch.randint(bins, (1, n), generator=generator)
    strength = magnitudes(bins, height, width, wide=True)[operations, level]
    return operations, _with_sign(operations, strength, generator)


def _with_sign(operations: Tensor, strength: Tensor, generator: Generator) -> Tensor:
    """The strength, negated half of the time where the operation has a sign."""
    import torch

    signed = torch.tensor([name in SIGNED for name in NAMES])[operations]
    negative = torch.rand(operations.shape, generator=generator) < 0.5
    return torch.where(signed & negative, -strength, strength)
