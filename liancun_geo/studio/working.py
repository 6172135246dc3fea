"""The long work of one session by what it is about, and its results, shared by all sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, MutableMapping
from typing import Any, Final

from liancun_geo.studio.jobs import Job, start

KEPT = 40
"""Results of one server that are kept; a plan of a large county takes some 50 MB."""


class _Missing:
    pass


MISSING: Final = _Missing()


class Shelf:
    """The latest results by key. Handed out as they are: whoever gets one never changes it."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._values = most, dict[Hashable, Any]()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """Return the value of a key, :data:`MISSING` if it is not there."""
        with self._lock:
            if key in self._values:
                self._values[key] = self._values.pop(key)
            return self._values.get(key, MISSING)

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value; the one used longest ago goes."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = value
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]

    def all(self) -> dict[Hashable, Any]:
        """Return everything by key."""
        with self._lock:
            return dict(self._values)

    def drop(self, key: Hashable) -> None:
        """Forget one value."""
        with self._lock:
            self._values.pop(key, None)

    def made(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value of a key, made if it is not there."""
        value = self.get(key)
        if value is MISSING:
            value = make()
            self.put(key, value)
        return value


RESULTS = Shelf()
"""Of all sessions of this server: keys name data and settings by their contents."""


class Work:
    """Jobs of one session; a key is a tuple whose first part names the kind of work."""

    def __init__(self, shelf: Shelf = RESULTS, starter: Callable[..., Job[Any]] = start) -> None:
        self._shelf, self._start = shelf, starter
        self._jobs: dict[tuple[Hashable, ...], Job[Any]] = {}

    def begin(self, key: tuple[Hashable, ...], task: Callable[..., Any], *args: Any) -> None:
        """Begin a task unless it runs or has its result; one that failed begins anew."""
        job = self._jobs.get(key)
        if self._shelf.get(key) is MISSING and (job is None or job.finished):
            self._jobs[key] = self._start(task, *args)

    def job(self, key: tuple[Hashable, ...]) -> Job[Any] | None:
        """Return the job of a key as long as it has no result; it may have failed."""
        self._gather(key)
        return self._jobs.get(key)

    def result(self, key: tuple[Hashable, ...]) -> Any:
        """Return the result of a key, :data:`MISSING` if there is none."""
        self._gather(key)
        return self._shelf.get(key)

    def runs(self, key: tuple[Hashable, ...]) -> bool:
        """Return whether the job of a key is under way; asking keeps it alive."""
        job = self.job(key)
        if job is None or job.finished:
            return False
        job.progress()
        return True

    def cancel(self, key: tuple[Hashable, ...]) -> None:
        """End the job of a key; the job stays and says that it was cancelled."""
        if key in self._jobs:
            self._jobs[key].cancel()

    def only(self, kind: str, keys: Iterable[tuple[Hashable, ...]]) -> None:
        """End and forget the jobs of a kind that are about something else by now."""
        wanted = set(keys)
        for key in [key for key in self._jobs if key[0] == kind and key not in wanted]:
            self._jobs.pop(key).cancel()

    def _gather(self, key: tuple[Hashable, ...]) -> None:
        job = self._jobs.get(key)
        if job is not None and job.state == "done":
            self._shelf.put(key, job.result())
            del self._jobs[key]


def work_of(state: MutableMapping[Any, Any]) -> Work:
    """Return the work of a session, from Streamlit's session state."""
    work: Work = state.setdefault("work", Work())
    return work
