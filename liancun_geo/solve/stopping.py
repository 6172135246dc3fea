"""When to stop: a deadline and a cancellation, seen by compiled code as one byte."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import numpy as np


class Stop:
    """A deadline that compiled code running without the interpreter lock can poll.

    Use it as a context manager; :attr:`flag` turns to 1 when the time is up or ``cancel`` is set.

    Parameters
    ----------
    seconds
        Time from now.
    cancel
        Set it from any thread to stop early.
    """

    def __init__(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.start = time.perf_counter()
        self.deadline = self.start + seconds
        self.flag = np.zeros(1, dtype=np.uint8)
        self._cancel = cancel
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._watch.join()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.start

    @property
    def left(self) -> float:
        """Seconds until the deadline, 0 once stopped."""
        return 0.0 if self.flag[0] else max(0.0, self.deadline - time.perf_counter())

    def _run(self) -> None:
        while not self._done.is_set():
            left = self.deadline - time.perf_counter()
            if left <= 0 or (self._cancel is not None and self._cancel.is_set()):
                self.flag[0] = 1
                return
            self._done.wait(min(left, 0.05 if self._cancel is not None else left))
