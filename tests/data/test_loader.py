"""Batches: their order, shape and normalisation; files and memory give the same."""

import numpy as np
import pytest
import torch
from PIL import Image

from blueprint.data.augment import HorizontalFlip, RandomCrop, RandomErasing, RandomResizedCrop
from blueprint.data.loader import Loader, measure
from blueprint.data.splits import Split
from blueprint.data.view import Normalisation, Shape, measured, with_channels

CPU = torch.device("cpu")
PLAIN = Normalisation((0.0,) * 3, (1.0,) * 3)


def memory(n=50, channels=3, side=8):
    generator = torch.Generator().manual_seed(0)
    images = (torch.rand(n, channels, side, side, generator=generator) * 256).byte()
    return Split(torch.arange(n) % 5, images)


def files(tmp_path, n=12):
    rng = np.random.default_rng(0)
    paths, images = [], []
    for i in range(n):
        array = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        path = tmp_path / f"{i}.png"
        Image.fromarray(array).save(path)
        paths.append(path)
        images.append(torch.from_numpy(array).permute(2, 0, 1))
    labels = torch.arange(n) % 3
    return Split(labels, None, tuple(paths)), Split(labels, torch.stack(images))


def test_measuring_keeps_the_order_and_every_image():
    split = memory()
    got = list(Loader(split, Shape(3, 8, 8), PLAIN, 16, CPU).epoch(0))
    assert [len(labels) for _, labels in got] == [16, 16, 16, 2]
    assert torch.equal(torch.cat([labels for _, labels in got]), split.labels)
    assert torch.allclose(torch.cat([images for images, _ in got]), split.images / 255, atol=1e-6)


def test_training_shuffles_anew_each_epoch_and_repeats_with_the_seed():
    split = memory()
    steps = [RandomCrop(padding=2), HorizontalFlip(), RandomErasing()]

    def epoch(seed, number):
        loader = Loader(split, Shape(3, 8, 8), PLAIN, 16, CPU, augment=steps, seed=seed)
        return torch.cat([images for images, _ in loader.epoch(number)])

    assert torch.equal(epoch(1, 0), epoch(1, 0))
    assert not torch.equal(epoch(1, 0), epoch(1, 1))
    assert not torch.equal(epoch(1, 0), epoch(2, 0))


def test_training_sees_every_image_once():
    loader = Loader(memory(), Shape(3, 8, 8), PLAIN, 16, CPU, augment=[])
    got = torch.cat([images for images, _ in loader.epoch(3)])
    want = memory().images / 255
    assert torch.allclose(got.flatten(1).sum(1).sort().values, want.flatten(1).sum(1).sort().values, atol=1e-4)


def test_a_lone_last_training_image_is_left_out():
    loader = Loader(memory(33), Shape(3, 8, 8), PLAIN, 16, CPU, augment=[])
    assert [len(labels) for _, labels in loader.epoch(0)] == [16, 16]
    assert len(loader) == 2
    assert len(Loader(memory(33), Shape(3, 8, 8), PLAIN, 16, CPU)) == 3
    assert len(Loader(memory(1), Shape(3, 8, 8), PLAIN, 16, CPU, augment=[])) == 1


def test_files_give_the_same_images_as_memory(tmp_path):
    on_disk, in_memory = files(tmp_path)
    shape = Shape(3, 12, 12, crop_fraction=0.8)
    got = [torch.cat(parts) for parts in zip(*Loader(on_disk, shape, PLAIN, 5, CPU).epoch(0), strict=True)]
    want = [torch.cat(parts) for parts in zip(*Loader(in_memory, shape, PLAIN, 5, CPU).epoch(0), strict=True)]
    assert torch.equal(got[1], want[1])
    assert (got[0] - want[0]).abs().max() <= 1.01 / 255


def test_random_crops_of_files_repeat_whatever_the_workers(tmp_path, monkeypatch):
    on_disk, _ = files(tmp_path)

    def epoch(cores, number=0):
        monkeypatch.setattr("os.cpu_count", lambda: cores)
        loader = Loader(on_disk, Shape(3, 12, 12), PLAIN, 5, CPU, augment=[RandomResizedCrop(), HorizontalFlip()])
        return torch.cat([images for images, _ in loader.epoch(number)])

    assert torch.equal(epoch(1), epoch(3))
    assert not torch.equal(epoch(1), epoch(1, 1))


def test_random_resized_crops_in_memory_have_the_networks_size():
    loader = Loader(memory(channels=1), Shape(3, 5, 6), PLAIN, 16, CPU, augment=[RandomResizedCrop(), RandomCrop()])
    assert {tuple(images.shape[1:]) for images, _ in loader.epoch(0)} == {(3, 5, 6)}


def test_a_file_that_breaks_later_is_left_out_and_told_once(tmp_path):
    on_disk, _ = files(tmp_path)
    on_disk.files[4].write_bytes(on_disk.files[4].read_bytes()[:200])
    lines = []

    class Heard:
        def line(self, text):
            lines.append(text)

    loader = Loader(on_disk, Shape(3, 8, 8), PLAIN, 5, CPU, refuse_unreadable=False, progress=Heard())
    for _ in range(2):
        assert sum(len(labels) for _, labels in loader.epoch(0)) == 11
    assert lines[0] == "1 of 12 images is unreadable and left out:"
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("height", "width", "fraction", "box"),
    [
        (32, 32, 1.0, (0, 0, 32, 32)),
        (100, 50, 1.0, (25, 0, 50, 50)),
        (256, 256, 0.875, (16, 16, 224, 224)),
        (8, 8, 1.0, (0, 0, 8, 8)),
    ],
)
def test_the_middle_of_an_image_is_shown(height, width, fraction, box):
    assert Shape(3, 224, 224, fraction).box(height, width) == box


def test_grey_images_become_three_equal_channels_and_colour_becomes_luma():
    grey = memory(4, channels=1).images
    assert torch.equal(with_channels(with_channels(grey, 3), 1), grey)


def test_measured_normalisation_gives_zero_mean_and_unit_deviation():
    split = memory(400)
    normalisation = measure(split, Shape(3, 8, 8))
    values = torch.cat([images for images, _ in Loader(split, Shape(3, 8, 8), normalisation, 64, CPU).epoch(0)])
    assert values.mean((0, 2, 3)).abs().max() < 1e-3
    assert (values.std((0, 2, 3)) - 1).abs().max() < 1e-3


def test_a_flat_channel_is_not_divided_by_zero():
    assert measured([torch.full((2, 1, 4, 4), 51, dtype=torch.uint8)]) == Normalisation((0.2,), (1.0,))


@pytest.mark.gpu
def test_the_device_sees_what_the_cpu_sees():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    steps = [RandomCrop(padding=2), HorizontalFlip(), RandomErasing()]
    results = []
    for device in (CPU, torch.device("cuda")):
        loader = Loader(memory(), Shape(3, 8, 8), PLAIN, 16, device, augment=steps, seed=1)
        results.append(torch.cat([images.cpu() for images, _ in loader.epoch(0)]))
    assert torch.allclose(results[0], results[1], atol=1e-6)
