"""Commands that look after the data: check, doctor, template, repair."""

from __future__ import annotations

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.commands.inputs import Inputs
from liancun_geo.report import Report


@command()
def check(report: Report, inputs: Inputs, assignment: options.Assignment = None) -> int:
    """Look at the data, and at an assignment if there is one."""
    from liancun_geo.commands import checking

    return checking.check(report, inputs, assignment)


@command()
def doctor(
    report: Report,
    inputs: Inputs,
    reference: options.Reference = None,
    townships: options.Townships = None,
    propose: options.Propose = False,
    confirm: options.Confirm = None,
    by: options.ConfirmedBy = None,
    out: options.FindingsOut = None,
) -> int:
    """Examine the data and keep what is decided."""
    from liancun_geo.commands.doctor import Patient, doctor

    patient = Patient(inputs, reference, townships)
    return doctor(report, patient, proposing=propose, confirming=confirm or [], by=by, out=out)


@command(as_json=False)
def template(
    report: Report,
    out: options.TemplateOut,
    boundaries: options.TemplateBoundaries = None,
    settings: options.SettingsFile = None,
    by_township: options.ByTownship = False,
    force: options.Force = False,
) -> int:
    """Write a ledger to fill in."""
    from liancun_geo.commands.template import template

    return template(report, boundaries, settings, out, by_township, force)


@command()
def repair(
    report: Report,
    boundaries: options.Boundaries,
    out: options.Out,
    gap_tolerance: options.GapTolerance = None,
    settings: options.SettingsFile = None,
    decisions: options.DecisionsFile = None,
) -> int:
    """Mend a boundary layer and write the copy."""
    from liancun_geo.commands.repair import repair

    inputs = Inputs(boundaries, None, settings, decisions)
    return repair(report, inputs, out, gap_tolerance)
