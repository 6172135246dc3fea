"""A plan out of a whole solution whose alliances are not all connected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.hess import HessModel
from liancun_geo.solve.judging import alliances_of, breaks_a_rule, pieces
from liancun_geo.zone import Zone

FloatArray = NDArray[np.float64]


def rounded(model: HessModel, pairs: FloatArray) -> NDArray[np.intp]:
    """Return each village with its likeliest lead among the likeliest leads of a relaxation.

    Parameters
    ----------
    model
        The model.
    pairs
        (k, k) values of ``x[l, j]``; their diagonal adds up to the number of leads taken.
    """
    own = pairs.diagonal()
    leads = np.argsort(-own, kind="stable")[: round(float(own.sum()))]
    value = np.where(model.may, pairs, -1.0)[leads]
    if len(leads) == 0:
        return np.full(len(own), -1, dtype=np.intp)
    lead_of = np.where(value.max(axis=0) > 0.0, leads[value.argmax(axis=0)], -1)
    lead_of[leads] = leads
    return lead_of.astype(np.intp)


def repaired(zone: Zone, model: HessModel, lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the plan with villages cut off from their lead moved to alliances beside them.

    The cheapest move that breaks no rule comes first, villages left out at no finite price join
    in. Villages that cannot be moved stay left out, so the result may still be no plan.
    """
    plan = np.full(zone.n, -1, dtype=np.intp)
    for lead, villages in alliances_of(lead_of).items():
        for piece in pieces(villages, model.near):
            if lead in piece:
                plan[piece] = lead
    wanted = (lead_of >= 0) | np.isinf(zone.unassigned_cost)
    stray = set(np.flatnonzero((plan < 0) & wanted).tolist())
    while stray:
        moves = sorted(
            (float(zone.pair_cost[lead, village]), village, lead)
            for village in stray
            for lead in {int(plan[other]) for other in model.near[village]} - {-1}
            if model.may[lead, village]
        )
        for _, village, lead in moves:
            held = np.flatnonzero(plan == lead).tolist()
            # An alliance that lost villages may be too small until it has gained others.
            if breaks_a_rule(zone, lead, held, model.near) or not breaks_a_rule(
                zone, lead, [*held, village], model.near
            ):
                plan[village] = lead
                stray.discard(village)
                break
        else:
            return plan
    return plan
