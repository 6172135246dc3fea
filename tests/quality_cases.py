"""What several tests of measures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import village_table

from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import Settings, parse_settings


def county(seed: int) -> tuple[Any, Settings]:
    """Return random villages on a grid, figures missing here and there, and rules."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 17))

    def figures(low: float, high: float) -> list[float | None]:
        drawn = np.round(rng.uniform(low, high, n), 2).tolist()
        return [None if rng.random() < 0.1 else value for value in drawn]

    trades = ("粮食", "林果", "农产品加工", "养殖")
    villages = village_table(
        n,
        population_registered_persons=figures(100, 3000),
        collective_income_wan_yuan=[None if x is None else max(0, x) for x in figures(-5, 60)],
        income_per_head_yuan=figures(9000, 30000),
        party_members_persons=figures(5, 90),
        industries=[
            None if rng.random() < 0.1 else tuple(t for t in trades if rng.random() < 0.4)
            for _ in range(n)
        ],
        weak_organisation=[None if rng.random() < 0.1 else rng.random() < 0.2 for _ in range(n)],
        weak_economy=[None if rng.random() < 0.1 else rng.random() < 0.3 for _ in range(n)],
    )
    excluded = [villages.frame["code"].tolist()[0]] if rng.random() < 0.3 else []
    rules = {
        "min_size": int(rng.integers(1, 3)),
        "max_size": int(rng.integers(3, 7)),
        "excluded": excluded,
        "coverage": "partial" if rng.random() < 0.5 else "full",
        "small_village_persons": 1000.0,
    }
    return villages, parse_settings({"rules": rules, "quality": {"far_km": 1.1}})


def planned() -> Scenario:
    villages, chosen = county(12)
    return plan_alliances(villages, chosen)
