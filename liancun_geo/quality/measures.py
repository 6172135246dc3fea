"""How each measure of the sheet is computed for a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from liancun_geo.indicators import (
    numbers,
    population_field,
    small_villages,
    tags,
    weak_villages,
)
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import plan_points
from liancun_geo.quality.compactness import territory
from liancun_geo.scenario import Scenario
from liancun_geo.villages import representative_points_m

Blank = Literal["undefined", "unknown", "no_alliances", "no_roads", "no_scale", "forbidden"]


@dataclass(frozen=True, slots=True)
class Value:
    """A measure of one plan.

    Attributes
    ----------
    value
        None if there is none; ``blank`` then says why.
    counted, unknown
        Villages, pairs or alliances it is taken over, and those left out since a figure of
        theirs is missing.
    """

    value: float | None
    counted: int = 0
    unknown: int = 0
    blank: Blank | None = None


class Ground:
    """What all plans of a county have in common; figures are looked up once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        frame = scenario.villages.frame
        settings = scenario.settings
        self.n = len(frame)
        excluded = set(settings.rules.excluded)
        self.takes_part = [str(code) not in excluded for code in frame["code"]]
        self.small = small_villages(frame, settings.rules.small_village_persons)
        self.weak = weak_villages(frame)
        self.people = numbers(frame, population_field(frame))
        self.collective = numbers(frame, "collective_income_wan_yuan")
        self.per_head = numbers(frame, "income_per_head_yuan")
        self.industries = tags(frame, "industries")
        both_ways = settings.criteria.complementary
        self.complementary = {*both_ways, *((b, a) for a, b in both_ways)}
        self.score = scenario.leads.score
        self.gap_m = settings.contiguity_in_force.gap_tolerance_m
        self.shapes = np.asarray(frame.geometry.array, dtype=object)
        self.most_points: float | None = None
        self._territories: dict[tuple[int, ...], BaseGeometry] = {}

    @cached_property
    def points_m(self) -> NDArray[np.float64]:
        """(n, 2) a point inside the largest part of each village."""
        return representative_points_m(self.scenario.villages.frame)

    @cached_property
    def far_km(self) -> float | None:
        """Distance beyond which a member is far; None if nothing says so."""
        chosen = self.scenario.settings.quality.far_km
        scale = self.scenario.pairs.proximity_scale_km
        return chosen if chosen is not None else None if math.isnan(scale) else scale

    def distance_km(self, lead: int, member: int) -> float:
        """Return the straight line between two villages, km."""
        way = self.points_m[lead] - self.points_m[member]
        return float(np.hypot(*way)) / 1000.0

    def travel_min(self, lead: int, member: int) -> float | None:
        """Return the minutes between two villages; None without roads or across zones."""
        for block in self.scenario.pairs.blocks:
            at = np.searchsorted(block.villages, [lead, member])
            inside = at < len(block.villages)
            if inside.all() and (block.villages[at] == [lead, member]).all():
                return None if block.travel_min is None else float(block.travel_min[at[0], at[1]])
        return None

    def territory(self, villages: Sequence[int]) -> BaseGeometry:
        """Return the union of villages, gaps closed."""
        key = tuple(sorted(villages))
        if key not in self._territories:
            self._territories[key] = territory(self.shapes, key, self.gap_m)
        return self._territories[key]


@dataclass(frozen=True)
class Measured:
    """A plan to measure.

    Attributes
    ----------
    lead_of
        (n,) leads, -1 if left out.
    units
        Villages of each alliance, the lead first; where every village stands alone, each village
        that takes part.
    pairs
        (lead, member) of all members.
    """

    lead_of: NDArray[np.intp]
    units: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, lead_of: NDArray[np.intp]) -> Measured:
        """Gather the alliances of an assignment."""
        units: dict[int, list[int]] = {}
        for village, lead in enumerate(lead_of.tolist()):
            if lead != UNASSIGNED:
                units.setdefault(lead, [lead])
                if village != lead:
                    units[lead].append(village)
        ordered = tuple(tuple(units[lead]) for lead in sorted(units))
        return cls(lead_of, ordered, tuple((u[0], v) for u in ordered for v in u[1:]))

    @classmethod
    def alone(cls, ground: Ground) -> Measured:
        """Return every village that takes part by itself, without any alliance."""
        alone = np.full(ground.n, UNASSIGNED, dtype=np.intp)
        return cls(alone, tuple((v,) for v in range(ground.n) if ground.takes_part[v]), ())


def mean_of(values: Sequence[float | None]) -> Value:
    """Return the mean of what is known."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    unknown = len(values) - len(known)
    if not known:
        return Value(None, 0, unknown, "unknown" if unknown else "undefined")
    return Value(math.fsum(known) / len(known), len(known), unknown)


def placed(ground: Ground, plan: Measured, asked: Sequence[bool | None]) -> Value:
    """Return which share of the villages asked for has an alliance."""
    part = [v for v in range(ground.n) if ground.takes_part[v]]
    counted = [v for v in part if asked[v]]
    unknown = sum(asked[v] is None for v in part)
    if not counted:
        return Value(None, 0, unknown, "unknown" if unknown else "undefined")
    placed = sum(int(plan.lead_of[v]) != UNASSIGNED for v in counted)
    return Value(placed / len(counted), len(counted), unknown)


def of_sizes(pick: Callable[[list[int]], float]) -> Callable[[Ground, Measured], Value]:
    """Return a measure of the numbers of villages."""

    def compute(ground: Ground, plan: Measured) -> Value:
        sizes = [len(unit) for unit in plan.units]
        return Value(pick(sizes), len(sizes)) if sizes else Value(None, blank="undefined")

    return compute


def deviation(sizes: list[int]) -> float:
    """Return the standard deviation."""
    return float(np.std(sizes))


def of_shapes(
    measure: Callable[[BaseGeometry], float], *, least: bool
) -> Callable[[Ground, Measured], Value]:
    """Return a measure of the territories: the mean, or the least."""

    def compute(ground: Ground, plan: Measured) -> Value:
        each = [measure(ground.territory(unit)) for unit in plan.units]
        mean = mean_of(each)
        known = [value for value in each if not math.isnan(value)]
        return Value(min(known), mean.counted, mean.unknown) if least and known else mean

    return compute


def distances(ground: Ground, plan: Measured) -> list[float]:
    """Return the distance from lead to member of every pair, km."""
    return [ground.distance_km(lead, member) for lead, member in plan.pairs]


def distance_max(ground: Ground, plan: Measured) -> Value:
    """Return the greatest distance from lead to member."""
    each = distances(ground, plan)
    return Value(max(each), len(each)) if each else Value(None, blank="undefined")


def far(ground: Ground, plan: Measured) -> Value:
    """Return the share of members that are far from their lead."""
    limit = ground.far_km
    if limit is None:
        return Value(None, blank="no_scale")
    return mean_of([float(km > limit) for km in distances(ground, plan)])


def travel(ground: Ground, plan: Measured) -> Value:
    """Return the mean travel time from lead to member."""
    if all(block.travel_min is None for block in ground.scenario.pairs.blocks):
        return Value(None, blank="no_roads")
    return mean_of([ground.travel_min(lead, member) for lead, member in plan.pairs])


def industry(
    fits: Callable[[Ground, frozenset[str], frozenset[str]], bool],
) -> Callable[[Ground, Measured], Value]:
    """Return the share of pairs whose industries fit, where both are known."""

    def compute(ground: Ground, plan: Measured) -> Value:
        each: list[float | None] = []
        for lead, member in plan.pairs:
            of_lead, of_member = ground.industries[lead], ground.industries[member]
            if of_lead is None or of_member is None:
                each.append(None)
            else:
                each.append(float(fits(ground, of_lead, of_member)))
        return mean_of(each)

    return compute


def similar(ground: Ground, lead: frozenset[str], member: frozenset[str]) -> bool:
    """Tell whether two villages have an industry in common."""
    return not lead.isdisjoint(member)


def complementary(ground: Ground, lead: frozenset[str], member: frozenset[str]) -> bool:
    """Tell whether an industry of one feeds one of the other."""
    return any((a, b) in ground.complementary for a in lead for b in member)


def either(ground: Ground, lead: frozenset[str], member: frozenset[str]) -> bool:
    """Tell whether industries are in common or feed each other."""
    return similar(ground, lead, member) or complementary(ground, lead, member)


def weaker(ground: Ground, plan: Measured) -> Value:
    """Return the share of members with a lower lead score than their lead."""
    return mean_of(
        [float(ground.score[member] < ground.score[lead]) for lead, member in plan.pairs]
    )


def contrast(ground: Ground, plan: Measured) -> Value:
    """Return the mean difference of the lead scores of lead and member."""
    return mean_of(
        [float(ground.score[lead] - ground.score[member]) for lead, member in plan.pairs]
    )


def income_ratio(ground: Ground, plan: Measured) -> Value:
    """Return the median ratio of the collective incomes of lead and member."""
    ratios = [
        float(ground.collective[lead] / ground.collective[member])
        for lead, member in plan.pairs
        if ground.collective[member] > 0 and not math.isnan(ground.collective[lead])
    ]
    unknown = len(plan.pairs) - len(ratios)
    if not ratios:
        return Value(None, 0, unknown, "unknown" if unknown else "undefined")
    return Value(float(np.median(ratios)), len(ratios), unknown)


def weak_most(ground: Ground, plan: Measured) -> Value:
    """Return the most weak members of one lead."""
    unknown = sum(ground.weak[member] is None for _, member in plan.pairs)
    if not plan.units or unknown == len(plan.pairs) > 0:
        return Value(None, 0, unknown, "unknown" if unknown else "undefined")
    most = max(sum(ground.weak[v] is True for v in unit[1:]) for unit in plan.units)
    return Value(float(most), len(plan.units), unknown)


def spread(
    index: Callable[[list[float]], float], figure: Callable[[Ground, tuple[int, ...]], float]
) -> Callable[[Ground, Measured], Value]:
    """Return an index of how evenly a figure is spread over the alliances."""

    def compute(ground: Ground, plan: Measured) -> Value:
        each = [figure(ground, unit) for unit in plan.units]
        known = [value for value in each if not math.isnan(value)]
        value, unknown = index(known), len(each) - len(known)
        if math.isnan(value):
            return Value(None, len(known), unknown, "unknown" if unknown else "undefined")
        return Value(value, len(known), unknown)

    return compute


def people(ground: Ground, unit: tuple[int, ...]) -> float:
    """Return the population of an alliance, NaN if a village's is missing."""
    return math.fsum(ground.people[list(unit)].tolist())


def collective(ground: Ground, unit: tuple[int, ...]) -> float:
    """Return the collective income of an alliance, NaN if a village's is missing."""
    return math.fsum(ground.collective[list(unit)].tolist())


def per_head(ground: Ground, unit: tuple[int, ...]) -> float:
    """Return the income per head of an alliance, NaN if a figure is missing."""
    people = ground.people[list(unit)]
    total = math.fsum(people.tolist())
    income = math.fsum((people * ground.per_head[list(unit)]).tolist())
    return income / total if total > 0 else math.nan


def points(ground: Ground, plan: Measured) -> Value:
    """Return the points of the plan."""
    of_plan = plan_points(ground.scenario.problem, plan.lead_of)
    counted = int((~np.isnan(of_plan.village)).sum())
    if not math.isfinite(of_plan.total):
        return Value(None, counted, blank="forbidden")
    return Value(of_plan.total, counted)


def points_behind(ground: Ground, plan: Measured) -> Value:
    """Return how many points any plan that keeps the rules can have more."""
    own = points(ground, plan)
    if own.value is None or ground.most_points is None:
        return Value(None, own.counted, blank=own.blank or "unknown")
    return Value(ground.most_points - own.value, own.counted)
