"""The augmentations equal torchvision's functions under the same decisions, and repeat with their seed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as F

from blueprint.data import geometry
from blueprint.data.augment import (
    AUGMENTATIONS,
    ColorJitter,
    HorizontalFlip,
    RandomCrop,
    RandomErasing,
    RandomResizedCrop,
    RandomRotation,
    rotated,
)


def batch(n=12, channels=3, height=16, width=16, seed=0):
    return (torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(seed)) * 256).byte()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("mode", ["constant", "reflect"])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (9, 13)])
def test_a_random_crop_is_a_window_of_the_padded_image(mode, height, width):
    images = batch(20, height=height, width=width)
    got = RandomCrop(padding=4, padding_mode=mode)(images, seeded(3))
    shift = torch.randint(-4, 5, (2, 20), generator=seeded(3))
    assert len({tuple(s) for s in shift.T.tolist()}) > 10
    for i in range(20):
        padded = F.pad(images[i].float(), [4, 4, 4, 4], padding_mode=mode).byte()
        want = F.crop(padded, 4 + int(shift[0, i]), 4 + int(shift[1, i]), height, width)
        assert torch.equal(got[i], want)


def test_a_flip_mirrors_about_its_share_of_the_images():
    images = batch(2000, 1, 2, 3)
    got = HorizontalFlip(p=0.3)(images, seeded())
    flipped = (got == images.flip(3)).flatten(1).all(1)
    kept = (got == images).flatten(1).all(1)
    assert (flipped | kept).all()
    assert flipped.float().mean().item() == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_rotation_is_torchvisions(interpolation):
    images = batch(9, height=15, width=20)
    angles = torch.tensor([0.0, 3.3, -7.25, 15.0, -15.0, 44.0, 91.5, -120.0, 179.0], dtype=torch.float64)
    got = rotated(images, angles, interpolation)
    want = torch.stack(
        [F.rotate(i, float(a), F.InterpolationMode(interpolation)) for i, a in zip(images, angles, strict=True)]
    )
    assert torch.equal(got, want)


def test_a_rotation_stays_within_its_degrees():
    images = torch.zeros(500, 1, 65, 65, dtype=torch.uint8)
    images[:, :, 32, 62] = 255  # 30 pixels right of the centre
    turned = RandomRotation(degrees=15, interpolation="bilinear")(images, seeded()).float()
    rows = (turned.sum((1, 3)) * torch.arange(65)).sum(1) / turned.sum((1, 2, 3)) - 32
    assert rows.abs().max() <= 30 * 0.2589 + 0.3
    assert rows.min() < -6
    assert rows.max() > 6


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(2, 24), st.integers(2, 24), st.data())
def test_a_resized_window_is_torchvisions_resized_crop(height, width, out_height, out_width, data):
    h, w = data.draw(st.integers(2, height)), data.draw(st.integers(2, width))
    top, left = data.draw(st.integers(0, height - h)), data.draw(st.integers(0, width - w))
    images = batch(2, 3, height, width)
    boxes = torch.tensor([[top, left, h, w]] * 2, dtype=torch.float32)
    got = geometry.resized_windows(images, boxes, (out_height, out_width))
    want = F.resized_crop(images.float(), top, left, h, w, [out_height, out_width], antialias=True)
    assert (got.float() - want).abs().max() <= 0.51  # rounded


def test_random_resized_crops_lie_inside_and_keep_to_scale_and_ratio():
    crop = RandomResizedCrop(scale=[0.2, 0.9], ratio=[0.5, 2.0])
    heights, widths = torch.full((3000,), 60.0), torch.full((3000,), 90.0)
    top, left, h, w = crop.boxes(heights, widths, seeded()).T
    assert ((top >= 0) & (left >= 0) & (top + h <= 60) & (left + w <= 90)).all()
    share, ratio = h * w / 5400, w / h
    assert 0.18 < share.min() < 0.22
    assert 0.86 < share.max() < 0.92
    assert 0.48 < ratio.min() < 0.55
    assert 1.85 < ratio.max() < 2.1


def test_a_random_resized_crop_of_a_narrow_image_takes_its_middle():
    crop = RandomResizedCrop(scale=[1.0, 1.0], ratio=[1.0, 1.0])
    box = crop.boxes(torch.tensor([10.0]), torch.tensor([100.0]), seeded())
    assert box.tolist() == [[0.0, 45.0, 10.0, 10.0]]


def test_erasing_blots_one_rectangle_out_of_its_share_of_the_images():
    images = torch.ones(2000, 3, 32, 32)
    got = RandomErasing(p=0.5)(images, seeded())
    gone = got[:, 0] == 0
    assert torch.equal(got == 0, gone.unsqueeze(1).expand(-1, 3, -1, -1))
    area = gone.flatten(1).sum(1)
    hit = area > 0
    assert hit.float().mean().item() == pytest.approx(0.5, abs=0.04)
    rows, columns = gone.any(2).sum(1), gone.any(1).sum(1)
    assert torch.equal(rows * columns, area)
    assert 0.01 < (area[hit] / 1024).min() < 0.03
    assert 0.3 < (area[hit] / 1024).max() < 0.36
    assert (images == 1).all()


def test_erasing_with_noise_leaves_the_rest_alone():
    images = torch.full((50, 3, 16, 16), 9.0)
    got = RandomErasing(p=1.0, fill="noise")(images, seeded())
    assert (got != 9).flatten(1).any(1).float().mean() > 0.9
    assert (got == 9).flatten(1).any(1).all()


def test_colour_jitter_without_strength_changes_nothing_and_with_it_stays_in_range():
    images = batch(30)
    assert torch.equal(ColorJitter()(images, seeded()), images)
    grey = torch.full((200, 3, 4, 4), 100, dtype=torch.uint8)
    bright = ColorJitter(brightness=0.4)(grey, seeded())[:, 0, 0, 0].float()
    assert bright.min() >= 60
    assert bright.max() <= 140
    assert bright.std() > 15


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_an_augmentation_repeats_with_its_seed_and_only_then(kind, channels):
    if kind is RandomResizedCrop:
        step = kind()
        run = lambda seed: step.crop(batch(40, channels), (12, 12), seeded(seed))  # noqa: E731
    else:
        given = {"degrees": 20.0} if kind is RandomRotation else {}
        given |= {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5} if kind is ColorJitter else {}
        images = batch(40, channels).float() if kind is RandomErasing else batch(40, channels)
        run = lambda seed: kind(**given)(images, seeded(seed))  # noqa: E731
    first = run(5)
    assert torch.equal(first, run(5))
    assert not torch.equal(first, run(6))
    assert first.dtype == (torch.float32 if kind is RandomErasing else torch.uint8)
