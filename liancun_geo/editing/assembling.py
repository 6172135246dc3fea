"""The scenario of a draft as it is: for cards, exports and checks."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from liancun_geo.check import plan_cost
from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.state import State
from liancun_geo.errors import warning
from liancun_geo.scenario import Scenario, with_result
from liancun_geo.solve.given import zone_as_given
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult
from liancun_geo.villages import village_where


def scenario_of(base: Base, state: State, judged: Judged) -> Scenario:
    """Return the scenario of a state; the proposal itself where nothing changed.

    Zones without a change keep their proof; of the others the proposal's bound still holds, since
    the rules are the same or, with ties, more.
    """
    proposal, problem = base.scenario, base.judge(state).problem
    if (state.lead_of == base.start.lead_of).all() and not any(state.ties) and not state.left_out:
        return proposal
    moved = np.flatnonzero(state.lead_of != base.start.lead_of)
    touched = set(problem.zone_of[moved].tolist())
    records: list[ZoneResult] = []
    left_out: dict[int, Reason] = {}
    for z, zone in enumerate(problem.zones):
        before = proposal.result.zones[z]
        if z not in touched:
            records.append(before)
            left_out |= {
                v: reason for v, reason in proposal.result.left_out.items() if base.zone_of[v] == z
            }
            continue
        record, reasons = zone_as_given(problem, zone, state.lead_of)
        left_out |= reasons
        bound = before.bound if before.bound <= record.objective else -math.inf
        records.append(replace(record, bound=bound))
    unexplained = set(judged.left_out) - left_out.keys()
    left_out |= {v: Reason("as_given", (v,)) for v in unexplained}
    result = _result(base, state, judged, records, left_out)
    scenario = with_result(proposal, problem, result, judged.violations)
    return replace(
        scenario,
        unassigned=tuple(
            replace(
                one,
                reason=warning(
                    "editing.left_out_because",
                    village_where(proposal.villages.frame, one.position),
                    reason=state.left_out[one.position],
                ),
            )
            if one.position is not None and state.left_out.get(one.position)
            else one
            for one in scenario.unassigned
        ),
    )


def _result(
    base: Base,
    state: State,
    judged: Judged,
    records: list[ZoneResult],
    left_out: dict[int, Reason],
) -> SolveResult:
    planned = [record for record in records if math.isfinite(record.objective)]
    agreed = base.scenario.problem.frozen_cost()
    status: Status = "optimal"
    worse: tuple[Status, ...] = ("infeasible", "unknown", "feasible")
    for each in worse:
        if any(record.status == each for record in records):
            status = each
            break
    objective = math.fsum([*(record.objective for record in planned), agreed])
    bound = math.fsum([agreed, *(record.bound for record in planned)]) if planned else -math.inf
    if any(one.rule == "frozen" for one in judged.violations):
        # Zones and agreed alliances do not add up to a plan that breaks the agreement.
        objective, bound = plan_cost(base.scenario.problem, state.lead_of), -math.inf
    return SolveResult(
        lead_of=state.lead_of,
        objective=objective if planned else math.inf,
        bound=bound,
        status=status,
        zones=tuple(records),
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
        seed=base.scenario.result.seed,
    )
