"""`--weights` and `--save` on the command line."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

SMALL = ("resnet18", "--set", "num_classes=10", "--input", "3,32,32")


def test_build_says_what_was_copied_and_how_outputs_agree(run) -> None:
    status, out, err = run("build", *SMALL, "--weights", "torchvision:resnet18:random")
    assert (status, err) == (0, "")
    assert out.endswith("  weights    122 of 122 tensors from torchvision's resnet18 (random); outputs are equal\n")


def test_what_did_not_fit_is_a_warning_and_saved_weights_are_read_again(run, tmp_path: Path) -> None:
    path = str(tmp_path / "out.safetensors")
    assert run("build", *SMALL, "--save", path)[0] == 0
    assert len(load_file(path)) == 122
    status, out, err = run("build", "resnet18", "--input", "3,32,32", "--weights", path)
    assert status == 0
    assert f"120 of 122 tensors from {path}; paired by their keys" in out
    assert "warning[weights-misfit]: 2 tensors of the network's weights found no counterpart" in err
    assert "`head.weight` (1000, 512): head.weight there is (10, 512)" in err


def test_build_as_json_has_a_record_of_the_weights(run) -> None:
    _, out, _ = run("build", *SMALL, "--weights", "torchvision:resnet18:random", "--format", "json")
    assert json.loads(out)["weights"]["copied"] == 122
    assert "weights" not in json.loads(run("build", *SMALL, "--format", "json")[1])


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["--weights", "torchvision:resnet81:random"], 2, "did you mean `torchvision:resnet18`?"),
        (["--weights", "nowhere.pth"], 2, "there is no file `nowhere.pth`"),
        (["--weights", "torchvision:squeezenet1_1:random"], 1, "weights-misfit"),
        (["--save", "out.pth"], 2, "`--save out.safetensors`"),
        (["--save", "nowhere/out.safetensors"], 1, "could not be written"),
    ],
)
def test_a_fault_of_weights_is_a_diagnostic_with_its_status(run, words: list[str], status: int, text: str) -> None:
    left, out, err = run("build", *SMALL, *words)
    assert left == status
    assert text in err
    assert "Traceback" not in out + err


def test_train_takes_weights_from_a_source_that_is_there(run, tmp_path: Path) -> None:
    status, _, err = run("train", "--epochs", "1", "--out", str(tmp_path / "run"), "--weights", "torchvision:samc")
    assert status == 2
    assert "torchvision has no network `samc`" in err
    assert not (tmp_path / "run").exists()
