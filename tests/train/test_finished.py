"""Predictions of a finished run, and data it is measured on again."""

import numpy as np
import pytest
import torch
from PIL import Image

from blueprint.data.digits import open_digits
from blueprint.data.progress import Silent
from blueprint.data.sources import Folder
from blueprint.data.splits import Data
from blueprint.diagnostics import SpecError, UsageError
from blueprint.train.device import choose_device
from blueprint.train.finished import measure_again, predict, reopen
from tests.train.fakes import FakeModel
from tests.train.test_engine import CPU, run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    made, _ = run(tmp_path_factory.mktemp("finished"), epochs=4, augment=[])
    return reopen(made.path, FakeModel().load, CPU)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The digits' test part as a folder of files, `train` one image a class."""
    root = tmp_path_factory.mktemp("digits")
    test = open_digits().test
    for i, (image, label) in enumerate(zip(test.images, test.labels.tolist(), strict=True)):
        for part in ("test", "train") if i < 40 else ("test",):
            path = root / part / str(label) / f"{i:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[0].numpy()).save(path)
    return root


def test_probabilities_of_all_classes_sum_to_one(finished, pictures):
    images = sorted((pictures / "test").rglob("*.png"))[:70]
    predictions, faults = predict(finished, images, 10)
    assert not faults
    assert [p.image for p in predictions] == [str(path) for path in images]
    for p in predictions:
        assert sum(share for _, share in p.top) == pytest.approx(1, abs=1e-9)
        assert sorted(name for name, _ in p.top) == [str(d) for d in range(10)]
        assert [share for _, share in p.top] == sorted((share for _, share in p.top), reverse=True)


def test_the_first_predictions_are_the_runs_top1(finished, pictures):
    images = sorted((pictures / "test").rglob("*.png"))
    predictions, _ = predict(finished, images, 1)
    right = [p.top[0][0] == path.parent.name for p, path in zip(predictions, images, strict=True)]
    assert np.mean(right) == pytest.approx(finished.run.summary.top1)


def test_more_classes_than_there_are_gives_all(finished, pictures):
    (prediction,), _ = predict(finished, [next((pictures / "test").rglob("*.png"))], 99)
    assert len(prediction.top) == 10


def test_unreadable_images_are_told_beside_the_others(finished, pictures, tmp_path):
    good = tmp_path / "good.png"
    Image.new("RGBA", (30, 20), (255, 0, 0, 9)).save(good)
    (tmp_path / "bad.png").write_bytes(b"")
    predictions, faults = predict(finished, [tmp_path / "bad.png", good, tmp_path / "god.png"], 5)
    assert [p.image for p in predictions] == [str(good)]
    assert [f.code for f in faults] == ["unreadable-image"] * 2
    assert faults[0].message.endswith("cannot be read: the file is empty")
    assert faults[1].message.endswith("cannot be read: there is no such file")
    assert "good.png" in faults[1].help


def test_other_data_of_the_same_classes_is_measured(finished, pictures):
    scores, split = measure_again(finished, Silent(), Folder(root=str(pictures)))
    assert (scores.count, split) == (355, "test")
    assert scores.top1 == pytest.approx(finished.run.summary.top1)


def test_other_classes_are_a_mismatch(finished, monkeypatch):
    data = open_digits()
    monkeypatch.setattr(
        "blueprint.data.digits.open_digits", lambda: Data("x", ("a", *data.classes[1:]), data.train, data.test, 1)
    )
    with pytest.raises(SpecError) as caught:
        measure_again(finished, Silent())
    (fault,) = caught.value.diagnostics
    assert fault.code == "class-mismatch"
    assert fault.message == "the classes of x are not the run's: `a` unknown to the run; `0` missing"


def test_a_validation_part_that_was_not_held_out_cannot_be_measured(finished):
    with pytest.raises(UsageError, match="held no images out"):
        measure_again(finished, Silent(), split="validation")


@pytest.mark.parametrize(("name", "meant"), [("cup", "did you mean `cpu`?"), ("tpu", None), ("cuda:99", None)])
def test_an_unknown_device_is_told(name, meant):
    with pytest.raises(UsageError) as caught:
        choose_device(name)
    (fault,) = caught.value.diagnostics
    assert fault.code == "device-not-found"
    assert meant is None or fault.help == meant


def test_the_device_is_chosen_by_itself():
    assert choose_device(None).type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu").type == "cpu"
