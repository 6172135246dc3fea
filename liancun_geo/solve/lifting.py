"""A change of one zone cut out of a problem, as a change of the whole problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.arrays import FloatArray, IntArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.rule_items import ZoneCase


def lifted(problem: AllianceProblem, case: ZoneCase, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of the whole problem that change a zone as its case was changed.

    Parameters
    ----------
    problem
        The whole.
    case
        The zone cut out of it.
    changes
        Arguments of the case.
    """
    told: dict[str, Any] = {}
    for name, value in changes.items():
        if name in ("can_lead", "lead_cost", "unassigned_cost"):
            told[name] = _spread(getattr(problem, name), case.villages, value)
        elif name == "classes":
            assert problem.rules.classes is not None
            told[name] = _spread(problem.rules.classes, case.villages, value)
        elif name == "zones":
            # The zones of the whole come with its costs.
            continue
        elif name == "resource":
            told[name] = problem.rules.resource
        elif name == "edges":
            told[name] = _joined(problem.edges, case.villages, value)
        elif name in ("must_together", "never_together"):
            told[name] = _joined(getattr(problem.rules, name), case.villages, value)
        elif name == "must_lead":
            elsewhere = [v for v in problem.rules.must_lead if v not in case.villages]
            told[name] = [*elsewhere, *case.villages[np.array(value, dtype=np.intp)].tolist()]
        elif name == "fixed_lead":
            fixed = problem.rules.fixed_lead
            told[name] = {v: lead for v, lead in fixed.items() if v not in case.villages} | {
                int(case.villages[v]): int(case.villages[lead]) for v, lead in value.items()
            }
        elif name == "zone_alliances":
            fewest, most = value[case.label]
            own = (max(0, fewest - case.led_elsewhere), most - case.led_elsewhere)
            told[name] = {**problem.rules.zone_alliances, case.label: own}
        elif name == "pair_cost":
            told |= _blocks_with(problem, case, value)
        else:
            told[name] = value
    return told


def _spread(whole: NDArray[Any], villages: IntArray, values: ArrayLike) -> NDArray[Any]:
    spread = whole.copy()
    spread[villages] = values
    return spread


def _joined(pairs: IntArray, villages: IntArray, here: IntArray) -> IntArray:
    inside = np.isin(pairs, villages).all(axis=1)
    return np.concatenate([pairs[~inside], villages[here]])


def _blocks_with(problem: AllianceProblem, case: ZoneCase, cost: FloatArray) -> dict[str, Any]:
    blocks = []
    for number in range(len(problem.zones)):
        villages = np.flatnonzero(problem.zone_of == number)
        blocks.append((villages, problem.cost_block(villages)))
        if problem.zones[number].label == case.label:
            blocks[-1] = (case.villages, cost)
    return {"pair_cost": blocks, "zones": [problem.zones[z].label for z in problem.zone_of]}
