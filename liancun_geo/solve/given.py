"""A plan made elsewhere as a result: what it costs, and why villages are left out of it."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.diagnose import why_left_out
from liancun_geo.solve.judging import is_feasible, zone_cost
from liancun_geo.solve.reach import possible_pairs
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

LED_FROM_OUTSIDE = -2


def as_given(problem: AllianceProblem, lead_of: NDArray[np.intp]) -> SolveResult:
    """Return a plan as a result without proof.

    Parameters
    ----------
    problem
        What it is judged by.
    lead_of
        (n,) position of the lead of each village, each leading itself; -1 if left out.

    Returns
    -------
    SolveResult
        ``"feasible"``, or ``"unknown"`` where a rule is broken; no bound. A village that could
        be placed has the reason ``as_given``. The objective is ``inf`` if something forbidden
        is used.
    """
    records: list[ZoneResult] = []
    left_out: dict[int, Reason] = {}
    for zone in problem.zones:
        record, reasons = zone_as_given(problem, zone, lead_of)
        records.append(record)
        left_out |= reasons
    objective = float(sum(record.objective for record in records)) + problem.frozen_cost()
    worst: Status = "unknown" if any(r.status == "unknown" for r in records) else "feasible"
    frozen = [v for villages in problem.rules.frozen for v in villages]
    left_out |= {v: Reason("as_given", (v,)) for v in frozen if lead_of[v] == UNASSIGNED}
    return SolveResult(
        lead_of=lead_of,
        objective=objective,
        bound=-np.inf,
        status=worst,
        zones=tuple(records),
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
    )


def zone_as_given(
    problem: AllianceProblem, zone: Zone, lead_of: NDArray[np.intp]
) -> tuple[ZoneResult, dict[int, Reason]]:
    """Return the record of one zone of a plan made elsewhere, and why villages are left out."""
    own = _inside(problem.n, zone, lead_of)
    placeable = np.asarray(possible_pairs(zone).any(axis=0), dtype=bool)
    keeps_rules = (own > LED_FROM_OUTSIDE).all() and is_feasible(zone, own, placeable)
    cost = np.inf if (own == LED_FROM_OUTSIDE).any() else zone_cost(zone, own)
    status: Status = "feasible" if keeps_rules else "unknown"
    left_out: dict[int, Reason] = {}
    plan = ZonePlan(status, own, cost, -np.inf, 0, placeable)
    for village, reason in why_left_out(zone, plan).items():
        given = reason.rule == "cheaper_left_out"
        left_out[village] = Reason("as_given", (village,)) if given else reason
    return ZoneResult(zone.label, zone.n, status, cost, -np.inf, 0, 0.0), left_out


def _inside(n: int, zone: Zone, lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
    number = np.full(n + 1, LED_FROM_OUTSIDE, dtype=np.intp)
    number[zone.villages] = np.arange(zone.n)
    number[-1] = UNASSIGNED
    own: NDArray[np.intp] = number[lead_of[zone.villages]]
    return own
