"""Names in generated code: unique local variables, class names, and the expressions that lead to a child."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator

from blueprint.compiler.lower.tree import Path, Place

_NEEDED = {
    "self",
    "torch",
    "F",
    "math",
    "Tensor",
    "ready",
    "is_compiling",
    "is_tracing",
    "in_transform",
    "flat_forward",
}
_NEEDED |= {"parts", "each", "norms", "more_norms", "counted", "cudnn", "training", "type", "getattr", "KeyError"}
_TAKEN = {*_NEEDED, *keyword.kwlist, *dir(builtins)}


class Names:
    """Hands out local names, each once."""

    def __init__(self) -> None:
        self._used = set(_TAKEN)

    def take(self, wish: str) -> str:
        """`wish` as an identifier, with a number behind it if it is taken."""
        stem = re.sub(r"\W", "_", wish)
        if not stem.isidentifier():
            stem = f"n{stem}"
        name, number = stem, 2
        while name in self._used:
            name, number = f"{stem}_{number}", number + 1
        self._used.add(name)
        return name

    def first_free(self, wishes: Iterator[str]) -> str:
        """The first of `wishes` that is not taken."""
        name = next(wish for wish in wishes if wish not in self._used)
        self._used.add(name)
        return name

    def keep(self, name: str) -> str:
        """Exactly `name`, or with an underscore behind it where the code needs that name."""
        while name in _NEEDED:
            name += "_"
        self._used.add(name)
        return name


def class_name(kind: str) -> str:
    """`kind` in camel case: `basic_block` gives `BasicBlock`."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", kind) if word]
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Net{name}"


def child(container: Place, path: Path) -> str:
    """The expression by which code in `container` reaches the child or weight at `path`: `self.stages[0].conv`."""
    text, place = "self", container
    for name in path[len(container.path) :]:
        if place.listed:
            text = f"{text}[{name}]"
        elif name.isidentifier() and not keyword.iskeyword(name):
            text = f"{text}.{name}"
        else:
            text = f'getattr({text}, "{name}")'
        place = place.children[name]
    return text
