"""What several tests of proofs share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from problems import grid_edges

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import SolveResult


def _county(seed: int = 5, **rules: Any) -> AllianceProblem:
    rng = np.random.default_rng(seed)
    return AllianceProblem.from_arrays(
        rng.random((40, 40)),
        grid_edges(5, 8),
        zones=np.repeat(["east", "west"], [24, 16]).tolist(),
        lead_cost=rng.random(40),
        **rules,
    )


def _with(result: SolveResult, zone: int = 0, **changes: Any) -> SolveResult:
    """Change one zone and the totals that follow from it."""
    zones = list(result.zones)
    before = zones[zone]
    after = zones[zone] = replace(before, **changes)
    return replace(
        result,
        zones=tuple(zones),
        objective=result.objective + after.objective - before.objective,
        bound=result.bound + after.bound - before.bound,
    )
