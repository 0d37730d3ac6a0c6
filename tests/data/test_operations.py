"""The batched operations equal torchvision's, image by image, at every magnitude that a policy can draw."""

import math

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from blueprint.data import operations, policies


def reference(image, name, m):
    """What torchvision's functions make of one image."""
    still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    degrees = math.degrees(math.atan(m))
    return {
        "identity": lambda: image,
        "shear_x": lambda: F.affine(image, **still | {"shear": [degrees, 0.0]}, center=[0, 0]),
        "shear_y": lambda: F.affine(image, **still | {"shear": [0.0, degrees]}, center=[0, 0]),
        "translate_x": lambda: F.affine(image, **still | {"translate": [int(m), 0]}),
        "translate_y": lambda: F.affine(image, **still | {"translate": [0, int(m)]}),
        "rotate": lambda: F.rotate(image, m),
        "brightness": lambda: F.adjust_brightness(image, 1.0 + m),
        "color": lambda: F.adjust_saturation(image, 1.0 + m),
        "contrast": lambda: F.adjust_contrast(image, 1.0 + m),
        "sharpness": lambda: F.adjust_sharpness(image, 1.0 + m),
        "posterize": lambda: F.posterize(image, int(m)),
        "solarize": lambda: F.solarize(image, 255.0 * m),
        "autocontrast": lambda: F.autocontrast(image),
        "equalize": lambda: F.equalize(image),
        "invert": lambda: F.invert(image),
    }[name]()


def images(n, shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    batch = (torch.rand(n, *shape, generator=generator) * 256).to(torch.uint8)
    batch[: n // 4] = batch[: n // 4] // 4 + 60  # low contrast
    batch[-1] = 77  # flat
    return batch


@pytest.mark.parametrize("shape", [(3, 32, 32), (3, 14, 21), (1, 16, 16)], ids=str)
@pytest.mark.parametrize("name", operations.NAMES)
def test_an_operation_equals_torchvisions_at_every_magnitude(name, shape):
    index = operations.NAMES.index(name)
    for wide in (False, True):
        table = policies.magnitudes(31, *shape[1:], wide=wide)[index]
        strengths = torch.cat([table, -table]) if name in operations.SIGNED else table
        batch = images(len(strengths), shape, seed=index)
        got = operations.run(batch, torch.full((len(strengths),), index), strengths)
        want = torch.stack([reference(i, name, float(m)) for i, m in zip(batch, strengths, strict=True)])
        assert torch.equal(got, want)


def test_each_image_of_a_batch_gets_its_own_operation():
    n = len(operations.NAMES)
    batch = images(3 * n, (3, 24, 24))
    kinds = torch.arange(n).repeat(3)[torch.randperm(3 * n, generator=torch.Generator().manual_seed(1))]
    strengths = policies.magnitudes(10, 24, 24)[kinds, 6]
    got = operations.run(batch, kinds, strengths)
    for i, kind in enumerate(kinds.tolist()):
        assert torch.equal(got[i], reference(batch[i], operations.NAMES[kind], float(strengths[i])))


OUR_NAMES = {"ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x", "TranslateY": "translate_y"}


@pytest.mark.parametrize("policy", ["cifar10", "svhn", "imagenet"])
def test_the_sub_policies_are_torchvisions(policy):
    theirs = v2.AutoAugment(v2.AutoAugmentPolicy[policy.upper()])._policies
    want = [tuple((OUR_NAMES.get(n, n.lower()), p, level or 0) for n, p, level in pair) for pair in theirs]
    assert list(policies.sub_policies(policy)) == want


def test_auto_augment_draws_every_sub_policy_with_its_probabilities():
    generator = torch.Generator().manual_seed(0)
    kinds, strengths = policies.draw_auto("cifar10", 50_000, 32, 32, generator)
    assert kinds.shape == strengths.shape == (2, 50_000)
    table = policies.sub_policies("cifar10")
    for step in range(2):
        for index, name in enumerate(operations.NAMES[1:], 1):
            expected = sum(pair[step][1] for pair in table if pair[step][0] == name) / len(table)
            assert (kinds[step] == index).float().mean().item() == pytest.approx(expected, abs=0.006)
    rotated = strengths[kinds == operations.NAMES.index("rotate")]
    assert set(rotated.unique().tolist()) == {-30.0 * 2 / 9, 30.0 * 2 / 9} or rotated.abs().max() <= 30
    assert (rotated > 0).float().mean().item() == pytest.approx(0.5, abs=0.05)
