"""Between which weights a plan stays the best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from liancun_geo.arrays import IntArray
from liancun_geo.check import plan_cost
from liancun_geo.research.sensitivity import under_weights
from liancun_geo.scenario import Scenario
from liancun_geo.solve import solve
from liancun_geo.solve.stopping import Stop

TIED = 1e-9
"""Relative difference of two costs that counts as none."""


def weight_ranges(
    scenario: Scenario, *, time_limit: float = 300.0, workers: int = 1
) -> pd.DataFrame:
    """Return how far the weight of each component can move before another plan is better.

    Parameters
    ----------
    scenario
        The plan at hand, proven best.
    time_limit
        Seconds in all.
    workers
        Threads of each solve.

    Returns
    -------
    DataFrame
        A row for each component in use: component, weight, low, high (the plan is the best
        between them, the other weights keeping their proportions), moved_below and moved_above
        (villages that the plan that takes over leads otherwise; 0 at an end of the scale),
        proven. NaN where time ran out, or where the plan is not the best to begin with.

    Notes
    -----
    Along the line, the cost of one plan is linear in the weight and the least cost concave, so
    the weights under which a plan is best are an interval. Its end is found exactly: where the
    best plan at a trial weight meets this one, the trial starts anew, until this one is among
    the best there (Newton's method on the least cost; finitely many plans, so it ends; cf.
    Gusfield 1983, Journal of the ACM 30(3), 551-563). Where a component is unknown for some pairs,
    weights are rescaled for those and costs are only nearly linear: the ends found are ends, and
    between them the plan is best at the ends and at the weight at hand.
    """
    used = [name for name, weight in scenario.pairs.weights.items() if weight > 0.0]
    rows = []
    with Stop(time_limit) as stop:
        for name in used if len(used) > 1 else []:
            line = _Line(scenario, name, stop, workers)
            low, below = line.end(0.0)
            high, above = line.end(1.0)
            rows.append(
                {
                    "component": name,
                    "weight": line.at_hand,
                    "low": low,
                    "high": high,
                    "moved_below": below,
                    "moved_above": above,
                    "proven": bool(np.isfinite([low, high]).all()),
                }
            )
    columns = ["component", "weight", "low", "high", "moved_below", "moved_above", "proven"]
    return pd.DataFrame(rows, columns=columns)


class _Line:
    """One weight moves, the others keep their proportions."""

    def __init__(self, scenario: Scenario, name: str, stop: Stop, workers: int) -> None:
        self.scenario, self.name, self.stop, self.workers = scenario, name, stop, workers
        self.at_hand = float(scenario.pairs.weights[name])
        self.base = np.asarray(scenario.plan.lead_of, dtype=np.intp)

    def weights(self, at: float) -> Mapping[str, float]:
        """Return the weights at one point of the line."""
        rest = (1.0 - at) / (1.0 - self.at_hand)
        own = self.scenario.pairs.weights
        return {k: at if k == self.name else w * rest for k, w in own.items()}

    def end(self, far: float) -> tuple[float, float]:
        """Return how far towards ``far`` the plan is best, and whom the next plan moves."""
        moved = 0.0
        trial = far
        while True:
            problem = under_weights(self.scenario, self.weights(trial))
            if self.stop.left <= 0.0:
                return float("nan"), float("nan")
            other = solve(problem, time_limit=self.stop.left, workers=self.workers)
            if other.status != self.scenario.result.status or other.status == "feasible":
                return float("nan"), float("nan")
            mine, best = plan_cost(problem, self.base), plan_cost(problem, other.lead_of)
            if mine <= best + TIED * max(1.0, abs(best)):
                return trial, moved
            moved = float((other.lead_of != self.base).sum())

            def ahead(at: float, rival: IntArray = other.lead_of) -> float:
                here = under_weights(self.scenario, self.weights(at))
                return plan_cost(here, self.base) - plan_cost(here, rival)

            start = ahead(self.at_hand)
            if start > TIED * max(1.0, abs(best)):
                return float("nan"), float("nan")
            if start >= -TIED * max(1.0, abs(best)):
                return self.at_hand, moved
            meets = float(brentq(ahead, self.at_hand, trial, xtol=1e-12))
            if abs(meets - trial) <= 1e-9:
                return meets, moved
            trial = meets
