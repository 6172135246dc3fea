"""What a plan breaks and what it is worth, judged again only where it changed.

Violations come from the independent checker, points from :mod:`liancun_geo.points`; nothing is
computed here that they do not say. The whole equals a fresh look at the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from liancun_geo.check import REMEMBERED, Checker, Violation
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import left_out_points, points_in_plan
from liancun_geo.problem import AllianceProblem


@dataclass(frozen=True, eq=False)
class Judged:
    """A plan with what is said of it.

    Attributes
    ----------
    lead_of
        (n,) lead of each village, a lead its own, -1 if left out.
    alliances
        Lead -> villages, ascending, the lead among them.
    left_out
        Villages left out, ascending.
    broken
        Lead -> rules that its alliance breaks, only where there are any.
    overall
        Rules on pairs, numbers and frozen alliances that are broken.
    total
        Points; ``-inf`` with a forbidden pair or lead.
    """

    lead_of: NDArray[np.intp]
    alliances: dict[int, tuple[int, ...]]
    left_out: tuple[int, ...]
    broken: dict[int, tuple[Violation, ...]]
    overall: tuple[Violation, ...]
    unplaced: tuple[Violation, ...]
    total: float

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Every broken rule, as :func:`~liancun_geo.check.check` tells them."""
        single = (v for lead in sorted(self.broken) for v in self.broken[lead])
        return (*single, *self.overall, *self.unplaced)


class Judge:
    """Judges plans of one problem.

    Parameters
    ----------
    problem
        The rules and costs.
    """

    def __init__(self, problem: AllianceProblem) -> None:
        self.problem = problem
        self.checker = Checker(problem)
        self.points_of = lru_cache(maxsize=REMEMBERED)(self._points_of)
        self.points_left_out = cache(self._points_left_out)

    def fresh(self, lead_of: NDArray[np.intp]) -> Judged:
        """Judge a whole plan whose leads lead themselves."""
        alliances: dict[int, list[int]] = {}
        left_out = []
        for village, lead in enumerate(lead_of.tolist()):
            if lead == UNASSIGNED:
                left_out.append(village)
            else:
                alliances.setdefault(lead, []).append(village)
        told = {lead: tuple(villages) for lead, villages in alliances.items()}
        broken = {}
        for lead, villages in told.items():
            if found := self.checker.of_alliance(lead, villages):
                broken[lead] = found
        return self._judged(lead_of, told, tuple(left_out), broken)

    def after(self, before: Judged, lead_of: NDArray[np.intp]) -> Judged:
        """Judge a plan that differs from one judged before: only what changed is looked at."""
        moved = np.flatnonzero(before.lead_of != lead_of).tolist()
        if len(moved) > len(lead_of) // 4:
            return self.fresh(lead_of)
        touched = {int(before.lead_of[v]) for v in moved} | {int(lead_of[v]) for v in moved}
        touched.discard(UNASSIGNED)
        alliances, broken = dict(before.alliances), dict(before.broken)
        inside = {lead: {*before.alliances.get(lead, ())} for lead in touched}
        left_out = {*before.left_out}
        for v in moved:
            old, new = int(before.lead_of[v]), int(lead_of[v])
            (left_out if old == UNASSIGNED else inside[old]).discard(v)
            (left_out if new == UNASSIGNED else inside[new]).add(v)
        for lead in touched:
            alliances.pop(lead, None)
            broken.pop(lead, None)
            if inside[lead]:
                alliances[lead] = villages = tuple(sorted(inside[lead]))
                if found := self.checker.of_alliance(lead, villages):
                    broken[lead] = found
        return self._judged(lead_of, alliances, tuple(sorted(left_out)), broken)

    def _judged(
        self,
        lead_of: NDArray[np.intp],
        alliances: dict[int, tuple[int, ...]],
        left_out: tuple[int, ...],
        broken: dict[int, tuple[Violation, ...]],
    ) -> Judged:
        unplaced = [v for village in left_out for v in self.checker.of_left_out(village)]
        overall = self.checker.of_all(alliances)
        total = self.total_of(alliances.items(), left_out)
        return Judged(lead_of, alliances, left_out, broken, overall, tuple(unplaced), total)

    def total_of(
        self, alliances: Iterable[tuple[int, tuple[int, ...]]], left_out: Iterable[int]
    ) -> float:
        """Return the points of some alliances and villages left out."""
        own = [self.points_of(lead, villages) for lead, villages in alliances]
        return math.fsum([*own, *(self.points_left_out(village) for village in left_out)])

    def _points_of(self, lead: int, villages: tuple[int, ...]) -> float:
        return points_in_plan(self.problem, [lead, *(v for v in villages if v != lead)])

    def _points_left_out(self, village: int) -> float:
        """Return what a village left out adds: nothing, if it does not count."""
        points = left_out_points(self.problem, village).points
        return 0.0 if math.isnan(points) else points
