"""From a pattern to the calls that carry it out: as few as possible, and none where nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from blueprint.ops.pattern import Groups, Pattern


@dataclass(frozen=True)
class Moves:
    """A reshape to `split`, a permutation of it by `order`, a reshape to `joined`; each may change nothing."""

    start: Groups
    split: Groups
    order: tuple[int, ...]
    joined: Groups

    @property
    def permuted(self) -> Groups:
        """The axes after the permutation."""
        return tuple(self.split[i] for i in self.order)

    @property
    def calls(self) -> int:
        """How many calls the moves need."""
        if self.permuted == self.split:
            return int(self.start != self.joined)
        return int(self.start != self.split) + 1 + int(self.permuted != self.joined)


def plan(pattern: Pattern) -> Moves:
    """The moves with the fewest calls; of equal ones those that copy least, as joined axes move as one."""
    left, right = _home(pattern.left), _home(pattern.right)
    rules: tuple[Callable[[str, str], bool], ...] = (
        lambda a, b: left[a] == left[b] or right[a] == right[b],
        lambda a, b: left[a] == left[b] and right[a] == right[b],
    )
    return min((_moves(pattern, rule) for rule in rules), key=lambda moves: moves.calls)


def expression(pattern: Pattern, x: str, given: Mapping[str, int]) -> str:
    """The Python expression that carries out the pattern on the variable `x` (batch, ...).

    Sizes that are not given are read from `x` as it runs, so that the code fits inputs of any size.
    """
    moves = plan(pattern)
    size = _sizes(pattern, x, given)
    if moves.permuted == moves.split:
        return _reshape(x, moves.start, moves.joined, size)
    code = _reshape(x, moves.start, moves.split, size)
    code = f"{code}.{_permute(moves.order)}"
    return _reshape(code, moves.permuted, moves.joined, size)


def _home(groups: Groups) -> dict[str, int]:
    """The axis in which each name stands."""
    return {name: axis for axis, group in enumerate(groups) for name in group}


def _moves(pattern: Pattern, may_merge: Callable[[str, str], bool]) -> Moves:
    """The moves when neighbours that stay neighbours are kept together where `may_merge` says so."""
    before = [name for group in pattern.left for name in group]
    after = [name for group in pattern.right for name in group]
    place = {name: i for i, name in enumerate(before)}
    runs: list[tuple[str, ...]] = []
    for name in after:
        last = runs[-1][-1] if runs else None
        if last is not None and place[name] == place[last] + 1 and may_merge(last, name):
            runs[-1] = (*runs[-1], name)
        else:
            runs.append((name,))
    split = tuple(sorted(runs, key=lambda run: place[run[0]]))
    order = tuple(split.index(run) for run in runs)
    return Moves(pattern.left, split, order, pattern.right)


def _sizes(pattern: Pattern, x: str, given: Mapping[str, int]) -> Callable[[tuple[str, ...]], str]:
    """A function from the names of an axis to its size as an expression."""
    whole = {group: f"{x}.shape[{dim}]" for dim, group in enumerate(pattern.left, 1) if group}
    single: dict[str, str] = {}
    for group, length in whole.items():
        known = 1
        for name in group:
            known *= given.get(name, 1)
        for name in group:
            if name not in given:
                single[name] = length if len(group) == 1 else f"{length} // {known}"

    def size(names: tuple[str, ...]) -> str:
        if names in whole and not all(name in given for name in names):
            return whole[names]
        number, factors = 1, []
        for name in names:
            if name in given:
                number *= given[name]
            else:
                factors.append(single[name])
        if len(factors) == 1 and number == 1:
            return factors[0]
        factors = [f"({factor})" if " " in factor else factor for factor in factors]
        return " * ".join(([str(number)] if number != 1 or not factors else []) + factors)

    return size


def _reshape(code: str, now: Groups, then: Groups, size: Callable[[tuple[str, ...]], str]) -> str:
    """`code` brought from the axes `now` to the axes `then`, whose names follow in the same order."""
    if now == then:
        return code
    start = next((i for i, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    limit = min(len(now), len(then)) - start
    end = next((i for i in range(limit) if now[-1 - i] != then[-1 - i]), limit)
    old, new = now[start : len(now) - end], then[start : len(then) - end]
    dim = start + 1
    if old == () and new == ((),):
        return f"{code}.unsqueeze({dim})"
    if old == ((),) and new == ():
        return f"{code}.squeeze({dim})"
    if len(new) == 1 and len(old) > 1:
        return f"{code}.flatten({dim}, {dim + len(old) - 1})"
    if len(old) == 1 and len(new) > 1:
        sizes = [size(names) for names in new]
        unknown = [i for i, text in enumerate(sizes) if not text.isdigit()]
        if len(unknown) == 1:
            sizes[unknown[0]] = "-1"
        return f"torch.unflatten({code}, {dim}, ({_listed(sizes)}))"
    return f"{code}.reshape(-1, {_listed(size(names) for names in then)})"


def _permute(order: tuple[int, ...]) -> str:
    moved = [i for i, place in enumerate(order) if i != place]
    if len(moved) == 2:
        return f"transpose({moved[0] + 1}, {moved[1] + 1})"
    return f"permute(0, {_listed(str(i + 1) for i in order)})"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
