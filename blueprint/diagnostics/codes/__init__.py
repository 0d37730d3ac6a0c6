"""The stable codes of diagnostics, each documented by the page `CODE.md` beside this file.

A page says what is wrong, why it is a fault, shows a spec that has it and the same spec mended.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from blueprint.diagnostics.model import Diagnostic, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.wording import ticked


@cache
def codes() -> tuple[str, ...]:
    """Every documented code, in alphabetical order."""
    names = (page.name for page in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


def explain(code: str) -> str:
    """The page of a code, in Markdown; raises UsageError with the nearest code for an unknown one."""
    if code not in codes():
        likely = nearest(code, codes())
        help = f"did you mean {ticked(likely)}?" if likely else "a code stands between brackets behind `error`"
        raise UsageError([Diagnostic("usage", f"there is no code {ticked(code)}", help=help)])
    return files(__name__).joinpath(f"{code}.md").read_text(encoding="utf-8")
