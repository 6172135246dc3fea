"""All plans of a zone that are nearly as good as the best: how much choice there is.

The proof of the best plan looks at every plan within a budget above the bound; with a wider
budget the same search lists them all (:mod:`liancun_geo.solve.cover`).
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.context import ZoneContext
from liancun_geo.solve.cover import CoverList, list_covers
from liancun_geo.solve.listing import LEFT_OUT, CandidatePool
from liancun_geo.solve.result import Status
from liancun_geo.solve.stopping import Stop

CLOSE = 1e-9
"""Relative difference that counts as equal."""
STEPS = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the wanted width that are searched one after the other: a list that fills up early,
or time that runs out, then ends in a narrower list that is complete."""
NO_NODE_LIMIT = 2**62

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ZoneAlternatives:
    """The best plans of one zone.

    Attributes
    ----------
    label, villages
        The zone, and (k,) positions of its villages that are not frozen.
    status
        Of the zone's best plan. If not ``"optimal"`` there is nothing to compare with and no
        plan is listed.
    objective
        Cost of the zone's best plan, ``inf`` without one.
    within
        Share of ``|objective|`` that was asked for.
    complete
        Whether every plan within it is listed.
    complete_within
        Share within which every plan is listed: ``within`` if complete; else the share that the
        dearest listed plan reaches (there may be more plans of exactly its cost). The list never
        holds an arbitrary selection: when it is full it holds the cheapest.
    lead_of
        (p, k) position of the lead of each of ``villages`` in each plan, -1 if left out; sorted
        by cost, the best plan first.
    cost
        (p,) their costs, ascending.
    together
        (k, k) share of the listed plans in which two villages are in one alliance; on the
        diagonal the share that places the village. Of an incomplete list: a share of the
        cheapest plans, not of all within ``within``.
    diverse
        Rows of a few plans that differ most, the best plan first: each next one is the farthest
        from those before it. The distance of two plans is the share of village pairs that are
        together in one of them and not in the other.
    distance
        Distance of each of ``diverse`` to the nearest of those before it; the first is 0.
    nodes, seconds
        Nodes of the search, time.
    """

    label: Hashable
    villages: IntArray
    status: Status
    objective: float
    within: float
    complete: bool
    complete_within: float
    lead_of: IntArray
    cost: FloatArray
    together: FloatArray
    diverse: tuple[int, ...]
    distance: tuple[float, ...]
    nodes: int
    seconds: float

    def __len__(self) -> int:
        return len(self.cost)

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest cost of the listed plans; NaN if there are none."""
        if len(self.cost) == 0:
            return (float("nan"), float("nan"))
        return float(self.cost[0]), float(self.cost[-1])

    def put_into(self, lead_of: IntArray, plan: int) -> IntArray:
        """Return a new (n,) plan of the whole problem with this zone planned as in one row."""
        whole = np.array(lead_of, dtype=np.intp)
        whole[self.villages] = self.lead_of[plan]
        return whole


def alternatives(
    problem: AllianceProblem,
    within: float = 0.02,
    limit: int = 10_000,
    *,
    zones: Iterable[int] | None = None,
    time_limit: float = 60.0,
    diverse: int = 5,
) -> tuple[ZoneAlternatives, ...]:
    """List every plan of each zone that costs little more than the zone's best.

    A plan here is a division into alliances (and villages left out), each alliance led by its
    cheapest lead; the same division under dearer leads is not listed again.

    Parameters
    ----------
    problem
        What may be chosen and what it costs.
    within
        Share of the zone's best cost: 0.02 lists plans up to ``best + 0.02 * |best|``.
    limit
        Most plans of a zone. When there are more, exactly the cheapest are listed.
    zones
        Which of ``problem.zones``, by number. Default: all.
    time_limit
        Seconds in all. A zone whose time runs out says how far its list is complete.
    diverse
        How many plans that differ most to pick.

    Returns
    -------
    tuple of ZoneAlternatives
        In the order of ``zones``.

    Raises
    ------
    ProblemError
        If there is no such zone.
    ValueError
        If ``within`` is negative or not finite, or ``limit`` less than 1.

    Notes
    -----
    Each zone is looked at on its own. Its own number of alliances holds; a number of alliances
    or a budget over several zones does not, since it would tie the choice in one zone to the
    choice in all others. If the problem has one zone only, these rules hold too.
    """
    if not 0.0 <= within < np.inf:
        raise ValueError(f"within must be finite and not negative, got {within}")
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    wanted = range(len(problem.zones)) if zones is None else list(zones)
    found = []
    with Stop(time_limit) as stop:
        for index in wanted:
            begin = time.perf_counter()
            context = ZoneContext.of(problem, int(index), time_limit=stop.left)
            found.append(_of_zone(context, within, limit, diverse, stop, begin))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class NearPlans:
    """The cheapest plans of one zone.

    Attributes
    ----------
    lead_of
        (p, k) position of the lead of each of the zone's villages, -1 if left out; cheapest first.
    cost
        (p,) ascending.
    within
        Share of the best cost within which every plan is listed; ``-inf`` if not even that.
    complete
        Whether every plan within the share asked for is listed.
    """

    lead_of: IntArray
    cost: FloatArray
    within: float
    complete: bool


def near_plans(
    context: ZoneContext, within: float, limit: int, *, time_limit: float = 60.0
) -> NearPlans:
    """List the cheapest plans of a zone that is listed already, as :func:`alternatives` does.

    Parameters
    ----------
    context
        The zone, its best plan proven.
    within, limit, time_limit
        As for :func:`alternatives`.

    Raises
    ------
    ValueError
        If the zone's best plan is not proven.
    """
    if context.plan.status != "optimal":
        raise ValueError(f"the best plan of zone {context.zone.label!r} is not proven")
    if context.zone.n == 0:
        return NearPlans(np.zeros((1, 0), dtype=np.intp), np.zeros(1), within, True)
    with Stop(time_limit) as stop:
        lead_of, cost, reach, _ = _listed(context, within, limit, stop)
    return NearPlans(context.outside(lead_of), cost, reach, reach >= within)


def _of_zone(
    context: ZoneContext, within: float, limit: int, diverse: int, stop: Stop, begin: float
) -> ZoneAlternatives:
    zone, plan = context.zone, context.plan
    k = zone.n
    lead_of = np.zeros((0, k), dtype=np.intp)
    cost, reach, nodes = np.zeros(0), -np.inf, 0
    if plan.status == "infeasible":
        reach = within
    elif plan.status == "optimal" and k == 0:
        lead_of, cost, reach = np.zeros((1, 0), dtype=np.intp), np.zeros(1), within
    elif plan.status == "optimal":
        lead_of, cost, reach, nodes = _listed(context, within, limit, stop)
    together, pairs = _togetherness(lead_of)
    chosen, distance = _most_different(lead_of, pairs, diverse)
    return ZoneAlternatives(
        label=zone.label,
        villages=zone.villages,
        status=plan.status,
        objective=plan.objective,
        within=within,
        complete=reach >= within,
        complete_within=reach,
        lead_of=context.outside(lead_of),
        cost=cost,
        together=together,
        diverse=chosen,
        distance=distance,
        nodes=nodes,
        seconds=time.perf_counter() - begin,
    )


def _listed(
    context: ZoneContext, within: float, limit: int, stop: Stop
) -> tuple[IntArray, FloatArray, float, int]:
    """Return the plans in the zone's own numbers, their costs, how far they go, and the nodes."""
    best = context.plan.objective
    assert context.plan.lead_of is not None
    columns, sides = context.columns()
    relaxation = context.relaxation(columns, sides)
    assert relaxation is not None
    slack = CLOSE * max(1.0, abs(best))
    lead_of, cost = context.plan.lead_of[None, :], np.array([best])
    reach, nodes = -np.inf, 0
    for share in STEPS:
        ceiling = best + within * share * abs(best)
        found = list_covers(
            columns,
            relaxation,
            sides=sides,
            budget=ceiling - relaxation.bound + slack,
            upper=ceiling + 2.0 * slack,
            # One more than wanted tells whether the list is all there is.
            most=limit + 1,
            node_limit=NO_NODE_LIMIT,
            stop=stop.flag,
        )
        nodes += found.nodes
        if not found.exhausted:
            break
        lead_of, cost = _plans(columns, found, limit)
        reach = within * share
        if len(found.cost) > limit:
            cheaper = found.cost[found.cost < found.cost[limit] - slack]
            reach = (float(cheaper[-1]) - best) / abs(best) if len(cheaper) and best else -np.inf
            break
    return lead_of, cost, reach, nodes


def _plans(columns: CandidatePool, found: CoverList, limit: int) -> tuple[IntArray, FloatArray]:
    """Return the leads of each cover, cheapest first, each division into alliances once."""
    chosen = found.columns[:limit]
    lead_of = np.full((len(chosen), columns.n + 1), LEFT_OUT, dtype=np.intp)
    for at in range(chosen.shape[1]):
        row = np.flatnonzero(chosen[:, at] >= 0)
        column = chosen[row, at]
        lead_of[row[:, None], columns.members[column]] = columns.lead[column][:, None]
    lead_of = lead_of[:, : columns.n]
    # Under a budget a division may come back with other leads.
    first: dict[bytes, int] = {}
    for row_number, division in enumerate(_divisions(lead_of)):
        first.setdefault(division.tobytes(), row_number)
    kept = np.fromiter(first.values(), dtype=np.intp, count=len(first))
    return lead_of[kept], found.cost[:limit][kept]


def _divisions(lead_of: IntArray) -> NDArray[np.int16]:
    """Return (p, k) lowest village of each village's alliance, -1 if left out."""
    p, k = lead_of.shape
    lowest = np.full((p, k + 1), -1, dtype=np.int16)
    rows = np.arange(p)
    for village in range(k - 1, -1, -1):
        lowest[rows, lead_of[:, village]] = village
    lowest[:, k] = -1
    division: NDArray[np.int16] = lowest[rows[:, None], lead_of]
    return division


def _togetherness(lead_of: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the share of plans that hold two villages together, and each plan's pairs."""
    p, k = lead_of.shape
    share = np.zeros((k, k))
    pairs = np.zeros(p, dtype=np.intp)
    for village in range(k):
        placed = lead_of[:, village] >= 0
        same = (lead_of[:, village:] == lead_of[:, village : village + 1]) & placed[:, None]
        share[village, village:] = share[village:, village] = same.mean(axis=0) if p else 0.0
        pairs += same[:, 1:].sum(axis=1)
    return share, pairs


def _most_different(
    lead_of: IntArray, pairs: IntArray, count: int
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Pick plans greedily, each the farthest from those picked before."""
    p, k = lead_of.shape
    chosen: list[int] = []
    distance: list[float] = []
    nearest = np.full(p, np.inf)
    for _ in range(min(count, p)):
        pick = int(np.argmax(nearest)) if chosen else 0
        if chosen and nearest[pick] <= 0.0:
            # What is left differs in who is left out alone; the pairs are the same.
            break
        chosen.append(pick)
        distance.append(float(nearest[pick]) if len(chosen) > 1 else 0.0)
        shared = np.zeros(p, dtype=np.intp)
        for lead in np.unique(lead_of[pick][lead_of[pick] >= 0]).tolist():
            inside = np.flatnonzero(lead_of[pick] == lead)
            for at, village in enumerate(inside[:-1]):
                own = lead_of[:, village]
                others = lead_of[:, inside[at + 1 :]]
                shared += ((others == own[:, None]) & (own >= 0)[:, None]).sum(axis=1)
        away = (pairs + pairs[pick] - 2 * shared) / max(1, k * (k - 1) // 2)
        nearest = np.minimum(nearest, away)
    return tuple(chosen), tuple(distance)
