"""What several sessions share: read counties, findings, plans; the latest few of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The latest values by key. Handed out as they are: whoever gets one never changes it.

    Parameters
    ----------
    most
        How many are kept; the one used longest ago goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, T] = {}
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.RLock] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made if it is not there.

        Of several sessions that ask at once one makes it and the others wait for it: made by
        each, it would take each of them as many times as long, and as much memory.
        """
        with self._lock:
            if key in self._values:
                return self._again(key)
            making = self._making.setdefault(key, threading.RLock())
        with making:
            with self._lock:
                if key in self._values:
                    return self._again(key)
            try:
                value = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._values[key] = value
                while len(self._values) > self._most:
                    del self._values[next(iter(self._values))]
        return value

    def _again(self, key: Hashable) -> T:
        """Return a value that is there, as the one used last."""
        self._values[key] = self._values.pop(key)
        return self._values[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
