"""The primitives, a family per file: fields, shape rule, cost rule and torch module of one op side by side."""

from blueprint.ops.base import Misfit, Op, Weight, option
from blueprint.ops.registry import find, ops

__all__ = ["Misfit", "Op", "Weight", "find", "ops", "option"]
