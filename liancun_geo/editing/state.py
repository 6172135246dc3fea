"""A plan under the planner's hands at one moment, by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from liancun_geo.plan import UNASSIGNED

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class State:
    """Who leads whom, and what the planner holds fast.

    Attributes
    ----------
    lead_of
        (n,) lead of each village, a lead its own, -1 if left out; read-only.
    locked
        Villages that keep their lead.
    together, apart
        Pairs ``(a, b)``, ``a < b``, ascending: to share an alliance, never to share one.
    left_out
        Village left out by hand -> the planner's reason, which may be empty.
    """

    lead_of: NDArray[np.intp]
    locked: frozenset[int] = frozenset()
    together: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    left_out: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ties(self) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        """What changes the problem: pairs together, pairs apart."""
        return (self.together, self.apart)

    def villages_of(self, lead: int) -> tuple[int, ...]:
        """Return the villages of an alliance, the lead first."""
        inside: list[int] = np.flatnonzero(self.lead_of == lead).tolist()
        return (lead, *(v for v in inside if v != lead))

    def leads(self, village: int) -> bool:
        """Say whether a village leads."""
        return int(self.lead_of[village]) == village

    def wholly_locked(self, lead: int) -> bool:
        """Say whether every village of an alliance is locked: nobody joins or leaves."""
        return set(self.villages_of(lead)) <= self.locked


def settled(
    before: State,
    lead_of: NDArray[np.intp],
    *,
    reasons: Mapping[int, str] | None = None,
) -> State:
    """Return a state with other leads; reasons go when their villages are placed again."""
    lead_of = np.array(lead_of, dtype=np.intp)
    lead_of.flags.writeable = False
    told = {**before.left_out, **(reasons or {})}
    kept = {v: why for v, why in sorted(told.items()) if lead_of[v] == UNASSIGNED}
    return State(lead_of, before.locked, before.together, before.apart, MappingProxyType(kept))
