"""The run directory: where it is made, and that its files are whole at every moment."""

import errno
import random
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from blueprint.diagnostics import SpecError, UsageError
from blueprint.files import write_whole
from blueprint.train.run import FILES, Run


def test_a_new_run_has_the_first_free_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(Run.create(None, "net", "quick").path) == "runs/net-quick-1"
    assert str(Run.create(None, "net", "quick").path) == "runs/net-quick-2"
    assert str(Run.create(None, "../a b", "quick").path) == "runs/---a-b-quick-1"


def test_an_empty_directory_is_taken_and_a_full_one_refused(tmp_path):
    Run.create(tmp_path / "empty", "net", "quick")
    Run.create(tmp_path / "empty", "net", "quick")
    (tmp_path / "empty" / "x").write_text("mine")
    with pytest.raises(UsageError) as caught:
        Run.create(tmp_path / "empty", "net", "quick")
    assert caught.value.diagnostics[0].message.endswith("is not empty")
    assert (tmp_path / "empty" / "x").read_text() == "mine"
    with pytest.raises(UsageError, match="is a file"):
        Run.create(tmp_path / "empty" / "x", "net", "quick")


def test_a_missing_run_names_the_nearest(tmp_path):
    for name in FILES:
        path = tmp_path / "runs" / "net-quick-1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    with pytest.raises(UsageError) as caught:
        Run.open(tmp_path / "runs" / "net-quik-1")
    (fault,) = caught.value.diagnostics
    assert fault.code == "run-not-found"
    assert "net-quick-1" in fault.help
    (tmp_path / "runs" / "net-quick-1" / "recipe.json").unlink()
    with pytest.raises(UsageError, match=r"no finished run: it has no `recipe.json`"):
        Run.open(tmp_path / "runs" / "net-quick-1")


def test_a_broken_file_of_a_run_is_told(tmp_path):
    (tmp_path / "data.json").write_text('{"source": 3}')
    with pytest.raises(SpecError, match="cannot be used"):
        _ = Run(tmp_path).data
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(SpecError) as caught:
        Run(tmp_path).load_into(nn.Linear(2, 2))
    assert caught.value.diagnostics[0].code == "run-not-found"


def test_shared_and_channels_last_weights_are_saved_as_they_read(tmp_path):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)).to(memory_format=torch.channels_last)
    module[1].weight = module[0].weight
    Run(tmp_path).save(module)
    state = load_file(tmp_path / "model.safetensors")
    assert list(state) == sorted(module.state_dict())
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3))
    Run(tmp_path).load_into(other)
    assert torch.equal(other[1].weight, module[0].weight)


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_the_former_file_whole_and_nothing_beside_it(tmp_path, monkeypatch, where):
    path = tmp_path / "model.safetensors"
    write_whole(path, b"former")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"os.{where}" if where == "fsync" else "pathlib.Path.replace", full)
    with pytest.raises(SpecError) as caught:
        write_whole(path, b"new")
    (fault,) = caught.value.diagnostics
    assert fault.code == "not-written"
    assert fault.message.endswith("could not be written: no space left on device")
    assert fault.help.startswith("the former file is whole")
    assert path.read_bytes() == b"former"
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


WRITER = """
import sys, itertools
from pathlib import Path
from blueprint.files import write_whole
for i in itertools.count():
    write_whole(Path(sys.argv[1]), bytes([i % 256]) * 4_000_000)
"""


def test_a_killed_process_never_leaves_a_torn_file(tmp_path):
    path = tmp_path / "model.safetensors"
    chance = random.Random(0)
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
        while not path.exists():
            time.sleep(0.005)
        time.sleep(0.1 + chance.random() / 10)
        process.kill()
        process.wait()
        data = path.read_bytes()
        assert len(data) == 4_000_000
        assert data == data[:1] * 4_000_000
