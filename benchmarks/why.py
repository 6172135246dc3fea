"""How long a why card takes: every village of the sample county, cold and warm.

    python -m benchmarks.why [--json FILE]

Cold: the first card of its zone, which lists the zone, proves its plan and lists the near-optimal
plans; every village is asked of a fresh explainer. Warm: all cards of one explainer, its zones
known. Wall and processor time; other work on the machine shows in the first and hardly in the
second. Rules are costed once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from pathlib import Path

from liancun_geo.sample import sample_county
from liancun_geo.scenario import Scenario, plan_alliances, read_county
from liancun_geo.settings import read_settings
from liancun_geo.why import Explainer


def planned() -> Scenario:
    files = sample_county()
    settings = read_settings(files.settings)
    county = read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)
    return plan_alliances(county, settings)


def timed(explainer: Explainer, village: int) -> tuple[str, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    card = explainer.card(village)
    return type(card).__name__, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    scenario = planned()
    villages = range(len(scenario.villages))
    warm = Explainer(scenario)
    for village in villages:
        warm.card(village)
    times: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for village in villages:
        kind, wall, cpu = timed(Explainer(scenario), village)
        times["cold", kind].append((wall, cpu))
        kind, wall, cpu = timed(warm, village)
        times["warm", kind].append((wall, cpu))
    rows = []
    print(f"{len(villages)} villages, load {os.getloadavg()[0]:.1f}; min / median / max, s")
    for (state, kind), found in sorted(times.items()):
        walls, cpus = zip(*found, strict=True)
        told = [f(each) for each in (walls, cpus) for f in (min, statistics.median, max)]
        rows.append({"state": state, "card": kind, "count": len(found), "seconds": told})
        wall, cpu = (" / ".join(f"{x:.3f}" for x in part) for part in (told[:3], told[3:]))
        print(f"{state} {kind:<13}{len(found):>4}   wall {wall}   cpu {cpu}")
    begin = time.perf_counter()
    costs = warm.rule_costs()
    print(f"{len(costs)} rules in {time.perf_counter() - begin:.2f} s")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
