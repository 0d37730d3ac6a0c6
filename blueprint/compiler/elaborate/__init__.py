"""Elaboration: a bound model and its arguments become a graph."""

from blueprint.compiler.elaborate.model import elaborate

__all__ = ["elaborate"]
