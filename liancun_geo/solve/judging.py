"""What a plan must pass before the assignment method returns it, and what it costs.

Plain loops over the zone's arrays, nothing of the model the plan came from: a mistake in the
model or a tolerance of the solver cannot pass a plan that breaks a rule.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from liancun_geo.zone import Zone


def neighbours(zone: Zone) -> list[list[int]]:
    """Return the neighbours of each village, ascending."""
    found: list[list[int]] = [[] for _ in range(zone.n)]
    for a, b in zone.edges.tolist():
        found[a].append(b)
        found[b].append(a)
    return [sorted(each) for each in found]


def alliances_of(lead_of: NDArray[np.intp]) -> dict[int, list[int]]:
    """Return lead -> villages, both ascending; villages left out are in none."""
    found: dict[int, list[int]] = {}
    for village, lead in enumerate(lead_of.tolist()):
        if lead >= 0:
            found.setdefault(lead, []).append(village)
    return dict(sorted(found.items()))


def pieces(villages: list[int], near: list[list[int]]) -> list[list[int]]:
    """Return the connected pieces of a set of villages, by lowest village."""
    left = set(villages)
    found = []
    for first in sorted(villages):
        if first not in left:
            continue
        left.discard(first)
        piece = [first]
        for village in piece:
            for other in near[village]:
                if other in left:
                    left.discard(other)
                    piece.append(other)
        found.append(sorted(piece))
    return found


def breaks_a_rule(zone: Zone, lead: int, villages: list[int], near: list[list[int]]) -> bool:
    """Say whether one alliance breaks a rule that looks at single alliances."""
    size = len(villages)
    if lead not in villages or math.isinf(float(zone.lead_cost[lead])):
        return True
    if not zone.min_size <= size <= zone.max_size or math.isinf(float(zone.size_cost[size])):
        return True
    if np.isinf(zone.pair_cost[lead, villages]).any() or len(pieces(villages, near)) > 1:
        return True
    if sum(bool(zone.weak[v]) for v in villages if v != lead) > zone.max_weak:
        return True
    for column, (least, greatest) in enumerate(zone.bounds.tolist()):
        if not least <= math.fsum(zone.amount[villages, column].tolist()) <= greatest:
            return True
    inside = set(villages)
    return any(a in inside and b in inside for a, b in zone.apart.tolist())


def broken_leads(zone: Zone, lead_of: NDArray[np.intp]) -> list[int]:
    """Return the leads whose alliances break a rule."""
    near = neighbours(zone)
    return [
        lead
        for lead, villages in alliances_of(lead_of).items()
        if breaks_a_rule(zone, lead, villages, near)
    ]


def is_feasible(zone: Zone, lead_of: NDArray[np.intp], placeable: NDArray[np.bool_]) -> bool:
    """Say whether a plan keeps every rule of the zone.

    Parameters
    ----------
    zone
        The zone.
    lead_of
        (k,) lead of each village, -1 if left out.
    placeable
        (k,) villages that some feasible alliance holds; the others may be left out for nothing.
    """
    if lead_of.shape != (zone.n,) or (lead_of < -1).any() or (lead_of >= zone.n).any():
        return False
    if broken_leads(zone, lead_of):
        return False
    left_out = lead_of < 0
    if (left_out & placeable & np.isinf(zone.unassigned_cost)).any():
        return False
    for group in np.unique(zone.together[zone.together >= 0]):
        if len(np.unique(lead_of[zone.together == group])) > 1:
            return False
    fewest, most = zone.n_alliances
    return fewest <= len(alliances_of(lead_of)) <= most


def zone_cost(zone: Zone, lead_of: NDArray[np.intp]) -> float:
    """Return the cost of a plan, added up from the zone's arrays; ``inf`` if a part is forbidden.

    A village left out that has no finite price counts nothing.
    """
    parts: list[float] = []
    for lead, villages in alliances_of(lead_of).items():
        if len(villages) > zone.max_size:
            return math.inf
        parts += [float(zone.lead_cost[lead]), float(zone.size_cost[len(villages)])]
        parts += [float(zone.pair_cost[lead, v]) for v in villages if v != lead]
        for column in range(zone.amount.shape[1]):
            total = math.fsum(zone.amount[villages, column].tolist())
            away = abs(total - float(zone.target[column]))
            missing = max(0.0, float(zone.threshold[column]) - total)
            parts.append(float(zone.target_weight[column]) * away)
            parts.append(float(zone.shortfall_weight[column]) * missing)
    price = zone.unassigned_cost[(lead_of < 0) & np.isfinite(zone.unassigned_cost)]
    parts += price.tolist()
    return math.fsum(parts) if all(map(math.isfinite, parts)) else math.inf
