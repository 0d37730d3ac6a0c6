"""What is random in training: `dropout`, `drop_path`, `mask`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Dropout(Op):
    """Each element zero with probability p in training, else divided by 1 - p; of any kind.

    With p 0 it is nothing and has no module. Srivastava et al. 2014,
    https://jmlr.org/papers/v15/srivastava14a.html;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    name: ClassVar[str] = "dropout"
    main: ClassVar[str | None] = "p"
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("inplace",)

    p: float = option("float", 0.5, help="probability that an element is zero", minimum=0, maximum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.Dropout(self.p) if self.p else None

    def code(self, call: Call) -> str:
        if not self.p:
            return call.args[0]
        return f"torch.dropout({call.args[0]}, {call.setting('p')}, {call.setting('training')})"


@dataclass(frozen=True, kw_only=True)
class DropPath(Op):
    """Each sample's whole value zero with probability p in training, else divided by 1 - p; of any kind.

    With p 0 it is nothing and has no module. Stochastic depth, Huang et al. 2016,
    https://arxiv.org/abs/1603.09382; torchvision.ops.StochasticDepth with mode `row`, draw for draw.
    """

    name: ClassVar[str] = "drop_path"
    main: ClassVar[str | None] = "p"
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("kept",)

    p: float = option("float", help="probability that a sample's value is zero", minimum=0, maximum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from blueprint.ops.random_mask import RandomMask

        return RandomMask(1.0 - self.p, (0,)) if self.p else None

    def code(self, call: Call) -> str:
        return _in_training(call) if self.p else call.args[0]


@dataclass(frozen=True, kw_only=True)
class Mask(Op):
    """Parts of each sample zero with probability 1 - keep in training, all others divided by keep.

    Takes and gives any kind. `over: channels` drops whole channels, `pixels` whole places (all
    channels of a pixel or token), `elements` single elements, `samples` the whole value.
    Tompson et al. 2014 for channels, https://arxiv.org/abs/1411.4280
    """

    name: ClassVar[str] = "mask"
    main: ClassVar[str | None] = "over"
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("kept",)

    over: Literal["channels", "elements", "pixels", "samples"] = option(
        "channels | elements | pixels | samples", help="what is dropped as one"
    )
    keep: float = option("float", 0.9, help="probability that a part is kept", minimum=0, maximum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        if (self.over == "channels" and "channels" not in x.names) or (self.over == "pixels" and len(x.axes) < 2):
            raise Misfit(
                "wrong-kind",
                f"`mask` over {self.over} takes a map or tokens, not {x}",
                label=f"{x} enters",
                help="mask its `elements` or `samples` instead",
                field="over",
                inputs=(0,),
            )
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any" if self.over == "samples" else "natural"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from blueprint.ops.random_mask import RandomMask

        names = inputs[0].names
        dims = {
            "channels": [i for i, name in enumerate(names, 1) if name == "channels"],
            "pixels": [i for i, name in enumerate(names, 1) if name != "channels"],
            "elements": range(1, len(names) + 1),
            "samples": [],
        }
        return RandomMask(self.keep, (0, *dims[self.over]))

    def code(self, call: Call) -> str:
        return _in_training(call)


def _in_training(call: Call) -> str:
    x = call.args[0]
    return f"{call.module}({x}) if {call.setting('training')} else {x}"


OPS: tuple[type[Op], ...] = (Dropout, DropPath, Mask)
