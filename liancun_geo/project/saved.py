"""A solved plan with its proof as JSON, and back without solving."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from liancun_geo.check import plan_cost
from liancun_geo.errors import Fault, error, warning
from liancun_geo.fingerprint import fingerprint
from liancun_geo.output.document import checksum
from liancun_geo.plan import UNASSIGNED
from liancun_geo.project.faults import ProjectError
from liancun_geo.scenario import County, Groundwork, Scenario, assemble, lay_groundwork, take_over
from liancun_geo.settings import Settings
from liancun_geo.solve.resolve import ResolveResult
from liancun_geo.solve.result import Method, Reason, RuleName, SolveResult, Status, ZoneResult
from liancun_geo.villages import positions_by_code

FORMAT = "liancun-result"
FORMAT_VERSION = 1

_TOLERANCE = 1e-6
"""Relative difference of costs that count as the same, as in the certificate."""
_MOST_CODES = 5

_Float = Annotated[float, Field(allow_inf_nan=False)] | Literal["inf", "-inf"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Reason(_Part):
    rule: RuleName
    villages: list[str] = []
    value: int | None = None


class _Zone(_Part):
    label: str
    n: int = Field(ge=0)
    status: Status
    objective: _Float
    bound: _Float
    candidates: int = Field(ge=0)
    seconds: _Float
    method: Method
    reason: _Reason | None = None


class _Again(_Part):
    move_cost: _Float
    moved: list[str]
    kept: list[str]


class _Saved(_Part):
    format: Literal["liancun-result"]
    version: int = Field(ge=1, le=FORMAT_VERSION)
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")
    settings: dict[str, Any]
    lead_of: dict[str, str | None]
    objective: _Float
    bound: _Float
    status: Status
    seed: int = Field(ge=0)
    seconds: _Float
    zones: list[_Zone]
    left_out: dict[str, _Reason]
    again: _Again | None = None
    checksum: str


def saved_result(scenario: Scenario) -> dict[str, Any]:
    """Return a solved plan with its proof as one JSON object.

    Villages are named by code; every zone keeps its status, bound and reason; numbers are exact
    (infinite ones are ``"inf"`` and ``"-inf"``). The dual prices behind the bounds are not kept:
    whoever asks for them has them computed again.

    Parameters
    ----------
    scenario
        From :func:`~liancun_geo.scenario.plan_alliances` or any other; it may break rules.

    Returns
    -------
    dict
        For :func:`restored`. ``checksum`` is the SHA-256 of everything else.
    """
    result = scenario.result
    codes = [str(code) for code in scenario.villages.frame["code"]]
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "liancun_geo": metadata.version("liancun-geo"),
        "fingerprint": scenario.fingerprint,
        "settings": scenario.settings.model_dump(mode="json"),
        "lead_of": {
            codes[village]: None if lead == UNASSIGNED else codes[lead]
            for village, lead in enumerate(result.lead_of.tolist())
        },
        "objective": _number(result.objective),
        "bound": _number(result.bound),
        "status": result.status,
        "seed": int(result.seed),
        "seconds": _number(result.seconds),
        "zones": [_zone(zone, codes) for zone in result.zones],
        "left_out": {codes[v]: _reason(reason, codes) for v, reason in result.left_out.items()},
    }
    if isinstance(result, ResolveResult):
        document["again"] = {
            "move_cost": _number(result.move_cost),
            "moved": [codes[village] for village in result.moved],
            "kept": [str(label) for label in result.kept],
        }
    document["checksum"] = checksum(document)
    return document


def restored(
    county: County,
    settings: Settings,
    document: Mapping[str, Any],
    *,
    lay: Callable[[County, Settings], Groundwork] = lay_groundwork,
) -> Scenario:
    """Return a saved plan as the scenario it was, without solving.

    Parameters
    ----------
    county
        What the plan is judged by now.
    settings
        The settings of now. Where they or the data differ from those the plan was made with, the
        plan is judged anew as :func:`~liancun_geo.scenario.take_over` does: its proof is gone,
        and a warning of the scenario says so.
    document
        From :func:`saved_result`.
    lay
        Lays the groundwork; a server gives a function that keeps it for the next plan.

    Raises
    ------
    ProjectError
        If the document is none of these.
    DataError, SettingsError
        As :func:`~liancun_geo.scenario.lay_groundwork`.
    """
    saved = _understood(document)
    villages = county.villages
    position = positions_by_code(villages.frame["code"])
    lead_of, notes = _assignment(saved.lead_of, position)
    if saved.fingerprint != fingerprint(villages, settings) or set(saved.lead_of) != set(position):
        return _anew(county, settings, lead_of, (*notes, warning("project.judged_anew")))
    groundwork = lay(county, settings)
    try:
        result = _result(saved, lead_of, position)
        sound = document.get("checksum") == checksum(document)
        sound = sound and _agrees(result, groundwork)
    except KeyError:  # a reason that names no village of the plan
        sound = False
    if not sound:
        return _anew(county, settings, lead_of, (*notes, warning("project.proof_broken")))
    return assemble(villages, settings, groundwork, result)


def saved_assignment(document: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the plan of a saved result by code: village -> its lead, None if left out.

    Raises
    ------
    ProjectError
        As :func:`restored`.
    """
    return dict(_understood(document).lead_of)


def _understood(document: Mapping[str, Any]) -> _Saved:
    try:
        saved = _Saved.model_validate(dict(document))
    except ValidationError as cause:
        first = cause.errors()[0]
        said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise ProjectError([error("project.saved_unusable", cause=said)]) from cause
    for village, lead in saved.lead_of.items():
        if lead is not None and saved.lead_of.get(lead) != lead:
            said = f"lead_of.{village}: {lead}"
            raise ProjectError([error("project.saved_unusable", cause=said)])
    return saved


def _assignment(
    saved: Mapping[str, str | None], position: Mapping[str, int]
) -> tuple[NDArray[np.intp], tuple[Fault, ...]]:
    lead_of = np.full(len(position), UNASSIGNED, dtype=np.intp)
    for village, lead in saved.items():
        if village in position and lead is not None and lead in position:
            lead_of[position[village]] = position[lead]
    gone = [code for code in saved if code not in position]
    if not gone:
        return lead_of, ()
    told = ", ".join(gone[:_MOST_CODES]) + (" …" if len(gone) > _MOST_CODES else "")
    return lead_of, (warning("project.villages_gone", count=len(gone), codes=told),)


def _anew(
    county: County, settings: Settings, lead_of: NDArray[np.intp], notes: Sequence[Fault]
) -> Scenario:
    scenario = take_over(county, settings, lead_of)
    return replace(scenario, warnings=(*scenario.warnings, *notes))


def _agrees(result: SolveResult, groundwork: Groundwork) -> bool:
    """Say whether zones, costs and bounds are what the plan itself adds up to.

    The bound cannot be derived again without the solver; that it lies below the cost can be seen.
    """
    problem = groundwork.problem
    given = [(zone.label, zone.n) for zone in result.zones]
    if given != [(zone.label, zone.n) for zone in problem.zones]:
        return False
    sizes = np.bincount(result.lead_of[result.lead_of != UNASSIGNED], minlength=1)
    # An alliance above the largest size has no size cost to look up.
    too_large = bool(sizes.max() > problem.max_size)
    cost = math.inf if too_large else plan_cost(problem, result.lead_of)
    for record, zone in zip(result.zones, problem.zones, strict=True):
        if math.isinf(record.objective):
            # What is left out in a zone without a plan is no part of the objective.
            prices = zone.unassigned_cost
            cost -= math.fsum(prices[np.isfinite(prices)])
    figures = [(zone.objective, zone.bound) for zone in result.zones]
    below = all(
        bound <= objective or _same(bound, objective)
        for objective, bound in (*figures, (result.objective, result.bound))
    )
    planned = any(math.isfinite(zone.objective) for zone in result.zones)
    return below and (not planned or _same(cost, result.objective))


def _same(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _TOLERANCE * max(1.0, abs(one), abs(other))


def _result(saved: _Saved, lead_of: NDArray[np.intp], position: Mapping[str, int]) -> SolveResult:
    zones = tuple(
        ZoneResult(
            label=zone.label,
            n=zone.n,
            status=zone.status,
            objective=float(zone.objective),
            bound=float(zone.bound),
            candidates=zone.candidates,
            seconds=float(zone.seconds),
            reason=None if zone.reason is None else _as_reason(zone.reason, position),
            method=zone.method,
        )
        for zone in saved.zones
    )
    left_out = {position[c]: _as_reason(r, position) for c, r in saved.left_out.items()}
    lead_of.flags.writeable = False
    given: dict[str, Any] = {
        "lead_of": lead_of,
        "objective": float(saved.objective),
        "bound": float(saved.bound),
        "status": saved.status,
        "zones": zones,
        "left_out": MappingProxyType(dict(sorted(left_out.items()))),
        "seed": saved.seed,
        "seconds": float(saved.seconds),
    }
    if saved.again is None:
        return SolveResult(**given)
    return ResolveResult(
        **given,
        move_cost=float(saved.again.move_cost),
        moved=tuple(position[code] for code in saved.again.moved),
        kept=tuple(saved.again.kept),
    )


def _as_reason(reason: _Reason, position: Mapping[str, int]) -> Reason:
    return Reason(reason.rule, tuple(position[code] for code in reason.villages), reason.value)


def _zone(zone: ZoneResult, codes: Sequence[str]) -> dict[str, Any]:
    return {
        "label": str(zone.label),
        "n": int(zone.n),
        "status": zone.status,
        "objective": _number(zone.objective),
        "bound": _number(zone.bound),
        "candidates": int(zone.candidates),
        "seconds": _number(zone.seconds),
        "method": zone.method,
        "reason": None if zone.reason is None else _reason(zone.reason, codes),
    }


def _reason(reason: Reason, codes: Sequence[str]) -> dict[str, Any]:
    value = None if reason.value is None else int(reason.value)
    return {"rule": reason.rule, "villages": [codes[v] for v in reason.villages], "value": value}


def _number(value: float) -> float | str:
    if math.isnan(value):
        # A figure nobody has is never below anything.
        return "-inf"
    return float(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
