"""The primitives, a family per file: fields, shape rule, cost rule and torch module of one op side by side."""

from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.registry import find, ops

__all__ = ["Call", "Layout", "Misfit", "Op", "Weight", "find", "ops", "option"]
