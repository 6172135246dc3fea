"""What the solver says: a plan, a bound, and a reason for everything that could not be placed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from liancun_geo.solve.master import Relaxation

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Method = Literal["listing", "assignment", "search"]

RuleName = Literal[
    "no_neighbour",
    "too_few_connected",
    "no_lead",
    "no_alliance",
    "min_size",
    "max_size",
    "can_lead",
    "forbidden_pairs",
    "n_alliances",
    "resource_bounds",
    "must_together",
    "never_together",
    "max_weak",
    "budget",
    "sizes",
    "undecided",
    "cheaper_left_out",
    "zone_infeasible",
    "time_limit",
    "too_many_candidates",
    "locked",
    "max_moves",
    "as_given",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a village is left out or a zone has no plan.

    Attributes
    ----------
    rule
        The rule that decides. For a village: ``no_neighbour`` (none inside its zone),
        ``too_few_connected`` (fewer connected villages than the smallest alliance), ``no_lead``
        (nobody it can be led by within reach), ``no_alliance`` (no alliance that meets all rules
        can hold it), ``cheaper_left_out``, ``zone_infeasible``, ``time_limit``, ``as_given`` (a
        plan made elsewhere leaves it out). For a zone: the
        one rule whose relaxation alone makes it feasible (``min_size``, ``max_size``,
        ``can_lead``, ``forbidden_pairs``, ``n_alliances``, ``resource_bounds``,
        ``must_together``, ``never_together``, ``max_weak``, ``budget``), else ``sizes`` (only
        several together) or ``undecided`` (time ran out before a rule was found), or
        ``time_limit``, ``too_many_candidates``; of a plan solved again ``locked`` and
        ``max_moves``.
    villages
        Positions of the villages concerned. For an infeasible zone: a smallest set whose
        leaving out makes the rest feasible.
    value
        For ``min_size`` and ``max_size`` the nearest value that is feasible; for
        ``too_few_connected`` the number of connected villages.
    """

    rule: RuleName
    villages: tuple[int, ...] = ()
    value: int | None = None

    def __str__(self) -> str:
        concerned = f" (villages {', '.join(map(str, self.villages))})" if self.villages else ""
        value = f" {self.value}" if self.value is not None else ""
        return f"{self.rule}{value}{concerned}"


@dataclass(frozen=True, slots=True)
class ZoneResult:
    """One zone: how its part of the plan was found and how good it is.

    ``objective`` is ``inf`` without a plan; ``bound`` is a lower bound on the cost of every plan
    of the zone, ``inf`` if there is none. ``candidates`` counts the feasible alliances that were
    listed. ``reason`` is set when the status is not ``"optimal"``. ``relaxation`` holds the dual
    prices behind the bound, for whoever wants to check it.

    Under a rule over all zones (a number of alliances, a budget) objective and bound are those
    of the zone's part in the best plan of all.
    """

    label: Hashable
    n: int
    status: Status
    objective: float
    bound: float
    candidates: int
    seconds: float
    reason: Reason | None = None
    method: Method = "listing"
    relaxation: Relaxation | None = field(default=None, repr=False)

    @property
    def gap(self) -> float:
        """``(objective - bound) / |objective|``; 0 when proven, ``inf`` without a plan."""
        return relative_gap(self.objective, self.bound)


@dataclass(frozen=True, eq=False)
class SolveResult:
    """A plan with its proof.

    Attributes
    ----------
    lead_of
        (n,) the lead of each village's alliance (a lead has itself), -1 if left out.
    objective
        Cost of the plan (minimised), over the zones that have one; ``inf`` if none has.
    bound
        Lower bound on the cost of every plan of the same zones.
    gap
        ``(objective - bound) / |objective|``.
    status
        ``"optimal"``: every zone proven. ``"feasible"``: every zone has a plan.
        ``"infeasible"``: some zone has none (the others are planned all the same).
        ``"unknown"``: time ran out before some zone had a plan or a proof that there is none.
    zones
        One record a zone.
    left_out
        Position of a village without alliance -> why.
    """

    lead_of: NDArray[np.intp]
    objective: float
    bound: float
    status: Status
    zones: tuple[ZoneResult, ...]
    left_out: Mapping[int, Reason] = field(default_factory=lambda: MappingProxyType({}))
    seed: int = 0
    seconds: float = 0.0

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds: a view that cannot be written to cannot be pickled."""
        return {**self.__dict__, "left_out": dict(self.left_out)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what a pickle holds."""
        self.__dict__.update(state | {"left_out": MappingProxyType(state["left_out"])})

    @property
    def gap(self) -> float:
        """``(objective - bound) / |objective|``."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """Return ``(objective - bound) / |objective|``, 0 if they agree, ``inf`` if undefined."""
    if objective == bound:
        return 0.0
    if not np.isfinite(objective) or objective == 0.0:
        return float("inf")
    return max(0.0, (objective - bound) / abs(objective))
