"""Normalisations by statistics of the values: of the batch, of each sample, of each place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.kinds import expect_axis, expect_divisible, expect_kind

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
        return _learned(inputs[0], self.affine, self.affine)

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
class InstanceNorm(Op):
    """Each channel of each sample normalised over all places: (x - mean) / sqrt(var + eps) * weight + bias.

    Takes and gives a map or tokens. Running statistics, where they are kept, stand in in eval mode.
    Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    name: ClassVar[str] = "instance_norm"
    settings: ClassVar[tuple[str, ...]] = ("track_running_stats",)

    eps: float = option("float", 1e-5, help="added to the variance", minimum=0)
    momentum: float = option("float", 0.1, help="weight of the newest batch in the running statistics")
    affine: bool = option("bool", False, help="whether a weight and a bias are learned")
    track_running_stats: bool = option("bool", False, help="whether running statistics are kept for eval mode")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens")
        if x.elements == x.channels:
            raise Misfit(
                "wrong-kind",
                "`instance_norm` takes a map or tokens of more than one place",
                label=f"{x} enters",
                help="a single place less its mean is zero; normalise before the pooling, or take `layer_norm`",
                inputs=(0,),
            )
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return _learned(inputs[0], self.affine, self.affine)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        kind = nn.InstanceNorm2d if inputs[0].kind == "map" else nn.InstanceNorm1d
        return kind(
            inputs[0].channels,
            eps=self.eps,
            momentum=self.momentum,
            affine=self.affine,
            track_running_stats=self.track_running_stats,
        )

    def code(self, call: Call) -> str:
        weight, bias = call.parameter("weight"), call.parameter("bias")
        mean = variance = "None"
        from_input, momentum = "True", "0.0"
        if self.track_running_stats:
            mean, variance = call.buffer("running_mean"), call.buffer("running_var")
            from_input = call.setting("training")
            momentum = f"{call.setting('momentum')} or 0.0"  # None is 0 to the module
        return (
            f"torch.instance_norm({call.args[0]}, {weight}, {bias}, {mean}, {variance}, "
            f"{from_input}, {momentum}, {call.setting('eps')}, cudnn)"
        )


@dataclass(frozen=True, kw_only=True)
class GroupNorm(Op):
    """Each group of channels of each sample normalised over all places: (x - mean) / sqrt(var + eps) * weight + bias.

    Takes and gives any kind with a channels axis. `num_groups: 1` takes mean and variance over the
    whole sample. Wu and He 2018, https://arxiv.org/abs/1803.08494;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """

    name: ClassVar[str] = "group_norm"
    main: ClassVar[str | None] = "num_groups"
    fresh: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("num_groups",)

    num_groups: int = option("int", help="groups of as many channels each; divides the channels", minimum=1)
    eps: float = option("float", 1e-5, help="added to the variance", minimum=0)
    affine: bool = option("bool", True, help="whether a weight and a bias are learned for each channel")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, "channels")
        expect_divisible(x, "channels", self.num_groups, f"`num_groups` (={self.num_groups})", "num_groups")
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return _learned(inputs[0], self.affine, self.affine)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.GroupNorm(self.num_groups, inputs[0].channels, eps=self.eps, affine=self.affine)

    def code(self, call: Call) -> str:
        if call.inputs[0].elements == self.num_groups:  # the module refuses a single sample of one value per group
            return super().code(call)
        weight, bias = call.parameter("weight"), call.parameter("bias")
        return f"torch.group_norm({call.args[0]}, {self.num_groups}, {weight}, {bias}, {call.setting('eps')}, cudnn)"


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
        return _learned(inputs[0], self.elementwise_affine, self.elementwise_affine and self.bias)

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


@dataclass(frozen=True, kw_only=True)
class RmsNorm(Op):
    """The channels of each place divided by their root mean square: x / sqrt(mean(x**2) + eps) * weight.

    Takes and gives any kind with a channels axis; the mean is over that axis alone.
    Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
    """

    name: ClassVar[str] = "rms_norm"
    settings: ClassVar[tuple[str, ...]] = ("normalized_shape",)

    eps: float | Literal["none"] = option(
        "float | none", "none", help="added to the mean square; none: the epsilon of the number format", minimum=0
    )
    elementwise_affine: bool = option("bool", True, help="whether a weight is learned")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, "channels")
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return _learned(inputs[0], self.elementwise_affine, False)

    def layout(self, *inputs: ValueType) -> Layout:
        return "last"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        eps = None if self.eps == "none" else self.eps
        return nn.RMSNorm(inputs[0].channels, eps=eps, elementwise_affine=self.elementwise_affine)

    def code(self, call: Call) -> str:
        shape = f"({call.inputs[0].channels},)"
        return f"torch.rms_norm({call.args[0]}, {shape}, {call.parameter('weight')}, {call.setting('eps')})"


@dataclass(frozen=True, kw_only=True)
class LocalResponseNorm(Op):
    """Each element divided by what the channels next to it hold: x / (k + alpha * mean(x**2)) ** beta.

    Takes and gives a map or tokens; the mean is over `size` channels around the element's own,
    at the same place, those beyond the first and the last channel being 0.
    Krizhevsky et al. 2012, https://doi.org/10.1145/3065386;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """

    name: ClassVar[str] = "local_response_norm"
    main: ClassVar[str | None] = "size"

    size: int = option("int", help="channels that the mean is over", minimum=1)
    alpha: float = option("float", 1e-4, help="factor on the mean square")
    beta: float = option("float", 0.75, help="exponent of the divisor")
    k: float = option("float", 1.0, help="added to the mean square")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens")
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"F.local_response_norm({call.args[0]}, {self.size}, {self.alpha!r}, {self.beta!r}, {self.k!r})"


def _learned(x: ValueType, weight: bool, bias: bool) -> Mapping[str, Weight]:
    """A weight and a bias for each channel, each if it is wanted."""
    return {name: Weight((x.channels,)) for name, wanted in (("weight", weight), ("bias", bias)) if wanted}


OPS: tuple[type[Op], ...] = (BatchNorm, InstanceNorm, GroupNorm, LayerNorm, RmsNorm, LocalResponseNorm)
