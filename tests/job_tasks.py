"""What children are asked to do in tests of jobs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from liancun_geo.errors import DataError, Where, error
from liancun_geo.settings import Settings
from liancun_geo.studio.wire import JobProgress

Tell = Callable[[JobProgress], None]


def add(tell: Tell, one: int, other: int) -> int:
    print("what a library prints must not get between the frames")
    tell(JobProgress(1, 2, objective=3.0, bound=2.0))
    return one + other


def process(tell: Tell) -> tuple[int, int]:
    return os.getpid(), os.nice(0) if hasattr(os, "nice") else 0


def hang(tell: Tell, begun: bool = True) -> None:
    tell(JobProgress(1, 9))
    while True:
        # Busy, as a solver is.
        sum(range(10_000))


def nap(tell: Tell, seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def refuse(tell: Tell) -> None:
    raise DataError([error("jobs.queued", Where(village="西泉村"), count=3)])


def break_down(tell: Tell) -> None:
    raise ZeroDivisionError


def vanish(tell: Tell) -> None:
    os._exit(7)


def give_back(tell: Tell, county: Any, settings: Settings) -> tuple[Any, ...]:
    return county, county.villages, settings, len(county.villages)


def unsendable(tell: Tell) -> Any:
    return sys.stdout, Path, lambda: None
