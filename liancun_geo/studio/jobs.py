"""Long work in child processes: begun, followed, cancelled, and never left behind.

A child (:mod:`liancun_geo.studio.job`) is told its work over a pipe of its own; no file is
written and nothing is shared. It serves one task after the other and stays a minute, since
starting one costs seconds of imports; cancelling ends it at once, and another takes its place.
It ends with its parent, since its pipe then closes. A child and not a thread: a solver that holds
the interpreter would hold up every planner's page, and only a process can be ended in any state.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, Literal, TypeVar

from liancun_geo.errors import Fault, FaultsError, error
from liancun_geo.studio.wire import JobProgress, landmarks, packed, receive, send, unpacked

_log = logging.getLogger(__name__)

T = TypeVar("T")
State = Literal["queued", "running", "done", "failed", "cancelled"]

IDLE_S = 60.0
"""A child without work, and a job that nobody asks about, last so long."""
CHILDREN = max(1, min(4, os.cpu_count() or 1))
"""Children of one server at a time; further jobs queue."""
_COMMAND = (sys.executable, "-P", "-m", "liancun_geo.studio.job")


class JobError(FaultsError):
    """A job that has no result: cancelled, abandoned, or broken off."""


class Job(Generic[T]):
    """One piece of work; all methods may be called from any thread."""

    def __init__(self, pool: Jobs, args: tuple[Any, ...], frame: bytes) -> None:
        self._pool, self._args, self._frame = pool, args, frame
        self._state: State = "queued"
        self._progress = JobProgress()
        self._value: T | None = None
        self._error: FaultsError | None = None
        self._asked = pool.clock()
        self._ended = threading.Event()

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def finished(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._ended.is_set()

    @property
    def position(self) -> int:
        """How many jobs are before it in the queue, this one counted; 0 once it has begun."""
        return self._pool.position(self)

    def progress(self) -> JobProgress:
        """Return how far it is. A job that nobody asks for a minute is stopped."""
        self._asked = self._pool.clock()
        return self._progress

    def cancel(self) -> None:
        """End it now, whatever it does; nothing happens to a job that has ended."""
        self._pool.end(self, error("jobs.cancelled"))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; return whether it has ended."""
        return self._ended.wait(seconds)

    def result(self) -> T:
        """Wait for the end and return what the task returned.

        Raises
        ------
        JobError
            If it was cancelled or broke off.
        FaultsError
            What the task itself raised: a ``DataError``, a ``SettingsError``.
        """
        self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # None only if T allows it

    def faults(self) -> tuple[Fault, ...]:
        """Return why it has no result; empty if it has one, or has not ended."""
        return () if self._error is None else self._error.faults


class Jobs:
    """The children of one server, and the queue before them.

    Parameters
    ----------
    limit
        Children at a time.
    idle_s
        Seconds that a child without work, or a job nobody asks about, lasts.
    warm
        Whether a child imports the solver, and has its compiled code ready, before its first
        task.
    clock
        Seconds from anywhere.
    """

    def __init__(
        self,
        limit: int = CHILDREN,
        *,
        idle_s: float = IDLE_S,
        warm: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._limit, self._idle_s = limit, idle_s
        self.command = (*_COMMAND, *(("--warm",) if warm else ()))
        self._change = threading.Condition()
        self._queue: deque[Job[Any]] = deque()
        self._running: dict[Job[Any], _Child] = {}
        self._children: set[_Child] = set()
        self._watching = False
        self._closed = False

    def start(self, task: Callable[..., T], *args: Any, **kwargs: Any) -> Job[T]:
        """Begin a task, or queue it.

        Parameters
        ----------
        task
            Function of some module, by which the child finds it; it is called with a function
            that takes a :class:`~liancun_geo.studio.wire.JobProgress`, then the arguments.
        *args, **kwargs
            Values that can be pickled.
        """
        job: Job[T] = Job(self, args, packed((task, args, kwargs)))
        with self._change:
            if self._closed:
                raise RuntimeError("these jobs are closed")
            self._queue.append(job)
            self._employ()
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, daemon=True).start()
            self._change.notify_all()
        return job

    def warm(self) -> None:
        """Have a child ready, so that the next task need not wait for imports."""
        with self._change:
            if not self._children and not self._closed:
                self._employ(spare=1)

    def position(self, job: Job[Any]) -> int:
        """Return the place of a job in the queue from 1 on, 0 if it does not wait."""
        with self._change:
            return self._queue.index(job) + 1 if job in self._queue else 0

    def end(self, job: Job[Any], fault: Fault) -> None:
        """End a job that has not ended; its child is ended with it."""
        with self._change:
            if job.finished:
                return
            with contextlib.suppress(ValueError):
                self._queue.remove(job)
            child = self._running.pop(job, None)
            if child is not None:
                child.kill()
            self._settle(job, "cancelled", error=JobError([fault]))
            self._change.notify_all()

    def close(self) -> None:
        """End all jobs and children."""
        with self._change:
            self._closed = True
            open_yet = [*self._queue, *self._running]
            children = tuple(self._children)
        for job in open_yet:
            self.end(job, error("jobs.cancelled"))
        for child in children:
            child.kill()
        with self._change:
            self._change.notify_all()
        for child in children:
            child.thread.join(2.0)

    def pids(self) -> tuple[int, ...]:
        """Return the process numbers of the children."""
        with self._change:
            found = [child.process.pid for child in self._children if child.process is not None]
            return tuple(sorted(found))

    def _employ(self, spare: int = 0) -> None:
        """Have as many children as there is work, up to the limit."""
        idle = len(self._children) - len(self._running)
        lacking = len(self._queue) + spare - idle
        for _ in range(min(lacking, self._limit - len(self._children))):
            child = _Child(self)
            self._children.add(child)
            child.thread.start()

    def next(self, child: _Child) -> Job[Any] | None:
        """Return the next job for a child; None when it has waited long enough."""
        until = time.monotonic() + self._idle_s
        with self._change:
            while not self._queue and not self._closed:
                left = until - time.monotonic()
                if left <= 0.0 or not self._change.wait(left):
                    break
            if not self._queue or self._closed:
                self._children.discard(child)
                return None
            job = self._queue.popleft()
            self._running[job] = child
            job._state = "running"
            return job

    def told(self, job: Job[Any], frame: bytes) -> bool:
        """Take what a child says of a job; return whether it has ended."""
        kind, *rest = unpacked(frame, landmarks(job._args))
        with self._change:
            if job.finished:
                return True
            if kind == "progress":
                job._progress = rest[0]
                return False
            self._running.pop(job, None)
            if kind == "result":
                self._settle(job, "done", value=rest[0])
            elif kind == "faults":
                self._settle(job, "failed", error=rest[0](rest[1]))
            else:
                _log.log(logging.ERROR, "a job failed: %s", rest[1])
                self._settle(job, "failed", error=_crashed(rest[0]))
            return True

    def lost(self, job: Job[Any], cause: str) -> None:
        """Take note that a child ended in the middle of a job."""
        with self._change:
            self._running.pop(job, None)
            if not job.finished:
                _log.log(logging.ERROR, "a child process ended in the middle of a job: %s", cause)
                self._settle(job, "failed", error=_crashed(cause))

    def _settle(
        self, job: Job[T], state: State, *, value: T | None = None, error: FaultsError | None = None
    ) -> None:
        job._state, job._value, job._error = state, value, error
        # A page may hold on to its job for long: the arguments are not needed any more.
        job._args, job._frame = (), b""
        job._ended.set()

    def _watch(self) -> None:
        """End jobs that nobody asks about, as long as there are any."""
        while True:
            with self._change:
                open_yet = [*self._queue, *self._running]
                if not open_yet or self._closed:
                    self._watching = False
                    return
            now = self.clock()
            for job in open_yet:
                if now - job._asked > self._idle_s:
                    self.end(job, error("jobs.abandoned", seconds=round(self._idle_s)))
            time.sleep(min(1.0, self._idle_s / 4.0))


class _Child:
    """A child process and the thread that speaks with it."""

    def __init__(self, pool: Jobs) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self._pool = pool

    def kill(self) -> None:
        """End the process in whatever state it is."""
        if self.process is not None:
            self.process.kill()

    def _serve(self) -> None:
        """Serve jobs until there are none for a while."""
        try:
            self._begin()
            while (job := self._pool.next(self)) is not None:
                self._work(job)
        finally:
            self._reap()

    def _work(self, job: Job[Any]) -> None:
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        cause = ""
        try:
            send(process.stdin, job._frame)
            while (frame := receive(process.stdout)) is not None:
                if self._pool.told(job, frame):
                    return
        except Exception as broken:
            # A pipe that broke, or an answer that cannot be read: the child is of no more use.
            cause = type(broken).__name__
        self._reap()
        self._pool.lost(job, cause or f"exit code {process.returncode}")
        self._begin()

    def _process(self) -> subprocess.Popen[bytes]:
        """Return the living process; one that ended while idle is replaced."""
        if self.process is None or self.process.poll() is not None:
            self._reap()
            self._begin()
        assert self.process is not None
        return self.process

    def _begin(self) -> None:
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        path = os.pathsep.join(folder for folder in sys.path if folder)
        self.process = subprocess.Popen(
            self._pool.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            # An interrupt of the terminal is for the server; the child ends when its pipe closes.
            start_new_session=True,
            creationflags=flags,
        )

    def _reap(self) -> None:
        process = self.process
        if process is None:
            return
        process.kill()
        with contextlib.suppress(OSError):
            process.communicate(timeout=5.0)
        self.process = None


def _crashed(cause: str) -> JobError:
    return JobError([error("jobs.crashed", cause=cause)])


@cache
def server_jobs() -> Jobs:
    """Return the children of this server, one set for all its sessions."""
    jobs = Jobs(warm=True)
    atexit.register(jobs.close)
    return jobs


def start(task: Callable[..., T], *args: Any, **kwargs: Any) -> Job[T]:
    """Begin a task in a child of this server; as :meth:`Jobs.start`."""
    return server_jobs().start(task, *args, **kwargs)
