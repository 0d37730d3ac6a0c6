"""`blueprint new`: a document to start from."""

import re
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_new_model_learns_the_digits(run) -> None:
    run("new", "mine")
    run("new", "quick", "--kind", "recipe")
    words = (
        "--set",
        "dims=[16, 32]",
        "--set",
        "depth=1",
        "--set",
        "recipe.epochs=2",
        "--device",
        "cpu",
        "--out",
        "out",
    )
    status, out, err = run("train", "mine.yaml", "--recipe", "quick.yaml", *words)
    assert (status, err) == (0, "")
    assert float(re.search(r"test top-1 ([\d.]+)%", out)[1]) > 40


def test_the_verb_says_what_it_wrote_and_what_to_do_next(run) -> None:
    assert run("new", "mine") == (
        0,
        "wrote mine.yaml\n  blueprint check mine.yaml\n  blueprint build mine.yaml\n"
        "  blueprint train mine.yaml --recipe digits\n",
        "",
    )
    status, out, err = run("new", "mine", "--from", "samc")
    assert (status, out) == (2, "")
    assert "error[usage]: `mine.yaml` is there already" in err
    assert run("new", "quick", "--kind", "recipe", "--from", "digits", "--out", "r.yml")[0] == 0
    assert Path("r.yml").is_file()
