"""How fast feasible plans of the demo county are drawn, and how well the chains mix.

    python -m benchmarks.ensemble [--json FILE]

At least 1,000 plans a minute on one core are wanted.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from liancun_geo import plan_alliances, read_county, read_settings
from liancun_geo.research import place_plan, sample_plans
from liancun_geo.sample import sample_county


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sample = sample_county()
    settings = read_settings(sample.settings)
    county = read_county(
        sample.boundaries, sample.ledger, settings=settings, folder=sample.settings.parent
    )
    scenario = plan_alliances(county, settings)
    wall, processor = time.perf_counter(), time.process_time()
    found = sample_plans(scenario.problem, draws=given.draws, chains=2, seed=1)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    cost = place_plan(found, scenario.plan).loc["cost"]
    told = {
        "villages": scenario.problem.n,
        "plans": len(found),
        "wall_s": round(wall, 1),
        "processor_s": round(processor, 1),
        "plans_a_minute_of_processor_time": round(60 * len(found) / processor),
        "accepted": [round(float(share), 3) for share in found.accepted],
        "r_hat_cost": round(float(cost["r_hat"]), 3),
        "effective_draws_cost": round(float(cost["effective"])),
    }
    for name, value in told.items():
        print(f"{name:36} {value}")
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
