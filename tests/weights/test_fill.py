"""Networks filled from files, runs and torchvision, and the faults of each."""

import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import nn

import blueprint
from blueprint.diagnostics import Diagnostic, SpecError, UsageError
from blueprint.language.zoo import zoo_root
from blueprint.weights import fill, verify
from blueprint.weights.compare import stirred
from blueprint.weights.files import write

SMALL = {"input": (3, 32, 32), "num_classes": 10}


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps downloads: a folder without any, and no network to fetch them."""

    def fetch(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("torch.hub.urlopen", fetch)
    folder = tmp_path / "home" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def fault_of(call: Callable[[], object]) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        call()
    (found,) = caught.value.diagnostics
    return found


def spec_and_network(name: str | Path = "resnet18", **arguments: Any) -> tuple[Any, nn.Module]:
    spec = blueprint.load(name, **{**SMALL, **arguments})
    return spec, spec.build()


def values(network: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, two[key]) for key, value in one.items())


def test_torchvisions_initialisation_has_the_specs_classes_and_its_outputs_agree() -> None:
    spec, network = spec_and_network()
    torch.manual_seed(5)
    filled = fill(network, spec, "torchvision:resnet18:random")
    assert filled.line == "122 of 122 tensors from torchvision's resnet18 (random); outputs are equal"
    assert filled.warnings == []
    torch.manual_seed(5)
    theirs = torchvision.models.resnet18(num_classes=10)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(network.eval()(x), theirs.eval()(x))


def test_a_network_that_warns_of_its_initialisation_is_filled_without_a_word() -> None:
    spec, network = spec_and_network("googlenet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fill(network, spec, "torchvision:googlenet:random").difference == 0


def test_published_weights_fill_all_but_a_head_for_other_classes(hub: Path) -> None:
    theirs = torchvision.models.resnet18()
    torch.save(theirs.state_dict(), hub / "resnet18-f37072fd.pth")
    spec, network = spec_and_network()
    before = values(network)
    filled = fill(network, spec, "torchvision")
    assert filled.line == "120 of 122 tensors from torchvision's resnet18 (IMAGENET1K_V1); outputs are equal"
    (warning,) = filled.warnings
    assert [note.message for note in warning.notes] == [
        "`head.weight` (10, 512): fc.weight there is (1000, 512)",
        "`head.bias` (10,): fc.bias there is (1000,)",
    ]
    after = values(network)
    assert torch.equal(after["head.weight"], before["head.weight"])
    assert torch.equal(after["stages.3.basic.1.conv_bn_2.conv.weight"], theirs.layer4[1].conv2.weight)
    assert filled.record() == {
        "source": "torchvision:resnet18:IMAGENET1K_V1",
        "copied": 120,
        "tensors": 122,
        "difference": 0.0,
        "not_filled": ["head.weight", "head.bias"],
        "not_used": [],
    }


def test_weights_trained_on_other_values_say_so(hub: Path) -> None:
    theirs = torchvision.models.googlenet(init_weights=False)
    torch.save(theirs.state_dict(), hub / "googlenet-1378be20.pth")
    spec, network = spec_and_network("googlenet", num_classes=1000)
    filled = fill(network, spec, "torchvision")
    assert filled.note.endswith("normalise with mean 0.5 and std 0.5")
    assert filled.lines == [filled.line, filled.note]


def test_weights_that_cannot_be_downloaded_name_their_address_and_a_way_without(hub: Path) -> None:
    spec, network = spec_and_network()
    found = fault_of(lambda: fill(network, spec, "torchvision"))
    assert found.code == "no-network"
    assert found.message.endswith("could not be downloaded: no route to host")
    assert found.notes[0].message == "from https://download.pytorch.org/models/resnet18-f37072fd.pth"
    assert str(hub) in found.notes[1].message
    assert "`torchvision:resnet18:random` needs no download" in found.help


def test_a_damaged_download_can_be_removed(hub: Path) -> None:
    (hub / "resnet18-f37072fd.pth").write_bytes(b"half")
    spec, network = spec_and_network()
    found = fault_of(lambda: fill(network, spec, "torchvision"))
    assert found.code == "unreadable-weights"
    assert found.help.startswith("remove the file")


@pytest.mark.parametrize(
    ("source", "message", "help"),
    [
        ("torchvision:resnet81", "torchvision has no network `resnet81`", "did you mean `torchvision:resnet18`?"),
        ("torchvision:samc", "torchvision has no network `samc`", "`torchvision:NAME`, as in `alexnet`"),
        ("torchvision:resnet18:IMAGENET1K_V7", "no weights `IMAGENET1K_V7`", "did you mean `IMAGENET1K_V1`?"),
        ("torchvision:resnet18:x", "no weights `x`", "it has `IMAGENET1K_V1` and `random`"),
        ("nowhere.pth", "there is no file `nowhere.pth`", "a file, a run's directory, or `torchvision`"),
    ],
)
def test_a_source_that_is_not_there_names_the_nearest(source: str, message: str, help: str) -> None:
    spec, network = spec_and_network()
    with pytest.raises(UsageError):
        fill(network, spec, source)
    found = fault_of(lambda: fill(network, spec, source))
    assert found.code == "weights-not-found"
    assert message in found.message
    assert found.help.startswith(help)


def test_a_file_or_folder_beside_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "theirs.pth").write_bytes(b"")
    spec, network = spec_and_network()
    assert fault_of(lambda: fill(network, spec, str(tmp_path / "their.pth"))).help == (
        f"did you mean `{tmp_path / 'theirs.pth'}`?"
    )
    assert "is a folder without `model.safetensors`" in fault_of(lambda: fill(network, spec, str(tmp_path))).message


def test_a_network_that_computes_something_else_keeps_its_weights(tmp_path: Path) -> None:
    text = (zoo_root() / "zoo" / "resnet18.yaml").read_text()
    changed = tmp_path / "changed.yaml"
    changed.write_text(text.replace("defaults:\n", "defaults:\n  batch_norm: {eps: 0.1}\n"))
    spec, network = spec_and_network(changed)
    before = values(network)
    found = fault_of(lambda: fill(network, spec, "torchvision:resnet18:random"))
    assert found.code == "weights-differ"
    assert found.message.endswith("of their size; nothing was copied")
    assert same(before, values(network))


def test_outputs_that_cannot_agree_are_not_compared() -> None:
    spec, network = spec_and_network("resnet34")
    filled = fill(network, spec, "torchvision:resnet18:random")
    assert filled.line == (
        "122 of 218 tensors from torchvision's resnet18 (random);"
        " outputs not compared, since not every tensor has a counterpart"
    )
    assert filled.difference is None
    (warning,) = filled.warnings
    assert len(warning.notes) == 9
    assert warning.notes[-1].message == "and 72 more"


def test_an_input_that_torchvision_does_not_take_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ValueError("wrong height")

    monkeypatch.setattr(torchvision.models.ResNet, "forward", refuse)
    spec, network = spec_and_network()
    filled = fill(network, spec, "torchvision:resnet18:random")
    assert filled.said == "outputs not compared, since the network there does not take this input (wrong height)"


def test_weights_of_another_network_are_refused() -> None:
    spec, network = spec_and_network("samc")
    before = values(network)
    found = fault_of(lambda: fill(network, spec, "torchvision:resnet18:random"))
    assert found.code == "weights-misfit"
    assert found.severity == "error"
    assert found.message == "2 tensors of torchvision's resnet18 (random) fit `samc`; nothing was copied"
    assert same(before, values(network))


@pytest.mark.parametrize("wrapped", [lambda state: state, lambda state: {"epoch": 3, "state_dict": state, "best": 0.5}])
def test_a_file_of_torch_fills_by_order_and_shapes(tmp_path: Path, wrapped: Callable[[Any], Any]) -> None:
    path = tmp_path / "theirs.pth"
    theirs = torchvision.models.resnet18(num_classes=10)
    torch.save(wrapped(theirs.state_dict()), path)
    spec, network = spec_and_network()
    assert fill(network, spec, str(path)).line == f"122 of 122 tensors from {path}; paired by order and shapes"
    assert verify(network, theirs, (3, 32, 32)) == 0


def test_a_file_of_our_own_fills_by_its_keys_and_a_run_by_its_weights(tmp_path: Path) -> None:
    spec, network = spec_and_network()
    write(tmp_path / "model.safetensors", network)
    _, other = spec_and_network()
    filled = fill(other, spec, str(tmp_path))
    assert filled.line == f"122 of 122 tensors from {tmp_path / 'model.safetensors'}; paired by their keys"
    assert same(values(network), values(other))


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('code of a file was run')",)


def test_no_code_of_a_file_is_run(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"a": Evil()}, path)
    spec, network = spec_and_network()
    found = fault_of(lambda: fill(network, spec, str(path)))
    assert found.code == "unreadable-weights"
    assert "it holds more than tensors (`exec`), and code is never run" in found.message


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pth", b"", "it is damaged, or no file that torch wrote"),
        ("a.pth", b"PK\x03\x04 and nothing", "it is damaged, or no file that torch wrote"),
        ("a.pt", b"hello", "it is damaged, or no file that torch wrote"),
        ("a.pth", pickle.dumps({"a": 1}), "it is damaged, or no file that torch wrote"),
        ("a.safetensors", b"hello", "error while deserializing"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    spec, network = spec_and_network()
    found = fault_of(lambda: fill(network, spec, str(tmp_path / name)))
    assert (found.code, reason in found.message) == ("unreadable-weights", True)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ([1, 2], "it holds `list`, not a state_dict"),
        ({"epoch": 3}, "it holds `epoch`, and no state_dict"),
        ({"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}}, "it holds 2 state_dicts under `a` and `b`"),
        ({"a." * 200 + "w": torch.ones(1)}, "a key of it has more than 100 parts"),
    ],
)
def test_a_file_without_one_state_dict_is_told(tmp_path: Path, held: Any, reason: str) -> None:
    torch.save(held, tmp_path / "a.pth")
    spec, network = spec_and_network()
    found = fault_of(lambda: fill(network, spec, str(tmp_path / "a.pth")))
    assert found.code == "unreadable-weights"
    assert found.message.endswith(reason)


def test_a_program_of_torchscript_is_told(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "a.pt"))
    spec, network = spec_and_network()
    assert "it is a TorchScript program" in fault_of(lambda: fill(network, spec, str(tmp_path / "a.pt"))).message


def test_verify_leaves_the_networks_in_their_modes_and_sees_a_changed_weight() -> None:
    one = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3)).train()
    two = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))
    two.load_state_dict(one.state_dict())
    two[1].eval()
    assert verify(one, two, (3, 4, 4)) == 0
    assert [module.training for module in (one, one[1], two, two[1])] == [True, True, True, False]
    with torch.no_grad():
        two[0].weight[0, 0, 0, 0] += 0.1
    assert 0 < verify(one, two, (3, 4, 4)) < 1
    two[3].weight.data.fill_(float("nan"))
    assert verify(one, two, (3, 4, 4)) == float("inf")


def test_stirring_gives_random_values_to_what_is_all_the_same_and_takes_them_back() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = values(network)
    with stirred(network):
        assert torch.equal(network[0].weight, before["0.weight"])
        for key in ("weight", "bias", "running_mean", "running_var"):
            assert network.state_dict()[f"1.{key}"].unique().numel() == 4
    assert same(before, values(network))


def test_the_room_is_reached_from_the_package_and_imports_no_torch() -> None:
    code = "import sys, blueprint; assert callable(blueprint.weights.fill); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
