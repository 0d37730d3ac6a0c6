"""Normalisations: `batch_norm`, `layer_norm`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, Weight, option
from blueprint.ops.kinds import expect_axis, expect_kind

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class BatchNorm(Op):
    """Each channel normalised over the batch and all places: (x - mean) / sqrt(var + eps) * weight + bias.

    Takes and gives a map, tokens or a vector. In eval mode the running mean and variance stand in.
    Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    name: ClassVar[str] = "batch_norm"
    fresh: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("track_running_stats",)

    eps: float = option("float", 1e-5, help="added to the variance", minimum=0)
    momentum: float | Literal["none"] = option(
        "float | none", 0.1, help="weight of the newest batch in the running statistics; none: their plain mean"
    )
    affine: bool = option("bool", True, help="whether a weight and a bias are learned")
    track_running_stats: bool = option("bool", True, help="whether running statistics are kept for eval mode")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens", "vector")
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        channels = Weight((inputs[0].channels,))
        return {"weight": channels, "bias": channels} if self.affine else {}

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        kind = nn.BatchNorm2d if inputs[0].kind == "map" else nn.BatchNorm1d
        return kind(
            inputs[0].channels,
            eps=self.eps,
            momentum=None if self.momentum == "none" else self.momentum,
            affine=self.affine,
            track_running_stats=self.track_running_stats,
        )

    def code(self, call: Call) -> str:
        x = call.inputs[0]
        if x.elements == x.channels:  # the module refuses to train on one value per channel
            return super().code(call)
        weight, bias = call.parameter("weight"), call.parameter("bias")
        mean = variance = "None"
        training = "True"
        if self.track_running_stats:
            mean, variance = call.buffer("running_mean"), call.buffer("running_var")
            training = call.setting("training")
            call.count("num_batches_tracked")
        # with momentum none the flat forward runs in eval mode alone, where it has no part
        momentum = "0.0" if self.momentum == "none" else call.setting("momentum")
        return (
            f"torch.batch_norm({call.args[0]}, {weight}, {bias}, {mean}, {variance}, "
            f"{training}, {momentum}, {call.setting('eps')}, cudnn)"
        )


@dataclass(frozen=True, kw_only=True)
class LayerNorm(Op):
    """The channels of each place normalised: (x - mean) / sqrt(var + eps) * weight + bias.

    Takes and gives any kind with a channels axis; mean and variance are over that axis alone.
    Ba et al. 2016, https://arxiv.org/abs/1607.06450;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """

    name: ClassVar[str] = "layer_norm"
    settings: ClassVar[tuple[str, ...]] = ("normalized_shape",)

    eps: float = option("float", 1e-5, help="added to the variance", minimum=0)
    elementwise_affine: bool = option("bool", True, help="whether a weight is learned")
    bias: bool = option("bool", True, help="whether a bias is learned beside the weight")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, "channels")
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        channels = Weight((inputs[0].channels,))
        if not self.elementwise_affine:
            return {}
        return {"weight": channels, "bias": channels} if self.bias else {"weight": channels}

    def layout(self, *inputs: ValueType) -> Layout:
        return "last"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.LayerNorm(
            inputs[0].channels, eps=self.eps, elementwise_affine=self.elementwise_affine, bias=self.bias
        )

    def code(self, call: Call) -> str:
        weight, bias = call.parameter("weight"), call.parameter("bias")
        return (
            f"torch.layer_norm({call.args[0]}, ({call.inputs[0].channels},), {weight}, {bias}, "
            f"{call.setting('eps')}, cudnn)"
        )


OPS: tuple[type[Op], ...] = (BatchNorm, LayerNorm)
