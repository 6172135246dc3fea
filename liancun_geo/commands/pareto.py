"""What ``pareto`` does: the plans that no other plan beats, told by name and written."""

from __future__ import annotations

from pathlib import Path

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.commands.sheets import write_answer
from liancun_geo.errors import SettingsError, Where, error
from liancun_geo.report import Report, print_json


def pareto(
    report: Report,
    inputs: Inputs,
    criteria: str,
    out: Path | None,
    *,
    resolution: float,
    workers: int | None,
) -> int:
    """Find the front between two or three criteria.

    Parameters
    ----------
    criteria
        Names, divided by commas.
    out
        ``.xlsx`` or ``.csv``: the points, and the plans of those with a name.
    resolution
        As for :func:`liancun_geo.research.pareto_front`.
    """
    from liancun_geo.research import front_text, pareto_front
    from liancun_geo.research.objectives import NAMES
    from liancun_geo.scenario import plan_alliances

    names = [name.strip() for name in criteria.split(",") if name.strip()]
    if len(names) not in (2, 3) or len(set(names)) < len(names):
        where = Where(field="--criteria")
        known = ", ".join(NAMES)
        raise SettingsError([error("research.criteria_count", where, known=known)])
    settings = inputs.settings()
    workers = settings.solver.workers or workers or 1
    scenario = plan_alliances(inputs.county(settings), settings, workers=workers)
    front = pareto_front(
        scenario,
        names,
        resolution=resolution,
        before=scenario.plan,
        time_limit=settings.solver.time_limit_s,
        workers=workers,
    )
    for line in front_text(front, report.language):
        report.say(line)
    if out is not None:
        write_answer(report, scenario, front.tables(), out, inputs)
    if report.as_json:
        print_json(front.as_dict())
    return GOOD if len(front) and front.zones else NO_PLAN
