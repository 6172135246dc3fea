"""The facts that cards are made of: villages, borders, obstacles, outcomes, scores.

Numbers and villages, never prose. What is unknown is None, never a guess. A change is in points
(:mod:`liancun_geo.points`): negative is a loss.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from liancun_geo.errors import Fault
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.points import VillagePoints
from liancun_geo.solve import Status
from liancun_geo.why.wording_obstacles import obstacle_text

ObstacleKind = Literal[
    "leads",
    "locked",
    "locked_alliance",
    "other_zone",
    "not_adjacent",
    "too_large",
    "too_small",
    "left_small",
    "size_forbidden",
    "cuts",
    "distance",
    "travel",
    "hops",
    "fixed_lead",
    "must_lead",
    "together",
    "apart",
    "weak",
    "least",
    "most",
    "class",
    "number",
    "must_place",
    "gates",
    "forbidden_pair",
    "plan_broken",
    "rule",
]
GateState = Literal["passed", "failed", "waived", "unknown", "off"]


@dataclass(frozen=True, slots=True)
class VillageName:
    """A village as a card names it; ``shown`` is its name, with the code if that is ambiguous."""

    position: int
    code: str
    name: str
    township: str
    unique: bool = True

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the name, followed by the code if the county has it twice."""
        if self.unique:
            return self.name
        return message("reason.named", language, name=self.name, code=self.code)


@dataclass(frozen=True, slots=True)
class AllianceName:
    """An alliance of the plan at hand; ``villages`` are positions, the lead first."""

    id: str
    name: str
    lead: VillageName
    villages: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of villages."""
        return len(self.villages)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a card says of a village before anything else; None where the ledger is silent."""

    village: VillageName
    industries: tuple[str, ...] | None
    population_persons: float | None
    collective_income_wan_yuan: float | None
    secretary_in_post: bool | None
    weak_organisation: bool | None
    weak_economy: bool | None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Border:
    """A neighbour, and the length of the border shared with it; ``is_link``: joined by hand."""

    neighbour: VillageName
    shared_border_m: float | None
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something is not possible.

    Attributes
    ----------
    kind
        Which rule, or what the map says.
    villages
        Those concerned: cut off, left behind, locked, weak.
    value, limit
        What it would be, and what is allowed.
    name
        What an amount is called, by field of the village table.
    """

    kind: ObstacleKind
    villages: tuple[VillageName, ...] = ()
    value: float | None = None
    limit: float | None = None
    name: str | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the obstacle as one sentence."""
        return obstacle_text(self, language)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best plan under a wish, exactly re-solved.

    Attributes
    ----------
    status
        ``"optimal"``: proven best. ``"infeasible"``: no plan grants the wish. ``"feasible"``: a
        plan, not proven. ``"unknown"``: time ran out.
    change
        Points of that plan minus those of the plan at hand; None without either.
    most
        The change cannot be more; equal to ``change`` when proven, None if unknown.
    price
        Points of that plan minus those of the best plan, zero or less; None unless both are
        proven.
    moved
        Villages whose lead is another than in the plan at hand.
    alliance
        The alliance of the village asked about in that plan, lead first; empty if left out.
    """

    status: Status
    change: float | None = None
    most: float | None = None
    price: float | None = None
    moved: tuple[VillageName, ...] = ()
    alliance: tuple[VillageName, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A village into another alliance.

    Attributes
    ----------
    village, alliance
        Who, and where to (as the alliance is now).
    borders
        With the villages of that alliance.
    distance_km, travel_min
        To its lead.
    points
        Of the village there; ``-inf`` for a forbidden pair.
    obstacles
        Why it cannot move alone; empty if it can.
    change
        Points of the whole plan after the move minus before, nothing else changed; None if it
        cannot move alone.
    best
        The best plan with the village led by that lead.
    """

    village: VillageName
    alliance: AllianceName
    borders: tuple[Border, ...]
    distance_km: float | None
    travel_min: float | None
    points: VillagePoints
    obstacles: tuple[Obstacle, ...]
    change: float | None
    best: Outcome

    @property
    def possible(self) -> bool:
        """Whether the village can move with nothing else changed."""
        return not self.obstacles


@dataclass(frozen=True, slots=True)
class Stability:
    """Where a village is in the near-optimal plans of its zone.

    Attributes
    ----------
    plans
        How many plans were looked at: the cheapest ones.
    within
        Share of the best cost within which every plan was looked at.
    complete
        Whether that is all that was asked for; if not there are more plans.
    stays
        Share of them with the lead of the plan at hand (of a lead: in which it leads).
    leads
        (lead, share) of every lead it has in them, the commonest first; None: left out.
    """

    plans: int
    within: float
    complete: bool
    stays: float
    leads: tuple[tuple[VillageName | None, float], ...]


@dataclass(frozen=True, slots=True)
class WeightStanding:
    """Where a village is in the plans that weights near those at hand would make of its zone.

    Attributes
    ----------
    draws, proven
        Weights that were tried, and of them those whose plan is proven best.
    kept
        Of the draws, those with the lead of the plan at hand (of a lead: in which it leads).
    leads
        (lead, share) of every lead it has in them, the commonest first; None: left out.
    """

    draws: int
    proven: int
    kept: int
    leads: tuple[tuple[VillageName | None, float], ...]

    @property
    def stays(self) -> float:
        """Share of the draws that keep the lead."""
        return self.kept / self.draws


@dataclass(frozen=True, slots=True)
class Proof:
    """How good the plan at hand is in the zone of the village.

    ``more`` is the most points that any other plan could add there, 0 if it is proven best, None
    while unknown; ``status`` is that of the best plan looked for.
    """

    status: Status
    points: float | None
    more: float | None


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of a lead; ``key`` is its message, one of the criteria's ``GATES``.

    ``"waived"``: it fails, and the settings let the village lead all the same.
    """

    key: str
    state: GateState


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One indicator of the lead score against the township.

    Attributes
    ----------
    component, field
        Name of the indicator and the column of the village table it is taken from.
    value
        In the unit of the column; of enterprises their number; None if missing.
    rank, of
        Place among the villages of the township whose value is known, highest first, equal ones
        alike; None if missing.
    median
        Of the township.
    points, most
        What it gives and could give of the lead's points.
    """

    component: str
    field: str
    value: float | None
    rank: int | None
    of: int
    median: float | None
    points: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Challenger:
    """Another village of the alliance as its lead.

    ``change`` is that of the plan if it led the same villages (None with ``obstacles``);
    ``best`` the best plan in which it leads, wherever its alliance then lies; None if that was not
    looked for.
    """

    village: VillageName
    score: float
    obstacles: tuple[Obstacle, ...]
    change: float | None
    best: Outcome | None


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way to place a village that the rules keep out: what changes, and what it then costs.

    ``sentence`` names the way, and what the zone's plan then costs; ``change`` is in points of the
    plan, the village's own included, and None where that was not looked for.
    """

    sentence: Fault
    change: float | None
    proven: bool
    alliance: tuple[VillageName, ...]


def plain(value: Any, language: Language) -> Any:
    """Return a fact as JSON knows it: dataclasses as objects, numbers that JSON lacks as null."""
    if isinstance(value, Fault):
        return value.as_dict(language)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {f.name: plain(getattr(value, f.name), language) for f in dataclasses.fields(value)}
        if isinstance(value, Obstacle):
            told["text"] = value.text(language)
        return told
    if isinstance(value, Mapping):
        return {str(name): plain(each, language) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each, language) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
