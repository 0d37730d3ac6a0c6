"""The digits, the public sets without a network, and the parts that are held out."""

import urllib.error

import numpy as np
import pytest
import torch
from torchvision import datasets

from blueprint.data import downloads, sources
from blueprint.data.progress import Silent
from blueprint.data.splits import Split, held_out
from blueprint.diagnostics import SpecError


def test_the_digits_have_a_fixed_stratified_test_part():
    data = sources.Digits().open(Silent())
    assert data.train.images.shape == (1442, 1, 8, 8)
    assert data.test.images.shape == (355, 1, 8, 8)
    assert data.train.images.dtype == torch.uint8
    assert data.train.images.max() == 255
    share = data.test.labels.bincount() / (data.test.labels.bincount() + data.train.labels.bincount())
    assert share.min() > 0.19
    assert share.max() < 0.205
    again = sources.Digits().open(Silent())
    assert torch.equal(data.test.images, again.test.images)


@pytest.mark.parametrize("name", [*downloads.ARCHIVES, "imagenette"])
def test_without_a_network_a_public_set_says_where_its_files_belong(name, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    kind = next(s for s in sources.SOURCES if s.name == name)
    with pytest.raises(SpecError) as caught:
        kind(root=str(tmp_path)).open(Silent())
    (fault,) = caught.value.diagnostics
    assert fault.code == "no-network"
    assert "could not be downloaded" in fault.message
    assert fault.notes
    for note in fault.notes:
        assert note.message.startswith(str(tmp_path))
        assert " from http" in note.message


def test_a_public_set_that_may_not_be_downloaded_is_a_fault(tmp_path):
    with pytest.raises(SpecError) as caught:
        sources.Cifar10(root=str(tmp_path), download=False).open(Silent())
    (fault,) = caught.value.diagnostics
    assert fault.code == "data-not-found"
    assert "`download: false`" in fault.message


@pytest.mark.parametrize(
    ("name", "data", "labels"),
    [
        ("CIFAR10", np.zeros((4, 32, 32, 3), dtype=np.uint8), {"targets": [0, 1, 2, 9]}),
        ("SVHN", np.zeros((4, 3, 32, 32), dtype=np.uint8), {"labels": np.array([0, 1, 2, 9])}),
        ("MNIST", torch.zeros(4, 28, 28, dtype=torch.uint8), {"targets": torch.tensor([0, 1, 2, 9])}),
    ],
)
def test_torchvisions_arrays_become_channels_first_images(name, data, labels, tmp_path, monkeypatch):
    class Stand:
        classes = [str(i) for i in range(10)]

        def __init__(self, root, download=False, **_):
            self.data = data
            self.__dict__ |= labels

    monkeypatch.setattr(datasets, name, Stand)
    got = downloads.open_archive(name.lower(), tmp_path, False, Silent())
    assert got.train.images.shape == (4, 1 if name == "MNIST" else 3, *((28, 28) if name == "MNIST" else (32, 32)))
    assert got.train.images.is_contiguous()
    assert got.train.labels.tolist() == [0, 1, 2, 9]
    assert len(got.classes) == 10


def test_the_held_out_part_is_stratified_fixed_and_disjoint():
    labels = torch.tensor([0] * 50 + [1] * 20 + [2] * 3)
    split = Split(labels, torch.arange(73, dtype=torch.uint8).view(73, 1, 1, 1))
    train, held = held_out(split, 0.1)
    assert held.labels.bincount().tolist() == [5, 2, 1]
    assert sorted((*train.images.flatten().tolist(), *held.images.flatten().tolist())) == list(range(73))
    assert torch.equal(held_out(split, 0.1)[1].images, held.images)
