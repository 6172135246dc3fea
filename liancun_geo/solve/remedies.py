"""Ways out of a conflict: each is tried on the zone before it is named, and has its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, shortest_path

from liancun_geo.arrays import BoolArray, FloatArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.reach import finite_sizes
from liancun_geo.solve.rule_items import (
    ItemRule,
    RuleItem,
    ZoneCase,
    letting_lead,
    lifted,
    without,
)
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

RelaxationKind = Literal[
    "link",
    "min_size",
    "max_size",
    "let_lead",
    "max_hops",
    "max_distance",
    "fewest_alliances",
    "most_alliances",
    "leave_out",
    "drop",
]

WIDER_BY = 4
"""How far past the greatest size a remedy is looked for."""
FEW = 3
"""Remedies of one kind that are named."""
LINKS_TRIED = 40
TRIAL_SECONDS = 2.0
LISTED = 2_000_000
"""Candidates listed for one trial; a zone that has more is solved without a list."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """One way out.

    Attributes
    ----------
    kind
        ``link``: one more contiguity. ``min_size``, ``max_size``, ``max_hops``,
        ``max_distance``, ``fewest_alliances``, ``most_alliances``: the nearest value that is
        enough. ``let_lead``: one barred village leads. ``leave_out``: villages that need not be
        placed. ``drop``: one rule of the conflict is given up.
    item
        The rule that is relaxed, positions of the whole problem; None for a link.
    villages
        Positions: the two ends of a link, the village that leads, those left out.
    value
        The new value of a size, distance, number of steps or alliances.
    objective
        Cost of the zone's best plan then, frozen alliances not counted.
    proven
        Whether that plan is proven best; if not, a cheaper one may exist.
    changes
        Arguments for :meth:`~liancun_geo.problem.AllianceProblem.changed` that apply it.
    """

    kind: RelaxationKind
    item: RuleItem | None
    villages: tuple[int, ...]
    value: float | None
    objective: float
    proven: bool
    changes: Mapping[str, Any]


def ranked(relaxations: Sequence[Relaxation]) -> list[Relaxation]:
    """Return the gentlest first: fewest steps away from the rules, then the cheapest plan."""
    return sorted(
        relaxations, key=lambda r: (_steps(r), r.objective, r.kind, r.villages, r.value or 0)
    )


def _steps(relaxation: Relaxation) -> float:
    """Return how far a relaxation goes: what touches two villages counts less than a rule."""
    item = relaxation.item
    if relaxation.kind in ("link", "let_lead"):
        return 1
    if relaxation.kind == "leave_out":
        return 2.0 * len(relaxation.villages)
    if relaxation.kind == "drop":
        assert item is not None
        agreed = ("must_lead", "fixed_lead", "never_together", "must_together")
        return 1 if item.rule in agreed else 4
    if relaxation.kind == "max_distance":
        return 2
    assert item is not None
    assert item.value is not None
    assert relaxation.value is not None
    return abs(relaxation.value - item.value)


def is_listed(zone: Zone) -> bool:
    """Say whether the alliances of a zone are few enough to be listed at once."""
    return zone.max_size <= LISTED_SIZE or zone.n <= LISTED_ZONE


@dataclass(frozen=True, eq=False)
class _Trial:
    """A change of the case that is worth trying."""

    kind: RelaxationKind
    changes: Mapping[str, Any]
    item: RuleItem | None = None
    villages: tuple[int, ...] = ()
    value: float | None = None


class Remedies:
    """Tries ways out of one conflict.

    Parameters
    ----------
    problem, case
        The whole, and the zone cut out of it.
    items
        The rules in conflict, numbers of the case.
    core
        Villages that cannot all be placed, numbers of the case.
    stop
        When to stop trying.
    """

    def __init__(
        self,
        problem: AllianceProblem,
        case: ZoneCase,
        items: Sequence[RuleItem],
        core: Sequence[int],
        stop: Stop,
    ) -> None:
        self.problem, self.case, self.stop = problem, case, stop
        self.items: dict[ItemRule, list[RuleItem]] = {}
        for item in items:
            self.items.setdefault(item.rule, []).append(item)
        self.core = list(core)
        self.village: int | None = None

    def of_zone(self) -> list[Relaxation]:
        """Return what gives the zone a plan."""
        found = self._changing_rules()
        if "coverage" in self.items:
            # The fewest are looked for first: where one village is not enough, none is tried.
            fewest = self._fewest_left_out()
            if not fewest or len(fewest[0].villages) == 1:
                singles = map(self._leaving_out, self._may_be_left_out())
                found += _cheapest(self._tried(singles, len(self.core)), FEW)
            else:
                found += fewest
        return found + self._joining()

    def of_village(self) -> list[Relaxation]:
        """Return what lets village 0 of the case into an alliance of a plan."""
        self.village = 0
        return self._changing_rules() + self._joining()

    def _changing_rules(self) -> list[Relaxation]:
        found: list[Relaxation] = []
        for trials, most in (
            (self._sizes("min_size"), 1),
            (self._sizes("max_size"), 1),
            (self._hops(), 1),
            (self._counts("fewest_alliances"), 1),
            (self._counts("most_alliances"), 1),
            (self._drops(), len(self.items) + 100),
            (self._leads(), FEW),
            (self._distances(), 1),
        ):
            found += self._tried(trials, most)
        return found

    def _joining(self) -> list[Relaxation]:
        """Return links that help; most do not, so they are tried last."""
        return self._tried(self._links(), FEW)

    def _tried(self, trials: Iterator[_Trial], most: int) -> list[Relaxation]:
        """Return the first trials that help."""
        found: list[Relaxation] = []
        for trial in trials:
            if self.stop.left <= 0.0 or len(found) >= most:
                break
            plan = self._plan(trial)
            if plan is not None and plan.lead_of is not None:
                found.append(self._relaxation(trial, plan))
        return found

    def _plan(self, trial: _Trial) -> ZonePlan | None:
        """Return the zone's best plan after a change, None if it does not help."""
        [zone] = self.case.problem.changed(**trial.changes).zones
        zone = replace(zone, use=None)
        seconds = min(TRIAL_SECONDS, self.stop.left)
        plan = None
        if is_listed(zone):
            pool = list_candidates(zone, budget=LISTED, stop=self.stop.flag)
            if pool.complete and not numbers_fit(
                zone, pool.covered() & np.isinf(zone.unassigned_cost)
            ):
                return None
            if pool.complete:
                plan = best_plan(pool, zone, seconds=seconds, stop=self.stop.flag)
        if plan is None:
            plan = solve_zone(zone, "assignment", seconds=seconds, stop=self.stop.flag)
        if self.village is not None and not plan.placeable[self.village]:
            return None
        return plan

    def _relaxation(self, trial: _Trial, plan: ZonePlan) -> Relaxation:
        of = self.case.villages
        return Relaxation(
            kind=trial.kind,
            item=None if trial.item is None else self.case.told(trial.item),
            villages=tuple(sorted(int(of[v]) for v in trial.villages)),
            value=trial.value,
            objective=plan.objective,
            proven=plan.status == "optimal",
            changes=lifted(self.problem, self.case, trial.changes),
        )

    def _sizes(self, rule: Literal["min_size", "max_size"]) -> Iterator[_Trial]:
        problem = self.case.problem
        for item in self.items.get(rule, ()):
            if rule == "min_size":
                for size in range(problem.min_size - 1, 0, -1):
                    yield _Trial(rule, {"min_size": size}, item, value=size)
                continue
            widest = min(problem.n, problem.max_size + WIDER_BY)
            for size in range(problem.max_size + 1, widest + 1):
                longer = np.append(problem.size_cost, np.zeros(size - problem.max_size))
                yield _Trial(rule, {"max_size": size, "size_cost": longer}, item, value=size)

    def _hops(self) -> Iterator[_Trial]:
        for item in self.items.get("max_hops", ()):
            assert item.value is not None
            for hops in range(int(item.value) + 1, self.case.problem.n):
                yield _Trial("max_hops", {"max_hops": hops}, item, value=hops)

    def _counts(self, rule: Literal["fewest_alliances", "most_alliances"]) -> Iterator[_Trial]:
        problem, label = self.case.problem, self.case.label
        fewest, most = problem.rules.zone_alliances[label]
        for item in self.items.get(rule, ()):
            values = (
                range(int(fewest) - 1, -1, -1)
                if rule == "fewest_alliances"
                else range(int(most) + 1, problem.n + 1)
            )
            for value in values:
                bounds = (value, most) if rule == "fewest_alliances" else (fewest, value)
                told = value - self.case.led_elsewhere
                yield _Trial(rule, {"zone_alliances": {label: bounds}}, item, value=told)

    def _drops(self) -> Iterator[_Trial]:
        """Give up one rule altogether, where no nearest value says more."""
        for rule, items in self.items.items():
            if rule in ("coverage", "min_size", "max_size", "max_hops", "max_distance"):
                continue
            if rule in ("fewest_alliances", "most_alliances"):
                continue
            for item in items:
                yield _Trial("drop", without(self.case.problem, [item]), item)

    def _leads(self) -> Iterator[_Trial]:
        problem = self.case.problem
        for item in self.items.get("can_lead", ()):
            for village in item.villages:
                changes = letting_lead(problem, np.array([village]))
                yield _Trial("let_lead", changes, item, (village,))

    def _distances(self) -> Iterator[_Trial]:
        """Try greater distances, the nearest that is enough found by halving."""
        for item in self.items.get("max_distance", ()):
            problem = self.case.problem
            given = problem.distance_block(np.arange(problem.n))
            assert given is not None
            assert item.value is not None
            farther = np.unique(given[np.isfinite(given) & (given > item.value)])
            low, high = 0, len(farther)
            while low < high and self.stop.left > 0.0:
                middle = (low + high) // 2
                trial = _Trial("max_distance", {"max_distance": float(farther[middle])})
                plan = self._plan(trial)
                if plan is not None and plan.lead_of is not None:
                    high = middle
                else:
                    low = middle + 1
            for value in farther[low : low + 1].tolist():
                yield _Trial("max_distance", {"max_distance": value}, item, value=value)

    def _links(self) -> Iterator[_Trial]:
        """Join two villages that do not touch: neighbours of a neighbour, or different pieces."""
        problem = self.case.problem
        [zone] = problem.zones
        free = zone.villages
        steps = _steps_between(zone)
        concerned = np.isin(free, self.core)
        rank: list[tuple[float, int, float, int, int]] = []
        distance = problem.distance_block(np.arange(problem.n))
        if distance is None:
            # Without distances, villages that fit well stand for villages that are near.
            cost = problem.cost_block(np.arange(problem.n))
            distance = np.minimum(cost, cost.T)
        for a in range(zone.n):
            for b in range(a + 1, zone.n):
                if steps[a, b] <= 1 or not (concerned[a] or concerned[b]):
                    continue
                apart = float(distance[free[a], free[b]])
                # Between pieces the map is silent: as near as villages two steps away.
                near = 2.0 if np.isinf(steps[a, b]) else float(steps[a, b])
                rank.append((near, -int(concerned[a] and concerned[b]), apart, a, b))
        for *_, a, b in sorted(rank)[:LINKS_TRIED]:
            ends = (int(free[a]), int(free[b]))
            edges = np.concatenate([problem.edges, np.array([ends], dtype=np.intp)])
            yield _Trial("link", {"edges": edges}, None, ends)

    def _may_be_left_out(self) -> list[tuple[int, ...]]:
        bound = self.case.problem.rules.must_lead
        return [(village,) for village in self.core if village not in bound]

    def _leaving_out(self, villages: tuple[int, ...]) -> _Trial:
        price = self.case.problem.unassigned_cost.copy()
        price[list(villages)] = 0.0
        [item] = self.items["coverage"]
        return _Trial("leave_out", {"unassigned_cost": price}, item, villages)

    def _fewest_left_out(self) -> list[Relaxation]:
        """Return a smallest set of villages that helps, where no single one does."""
        [zone] = self.case.problem.zones
        if not is_listed(zone) or self.stop.left <= 0.0:
            return []
        pool = list_candidates(zone, stop=self.stop.flag)
        bound = np.isin(zone.villages, self.case.problem.rules.must_lead)
        counted = np.where(np.isfinite(zone.unassigned_cost), 0.0, 1.0)
        easy = replace(zone, use=None, unassigned_cost=np.where(bound, np.inf, counted))
        free = replace(pool, cost=np.zeros(len(pool)), use=np.zeros(len(pool)))
        seconds = min(2.0 * TRIAL_SECONDS, self.stop.left)
        plan = best_plan(free, easy, seconds=seconds, stop=self.stop.flag)
        if plan.lead_of is None:
            return []
        out = (plan.lead_of < 0) & plan.placeable & np.isinf(zone.unassigned_cost)
        villages = tuple(zone.villages[out].tolist())
        return self._tried(iter([self._leaving_out(villages)]), 1) if villages else []


def _cheapest(found: list[Relaxation], few: int) -> list[Relaxation]:
    return sorted(found, key=lambda relaxation: relaxation.objective)[:few]


def numbers_fit(zone: Zone, must: BoolArray) -> bool:
    """Say whether the numbers of villages alone allow a plan: a necessary test.

    A connected piece all of whose villages are to be placed must be a sum of allowed sizes, and
    the pieces need no more alliances than there may be, nor allow fewer.

    Parameters
    ----------
    zone
        The zone.
    must
        (k,) villages to be placed.
    """
    graph = sparse.coo_array(
        (np.ones(len(zone.edges)), (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n)
    )
    _, piece = connected_components(graph, directed=False)
    size = np.bincount(piece, minlength=1)
    asked = np.bincount(piece, weights=must, minlength=1)
    sizes = finite_sizes(zone)
    sums = {0}
    for total in range(1, int(size.max()) + 1):
        if any(total - int(each) in sums for each in sizes):
            sums.add(total)
    whole = size[asked == size]
    if zone.n and any(int(each) not in sums for each in whole):
        return False
    fewest = np.ceil(asked / zone.max_size).sum()
    most = (size // zone.min_size).sum()
    return bool(fewest <= zone.n_alliances[1] and most >= zone.n_alliances[0])


def _steps_between(zone: Zone) -> FloatArray:
    ones = np.ones(len(zone.edges))
    graph = sparse.coo_array((ones, (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n))
    steps: FloatArray = shortest_path(graph.tocsr(), directed=False, unweighted=True)
    return steps
