"""What ``learn`` does: weights from existing alliances, as a settings file to plan others with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from liancun_geo.commands.checking import ready
from liancun_geo.commands.inputs import BAD_DATA, GOOD, Inputs, handed_plan
from liancun_geo.report import Report, print_json


def learn(
    report: Report, inputs: Inputs, assignment: Path, out: Path | None, *, folds: int, margin: float
) -> int:
    """Learn weights from existing alliances and tell how well they account for them.

    Parameters
    ----------
    assignment
        The existing alliances, in any form that ``check`` reads.
    out
        A new settings file with the weights; the one they came from is not touched.
    folds
        Parts of the townships for the test on unseen ones; below 2: no test.
    margin
        As for :func:`liancun_geo.research.learn_weights`.
    """
    from liancun_geo.output.settings_file import write_settings
    from liancun_geo.research import learn_from

    settings = inputs.settings()
    county, groundwork, _ = ready(report, inputs, settings)
    existing = np.asarray(handed_plan(assignment, county.villages), dtype=np.intp)
    try:
        lesson = learn_from(groundwork, existing, settings, folds=folds, margin=margin)
    except ValueError:
        report.error(report.text("research.nothing_to_learn"))
        return BAD_DATA
    for line in lesson.text(report.language):
        report.say(line)
    if out is not None:
        note = report.text("research.settings_note", file=assignment.name)
        write_settings(out, lesson.edits(settings), source=inputs.settings_file, notes=[note])
        report.line("research.settings_written", file=out)
    if report.as_json:
        print_json(lesson.as_dict())
    return GOOD
