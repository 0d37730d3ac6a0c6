"""Image files of every mode come out as 8-bit grey or RGB; others say why they cannot be read."""

import numpy as np
import pytest
import torch
from PIL import Image

from blueprint.data.decode import Unreadable, decode, extent

GREY = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)
RGB = np.stack([GREY, GREY[::-1], np.full_like(GREY, 7)], axis=2)


def saved(tmp_path, array, mode, name="image.png"):
    path = tmp_path / name
    (Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)).save(path)
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colour_modes_give_their_rgb(tmp_path, mode):
    got = decode(saved(tmp_path, RGB, mode), 3)
    assert got.dtype == torch.uint8
    assert got.tolist() == RGB.transpose(2, 0, 1).tolist()


@pytest.mark.parametrize("transparency", [{}, {"transparency": 0}, {"transparency": bytes([0, 128, 255])}], ids=str)
def test_a_palette_gives_its_colours(tmp_path, transparency):
    path = tmp_path / "image.png"
    image = Image.fromarray(GREY // 100).convert("L")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90], "RGB")
    image.save(path, **transparency)
    colours = torch.tensor([[10, 20, 30], [40, 50, 60], [70, 80, 90]])
    assert decode(path, 3).tolist() == colours[torch.from_numpy(GREY // 100).long()].permute(2, 0, 1).tolist()


def test_cmyk_gives_rgb(tmp_path):
    got = decode(saved(tmp_path, RGB, "CMYK", "image.tif"), 3)
    assert (got.int() - torch.from_numpy(RGB).permute(2, 0, 1).int()).abs().max() <= 1


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_is_repeated_for_three_channels_and_kept_for_one(tmp_path, mode):
    path = saved(tmp_path, GREY, mode)
    assert decode(path, 1).tolist() == [GREY.tolist()]
    assert decode(path, 3).tolist() == [GREY.tolist()] * 3


@pytest.mark.parametrize("name", ["image.png", "image.tif"])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, name):
    path = saved(tmp_path, GREY.astype(np.uint16) * 257, None, name)
    assert decode(path, 1).tolist() == [GREY.tolist()]
    assert decode(path, 3).tolist() == [GREY.tolist()] * 3


def test_one_bit_gives_black_and_white(tmp_path):
    path = saved(tmp_path, (GREY > 100).astype(np.uint8) * 255, "1")
    assert decode(path, 1).tolist() == [((GREY > 100) * 255).tolist()]


def test_a_part_is_resized_as_asked(tmp_path):
    array = np.zeros((8, 16, 3), dtype=np.uint8)
    array[:, 4:12] = 200
    path = saved(tmp_path, array, "RGB")
    assert extent(path) == (8, 16)
    got = decode(path, 3, (4, 4), lambda h, w: (0, 4, h, 8))
    assert got.shape == (3, 4, 4)
    assert (got == 200).all()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.png", b"", "the file is empty"),
        ("text.jpg", b"this is no image", "no image format that is known"),
        ("missing.jpg", None, "there is no such file"),
    ],
)
def test_an_unreadable_file_says_why(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=f"^{reason}$"):
        decode(path, 3)


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.gif", "cut.bmp", "cut.tif"])
def test_a_truncated_file_is_unreadable(tmp_path, name):
    rng = np.random.default_rng(0)
    path = saved(tmp_path, rng.integers(0, 256, (64, 64, 3), dtype=np.uint8), "RGB", name)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(Unreadable):
        decode(path, 3)


def test_floating_point_pixels_are_refused(tmp_path):
    path = saved(tmp_path, GREY.astype(np.float32), None, "image.tif")
    with pytest.raises(Unreadable, match="floating-point"):
        decode(path, 3)
