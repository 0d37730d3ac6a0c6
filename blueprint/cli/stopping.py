"""Ctrl-C as a request: the first ends the run after its step, the second at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Stopper:
    """While it is entered and has been asked once, the first Ctrl-C is only noted, and `asked` tells of it.

    Before, and from the second on, Ctrl-C interrupts as usual: nobody would ask.
    """

    def __init__(self) -> None:
        self._noted = self._watched = False
        self._former: Any = None

    def asked(self) -> bool:
        """Whether Ctrl-C was pressed."""
        self._watched = True
        return self._noted

    def __enter__(self) -> Stopper:
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self._watched:
            raise KeyboardInterrupt
        self._noted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
