"""How long fronts and sensitivity of the demo county take.

    python -m benchmarks.pareto [--criteria A,B[,C]] [--resolution 0] [--workers 2]
                                [--time-limit S] [--json FILE]
    python -m benchmarks.pareto --sensitivity weights|data [--draws 20]

Wall and processor time; the compiler's first run is left out. Without ``--criteria``: proximity
against strength contrast. ``--sensitivity`` plans the county anew under other weights near those at
hand, or under figures redrawn within their errors, instead.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from liancun_geo import check
from liancun_geo.research import Redrawn, data_sensitivity, pareto_front, weight_sensitivity
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, lay_groundwork, plan_alliances, read_county
from liancun_geo.settings import Settings, read_settings

Row = dict[str, Any]
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--criteria", default="proximity,strength_contrast")
    parser.add_argument("--resolution", type=float, default=0.0)
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sensitivity", choices=("weights", "data"))
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    files = sample_county()
    settings = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)
    measured = front if asked.sensitivity is None else sensitivity
    row = {"villages": len(county.villages), **measured(county, settings, asked)}
    row["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(row, indent=1))
    if asked.json is not None:
        asked.json.write_text(json.dumps(row, indent=1), encoding="utf-8")


def timed(call: Callable[[], T]) -> tuple[T, Row]:
    """Return what a call returns, and how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return answer, {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


def front(county: County, settings: Settings, asked: argparse.Namespace) -> Row:
    """Measure a front."""
    groundwork = lay_groundwork(county, settings)
    criteria = asked.criteria.split(",")
    # Compiles what is not compiled yet, on a coarse front.
    pareto_front(groundwork, criteria, resolution=0.9, time_limit=60.0)
    found, took = timed(
        lambda: pareto_front(
            groundwork,
            criteria,
            resolution=asked.resolution,
            time_limit=asked.time_limit,
            workers=asked.workers,
        )
    )
    broken = sum(bool(check(groundwork.problem, found.plan(at))) for at in found.names().values())
    return {
        "criteria": criteria,
        "resolution": asked.resolution,
        "points": len(found),
        "points_of_zones": [len(zone.points) for zone in found.zones],
        "status_of_zones": [zone.status for zone in found.zones],
        "status": found.status,
        "epsilon": found.epsilon.tolist(),
        "named": found.names(),
        "broken": broken,
        **took,
    }


def sensitivity(county: County, settings: Settings, asked: argparse.Namespace) -> Row:
    """Measure how far the plan depends on weights near those at hand, or on the figures."""
    scenario = plan_alliances(county, settings, workers=asked.workers)
    common = {"time_limit": asked.time_limit, "workers": asked.workers}
    found: Redrawn
    if asked.sensitivity == "data":
        found, took = timed(lambda: data_sensitivity(scenario, asked.draws, **common))
    else:
        found, took = timed(
            lambda: weight_sensitivity(scenario, asked.draws, sampling="around", **common)
        )
    villages, alliances = found.frame(), found.alliances()
    return {
        "sensitivity": asked.sensitivity,
        "draws": found.draws,
        "proven": int(found.proven.sum()),
        "exact": round(float(alliances["exact"].mean()), 3),
        "same_lead": round(float(alliances["same_lead"].mean()), 3),
        "jaccard": round(float(alliances["jaccard"].mean()), 3),
        "kept": round(float(villages["kept"].mean()), 3),
        "swinging": int(villages["swing"].sum()),
        **took,
    }


if __name__ == "__main__":
    main()
