"""Folders of images: what is read, what is refused, and in which words."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from blueprint.data.folder import open_folder
from blueprint.data.progress import Silent
from blueprint.diagnostics import SpecError


class Heard(Silent):
    """A progress that remembers its lines."""

    def __init__(self):
        self.lines = []

    def line(self, text):
        self.lines.append(text)


def image(path, value=0, size=(4, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), value, dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def root(tmp_path):
    """Two classes, three training and one test image each; a pixel's value tells the image."""
    for c, name in enumerate(("cat", "dog")):
        for i in range(3):
            image(tmp_path / "train" / name / f"{i}.png", 10 * c + i)
        image(tmp_path / "test" / name / "t.png", 100 + c)
    return tmp_path


def refused(*arguments, **keywords):
    with pytest.raises(SpecError) as caught:
        open_folder(*arguments, **keywords)
    assert len(caught.value.diagnostics) == 1
    return caught.value.diagnostics[0]


def test_equally_large_images_are_read_into_memory_in_the_order_of_classes_and_names(root):
    data = open_folder(root, Silent())
    assert data.classes == ("cat", "dog")
    assert data.train.images.shape == (6, 3, 4, 6)
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    assert data.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.test.images[:, 0, 0, 0].tolist() == [100, 101]


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_the_test_part_may_be_called_otherwise(root, name):
    (root / "test").rename(root / name)
    assert len(open_folder(root, Silent()).test) == 2


def test_a_folder_without_a_test_part_has_none(root):
    for path in sorted((root / "test").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (root / "test").rmdir()
    assert open_folder(root, Silent()).test is None


def test_images_of_various_sizes_are_kept_as_files(root):
    image(root / "train" / "dog" / "wide.png", 50, (4, 9))
    data = open_folder(root, Silent())
    assert data.train.images is None
    assert [p.name for p in data.train.files] == ["0.png", "1.png", "2.png", "0.png", "1.png", "2.png", "wide.png"]
    assert data.test.images is None


def test_nested_folders_belong_to_their_class_and_hidden_or_other_files_to_none(root):
    image(root / "train" / "cat" / "deep" / "er" / "x.PNG", 7)
    image(root / "train" / "cat" / ".hidden.png", 8)
    image(root / "train" / ".git" / "x.png", 9)
    (root / "train" / "cat" / "notes.txt").write_text("no image")
    data = open_folder(root, Silent())
    assert data.classes == ("cat", "dog")
    assert sorted(data.train.images[data.train.labels == 0][:, 0, 0, 0].tolist()) == [0, 1, 2, 7]


@pytest.mark.parametrize("various", [False, True])
def test_unreadable_images_are_refused_by_name(root, various):
    if various:
        image(root / "test" / "dog" / "big.png", 5, (9, 9))
    bad = root / "train" / "cat" / "1.png"
    bad.write_bytes(b"no image")
    fault = refused(root, Silent())
    assert fault.code == "unreadable-image"
    assert fault.message == f"`{bad}` cannot be read"
    assert [n.message for n in fault.notes] == [f"{bad}: no image format that is known"]
    assert "unreadable: skip" in fault.help


@pytest.mark.parametrize("various", [False, True])
def test_unreadable_images_are_named_counted_and_left_out_if_so_wished(root, various):
    if various:
        image(root / "test" / "dog" / "big.png", 5, (9, 9))
    for i in (1, 2):
        (root / "train" / "cat" / f"{i}.png").write_bytes(b"")
    heard = Heard()
    data = open_folder(root, heard, refuse=False)
    assert data.train.labels.tolist() == [0, 1, 1, 1]
    total = 9 if various else 8
    assert heard.lines == [
        f"2 of {total} images are unreadable and left out:",
        f"  {root}/train/cat/1.png: the file is empty",
        f"  {root}/train/cat/2.png: the file is empty",
    ]


def test_many_unreadable_images_are_named_in_part(root):
    for i in range(15):
        (root / "train" / "cat" / f"bad{i:02}.png").write_bytes(b"")
    fault = refused(root, Silent())
    assert fault.message == "15 of 23 images cannot be read"
    assert len(fault.notes) == 11
    assert fault.notes[-1].message == "and 5 more"


def test_a_class_of_unreadable_images_alone_is_a_fault_even_if_they_are_skipped(root):
    (root / "test" / "dog" / "t.png").write_bytes(b"")
    fault = refused(root, Silent(), refuse=False)
    assert (fault.code, fault.message) == ("data-not-found", "no readable images of class `dog`")


def test_classes_that_differ_between_the_parts_are_a_fault(root):
    (root / "test" / "dog").rename(root / "test" / "dogs")
    fault = refused(root, Silent())
    assert fault.code == "class-mismatch"
    want = f"the classes of `train` and `test` differ under `{root}`: `dogs` only in `test`; `dog` only in `train`"
    assert fault.message == want
    assert fault.help == "is `dogs` the class `dog`?"


def test_an_empty_class_folder_is_a_fault(root):
    for part in ("train", "test"):
        (root / part / "empty").mkdir()
    fault = refused(root, Silent())
    assert fault.code == "data-not-found"
    assert fault.message.startswith("no images in `empty` under")


def test_a_part_without_class_folders_is_a_fault(tmp_path):
    (tmp_path / "train").mkdir()
    fault = refused(tmp_path, Silent())
    assert fault.code == "data-not-found"
    assert fault.message.startswith("no class folders in ")


def test_a_missing_folder_is_a_fault_that_names_the_nearest(root):
    fault = refused(root.parent / (root.name + "x"), Silent())
    assert fault.code == "data-not-found"
    assert re.fullmatch(r"there is no folder `.*`", fault.message)
    assert fault.help == f"do you mean `{root}`?"


def test_a_folder_without_train_says_how_images_lie(tmp_path):
    fault = refused(tmp_path, Silent())
    assert fault.help == "images lie in `train/CLASS/` and in `test/CLASS/` or `val/CLASS/`"


def test_a_file_in_place_of_the_folder_is_a_fault(root):
    fault = refused(root / "train" / "cat" / "0.png", Silent())
    assert fault.code == "data-not-found"
    assert "is a file" in fault.message


def test_labels_are_int64(root):
    assert open_folder(root, Silent()).train.labels.dtype == torch.int64
