"""The residual networks of the zoo against torchvision's, with its weights copied by a map of names."""

import re

import pytest
import torch
import torchvision

import blueprint

NAMES = [
    (r"^conv1\.", "conv_bn.conv."),
    (r"^bn1\.", "conv_bn.batch_norm."),
    (r"^layer(\d)\.(\d)\.conv1\.", r"stages.\1.basic.\2.conv_bn.conv."),
    (r"^layer(\d)\.(\d)\.bn1\.", r"stages.\1.basic.\2.conv_bn.batch_norm."),
    (r"^layer(\d)\.(\d)\.conv2\.", r"stages.\1.basic.\2.conv_bn_2.conv."),
    (r"^layer(\d)\.(\d)\.bn2\.", r"stages.\1.basic.\2.conv_bn_2.batch_norm."),
    (r"^layer(\d)\.(\d)\.downsample\.0\.", r"stages.\1.basic.\2.shortcut.conv_bn.conv."),
    (r"^layer(\d)\.(\d)\.downsample\.1\.", r"stages.\1.basic.\2.shortcut.conv_bn.batch_norm."),
    (r"^fc\.", "head."),
]


def renamed(key: str) -> str:
    """The name that a weight of torchvision's network has in ours; its stages count from 1, ours from 0."""
    for pattern, name in NAMES:
        key, count = re.subn(pattern, name, key)
        if count:
            return re.sub(r"^stages\.(\d)", lambda m: f"stages.{int(m[1]) - 1}", key)
    raise AssertionError(f"{key} has no counterpart")


def pair(name: str) -> tuple[torch.nn.Module, torch.nn.Module]:
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(num_classes=10)
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    ours = blueprint.build(name, num_classes=10)
    ours.load_state_dict({renamed(key): value for key, value in theirs.state_dict().items()}, strict=True)
    return ours, theirs


@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_outputs_in_eval_mode_equal_torchvisions(name: str) -> None:
    ours, theirs = pair(name)
    x = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=0, atol=1e-5)


def test_gradients_and_running_statistics_in_training_equal_torchvisions() -> None:
    ours, theirs = pair("resnet18")
    x, y = torch.randn(4, 3, 64, 64), torch.tensor([1, 2, 3, 4])
    for network in (ours, theirs):
        torch.nn.functional.cross_entropy(network.train()(x), y).backward()
    mine = dict(ours.named_parameters())
    for key, parameter in theirs.named_parameters():
        torch.testing.assert_close(mine[renamed(key)].grad, parameter.grad, rtol=0, atol=1e-5)
    buffers = dict(ours.named_buffers())
    for key, buffer in theirs.named_buffers():
        torch.testing.assert_close(buffers[renamed(key)], buffer, rtol=0, atol=1e-5)


def test_initialisation_has_torchvisions_scale() -> None:
    ours, theirs = blueprint.build("resnet18"), torchvision.models.resnet18()
    mine = ours.state_dict()
    for key, value in theirs.state_dict().items():
        if value.dim() == 4 and value.numel() > 5000:
            assert mine[renamed(key)].std() == pytest.approx(value.std().item(), rel=0.05), key


def test_the_small_stem_keeps_the_size_of_small_images() -> None:
    graph = blueprint.load("resnet34", stem="small", num_classes=10, input=(3, 32, 32)).graph
    assert graph.parameters == 21_282_122
    assert graph.outputs_of(graph.nodes[0])[0].shape == (64, 32, 32)
