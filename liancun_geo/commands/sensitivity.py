"""What ``sensitivity`` does: plan anew under other weights or figures, and tell who stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.commands.inputs import GOOD, NO_PLAN, Inputs
from liancun_geo.commands.sheets import write_answer
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    import pandas as pd

    from liancun_geo.research import Redrawn


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
    from liancun_geo.research import data_sensitivity, weight_ranges, weight_sensitivity
    from liancun_geo.research.sensitivity import ERRORS
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
        errors = ERRORS if error is None else dict.fromkeys(ERRORS, error)
        found = data_sensitivity(
            scenario, draws, errors=errors, seed=seed, time_limit=limit, workers=workers
        )
    else:
        found = weight_sensitivity(
            scenario,
            draws,
            sampling="around" if around else "simplex",
            seed=seed,
            time_limit=limit,
            workers=workers,
        )
    villages, alliances = found.frame(), found.alliances()
    tables = {
        "villages": villages,
        "alliances": alliances,
        "pairs": found.pairs(),
        "draws": found.drawn,
    }
    report.line(
        "research.redrawn_figures" if data else "research.redrawn_weights",
        draws=found.draws,
        asked=found.asked,
        proven=int(found.proven.sum()),
    )
    swinging = found.swing_villages()
    report.line(
        "research.survival",
        exact=f"{alliances['exact'].mean():.0%}",
        jaccard=f"{alliances['jaccard'].mean():.2f}",
        kept=f"{villages['kept'].mean():.0%}",
    )
    report.line(
        "research.swinging",
        count=len(swinging),
        below=f"{found.swing_below:.0%}",
        names=_names(swinging, "、" if report.language == "zh" else ", "),
    )
    if ranges:
        tables["ranges"] = weight_ranges(scenario, time_limit=limit, workers=workers)
        for row in tables["ranges"].to_dict("records"):
            report.line(
                "research.weight_range" if row["proven"] else "research.weight_range_open",
                component=row["component"],
                weight=f"{row['weight']:.2f}",
                low=f"{row['low']:.3f}",
                high=f"{row['high']:.3f}",
            )
    if out is not None:
        write_answer(report, scenario, tables, out, inputs)
    if report.as_json:
        print_json(
            {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in tables.items()
                if name != "pairs"
            }
        )
    return GOOD


def _names(swinging: pd.DataFrame, between: str, most: int = 8) -> str:
    return between.join(swinging["name"].head(most)) or "—"
