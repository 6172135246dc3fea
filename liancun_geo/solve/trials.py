"""Changes of a case that are worth trying as ways out of a conflict; none is tried here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from liancun_geo.arrays import FloatArray
from liancun_geo.solve.relaxation import RelaxationKind
from liancun_geo.solve.rule_items import ItemRule, RuleItem, ZoneCase, letting_lead, without
from liancun_geo.zone import Zone

WIDER_BY = 4
"""How far past the greatest size a remedy is looked for."""
LINKS_TRIED = 40
LEADS_TRIED = 40
STEPS = 64
"""Values between a bound on a sum and none that are tried, by halving."""

NEAREST: tuple[ItemRule, ...] = (
    "coverage",
    "min_size",
    "max_size",
    "max_hops",
    "max_distance",
    "fewest_alliances",
    "most_alliances",
    "fewest_overall",
    "most_overall",
    "budget",
    "max_weak",
    "resource_least",
    "resource_most",
)
"""Rules whose nearest value says more than giving them up."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A change of the case that is worth trying."""

    kind: RelaxationKind
    changes: Mapping[str, Any]
    item: RuleItem | None = None
    villages: tuple[int, ...] = ()
    value: float | None = None


class Trials:
    """The changes that speak to one conflict.

    Parameters
    ----------
    case
        The zone cut out, or the whole.
    items
        The rules in conflict, numbers of the case.
    core
        Villages that cannot all be placed, numbers of the case.
    """

    def __init__(self, case: ZoneCase, items: Sequence[RuleItem], core: Sequence[int]) -> None:
        self.case, self.core = case, list(core)
        self.items: dict[ItemRule, list[RuleItem]] = {}
        for item in items:
            self.items.setdefault(item.rule, []).append(item)

    def sizes(self, rule: Literal["min_size", "max_size"]) -> Iterator[Trial]:
        """Lower the least size, or raise the greatest, step by step."""
        problem = self.case.problem
        for item in self.items.get(rule, ()):
            if rule == "min_size":
                for size in range(problem.min_size - 1, 0, -1):
                    yield Trial(rule, {"min_size": size}, item, value=size)
                continue
            widest = min(problem.n, problem.max_size + WIDER_BY)
            for size in range(problem.max_size + 1, widest + 1):
                longer = np.append(problem.size_cost, np.zeros(size - problem.max_size))
                yield Trial(rule, {"max_size": size, "size_cost": longer}, item, value=size)

    def hops(self) -> Iterator[Trial]:
        """Allow more contiguity steps."""
        most = max((zone.n for zone in self.case.problem.zones), default=0)
        for item in self.items.get("max_hops", ()):
            assert item.value is not None
            for hops in range(int(item.value) + 1, max(most, int(item.value) + 2)):
                yield Trial("max_hops", {"max_hops": hops}, item, value=hops)

    def weak(self) -> Iterator[Trial]:
        """Allow one lead more weak members."""
        for item in self.items.get("max_weak", ()):
            assert item.value is not None
            for most in range(
                int(item.value) + 1, max(len(item.villages), int(item.value) + 1) + 1
            ):
                yield Trial("max_weak", {"max_weak": most}, item, value=most)

    def counts(self, rule: Literal["fewest_alliances", "most_alliances"]) -> Iterator[Trial]:
        """Ask a zone for fewer alliances, or allow it more."""
        rules, n = self.case.problem.rules, self.case.problem.n
        for item in self.items.get(rule, ()):
            label = item.zone
            fewest, most = rules.zone_alliances[label]
            values = (
                range(int(fewest) - 1, -1, -1)
                if rule == "fewest_alliances"
                else range(int(most) + 1, n + 1)
            )
            for value in values:
                bounds = (value, most) if rule == "fewest_alliances" else (fewest, value)
                told = value - self.case.led_elsewhere
                of_zones = {**rules.zone_alliances, label: bounds}
                yield Trial(rule, {"zone_alliances": of_zones}, item, value=told)

    def drops(self) -> Iterator[Trial]:
        """Give up one rule altogether, where no nearest value says more."""
        for rule, items in self.items.items():
            for item in () if rule in NEAREST else items:
                yield Trial("drop", without(self.case.problem, [item]), item)

    def leads(self) -> Iterator[Trial]:
        """Let one barred village lead."""
        problem = self.case.problem
        for item in self.items.get("can_lead", ()):
            for village in item.villages[:LEADS_TRIED]:
                changes = letting_lead(problem, np.array([village]))
                yield Trial("let_lead", changes, item, (village,))

    def distances(self) -> list[list[Trial]]:
        """Return greater distances, the gentlest first."""
        found = []
        for item in self.items.get("max_distance", ()):
            problem = self.case.problem
            given = problem.distance_block(np.arange(problem.n))
            assert given is not None
            assert item.value is not None
            farther = np.unique(rounded_up(given[np.isfinite(given) & (given > item.value)]))
            found.append(
                [
                    Trial("max_distance", {"max_distance": value}, item, value=value)
                    for value in farther.tolist()
                ]
            )
        return found

    def sums(self, rule: Literal["resource_least", "resource_most"]) -> list[list[Trial]]:
        """Return wider bounds on a sum, the gentlest first, the last as good as none."""
        rules = self.case.problem.rules
        found = []
        for item in self.items.get(rule, ()):
            assert item.index is not None
            assert item.value is not None
            amount = rules.resource[:, item.index]
            if rule == "resource_least":
                end = min(0.0, float(amount[amount < 0].sum()))
                steps = -rounded_up(-np.linspace(item.value, end, STEPS + 1)[1:])
                values = np.unique(steps[steps < item.value])[::-1]
            else:
                end = max(float(amount[amount > 0].sum()), item.value)
                steps = rounded_up(np.linspace(item.value, end, STEPS + 1)[1:])
                values = np.unique(steps[steps > item.value])
            trials = []
            for value in values.tolist():
                bounds = rules.resource_bounds.copy()
                bounds[item.index, 0 if rule == "resource_least" else 1] = value
                changes = {"resource": rules.resource, "resource_bounds": bounds}
                trials.append(Trial(rule, changes, item, value=value))
            found.append(trials)
        return found

    def links(self) -> Iterator[Trial]:
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
            yield Trial("link", {"edges": edges}, None, ends)

    def left_out(self, villages: tuple[int, ...]) -> Trial:
        """Ask no longer that some villages are placed."""
        price = self.case.problem.unassigned_cost.copy()
        price[list(villages)] = 0.0
        [item] = self.items["coverage"]
        return Trial("leave_out", {"unassigned_cost": price}, item, villages)


def rounded_up(values: FloatArray, digits: int = 3) -> FloatArray:
    """Return numbers rounded up to some digits: a planner reads them, and they are enough."""
    size = np.where(values == 0, 1.0, np.abs(values))
    step = 10.0 ** (np.floor(np.log10(size)) - digits + 1)
    # What is round already stays what it is, in spite of its last binary digit.
    coarse = np.ceil(values / step - 1e-9) * step
    rounded: FloatArray = np.maximum(np.round(coarse, 9), values)
    return rounded


def _steps_between(zone: Zone) -> FloatArray:
    ones = np.ones(len(zone.edges))
    graph = sparse.coo_array((ones, (zone.edges[:, 0], zone.edges[:, 1])), shape=(zone.n, zone.n))
    steps: FloatArray = shortest_path(graph.tocsr(), directed=False, unweighted=True)
    return steps
