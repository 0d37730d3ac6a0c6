"""The command line: a verb per file."""


def main() -> None:
    """Run the command line."""
