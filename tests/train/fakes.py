"""A stand-in for a loaded spec, so that training is tested apart from the compiler."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from blueprint.language.values import map_of, vector_of


@dataclass
class FakeModel:
    """A small convolutional network with the arguments `num_classes` and `width`."""

    num_classes: int = 10
    width: int = 8
    input: tuple[int, int, int] = (1, 8, 8)
    name: str = "tiny"
    made: list[dict[str, Any]] = field(default_factory=list)

    def load(self, spec: Any = None, **given: Any) -> FakeModel:
        self.made.append(given)
        known = {"num_classes": self.num_classes, "width": self.width, "input": self.input}
        if isinstance(spec, Path):
            written = json.loads(spec.read_text(encoding="utf-8"))
            known |= {key: tuple(v) if key == "input" else v for key, v in written.items() if key in known}
        return FakeModel(**{**known, **given}, made=self.made)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "width": self.width}

    def takes(self, name: str) -> bool:
        return name in self.arguments

    def save(self, folder: Path) -> Path:
        path = folder / "spec.yaml"
        path.write_text(json.dumps({"name": self.name, "input": self.input, **self.arguments}), encoding="utf-8")
        return path

    @property
    def graph(self) -> Any:
        module = self.build(torch.device("meta"))
        return SimpleNamespace(
            inputs=(("image", 0),),
            outputs=(("output", 1),),
            types=(map_of(*self.input), vector_of(self.num_classes)),
            training_only=frozenset(),
            parameters=sum(p.numel() for p in module.parameters()),
            macs=1,
        )

    def build(self, device: Any = None) -> nn.Module:
        with torch.device(device or "cpu"):
            return nn.Sequential(
                nn.Conv2d(self.input[0], self.width, 3, padding=1, bias=False),
                nn.BatchNorm2d(self.width),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(2),
                nn.Flatten(),
                nn.Linear(4 * self.width, self.num_classes),
            )
