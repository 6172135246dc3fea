"""How long a project file takes: opening it with its plan, a step, undo.

    python -m benchmarks.project [--json FILE] [--steps N]

The sample county (261 villages), and a made-up county of 2,811 villages without ledger. Each step
is a whole transaction on the disk. Opening is a fresh look: file checked, county read, plan
restored. Median and longest, wall time; work of others on the machine shows in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.editing import county
from liancun_geo.editing import Draft, Entry, LeaveOut, Move
from liancun_geo.project import Inputs, Project, create_project, gather, open_project
from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import Settings

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LIMITS_S = {"step": 0.03, "open": 1.5}


def steps(scenario: Scenario, count: int) -> list[Entry]:
    """Return steps that leave members out and put them back, of one alliance after another."""
    codes = [str(code) for code in scenario.villages.frame["code"]]
    pairs = [(codes[a.lead], codes[a.members[0]]) for a in scenario.alliances if a.members]
    made = []
    for number in range(1, count + 1):
        lead, member = pairs[(number - 1) // 2 % len(pairs)]
        out = number % 2 == 1
        edit = LeaveOut(villages=(member,), reason="") if out else Move(villages=(member,), to=lead)
        changed = {member: None if out else lead}
        made.append(Entry(number=number, edit=edit, at=AT, lead_of=changed))
    return made


def timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def opened(path: Path) -> Draft:
    return open_project(path).draft("方案一")


def rows_of(name: str, project: Project, count: int) -> list[dict[str, Any]]:
    scenario = plan_alliances(project.county(), project.settings, workers=os.cpu_count() or 1)
    added = timed(lambda: project.add_scenario("方案一", scenario, by="", at=AT))
    times: dict[str, list[float]] = {"add": [added], "step": [], "undo": []}
    revision = project.scenarios["方案一"].revision
    for entry in steps(scenario, count):
        begin = time.perf_counter()
        revision = project.append("方案一", entry, expected=revision)
        times["step"].append(time.perf_counter() - begin)
    for cursor in range(count - 1, count - 6, -1):
        begin = time.perf_counter()
        revision = project.set_cursor("方案一", cursor, expected=revision, by="", at=AT)
        times["undo"].append(time.perf_counter() - begin)
    times["open"] = [timed(lambda: opened(project.path)) for _ in range(3)]
    rows = []
    for what, found in times.items():
        row = {
            "county": name,
            "what": what,
            "median_s": statistics.median(found),
            "max_s": max(found),
        }
        rows.append(row)
        limit = LIMITS_S.get(what)
        told = "" if limit is None else f"   at most {1000 * limit:.0f}"
        print(
            f"{name:>8} {what:>6} {1000 * row['median_s']:8.1f} {1000 * row['max_s']:8.1f} ms{told}"
        )
    print(f"{name:>8} {project.path.stat().st_size / 1e6:.1f} MB")
    return rows


def large(folder: Path) -> tuple[Inputs, Settings]:
    frame = county(2811, 88).frame
    kept = frame[["code", "name", "township", "geometry"]]
    boundaries = folder / "large.gpkg"
    kept.to_file(boundaries, layer="villages")
    return gather(boundaries), Settings()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    rows = []
    print(f"load {os.getloadavg()[0]:.1f}; median, longest")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sample = create_project(folder / "sample.gpkg", by="", at=AT)
        rows += rows_of("261", sample, arguments.steps)
        inputs, settings = large(folder)
        project = create_project(folder / "p.gpkg", inputs, settings, by="", at=AT)
        rows += rows_of("2,811", project, arguments.steps)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
