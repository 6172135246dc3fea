"""A scenario: the data, the settings, the problem they make, and the plan with its proof.

The one way from files to a plan: whoever asks calls :func:`read_county`, :func:`plan_alliances`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.agreements import rule_arguments
from liancun_geo.check import Violation, check
from liancun_geo.contiguity import ContiguityGraph, build_contiguity
from liancun_geo.criteria import LeadScores, PairCosts, score_leads, score_pairs
from liancun_geo.errors import DataError, Fault
from liancun_geo.fingerprint import fingerprint
from liancun_geo.intake import read_villages
from liancun_geo.intake.places import read_places
from liancun_geo.intake.roads import read_surroundings
from liancun_geo.naming import alliance_name
from liancun_geo.plan import Plan
from liancun_geo.posing import excluded_positions, pose, zone_labels
from liancun_geo.problem import AllianceProblem
from liancun_geo.reasons import (
    excluded_reason,
    unexplained,
    village_reason,
    violation_fault,
    zone_reason,
)
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.settings import Settings
from liancun_geo.solve import Progress, SolveResult, solve
from liancun_geo.solve.given import as_given
from liancun_geo.solve.warm import warm_up
from liancun_geo.travel import network_for, travel_notes, travelled_roads
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
    """SHA-256 over the data and the settings that shape the plan."""

    @property
    def alliance_of(self) -> NDArray[np.intp]:
        """(n,) place of each village's alliance in :attr:`alliances`, -1 if it has none."""
        numbers = np.full(len(self.villages), -1, dtype=np.intp)
        for number, alliance in enumerate(self.alliances):
            numbers[list(alliance.villages)] = number
        return numbers


@dataclass(frozen=True, eq=False)
class County:
    """Everything that was read from files: the villages, what cuts them apart, what joins them."""

    villages: VillageTable
    barriers: gpd.GeoSeries | None = None
    bridges: gpd.GeoSeries | None = None
    roads: gpd.GeoDataFrame | None = None
    seats: gpd.GeoSeries | None = None


@dataclass(frozen=True, eq=False)
class Groundwork:
    """What the settings make of a county, before anything is solved."""

    contiguity: ContiguityGraph
    leads: LeadScores
    pairs: PairCosts
    problem: AllianceProblem
    warnings: tuple[Fault, ...] = ()


def read_county(
    boundaries: Path | str,
    ledger: Path | str | Sequence[Path | str] | None = None,
    *,
    settings: Settings = Settings(),
    folder: Path | str = ".",
) -> County:
    """Read all input files of a county.

    Parameters
    ----------
    boundaries, ledger
        As for :func:`liancun_geo.intake.read_villages`.
    settings
        How to read them, and which layers are barriers, bridges, roads, seats, and which files
        list enterprises and other places.
    folder
        Where relative paths of these layers start: the folder of the settings file.

    Raises
    ------
    DataError
        With the faults of all files.
    """
    villages = read_villages(boundaries, ledger, settings=settings)
    villages, around = read_surroundings(settings, folder, villages)
    villages = read_places(settings, folder, villages)
    return County(villages, around.barriers, around.bridges, around.roads, around.seats)


def lay_groundwork(county: County, settings: Settings = Settings()) -> Groundwork:
    """Find the neighbours, score leads and pairs, and put the problem together.

    Raises
    ------
    DataError
        If the settings name villages that the county does not have, contradict each other, or
        need figures that are missing.
    SettingsError
        If the weights cannot be used.
    """
    villages = county.villages
    zones = zone_labels(villages, settings.rules)
    arguments, notes = rule_arguments(villages, settings.rules, zones)
    contiguity = build_contiguity(
        villages,
        settings.contiguity_in_force,
        barriers=county.barriers,
        bridges=county.bridges,
        roads=travelled_roads(county.roads, settings.travel),
        zones=zones,
    )
    leads = score_leads(villages, settings.criteria)
    network = network_for(villages, county.roads, settings, seats=county.seats)
    pairs = score_pairs(
        villages,
        leads,
        zones,
        settings.criteria,
        travel=network,
        detour_factor=settings.travel.detour_factor,
    )
    excluded = excluded_positions(villages, settings.rules.excluded)
    problem = pose(contiguity, leads, pairs, zones, settings.rules, excluded, arguments)
    times = [block.travel_min for block in pairs.blocks if block.travel_min is not None]
    notes = (*notes, *travel_notes(network, settings, times))
    return Groundwork(contiguity, leads, pairs, problem, notes)


def problem_under(scenario: Scenario, rules: RuleSettings) -> AllianceProblem:
    """Return the problem that other rules make of the same neighbours, leads and pairs.

    Raises
    ------
    DataError
        As :func:`lay_groundwork`.
    """
    zones = zone_labels(scenario.villages, rules)
    arguments, _ = rule_arguments(scenario.villages, rules, zones)
    excluded = excluded_positions(scenario.villages, rules.excluded)
    scored = scenario.leads, scenario.pairs
    return pose(scenario.contiguity, *scored, zones, rules, excluded, arguments)


def take_over(county: County, settings: Settings, lead_of: ArrayLike) -> Scenario:
    """Return the scenario of a plan made elsewhere, as it is: nothing is planned anew.

    Parameters
    ----------
    county, settings
        As for :func:`plan_alliances`.
    lead_of
        (n,) position of the lead of each village, -1 if left out. Rules it breaks are told as
        violations.

    Raises
    ------
    DataError
        As :func:`lay_groundwork`, and if a lead does not lead itself.
    """
    groundwork = lay_groundwork(county, settings)
    villages, problem = county.villages, groundwork.problem
    given = np.asarray(lead_of, dtype=np.intp)
    misled = [v for v in check(problem, given) if v.rule == "lead_of"]
    if misled:
        raise DataError(violation_fault(violation, villages) for violation in misled)
    scenario = assemble(villages, settings, groundwork, as_given(problem, given))
    # Where a zone breaks a rule, nothing else tells of it.
    return replace(scenario, violations=check(problem, scenario.plan))


def plan_alliances(
    county: County | VillageTable,
    settings: Settings = Settings(),
    *,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Scenario:
    """Plan the alliances of a county and prove how good the plan is.

    Parameters
    ----------
    county
        From :func:`read_county`, or a village table alone.
    settings
        Criteria, rules, time limit, seed.
    workers
        Threads, if the settings do not say; the plan does not depend on it.
    progress, cancel
        As for :func:`liancun_geo.solve.solve`.

    Raises
    ------
    DataError
        If the settings name villages that the county does not have, contradict each other, or
        need figures that are missing.
    SettingsError
        If the weights cannot be used.
    """
    if isinstance(county, VillageTable):
        county = County(county)
    groundwork = lay_groundwork(county, settings)
    # On a machine's first day the compiler takes long; that is no time of the search.
    warm_up()
    result = solve(
        groundwork.problem,
        time_limit=settings.solver.time_limit_s,
        method=settings.solver.method,
        workers=settings.solver.workers or workers,
        seed=settings.solver.seed,
        progress=progress,
        cancel=cancel,
    )
    return assemble(county.villages, settings, groundwork, result)


def assemble(
    villages: VillageTable, settings: Settings, groundwork: Groundwork, result: SolveResult
) -> Scenario:
    """Check a result independently and put it into the planner's words."""
    plan = Plan.from_lead_of(result.lead_of)
    zone_reasons = [
        zone_reason(zone.reason, zone.label, villages, settings)
        for zone in result.zones
        if zone.reason is not None
    ]
    return Scenario(
        villages=villages,
        settings=settings,
        contiguity=groundwork.contiguity,
        leads=groundwork.leads,
        pairs=groundwork.pairs,
        problem=groundwork.problem,
        result=result,
        plan=plan,
        alliances=_named(plan, groundwork.problem, villages),
        unassigned=_unassigned(villages, settings, result),
        violations=unexplained(check(groundwork.problem, plan), groundwork.problem, result),
        warnings=(
            *villages.warnings,
            *groundwork.contiguity.warnings,
            *groundwork.leads.warnings,
            *groundwork.pairs.warnings,
            *groundwork.warnings,
            *zone_reasons,
        ),
        fingerprint=fingerprint(villages, settings),
    )


def with_result(
    scenario: Scenario,
    problem: AllianceProblem,
    result: SolveResult,
    violations: Sequence[Violation],
) -> Scenario:
    """Return the scenario with another plan of the same villages, judged already.

    Parameters
    ----------
    scenario
        Whose data, settings and warnings stay.
    problem
        That of the scenario, or one with more rules.
    result
        The plan; a lead leads itself.
    violations
        What the checker said of it.
    """
    plan = Plan.from_lead_of(result.lead_of)
    return replace(
        scenario,
        problem=problem,
        result=result,
        plan=plan,
        alliances=_named(plan, problem, scenario.villages),
        unassigned=_unassigned(scenario.villages, scenario.settings, result),
        violations=tuple(violations),
    )


def _named(
    plan: Plan, problem: AllianceProblem, villages: VillageTable
) -> tuple[NamedAlliance, ...]:
    names, townships = (villages.frame[column].tolist() for column in ("name", "township"))
    ordered = sorted(plan.alliances, key=lambda a: (int(problem.zone_of[a.lead]), a.lead))
    digits = max(3, len(str(len(ordered))))
    return tuple(
        NamedAlliance(
            id=f"A{number:0{digits}d}",
            name=alliance_name(str(names[alliance.lead])),
            township=str(townships[alliance.lead]),
            lead=alliance.lead,
            members=alliance.members,
        )
        for number, alliance in enumerate(ordered, start=1)
    )


def _unassigned(
    villages: VillageTable, settings: Settings, result: SolveResult
) -> tuple[Unassigned, ...]:
    frame = villages.frame
    excluded = set(excluded_positions(villages, settings.rules.excluded))
    left_out = [
        Unassigned(
            position=position,
            code=str(frame["code"].iat[position]),
            name=str(frame["name"].iat[position]),
            township=str(frame["township"].iat[position]),
            reason=excluded_reason(position, villages)
            if position in excluded
            else village_reason(reason, position, villages, settings),
        )
        for position, reason in result.left_out.items()
    ]
    not_in_table = [
        Unassigned(
            position=None,
            code=fault.where.code or "",
            name=fault.where.village or "",
            township=fault.where.township or "",
            reason=fault,
        )
        for fault in villages.excluded
    ]
    return (*left_out, *not_in_table)
