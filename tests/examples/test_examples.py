"""The examples, run as their first lines say."""

import json
import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision

from blueprint.cli import main

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def commands(example: Path) -> list[list[str]]:
    """The command lines in an example's first comment."""
    comment = re.match(r"(#.*\n)*", example.read_text(encoding="utf-8"))[0]
    return [line.split() for line in re.findall(r"^#   (.+)$", comment, re.MULTILINE)]


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The status with which a command line leaves."""
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_the_first_network_learns_from_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    runpy.run_path(str(EXAMPLES / "first_network.py"), run_name="__main__")
    before, after = re.search(r"loss ([\d.]+), after one step ([\d.]+)", capsys.readouterr().out).groups()
    assert float(after) < float(before)


HYBRIDS = {
    "hybrid.yaml": ("refine squeeze_excite", "near", "far"),
    "four_papers.yaml": ("gated_self_attention", "mask_conv_fusion", "focus", "lower"),
}
"""The hybrids, and what the table of their layers shows of the parts."""


@pytest.mark.parametrize("name", HYBRIDS)
def test_a_hybrid_builds_and_learns_by_the_commands_in_its_first_lines(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build, train = commands(EXAMPLES / name)
    (tmp_path / "examples").mkdir()
    shutil.copy(EXAMPLES / name, tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    assert run(build, monkeypatch) == 0
    layers = capsys.readouterr().out
    assert [part for part in HYBRIDS[name] if part not in layers] == []
    assert run([*train, "--epochs", "1", "--out", "run"], monkeypatch) == 0
    assert json.loads(Path("run/summary.json").read_text())["top1"] > 0.2


@pytest.mark.parametrize("name", HYBRIDS)
def test_a_hybrid_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 40


def test_the_fine_tune_starts_from_weights_whose_head_does_not_fit_and_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    published = tmp_path / "published.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), published)
    monkeypatch.setattr("sys.argv", ["fine_tune.py", str(published)])
    runpy.run_path(str(EXAMPLES / "fine_tune.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "120 of 122 tensors" in out
    assert "new: ['head.weight', 'head.bias']" in out
    start, head, end = map(float, re.search(r"loss ([\d.]+), .* head ([\d.]+), fine-tuned ([\d.]+)", out).groups())
    assert end < head < start
