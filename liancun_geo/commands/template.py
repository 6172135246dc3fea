"""What ``template`` does: a ledger to fill in, with the villages of the map."""

from __future__ import annotations

from pathlib import Path

from liancun_geo.commands.inputs import GOOD, Inputs
from liancun_geo.report import Report


def template(
    report: Report,
    boundaries: Path | None,
    settings_file: Path | None,
    out: Path,
    by_township: bool,
    force: bool,
) -> int:
    """Write a ledger to fill in, with the villages of the boundaries if they are given."""
    from liancun_geo.intake.reading import read_all
    from liancun_geo.output.template import known_villages, write_template

    villages = None
    if boundaries is not None:
        settings = Inputs(boundaries, None, settings_file).settings()
        villages = known_villages(read_all(boundaries, settings=settings))
    sheets = write_template(
        out, villages, language=report.language, by_township=by_township, force=force
    )
    if villages is None:
        report.line("template.written_empty", file=out)
    else:
        report.line("template.written", file=out, villages=len(villages), sheets=len(sheets))
    return GOOD
