"""The custom op: a package that an installer installs, found by its entry point, and what is said where it is not."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "custom_op"
SPEC = str(EXAMPLE / "network.yaml")

USE = f"""
import torch, blueprint
from torch.utils.flop_counter import FlopCounterMode

spec = blueprint.load({SPEC!r})
network = spec.build()
images = torch.randn(2, 3, 32, 32)
with FlopCounterMode(display=False) as counter:
    flat = network(images)
assert counter.get_total_flops() == 2 * 2 * spec.graph.macs

weight, bias = network.std_conv.weight, network.std_conv.bias
variance, mean = torch.var_mean(weight, (1, 2, 3), correction=0, keepdim=True)
wanted = torch.conv2d(images, (weight - mean) / (variance + 1e-5).sqrt(), bias, padding=1)
torch.testing.assert_close(network.std_conv(images), wanted)

seen = []
network.std_conv.register_forward_hook(lambda module, given, made: seen.append(made))
torch.testing.assert_close(network(images), flat)
assert len(seen) == 1

network(images).square().mean().backward()
assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the package is installed, without a network."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, EXAMPLE], check=True)
    return folder


def python(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What Python leaves with and prints, with one more folder on its search path."""
    environment = {**os.environ, "PYTHONPATH": str(path or ""), "PYTHONWARNINGS": "error", "COLUMNS": "80"}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)


def blueprint(*words: str, path: Path | None = None) -> tuple[int, str]:
    """The status with which a command leaves, and all that it prints."""
    done = python("-m", "blueprint", *words, path=path)
    return done.returncode, done.stdout + done.stderr


def test_an_installed_op_passes_a_check(installed: Path) -> None:
    assert blueprint("check", SPEC, path=installed) == (0, "1 document without fault\n")


def test_an_installed_op_is_explained_and_offered_by_editors(installed: Path) -> None:
    _, page = blueprint("explain", "op", "std_conv", path=installed)
    assert "sqrt(variance + eps)" in page
    assert "kernel_size: int, default 3, at least 1" in page
    assert '"std_conv"' in blueprint("schema", path=installed)[1]


def test_a_network_of_an_installed_op_has_its_row_in_the_table(installed: Path) -> None:
    status, table = blueprint("build", SPEC, path=installed)
    assert status == 0
    assert re.search(r"std_conv +16 x 32 x 32 +448 +442 k", table)


def test_an_installed_op_computes_its_formula_forward_and_backward(installed: Path) -> None:
    done = python("-c", USE, path=installed)
    assert done.returncode == 0, done.stderr


def test_an_installed_op_names_its_own_faults_at_their_place(installed: Path, tmp_path: Path) -> None:
    even = tmp_path / "even.yaml"
    even.write_text("blueprint: 1\nkind: model\nname: even\ninput: [3, 8, 8]\nbody: [std_conv: {kernel_size: 2}]\n")
    status, said = blueprint("check", str(even), path=installed)
    assert status == 1
    assert "error[out-of-range]: `kernel_size` (=2) of a `std_conv` must be odd" in said
    assert "even.yaml:5:19" in said


def test_without_the_package_its_op_is_unknown() -> None:
    status, said = blueprint("check", SPEC)
    assert status == 1
    assert said.count("error[unknown-op]: there is no op or block `std_conv`") == 3


def test_an_op_that_bears_a_built_in_name_is_a_clash(installed: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    module = site / "std_conv" / "__init__.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace('ClassVar[str] = "std_conv"', 'ClassVar[str] = "conv"'), encoding="utf-8")
    status, said = blueprint("check", "samc", path=site)
    assert status == 1
    assert "error[name-clash]: the entry point `std_conv = std_conv:StdConv` brings an op called `conv`" in said
    assert "Traceback" not in said
