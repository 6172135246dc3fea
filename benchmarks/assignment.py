"""Method B, measured: ``python -m benchmarks.assignment [--json FILE]``.

Oklahoma against its known optimum, and revitalisation zones of 6-25 villages on the sample county
and on Nantou and Chiayi, zone by zone, with one thread and with two. Layers that lie beside the
project are left out, and said so, where they are absent.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.counties import OKLAHOMA_OPTIMUM, Absent, Instance, oklahoma, revitalisation
from liancun_geo.solve.assignment import solve_by_assignment
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of each zone")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    for name, load in (
        ("Oklahoma", oklahoma),
        ("zones of 6-25, demo", lambda: revitalisation("demo")),
        ("zones of 6-25, nantou", lambda: revitalisation("nantou")),
    ):
        try:
            instance = load()
        except Absent as absent:
            print(f"{name}: left out, {absent}", flush=True)
            continue
        for workers in (1, 2) if len(instance.problem.zones) > 1 else (1,):
            row = measure(instance, workers, given.seconds)
            if name == "Oklahoma":
                row["off_known_optimum"] = row["objective"] / OKLAHOMA_OPTIMUM - 1.0
            figures[f"{name}, {workers} at a time"] = row
            print(f"{name}, {workers} at a time: {row}", flush=True)
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def measure(instance: Instance, workers: int, seconds: float) -> dict[str, Any]:
    """Solve every zone, ``workers`` at a time; wall-clock seconds from arrays to proof."""
    stop = np.zeros(1, dtype=np.uint8)

    def solve(zone: Zone) -> tuple[ZonePlan, float]:
        start = time.perf_counter()
        plan = solve_by_assignment(zone, seconds=seconds, stop=stop)
        return plan, time.perf_counter() - start

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        solved = list(pool.map(solve, instance.problem.zones))
    wall = time.perf_counter() - start
    planned = [plan for plan, _ in solved if plan.lead_of is not None]
    objective = sum(plan.objective for plan in planned)
    bound = sum(plan.bound for plan in planned)
    return {
        "zones": dict(Counter(plan.status for plan, _ in solved)),
        "objective": objective,
        "gap": (objective - bound) / abs(objective) if objective else 0.0,
        "wall_s": round(wall, 2),
        "slowest_zone_s": round(max(took for _, took in solved), 2),
    }


if __name__ == "__main__":
    main()
