"""Vision networks written as typed specs, compiled to plain, fast torch modules."""

__version__ = "0.1.0"
