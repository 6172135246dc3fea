"""The independent checker: every rule, looked at again without any code of the solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RuleKind = Literal[
    "lead_of",
    "size",
    "connected",
    "zone",
    "can_lead",
    "forbidden_pair",
    "unassigned",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    rule
        Which rule.
    lead
        Position of the alliance's lead, None if no alliance is concerned.
    villages
        Positions of the villages concerned.
    detail
        The figures, in English, for a programmer.
    """

    rule: RuleKind
    lead: int | None
    villages: tuple[int, ...]
    detail: str

    def __str__(self) -> str:
        led = f" in the alliance led by {self.lead}" if self.lead is not None else ""
        return f"{self.rule}{led}: villages {', '.join(map(str, self.villages))}: {self.detail}"
