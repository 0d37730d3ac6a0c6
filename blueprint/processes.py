"""Work on many things, shared out among processes."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

FEW = 8
"""So many things a process are worth starting it."""

MOST = 4


def available(things: int) -> int:
    """How many processes are worth having for so many things; 1 where the system cannot fork."""
    if not hasattr(os, "fork"):
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST, things // FEW))


def each(work: Callable[[T], R], items: Sequence[T], processes: int) -> list[R]:
    """What `work` makes of each item, in their order; must not be called where other threads run.

    A share that a process leaves undone, because `work` raised or the process was ended, is done here.
    """
    shares = [items[start::processes] for start in range(processes)]
    children = [_start(work, share) for share in shares[1:]]
    results = [[work(item) for item in shares[0]]]
    for child, share in zip(children, shares[1:], strict=True):
        done = _finish(child)
        results.append([work(item) for item in share] if done is None else done)
    return [results[index % processes][index // processes] for index in range(len(items))]


def _start(work: Callable[[T], R], share: Sequence[T]) -> tuple[int, int]:
    """The process that works on a share, and the pipe on which it tells what it made."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:  # in the child, which ends without cleaning up what is its parent's
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps([work(item) for item in share]))
    finally:
        os._exit(0)


def _finish(child: tuple[int, int]) -> Any:
    """What a process made of its share, None if it told nothing."""
    process, reading = child
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(process, 0)
    return pickle.loads(told) if told else None
