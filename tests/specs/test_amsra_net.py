"""AMSRA-Net and its two blocks: the counts, the formulas, and what its arguments switch."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import blueprint
from blueprint.cli import main
from tests.specs.attentions import Weights, normed, scattered

SMALL = {"dims": [8, 16, 16, 32], "num_heads": [1, 2, 2, 4], "num_classes": 3}


def single(node: dict[str, object]) -> nn.Module:
    """A model that does nothing but call a block, its weights scattered."""
    use = {"blocks/gated_attention.yaml": list(node)}
    document = {"blueprint": 1, "kind": "model", "name": "single", "input": [16, 8, 6], "use": use, "body": [node]}
    return scattered(blueprint.build(document)).eval()


def weights_of(network: nn.Module, block: str) -> Weights:
    return {key.removeprefix(f"{block}."): value for key, value in network.state_dict().items()}


def conv_bn(x: Tensor, w: Weights, at: str, norm: str = "batch_norm", conv: str = "conv") -> Tensor:
    kernel = w[f"{at}{conv}.weight"]
    return normed(F.conv2d(x, kernel, padding=kernel.shape[-1] // 2), w, f"{at}{norm}")


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ({}, 3_686_922),
        ({"engine": False}, 3_099_082),
        ({"kernel_sizes": [3, 3, 3, 3]}, 2_986_506),
    ],
)
def test_amsra_net_and_its_ablations_have_their_counts(arguments: dict[str, object], parameters: int) -> None:
    assert blueprint.load("amsra_net", **arguments).graph.parameters == parameters
    assert sum(p.numel() for p in blueprint.build("amsra_net", device="meta", **arguments).parameters()) == parameters


def test_amsra_net_is_smaller_than_what_its_paper_compares_it_with() -> None:
    others = [("resnet18", {"stem": "small", "num_classes": 10}), ("cct_7_3x1", {})]
    own = blueprint.load("amsra_net").graph.parameters
    assert all(own < blueprint.load(name, **arguments).graph.parameters for name, arguments in others)


@pytest.mark.parametrize("kernels", [[1, 3, 5, 7], [3, 3, 3, 3]])
def test_the_decoupler_gives_each_quarter_of_the_channels_a_kernel_of_its_own(kernels: list[int]) -> None:
    network = single({"feature_decoupler": {"kernel_sizes": kernels}})
    w = weights_of(network, "feature_decoupler")
    x = torch.randn(2, 16, 8, 6)
    parts = conv_bn(x, w, "").relu().chunk(4, 1)
    paths = ("first.", "second.", "third.", "fourth.")
    assert [w[f"{path}conv.weight"].shape[-1] for path in paths] == kernels
    joined = torch.cat([conv_bn(part, w, path).relu() for part, path in zip(parts, paths, strict=True)], 1)
    expected = (x + conv_bn(joined, w, "", "batch_norm_2", "conv_2")).relu()
    torch.testing.assert_close(network(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pool", [1, 2])
def test_the_engine_adds_gated_attention_times_its_factor(pool: int) -> None:
    heads = 2
    network = single({"gated_self_attention": {"num_heads": heads, "pool": pool}})
    w = weights_of(network, "gated_self_attention")
    at = "context.attention."
    x = torch.randn(2, 16, 8, 6)
    pooled = F.avg_pool2d(x, pool)

    def split(value: Tensor) -> Tensor:
        return value.flatten(2).unflatten(1, (heads, -1))

    query = split(conv_bn(x, w, f"{at}query.").relu())
    key = split(conv_bn(pooled, w, f"{at}key.").relu())
    value = split(F.conv2d(pooled, w[f"{at}value.conv.weight"]))
    scores = torch.einsum("nhcq,nhck->nhqk", query, key) / query.shape[2] ** 0.5
    seen = torch.einsum("nhqk,nhck->nhcq", scores.softmax(3), value).reshape(2, 8, 8, 6)
    gate = F.conv2d(x, w["gate.conv.weight"], w["gate.conv.bias"]).sigmoid()
    gamma = w["layer_scale.gamma"][:, None, None]
    torch.testing.assert_close(network(x), x + gamma * gate * conv_bn(seen, w, f"{at}out."), rtol=1e-5, atol=1e-5)


def test_the_engine_begins_with_a_tenth_of_its_attention() -> None:
    weights = blueprint.build("amsra_net", **SMALL).state_dict()
    gammas = [value for key, value in weights.items() if key.endswith("layer_scale.gamma")]
    assert len(gammas) == 4
    assert all(torch.equal(gamma, torch.full_like(gamma, 0.1)) for gamma in gammas)


def test_the_engine_off_renames_no_weight() -> None:
    on, off = (set(blueprint.build("amsra_net", engine=e, **SMALL).state_dict()) for e in (True, False))
    assert off < on
    assert all("gated_self_attention" in key for key in on - off)


@pytest.mark.parametrize("size", [8, 28, 33])
def test_blocks_halve_images_of_any_size(size: int) -> None:
    network = blueprint.build("amsra_net", input=(3, size, size), **SMALL).train()
    loss = network(torch.randn(2, 3, size, size)).square().mean()
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.slow
def test_amsra_net_learns_the_digits_in_six_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["train", "amsra_net", "--recipe", "digits", "--epochs", "6", "--out", str(tmp_path / "run")]
    monkeypatch.setattr("sys.argv", ["blueprint", *command])
    with pytest.raises(SystemExit):
        main()
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["top1"] > 0.95
