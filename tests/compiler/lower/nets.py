"""Small networks twice: as graphs, and as the nested modules that a person would write."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from blueprint.compiler.graph import Graph
from blueprint.compiler.lower import lower
from blueprint.language.values import map_of
from tests.compiler.building import Builder


class Unit(nn.Module):
    """conv, batch norm, relu."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.batch_norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.batch_norm(self.conv(x)))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        if before != after or stride != 1:
            self.shortcut = nn.Module()
            self.shortcut.conv = nn.Conv2d(before, after, 1, stride, 0, bias=False)
            self.shortcut.batch_norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        z = self.shortcut.batch_norm(self.shortcut.conv(x)) if hasattr(self, "shortcut") else x
        return torch.relu(y + z)


class Residual(nn.Module):
    """A stem, blocks, dropout and a head."""

    def __init__(self, widths: tuple[int, ...] = (8, 8, 16, 16), classes: int = 10) -> None:
        super().__init__()
        self.stem = Unit(3, widths[0])
        before, blocks = widths[0], []
        for width in widths:
            blocks.append(Block(before, width, 1 if width == before else 2))
            before = width
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.dropout(x.mean((2, 3))))


def residual_graph(widths: tuple[int, ...] = (8, 8, 16, 16), classes: int = 10, size: int = 16) -> Graph:
    """`Residual` as a graph."""
    b = Builder(input=map_of(3, size, size))
    with b.frame("stem", kind="unit"):
        x = b.add("conv", b.x, out_channels=widths[0], kernel_size=3, bias=False)
        x = b.add("relu", b.add("batch_norm", x))
    before = widths[0]
    for i, width in enumerate(widths):
        stride = 1 if width == before else 2
        with b.frame("blocks"), b.frame(str(i), kind="basic_block"):
            y = b.add("conv", x, label="conv1", out_channels=width, kernel_size=3, stride=stride, bias=False)
            y = b.add("relu", b.add("batch_norm", y, label="bn1"))
            y = b.add("conv", y, label="conv2", out_channels=width, kernel_size=3, bias=False)
            y = b.add("batch_norm", y, label="bn2")
            if stride != 1 or width != before:
                with b.frame("shortcut"):
                    x = b.add("conv", x, out_channels=width, kernel_size=1, stride=stride, padding=0, bias=False)
                    x = b.add("batch_norm", x)
            x = b.add("relu", b.add("add", y, x), label="relu_2")
        before = width
    x = b.add("dropout", b.add("global_avg_pool", x), p=0.2)
    return b.graph(name="residual", output=b.add("linear", x, label="head", out_features=classes))


def pair(**settings: Any) -> tuple[nn.Module, nn.Module]:
    """A lowered `Residual` and a nested one with the same weights."""
    torch.manual_seed(0)
    lowered, nested = lower(residual_graph(**settings)), Residual(**{k: v for k, v in settings.items() if k != "size"})
    nested.load_state_dict(lowered.state_dict())
    return lowered, nested
