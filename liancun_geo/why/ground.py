"""What every card looks up: names, figures of the ledger, borders, ways, who is where."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.indicators import population_field
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import NamedAlliance, Scenario
from liancun_geo.why.facts import AllianceName, Border, Profile, VillageName

IntArray = NDArray[np.intp]


class Ground:
    """The facts of a scenario, by position.

    Parameters
    ----------
    scenario
        The plan at hand, with its data.
    locked
        Villages that keep their lead.

    Attributes
    ----------
    problem
        With the locks as rules: what a re-solve may choose from.
    """

    def __init__(self, scenario: Scenario, locked: Iterable[int] = ()) -> None:
        self.scenario = scenario
        self.locked = frozenset(int(village) for village in locked)
        self.lead_of: IntArray = scenario.plan.lead_of
        self.problem = with_locks(scenario.problem, self.lead_of, self.locked)
        self.frame = scenario.villages.frame
        self._codes = [str(code) for code in self.frame["code"]]
        self._names = [str(name) for name in self.frame["name"]]
        self._townships = [str(name) for name in self.frame["township"]]
        self._times = Counter(self._names)
        self._numbers: dict[str, list[float]] = {}
        self._alliance = {a.lead: a for a in scenario.alliances}
        self._neighbours: dict[int, list[int]] = {}
        for a, b in scenario.problem.edges.tolist():
            self._neighbours.setdefault(a, []).append(b)
            self._neighbours.setdefault(b, []).append(a)
        graph = scenario.contiguity
        lengths, links = graph.shared_border_m.tolist(), graph.is_link.tolist()
        self._border = {
            (a, b): (length, link)
            for (a, b), length, link in zip(graph.edges.tolist(), lengths, links, strict=True)
        }
        self._place = {
            int(village): (number, at)
            for number, block in enumerate(scenario.pairs.blocks)
            for at, village in enumerate(block.villages.tolist())
        }

    def name(self, village: int) -> VillageName:
        """Return a village as a card names it."""
        name = self._names[village]
        return VillageName(
            village, self._codes[village], name, self._townships[village], self._times[name] == 1
        )

    def names(self, villages: Iterable[int]) -> tuple[VillageName, ...]:
        """Return several villages as a card names them."""
        return tuple(self.name(int(village)) for village in villages)

    def alliance_of(self, village: int) -> NamedAlliance | None:
        """Return the alliance a village is in, None if it is in none."""
        lead = int(self.lead_of[village])
        return None if lead == UNASSIGNED else self._alliance[lead]

    def told(self, alliance: NamedAlliance) -> AllianceName:
        """Return an alliance as a card names it."""
        return AllianceName(
            alliance.id, alliance.name, self.name(alliance.lead), tuple(alliance.villages)
        )

    def neighbours(self, village: int) -> list[int]:
        """Return the neighbours of a village, ascending."""
        return sorted(self._neighbours.get(village, ()))

    def neighbouring_alliances(self, village: int) -> list[NamedAlliance]:
        """Return the other alliances of its zone that a village touches, by lead."""
        zone_of, own = self.problem.zone_of, int(self.lead_of[village])
        leads = {
            int(self.lead_of[other])
            for other in self.neighbours(village)
            if zone_of[other] == zone_of[village]
        } - {own, UNASSIGNED}
        return [self._alliance[lead] for lead in sorted(leads)]

    def borders(self, village: int, others: Iterable[int]) -> tuple[Border, ...]:
        """Return the borders with those of other villages that are neighbours, longest first."""
        found = []
        for other in others:
            key = (min(village, other), max(village, other))
            if other == village or key not in self._border:
                continue
            length, is_link = self._border[key]
            known = None if math.isnan(length) else float(length)
            found.append(Border(self.name(other), known, bool(is_link)))
        return tuple(
            sorted(found, key=lambda b: (-(b.shared_border_m or 0.0), b.neighbour.position))
        )

    def distance_km(self, village: int, lead: int) -> float | None:
        """Return the straight line between two villages of one zone, km."""
        return self._of_block("distance_km", village, lead)

    def travel_min(self, village: int, lead: int) -> float | None:
        """Return the way between two villages of one zone, minutes; None without roads."""
        return self._of_block("travel_min", village, lead)

    def _of_block(self, matrix: str, village: int, lead: int) -> float | None:
        first, second = self._place.get(village), self._place.get(lead)
        if first is None or second is None or first[0] != second[0]:
            return None
        values = getattr(self.scenario.pairs.blocks[first[0]], matrix)
        return None if values is None else _finite(float(values[second[1], first[1]]))

    def number(self, field: str, village: int) -> float | None:
        """Return a number of the ledger, None where it is missing."""
        column = self._numbers.get(field)
        if column is None:
            # Looked up tens of thousands of times for a large county: once through pandas.
            values = self.frame[field].to_numpy(dtype=np.float64, na_value=np.nan)
            column = self._numbers[field] = values.tolist()
        return _finite(column[village])

    def flag(self, field: str, village: int) -> bool | None:
        """Return a yes or no of the ledger, None where it is missing."""
        value = self.frame[field].iloc[village]
        return None if pd.isna(value) else bool(value)

    def tags(self, field: str, village: int) -> tuple[str, ...] | None:
        """Return tags of the ledger, sorted, None where they are missing."""
        value: Any = self.frame[field].iloc[village]
        if value is None or (np.ndim(value) == 0 and pd.isna(value)):
            return None
        return tuple(sorted({str(tag) for tag in value}))

    @property
    def population_field(self) -> str:
        """The registered population, or the resident one if nobody delivered that."""
        return population_field(self.frame)

    def profile(self, village: int) -> Profile:
        """Return what is said of a village before anything else."""
        return Profile(
            village=self.name(village),
            industries=self.tags("industries", village),
            population_persons=self.number(self.population_field, village),
            collective_income_wan_yuan=self.number("collective_income_wan_yuan", village),
            secretary_in_post=self.flag("secretary_in_post", village),
            weak_organisation=self.flag("weak_organisation", village),
            weak_economy=self.flag("weak_economy", village),
            locked=village in self.locked,
        )

    def same_township(self, village: int) -> IntArray:
        """Return the villages of its township, itself included."""
        townships = np.array(self._townships, dtype=object)
        return np.flatnonzero(townships == self._townships[village])


def with_locks(
    problem: AllianceProblem, lead_of: IntArray, locked: Iterable[int]
) -> AllianceProblem:
    """Return the problem with locks as rules, as :func:`~liancun_geo.solve.resolve` means them.

    A locked village keeps its lead; an alliance of which every village is locked is frozen.
    """
    locks = sorted(set(locked))
    if not locks:
        return problem
    rules = problem.rules
    fixed = dict(rules.fixed_lead)
    must_lead, frozen = list(rules.must_lead), list(rules.frozen)
    agreed = {village for villages in frozen for village in villages}
    may_lead = problem.can_lead.copy()
    for lead in sorted({int(lead_of[village]) for village in locks} - {UNASSIGNED}):
        villages = np.flatnonzero(lead_of == lead).tolist()
        if set(villages) <= set(locks) and not agreed & set(villages):
            frozen.append((lead, *(village for village in villages if village != lead)))
            agreed |= set(villages)
    for village in locks:
        lead = int(lead_of[village])
        if village in agreed:
            continue
        if lead == village:
            must_lead.append(village)
        elif lead == UNASSIGNED:
            # Only itself may lead it, and it may not lead: nothing can hold it.
            fixed[village] = village
            may_lead[village] = False
        else:
            fixed[village] = lead
    return problem.changed(fixed_lead=fixed, must_lead=must_lead, frozen=frozen, can_lead=may_lead)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
