"""The independent checker: every rule, looked at again without any code of the solver.

It works village by village on plain Python sets, slowly and plainly, from the arguments as they
were given and never from the compiled zones, so that a fault of the solver's arrays cannot hide
in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from liancun_geo._county import County, within
from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem

REMEMBERED = 50_000
"""Alliances a :class:`Checker` remembers."""

RuleKind = Literal[
    "lead_of",
    "size",
    "connected",
    "zone",
    "can_lead",
    "forbidden_pair",
    "unassigned",
    "resource",
    "class",
    "together",
    "apart",
    "fixed_lead",
    "must_lead",
    "distance",
    "hops",
    "weak",
    "n_alliances",
    "zone_alliances",
    "budget",
    "frozen",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    rule
        Which rule.
    lead
        Position of the alliance's lead, None if no single alliance is concerned.
    villages
        Positions of the villages concerned: of a rule on the number of alliances or on the
        budget their leads (for a zone without any alliance all its villages).
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
    A village that must be placed may still be left out if no alliance that keeps the rules of
    one alliance can hold it at all. With rules on whole sets (resources, classes, together,
    apart, weak) this is decided by growing connected sets from the village, at most
    :data:`liancun_geo._county.MOST_SETS`; an undecided village counts as excused.

    A frozen alliance must be there exactly as it was given, and no other rule is asked of it or
    of an alliance that holds a frozen village. Sums may exceed their bounds by their rounding
    (1e-9, relative).
    """
    raw = np.asarray(plan.lead_of if isinstance(plan, Plan) else plan)
    if raw.shape != (problem.n,) or not np.issubdtype(raw.dtype, np.integer):
        detail = f"need {problem.n} integers, got {raw.dtype} of shape {raw.shape}"
        return (Violation("lead_of", None, (), detail),)
    lead_of: list[int] = raw.tolist()
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
    checker = Checker(problem)
    for lead, villages in sorted(alliances.items()):
        found += checker.of_alliance(lead, tuple(villages))
    found += checker.of_all(alliances)
    for village, lead in enumerate(lead_of):
        if lead == -1:
            found += checker.of_left_out(village)
    return tuple(found)


class Checker:
    """The parts of :func:`check`, for plans of one problem that differ in a few alliances.

    What was found of an alliance or of a village is remembered, so that a changed plan costs no
    more than the alliances that are new in it.

    Parameters
    ----------
    problem
        The rules.
    """

    def __init__(self, problem: AllianceProblem) -> None:
        self.county = County(problem)
        # Bound to the object, so that what is remembered goes with it.
        self.of_alliance = lru_cache(maxsize=REMEMBERED)(self._of_alliance)
        self.of_left_out = cache(self._of_left_out)

    def _of_alliance(self, lead: int, villages: tuple[int, ...]) -> tuple[Violation, ...]:
        """Return the rules on single alliances that one breaks; its villages come ascending."""
        county, own = self.county, list(villages)
        if not county.frozen.isdisjoint(own):
            return ()
        return (
            *_broken_by_shape(county, lead, own),
            *_broken_by_pairs(county, lead, own),
            *_broken_by_sums(county, lead, own),
        )

    def of_all(self, alliances: Mapping[int, Sequence[int]]) -> tuple[Violation, ...]:
        """Return the rules on pairs, numbers and frozen alliances that a plan breaks.

        Parameters
        ----------
        alliances
            Lead -> villages of the whole plan, its own lead among them.
        """
        return (
            *_broken_partnerships(self.county, alliances),
            *_broken_by_number(self.county, sorted(alliances)),
            *_changed_frozen(self.county, alliances),
        )

    def _of_left_out(self, village: int) -> tuple[Violation, ...]:
        """Return the rule that leaving a village out breaks, if it does."""
        if not self.county.must_place(village):
            return ()
        must_lead = village in self.county.must_lead
        detail = "must be placed, and lead" if must_lead else "must be placed"
        return (Violation("unassigned", None, (village,), detail),)


def plan_cost(problem: AllianceProblem, plan: Plan | ArrayLike) -> float:
    """Return the cost of a plan, recomputed pair by pair.

    ``inf`` if it uses a pair, lead or size that is forbidden; other broken rules cost nothing.
    In a frozen alliance what is forbidden counts nothing.

    A village that must be placed and is left out counts nothing: :func:`check` tells of it.
    """
    lead_of = np.asarray(plan.lead_of if isinstance(plan, Plan) else plan).tolist()
    county = County(problem)
    alliances: dict[int, list[int]] = {}
    parts: list[float] = []
    for village, lead in enumerate(lead_of):
        if lead != -1:
            alliances.setdefault(lead, []).append(village)
        elif math.isfinite(price := county.price_of_leaving_out(village)):
            parts.append(price)
    frozen = {villages[0]: sorted(villages) for villages in problem.rules.frozen}
    for lead, villages in alliances.items():
        size = len(villages)
        if frozen.get(lead) == villages:
            by_size = float(problem.size_cost[size]) if size <= problem.max_size else math.inf
            own = [float(problem.lead_cost[lead]), by_size]
            own += [county.pair(lead, v) for v in villages if v != lead]
            parts += [part for part in own if math.isfinite(part)]
        else:
            parts += [county.lead_cost(lead), county.size_cost(size)]
            parts += [county.pair(lead, v) for v in villages if v != lead]
        parts.append(county.group_cost(villages))
    return math.fsum(parts) if all(map(math.isfinite, parts)) else math.inf


def _broken_by_shape(county: County, lead: int, villages: list[int]) -> Iterator[Violation]:
    """Tell of an alliance's size, zone, connection and lead."""
    problem, size = county.problem, len(villages)
    if not problem.min_size <= size <= problem.max_size:
        detail = f"{size} villages, allowed {problem.min_size} to {problem.max_size}"
        yield Violation("size", lead, tuple(villages), detail)
    elif math.isinf(county.size_cost(size)):
        yield Violation("size", lead, tuple(villages), f"{size} villages not allowed")
    strangers = tuple(v for v in villages if county.zone[v] != county.zone[lead])
    if strangers:
        yield Violation("zone", lead, strangers, "outside the lead's zone")
    cut_off = tuple(sorted(set(villages) - set(county.reached(lead, set(villages)))))
    if cut_off:
        detail = "not connected with the lead inside the alliance"
        yield Violation("connected", lead, cut_off, detail)
    if math.isinf(county.lead_cost(lead)):
        yield Violation("can_lead", lead, (lead,), "may not lead")


def _broken_by_pairs(county: County, lead: int, villages: list[int]) -> Iterator[Violation]:
    """Tell of the rules on a lead and one village; of villages of other zones `zone` tells."""
    members = [v for v in villages if v != lead and county.zone[v] == county.zone[lead]]
    forbidden = tuple(v for v in members if math.isinf(county.pair(lead, v)))
    if forbidden:
        yield Violation("forbidden_pair", lead, forbidden, f"may not be led by {lead}")
    far = tuple(v for v in members if county.too_far(lead, v))
    if far:
        detail = f"farther from the lead than {county.rules.max_distance:g}"
        yield Violation("distance", lead, far, detail)
    remote = tuple(v for v in members if county.too_many_steps(lead, v))
    if remote:
        detail = f"more than {county.rules.max_hops} steps from the lead"
        yield Violation("hops", lead, remote, detail)
    other = tuple(v for v in villages if county.led_by_another(lead, v))
    if other:
        wanted = ", ".join(str(county.rules.fixed_lead[v]) for v in other)
        yield Violation("fixed_lead", lead, other, f"to be led by {wanted}")
    leads = tuple(v for v in villages if v != lead and v in county.must_lead)
    if leads:
        yield Violation("must_lead", lead, leads, "must lead, but is a member")


def _broken_by_sums(county: County, lead: int, villages: list[int]) -> Iterator[Violation]:
    """Tell of the rules on resources, classes and weak members."""
    for detail in county.off_limits(villages):
        yield Violation("resource", lead, tuple(villages), detail)
    for q in county.missing_classes(villages):
        yield Violation("class", lead, tuple(villages), f"no village of class {q}")
    weak = county.weak_members(lead, villages)
    if county.too_many_weak(len(weak)):
        detail = f"{len(weak)} weak members, at most {county.rules.max_weak}"
        yield Violation("weak", lead, tuple(weak), detail)


def _broken_partnerships(
    county: County, alliances: Mapping[int, Sequence[int]]
) -> Iterator[Violation]:
    """Tell of pairs that were parted and of pairs that were joined."""
    if not (len(county.rules.must_together) or len(county.rules.never_together)):
        return
    home = {v: lead for lead, villages in alliances.items() for v in villages}
    for pair in county.rules.must_together.tolist():
        a, b = pair
        # A frozen alliance is exempt, a free village that wants to join one is not.
        placed = [v for v in pair if v in home and v not in county.frozen]
        if placed and home.get(a) != home.get(b):
            yield Violation("together", home[placed[0]], (a, b), "not in the same alliance")
    for a, b in county.rules.never_together.tolist():
        exempt = a in county.frozen or b in county.frozen
        if a in home and home[a] == home.get(b) and not exempt:
            yield Violation("apart", home[a], (a, b), "in the same alliance")


def _broken_by_number(county: County, leads: list[int]) -> Iterator[Violation]:
    """Tell of too few or too many alliances, overall and by zone, and of the budget."""
    rules, problem = county.rules, county.problem
    fewest, most = rules.n_alliances
    if not fewest <= len(leads) <= most:
        detail = f"{len(leads)} alliances, allowed {fewest:g} to {most:g}"
        yield Violation("n_alliances", None, tuple(leads), detail)
    for number, zone in enumerate(problem.zones):
        if zone.label not in rules.zone_alliances:
            continue
        fewest, most = rules.zone_alliances[zone.label]
        here = tuple(lead for lead in leads if county.zone[lead] == number)
        if not fewest <= len(here) <= most:
            detail = f"{len(here)} alliances in {zone.label!r}, allowed {fewest:g} to {most:g}"
            concerned = here or tuple(county.villages_of[number])
            yield Violation("zone_alliances", None, concerned, detail)
    if rules.budget_use is not None:
        used = math.fsum(float(rules.budget_use[lead]) for lead in leads)
        if not within(used, -math.inf, rules.budget):
            detail = f"{used:g} used, {rules.budget:g} allowed"
            yield Violation("budget", None, tuple(leads), detail)


def _changed_frozen(county: County, alliances: Mapping[int, Sequence[int]]) -> Iterator[Violation]:
    """Tell of frozen alliances that the plan does not hold exactly."""
    for villages in county.rules.frozen:
        lead = villages[0]
        changed = set(villages) ^ set(alliances.get(lead, ()))
        if changed:
            detail = f"frozen as {', '.join(map(str, villages))}"
            yield Violation("frozen", lead, tuple(sorted(changed)), detail)
