"""Cards: everything that was computed to answer why, as frozen facts.

A card holds numbers and villages, never prose; :mod:`liancun_geo.why.wording` puts it into whole
sentences of the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from liancun_geo.errors import Fault
from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.points import VillagePoints
from liancun_geo.solve import Status
from liancun_geo.why.facts import (
    AllianceName,
    Border,
    Challenger,
    Gate,
    Move,
    Outcome,
    Profile,
    Proof,
    ScoreLine,
    Stability,
    VillageName,
    WayIn,
    WeightStanding,
    plain,
)


@dataclass(frozen=True, slots=True)
class LeadCard:
    """Why this village leads."""

    profile: Profile
    alliance: AllianceName
    score: float
    score_rank: int
    score_of: int
    points: VillagePoints
    whole_points: tuple[tuple[str, float], ...]
    lines: tuple[ScoreLine, ...]
    gates: tuple[Gate, ...]
    challengers: tuple[Challenger, ...]
    runner_up: Challenger | None
    stability: Stability | None
    proof: Proof
    weights: WeightStanding | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> list[str]:
        """Return the card as sentences."""
        from liancun_geo.why.wording import lead_lines

        return lead_lines(self, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the card for machine-readable output."""
        return _card(self, "lead", language)


@dataclass(frozen=True, slots=True)
class MemberCard:
    """Why this village is in this alliance.

    Attributes
    ----------
    borders
        With the villages of its alliance.
    distance_km, distance_rank, travel_min
        To the lead; rank 1 is the nearest member.
    common, feeding
        Industries of both; (of the lead, of the member) pairs that feed each other; None if one
        of them is unknown.
    lead_income_wan_yuan, income_wan_yuan, lead_score, score
        Strength of both.
    sizes
        Fewest and most villages of an alliance.
    whole_points
        (line, points) of the alliance as a whole: ``size``, ``target``.
    """

    profile: Profile
    alliance: AllianceName
    points: VillagePoints
    whole_points: tuple[tuple[str, float], ...]
    borders: tuple[Border, ...]
    distance_km: float | None
    distance_rank: int
    travel_min: float | None
    common: tuple[str, ...] | None
    feeding: tuple[tuple[str, str], ...] | None
    lead_income_wan_yuan: float | None
    income_wan_yuan: float | None
    lead_score: float
    score: float
    sizes: tuple[int, int]
    lead_gates: tuple[Gate, ...]
    moves: tuple[Move, ...]
    stability: Stability | None
    proof: Proof
    weights: WeightStanding | None = None

    @property
    def shared_border_m(self) -> float | None:
        """Length of the border with all villages of its alliance, metres."""
        known = [b.shared_border_m for b in self.borders if b.shared_border_m is not None]
        return math.fsum(known) if len(known) == len(self.borders) else None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> list[str]:
        """Return the card as sentences."""
        from liancun_geo.why.wording import member_lines

        return member_lines(self, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the card for machine-readable output."""
        return {
            **_card(self, "member", language),
            "shared_border_m": plain(self.shared_border_m, language),
        }


@dataclass(frozen=True, slots=True)
class BoundaryCard:
    """What the boundary between two villages costs.

    ``together`` is the best plan with both in one alliance, ``apart`` with them apart: of the
    two, the one that the plan at hand does not grant; the other is None. ``moves`` bring either
    across.
    """

    first: Profile
    second: Profile
    alliances: tuple[AllianceName | None, AllianceName | None]
    shared_border_m: float | None
    adjacent: bool
    together: Outcome | None
    apart: Outcome | None
    moves: tuple[Move, ...]
    proof: Proof

    def text(self, language: Language = DEFAULT_LANGUAGE) -> list[str]:
        """Return the card as sentences."""
        from liancun_geo.why.wording import boundary_lines

        return boundary_lines(self, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the card for machine-readable output."""
        return _card(self, "boundary", language)


@dataclass(frozen=True, slots=True)
class UnplacedCard:
    """Why this village has no alliance, and the cheapest way in.

    ``reason`` is that of the plan. ``rules`` are the sentences of the smallest conflict that
    keeps it out and ``ways`` what would let it in, the gentlest first; both empty if it could be
    placed: then ``placed`` is the best plan that places it, and ``moves`` put it alone into a
    neighbouring alliance.
    """

    profile: Profile
    reason: Fault
    points: VillagePoints
    rules: tuple[Fault, ...]
    ways: tuple[WayIn, ...]
    placed: Outcome | None
    moves: tuple[Move, ...]
    stability: Stability | None
    proof: Proof
    weights: WeightStanding | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> list[str]:
        """Return the card as sentences."""
        from liancun_geo.why.wording import unplaced_lines

        return unplaced_lines(self, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the card for machine-readable output."""
        return _card(self, "unplaced", language)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """What one rule, or one manual override, costs.

    Attributes
    ----------
    rule
        Name of the setting, ``gates.*``, or ``locked``.
    villages
        Whom it names, if it names any.
    value
        Its figure, if it has one.
    least, most
        Points that the best plan would gain without it, between these two; equal when both
        sides are proven. None: no bound is known.
    placed
        How many more villages would be placed without it; None without a plan.
    status
        Of the plan without it: the worst of the zones concerned.
    zones
        How many zones were solved again; 0: the rule changes nothing.
    """

    rule: str
    villages: tuple[VillageName, ...] = ()
    value: str | None = None
    least: float | None = 0.0
    most: float | None = 0.0
    placed: int | None = 0
    status: Status = "optimal"
    zones: int = 0

    @property
    def proven(self) -> bool:
        """Whether the figure is exact."""
        return self.least is not None and self.least == self.most

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the rule and what it costs as one line."""
        from liancun_geo.why.wording import rule_line

        return rule_line(self, language)

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the rule for machine-readable output."""
        return {**plain(self, language), "proven": self.proven, "text": self.text(language)}


Card = LeadCard | MemberCard | UnplacedCard


def _card(card: Any, kind: str, language: Language) -> dict[str, Any]:
    return {"card": kind, **plain(card, language), "text": card.text(language)}
