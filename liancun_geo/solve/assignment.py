"""Method B: the assignment model, for alliances too large and districts too wide to be listed.

The linear relaxation is tightened by contiguity cuts and gives a bound with reduced costs. A
plan within a budget of that bound uses no column whose reduced cost passes the budget, so the
whole-number programme is solved over few columns, first for a small budget, and last for the
distance between bound and best plan: then nothing was left out. Disconnected alliances in its
solutions are cut off and it is solved again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.hess import Cut, HessModel, build_model
from liancun_geo.solve.judging import alliances_of, broken_leads, is_feasible, pieces, zone_cost
from liancun_geo.solve.programme import Clock, Linear, LinearProgramme, Outcome, solve_whole
from liancun_geo.solve.reach import is_exact, possible_pairs
from liancun_geo.solve.repair import repaired, rounded
from liancun_geo.solve.result import Status
from liancun_geo.solve.separators import broken_rule_cut, contiguity_cuts, fractional_cuts
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

CLOSE = 1e-9
"""Relative difference between cost and bound that counts as proven."""
LIKELY = 0.01
"""The first plan is looked for among leads whose value in the relaxation is above this."""
ROUNDING_SHARE = 0.25
"""Share of the time left that the first plan may take."""
GOOD = 0.005
"""A first plan this close (relative) to the bound will do."""
FIRST_BUDGET = 0.003
"""The first programme looks for plans this close (relative) to the bound."""
WIDER = 4.0
"""How much farther the next one looks if there is none."""
SCALED_TO = 1e4
"""Costs are scaled so that the bound is this: the solver's absolute tolerance of 1e-6 is then
1e-10 of the cost."""
CUT_ROUNDS = 60
CUT_SHARE = 0.4
"""Share of the time left that the relaxation may take, once it is solved without cuts."""
CUT_PROGRESS = 1e-5
"""Cutting the relaxation ends when five rounds together gain less than this share."""


def solve_by_assignment(
    zone: Zone,
    *,
    seconds: float,
    stop: NDArray[np.uint8],
    start: NDArray[np.intp] | None = None,
) -> ZonePlan:
    """Find the best plan of a zone without listing its alliances, and prove it.

    Parameters
    ----------
    zone
        The zone; its ``use`` of an overall budget is not looked at.
    seconds
        Time this zone may take.
    stop
        One byte; set by another thread to make it return what it has, within half a second.
    start
        (k,) lead of each village in a plan to begin with, -1 if left out. A plan that breaks a
        rule is ignored.

    Returns
    -------
    ZonePlan
        ``"optimal"`` if cost and bound differ by at most :data:`CLOSE` of the cost; the bound is
        then the cost. ``"feasible"`` with the best plan met and a bound that holds for every plan
        if time runs out; ``"infeasible"`` if the villages that can be placed cannot all be
        placed; ``"unknown"`` if time runs out before either. The cost is added up from the
        zone's arrays, and the plan has passed :func:`~liancun_geo.solve.judging.is_feasible`.
        ``placeable`` is exact for every village without a finite price of leaving it out unless
        the status is ``"unknown"``; for the others it is a necessary test.

    Notes
    -----
    Bounds rest on prices from HiGHS, recomputed (:class:`~liancun_geo.solve.programme.Linear`),
    and, where the relaxation leaves a gap, on its branch and bound; that no plan exists rests on
    HiGHS alone.
    """
    clock = Clock(seconds, stop)
    placeable: NDArray[np.bool_] = np.logical_or.reduce(possible_pairs(zone), axis=0)
    proven = placeable & (np.isfinite(zone.unassigned_cost) | is_exact(zone))
    while True:
        search = _Search(zone, placeable, clock, start)
        status = search.run()
        if status != "infeasible":
            break
        outcome = _find_unplaceable(zone, placeable, proven, clock)
        if outcome is None:
            status = "unknown"
            break
        if not outcome.any():
            break
        placeable = placeable & ~outcome
        proven &= placeable
    lower = search.lower
    if status == "unknown" and not np.array_equal(proven, placeable):
        # The relaxation placed villages of which it is not known that they can be placed.
        lower = -np.inf
    return ZonePlan(
        status=status,
        lead_of=search.best,
        objective=search.upper,
        bound=lower,
        candidates=0,
        placeable=placeable,
        method="assignment",
    )


def _find_unplaceable(
    zone: Zone, placeable: NDArray[np.bool_], proven: NDArray[np.bool_], clock: Clock
) -> NDArray[np.bool_] | None:
    """Return (k,) villages that no feasible alliance holds, None if time ran out.

    Each village in question gets a zone of its own: one alliance, at no cost, that holds it.
    ``proven`` takes note of those that can be placed.
    """
    nothing = np.zeros(len(zone.target))
    found = np.zeros(zone.n, dtype=bool)
    for village in np.flatnonzero(placeable & ~proven).tolist():
        if proven[village] or found[village]:
            continue
        price = np.zeros(zone.n)
        price[village] = np.inf
        alone = replace(
            zone,
            pair_cost=_costless(zone.pair_cost),
            lead_cost=_costless(zone.lead_cost),
            size_cost=_costless(zone.size_cost),
            unassigned_cost=price,
            target_weight=nothing,
            shortfall_weight=nothing,
            n_alliances=(1, 1),
        )
        search = _Search(alone, placeable, clock, None)
        status = search.run()
        if search.best is not None:
            proven |= (search.best >= 0) & placeable
        elif status == "infeasible":
            group = zone.together[village]
            found |= (np.arange(zone.n) == village) | ((zone.together == group) & (group >= 0))
        else:
            return None
    return found


def _costless(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(cost), 0.0, np.inf)


def _cheapest_of_each(model: HessModel) -> float:
    """Return a bound that needs no solver: every village at the cheapest that may be."""
    own = np.concatenate([model.column, model.left_out[None, :]])
    cost = np.where(own >= 0, model.cost[own], np.inf)
    others = np.ones(len(model.cost), dtype=bool)
    others[own[own >= 0]] = False
    saved = np.minimum(model.cost * model.upper, 0.0)[others].sum()
    return float(cost.min(axis=0).sum() + saved)


class _Search:
    """Bound from below by relaxation and branch and bound, from above by plans."""

    def __init__(
        self,
        zone: Zone,
        placeable: NDArray[np.bool_],
        clock: Clock,
        start: NDArray[np.intp] | None,
    ) -> None:
        self.zone, self.placeable, self.clock = zone, placeable, clock
        self.best: NDArray[np.intp] | None = None
        self.upper = np.inf
        self.lower = -np.inf
        self.cuts: dict[tuple[int, tuple[int, ...], float], Cut] = {}
        self.size = 0.0
        if start is not None:
            self._take(np.array(start, dtype=np.intp))

    def run(self) -> Status:
        if self.zone.n == 0:
            self._take(np.zeros(0, dtype=np.intp))
            self.lower = self.upper
            return "infeasible" if self.best is None else "optimal"
        if self.clock.up:
            return self._open()
        model = build_model(self.zone, self.placeable)
        # What counts as equal must not vanish where costs of both signs add up to nothing.
        self.size = 1e-3 * float(np.abs(model.cost).max(initial=0.0))
        self.lower = _cheapest_of_each(model)
        relaxed = self._relax(model)
        if isinstance(relaxed, Linear):
            self.lower = max(self.lower, relaxed.bound)
            return "optimal" if self._closed() else self._search(model, relaxed)
        if relaxed == "infeasible" and self.best is None:
            self.lower = np.inf
            return "infeasible"
        return self._open()

    def _relax(self, model: HessModel) -> Linear | str:
        """Solve the relaxation and cut it; the last solution, or why there is none."""
        programme = LinearProgramme(model, self.clock)
        best: Linear | str = "stopped"
        history: list[float] = []
        given = self.clock.left
        for _ in range(CUT_ROUNDS):
            solved = programme.solve()
            if not isinstance(solved, Linear):
                return solved if solved == "infeasible" else best
            if not isinstance(best, Linear) or solved.bound >= best.bound:
                best = solved
            pairs = model.pairs(solved.values)
            near_whole = np.abs(pairs - np.round(pairs)).max(initial=0.0) < 1e-6
            if near_whole and self._take(model.lead_of(solved.values)):
                break
            history.append(solved.bound)
            if len(history) > 5 and history[-1] - history[-6] < CUT_PROGRESS * abs(history[-1]):
                break
            if self.clock.left < (1.0 - CUT_SHARE) * given:
                break
            fresh = self._join(fractional_cuts(model, pairs))
            if not fresh:
                break
            programme.add(*model.cut_rows(fresh))
        return best

    def _search(self, model: HessModel, relaxed: Linear) -> Status:
        """Solve with whole numbers for growing budgets."""
        reach = max(abs(relaxed.bound), self.size)
        scale = SCALED_TO / reach if reach > 0 else 1.0
        budget = FIRST_BUDGET * reach if reach > 0 else np.inf
        slack = CLOSE * reach
        self._round(model, relaxed, scale, reach)
        while True:
            if self.best is not None:
                budget = self.upper - relaxed.bound
            upper = np.where(model.whole & (relaxed.reduced > budget + slack), 0.0, model.upper)
            lower = np.where(model.whole & (relaxed.reduced < -budget - slack), 1.0, 0.0)
            last = budget >= self.upper - relaxed.bound or not (
                (upper < model.upper).any() or lower.any()
            )
            enough = np.inf if last else relaxed.bound + budget
            outcome = self._solve_connected(model, (lower, upper), scale, self.clock, enough=enough)
            # Plans outside the budget cost more than it.
            everything = not ((upper < model.upper).any() or lower.any())
            reached = outcome.bound if everything else min(outcome.bound, relaxed.bound + budget)
            self.lower = max(self.lower, min(reached, self.upper))
            if self._closed():
                return "optimal"
            if outcome.status == "infeasible" and last and self.best is None:
                self.lower = np.inf
                return "infeasible"
            if self.clock.up or (last and outcome.status == "stopped"):
                return self._open()
            if last and budget >= self.upper - relaxed.bound:
                # Solved to its end without closing: the solver's own tolerance is what is left.
                return self._open()
            budget *= WIDER

    def _round(self, model: HessModel, relaxed: Linear, scale: float, reach: float) -> None:
        """Look for a first plan among those led by the leads of the relaxation."""
        pairs = model.pairs(relaxed.values)
        self._take(repaired(self.zone, model, rounded(model, pairs)))
        good = relaxed.bound + GOOD * reach
        if self.upper <= good:
            return
        likely = pairs.diagonal() > LIKELY
        shut = model.column[~likely]
        upper = model.upper.copy()
        upper[shut[shut >= 0]] = 0.0
        near = np.where(model.whole & (relaxed.reduced > FIRST_BUDGET * reach), 0.0, upper)
        for limit in (near, upper):
            if self.clock.up or self._closed() or self.upper <= good:
                return
            clock = Clock(ROUNDING_SHARE * self.clock.left, self.clock.stop)
            self._solve_connected(model, (np.zeros(len(limit)), limit), scale, clock, good=good)

    def _solve_connected(
        self,
        model: HessModel,
        limits: tuple[NDArray[np.float64], NDArray[np.float64]],
        scale: float,
        clock: Clock,
        *,
        enough: float = np.inf,
        good: float = -np.inf,
    ) -> Outcome:
        """Solve and cut off disconnected alliances until the best solution has none."""
        bound = -np.inf
        while True:
            outcome = solve_whole(
                model,
                model.cut_rows(list(self.cuts.values())),
                limits,
                scale,
                clock,
                first=self._first(model, limits[1]),
                enough=enough,
                good=good,
            )
            bound = max(bound, outcome.bound)
            fresh: list[Cut] = []
            taken = False
            for values in outcome.solutions:
                lead_of = model.lead_of(values)
                taken = self._take(lead_of)
                if not taken:
                    self._take(repaired(self.zone, model, lead_of))
                    fresh += self._join(self._cuts_off(model, lead_of))
            if clock.up or taken or not fresh or self.upper <= good:
                status = "stopped" if outcome.status == "optimal" and not taken else outcome.status
                return Outcome(status, bound)

    def _cuts_off(self, model: HessModel, lead_of: NDArray[np.intp]) -> list[Cut]:
        cuts = contiguity_cuts(model, lead_of)
        for lead in broken_leads(self.zone, lead_of):
            villages = alliances_of(lead_of)[lead]
            if len(pieces(villages, model.near)) == 1:
                cuts.append(broken_rule_cut(self.zone, model, lead, villages))
        return cuts

    def _join(self, cuts: list[Cut]) -> list[Cut]:
        """Keep the cuts that are new and return them."""
        fresh = []
        for cut in cuts:
            key = (cut.lead, cut.villages, cut.greatest)
            if key not in self.cuts:
                self.cuts[key] = cut
                fresh.append(cut)
        return fresh

    def _first(
        self, model: HessModel, upper: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]] | None:
        """Return the best plan as a solution to start from, if no column of it is shut."""
        if self.best is None:
            return None
        index, values = model.values_of(self.best)
        return (index, values) if (values <= upper[index]).all() else None

    def _take(self, lead_of: NDArray[np.intp]) -> bool:
        """Say whether a plan is feasible, and keep it if it is the cheapest so far."""
        if not is_feasible(self.zone, lead_of, self.placeable):
            return False
        cost = zone_cost(self.zone, lead_of)
        if cost < self.upper:
            self.best, self.upper = lead_of, cost
        return True

    def _closed(self) -> bool:
        if self.best is None or self.upper - self.lower > CLOSE * max(abs(self.upper), self.size):
            return False
        self.lower = self.upper
        return True

    def _open(self) -> Status:
        if self.best is not None and self._closed():
            return "optimal"
        self.lower = min(self.lower, self.upper)
        return "unknown" if self.best is None else "feasible"
