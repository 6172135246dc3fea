"""A plan file with its data back as the scenario it was, verified and not solved again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast, get_args

import numpy as np

from liancun_geo.errors import DataError
from liancun_geo.output.planfile import PlanFile
from liancun_geo.output.verify import verify_plan
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.project.corrections import recorrected
from liancun_geo.scenario import Groundwork, Scenario, assemble, lay_groundwork, read_county
from liancun_geo.settings import Settings
from liancun_geo.solve.given import as_given
from liancun_geo.solve.result import Reason, RuleName, SolveResult
from liancun_geo.villages import Correction, VillageTable, positions_by_code

_RULES = frozenset(get_args(RuleName))


def reopen_plan(
    path: Path | str,
    *,
    boundaries: Path | str | None = None,
    ledger: Path | str | Sequence[Path | str] | None = None,
) -> Scenario:
    """Return the plan of a plan file as the scenario that was written, with its proof.

    The sources are read again and everything the file claims is verified, as
    :func:`~liancun_geo.output.verify_plan` does; nothing is solved.

    Parameters
    ----------
    path
        ``plan.json``.
    boundaries, ledger
        Where the sources are now, if not where the file says.

    Returns
    -------
    Scenario
        It may break rules, which are then its violations.

    Raises
    ------
    DataError
        With everything that does not hold.
    """
    built: list[tuple[VillageTable, Groundwork]] = []

    def build(
        found: Path,
        ledgers: tuple[Path, ...],
        settings: Settings,
        corrections: tuple[Correction, ...],
    ) -> tuple[VillageTable, AllianceProblem]:
        county = recorrected(read_county(found, ledgers or None, settings=settings), corrections)
        built.append((county.villages, lay_groundwork(county, settings)))
        return county.villages, built[0][1].problem

    outcome = verify_plan(path, build=build, boundaries=boundaries, ledger=ledger)
    if outcome.plan is None or outcome.faults or not built:
        raise DataError(outcome.faults)
    villages, groundwork = built[0]
    plan = outcome.plan
    scenario = assemble(villages, plan.settings, groundwork, _result(plan, villages, groundwork))
    if outcome.violations and not scenario.violations:
        # What the file does not explain away is broken, whatever this reading makes of it.
        return replace(scenario, violations=outcome.violations)
    return scenario


def _result(plan: PlanFile, villages: VillageTable, groundwork: Groundwork) -> SolveResult:
    """Return what the solver said: the plan from the alliances, the figures from the file."""
    position = positions_by_code(villages.frame["code"])
    lead_of = np.full(len(villages), UNASSIGNED, dtype=np.intp)
    for alliance in plan.alliances:
        lead_of[[position[code] for code in (alliance.lead, *alliance.members)]] = position[
            alliance.lead
        ]
    lead_of.flags.writeable = False
    judged = as_given(groundwork.problem, lead_of)
    figures = {zone.label: zone for zone in plan.zones}
    told = {str(zone["label"]): zone for zone in plan.document["zones"]}
    zones = []
    for zone in judged.zones:
        own = figures.get(str(zone.label))
        if own is not None:
            more = told[own.label]
            zone = replace(
                zone,
                status=own.status,
                objective=np.inf if own.objective is None else own.objective,
                bound=_bound(own.bound, own.objective),
                candidates=int(_figure(more.get("candidates"))),
                seconds=_figure(more.get("seconds")),
                reason=_zone_reason(more.get("reason"), position),
            )
        zones.append(zone)
    left_out = {
        position[code]: _reason(rule, position[code], judged.left_out)
        for code, rule in plan.unassigned.items()
        if code in position
    }
    return SolveResult(
        lead_of=lead_of,
        objective=np.inf if plan.objective is None else plan.objective,
        bound=_bound(plan.bound, plan.objective),
        status=plan.status,
        zones=tuple(zones),
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
        seed=plan.seed,
        seconds=_figure(plan.document.get("seconds")),
    )


def _bound(bound: float | None, objective: float | None) -> float:
    """Return a bound; none is written where there is no plan, and where nothing is proven."""
    if bound is not None:
        return bound
    return np.inf if objective is None else -np.inf


def _reason(rule: str, village: int, judged: Mapping[int, Reason]) -> Reason:
    """Return why a village is left out: the file's rule, with the figures found again."""
    found = judged.get(village, Reason("as_given", (village,)))
    if rule not in _RULES or rule == found.rule:
        return found
    # The file knows that the solver left it out for its cost; this reading cannot.
    return Reason(cast("RuleName", rule), (village,), None)


def _zone_reason(told: Any, position: Mapping[str, int]) -> Reason | None:
    """Return why a zone has no plan, None where the file does not say so in its own way."""
    if not isinstance(told, dict) or told.get("rule") not in _RULES:
        return None
    codes, value = told.get("villages"), told.get("value")
    listed = codes if isinstance(codes, list) else []
    known = [position[code] for code in listed if isinstance(code, str) and code in position]
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    return Reason(cast("RuleName", told["rule"]), tuple(known), number)


def _figure(value: Any) -> float:
    """Return a number that nothing depends on, 0 for anything else."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain else 0.0
