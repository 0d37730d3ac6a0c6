"""Vision networks written as typed specs, compiled to plain, fast torch modules.

import blueprint

blueprint.check("net.yaml")                        # [] or a list of diagnostics
model = blueprint.build("net.yaml", num_classes=100)   # an nn.Module
spec = blueprint.load("net.yaml")                  # its document and its graph
blueprint.weights.copy(model, state_dict)          # another library's weights, by order and shapes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Diagnostic", "SpecError", "Specification", "build", "check", "load", "weights"]

if TYPE_CHECKING:
    from blueprint import weights as weights
    from blueprint.building import build
    from blueprint.checking import check
    from blueprint.compiler.specification import Specification, load
    from blueprint.diagnostics import Diagnostic, SpecError

_HOMES = {
    "build": "blueprint.building",
    "check": "blueprint.checking",
    "load": "blueprint.compiler.specification",
    "Specification": "blueprint.compiler.specification",
    "Diagnostic": "blueprint.diagnostics",
    "SpecError": "blueprint.diagnostics",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that `import blueprint` costs nothing."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    if name == "weights":
        from importlib import import_module

        return import_module("blueprint.weights")
    raise AttributeError(f"module 'blueprint' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "weights"])
