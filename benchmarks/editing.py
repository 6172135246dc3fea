"""How long a plan under the planner's hands takes to answer.

    python -m benchmarks.editing [--json FILE] [--moves N]

Two made-up counties of jittered cells: 261 villages in 10 townships, 2,811 in 88. A move and where
the plan then stands; what can be done with a village, cold (the first question of a draft) and
warm; a township solved again and repaired after a move; undo; the whole log replayed. Median and
longest of N villages, wall time; work of others on the machine shows in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from builders import ORIGIN, village_table

from liancun_geo.editing import Draft, EditError, Entry, Move
from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import parse_settings
from liancun_geo.villages import VillageTable

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SEED, CELL_M = 20260301, 1200.0
INDUSTRIES = ("粮食", "林果", "蔬菜", "养殖", "农产品加工", "乡村旅游", "民宿", "电商")
LIMITS_S = {"move": 0.05, "options cold": 0.3, "options warm": 0.3, "reoptimise": 0.7}


def county(villages: int, townships: int) -> VillageTable:
    """Return cells of a jittered grid in townships that are blocks of it."""
    rng = np.random.default_rng(SEED)
    wide = round(villages**0.5)
    rows = -(-villages // wide)
    x, y = np.meshgrid(np.arange(wide + 1), np.arange(rows + 1))
    corners = np.stack([x, y], axis=-1) + rng.uniform(-0.25, 0.25, (*x.shape, 2))
    corners = corners * CELL_M + np.array(ORIGIN)
    number = np.arange(villages)
    i, j = np.divmod(number, wide)
    rings = [
        [corners[a, b], corners[a, b + 1], corners[a + 1, b + 1], corners[a + 1, b]]
        for a, b in zip(i.tolist(), j.tolist(), strict=True)
    ]
    strips = max(1, round((townships * rows / wide) ** 0.5))
    strip = i * strips // rows
    order = np.lexsort((i, j, strip))
    town = np.empty(villages, dtype=int)
    town[order] = number * townships // villages
    codes = [f"370301{100 + t}{200 + n % 200:03d}" for n, t in enumerate(town.tolist())]
    seen: dict[str, int] = defaultdict(int)
    for n, t in enumerate(town.tolist()):
        codes[n] = f"370301{100 + t}{200 + seen[str(t)]:03d}"
        seen[str(t)] += 1
    return village_table(
        villages,
        geometry=[shapely.Polygon(ring) for ring in rings],
        code=codes,
        name=[f"村{n}" for n in range(villages)],
        township_code=[code[:9] for code in codes],
        township=[f"第{t + 1}镇" for t in town.tolist()],
        collective_income_wan_yuan=np.round(rng.lognormal(2.0, 1.0, villages), 2),
        party_members_persons=rng.integers(10, 120, villages).astype(float),
        population_registered_persons=np.round(rng.lognormal(6.5, 0.6, villages)),
        income_per_head_yuan=np.round(rng.normal(18_000, 4_000, villages)),
        enterprises=[("厂",) if rng.random() < 0.2 else () for _ in range(villages)],
        industries=[
            tuple(sorted(rng.choice(INDUSTRIES, rng.integers(1, 4), False).tolist()))
            for _ in range(villages)
        ],
        weak_organisation=(rng.random(villages) < 0.05).tolist(),
        secretary_in_post=True,
        village_class="其他",
    )


def planned(villages: int, townships: int) -> Scenario:
    own: dict[str, Any] = {"rules": {"min_size": 4, "max_size": 8}, "solver": {"workers": 2}}
    return plan_alliances(county(villages, townships), parse_settings(own))


def timed(times: dict[str, list[float]], name: str, work: Callable[[], Any]) -> Any:
    begin = time.perf_counter()
    try:
        return work()
    except EditError:
        return None
    finally:
        times[name].append(time.perf_counter() - begin)


def across(draft: Draft, village: int) -> Move | None:
    """Return the move of a village into the alliance of its first neighbour elsewhere."""
    problem, lead_of = draft.proposal.problem, draft.state.lead_of
    codes = draft.proposal.villages.frame["code"]
    for a, b in problem.edges[(problem.edges == village).any(axis=1)].tolist():
        other = b if a == village else a
        same = problem.zone_of[other] == problem.zone_of[village]
        if same and lead_of[other] not in (-1, lead_of[village]):
            return Move(villages=[codes.iat[village]], to=codes.iat[int(lead_of[other])])
    return None


def measured(scenario: Scenario, count: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    rng = np.random.default_rng(SEED)
    draft = Draft(scenario)
    timed(times, "first standing", lambda: draft.standing)
    for village in rng.choice(scenario.problem.n, size=count, replace=False).tolist():
        move = across(draft, village)
        if move is None:
            continue
        zone = scenario.problem.zones[int(scenario.problem.zone_of[village])].label
        _times_of(times, scenario, draft, village, move, zone)
        moved = draft.after(move, at=AT)
        draft = moved
    log = [Entry.from_dict(entry.as_dict()) for entry in draft.entries]
    timed(times, f"replay {len(log)}", lambda: _standing(Draft.restored(scenario, log)))
    return times


def _times_of(
    times: dict[str, list[float]],
    scenario: Scenario,
    draft: Draft,
    village: int,
    move: Move,
    zone: object,
) -> None:
    """Time everything around one move."""
    fresh = Draft(scenario)
    assert fresh.standing
    timed(times, "options cold", lambda: fresh.options(village))
    moved = timed(times, "move", lambda: _standing(draft.after(move, at=AT)))
    timed(times, "options warm", lambda: moved.options(village))
    only = {"at": AT, "zones": [zone]}
    timed(times, "reoptimise", lambda: _standing(moved.reoptimised(**only)))
    timed(times, "reoptimise, 3", lambda: _standing(moved.reoptimised(**only, max_moves=3)))
    if moved.standing.violations:
        timed(times, "repair", lambda: _standing(moved.repaired(**only)))
    timed(times, "undo", lambda: _standing(moved.undo()))
    timed(times, "scenario", lambda: moved.scenario)


def _standing(draft: Draft) -> Draft:
    assert draft.standing
    return draft


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--moves", type=int, default=20)
    arguments = parser.parse_args()
    rows = []
    for villages, townships in ((261, 10), (2811, 88)):
        scenario = planned(villages, townships)
        load = os.getloadavg()[0]
        print(
            f"{villages} villages, {scenario.result.status}, load {load:.1f}; median / longest, s"
        )
        for name, found in measured(scenario, arguments.moves).items():
            middle, longest = statistics.median(found), max(found)
            limit = LIMITS_S.get(name)
            told = "" if limit is None else f"   limit {limit:g}"
            print(f"  {name:<16}{len(found):>4}   {middle:.4f} / {longest:.4f}{told}")
            rows.append(
                {"villages": villages, "what": name, "median_s": middle, "longest_s": longest}
            )
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
