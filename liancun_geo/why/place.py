"""What the plan itself shows of a lead and of a member: facts that need no solving."""

from __future__ import annotations

from dataclasses import dataclass

from liancun_geo.points import VillagePoints, member_points, points_under_lead
from liancun_geo.scenario import NamedAlliance
from liancun_geo.why.facts import Challenger, Outcome
from liancun_geo.why.ground import Ground
from liancun_geo.why.moves import lead_obstacles
from liancun_geo.why.scores import industry_links
from liancun_geo.why.standing import able_first


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place in its alliance; fields as of :class:`~liancun_geo.why.MemberCard`."""

    points: VillagePoints
    distance_km: float | None
    distance_rank: int
    travel_min: float | None
    common: tuple[str, ...] | None
    feeding: tuple[tuple[str, str], ...] | None
    lead_income_wan_yuan: float | None
    income_wan_yuan: float | None
    lead_score: float
    score: float


def place_of(ground: Ground, village: int, alliance: NamedAlliance) -> Place:
    """Return what there is to say of a member's place.

    Parameters
    ----------
    ground
        Of the plan.
    village, alliance
        Position of the member, and its alliance.
    """
    scenario, lead = ground.scenario, alliance.lead
    far = {v: ground.distance_km(v, lead) for v in alliance.members}
    own = far[village]
    nearer = sum(d < own for d in far.values() if d is not None and own is not None)
    common, feeding = industry_links(ground, lead, village)
    return Place(
        points=member_points(scenario, village, lead),
        distance_km=own,
        distance_rank=nearer + 1,
        travel_min=ground.travel_min(village, lead),
        common=common,
        feeding=feeding,
        lead_income_wan_yuan=ground.number("collective_income_wan_yuan", lead),
        income_wan_yuan=ground.number("collective_income_wan_yuan", village),
        lead_score=float(scenario.leads.score[lead]),
        score=float(scenario.leads.score[village]),
    )


def swapped_leads(ground: Ground, alliance: NamedAlliance) -> list[Challenger]:
    """Return every other lead of the same villages: those that may lead first, the best first."""
    return sorted((_swapped(ground, alliance, other) for other in alliance.members), key=able_first)


def _swapped(ground: Ground, alliance: NamedAlliance, other: int) -> Challenger:
    problem = ground.scenario.problem
    obstacles = lead_obstacles(ground, alliance, other)
    change = None
    if not obstacles:
        swapped = [other, *(v for v in alliance.villages if v != other)]
        change = points_under_lead(problem, swapped)
        change -= points_under_lead(problem, alliance.villages)
    score = float(ground.scenario.leads.score[other])
    barred = any(obstacle.kind == "gates" for obstacle in obstacles)
    best = Outcome("infeasible") if barred else None
    return Challenger(ground.name(other), score, obstacles, change, best)
