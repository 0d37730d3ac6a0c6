"""The command line: a verb per file, each thin."""

from blueprint.cli.app import main

__all__ = ["main"]
