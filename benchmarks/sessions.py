"""Many planners on one server at once: kept apart, answered in time, in bounded memory.

    python -m benchmarks.sessions [--sessions 20] [--minutes 1] [--json FILE]

Starts a server, gives each planner a project of the sample county, and lets all of them work at
once over websockets (:mod:`benchmarks.browserless` says why not in browsers): each opens its
project, selects, moves, locks, undoes; some solve a township again, some plan anew. Then every
project file is read: it must hold the edits that its planner made, in order, and nothing else.
Prints response times, the memory of the server by session (Linux), and what is left of its jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.browserless import Planner
from liancun_geo.editing import Lock
from liancun_geo.project import Inputs, create_project, open_project
from liancun_geo.project.inputs import base_settings, read_inputs
from liancun_geo.scenario import plan_alliances
from liancun_geo.studio.launch import command

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
UP_S, REAPED_S = 120.0, 100.0


@dataclass
class Work:
    """What one planner did, as far as the server acknowledged it."""

    number: int
    key: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    locked: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    received_bytes: int = 0


def projects(folder: Path, count: int) -> list[str]:
    """Make a project for each planner and return their keys; one scenario of its own name each."""
    inputs = Inputs()
    settings = base_settings(inputs)
    scenario = plan_alliances(read_inputs(inputs, settings), settings)
    keys = []
    for number in range(count):
        keys.append(secrets.token_urlsafe(16))
        path = folder / f"{keys[-1]}.gpkg"
        project = create_project(path, inputs, settings, by=name_of(number), at=AT)
        project.add_scenario(name_of(number), scenario, by=name_of(number), at=AT)
    return keys


def name_of(number: int) -> str:
    """Return what a planner and its plan are called."""
    return f"规划员{number:02d}"


def work(one: Work, port: int, until: float) -> None:
    """Work on the own project until the time is up."""
    dice = random.Random(one.number)
    planner = None
    try:
        planner = Planner(port, step="adjust", project=one.key)
        one.seconds["open"].append(planner.run())
        if not planner.villages:
            raise RuntimeError("the step shows no map")
        while time.monotonic() < until:
            village = dice.randrange(planner.villages)
            kind = dice.choices(("select", "lock", "undo", "reoptimise"), (5, 6, 2, 1))[0]
            if kind == "lock":
                if village not in one.locked:
                    one.locked.append(village)
                    fields = {"scope": "villages", "villages": [village]}
                    one.seconds[kind].append(planner.do(kind, **fields))
            elif kind == "select":
                one.seconds[kind].append(planner.do("select", villages=[village]))
            elif kind == "undo":
                one.seconds[kind].append(planner.do("undo"))
            elif one.number % 4 == 0:
                one.seconds[kind].append(planner.do("reoptimise", max_moves=3))
            time.sleep(dice.uniform(0.2, 1.0))
        if one.number % 5 == 1:
            _anew(one, planner)
    except Exception as cause:
        one.failures.append(f"{type(cause).__name__}: {cause}"[:200])
    finally:
        if planner is not None:
            one.failures += planner.failures
            one.received_bytes = planner.received_bytes
            planner.close()


def _anew(one: Work, planner: Planner) -> None:
    """Plan in the step of plans, as far as the first plan is there to be chosen."""
    planner.query["step"] = "plans"
    begin = time.monotonic()
    planner.run()
    while not planner.has("use fit") and time.monotonic() - begin < 60.0:
        time.sleep(0.5)
        planner.run()
    one.seconds["plan anew"].append(time.monotonic() - begin)


def verified(folder: Path, works: list[Work]) -> list[str]:
    """Return what is wrong with the project files: edits lost, or not their own."""
    wrong = []
    for one in works:
        project = open_project(folder / f"{one.key}.gpkg")
        own = name_of(one.number)
        names = list(project.scenarios)
        strangers = [name for name in names if name.startswith("规划员") and name != own]
        if own not in names or strangers:
            wrong.append(f"{own}: scenarios {names}")
            continue
        signed = {entry.by for entry in project.history} - {own, ""}
        if signed:
            wrong.append(f"{own}: edits of {sorted(signed)}")
        codes = project.county().villages.frame["code"].astype(str).tolist()
        asked = {codes[village] for village in one.locked}
        edits = [entry.edit for entry in project.draft(own).entries]
        found = {code for edit in edits if isinstance(edit, Lock) for code in edit.villages}
        if found - asked:
            wrong.append(f"{own}: locks of somebody else, {sorted(found - asked)}")
        written = sum(entry.action == "edit" for entry in project.history)
        if written < len(asked):
            wrong.append(f"{own}: {written} edits on file of {len(asked)} locks")
    known = {f"{one.key}.gpkg" for one in works}
    extra = [path.name for path in folder.rglob("*") if path.is_file() and path.name not in known]
    return wrong + [f"a file of nobody: {name}" for name in extra]


def memory_mb(pid: int) -> float | None:
    """Return the resident memory of a process in MB, None where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")]
    return int(found[0]) / 1024.0 if found else None


def children(pid: int) -> list[int]:
    """Return the child processes of a process; none where the system does not say."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []


def measure(sessions: int, minutes: float) -> dict[str, Any]:
    """Run the whole and return its figures."""
    with tempfile.TemporaryDirectory(prefix="sessions-") as place:
        folder = Path(place) / "projects"
        folder.mkdir()
        scratch = Path(place) / "tmp"
        scratch.mkdir()
        keys = projects(folder, sessions)
        port = _free_port()
        environ = {**os.environ, "LIANCUN_PROJECTS": str(folder), "TMPDIR": str(scratch)}
        with subprocess.Popen(
            command(port, headless=True),
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                _up(port)
                return _measured(server.pid, port, folder, scratch, keys, minutes)
            finally:
                server.terminate()
                shutil.rmtree(scratch, ignore_errors=True)


def _measured(
    pid: int, port: int, folder: Path, scratch: Path, keys: list[str], minutes: float
) -> dict[str, Any]:
    first = Planner(port, step="adjust", project=keys[0])
    first.run()
    first.close()
    before = memory_mb(pid)
    works = [Work(number, key) for number, key in enumerate(keys)]
    until = time.monotonic() + 60.0 * minutes
    threads = [threading.Thread(target=work, args=(one, port, until)) for one in works]
    for thread in threads:
        thread.start()
    highest = 0.0
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, memory_mb(pid) or 0.0)
        time.sleep(0.5)
    ended = time.monotonic()
    while children(pid) and time.monotonic() - ended < REAPED_S:
        time.sleep(1.0)
    return {
        "sessions": len(works),
        "seconds": _percentiles(works),
        "failures": [f"{name_of(one.number)}: {text}" for one in works for text in one.failures],
        "wrong": verified(folder, works),
        "memory_mb": {
            "one session": before,
            "highest": highest or None,
            "a session": None if before is None else (highest - before) / max(1, len(works) - 1),
        },
        "sent_kb_a_session": sum(one.received_bytes for one in works) / 1000 / len(works),
        "jobs_left": len(children(pid)),
        "files_left": sorted(path.name for path in scratch.iterdir()),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _percentiles(works: list[Work]) -> dict[str, dict[str, float]]:
    told = {}
    for kind in sorted({kind for one in works for kind in one.seconds}):
        found = sorted(second for one in works for second in one.seconds[kind])
        if found:
            at = min(len(found) - 1, round(0.95 * (len(found) - 1)))
            told[kind] = {
                "count": len(found),
                "median": statistics.median(found),
                "p95": found[at],
            }
    return told


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _up(port: int) -> None:
    until = time.monotonic() + UP_S
    while time.monotonic() < until:
        try:
            with urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError("the server does not come up")


def main() -> int:
    """Print the figures; the exit code says whether all planners were kept apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure(given.sessions, given.minutes)
    for kind, row in figures["seconds"].items():
        print(
            f"{kind:12} {row['count']:5}  median {row['median']:6.2f} s  95 % {row['p95']:6.2f} s"
        )
    for name in ("memory_mb", "sent_kb_a_session", "jobs_left", "files_left", "load"):
        print(f"{name}: {figures[name]}")
    for text in (*figures["failures"], *figures["wrong"]):
        print(f"WRONG  {text}")
    if given.json is not None:
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2), encoding="utf-8")
    return 1 if figures["wrong"] or figures["failures"] or figures["jobs_left"] else 0


if __name__ == "__main__":
    sys.exit(main())
