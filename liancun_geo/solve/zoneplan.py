"""What a method returns for one zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.master import Relaxation
from liancun_geo.solve.result import Method, Status

Choice = Literal["auto", "listing", "assignment", "search"]


@dataclass(frozen=True, eq=False)
class ZonePlan:
    """The best plan of one zone with its proof, in the zone's own numbers.

    Attributes
    ----------
    status
        ``"optimal"``, ``"feasible"``, ``"infeasible"`` or ``"unknown"``.
    lead_of
        (k,) lead of each village, -1 if left out; None without a plan.
    objective
        Its cost, ``inf`` without a plan.
    bound
        Lower bound on the cost of every plan; ``inf`` if there is none.
    candidates
        Feasible alliances listed.
    placeable
        (k,) whether any feasible alliance holds the village.
    complete
        Whether all candidates were listed; if not, there is neither plan nor bound.
    relaxation
        The last programme over the listed candidates, with the dual prices behind the bound.
    method
        How the plan was found.
    """

    status: Status
    lead_of: NDArray[np.intp] | None
    objective: float
    bound: float
    candidates: int
    placeable: NDArray[np.bool_]
    complete: bool = True
    relaxation: Relaxation | None = None
    method: Method = "listing"
