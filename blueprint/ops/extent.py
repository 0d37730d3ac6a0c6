"""More or fewer places around a value: `pad`, `crop`, `crop_like`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_axis, expect_kind
from blueprint.ops.sizes import Size, check_fill, pair

Align = Literal["start", "center", "end"]
_START = {"start": "0", "center": "round(({x}.shape[{dim}] - {size}) / 2)", "end": "{x}.shape[{dim}] - {size}"}
_ALIGN: dict[str, Any] = {
    "type": "start | center | end",
    "default": "center",
    "help": "which part is kept: that at the top and left, the middle, or that at the bottom and right",
}
_NONE = ("0", "0")


@dataclass(frozen=True, kw_only=True)
class Pad(Op):
    """A map or tokens with places added around, which hold zeros or what `mode` says.

    Takes a map or tokens, gives the same kind. `{height: 1, width: [0, 2]}` adds a
    row above and one below, and two columns on the right. `{multiple: 7}` adds rows
    at the bottom and columns on the right up to the next multiples of 7, whatever
    size enters; `crop_like` with `align: start` takes them away again.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """

    name: ClassVar[str] = "pad"

    height: Size | None = option(
        "size", None, help="rows added above and below: one number for both, or [above, below]", minimum=0
    )
    width: Size | None = option("size", None, help="columns added likewise: [left, right]", minimum=0)
    tokens: Size | None = option("size", None, help="tokens added likewise: [before, after]", minimum=0)
    multiple: Size | None = option(
        "size", None, help="instead: pads at the end until it divides height and width, or the tokens", minimum=1
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = option(
        "constant | reflect | replicate | circular", "constant", help="what the added places hold"
    )
    value: float = option("float", 0.0, help="what they hold with constant")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens")
        self._check(x)
        sizes = {}
        for axis, (before, after) in self._added(x).items():
            field = axis if self.multiple is None else "multiple"
            amount = max(before, after)
            words = f"`{axis}` (={amount})" if self.multiple is None else f"what `multiple` adds (={amount})"
            check_fill(self.mode, amount, x, axis, field, f"{words} with `mode`")
            sizes[axis] = before + expect_axis(self.name, x, axis) + after
        return x.replace(**sizes)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any" if self.mode == "constant" else "first"

    def code(self, call: Call) -> str:
        x, (kind,) = call.args[0], call.inputs
        multiples = {axis: n for axis, n in self._multiples(kind).items() if n > 1}
        rests = {axis: f"{x}.shape[{call.dim(axis)}] % {n}" for axis, n in multiples.items()}
        amounts = {
            call.dim(axis): ("0", f"-{rests[axis]}") if axis in rests else (str(before), str(after))
            for axis, (before, after) in self._added(kind).items()
        }
        if set(amounts.values()) == {_NONE}:
            return x
        listed = ", ".join(
            text for dim in range(len(kind.axes), min(amounts) - 1, -1) for text in amounts.get(dim, _NONE)
        )
        mode = "" if self.mode == "constant" else f', mode="{self.mode}"'
        value = f", value={self.value!r}" if self.value else ""
        padded = f"F.pad({x}, ({listed}){mode}{value})"
        # torch copies even where it adds nothing
        return f"{padded} if {' or '.join(rests.values())} else {x}" if rests and self.infer(kind) == kind else padded

    def _check(self, x: ValueType) -> None:
        """Raise Misfit where the fields do not go together, or do not go with the input."""
        given = [name for name in ("height", "width", "tokens") if getattr(self, name) is not None]
        if not given and self.multiple is None:
            wanted = "`height`, `width`" if x.kind == "map" else "`tokens`"
            raise Misfit("missing-key", f"`pad` takes {wanted} or `multiple`")
        if given and self.multiple is not None:
            raise Misfit(
                "out-of-range",
                f"`multiple` takes no `{given[0]}` beside it",
                help=f"write two `pad`s, the one with `{given[0]}` first",
                field=given[0],
            )
        for axis in given:
            expect_axis(self.name, x, axis)
        if self.value and self.mode != "constant":
            raise Misfit(
                "out-of-range",
                f"`value` has no meaning with `mode` {self.mode}",
                help="leave it out, or take `constant`",
                field="value",
            )

    def _multiples(self, x: ValueType) -> Mapping[str, int]:
        """What each axis becomes a multiple of; empty without `multiple`."""
        if self.multiple is None:
            return {}
        height, width = pair(self.multiple)
        if x.kind == "map":
            return {"height": height, "width": width}
        if height != width:
            raise Misfit("out-of-range", "`multiple` of tokens is one number", label=f"{x} enters", field="multiple")
        return {"tokens": height}

    def _added(self, x: ValueType) -> Mapping[str, tuple[int, int]]:
        """How many places come before and after along each axis but the channels."""
        if self.multiple is not None:
            return {axis: (0, -expect_axis(self.name, x, axis) % n) for axis, n in self._multiples(x).items()}
        return {axis: pair(getattr(self, axis) or 0) for axis in x.names if axis != "channels"}


@dataclass(frozen=True, kw_only=True)
class Cropping(Op):
    """What the crops share: where they cut."""

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def _cut(self, call: Call, align: Align, sizes: Mapping[str, tuple[int, str]]) -> str:
        """The code that cuts each axis to a size, given as it is known here and as an expression."""
        x, kind = call.args[0], call.inputs[0]
        cut, same = x, []
        for axis, (_, size) in sizes.items():
            dim = call.dim(axis)
            cut += f".narrow({dim}, {_START[align].format(x=x, dim=dim, size=size)}, {size})"
            same.append(f"{x}.shape[{dim}] == {size}")
        fits = all(kind.size(axis) == known for axis, (known, _) in sizes.items())
        return f"{x} if {' and '.join(same)} else {cut}" if fits else cut


@dataclass(frozen=True, kw_only=True)
class Crop(Cropping):
    """A map or tokens cut to a size: the middle, or the part at the start or end.

    Takes a map or tokens, gives the same kind. For the middle, half of what goes, rounded to
    the even number where it is odd, goes at the top and left, as in torchvision's center_crop.
    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.center_crop.html
    """

    name: ClassVar[str] = "crop"

    height: int | None = option("int", None, help="rows that are kept; left out: all", minimum=1)
    width: int | None = option("int", None, help="columns that are kept; left out: all", minimum=1)
    tokens: int | None = option("int", None, help="tokens that are kept; left out: all", minimum=1)
    align: Align = option(**_ALIGN)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens")
        if not self._kept:
            wanted = "`height` or `width`" if x.kind == "map" else "`tokens`"
            raise Misfit("missing-key", f"`crop` takes {wanted}")
        for axis, size in self._kept.items():
            length = expect_axis(self.name, x, axis)
            if size > length:
                enters = "the tokens that enter" if axis == "tokens" else f"the {axis} that enters"
                raise Misfit(
                    "out-of-range",
                    f"`{axis}` (={size}) must be at most {enters} (={length})",
                    label=f"{x} enters",
                    help="`pad` makes a value larger, `upsample` as well",
                    field=axis,
                    inputs=(0,),
                )
        return x.replace(**self._kept)

    def code(self, call: Call) -> str:
        return self._cut(call, self.align, {axis: (size, str(size)) for axis, size in self._kept.items()})

    @property
    def _kept(self) -> dict[str, int]:
        """The sizes that are given."""
        sizes = {"height": self.height, "width": self.width, "tokens": self.tokens}
        return {axis: size for axis, size in sizes.items() if size is not None}


@dataclass(frozen=True, kw_only=True)
class CropLike(Cropping):
    """The first of two values cut to the height and width of the second, or to its tokens.

    Takes two maps or tokens twice, gives the first one's kind and channels; where they are
    of one size it does nothing. `crop_like: [skip, raised]` is the crop of a U-Net's skips,
    Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597
    """

    name: ClassVar[str] = "crop_like"
    arity: ClassVar[int | None] = 2

    align: Align = option(**_ALIGN)

    def infer(self, *inputs: ValueType) -> ValueType:
        x, like = inputs
        expect_kind(self.name, x, "map", "tokens")
        expect_kind(self.name, like, x.kind, index=1)
        for axis, size in like.axes:
            if axis != "channels" and size > expect_axis(self.name, x, axis):
                raise Misfit(
                    "shape-mismatch",
                    f"`crop_like` cannot cut the {axis} (={x.size(axis)}) to that of its second value (={size})",
                    label=f"{x} and {like}",
                    help="the larger value comes first",
                    inputs=(0, 1),
                )
        return x.replace(**{axis: size for axis, size in like.axes if axis != "channels"})

    def code(self, call: Call) -> str:
        like = call.inputs[1]
        sizes = {
            axis: (size, f"{call.args[1]}.shape[{call.dim(axis, 1)}]") for axis, size in like.axes if axis != "channels"
        }
        return self._cut(call, self.align, sizes)


OPS: tuple[type[Op], ...] = (Pad, Crop, CropLike)
