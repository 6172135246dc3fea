"""What ``pareto`` does: the plans that no other plan beats, told by name and written."""

from __future__ import annotations

from pathlib import Path

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.commands.sheets import write_answer
from liancun_geo.errors import SettingsError, Where, error
from liancun_geo.messages import message
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
    from liancun_geo.research import pareto_front
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
    report.line(
        "research.front_complete" if front.status == "optimal" else "research.front_partial",
        count=len(front),
        criteria=", ".join(names),
        seconds=f"{front.seconds:.1f}",
    )
    if front.epsilon.any():
        steps = ", ".join(
            f"{name} {step:.4g}" for name, step in zip(names, front.epsilon, strict=True)
        )
        report.line("research.front_step", steps=steps)
    for called, at in front.names().items():
        values = ", ".join(f"{name} {value:.4f}" for name, value in front[at].values.items())
        kind, _, of = called.partition("_")
        what = message(f"research.front_{kind}", report.language, criterion=of)
        report.line("research.front_point", number=at, what=what, values=values)
    if out is not None:
        tables = {"points": front.frame().reset_index(), "plans": front.plans_frame()}
        write_answer(report, scenario, tables, out, inputs)
    if report.as_json:
        print_json(
            {
                "criteria": names,
                "status": front.status,
                "epsilon": front.epsilon.tolist(),
                "names": front.names(),
                "points": front.points.tolist(),
            }
        )
    return GOOD if len(front) and front.zones else NO_PLAN
