"""Learning from precedent: the weights under which existing alliances are most nearly optimal.

The cost of a plan is linear in the weights: ``cost = sum_f w_f * feature_f``, where a feature adds
up something over pairs of lead and member, or over leads. Given existing alliances, the weights
sought are those under which they lie least above the best plan (inverse optimisation; Ahuja & Orlin
2001, doi:10.1287/opre.49.5.771.10607), with a margin that grows with the number of villages led
otherwise, so that the alliances are not only good but better than what differs much (structured
learning; Tsochantaridis et al. 2005, JMLR 6:1453-1484):

    min  mean_z slack_z / villages_z  +  ridge * |w - start|_1
    s.t. cost_w(existing_z) + margin * differs(P, existing_z) <= cost_w(P) + slack_z   for every P
         w >= 0, sum w = 1

The plans ``P`` are generated: solve under the present weights with the margin worked into the
costs, add the plans that violate most, solve the linear programme again, until nothing is violated
by more than the tolerance. Every zone counts alike. Zones whose existing alliances the rules do not
allow say nothing about weights and are left aside, and named.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.features import Features
from liancun_geo.research.likeness import Agreement, agreement
from liancun_geo.solve.judging import is_feasible
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.stopping import Stop
from liancun_geo.zone import Zone

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Learned:
    """Weights learned from existing alliances, and how well they account for them.

    Attributes
    ----------
    weights
        By feature, together 1.
    gap, gap_before
        Mean over the zones of how much dearer the existing alliances are than the best plan, per
        village, under the learned and the first weights.
    rounds, plans
        Of the generation, and plans generated.
    converged
        Whether no plan violates the programme any more.
    zones
        How many zones were learned from.
    left_aside
        Labels of zones whose existing alliances the rules do not allow.
    """

    weights: Mapping[str, float]
    gap: float
    gap_before: float
    rounds: int
    plans: int
    converged: bool
    zones: int
    left_aside: tuple[Hashable, ...]


def learn_weights(
    features: Features,
    existing: Plan | ArrayLike,
    *,
    start: Mapping[str, float] | None = None,
    zones: Sequence[int] | None = None,
    margin: float = 0.05,
    ridge: float = 0.001,
    rounds: int = 40,
    tolerance: float = 1e-4,
    time_limit: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> Learned:
    """Estimate the weights under which existing alliances are most nearly optimal.

    Parameters
    ----------
    features
        What plans are judged by.
    existing
        (n,) leads of the existing alliances, -1 for a village in none.
    start
        First weights, to which ``ridge`` holds where the alliances say nothing; default: equal.
    zones
        Numbers of the zones to learn from; default all.
    margin
        Cost by which a plan should be dearer for every village it leads otherwise. 0: pure
        inverse optimisation.
    ridge
        Price of leaving the first weights.
    rounds, tolerance
        When to stop.
    time_limit
        Seconds for each zone each time; what is not proven by then still counts as a plan.
    progress
        Called with (rounds done, most rounds).

    Raises
    ------
    ValueError
        If no zone can be learned from.
    """
    names = features.names
    lead_of = np.asarray(existing.lead_of if isinstance(existing, Plan) else existing, np.intp)
    first = _normalised(np.array([1.0 if start is None else start.get(n, 0.0) for n in names]))
    known, aside = _allowed(features.problem, lead_of, zones)
    if not known:
        raise ValueError("no zone has existing alliances that the rules allow")
    there = {number: features.of_plan(number, own) for number, own in known.items()}
    cuts: list[_Cut] = []
    weights, converged, done = first, False, 0
    slack = dict.fromkeys(known, 0.0)
    for _ in range(rounds):
        done += 1
        worst = 0.0
        for number, own in known.items():
            plan = _rival(features, number, weights, own, margin, time_limit)
            if plan is None:
                continue
            gained = there[number] - features.of_plan(number, plan)
            cut = _Cut(number, gained, margin * float((plan != own).sum()))
            violated = float(cut.gained @ weights) + cut.differs - slack[number]
            worst = max(worst, violated / len(own))
            if violated > tolerance * len(own):
                cuts.append(cut)
        if progress is not None:
            progress(done, rounds)
        if worst <= tolerance:
            converged = True
            break
        weights, slack = _programme(first, list(known), cuts, ridge, features)
    return Learned(
        weights=dict(zip(names, weights.tolist(), strict=True)),
        gap=_mean_gap(features, known, there, weights, time_limit),
        gap_before=_mean_gap(features, known, there, first, time_limit),
        rounds=done,
        plans=len(cuts),
        converged=converged,
        zones=len(known),
        left_aside=tuple(aside),
    )


def plan_with(
    features: Features,
    weights: Mapping[str, float],
    *,
    zones: Sequence[int] | None = None,
    time_limit: float = 60.0,
) -> Plan:
    """Plan zones under learned weights; zones that are not asked for stay without alliances."""
    chosen = range(len(features.problem.zones)) if zones is None else zones
    vector = np.array([weights.get(name, 0.0) for name in features.names])
    lead_of = np.full(features.problem.n, UNASSIGNED, dtype=np.intp)
    for number in chosen:
        zone = features.zone(number, vector)
        own, _ = _best(zone, time_limit)
        placed = own >= 0
        lead_of[zone.villages[placed]] = zone.villages[own[placed]]
    return Plan.from_lead_of(lead_of)


def held_out(
    features: Features,
    existing: Plan | ArrayLike,
    *,
    folds: int = 5,
    seed: int = 0,
    start: Mapping[str, float] | None = None,
    time_limit: float = 60.0,
    margin: float = 0.05,
) -> tuple[Agreement, tuple[Learned, ...]]:
    """Learn on some zones, plan the others, and hold all of these plans against what exists.

    Parameters
    ----------
    folds, seed
        Zones are dealt out by chance into so many parts; each part is planned with what the
        others taught.
    features, existing, start, time_limit, margin
        As for :func:`learn_weights`.

    Returns
    -------
    Agreement, tuple of Learned
        Over all zones with existing alliances that the rules allow, each planned unseen; and what
        was learned each time.
    """
    truth = np.asarray(existing.lead_of if isinstance(existing, Plan) else existing, np.intp)
    usable = list(_allowed(features.problem, truth, None)[0])
    order = np.random.default_rng(seed).permutation(usable)
    parts = [part.tolist() for part in np.array_split(order, min(folds, len(order))) if len(part)]
    planned = np.full(features.problem.n, UNASSIGNED, dtype=np.intp)
    lessons = []
    for part in parts:
        others = [number for number in usable if number not in part]
        lesson = learn_weights(
            features, truth, start=start, zones=others, margin=margin, time_limit=time_limit
        )
        lessons.append(lesson)
        own = plan_with(features, lesson.weights, zones=part, time_limit=time_limit).lead_of
        planned = np.where(own != UNASSIGNED, own, planned)
    seen = np.concatenate([features.problem.zones[number].villages for number in usable])
    return agreement(_among(planned, seen), _among(truth, seen)), tuple(lessons)


def _among(lead_of: Ints, villages: Ints) -> Ints:
    """Return a plan of some villages in numbers of their own."""
    number = np.full(len(lead_of) + 1, UNASSIGNED, dtype=np.intp)
    number[villages] = np.arange(len(villages))
    return np.asarray(number[lead_of[villages]], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class _Cut:
    """A plan that the existing alliances of a zone must not be dearer than, but for the slack."""

    number: int
    """Of the zone."""
    gained: Floats
    """(features,) what the existing alliances have more of than the plan."""
    differs: float
    """The margin between the two."""


def _allowed(
    problem: AllianceProblem, lead_of: Ints, zones: Sequence[int] | None
) -> tuple[dict[int, Ints], list[Hashable]]:
    """Return the existing alliances of zones in local numbers, and zones whose are not allowed."""
    known: dict[int, Ints] = {}
    aside: list[Hashable] = []
    for number in range(len(problem.zones)) if zones is None else zones:
        zone = problem.zones[number]
        own = _local(zone, lead_of)
        if own is None:
            continue
        if is_feasible(zone, own, own >= 0):
            known[number] = own
        else:
            aside.append(zone.label)
    return known, aside


def _normalised(weights: Floats) -> Floats:
    total = float(weights.sum())
    if total <= 0.0 or (weights < 0.0).any():
        raise ValueError("weights must not be negative, and not all zero")
    return weights / total


def _local(zone: Zone, lead_of: Ints) -> Ints | None:
    """Return the existing alliances in the zone's numbers; None if it has none."""
    number = np.full(len(lead_of) + 1, -2, dtype=np.intp)
    number[zone.villages] = np.arange(zone.n)
    number[-1] = UNASSIGNED
    own: Ints = number[lead_of[zone.villages]]
    own = np.where(own == -2, UNASSIGNED, own)
    return own if (own >= 0).any() else None


def _rival(
    features: Features, number: int, weights: Floats, own: Ints, margin: float, seconds: float
) -> Ints | None:
    """Return the plan that speaks most against the weights: cheap, and unlike what exists."""
    zone = features.zone(number, weights)
    pair, lead = zone.pair_cost.copy(), zone.lead_cost.copy()
    placed = np.flatnonzero(own >= 0)
    members = placed[own[placed] != placed]
    # Whoever is led as it is now costs the margin: so being led otherwise gains it.
    pair[own[members], members] += margin
    lead[np.unique(own[placed])] += margin
    out = zone.unassigned_cost + np.where(own < 0, margin, 0.0)
    zone = replace(zone, pair_cost=pair, lead_cost=lead, unassigned_cost=out)
    plan, cost = _best(zone, seconds)
    return plan if np.isfinite(cost) else None


def _best(zone: Zone, seconds: float) -> tuple[Ints, float]:
    """Return the best plan of a zone in its own numbers, and its cost, inf if there is none."""
    with Stop(seconds) as stop:
        found = solve_zone(zone, "auto", seconds=seconds, stop=stop.flag)
    if found.lead_of is None:
        return np.full(zone.n, UNASSIGNED, dtype=np.intp), float("inf")
    return np.asarray(found.lead_of, dtype=np.intp), float(found.objective)


def _programme(
    first: Floats,
    zones: list[int],
    cuts: Sequence[_Cut],
    ridge: float,
    features: Features,
) -> tuple[Floats, dict[int, float]]:
    """Solve the linear programme over weights, slacks and distances from the first weights."""
    f, z = len(first), len(zones)
    at = {number: place for place, number in enumerate(zones)}
    size = np.array([features.problem.zones[number].n for number in zones], dtype=np.float64)
    objective = np.concatenate([np.zeros(f), 1.0 / (size * z), np.full(f, ridge)])
    rows, limits = [], []
    for cut in cuts:
        row = np.zeros(2 * f + z)
        row[:f], row[f + at[cut.number]] = cut.gained, -1.0
        rows.append(row)
        limits.append(-cut.differs)
    for sign in (1.0, -1.0):
        for place in range(f):
            row = np.zeros(2 * f + z)
            row[place], row[f + z + place] = sign, -1.0
            rows.append(row)
            limits.append(sign * first[place])
    total = np.zeros((1, 2 * f + z))
    total[0, :f] = 1.0
    given = {"A_ub": np.array(rows), "b_ub": np.array(limits), "A_eq": total, "b_eq": [1.0]}
    done = linprog(objective, **given, method="highs")
    weights = np.maximum(np.asarray(done.x[:f], dtype=np.float64), 0.0)
    slack = {number: float(done.x[f + place]) for number, place in at.items()}
    return weights / weights.sum(), slack


def _mean_gap(
    features: Features,
    known: Mapping[int, Ints],
    there: Mapping[int, Floats],
    weights: Floats,
    seconds: float,
) -> float:
    gaps = []
    for number, own in known.items():
        _, cost = _best(features.zone(number, weights), seconds)
        if np.isfinite(cost):
            gaps.append(max(0.0, float(there[number] @ weights) - cost) / len(own))
    return float(np.mean(gaps)) if gaps else float("nan")
