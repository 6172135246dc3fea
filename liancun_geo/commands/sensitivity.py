"""What ``sensitivity`` does: plan anew under other weights or figures, and tell who stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.commands.sheets import records, write_answer
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.research import Redrawn
    from liancun_geo.research.sensitivity import Sampling


def sensitivity(
    report: Report,
    inputs: Inputs,
    out: Path | None,
    *,
    data: bool,
    around: bool,
    ranges: bool,
    error: float | None,
    draws: int,
    seed: int,
    workers: int | None,
) -> int:
    """Tell how far the best plan depends on weights or figures.

    Parameters
    ----------
    out
        ``.xlsx`` or ``.csv``: villages, alliances, pairs, draws, and the ranges of the weights.
    data
        Redraw income and population instead of weights.
    around
        Draw weights near those of the settings instead of all over.
    ranges
        Also find between which weights the plan stays best.
    error
        Relative error of every figure; None: as :data:`~liancun_geo.research.sensitivity.ERRORS`.
    """
    from liancun_geo.research import (
        data_sensitivity,
        ranges_text,
        redrawn_text,
        weight_ranges,
        weight_sensitivity,
    )
    from liancun_geo.scenario import plan_alliances

    settings = inputs.settings()
    workers = settings.solver.workers or workers or 1
    scenario = plan_alliances(inputs.county(settings), settings, workers=workers)
    if not scenario.alliances:
        report.line("research.no_plan_to_vary")
        return NO_PLAN
    limit = 10.0 * settings.solver.time_limit_s
    found: Redrawn
    if data:
        found = data_sensitivity(
            scenario, draws, errors=error, seed=seed, time_limit=limit, workers=workers
        )
    else:
        sampling: Sampling = "around" if around else "simplex"
        found = weight_sensitivity(
            scenario, draws, sampling=sampling, seed=seed, time_limit=limit, workers=workers
        )
    told, tables = redrawn_text(found, report.language), found.tables()
    if ranges:
        tables["ranges"] = weight_ranges(scenario, time_limit=limit, workers=workers)
        told += ranges_text(tables["ranges"], report.language)
    for line in told:
        report.say(line)
    if out is not None:
        write_answer(report, scenario, tables, out, inputs)
    if report.as_json:
        print_json({name: records(table) for name, table in tables.items() if name != "pairs"})
    return GOOD
