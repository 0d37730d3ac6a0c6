"""The ways to fill a weight: torch.nn.init's, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blueprint.ops.base import FieldInfo

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InitialiserInfo:
    """A way to fill a weight: its settings as fields of the language, and which one a bare value sets.

    ranks: the fewest and most axes of a weight that it can fill.
    """

    name: str
    help: str
    fields: tuple[FieldInfo, ...] = ()
    main: str | None = None
    ranks: tuple[int, int] = (0, 99)


def initialisers() -> dict[str, InitialiserInfo]:
    """Every initialiser by its name."""
    return {info.name: info for info in _ALL}


def fill(tensor: Tensor, name: str, **settings: Any) -> None:
    """Fill `tensor` in place by the initialiser called `name`; settings left out take torch's defaults.

    https://docs.pytorch.org/docs/stable/nn.init.html
    """
    from torch.nn import init

    info = initialisers()[name]
    unknown = set(settings) - {field.name for field in info.fields}
    assert not unknown, f"initialisers: {name} has no {unknown}"
    values = settings if info.name != "constant" else {"val": settings["value"]}
    function: Callable[..., object] = getattr(init, f"{name}_")
    function(tensor, **values)


def _field(name: str, type: str, default: Any, help: str, required: bool = False, **limits: float) -> FieldInfo:
    return FieldInfo(name, type, help, required, default, limits.get("minimum"), limits.get("maximum"))


_MEAN = _field("mean", "float", 0.0, "mean of the distribution")
_STD = _field("std", "float", 1.0, "standard deviation", minimum=0)
_GAIN = _field("gain", "float", 1.0, "factor of the values")
_KAIMING = (
    _field("a", "float", 0.0, "slope of the leaky_relu that follows"),
    _field("mode", "fan_in | fan_out", "fan_in", "which side keeps its variance"),
    _field(
        "nonlinearity",
        "linear | conv1d | conv2d | sigmoid | tanh | relu | leaky_relu | selu",
        "leaky_relu",
        "the activation that follows",
    ),
)

_ALL = (
    InitialiserInfo("zeros", "all zero"),
    InitialiserInfo("ones", "all one"),
    InitialiserInfo("constant", "all `value`", (_field("value", "float", None, "the value", True),), "value"),
    InitialiserInfo("normal", "normal with `mean` and `std`", (_STD, _MEAN), "std"),
    InitialiserInfo(
        "trunc_normal",
        "normal with `mean` and `std`, values outside `a` to `b` drawn again",
        (_STD, _MEAN, _field("a", "float", -2.0, "least value"), _field("b", "float", 2.0, "greatest value")),
        "std",
    ),
    InitialiserInfo(
        "uniform",
        "uniform from `a` to `b`",
        (_field("a", "float", 0.0, "least value"), _field("b", "float", 1.0, "greatest value")),
    ),
    InitialiserInfo("xavier_uniform", "uniform, variance 2 / (fan_in + fan_out)", (_GAIN,), "gain", (2, 99)),
    InitialiserInfo("xavier_normal", "normal, variance 2 / (fan_in + fan_out)", (_GAIN,), "gain", (2, 99)),
    InitialiserInfo("kaiming_uniform", "uniform, variance gain^2 / fan", _KAIMING, ranks=(2, 99)),
    InitialiserInfo("kaiming_normal", "normal, variance gain^2 / fan", _KAIMING, ranks=(2, 99)),
    InitialiserInfo("orthogonal", "orthogonal rows or columns", (_GAIN,), "gain", (2, 99)),
    InitialiserInfo(
        "dirac",
        "the identity for a convolution",
        (_field("groups", "int", 1, "groups of channels, each an identity", minimum=1),),
        "groups",
        (3, 5),
    ),
    InitialiserInfo("eye", "the identity for a linear", ranks=(2, 2)),
)
