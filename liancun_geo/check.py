"""The independent checker: every rule, looked at again without any code of the solver.

It works village by village on plain Python sets, slowly and plainly, so that a fault of the
solver's arrays cannot hide in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem

RuleKind = Literal[
    "lead_of",
    "size",
    "connected",
    "zone",
    "can_lead",
    "forbidden_pair",
    "unassigned",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    rule
        Which rule.
    lead
        Position of the alliance's lead, None if no alliance is concerned.
    villages
        Positions of the villages concerned.
    detail
        The figures, in English, for a programmer.
    """

    rule: RuleKind
    lead: int | None
    villages: tuple[int, ...]
    detail: str

    def __str__(self) -> str:
        led = f" in the alliance led by {self.lead}" if self.lead is not None else ""
        return f"{self.rule}{led}: villages {', '.join(map(str, self.villages))}: {self.detail}"


def check(problem: AllianceProblem, plan: Plan | ArrayLike) -> tuple[Violation, ...]:
    """Return every rule that a plan breaks; empty when every rule holds.

    Parameters
    ----------
    problem
        The rules.
    plan
        A plan, or (n,) the lead of each village's alliance, -1 if left out.

    Notes
    -----
    A village that must be placed may still be left out if no alliance that keeps the rules can
    hold it at all.
    """
    raw = np.asarray(plan.lead_of if isinstance(plan, Plan) else plan)
    if raw.shape != (problem.n,) or not np.issubdtype(raw.dtype, np.integer):
        detail = f"need {problem.n} integers, got {raw.dtype} of shape {raw.shape}"
        return (Violation("lead_of", None, (), detail),)
    lead_of: list[int] = raw.tolist()
    county = _County(problem)
    found: list[Violation] = []
    alliances: dict[int, list[int]] = {}
    for village, lead in enumerate(lead_of):
        if lead == -1:
            continue
        if not 0 <= lead < problem.n or lead_of[lead] != lead:
            found.append(
                Violation("lead_of", None, (village,), f"its lead {lead} does not lead itself")
            )
            continue
        alliances.setdefault(lead, []).append(village)
    for lead, villages in sorted(alliances.items()):
        found += county.broken_by(lead, villages)
    for village, lead in enumerate(lead_of):
        if lead == -1 and county.must_place(village):
            found.append(Violation("unassigned", None, (village,), "must be placed"))
    return tuple(found)


def plan_cost(problem: AllianceProblem, plan: Plan | ArrayLike) -> float:
    """Return the cost of a plan, recomputed pair by pair.

    ``inf`` if it uses a pair, lead or size that is forbidden.

    A village that must be placed and is left out counts nothing: :func:`check` tells of it.
    """
    lead_of = np.asarray(plan.lead_of if isinstance(plan, Plan) else plan).tolist()
    county = _County(problem)
    parts: list[float] = []
    sizes: dict[int, int] = {}
    for village, lead in enumerate(lead_of):
        if lead == -1:
            price = county.price_of_leaving_out(village)
            parts.append(price if math.isfinite(price) else 0.0)
        else:
            sizes[lead] = sizes.get(lead, 0) + 1
            parts.append(county.lead_cost(lead) if village == lead else county.pair(lead, village))
    parts += [
        float(problem.size_cost[size]) if size <= problem.max_size else math.inf
        for size in sizes.values()
    ]
    return math.fsum(parts) if all(map(math.isfinite, parts)) else math.inf


class _County:
    """The problem by village instead of by zone."""

    def __init__(self, problem: AllianceProblem) -> None:
        self.problem = problem
        self.zone = [int(z) for z in problem.zone_of]
        self.local = [0] * problem.n
        for zone in problem.zones:
            for number, village in enumerate(zone.villages.tolist()):
                self.local[village] = number
        self.neighbours: list[set[int]] = [set() for _ in range(problem.n)]
        for a, b in problem.edges.tolist():
            self.neighbours[a].add(b)
            self.neighbours[b].add(a)

    def pair(self, lead: int, member: int) -> float:
        if self.zone[lead] != self.zone[member]:
            return math.inf
        zone = self.problem.zones[self.zone[lead]]
        return float(zone.pair_cost[self.local[lead], self.local[member]])

    def lead_cost(self, village: int) -> float:
        return float(self.problem.zones[self.zone[village]].lead_cost[self.local[village]])

    def price_of_leaving_out(self, village: int) -> float:
        zone = self.problem.zones[self.zone[village]]
        return float(zone.unassigned_cost[self.local[village]])

    def broken_by(self, lead: int, villages: list[int]) -> list[Violation]:
        """Return what one alliance breaks."""
        problem = self.problem
        found: list[Violation] = []
        size = len(villages)
        if not problem.min_size <= size <= problem.max_size:
            detail = f"{size} villages, allowed {problem.min_size} to {problem.max_size}"
            found.append(Violation("size", lead, tuple(villages), detail))
        elif math.isinf(float(problem.size_cost[size])):
            found.append(Violation("size", lead, tuple(villages), f"{size} villages not allowed"))
        strangers = [v for v in villages if self.zone[v] != self.zone[lead]]
        if strangers:
            found.append(Violation("zone", lead, tuple(strangers), "outside the lead's zone"))
        cut_off = sorted(set(villages) - self.reached(lead, set(villages)))
        if cut_off:
            detail = "not connected with the lead inside the alliance"
            found.append(Violation("connected", lead, tuple(cut_off), detail))
        if math.isinf(self.lead_cost(lead)):
            found.append(Violation("can_lead", lead, (lead,), "may not lead"))
        forbidden = [
            v
            for v in villages
            if v != lead and v not in strangers and math.isinf(self.pair(lead, v))
        ]
        if forbidden:
            detail = f"may not be led by {lead}"
            found.append(Violation("forbidden_pair", lead, tuple(forbidden), detail))
        return found

    def reached(self, start: int, among: set[int]) -> set[int]:
        """Return the villages connected with ``start`` without leaving ``among``."""
        return set(self.steps(start, among))

    def steps(self, start: int, among: set[int]) -> dict[int, int]:
        """Return the fewest steps from ``start`` to each village without leaving ``among``."""
        steps = {start: 0}
        front: Iterable[int] = [start]
        while front:
            onward = []
            for village in front:
                for other in self.neighbours[village]:
                    if other in among and other not in steps:
                        steps[other] = steps[village] + 1
                        onward.append(other)
            front = onward
        return steps

    def must_place(self, village: int) -> bool:
        """Say whether a village left out breaks a rule."""
        if math.isfinite(self.price_of_leaving_out(village)):
            return False
        zone = self.problem.zones[self.zone[village]]
        return any(self.can_hold(lead, village) for lead in zone.villages.tolist())

    def can_hold(self, lead: int, village: int) -> bool:
        """Say whether some alliance led by ``lead`` that keeps the rules holds ``village``.

        The shortest way from lead to village through villages the lead may have is the smallest
        such set; it can then grow by one neighbour at a time up to all that are connected.
        """
        if math.isinf(self.lead_cost(lead)):
            return False
        zone = self.problem.zones[self.zone[lead]]
        possible = {v for v in zone.villages.tolist() if math.isfinite(self.pair(lead, v))}
        steps = self.steps(lead, possible | {lead})
        if village not in steps:
            return False
        smallest = max(self.problem.min_size, steps[village] + 1)
        largest = min(self.problem.max_size, len(steps))
        return any(
            math.isfinite(float(self.problem.size_cost[size]))
            for size in range(smallest, largest + 1)
        )
