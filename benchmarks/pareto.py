"""How long the exact Pareto front of the demo county takes.

    python -m benchmarks.pareto [--criteria A,B[,C]] [--resolution 0] [--workers 2] [--json FILE]

Wall and processor time; the compiler's first run is left out. Without ``--criteria``: proximity
against strength contrast.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from liancun_geo import check
from liancun_geo.research import pareto_front
from liancun_geo.sample import sample_county
from liancun_geo.scenario import lay_groundwork, read_county
from liancun_geo.settings import read_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--criteria", default="proximity,strength_contrast")
    parser.add_argument("--resolution", type=float, default=0.0)
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    files = sample_county()
    settings = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)
    groundwork = lay_groundwork(county, settings)
    criteria = asked.criteria.split(",")
    # Compiles what is not compiled yet, on a coarse front.
    pareto_front(groundwork, criteria, resolution=0.9, time_limit=60.0)
    wall, cpu = time.perf_counter(), time.process_time()
    front = pareto_front(
        groundwork,
        criteria,
        resolution=asked.resolution,
        time_limit=asked.time_limit,
        workers=asked.workers,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    broken = sum(bool(check(groundwork.problem, front.plan(at))) for at in front.names().values())
    row = {
        "villages": len(county.villages),
        "criteria": criteria,
        "resolution": asked.resolution,
        "points": len(front),
        "points_of_zones": [len(zone.points) for zone in front.zones],
        "status": front.status,
        "epsilon": front.epsilon.tolist(),
        "named": front.names(),
        "broken": broken,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(row, indent=1))
    if asked.json is not None:
        asked.json.write_text(json.dumps(row, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
