"""Long statements of generated code on several lines, as a person would write them."""

from __future__ import annotations

import re

WIDTH = 108
_TOKEN = re.compile(r"\"[^\"]*\"|[()\[\]{},]|[^()\[\]{},\"]+")


def wrapped(line: str) -> list[str]:
    """A statement in lines of at most `WIDTH`: its first call that is too long has its arguments on lines of their own.

    What no comma divides keeps its length.
    """
    if len(line) <= WIDTH:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    for start, end in _brackets(line):
        if end - start > WIDTH // 2:
            inner = f"{margin}    "
            lines = [line[: start + 1], *_packed(_pieces(line[start + 1 : end]), inner)]
            return [*lines, *wrapped(margin + line[end:])]
    return [line]


def _brackets(line: str) -> list[tuple[int, int]]:
    """Where the outermost round brackets that hold something open and close."""
    found, depth, start, at = [], 0, 0, 0
    for token in _TOKEN.findall(line):
        if token in "([{":
            start = at if depth == 0 else start
            depth += 1
        elif token in ")]}":
            depth -= 1
            if depth == 0 and token == ")" and at > start + 1:
                found.append((start, at))
        at += len(token)
    return found


def _pieces(inside: str) -> list[str]:
    """The arguments, each with the comma behind it, or the alternatives, each with the `or` before it."""
    tokens: list[tuple[str, int]] = []
    depth = 0
    for token in _TOKEN.findall(inside):
        depth += (token in "([{") - (token in ")]}")
        tokens.append((token, depth))
    listed, pieces = (",", 0) in tokens, [""]
    for token, depth in tokens:
        first, *others = [token] if listed or depth else token.split(" or ")
        pieces[-1] += first
        pieces += [f"or {other}" for other in others]
        if token == "," and depth == 0:
            pieces.append("")
    return [piece.strip() for piece in pieces if piece.strip()]


def _packed(pieces: list[str], margin: str) -> list[str]:
    """The arguments on as few lines as the width allows; a long one is wrapped itself."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + 1 + len(piece) <= WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines += wrapped(margin + piece)
    return lines
