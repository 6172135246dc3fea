"""A plan: disjoint alliances, each with one lead village and its member villages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNASSIGNED = -1


@dataclass(frozen=True, slots=True)
class Alliance:
    """One lead village and its member villages, as positions.

    Attributes
    ----------
    lead
        Position of the lead village.
    members
        Positions of the member villages, ascending, without the lead.
    """

    lead: int
    members: tuple[int, ...]

    @property
    def villages(self) -> tuple[int, ...]:
        """Lead first, then the members."""
        return (self.lead, *self.members)

    @property
    def size(self) -> int:
        """Number of villages, lead included."""
        return 1 + len(self.members)


@dataclass(frozen=True, eq=False)
class Plan:
    """All alliances of a county.

    Attributes
    ----------
    lead_of
        (n,) position of the lead of each village's alliance; a lead has itself; -1 if left out.
    alliances
        In the order of their leads.
    """

    lead_of: NDArray[np.intp]
    alliances: tuple[Alliance, ...]

    @classmethod
    def from_lead_of(cls, lead_of: ArrayLike) -> Self:
        """Gather the alliances of an assignment.

        Raises
        ------
        ValueError
            If a lead is out of range or does not lead itself.
        """
        array = np.array(lead_of, dtype=np.intp)
        array.flags.writeable = False
        members: dict[int, list[int]] = {}
        for village, lead in enumerate(array.tolist()):
            if lead == UNASSIGNED:
                continue
            if not 0 <= lead < len(array) or array[lead] != lead:
                raise ValueError(f"village {village} is led by {lead}, which does not lead itself")
            members.setdefault(lead, [])
            if village != lead:
                members[lead].append(village)
        return cls(array, tuple(Alliance(lead, tuple(members[lead])) for lead in sorted(members)))
