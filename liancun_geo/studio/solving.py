"""A search beside the page: short ones are awaited, long ones are polled and can be cancelled."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from liancun_geo.editing import Draft, EditError

_log = logging.getLogger(__name__)


class Solving:
    """One search in a thread: the solver leaves the interpreter to others most of the time.

    A township takes some hundredths of a second, less than handing a county to a child process.

    Parameters
    ----------
    start
        The draft it began with.
    search
        Takes the event that stops it and returns the draft found.
    """

    def __init__(self, start: Draft, search: Callable[[threading.Event], Draft]) -> None:
        self.start = start
        self.result: Draft | EditError | None = None
        self._cancel = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(search,), daemon=True)
        self._thread.start()

    def _run(self, search: Callable[[threading.Event], Draft]) -> None:
        try:
            self.result = search(self._cancel)
        except EditError as cause:
            self.result = cause
        except Exception:
            # The page says so in words; the log keeps the rest.
            _log.exception("a search failed")

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    def done(self, wait_s: float = 0.0) -> bool:
        """Whether it is over, after waiting for at most some seconds."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stop it; the draft stays as it is."""
        self._cancel.set()
