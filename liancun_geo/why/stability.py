"""How often a village keeps its lead when the weights are other than the planner set them.

Weights are judgements. The answer to "and if you had weighed it a little differently?" is to
plan a zone anew under many weights near those at hand and to count.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.criteria import composite
from liancun_geo.errors import ProblemError
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario
from liancun_geo.solve.context import alone
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

DRAWS = 100
SECONDS = 60.0
CONCENTRATION = 50.0
"""How closely the drawn weights lie around those at hand: a weight ``w`` varies with standard
deviation ``sqrt(w (1 - w) / 51)``, so one of 0.40 by 0.07 and one of 0.15 by 0.05."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class WeightShares:
    """Where one village is under other weights.

    Attributes
    ----------
    draws
        Weights under which its zone was planned.
    proven
        Of them, those whose plan is proven best; the others had no more time.
    kept
        Of the draws, those with the lead of the plan at hand (of a lead: in which it leads; of a
        village left out: in which it is left out).
    leads
        (position of the lead, share), the commonest first; -1: left out.
    """

    draws: int
    proven: int
    kept: int
    leads: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class ZoneStability:
    """One zone, planned under many weights.

    Attributes
    ----------
    zone
        Its number in the problem.
    villages
        (k,) positions of its villages that are not frozen.
    asked
        How many draws were asked for; fewer rows were planned if time ran out.
    lead_of
        (d, k) lead of each village under each draw, -1 if left out.
    proven
        (d,) whether that plan is proven best.
    seconds
        Time it took.
    """

    zone: int
    villages: IntArray
    asked: int
    lead_of: IntArray
    proven: NDArray[np.bool_]
    seconds: float

    @property
    def draws(self) -> int:
        """How many draws were planned."""
        return len(self.lead_of)

    def village(self, position: int, lead: int) -> WeightShares | None:
        """Return the shares of a village whose lead is ``lead``, -1 if left out.

        None if it is frozen or of another zone, or nothing was planned.
        """
        own = np.flatnonzero(self.villages == position)
        if len(own) == 0 or self.draws == 0:
            return None
        leads, times = np.unique(self.lead_of[:, own[0]], return_counts=True)
        shares = times / self.draws
        order: list[int] = np.lexsort((leads, -shares)).tolist()
        return WeightShares(
            draws=self.draws,
            proven=int(self.proven.sum()),
            kept=int(times[leads == lead].sum()),
            leads=tuple((int(leads[at]), float(shares[at])) for at in order),
        )


@dataclass(frozen=True, eq=False)
class WeightStability:
    """A plan under other weights.

    Attributes
    ----------
    lead_of
        (n,) the plan at hand.
    zones
        Those that were planned anew.
    """

    lead_of: IntArray
    zones: tuple[ZoneStability, ...]

    @property
    def stays(self) -> FloatArray:
        """(n,) share of the draws in which each village keeps its lead; NaN where not known."""
        shares = np.full(len(self.lead_of), np.nan)
        for zone in self.zones:
            if zone.draws:
                same = zone.lead_of == self.lead_of[zone.villages][None, :]
                shares[zone.villages] = same.mean(axis=0)
        return shares

    def village(self, position: int) -> WeightShares | None:
        """Return where a village is under other weights; None where that is not known."""
        known = (zone.village(position, int(self.lead_of[position])) for zone in self.zones)
        return next((shares for shares in known if shares is not None), None)

    def pair(self, a: int, b: int) -> float | None:
        """Return the share of the draws with both villages in one alliance; None if not known."""
        for zone in self.zones:
            at = [np.flatnonzero(zone.villages == village) for village in (a, b)]
            if zone.draws and len(at[0]) and len(at[1]):
                one, other = (zone.lead_of[:, own[0]] for own in at)
                return float(((one == other) & (one != UNASSIGNED)).mean())
        return None


def weight_stability(
    scenario: Scenario,
    draws: int = DRAWS,
    seed: int = 0,
    zones: Iterable[int] | None = None,
    seconds: float = SECONDS,
    *,
    concentration: float = CONCENTRATION,
    problem: AllianceProblem | None = None,
    workers: int = 1,
) -> WeightStability:
    """Plan zones anew under weights drawn around those of the settings, and count who stays.

    Both the weights of the lead score and those of the pair cost vary, each by a Dirichlet
    distribution with the weights at hand as its mean. A weight of 0 stays 0; what a lead counts
    beside the pairs (``lead_cost_weight``), gates, sizes and all other rules stay as they are.

    Parameters
    ----------
    scenario
        The plan at hand, with its county.
    draws
        How many weights to draw.
    seed
        Of the draws; every zone is planned under the same ones.
    zones
        Which zones, by number. Default: all.
    seconds
        For all zones together. What is not planned when they run out is missing from the answer.
    concentration
        How close to the weights at hand: ``alpha = concentration * weight``.
    problem
        The scenario's problem with villages locked, if there are such.
    workers
        Threads; the answer does not depend on it.

    Raises
    ------
    ProblemError
        If there is no such zone.
    ValueError
        If ``draws`` is less than 1 or ``concentration`` not positive.

    Notes
    -----
    Where rules look at all zones together (a number of alliances, a budget), the other zones
    count as the plan at hand has them.

    Uncertainty of composite indices by varying their weights: Saisana, Saltelli and Tarantola
    (2005), doi:10.1111/j.1467-985X.2005.00350.x.
    """
    if draws < 1 or not concentration > 0.0:
        raise ValueError(f"draws must be at least 1 and concentration positive, got {draws}")
    problem = scenario.problem if problem is None else problem
    wanted = range(len(problem.zones)) if zones is None else [int(zone) for zone in zones]
    for index in wanted:
        if not 0 <= index < len(problem.zones):
            raise ProblemError(f"zone {index} is not one of 0 .. {len(problem.zones) - 1}")
    rng = np.random.default_rng(seed)
    pair_weights = drawn(scenario.pairs.weights, draws, concentration, rng)
    lead_weights = drawn(scenario.leads.weights, draws, concentration, rng)
    scores = [
        composite(scenario.leads.components, weights, problem.n)[0]
        if any(weights.values())
        else scenario.leads.score
        for weights in lead_weights
    ]
    lead_of = np.asarray(scenario.plan.lead_of, dtype=np.intp)
    with Stop(seconds) as stop:
        found = tuple(
            _of_zone(scenario, problem, index, lead_of, pair_weights, scores, workers, stop)
            for index in wanted
        )
    return WeightStability(lead_of, found)


def drawn(
    weights: Mapping[str, float], draws: int, concentration: float, rng: np.random.Generator
) -> list[dict[str, float]]:
    """Return weights drawn around some that add up to 1; those that are 0 stay 0."""
    used = [name for name, weight in weights.items() if weight > 0.0]
    if not used:
        return [dict(weights)] * draws
    alpha = concentration * np.array([weights[name] for name in used])
    rows = rng.dirichlet(alpha, size=draws).tolist()
    return [{**dict.fromkeys(weights, 0.0), **dict(zip(used, row, strict=True))} for row in rows]


def _of_zone(
    scenario: Scenario,
    problem: AllianceProblem,
    index: int,
    lead_of: IntArray,
    pair_weights: list[dict[str, float]],
    scores: list[FloatArray],
    workers: int,
    stop: Stop,
) -> ZoneStability:
    begin = time.perf_counter()
    coupled = problem.rules.couples_zones and len(problem.zones) > 1
    zone, budget = alone(problem, index, lead_of if coupled else None)
    villages, start = zone.villages, _inside(zone, lead_of)
    last = begin + stop.left

    def planned(number: int) -> ZonePlan | None:
        if stop.flag[0]:
            return None
        # Every draw has its share of what is left, so that one hard one does not take it all.
        share = workers * max(0.0, last - time.perf_counter()) / (len(scores) - number)
        other = _reweighted(zone, scenario, pair_weights[number], scores[number])
        plan = _planned(other, budget, start, share, stop)
        return None if stop.flag[0] else plan

    plans: list[ZonePlan | None] = []
    if len(villages):
        plans.append(planned(0))
        # No weight changes what is possible: without a first plan there is no second.
        if plans[0] is None or plans[0].status != "infeasible":
            with ThreadPoolExecutor(workers) as threads:
                plans += threads.map(planned, range(1, len(scores)))
    done = [plan for plan in plans if plan is not None and plan.lead_of is not None]
    leads = np.array([plan.lead_of for plan in done], dtype=np.intp).reshape(-1, len(villages))
    return ZoneStability(
        zone=index,
        villages=villages,
        asked=len(scores),
        lead_of=np.where(leads >= 0, villages[leads], UNASSIGNED) if len(villages) else leads,
        proven=np.array([plan.status == "optimal" for plan in done], dtype=np.bool_),
        seconds=time.perf_counter() - begin,
    )


def _reweighted(
    zone: Zone, scenario: Scenario, weights: Mapping[str, float], score: FloatArray
) -> Zone:
    """Return the zone with the costs of other weights; what is forbidden stays forbidden."""
    villages = zone.villages
    block = next(b for b in scenario.pairs.blocks if np.isin(villages[:1], b.villages).all())
    at = np.searchsorted(block.villages, villages)
    cost = block.under(weights, score)[np.ix_(at, at)]
    lead = scenario.settings.rules.lead_cost_weight * (1.0 - score[villages])
    return replace(
        zone,
        pair_cost=np.where(np.isfinite(zone.pair_cost), cost, np.inf),
        lead_cost=np.where(np.isfinite(zone.lead_cost), lead, np.inf),
    )


def _planned(
    zone: Zone, budget: float, start: IntArray | None, seconds: float, stop: Stop
) -> ZonePlan:
    if zone.max_size <= LISTED_SIZE or zone.n <= LISTED_ZONE or np.isfinite(budget):
        pool = list_candidates(zone, stop=stop.flag)
        return best_plan(pool, zone, seconds=seconds, stop=stop.flag, budget=budget, start=start)
    return solve_zone(zone, "auto", seconds=seconds, stop=stop.flag, start=start)


def _inside(zone: Zone, lead_of: IntArray) -> IntArray | None:
    """Return the plan at hand in the zone's own numbers; None if it leads from outside."""
    number = np.full(len(lead_of) + 1, -2, dtype=np.intp)
    number[zone.villages] = np.arange(zone.n)
    number[-1] = UNASSIGNED
    own: IntArray = number[lead_of[zone.villages]]
    return None if (own < UNASSIGNED).any() else own
