"""What an op is: one class with its fields, shape rule, cost rule, torch module and code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from blueprint.language.values import ValueType

if TYPE_CHECKING:
    from torch import nn

Layout = Literal["first", "last", "any", "natural"]
"""How a node's inputs and outputs lie in memory order, behind the batch axis.

`first`: channels right behind the batch, as torch's convolutions want them (N, C, ...).
`last`: channels at the end, as torch's linear and layer norm want them (N, ..., C).
`any`: the node does not care; all its inputs come in one of the two, its output has the same.
`natural`: maps channels first, tokens channels last, in and out; other axes in their order.
"""


class Misfit(Exception):
    """An op's inputs or fields do not fit together; the compiler words it as a diagnostic.

    code: the diagnostic's code; message: its header; label: the values at fault, shown under
    the caret; help: the way to mend it; field: the field at fault, if one is; inputs: the
    indices of the inputs at fault, whose producers the diagnostic then names.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        label: str = "",
        help: str = "",
        field: str | None = None,
        inputs: tuple[int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.label, self.help = code, message, label, help
        self.field, self.inputs = field, inputs


@dataclass(frozen=True)
class Weight:
    """A learned tensor of an op: its shape as torch has it."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class FieldInfo:
    """A field of an op as the language sees it.

    type: a TYPE of the language (`int`, `size | same`, `zeros | reflect`, `body`, ...).
    """

    name: str
    type: str
    help: str
    required: bool
    default: Any
    minimum: float | None = None
    maximum: float | None = None


def option(
    type: str,
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A dataclass field of an op: its TYPE in the language, default (none: required), help and limits."""
    metadata = {"type": type, "help": help, "minimum": minimum, "maximum": maximum}
    return dataclasses.field(default=default, metadata=metadata)


class Call(Protocol):
    """What `Op.code` sees of the place it is called from. All texts are Python expressions."""

    @property
    def args(self) -> tuple[str, ...]:
        """The node's inputs, each a variable, in the node's layout."""

    @property
    def inputs(self) -> tuple[ValueType, ...]:
        """The types of the inputs."""

    @property
    def output(self) -> ValueType:
        """The type of the (first) output."""

    @property
    def inplace(self) -> bool:
        """Whether the first input may be overwritten: nothing else reads it."""

    @property
    def module(self) -> str:
        """The op's own module, as a callable."""

    def parameter(self, name: str) -> str:
        """The module's parameter of that name, which may be None; read once a forward, before anything else runs."""

    def buffer(self, name: str) -> str:
        """The module's buffer of that name, likewise."""

    def setting(self, name: str) -> str:
        """The module's attribute of that name, read live (`training`, `p`, `eps`)."""

    def count(self, name: str) -> None:
        """Add one to this buffer of the module in training, together with all others of the forward."""

    def dim(self, axis: str, of: int = 0) -> int:
        """Where the axis lies in input `of` as torch counts, the batch being 0."""

    def aligned(self, index: int) -> str:
        """Input `index` with size-1 axes put in so that torch broadcasts it to the output by axis name."""


@dataclass(frozen=True, kw_only=True)
class Op:
    """A primitive of the language.

    A subclass is a frozen dataclass whose fields are made by `option`. `name` is the op's name
    in specs; `main` the field that a bare value sets; `arity` the number of inputs (None: any,
    given by name as a list). The docstring is shown by `blueprint explain`: what it computes
    with its formula, the kinds it takes and gives, and the torch page or paper it follows.
    """

    name: ClassVar[str]
    main: ClassVar[str | None] = None
    arity: ClassVar[int | None] = 1
    since: ClassVar[int] = 1
    several: ClassVar[bool] = False  # gives several values, which `as` names
    fresh: ClassVar[bool] = False  # makes a new tensor that its own backward does not need
    random: ClassVar[bool] = False  # draws random numbers in training
    settings: ClassVar[tuple[str, ...]] = ()  # attributes of the module that generated code bakes in

    def __post_init__(self) -> None:
        """Hold every size as a pair, so that ops that do the same are equal."""
        kind: Any = type(self)  # which mypy takes for what cannot be hashed
        for name in _sizes(kind):
            value = getattr(self, name)
            if isinstance(value, int):
                object.__setattr__(self, name, (value, value))

    @classmethod
    def fields(cls) -> tuple[FieldInfo, ...]:
        """The fields in the order written in the class."""
        infos = []
        for f in dataclasses.fields(cls):
            if "type" in f.metadata:
                required = f.default is dataclasses.MISSING
                default = None if required else f.default
                infos.append(FieldInfo(f.name, default=default, required=required, **f.metadata))
        return tuple(infos)

    def resolve(self, *inputs: ValueType) -> Op:
        """The same op with every field that depends on the input filled in; raises Misfit.

        After it no field that the code or the rules read is None for "left out".
        """
        return self

    def infer(self, *inputs: ValueType) -> ValueType | tuple[ValueType, ...]:
        """The type of the output, or of each output; raises Misfit where the inputs do not fit."""
        raise AssertionError(f"{type(self).__name__} has no shape rule")

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        """The learned tensors by name, as the module's parameters are named; none by default."""
        return {}

    def macs(self, *inputs: ValueType) -> int:
        """Multiply-accumulates for one sample, as torch.utils.flop_counter counts them (its count is twice this)."""
        return 0

    def layout(self, *inputs: ValueType) -> Layout:
        """The layout in which the op takes its inputs and gives its output."""
        return "natural"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        """The torch module that holds the op's weights or its training behaviour, or None if it has neither.

        Called on the meta device; `initialise` fills in the values.
        """
        return None

    def initialise(self, module: nn.Module) -> None:
        """Fill the module's parameters and buffers as torch's own module does."""
        reset = getattr(module, "reset_parameters", None)
        if reset is not None:
            reset()

    def code(self, call: Call) -> str:
        """A Python expression for the output (a tuple for several), reading `call.args`.

        With a module, this is its functional form; left out, the module itself is called.
        Names in reach: `torch`, `F` (torch.nn.functional), `math`, and `cudnn`, whether torch may use it.
        A value that is not batched has a batch axis of size 1.
        """
        return f"{call.module}({', '.join(call.args)})"


@cache
def _sizes(op: type[Op]) -> tuple[str, ...]:
    """The names of the fields that may hold a size."""
    return tuple(f.name for f in dataclasses.fields(op) if "size" in f.metadata.get("type", "").split())
