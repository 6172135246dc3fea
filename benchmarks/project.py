"""How long a project file takes: ``python -m benchmarks.project [--json FILE] [--steps N]``.

The demo county (261 villages) with its plan. A step appended and where the plan stands set back,
each one transaction on disk; the project opened, its county read from the stored files and its
plan restored with its proof, without solving. Median and longest; for opening the fastest of
three, each in a process of its own, without the time Python takes to load the program. Work of
others on the machine shows in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liancun_geo.editing import Draft, Lock, Unlock
from liancun_geo.project import Inputs, Project, create_project
from liancun_geo.project.inputs import base_settings
from liancun_geo.studio.shared import SAMPLE_PLAN, sample_plan

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NAME = "方案一"
LIMITS_S = {"append": 0.03, "open": 1.5}
_OPEN = """
import sys, time
from pathlib import Path
from liancun_geo.project import open_project
start = time.perf_counter()
project = open_project(Path(sys.argv[1]))
draft = project.draft(sys.argv[2])
assert draft.proposal.result.status == "optimal"
print(time.perf_counter() - start)
"""


def demo_project(path: Path) -> tuple[Project, Draft]:
    """Return a project of the demo county with its plan."""
    project = create_project(path, Inputs(), by="", at=AT)
    county = project.county()
    scenario = sample_plan(county, base_settings(Inputs()))
    if scenario is None:
        raise SystemExit(f"{SAMPLE_PLAN.name} is not current: python -m scripts.make_sample_plan")
    project.add_scenario(NAME, scenario, by="", at=AT)
    return project, project.draft(NAME)


def steps(project: Project, draft: Draft, count: int) -> dict[str, list[float]]:
    """Return the seconds of each append and each step back."""
    codes = [str(code) for code in draft.proposal.villages.frame["code"]]
    revision = project.scenarios[NAME].revision
    taken: dict[str, list[float]] = {"append": [], "step back": []}
    for number in range(count):
        held = (codes[number // 2 % len(codes)],)
        edit = Unlock(villages=held) if number % 2 else Lock(villages=held)
        draft = draft.after(edit, at=AT)
        start = time.perf_counter()
        revision = project.append(NAME, draft.entries[-1], expected=revision)
        taken["append"].append(time.perf_counter() - start)
    for cursor in range(count - 1, count - 11, -1):
        start = time.perf_counter()
        revision = project.set_cursor(NAME, cursor, expected=revision, by="", at=AT)
        taken["step back"].append(time.perf_counter() - start)
    return taken


def opened(path: Path) -> float:
    """Return the seconds of opening in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(path), NAME],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def measure(count: int) -> list[dict[str, Any]]:
    """Return a row for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.gpkg"
        taken = steps(*demo_project(path), count)
        rows = [
            {"what": what, "seconds": statistics.median(all_of), "longest": max(all_of)}
            for what, all_of in taken.items()
        ]
        times = [opened(path) for _ in range(3)]
    rows.append({"what": "open", "seconds": min(times), "longest": max(times)})
    for row in rows:
        limit = LIMITS_S.get(str(row["what"]))
        row["limit"], row["meets"] = limit, limit is None or row["seconds"] <= limit
    return rows


def main() -> None:
    """Print the table; leave with 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--steps", type=int, default=100)
    given = parser.parse_args()
    rows = measure(max(given.steps, 20))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    print(f"{'':12}{'median':>10}{'longest':>10}{'limit':>10}   load {load}")
    for row in rows:
        limit = "" if row["limit"] is None else f"{row['limit']:.3f}"
        print(
            f"{row['what']:12}{row['seconds']:10.3f}{row['longest']:10.3f}{limit:>10}"
            f"   {'ok' if row['meets'] else 'MISSED'}"
        )
    if given.json is not None:
        document = {"load": load, "rows": rows}
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if not all(row["meets"] for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
