"""Verifying a plan file against the very data it was made from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liancun_geo.check import Violation, check, plan_cost
from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.output.planfile import PlanFile, examine_plan_file
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.settings import Settings
from liancun_geo.solve.result import relative_gap
from liancun_geo.villages import Correction, Source, VillageTable, positions_by_code

Builder = Callable[
    [Path, tuple[Path, ...], Settings, tuple[Correction, ...]],
    tuple[VillageTable, AllianceProblem],
]
"""Reads boundaries and ledgers, lays the corrections of the plan file over them (anybody may have
written those) and builds the problem. The layers that the settings it is given
name (barriers, bridges, roads, seats, places) are paths that exist; the table's ``sources`` must
name every file that was read."""

_SIDE_ROLES = ("barriers", "bridges", "roads", "seats", "places")

TOLERANCE = 1e-9
"""Relative to the larger figure, or absolute below 1: sums of the same costs in another order."""


@dataclass(frozen=True)
class Verification:
    """What came of verifying a plan file.

    Attributes
    ----------
    plan
        The file, None if it could not be understood.
    faults
        Everything that does not hold: the file itself, its sources, villages, figures.
    violations
        Rules the plan breaks, found by the independent checker, not counting villages that the
        file itself says could not be planned because their zone has no plan.
    villages
        The table that positions in ``violations`` refer to, None if it could not be read.
    objective
        Cost recomputed from the problem's arrays over the zones that have a plan; None if the
        problem could not be built or the plan uses what the rules forbid.
    """

    plan: PlanFile | None
    faults: tuple[Fault, ...]
    violations: tuple[Violation, ...] = ()
    villages: VillageTable | None = None
    objective: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the file is what the program wrote and everything it says holds."""
        return self.plan is not None and not self.faults and not self.violations


def verify_plan(
    path: Path | str,
    *,
    build: Builder,
    boundaries: Path | str | None = None,
    ledger: Path | str | Sequence[Path | str] | None = None,
) -> Verification:
    """Check that a plan file holds what it claims.

    Its sources are read again and their SHA-256 compared, the problem is rebuilt with the
    file's own settings, the independent checker looks at every rule, and the objective is
    recomputed and compared with the objective, the bound, the gap and the status in the file.

    Parameters
    ----------
    path
        ``plan.json``.
    build
        See :data:`Builder`.
    boundaries, ledger
        Where the sources are now. Default: the paths in the file, looked up as they stand, from
        the current folder, from the folder of the plan file, and by file name in that folder.

    Returns
    -------
    Verification
        Faults are returned, not raised.
    """
    plan, faults = examine_plan_file(path)
    if plan is None:
        return Verification(None, faults)
    found = list(faults)
    given = [] if ledger is None else [ledger] if isinstance(ledger, str | Path) else list(ledger)
    boundary_paths = _locate(plan, "boundaries", [] if boundaries is None else [boundaries], found)
    ledger_paths = _locate(plan, "ledger", given, found)
    side_paths = {role: _locate(plan, role, [], found) for role in _SIDE_ROLES}
    sides = [path for paths in side_paths.values() for path in paths]
    if None in (*boundary_paths, *ledger_paths, *sides) or not boundary_paths:
        if not boundary_paths:
            found.append(error("output.verify_no_boundaries", Where(file=str(path))))
        return Verification(plan, tuple(found))
    settings = _with_side_layers(
        plan.settings,
        {role: [str(p) for p in paths if p is not None] for role, paths in side_paths.items()},
    )
    try:
        villages, problem = build(
            next(p for p in boundary_paths if p is not None),
            tuple(p for p in ledger_paths if p is not None),
            settings,
            plan.corrections,
        )
    except DataError as cause:
        return Verification(plan, (*found, *cause.faults))
    found += _changed_sources(plan, villages.sources)
    lead_of, more = _lead_of(plan, villages)
    found += more
    violations = _unexpected(check(problem, lead_of), plan, problem, lead_of)
    objective, more = _figures(plan, problem, lead_of)
    found += more
    return Verification(plan, tuple(found), violations, villages, objective)


def _locate(
    plan: PlanFile, role: str, given: Sequence[Path | str], faults: list[Fault]
) -> list[Path | None]:
    """Return where the sources of a role are; None, and a fault, for one that is nowhere."""
    wanted = [str(path) for path in given] or [s.path for s in plan.sources if s.role == role]
    places = [_find(Path(path), plan.path.parent, exact=bool(given)) for path in wanted]
    faults += [
        error("output.verify_source_missing", Where(file=path))
        for path, place in zip(wanted, places, strict=True)
        if place is None
    ]
    return [*places]


def _find(path: Path, folder: Path, *, exact: bool) -> Path | None:
    # Plans travel between machines, so the other system's separators count as well.
    name = path.as_posix().replace("\\", "/").rsplit("/", 1)[-1]
    candidates = [path] if exact else [path, folder / path, folder / name]
    return next((candidate for candidate in candidates if _exists(candidate)), None)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    # A name that no system takes leads nowhere.
    except OSError:
        return False


def _with_side_layers(settings: Settings, paths: Mapping[str, Sequence[str]]) -> Settings:
    """Return settings that name the layers where they are now."""
    contiguity: dict[str, Any] = {
        role: tuple(paths[role]) for role in ("barriers", "bridges") if paths[role]
    }
    travel: dict[str, Any] = {}
    if paths["roads"]:
        travel["roads"] = tuple(paths["roads"])
    if paths["seats"]:
        travel["seats"] = paths["seats"][0]
    data = {"places": tuple(paths["places"])} if paths["places"] else {}
    return settings.model_copy(
        update={
            "contiguity": settings.contiguity.model_copy(update=contiguity),
            "travel": settings.travel.model_copy(update=travel),
            "data": settings.data.model_copy(update=data),
        }
    )


def _changed_sources(plan: PlanFile, read: Sequence[Source]) -> list[Fault]:
    digests = Counter((source.role, source.sha256) for source in read)
    faults = []
    for source in plan.sources:
        if digests[source.role, source.sha256] > 0:
            digests[source.role, source.sha256] -= 1
        else:
            faults.append(error("output.verify_source_changed", Where(file=source.path)))
    return faults


def _lead_of(plan: PlanFile, villages: VillageTable) -> tuple[NDArray[np.intp], list[Fault]]:
    """Return the plan by position, and a fault for every code that does not fit the data."""
    frame, file = villages.frame, str(plan.path)
    position = positions_by_code(frame["code"])
    lead_of = np.full(len(frame), UNASSIGNED, dtype=np.intp)
    faults: list[Fault] = []
    for alliance in plan.alliances:
        for code in (alliance.lead, *alliance.members):
            if code not in position:
                faults.append(error("output.verify_unknown_village", Where(file=file, code=code)))
            elif alliance.lead in position:
                lead_of[position[code]] = position[alliance.lead]
    listed = {code for a in plan.alliances for code in (a.lead, *a.members)} | set(plan.unassigned)
    for place, code in enumerate(position):
        if code not in listed:
            where = Where(file=file, village=str(frame["name"].iat[place]), code=code)
            faults.append(error("output.verify_village_absent", where))
    return lead_of, faults


def _unplanned(plan: PlanFile, problem: AllianceProblem) -> set[int]:
    """Return the numbers of the zones that the file says have no plan."""
    without = {zone.label for zone in plan.zones if zone.objective is None}
    return {number for number, zone in enumerate(problem.zones) if str(zone.label) in without}


def _unexpected(
    violations: Sequence[Violation],
    plan: PlanFile,
    problem: AllianceProblem,
    lead_of: NDArray[np.intp],
) -> tuple[Violation, ...]:
    unplanned = _unplanned(plan, problem)
    return tuple(
        violation
        for violation in violations
        if violation.rule != "unassigned"
        or any(problem.zone_of[village] not in unplanned for village in violation.villages)
    )


def _figures(
    plan: PlanFile, problem: AllianceProblem, lead_of: NDArray[np.intp]
) -> tuple[float | None, list[Fault]]:
    """Return the objective recomputed, and a fault for every figure that does not follow."""
    where = Where(file=str(plan.path))
    sizes = np.bincount(lead_of[lead_of != UNASSIGNED], minlength=1)
    # An alliance above the largest size has no size cost to look up.
    too_large = sizes.max() > problem.max_size
    objective = math.inf if too_large else plan_cost(problem, lead_of)
    for number in _unplanned(plan, problem):
        prices = problem.zones[number].unassigned_cost
        # What is left out in a zone without a plan is no part of the objective.
        objective -= math.fsum(prices[np.isfinite(prices)])
    if not math.isfinite(objective):
        return None, [error("output.verify_objective_infinite", where)]
    if plan.objective is None:
        alone = [error("output.verify_objective_absent", where, found=f"{objective:.9g}")]
        return objective, alone if plan.alliances else []
    faults: list[Fault] = []
    if not _equal(objective, plan.objective):
        stored, found = f"{plan.objective:.9g}", f"{objective:.9g}"
        faults.append(error("output.verify_objective_differs", where, stored=stored, found=found))
    bound = -math.inf if plan.bound is None else plan.bound
    if bound > plan.objective and not _equal(bound, plan.objective):
        faults.append(
            error(
                "output.verify_bound_above",
                where,
                bound=f"{bound:.9g}",
                objective=f"{plan.objective:.9g}",
            )
        )
    gap = relative_gap(plan.objective, bound)
    claimed = math.inf if plan.gap is None else plan.gap
    proven = plan.status != "optimal" or _equal(bound, plan.objective)
    if not proven or not (gap == claimed or abs(gap - claimed) <= TOLERANCE):
        faults.append(error("output.verify_gap_differs", where, status=plan.status))
    return objective, faults


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))
