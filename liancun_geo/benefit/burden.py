"""What the villages of an alliance bring, and what its lead village carries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx

from liancun_geo.indicators import numbers, population_field, small_villages, weak_villages
from liancun_geo.scenario import NamedAlliance, Scenario


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over villages: the known values added up, and how many villages have none.

    ``total`` is None if no value is known: nothing known is not zero.
    """

    total: float | None
    unknown: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Amount:
        """Add up what is known."""
        given = list(values)
        known = [value for value in given if value is not None]
        # 0.1 + 0.2 is 0.3 to a planner.
        return cls(round(math.fsum(known), 6) if known else None, len(given) - len(known))


@dataclass(frozen=True, slots=True)
class VillageBenefit:
    """One village of an alliance; None where the ledger is silent."""

    position: int
    code: str
    name: str
    leads: bool
    population_persons: float | None
    party_members_persons: float | None
    collective_income_wan_yuan: float | None
    income_per_head_yuan: float | None
    arable_land_mu: float | None
    transferable_land_mu: float | None
    weak: bool | None
    small: bool | None


@dataclass(frozen=True, slots=True)
class LandPiece:
    """Villages with transferable land that hang together, and how much it is."""

    villages: tuple[int, ...]
    area_mu: float


@dataclass(frozen=True, slots=True)
class LandCheck:
    """Whether the connected transferable land of an alliance is enough for a project.

    Attributes
    ----------
    threshold_mu
        What the project needs; None if no setting says so.
    pieces
        Neighbouring villages with transferable land, the largest piece first.
    unknown
        Villages whose transferable land is unknown.
    reaches
        Whether the largest piece is enough; None without a threshold, and where the villages
        whose land is unknown could make up for what is missing.
    """

    threshold_mu: float | None
    pieces: tuple[LandPiece, ...]
    unknown: int
    reaches: bool | None

    @property
    def largest_mu(self) -> float | None:
        """Area of the largest piece; None if nothing is known, 0 if there is known to be none."""
        if self.pieces:
            return self.pieces[0].area_mu
        return None if self.unknown else 0.0


@dataclass(frozen=True)
class AllianceBenefit:
    """What an alliance has, and what its lead carries.

    Attributes
    ----------
    id, name, township
        As in the plan.
    villages
        The lead first.
    population, party_members, collective_income_wan_yuan, arable_land_mu, transferable_land_mu
        Sums over the villages.
    income_per_head_yuan
        Mean weighted by population over the villages that have both; None without any.
    per_head_unknown
        Villages that lack one of the two.
    weak_members, weak_unknown
        Member villages known to be weak, and those of which it is not known.
    weak_share
        ``weak_members`` among the members of which it is known; None if there is none.
    weak_limit
        Most weak members that the rules allow; None without such a rule.
    population_carried
        People of the members for each one of the lead village; None if any figure is missing.
    lead_income_per_weak_wan_yuan
        Collective income of the lead for each weak member; None without weak members or income.
    land
        Whether the land is enough for a project.
    """

    id: str
    name: str
    township: str
    villages: tuple[VillageBenefit, ...]
    population: Amount
    party_members: Amount
    collective_income_wan_yuan: Amount
    income_per_head_yuan: float | None
    per_head_unknown: int
    arable_land_mu: Amount
    transferable_land_mu: Amount
    weak_members: int
    weak_unknown: int
    weak_share: float | None
    weak_limit: int | None
    population_carried: float | None
    lead_income_per_weak_wan_yuan: float | None
    land: LandCheck


def county_benefit(scenario: Scenario) -> tuple[AllianceBenefit, ...]:
    """Return benefit and burden of every alliance, in the order of the plan."""
    everyone = _villages(scenario)
    return tuple(_of_alliance(scenario, alliance, everyone) for alliance in scenario.alliances)


def benefit_of(scenario: Scenario, alliance: NamedAlliance) -> AllianceBenefit:
    """Return benefit and burden of one alliance.

    Parameters
    ----------
    scenario
        The plan, or any other with the same villages.
    alliance
        Its villages count, whether or not the plan has it.
    """
    return _of_alliance(scenario, alliance, _villages(scenario))


def land_check(scenario: Scenario, villages: Sequence[VillageBenefit]) -> LandCheck:
    """Return whether the connected transferable land of villages is enough for a project.

    Land is connected from village to village where both have some and both are neighbours
    (:class:`~liancun_geo.contiguity.ContiguityGraph`: a shared border not cut by a barrier). What
    lies where inside a village is not known.
    """
    settings = scenario.settings
    threshold = settings.benefit.project_land_mu or settings.rules.min_transferable_land_mu
    area = {v.position: v.transferable_land_mu for v in villages}
    unknown = sum(mu is None for mu in area.values())
    with_land = {position: mu for position, mu in area.items() if mu is not None and mu > 0}
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(sorted(with_land))
    for one in with_land:
        neighbours = scenario.contiguity.neighbours(one).tolist()
        graph.add_edges_from((one, other) for other in neighbours if other in with_land)
    pieces = [
        LandPiece(tuple(sorted(piece)), round(math.fsum(with_land[v] for v in piece), 6))
        for piece in nx.connected_components(graph)
    ]
    pieces.sort(key=lambda piece: (-piece.area_mu, piece.villages))
    largest = pieces[0].area_mu if pieces else 0.0
    reaches: bool | None = None
    if threshold:
        reaches = True if largest >= threshold else None if unknown else False
    return LandCheck(threshold or None, tuple(pieces), unknown, reaches)


def _villages(scenario: Scenario) -> tuple[VillageBenefit, ...]:
    frame = scenario.villages.frame
    fields = (
        population_field(frame),
        "party_members_persons",
        "collective_income_wan_yuan",
        "income_per_head_yuan",
        "arable_land_mu",
        "transferable_land_mu",
    )
    columns = [[_known(x) for x in numbers(frame, field).tolist()] for field in fields]
    people, members, collective, per_head, arable, transferable = columns
    weak = weak_villages(frame)
    small = small_villages(frame, scenario.settings.rules.small_village_persons)
    return tuple(
        VillageBenefit(
            position=i,
            code=str(code),
            name=str(name),
            leads=bool(scenario.plan.lead_of[i] == i),
            population_persons=people[i],
            party_members_persons=members[i],
            collective_income_wan_yuan=collective[i],
            income_per_head_yuan=per_head[i],
            arable_land_mu=arable[i],
            transferable_land_mu=transferable[i],
            weak=weak[i],
            small=small[i],
        )
        for i, (code, name) in enumerate(zip(frame["code"], frame["name"], strict=True))
    )


def _of_alliance(
    scenario: Scenario, alliance: NamedAlliance, everyone: Sequence[VillageBenefit]
) -> AllianceBenefit:
    villages = tuple(everyone[position] for position in alliance.villages)
    lead, members = villages[0], villages[1:]
    weak = sum(village.weak is True for village in members)
    undecided = sum(village.weak is None for village in members)
    known = len(members) - undecided
    mean, without_mean = _per_head(villages)
    return AllianceBenefit(
        id=alliance.id,
        name=alliance.name,
        township=alliance.township,
        villages=villages,
        population=Amount.of(v.population_persons for v in villages),
        party_members=Amount.of(v.party_members_persons for v in villages),
        collective_income_wan_yuan=Amount.of(v.collective_income_wan_yuan for v in villages),
        income_per_head_yuan=mean,
        per_head_unknown=without_mean,
        arable_land_mu=Amount.of(v.arable_land_mu for v in villages),
        transferable_land_mu=Amount.of(v.transferable_land_mu for v in villages),
        weak_members=weak,
        weak_unknown=undecided,
        weak_share=weak / known if known else None,
        weak_limit=scenario.settings.rules.max_weak_members,
        population_carried=_carried(lead, members),
        lead_income_per_weak_wan_yuan=None
        if lead.collective_income_wan_yuan is None or not weak
        else lead.collective_income_wan_yuan / weak,
        land=land_check(scenario, villages),
    )


def _per_head(villages: Sequence[VillageBenefit]) -> tuple[float | None, int]:
    """Return the mean income per head, and how many villages it leaves out."""
    both = [
        (v.income_per_head_yuan, v.population_persons)
        for v in villages
        if v.income_per_head_yuan is not None and v.population_persons is not None
    ]
    people = math.fsum(persons for _, persons in both)
    mean = math.fsum(yuan * persons for yuan, persons in both) / people if people else None
    return mean, len(villages) - len(both)


def _carried(lead: VillageBenefit, members: Sequence[VillageBenefit]) -> float | None:
    people = Amount.of(village.population_persons for village in members)
    if people.total is None or people.unknown or not lead.population_persons:
        return None
    return people.total / lead.population_persons


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
