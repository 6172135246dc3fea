"""Where a draft stands: is it valid, how good is it, what changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from liancun_geo.check import Violation
from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.state import State
from liancun_geo.errors import Fault, warning
from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import PER_VILLAGE
from liancun_geo.reasons import violation_fault
from liancun_geo.villages import VillageTable

ProofStatus = Literal["optimal", "feasible", "unknown", "broken"]

_PROVEN = 1e-6
"""Points: what is left of a bound after rounding."""


@dataclass(frozen=True, eq=False)
class Standing:
    """What the strip over the map says.

    Attributes
    ----------
    violations
        Every rule the plan breaks, ties of the draft included, by the independent checker.
    faults
        The same in the planner's words.
    total
        Points; None while the plan uses a pair or lead that is forbidden.
    change
        Points more than the proposal has.
    gap
        At most so much dearer than the best plan, as a share of its cost; 0 when proven best.
    most
        At most so many more points has any plan under the proposal's rules: proven bounds of the
        proposal hold for every plan. None while unknown, or with broken rules, since then the
        plan is none that they hold for.
    proof
        ``"optimal"``: proven best. ``"feasible"``: ``most`` says how far. ``"unknown"``: no
        bound. ``"broken"``: rules are broken.
    placed, count, n_alliances, n_locked
        Villages in alliances, villages in all, alliances, locked villages.
    changed
        Villages that are in another alliance than in the proposal, lead or no longer lead;
        alliances are matched by :func:`matched_alliances`, so that a new lead alone moves nobody.
    broken
        Villages that violations name, with the leads of their alliances.
    lock_faults
        Broken rules that stay broken while the locks hold, in words.
    """

    violations: tuple[Violation, ...]
    faults: tuple[Fault, ...]
    total: float | None
    change: float | None
    gap: float | None
    most: float | None
    proof: ProofStatus
    placed: int
    count: int
    n_alliances: int
    n_locked: int
    changed: tuple[int, ...]
    broken: tuple[int, ...]
    lock_faults: tuple[Fault, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations


def standing_of(base: Base, state: State, judged: Judged) -> Standing:
    """Return where a state stands."""
    violations, villages = judged.violations, base.scenario.villages
    total, before = _finite(judged.total), _finite(base.judged.total)
    gap, most, proof = _proof(base, judged)
    concerned = {v for one in violations for v in one.villages}
    concerned |= {one.lead for one in violations if one.lead is not None}
    return Standing(
        violations=violations,
        faults=tuple(violation_fault(one, villages) for one in violations),
        total=total,
        change=None if total is None or before is None else total - before,
        gap=gap,
        most=most,
        proof=proof,
        placed=len(state.lead_of) - len(judged.left_out),
        count=len(state.lead_of),
        n_alliances=len(judged.alliances),
        n_locked=len(state.locked),
        changed=changed_villages(base.start.lead_of, state.lead_of),
        broken=tuple(sorted(concerned)),
        lock_faults=_lock_faults(state, violations, villages),
    )


def _proof(base: Base, judged: Judged) -> tuple[float | None, float | None, ProofStatus]:
    if judged.violations:
        return None, None, "broken"
    ceiling = base.ceiling
    if ceiling is None or not math.isfinite(judged.total):
        return None, None, "unknown"
    most = ceiling - judged.total
    if most < -_PROVEN:
        # A valid plan beyond the bound: the bound was of other rules or costs, and says nothing.
        return None, None, "unknown"
    if most <= _PROVEN:
        return 0.0, 0.0, "optimal"
    # The cost of a plan that has so many points: villages that count are the same in each.
    result = base.scenario.result
    cost = result.objective + (base.judged.total - judged.total) / PER_VILLAGE
    gap = most / PER_VILLAGE / abs(cost) if cost else None
    return gap, most, "feasible"


def matched_alliances(
    before: NDArray[np.intp], after: NDArray[np.intp]
) -> tuple[dict[int, int], list[int], list[int]]:
    """Match the alliances of two plans: by lead, else by the most shared villages.

    Parameters
    ----------
    before, after
        (n,) lead of each village, a lead its own, -1 if left out.

    Returns
    -------
    tuple
        Lead before -> lead after; leads before whose alliance is gone; leads after whose alliance
        is new.
    """
    old, new = _leads(before), _leads(after)
    match = {lead: lead for lead in sorted(old & new)}
    rest_old, rest_new = old - match.keys(), new - match.keys()
    shared: dict[tuple[int, int], int] = {}
    for a, b in zip(before.tolist(), after.tolist(), strict=True):
        if a in rest_old and b in rest_new:
            shared[a, b] = shared.get((a, b), 0) + 1
    for _, a, b in sorted((-count, a, b) for (a, b), count in shared.items()):
        if a in rest_old and b in rest_new:
            match[a] = b
            rest_old.discard(a)
            rest_new.discard(b)
    return dict(sorted(match.items())), sorted(rest_old), sorted(rest_new)


def changed_villages(before: NDArray[np.intp], after: NDArray[np.intp]) -> tuple[int, ...]:
    """Return the villages that are in another alliance, or lead or follow otherwise."""
    moved: list[int] = np.flatnonzero(before != after).tolist()
    if not moved:
        return ()
    match, _, _ = matched_alliances(before, after)
    match[UNASSIGNED] = UNASSIGNED
    return tuple(
        v
        for v in moved
        if match.get(int(before[v])) != int(after[v]) or (before[v] == v) != (after[v] == v)
    )


def _lock_faults(
    state: State, violations: Iterable[Violation], villages: VillageTable
) -> tuple[Fault, ...]:
    """Tell of broken rules that no move can mend while the locks hold."""
    if not state.locked:
        return ()
    found = []
    for one in violations:
        held = set(one.villages) <= state.locked
        whole = one.lead is not None and set(state.villages_of(one.lead)) <= state.locked
        if one.villages and (whole or (held and one.rule not in ("size", "n_alliances"))):
            found.append(warning("editing.lock_breaks", rule=violation_fault(one, villages)))
    return tuple(found)


def _leads(lead_of: NDArray[np.intp]) -> set[int]:
    return set(np.unique(lead_of[lead_of != UNASSIGNED]).tolist())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
