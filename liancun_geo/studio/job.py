"""The child process that does the long work: ``python -m liancun_geo.studio.job``.

It serves one task after the other, so that imports and compiled code are paid for once, and ends
when its pipe closes: with its parent, however that ends.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import IO

from liancun_geo.errors import FaultsError
from liancun_geo.studio.wire import JobProgress, landmarks, packed, receive, send, unpacked

NICENESS = 10
"""The page and everybody else's work go first."""


def main() -> None:
    """Serve tasks until the parent is gone."""
    answers, tasks = _channel()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks, waiting), daemon=True).start()
    if "--warm" in sys.argv[1:]:
        # Imported after the ears are open: a parent that dies meanwhile is noticed.
        from liancun_geo.studio.tasks import warm

        warm()
    while True:
        send(answers, _answer(waiting.get(), answers))


def _channel() -> tuple[IO[bytes], IO[bytes]]:
    """Return the pipes to and from the parent; whatever prints, prints elsewhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    tasks = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, sys.stdin.fileno())
    os.dup2(nowhere, sys.stdout.fileno())
    return answers, tasks


def _listen(tasks: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    while (frame := receive(tasks)) is not None:
        waiting.put(frame)
    # The parent is gone, or wants this child no longer. Nothing here is worth a farewell.
    os._exit(0)


def _answer(frame: bytes, answers: IO[bytes]) -> bytes:
    begin = time.perf_counter()

    def tell(progress: JobProgress) -> None:
        timed = replace(progress, seconds=time.perf_counter() - begin)
        send(answers, packed(("progress", timed)))

    try:
        task, args, kwargs = unpacked(frame)
        value = task(tell, *args, **kwargs)
        return packed(("result", value), landmarks(args))
    except FaultsError as cause:
        return packed(("faults", type(cause), cause.faults))
    except Exception as cause:
        # The outermost edge of the child: the parent logs it and tells the planner.
        return packed(("crash", type(cause).__name__, traceback.format_exc()))


if __name__ == "__main__":
    main()
