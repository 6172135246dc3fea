"""What ``alternatives`` does: all plans close to the best, and the most different of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.checking import ready
from liancun_geo.commands.inputs import GOOD, Inputs
from liancun_geo.report import Report, print_json

if TYPE_CHECKING:
    from liancun_geo.solve import ZoneAlternatives


def alternatives(
    report: Report, inputs: Inputs, within: float, limit: int, out: Path | None
) -> int:
    """List all plans close to the best, zone by zone."""
    from liancun_geo.reasons import zone_name
    from liancun_geo.solve import alternatives as near_optimal

    settings = inputs.settings()
    county, groundwork, _ = ready(report, inputs, settings)
    found = near_optimal(groundwork.problem, within, limit, time_limit=settings.solver.time_limit_s)
    codes = [str(code) for code in county.villages.frame["code"]]
    rows: list[list[object]] = []
    for of_zone in found:
        name = zone_name(of_zone.label, county.villages, settings)
        report.line(
            "cli.alternatives_all" if of_zone.complete else "cli.alternatives_some",
            zone=name,
            plans=len(of_zone),
            within=f"{within:.1%}",
            reached=f"{max(of_zone.complete_within, 0.0):.2%}",
            cost=f"{of_zone.objective:.4f}",
        )
        for row in of_zone.diverse:
            for village, lead in zip(of_zone.villages, of_zone.lead_of[row], strict=True):
                lead_code = codes[lead] if lead >= 0 else ""
                cost = f"{of_zone.cost[row]:.6f}"
                rows.append([str(of_zone.label), row + 1, cost, codes[village], lead_code])
    if out is not None:
        _write_rows(out, ["zone", "plan", "cost", "code", "lead_code"], rows)
        report.line("cli.alternatives_written", file=out)
    if report.as_json:
        print_json({"zones": [_as_object(of_zone, codes) for of_zone in found]})
    return GOOD


def _as_object(of_zone: ZoneAlternatives, codes: list[str]) -> dict[str, Any]:
    """Return the different plans of a zone and how often villages are together, by code."""
    import numpy as np

    here = [codes[village] for village in of_zone.villages]
    first, second = np.triu_indices(len(here), 1)
    share = of_zone.together[first, second]
    return {
        "zone": str(of_zone.label),
        "status": of_zone.status,
        "plans": len(of_zone),
        "complete": of_zone.complete,
        "objective": of_zone.objective if np.isfinite(of_zone.objective) else None,
        "different": [
            {
                "cost": float(of_zone.cost[row]),
                "lead_of": {
                    code: codes[lead] if lead >= 0 else None
                    for code, lead in zip(here, of_zone.lead_of[row].tolist(), strict=True)
                },
            }
            for row in of_zone.diverse
        ],
        "together": [
            [here[a], here[b], round(float(s), 6)]
            for a, b, s in zip(first.tolist(), second.tolist(), share.tolist(), strict=True)
            if s > 0
        ],
    }


def _write_rows(path: Path, header: list[str], rows: list[list[object]]) -> None:
    from liancun_geo.output.atomic import staged

    with staged(path.parent, [path.name]) as stage:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([header, *rows])
        stage.path(path.name).write_text(text.getvalue(), encoding="utf-8-sig", newline="")
