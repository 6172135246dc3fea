"""Programs that write to one project until they are killed, or at the same time.

python project_writers.py kill PATH TIMES · python project_writers.py race PATH STEPS

Started by ``test_project_durable.py`` in a process of its own: it forks writers, which a test
process with threads must not do.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from projects import AT

from liancun_geo.editing import Entry, LeaveOut
from liancun_geo.project import Project, ProjectConflict, open_project
from liancun_geo.project.scenarios import assignment

NAME = "方案一"


def step(project: Project, by: str) -> int:
    """Append the step that comes next and return the revision."""
    info = project.scenarios[NAME]
    with closing(sqlite3.connect(project.path)) as connection:
        plan = assignment(connection, project.path, 1)
    leads = set(plan.values())
    village = next(code for code in sorted(plan) if code not in leads or plan[code] is None)
    lead = min(lead for lead in leads if lead) if plan[village] is None else None
    entry = Entry(
        number=info.cursor + 1,
        edit=LeaveOut(villages=(village,), reason=""),
        at=AT,
        by=by,
        lead_of={village: lead},
    )
    return project.append(NAME, entry, expected=info.revision)


def kill(path: Path, times: int) -> str:
    """Kill a writer again and again, each a little later in its work."""
    for turn in range(times):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            project = Project(path)
            while True:
                os.write(writing, b"%d\n" % step(project, "甲"))
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            for _ in range(2):
                acknowledged = int(said.readline())
            time.sleep(0.0015 * turn)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            acknowledged = max(acknowledged, *map(int, said.read().split()), 0)
        project = open_project(path)
        with closing(sqlite3.connect(path)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if whole != "ok" or project.revision < acknowledged:
            return f"lost:{turn}:{whole}:{project.revision}<{acknowledged}"
    return "whole"


def race(path: Path, count: int) -> list[int]:
    """Let two writers append so many steps each, taking up each other's work."""
    pipes = []
    for by in ("甲", "乙"):
        reading, writing = os.pipe()
        if not os.fork():
            project, done = Project(path), 0
            while done < count:
                try:
                    os.write(writing, b"%d\n" % step(project, by))
                    done += 1
                except ProjectConflict:
                    time.sleep(0.001)
            os._exit(0)
        os.close(writing)
        pipes.append(reading)
    revisions: list[int] = []
    for reading in pipes:
        with os.fdopen(reading, "rb") as said:
            revisions += map(int, said.read().split())
        os.wait()
    return sorted(revisions)


if __name__ == "__main__":
    what, where, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if what == "kill":
        print(kill(where, number))
    else:
        print(*race(where, number))
