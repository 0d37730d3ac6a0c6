"""The core of attention: queries, keys and values already projected, over all places or inside windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, pair

if TYPE_CHECKING:
    from torch import nn

BIAS_AXES = ("heads", "queries", "keys")
"""The axes of a bias on the scores of attention."""


@dataclass(frozen=True, kw_only=True)
class ScaledDotProductAttention(Op):
    """softmax(scale * query @ key.T + bias) @ value for each head, over all places of the map or tokens.

    Takes a query, a key and a value, each a map or tokens, and a bias (heads, queries, keys) if there is a fourth;
    gives the query's axes with the value's channels. The channels are cut into `num_heads` equal parts.
    `dropout` falls on the softmax's output in training.
    With `window` a map is cut into windows of that height and width, and places attend inside their own; with `grid`
    into a grid of that many rows and columns of cells, and the places that lie alike in their cells attend to
    each other. `shift` moves the windows by so many rows and columns, around the edge; places from opposite edges
    do not see each other, and along a side that one window covers nothing is moved.
    Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; windows: Liu et al. 2021, https://arxiv.org/abs/2103.14030;
    grid: Tu et al. 2022, https://arxiv.org/abs/2204.01697;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """

    name: ClassVar[str] = "scaled_dot_product_attention"
    main: ClassVar[str | None] = "num_heads"
    arity: ClassVar[int | None] = None
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("num_heads", "scale")

    num_heads: int = option("int", help="heads that attend side by side", minimum=1)
    scale: float | Literal["none"] = option(
        "float | none", "none", help="factor of the products; none: 1 / sqrt(channels of one head)"
    )
    dropout: float = option("float", 0.0, help="probability that a weight is zero in training", minimum=0, maximum=1)
    window: Size = option("size", 0, help="height and width of the windows; 0: none", minimum=0)
    grid: Size = option("size", 0, help="rows and columns of the grid; 0: none", minimum=0)
    shift: Size = option("size", 0, help="rows and columns by which the windows are moved", minimum=0)

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with `shift` 0 along a side that one window covers."""
        if len(inputs) not in (3, 4):
            raise Misfit(
                "wrong-type",
                f"`{self.name}` takes a query, a key and a value, and a bias if there is one",
                label=f"{len(inputs)} values enter",
            )
        if self._windowed:
            self._check_windows(*inputs[:3])
        if pair(self.shift) == (0, 0):
            return self
        sizes = inputs[0].shape[1:]
        moved = tuple(0 if w >= s else by for by, w, s in zip(pair(self.shift), pair(self.window), sizes, strict=True))
        return replace(self, shift=(moved[0], moved[1]))

    def infer(self, *inputs: ValueType) -> ValueType:
        query, key, value = inputs[:3]
        for index, (role, x) in enumerate(zip(("query", "key", "value"), inputs, strict=False)):
            expect_kind(self.name, x, "map", "tokens", index=index)
            if x.channels % self.num_heads:
                raise Misfit(
                    "not-divisible",
                    f"the {role}'s channels (={x.channels}) must be divisible by `num_heads` (={self.num_heads})",
                    label=f"{x} enters as {role}",
                    field="num_heads",
                    inputs=(index,),
                )
        if query.channels != key.channels:
            raise Misfit(
                "shape-mismatch",
                f"the query's channels (={query.channels}) must be the key's (={key.channels})",
                label=f"{query} and {key}",
                inputs=(0, 1),
            )
        if _places(key) != _places(value):
            raise Misfit(
                "shape-mismatch",
                f"the key's places (={_places(key)}) must be the value's (={_places(value)})",
                label=f"{key} and {value}",
                help="a stride in one of the two must be in the other as well",
                inputs=(1, 2),
            )
        if len(inputs) == 4:
            self._check_bias(*inputs)
        batched = any(x.batched for x in inputs)
        return ValueType(query.replace(channels=value.channels).axes, batched)

    def macs(self, *inputs: ValueType) -> int:
        """Query places times the places that each sees times the channels of query and value."""
        query, key, value = inputs[:3]
        return _places(query) * self._seen(query, key)[1] * (query.channels + value.channels)

    def layout(self, *inputs: ValueType) -> Layout:
        return "last"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        """Nothing without dropout and windows: it has no weights."""
        from blueprint.ops.dot_product import DotProductAttention, WindowAttention

        scale = None if self.scale == "none" else self.scale
        if self._windowed:
            height, width = inputs[0].shape[1:]
            cut = {"grid": pair(self.grid)} if pair(self.grid) != (0, 0) else {"window": pair(self.window)}
            return WindowAttention(
                self.num_heads, scale, self.dropout, **cut, shift=pair(self.shift), size=(height, width)
            )
        return DotProductAttention(self.num_heads, scale, self.dropout) if self.dropout else None

    def initialise(self, module: nn.Module) -> None:
        """Fill the mask of shifted windows, which is no part of the state_dict."""
        if self._windowed:
            module.reset_mask()  # type: ignore[operator]

    def code(self, call: Call) -> str:
        if self._windowed:
            return super().code(call)
        heads = ", ".join(self._heads(x, kind) for x, kind in zip(call.args[:3], call.inputs, strict=False))
        options = []
        if len(call.args) == 4:
            options.append(f"attn_mask={call.args[3]}")
        if self.dropout:
            options.append(f"dropout_p={call.setting('p')} if {call.setting('training')} else 0.0")
        if self.scale != "none":
            options.append(f"scale={self.scale!r}")
        arguments = ", ".join([heads, *options])
        query, channels = call.args[0], call.inputs[2].channels
        if call.inputs[0].kind == "tokens":
            merged = "flatten(2)"
        else:
            merged = f"reshape({query}.shape[0], {query}.shape[1], {query}.shape[2], {channels})"
        return f"F.scaled_dot_product_attention({arguments}).transpose(1, 2).{merged}"

    @property
    def _windowed(self) -> bool:
        return (pair(self.window), pair(self.grid), pair(self.shift)) != ((0, 0),) * 3

    def _check_windows(self, query: ValueType, key: ValueType, value: ValueType) -> None:
        window, grid, shift = pair(self.window), pair(self.grid), pair(self.shift)
        if window == (0, 0) and shift != (0, 0):
            raise Misfit("missing-key", "`shift` moves windows, and there is no `window`", field="shift")
        if window != (0, 0) and grid != (0, 0):
            raise Misfit("out-of-range", "`window` and `grid` exclude each other", field="grid", help="leave out one")
        field, cut = ("grid", grid) if window == (0, 0) else ("window", window)
        if 0 in cut:
            raise Misfit("out-of-range", f"`{field}` needs a height and a width above 0", field=field)
        for index, x in enumerate((query, key, value)):
            expect_kind(f"{self.name}` with `{field}", x, "map", index=index)
        if not query.shape[1:] == key.shape[1:] == value.shape[1:]:
            raise Misfit(
                "shape-mismatch",
                f"inside a `{field}`, query, key and value have one height and width",
                label=f"{query}, {key} and {value}",
                help="leave out a stride in the bodies that make them",
                inputs=(0, 1, 2),
            )
        for axis, size, side in zip(("height", "width"), query.shape[1:], cut, strict=True):
            if size % side:
                raise Misfit(
                    "not-divisible",
                    f"the {axis} (={size}) must be divisible by `{field}` (={side})",
                    label=f"{query} enters",
                    help=f"insert `pad: {{multiple: {side}}}` before it",
                    field=field,
                    inputs=(0,),
                )
        for axis, by, side in zip(("rows", "columns"), shift, window, strict=True):
            if by and by >= side:
                raise Misfit(
                    "out-of-range", f"`shift` (={by}) must be less than the window's {axis} (={side})", field="shift"
                )

    def _check_bias(self, query: ValueType, key: ValueType, value: ValueType, bias: ValueType) -> None:
        wanted = (self.num_heads, *self._seen(query, key))
        axes = tuple(zip(BIAS_AXES, wanted, strict=True))
        if bias.axes != axes:
            raise Misfit(
                "shape-mismatch",
                f"the bias must be {ValueType(axes)}",
                label=f"{bias} enters as bias",
                inputs=(3,),
            )

    def _seen(self, query: ValueType, key: ValueType) -> tuple[int, int]:
        """How many queries attend together, and to how many keys."""
        if not self._windowed:
            return _places(query), _places(key)
        together = prod(pair(self.grid)) or prod(pair(self.window))
        return together, together

    def _heads(self, x: str, kind: ValueType) -> str:
        """(N, ..., C) as (N, heads, places, C of one head)."""
        sizes = f"({self.num_heads}, {kind.channels // self.num_heads})"
        places = x if kind.kind == "tokens" else f"{x}.flatten(1, 2)"
        return f"torch.unflatten({places}, 2, {sizes}).transpose(1, 2)"


@dataclass(frozen=True, kw_only=True)
class RelativePositionBias(Op):
    """A bias on attention's scores from a value per offset: bias[h, i, j] = x[offset from place j to place i, h].

    Takes tokens ((2 * height - 1) * (2 * width - 1), heads), a row per offset, those of one row of the window
    together, the most negative first; gives (heads, queries, keys) for the height * width places of the window.
    Liu et al. 2021, https://arxiv.org/abs/2103.14030
    """

    name: ClassVar[str] = "relative_position_bias"
    main: ClassVar[str | None] = "window"

    window: Size = option("size", help="height and width of the window; of tokens: 1 and their number", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "tokens")
        height, width = pair(self.window)
        offsets = (2 * height - 1) * (2 * width - 1)
        if x.size("tokens") != offsets:
            raise Misfit(
                "shape-mismatch",
                f"a window of {height} x {width} has {offsets} offsets, and {x.size('tokens')} tokens enter",
                label=f"{x} enters",
                help="`relative_offsets` gives a row per offset",
                inputs=(0,),
            )
        sizes = (x.channels, height * width, height * width)
        return ValueType(tuple(zip(BIAS_AXES, sizes, strict=True)), x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from blueprint.ops.dot_product import RelativePositionBias as Module

        return Module(pair(self.window))

    def initialise(self, module: nn.Module) -> None:
        """Fill the index, which is no part of the state_dict."""
        module.reset_index()  # type: ignore[operator]

    def code(self, call: Call) -> str:
        height, width = pair(self.window)
        places = height * width
        picked = f"{call.args[0]}.index_select(1, {call.buffer('index')})"
        return f"torch.unflatten({picked}, 1, ({places}, {places})).permute(0, 3, 1, 2)"


@dataclass(frozen=True, kw_only=True)
class RelativeOffsets(Op):
    """The offsets between the places of a window, from -1 to 1 in rows and in columns.

    Takes nothing; gives tokens ((2 * height - 1) * (2 * width - 1), 2), a row per offset in the order of
    `relative_position_bias`: what a network that computes its bias from positions starts with.
    Liu et al. 2022, https://arxiv.org/abs/2111.09883
    """

    name: ClassVar[str] = "relative_offsets"
    main: ClassVar[str | None] = "window"
    arity: ClassVar[int | None] = 0

    window: Size = option("size", help="height and width of the window; of tokens: 1 and their number", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        height, width = pair(self.window)
        return ValueType((("tokens", (2 * height - 1) * (2 * width - 1)), ("channels", 2)), batched=False)

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from blueprint.ops.dot_product import RelativeOffsets as Module

        return Module(pair(self.window))

    def initialise(self, module: nn.Module) -> None:
        """Fill the offsets, which are no part of the state_dict."""
        module.reset_offsets()  # type: ignore[operator]

    def code(self, call: Call) -> str:
        return f"{call.buffer('offsets')}.unsqueeze(0)"


def _places(x: ValueType) -> int:
    return prod(size for name, size in x.axes if name != "channels")


OPS: tuple[type[Op], ...] = (ScaledDotProductAttention, RelativePositionBias, RelativeOffsets)
