"""Whether each zone has a plan at all: the solver's own answer, with costs left aside.

A zone is feasible if the solver finds a plan for it, infeasible if it proves that there is none.
The first plan found ends the search. Two problems that differ in finite costs only give the same
answer, which is what :func:`digest` of a :func:`costless` zone is for; but the solver is asked with
the costs, since without any it has nothing to go by (measured: ten to twenty times as long).
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.diagnose import pieces
from liancun_geo.solve.methods import solve_zone
from liancun_geo.solve.stopping import Stop
from liancun_geo.zone import Zone

Answer = Literal["yes", "no", "open"]
_COSTS = ("pair_cost", "lead_cost", "unassigned_cost", "size_cost")
_WEIGHTS = ("target", "target_weight", "threshold", "shortfall_weight")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one zone.

    Attributes
    ----------
    label
        Of the zone.
    digest
        Of all that decides it: the same digest, the same answer.
    answer
        ``yes``, ``no``, or ``open``: time ran out before either was clear.
    """

    label: Hashable
    digest: str
    answer: Answer


def feasible_zones(
    problem: AllianceProblem,
    known: Mapping[str, Answer] | None = None,
    *,
    seconds: float = 10.0,
    tell: Callable[[Verdict], None] | None = None,
) -> tuple[Verdict, ...]:
    """Say for each zone whether it has a plan under its own rules.

    Rules over all zones (a number of alliances in the county, a budget) are not asked.

    Parameters
    ----------
    problem
        What may be chosen.
    known
        Answers of earlier questions, by digest.
    seconds
        For all zones together; each may take its share of what is left.
    tell
        Called with each verdict as it is found.
    """
    found = []
    zones = problem.zones
    until = time.perf_counter() + seconds
    for place, zone in enumerate(zones):
        key = digest(costless(zone))
        answer = (known or {}).get(key, "open")
        if answer == "open":
            left = until - time.perf_counter()
            answer = _answer(zone, left / (len(zones) - place))
        verdict = Verdict(zone.label, key, answer)
        found.append(verdict)
        if tell is not None:
            tell(verdict)
    return tuple(found)


def beyond(problem: AllianceProblem) -> tuple[int, ...]:
    """Return the villages that no alliance can hold, whatever is chosen; positions, ascending.

    Fewer villages hang together there than the smallest alliance needs, or none of them may lead
    it. A plan that covers all does not cover these, so a zone of nothing else counts as feasible.
    Told without any search: others may be kept out by several rules together.
    """
    found: list[int] = []
    for zone in problem.zones:
        piece, size = pieces(zone)
        led = np.isfinite(zone.pair_cost) & np.isfinite(zone.lead_cost)[:, None]
        reached = (led & (piece[:, None] == piece[None, :])).any(axis=0)
        held = (size[piece] >= zone.min_size) & reached
        found += zone.villages[~held].tolist()
    return tuple(sorted(found))


def costless(zone: Zone) -> Zone:
    """Return a zone in which everything that is allowed costs nothing."""
    without: dict[str, Any] = {
        name: np.where(np.isfinite(getattr(zone, name)), 0.0, np.inf) for name in _COSTS
    }
    without |= {name: np.zeros_like(getattr(zone, name)) for name in _WEIGHTS}
    return replace(zone, **without, use=None)


def digest(zone: Zone) -> str:
    """Return a SHA-256 over everything of a zone but its label."""
    digested = hashlib.sha256()
    for field in fields(zone):
        if field.name == "label":
            continue
        value = getattr(zone, field.name)
        if isinstance(value, np.ndarray):
            digested.update(f"{field.name} {value.dtype} {value.shape}".encode())
            digested.update(np.ascontiguousarray(value).tobytes())
        else:
            digested.update(f"{field.name} {value!r}".encode())
    return digested.hexdigest()


def _answer(zone: Zone, seconds: float) -> Answer:
    if seconds <= 0.0:
        return "open"
    with Stop(seconds) as stop:

        def found(objective: float, _: float) -> None:
            if math.isfinite(objective):
                stop.flag[0] = 1

        plan = solve_zone(zone, "auto", seconds=seconds, stop=stop.flag, watch=found)
    if plan.lead_of is not None:
        return "yes"
    return "no" if plan.status == "infeasible" else "open"
