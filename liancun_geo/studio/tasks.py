"""What the children of the server are asked to do: plain functions, no page in sight."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liancun_geo.compare import Kept, best_keeping
from liancun_geo.contrasts import (
    Contrast,
    changed_villages,
    equity_first,
    fewest_changes,
    least_weak_members,
)
from liancun_geo.errors import DataError
from liancun_geo.indicators import weak_villages
from liancun_geo.messages import Language
from liancun_geo.output.why_card import write_why_cards
from liancun_geo.points import points_of_difference
from liancun_geo.relaxing import Explanation, explain_scenario
from liancun_geo.scenario import (
    County,
    Groundwork,
    Scenario,
    assemble,
    lay_groundwork,
    plan_alliances,
)
from liancun_geo.settings import Settings
from liancun_geo.solve import Progress, alternatives, solve
from liancun_geo.solve.feasible import Answer, Verdict, beyond, feasible_zones
from liancun_geo.solve.given import as_given
from liancun_geo.solve.warm import warm_up
from liancun_geo.studio.wire import JobProgress
from liancun_geo.why import Explainer

Tell = Callable[[JobProgress], None]

TOLD_EVERY_S = 0.1
SHAKES, SHAKES_OF_MANY = 100, 20
"""Other weights that the stability of a plan is measured under; so many of a large county."""
MANY = 600
"""Villages from which a county is large."""
SHAKEN_BY = 0.5
"""Share of itself by which a weight is changed at most."""
_EXPLAINED = 3


@dataclass(frozen=True)
class Feasibility:
    """What the townships say of some settings: a verdict a zone.

    Attributes
    ----------
    verdicts
        One a zone.
    beyond
        Villages that no alliance can hold whatever is chosen, by their place in the table.
    """

    verdicts: tuple[Verdict, ...]
    beyond: tuple[int, ...] = ()

    def count(self, answer: Answer) -> int:
        """Return how many zones have this answer."""
        return sum(verdict.answer == answer for verdict in self.verdicts)


@dataclass(frozen=True, eq=False)
class NearPlans:
    """Plans of one zone nearly as good as its best.

    Attributes
    ----------
    label
        Of the zone.
    count
        How many there are besides the best one; at least so many if not ``complete``.
    complete
        Whether these are all.
    points
        Points that each plan of ``lead_of`` loses, from 0 down.
    villages, lead_of
        Positions of the zone's villages, and (p, k) their leads in a few plans that differ most,
        the dearest last, without the best.
    """

    label: str
    count: int
    complete: bool
    points: tuple[float, ...]
    villages: NDArray[np.intp]
    lead_of: NDArray[np.intp]


def warm() -> None:
    """Have everything imported and compiled."""
    warm_up()


def shakes(villages: int) -> int:
    """Return how many other weights the plans of a county are tried under."""
    return SHAKES if villages < MANY else SHAKES_OF_MANY


def contrast(tell: Tell, county: County, settings: Settings, kind: Contrast) -> Scenario | None:
    """Make one of the contrasting plans.

    None for fewest changes without existing alliances, and for equity first without a weak village.

    Raises
    ------
    DataError, SettingsError
        As :func:`~liancun_geo.scenario.plan_alliances`.
    """
    # What is compiled for the first time on a machine must not eat the time of the townships.
    warm_up()
    workers = os.cpu_count() or 1
    if kind == "fewest":
        groundwork = lay_groundwork(county, settings)
        tell(JobProgress(0, len(groundwork.problem.zones)))
        limit = settings.solver.time_limit_s
        return fewest_changes(
            county.villages, settings, groundwork, time_limit=limit, workers=workers
        )
    if kind == "equity":
        if not any(weak_villages(county.villages.frame)):
            return None
        settings = equity_first(settings, _spread(county, settings))
    return plan_alliances(county, settings, workers=workers, progress=_telling(tell))


def _spread(county: County, settings: Settings) -> int | None:
    """Return the least cap on weak members that costs no zone its plan."""
    if settings.rules.max_weak_members is not None:
        return None
    problem = lay_groundwork(county, settings).problem
    possible = {v.label for v in feasible_zones(problem) if v.answer == "yes"}

    def as_many_plans(cap: int) -> bool:
        capped = settings.rules.model_copy(update={"max_weak_members": cap})
        under = lay_groundwork(county, settings.model_copy(update={"rules": capped})).problem
        answers = {verdict.label: verdict.answer for verdict in feasible_zones(under)}
        return all(answers[label] == "yes" for label in possible)

    try:
        return least_weak_members(settings.rules.max_size - 1, as_many_plans)
    except DataError:
        # Of some village it is not known whether it is weak: nobody is counted then.
        return None


def _telling(tell: Tell) -> Callable[[Progress], None]:
    last = [float("-inf")]

    def told(progress: Progress) -> None:
        now = time.monotonic()
        if now - last[0] >= TOLD_EVERY_S or progress.zones_done == progress.zones:
            last[0] = now
            tell(
                JobProgress(progress.zones_done, progress.zones, progress.objective, progress.bound)
            )

    return told


def feasibility(
    tell: Tell, county: County, settings: Settings, known: Mapping[str, Answer], seconds: float
) -> Feasibility:
    """Say of each zone whether it has a plan; each answer is told as soon as it is known.

    Raises
    ------
    DataError, SettingsError
        As :func:`~liancun_geo.scenario.lay_groundwork`.
    """
    problem = lay_groundwork(county, settings).problem
    found: list[Verdict] = []

    def note(verdict: Verdict) -> None:
        found.append(verdict)
        tell(JobProgress(len(found), len(problem.zones)))

    verdicts = feasible_zones(problem, known, seconds=seconds, tell=note)
    return Feasibility(verdicts, beyond(problem))


def best_of_rest(tell: Tell, first: Scenario, second: Scenario, seconds: float) -> Kept:
    """Find the best plan that keeps what the second plan has changed.

    Raises
    ------
    DataError, SettingsError
        As :func:`~liancun_geo.compare.best_keeping`.
    """
    return best_keeping(first, second, seconds=seconds, workers=os.cpu_count() or 1)


def why_cards(tell: Tell, scenario: Scenario, language: Language) -> bytes:
    """Write the why card of every village as one page to print."""
    explainer, count = Explainer(scenario), len(scenario.villages)
    cards = []
    for village in range(count):
        cards.append(explainer.card(village))
        if village % 20 == 0:
            tell(JobProgress(village, count))
    with tempfile.TemporaryDirectory(prefix="liancun-") as folder:
        path = Path(folder) / "cards.html"
        return write_why_cards(scenario, cards, path, language).read_bytes()


def explain(tell: Tell, scenario: Scenario, seconds: float) -> tuple[Explanation, ...]:
    """Explain why a few zones have no plan, the smallest first, with ways out that work."""
    lost = [zone for zone in scenario.result.zones if zone.status == "infeasible"]
    few = tuple(sorted(lost, key=lambda zone: zone.n)[:_EXPLAINED])
    result = replace(scenario.result, zones=few, left_out={})
    return explain_scenario(replace(scenario, result=result), time_limit_s=seconds)


def why_not(
    tell: Tell, county: County, settings: Settings, seconds: float
) -> tuple[Explanation, ...]:
    """As :func:`explain`, of settings that nothing was planned under yet."""
    quick = settings.solver.model_copy(update={"time_limit_s": seconds})
    return explain(
        tell, plan_alliances(county, settings.model_copy(update={"solver": quick})), seconds
    )


def near_plans(
    tell: Tell, scenario: Scenario, within: float, most: int, shown: int, seconds: float
) -> tuple[NearPlans, ...]:
    """List the plans of each zone that lose at most a share ``within`` of its cost."""
    zones = scenario.problem.zones
    found: list[NearPlans] = []
    begin = time.monotonic()
    for number in range(len(zones)):
        left = max(0.1, (seconds - (time.monotonic() - begin)) / (len(zones) - number))
        [one] = alternatives(
            scenario.problem, within, most, zones=[number], time_limit=left, diverse=shown + 1
        )
        rows = sorted((row for row in one.diverse if row > 0), key=lambda row: float(one.cost[row]))
        lost = tuple(points_of_difference(float(one.cost[row]) - one.objective) for row in rows)
        found.append(
            NearPlans(
                str(one.label),
                max(0, len(one) - 1),
                one.complete,
                lost,
                one.villages,
                one.lead_of[rows] if rows else np.zeros((0, len(one.villages)), dtype=np.intp),
            )
        )
        tell(JobProgress(number + 1, len(zones)))
    return tuple(found)


def near_scenario(scenario: Scenario, near: NearPlans, row: int) -> Scenario:
    """Return a plan with one zone planned another way; what was proven of the zone still is."""
    lead_of = np.array(scenario.plan.lead_of, dtype=np.intp)
    lead_of[near.villages] = near.lead_of[row]
    lead_of.flags.writeable = False
    given = as_given(scenario.problem, lead_of)
    before = scenario.result
    zones = tuple(
        replace(
            own,
            status="optimal" if own.objective <= old.bound else own.status,
            bound=min(old.bound, own.objective),
            candidates=old.candidates,
            method=old.method,
        )
        if str(old.label) == near.label
        else old
        for own, old in zip(given.zones, before.zones, strict=True)
    )
    result = replace(given, zones=zones, bound=before.bound, seed=before.seed)
    ground = Groundwork(scenario.contiguity, scenario.leads, scenario.pairs, scenario.problem)
    other = assemble(scenario.villages, scenario.settings, ground, result)
    return replace(other, warnings=scenario.warnings)


def stability(
    tell: Tell, county: County, settings: Settings, plans: Sequence[NDArray[np.intp]], count: int
) -> tuple[float, ...]:
    """Return how far each plan stays the best way under other weights.

    ``count`` times all weights of leads and pairs are changed by up to half of themselves (drawn
    from the settings' seed), and the county is planned anew. The share of the placed villages
    of a plan that the new plan puts where this one does, averaged.
    """
    rng = np.random.default_rng(settings.solver.seed)
    kept = np.zeros(len(plans))
    for number in range(count):
        other = lay_groundwork(county, shaken(settings, rng)).problem
        limit = settings.solver.time_limit_s
        best = solve(other, time_limit=limit, workers=os.cpu_count() or 1).lead_of
        for place, plan in enumerate(plans):
            placed = np.asarray(plan) >= 0
            same = ~changed_villages(plan, best) & placed
            kept[place] += same.sum() / max(1, placed.sum()) / count
        tell(JobProgress(number + 1, count))
    return tuple(kept.tolist())


def shaken(settings: Settings, rng: np.random.Generator) -> Settings:
    """Return settings with every weight of leads and pairs changed a little."""
    criteria = settings.criteria
    changed = {}
    for name in ("lead_weights", "pair_weights"):
        weights = getattr(criteria, name)
        values = {
            part: value * float(rng.uniform(1.0 - SHAKEN_BY, 1.0 + SHAKEN_BY))
            for part, value in weights.model_dump().items()
        }
        changed[name] = weights.model_copy(update=values)
    return settings.model_copy(update={"criteria": criteria.model_copy(update=changed)})
