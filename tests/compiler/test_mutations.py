"""Specs broken at random are checked to the end: faults come out as diagnostics, never as exceptions."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

import blueprint
from blueprint.diagnostics import render_text
from blueprint.language.zoo import zoo_root
from tests.compiler.random_specs import dumped, random_spec

DOCUMENTS = Path(__file__).parent / "documents"
KINDS: dict[str, list[str]] = {}
for path in (*sorted(zoo_root().rglob("*.yaml")), *sorted(DOCUMENTS.glob("*.yaml"))):
    text = path.read_text(encoding="utf-8")
    KINDS.setdefault(str(re.findall(r"^kind: (\w+)", text, re.MULTILINE)[0]), []).append(text)
CHARACTERS = "{}[]():,-_'\"#&*!|>%@`=+/.019axyz \n\té"
WORDS = [
    *(
        "x",
        "in_channels",
        "body",
        "when",
        "as",
        "share",
        "from",
        "args",
        "init",
        "set",
        "expect",
        "let",
        "merge",
        "split",
    ),
    *(
        "residual",
        "branches",
        "paths",
        "for",
        "do",
        "collect",
        "rows",
        "columns",
        "repeat",
        "if",
        "then",
        "else",
        "side",
    ),
    *("gate", "rearrange", "parameter", "attention", "conv", "add", "mlp", "squeeze_excite", "rest", "map", "tokens"),
    *("null", "~", "true", "[]", "{}", "-1", "0", "1.5", "1e400", "9**9**9", "1/0", "dims[9]", "sum(dims)", "x.height"),
    *("body(p)", "list[int]", "int = 3"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 7, 10**9, 10**30, 1.5, -0.5, 1e-6, 1e300),
    *("", "x", "dim", "conv", "relu", "9**9**9", "x.channels", "1/0", "map", "mlp", "body(a)"),
    *([], [[]], {}, [1, 2], [1, 2, 3], ["relu"], [None], {"conv": 64}, {"x": None}),
    *({"if": True, "then": []}, {"for": {"i": 3}, "do": ["relu"]}, {"let": {"q": "q"}}, {"side": ["relu"], "as": "s"}),
]


def mutated_text(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        lines = text.split("\n")
        at = chance.randrange(len(lines))
        chance.choice(LINE_EDITS)(chance, lines, at)
        text = "\n".join(lines)
    return text


def swap(chance: random.Random, lines: list[str], at: int) -> None:
    other = chance.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def edit_characters(chance: random.Random, lines: list[str], at: int) -> None:
    column = chance.randrange(len(lines[at]) + 1)
    inserted = chance.choice(["", chance.choice(CHARACTERS), chance.choice(CHARACTERS)])
    lines[at] = lines[at][:column] + inserted + lines[at][column + chance.randrange(4) :]


def edit_word(chance: random.Random, lines: list[str], at: int) -> None:
    words = list(re.finditer(r"\w+", lines[at]))
    if words:
        word = chance.choice(words)
        lines[at] = lines[at][: word.start()] + chance.choice(WORDS) + lines[at][word.end() :]


def edit_indentation(chance: random.Random, lines: list[str], at: int) -> None:
    lines[at] = chance.choice(["  ", " ", "    "]) + lines[at] if chance.random() < 0.5 else lines[at][2:]


LINE_EDITS: list[Callable[[random.Random, list[str], int], None]] = [
    lambda chance, lines, at: lines.pop(at) and None,  # type: ignore[func-returns-value]
    lambda chance, lines, at: lines.insert(at, chance.choice(lines)),
    swap,
    edit_characters,
    edit_characters,
    edit_word,
    edit_word,
    edit_indentation,
]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inside for place in places(value, (*path, key)))]


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def mutated_tree(chance: random.Random, tree: Any) -> Any:
    tree = deepcopy(tree)
    for _ in range(chance.choice([1, 1, 2, 3])):
        paths = [path for path in places(tree) if path]
        if not paths:
            break
        *above, key = chance.choice(paths)
        holder = at(tree, tuple(above))
        edit = chance.randrange(6)
        if edit == 0:
            del holder[key]
        elif edit == 1:
            holder[key] = deepcopy(at(tree, chance.choice(paths)))
        elif edit == 2 and isinstance(holder, dict):
            holder[chance.choice(WORDS)] = holder.pop(key)
        elif edit == 3 and isinstance(holder, dict):
            holder[chance.choice(WORDS)] = deepcopy(chance.choice(VALUES))
        elif edit == 4:
            holder[key] = chance.choice(WORDS)
        elif isinstance(holder, list):
            holder.insert(key, deepcopy(chance.choice(VALUES)))
        else:
            holder[key] = deepcopy(chance.choice(VALUES))
    return tree


def whole_text(chance: random.Random) -> str:
    """A legal document: of a kind that is drawn first, so that the few of one come as often, or a random spec."""
    kind = chance.choice(["model", *KINDS, "random"])
    if kind == "random":
        return dumped(random_spec(chance).document)
    return chance.choice(KINDS[kind])


def broken_spec(chance: random.Random) -> Path | dict[str, Any]:
    """A document broken in its text or its tree, as a file beside those that it may read, or as data."""
    text, form = whole_text(chance), chance.choice(["yaml", "yaml", "json", "data", "data"])
    if form == "data":
        return mutated_tree(chance, yaml.safe_load(text))  # type: ignore[no-any-return]
    if form == "json":
        text = json.dumps(mutated_tree(chance, yaml.safe_load(text)), indent=chance.choice([None, 1]), allow_nan=True)
    path = Path(f"broken.{form}")
    path.write_text(mutated_text(chance, text), encoding="utf-8")
    return path


def check_mutations(seed: int, count: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The codes found in `count` broken specs. What was checked last lies in the folder."""
    monkeypatch.chdir(folder)
    for path in DOCUMENTS.glob("*.yaml"):
        shutil.copy(path, folder)
    chance = random.Random(seed)
    codes: set[str] = set()
    for _ in range(count):
        spec = broken_spec(chance)
        found = blueprint.check(spec)
        shown = render_text(found)
        assert all(d.span is not None or d.code in ("wrong-type", "budget") for d in found), shown
        assert all(len(d.message) < 400 and len(d.label) < 400 for d in found), shown
        codes.update(d.code for d in found)
    return codes


def test_documents_of_every_kind_are_broken():
    assert {"model", "blocks", "recipe"} <= set(KINDS)
    drawn = [whole_text(random.Random(seed)) for seed in range(100)]
    assert all(any(f"kind: {kind}" in text for text in drawn) for kind in KINDS)
    assert len(set(drawn)) > 50


@pytest.mark.parametrize("seed", range(4))
def test_broken_spec_is_checked_to_the_end(seed, tmp_path, monkeypatch):
    assert len(check_mutations(seed, 75, tmp_path, monkeypatch)) > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_ten_thousand_broken_specs_are_checked_to_the_end(seed, tmp_path, monkeypatch):
    assert len(check_mutations(seed, 500, tmp_path, monkeypatch)) > 10
