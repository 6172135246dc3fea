"""A scenario: the data, the settings, the problem they make, and the plan with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from liancun_geo.check import Violation
from liancun_geo.contiguity import ContiguityGraph
from liancun_geo.criteria import LeadScores, PairCosts
from liancun_geo.errors import Fault
from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem
from liancun_geo.settings import Settings
from liancun_geo.solve.result import SolveResult
from liancun_geo.villages import VillageTable


@dataclass(frozen=True, slots=True)
class NamedAlliance:
    """An alliance as a person speaks of it.

    Attributes
    ----------
    id
        ``A001`` ..., by township and lead, the same for the same plan.
    name
        After the lead village, for example 西泉片区.
    township
        Name of the lead's township.
    lead
        Position of the lead village.
    members
        Positions of the member villages, without the lead.
    """

    id: str
    name: str
    township: str
    lead: int
    members: tuple[int, ...]

    @property
    def villages(self) -> tuple[int, ...]:
        """Lead first, then the members."""
        return (self.lead, *self.members)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A village without alliance, and why.

    ``position`` is None for a village that was excluded while reading and is not in the table.
    """

    position: int | None
    code: str
    name: str
    township: str
    reason: Fault


@dataclass(frozen=True, eq=False)
class Scenario:
    """Everything that is known of one plan: enough to write, check, explain and compare it."""

    villages: VillageTable
    settings: Settings
    contiguity: ContiguityGraph
    leads: LeadScores
    pairs: PairCosts
    problem: AllianceProblem
    result: SolveResult
    plan: Plan
    alliances: tuple[NamedAlliance, ...]
    unassigned: tuple[Unassigned, ...]
    violations: tuple[Violation, ...]
    warnings: tuple[Fault, ...]
    fingerprint: str
    """SHA-256 over the input files, the settings that shape the problem, and the problem's arrays."""
