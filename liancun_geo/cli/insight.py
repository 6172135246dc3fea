"""Commands that say why and how good: explain, why, quality, benefit, cases."""

from __future__ import annotations

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.commands.inputs import Inputs
from liancun_geo.report import Report


@command()
def explain(
    report: Report,
    inputs: Inputs,
    most: options.Most = 10,
    apply: options.Apply = None,
    settings_out: options.SettingsOut = None,
) -> int:
    """Say what stands in the way of a plan."""
    from liancun_geo.commands.explain import explain

    return explain(report, inputs, most, apply or [], settings_out)


@command()
def why(
    report: Report,
    inputs: Inputs,
    village: options.Village = None,
    other: options.WithVillage = None,
    rules: options.Rules = False,
    plan_file: options.PlanAsked = None,
    lock: options.Lock = None,
    vary_weights: options.VaryWeights = False,
    everyone: options.Everyone = False,
    html: options.Html = None,
) -> int:
    """Say why a village is where it is."""
    from liancun_geo.commands.why import Question, why

    asked = Question(
        village, other, rules, plan_file, lock or [], vary_weights, everyone=everyone, html=html
    )
    return why(report, inputs, asked)


@command()
def quality(
    report: Report,
    inputs: Inputs,
    assignment: options.AssignmentMeasured = None,
    xlsx: options.Xlsx = None,
    workers: options.Workers = None,
) -> int:
    """Tell how good a plan is."""
    from liancun_geo.commands.appraise import quality

    return quality(report, inputs, assignment, xlsx, workers)


@command()
def benefit(
    report: Report,
    inputs: Inputs,
    assignment: options.AssignmentMeasured = None,
    alliance: options.AllianceNames = None,
    pot: options.Pots = None,
    by: options.SharedBy = None,
    land: options.Land = None,
    xlsx: options.Xlsx = None,
    workers: options.Workers = None,
) -> int:
    """Tell what every alliance has and how a pot is shared."""
    from liancun_geo.commands.appraise import benefit

    return benefit(
        report,
        inputs,
        assignment,
        alliances=alliance or [],
        pots=pot or [],
        by=by or [],
        land_mu=land,
        xlsx=xlsx,
        workers=workers,
    )


@command()
def cases(
    report: Report,
    name: options.CaseName = None,
    out: options.CaseOut = None,
    workers: options.Workers = None,
) -> int:
    """Plan a worked case and compare it with what was published."""
    from liancun_geo.commands.cases import cases

    return cases(report, name, out, workers)
