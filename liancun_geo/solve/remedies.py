"""Ways out of a conflict: each is tried on the zone before it is named, and has its price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from liancun_geo.arrays import BoolArray
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.lifting import lifted
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.methods import LISTED_SIZE, LISTED_ZONE, solve_zone
from liancun_geo.solve.partition import best_plan
from liancun_geo.solve.reach import finite_sizes
from liancun_geo.solve.relaxation import Relaxation, RelaxationKind, ranked
from liancun_geo.solve.rule_items import RuleItem, ZoneCase
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.trials import Trial, Trials
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

FEW = 3
"""Remedies of one kind that are named."""
TRIAL_SECONDS = 2.0
LISTED = 2_000_000
"""Candidates listed for one trial; a zone that has more is solved without a list."""


def is_listed(zone: Zone) -> bool:
    """Say whether the alliances of a zone are few enough to be listed at once."""
    return zone.max_size <= LISTED_SIZE or zone.n <= LISTED_ZONE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial gave: cost of the best plan, and whether that is proven."""

    objective: float
    proven: bool


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
        self.trials = Trials(case, items, core)
        self.items, self.core = self.trials.items, self.trials.core
        self.village: int | None = None

    def of_zone(self) -> list[Relaxation]:
        """Return what gives the zone a plan."""
        found = self.changing_rules()
        if "coverage" in self.items:
            # The fewest are looked for first: where one village is not enough, none is tried.
            fewest = self._fewest_left_out()
            if not fewest or len(fewest[0].villages) == 1:
                singles = map(self.trials.left_out, self._may_be_left_out())
                found += _cheapest(self.tried(singles, len(self.core)), FEW)
            else:
                found += fewest
        return found + self._joining()

    def of_village(self) -> list[Relaxation]:
        """Return what lets village 0 of the case into an alliance of a plan."""
        self.village = 0
        return self.changing_rules() + self._joining()

    def changing_rules(self) -> list[Relaxation]:
        """Return what changes or gives up one rule."""
        found: list[Relaxation] = []
        trials = self.trials
        for some, most in (
            (trials.sizes("min_size"), 1),
            (trials.sizes("max_size"), 1),
            (trials.hops(), 1),
            (trials.weak(), 1),
            (trials.counts("fewest_alliances"), 1),
            (trials.counts("most_alliances"), 1),
            (trials.drops(), len(self.items) + 100),
            (trials.leads(), FEW),
        ):
            found += self.tried(some, most)
        for wider in (
            *trials.distances(),
            *trials.sums("resource_least"),
            *trials.sums("resource_most"),
        ):
            found += self._nearest(wider)
        return found

    def _joining(self) -> list[Relaxation]:
        """Return links that help; most do not, so they are tried last."""
        return self.tried(self.trials.links(), FEW)

    def tried(self, trials: Iterator[Trial], most: int) -> list[Relaxation]:
        """Return the first trials that help."""
        found: list[Relaxation] = []
        for trial in trials:
            if self.stop.left <= 0.0 or len(found) >= most:
                break
            outcome = self.outcome(trial)
            if outcome is not None:
                found.append(self._relaxation(trial, outcome))
        return found

    def _nearest(self, trials: Sequence[Trial]) -> list[Relaxation]:
        """Return the gentlest trial that helps, found by halving: what goes farther helps too."""
        low, high = 0, len(trials)
        best: list[Relaxation] = []
        while low < high and self.stop.left > 0.0:
            # The end first: if giving the rule up does not help, nothing before it does.
            middle = (low + high) // 2 if best or high < len(trials) else len(trials) - 1
            outcome = self.outcome(trials[middle])
            if outcome is None:
                low = middle + 1
            else:
                best, high = [self._relaxation(trials[middle], outcome)], middle
        return best

    def outcome(self, trial: Trial) -> Outcome | None:
        """Return what the zone's best plan costs after a change, None if it does not help."""
        plan = self._plan(trial)
        if plan is None or plan.lead_of is None:
            return None
        return Outcome(plan.objective, plan.status == "optimal")

    def _plan(self, trial: Trial) -> ZonePlan | None:
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
            if pool.complete and self.village is not None and not pool.holds(self.village).any():
                return None
            if pool.complete:
                plan = best_plan(pool, zone, seconds=seconds, stop=self.stop.flag)
        if plan is None:
            plan = solve_zone(zone, "assignment", seconds=seconds, stop=self.stop.flag)
        if self.village is not None and not plan.placeable[self.village]:
            return None
        return plan

    def _relaxation(self, trial: Trial, outcome: Outcome) -> Relaxation:
        of = self.case.villages
        whole = self.case.whole
        return Relaxation(
            kind=trial.kind,
            item=None if trial.item is None else self.case.told(trial.item),
            villages=tuple(sorted(int(of[v]) for v in trial.villages)),
            value=trial.value,
            objective=outcome.objective,
            proven=outcome.proven,
            changes=trial.changes if whole else lifted(self.problem, self.case, trial.changes),
        )

    def _may_be_left_out(self) -> list[tuple[int, ...]]:
        bound = self.case.problem.rules.must_lead
        return [(village,) for village in self.core if village not in bound]

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
        return self.tried(iter([self.trials.left_out(villages)]), 1) if villages else []


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


__all__ = [
    "FEW",
    "Outcome",
    "Relaxation",
    "RelaxationKind",
    "Remedies",
    "is_listed",
    "numbers_fit",
    "ranked",
]
