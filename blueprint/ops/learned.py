"""The learned value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Parameter(Op):
    """A learned value with named axes, the same for all samples; at first normal with std 0.02, cut at two.

    Takes nothing. The kind of what it gives follows from its axes: `{tokens: 1, channels: 64}` is tokens.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    # It has weights but no module: the one weight `value` is registered by the lowering as a parameter of
    # the enclosing container under the node's own label, so that the state_dict has it under that name,
    # and `initialise_parameter` fills it where no `init` does. As every value that is not batched, it has
    # a batch axis of size 1 in the code, and none in the state_dict.

    name: ClassVar[str] = "parameter"
    main: ClassVar[str | None] = "shape"
    arity: ClassVar[int | None] = 0

    shape: tuple[tuple[str, int], ...] = option("table", help="the size of each axis by its name", minimum=1)

    def resolve(self, *inputs: ValueType) -> Op:
        return replace(self, shape=tuple((str(name), size) for name, size in self.shape))

    def infer(self, *inputs: ValueType) -> ValueType:
        names = [name for name, _ in self.shape]
        if not names:
            raise Misfit("out-of-range", "`shape` of a `parameter` needs at least one axis", field="shape")
        for kind in (("tokens", "channels"), ("channels", "height", "width")):
            if sorted(names) == sorted(kind) and tuple(names) != kind:
                raise Misfit(
                    "wrong-kind",
                    f"the axes of a `parameter` must be in the order {', '.join(f'`{name}`' for name in kind)}",
                    field="shape",
                )
        return ValueType(tuple(self.shape), batched=False)

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return {"value": Weight(tuple(size for _, size in self.shape))}

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def initialise_parameter(self, value: Tensor) -> None:
        """Fill `value`, a tensor of the shape that `weights` says, in place."""
        from blueprint.ops.initialisers import fill

        fill(value, "trunc_normal", std=0.02)

    def code(self, call: Call) -> str:
        return f"{call.parameter('value')}.unsqueeze(0)"


OPS: tuple[type[Op], ...] = (Parameter,)
