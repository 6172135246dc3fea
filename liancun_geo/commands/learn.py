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
    from liancun_geo.research import county_features, held_out, learn_weights
    from liancun_geo.research.features import as_settings, weights_of
    from liancun_geo.settings_edits import SettingsEdit

    settings = inputs.settings()
    county, groundwork, _ = ready(report, inputs, settings)
    existing = np.asarray(handed_plan(assignment, county.villages), dtype=np.intp)
    features = county_features(groundwork)
    start = weights_of(settings, features)
    try:
        found = learn_weights(features, existing, start=start, margin=margin)
    except ValueError:
        report.error(report.text("research.nothing_to_learn"))
        return BAD_DATA
    learned, lead_weight = as_settings(found.weights, features)
    gaps = {"before": f"{found.gap_before:.4f}", "gap": f"{found.gap:.4f}"}
    report.line("research.learned", zones=found.zones, **gaps)
    for name, weight in {**learned, "lead_cost_weight": lead_weight}.items():
        label = report.text(f"research.weight_{name}")
        report.line("research.weight_line", weight=f"{weight:.3f}", name=label)
    if found.left_aside:
        report.line("research.left_aside", count=len(found.left_aside))
    unseen = None
    # Where one zone teaches, none is left to be planned unseen.
    if folds >= 2 and found.zones > 1:
        unseen, _ = held_out(features, existing, folds=folds, start=start, margin=margin)
        shown = {"f1": f"{unseen.f1:.2f}", "rand": f"{unseen.adjusted_rand:.2f}"}
        report.line("research.held_out", lead=f"{100 * unseen.lead:.0f}", **shown)
    if out is not None:
        unknown = dict.fromkeys(settings.criteria.pair_weights.model_dump(), 0.0)
        weights = {**unknown, **learned}
        edits = (
            SettingsEdit("criteria", "pair_weights", "set", weights),
            SettingsEdit("rules", "lead_cost_weight", "set", lead_weight),
        )
        note = report.text("research.settings_note", file=assignment.name)
        write_settings(out, edits, source=inputs.settings_file, notes=[note])
        report.line("research.settings_written", file=out)
    if report.as_json:
        told = {
            "weights": {**learned, "lead_cost_weight": lead_weight},
            "zones": found.zones,
            "gap_before": found.gap_before,
            "gap": found.gap,
            "converged": found.converged,
            "left_aside": [str(label) for label in found.left_aside],
            "held_out_f1": None if unseen is None else unseen.f1,
        }
        print_json(told)
    return GOOD
