"""The networks that the benchmarks time, each lowered from a graph and nested by hand, with the same weights."""

from __future__ import annotations

import torch
from torch import nn

from blueprint.compiler.graph import Graph
from blueprint.compiler.lower import lower
from blueprint.language.values import map_of
from tests.compiler.building import Builder


class ConvNormAct(nn.Module):
    """conv, batch norm and, unless it ends a block, relu."""

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, act: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.act = nn.ReLU() if act else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    """Three convolutions, the middle one 3x3, beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = ConvNormAct(channels, channels, 1)
        self.middle = ConvNormAct(channels, channels, 3)
        self.leave = ConvNormAct(channels, channels, 1, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.leave(self.middle(self.enter(x)))


class Small(nn.Module):
    """A net whose ops are so small that calling them is what costs."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNormAct(3, 8, 3)
        self.blocks = nn.Sequential(*(Bottleneck(8) for _ in range(6)))
        self.head = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class Basic(nn.Module):
    """ResNet's block of two 3x3 convolutions."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = ConvNormAct(before, after, 3, stride)
        self.second = ConvNormAct(after, after, 3, act=False)
        changes = stride != 1 or before != after
        self.shortcut = ConvNormAct(before, after, 1, stride, act=False) if changes else nn.Identity()
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.second(self.first(x)) + self.shortcut(x))


_PLAN = ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1))


class ResNet18(nn.Module):
    """ResNet-18 with a 3x3 stem."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNormAct(3, 64, 3)
        before, blocks = 64, []
        for after, stride in _PLAN:
            blocks.append(Basic(before, after, stride))
            before = after
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(512, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def dispatch_bound() -> tuple[nn.Module, nn.Module]:
    """`Small`, lowered and nested."""
    b = Builder(image=map_of(3, 8, 8))
    x = _unit(b, "stem", b.x, 8, 3)
    for index in range(6):
        with b.frame("blocks"), b.frame(str(index), kind="bottleneck"):
            y = _unit(b, "enter", x, 8, 1)
            y = _unit(b, "middle", y, 8, 3)
            y = _unit(b, "leave", y, 8, 1, act=False)
            x = b.add("add", x, y)
    return _pair(_headed(b, x), Small())


def resnet18() -> tuple[nn.Module, nn.Module]:
    """`ResNet18`, lowered and nested."""
    b = Builder(image=map_of(3, 32, 32))
    x = _unit(b, "stem", b.x, 64, 3)
    before = 64
    for index, (after, stride) in enumerate(_PLAN):
        with b.frame("blocks"), b.frame(str(index), kind="basic_block"):
            y = _unit(b, "first", x, after, 3, stride=stride)
            y = _unit(b, "second", y, after, 3, act=False)
            if stride != 1 or before != after:
                x = _unit(b, "shortcut", x, after, 1, stride=stride, act=False)
            x = b.add("relu", b.add("add", y, x))
        before = after
    return _pair(_headed(b, x), ResNet18())


def _unit(b: Builder, name: str, x: int, channels: int, kernel: int, stride: int = 1, act: bool = True) -> int:
    with b.frame(name, kind="conv_norm_act"):
        fields = {"kernel_size": kernel, "stride": stride, "padding": kernel // 2, "bias": False}
        x = b.add("batch_norm", b.add("conv", x, out_channels=channels, **fields), label="norm")
        return b.add("relu", x) if act else x


def _headed(b: Builder, x: int) -> Graph:
    return b.graph(output=b.add("linear", b.add("global_avg_pool", x), label="head", out_features=10))


def _pair(graph: Graph, nested: nn.Module) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    lowered = lower(graph)
    nested.load_state_dict(lowered.state_dict())
    return lowered, nested
