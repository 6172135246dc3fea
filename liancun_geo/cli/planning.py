"""Commands that plan: the county, again, all that are almost as good; and what serves them."""

from __future__ import annotations

from pathlib import Path

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.commands.inputs import Inputs
from liancun_geo.report import Report


@command()
def plan(
    report: Report,
    inputs: Inputs,
    out: options.Out,
    workers: options.Workers = None,
    time_limit: options.TimeLimit = None,
    certify: options.Certify = False,
) -> int:
    """Plan a county and write all outputs."""
    from liancun_geo.commands import planning

    return planning.plan(report, inputs, out, workers, time_limit, certify=certify)


@command()
def demo(report: Report, out: options.Out = Path("demo"), workers: options.Workers = None) -> int:
    """Plan the sample county."""
    from liancun_geo.commands import planning
    from liancun_geo.sample import sample_county

    sample = sample_county()
    report.line("cli.sample_note")
    inputs = Inputs(sample.boundaries, [sample.ledger], sample.settings)
    return planning.plan(report, inputs, out, workers, None)


@command()
def verify(
    report: Report,
    plan_file: options.PlanFile,
    boundaries: options.BoundariesNamed = None,
    ledger: options.Ledger = None,
) -> int:
    """Verify a plan file against its data."""
    from liancun_geo.commands import checking

    return checking.verify(report, plan_file, boundaries, ledger)


@command()
def replan(
    report: Report,
    inputs: Inputs,
    out: options.Out,
    before: options.Before,
    max_moves: options.MaxMoves = None,
    move_cost: options.MoveCost = 0.0,
    lock: options.Lock = None,
) -> int:
    """Plan again, changing as little as asked for."""
    from liancun_geo.commands import planning

    return planning.replan(report, inputs, before, out, max_moves, move_cost, lock or [])


@command()
def alternatives(
    report: Report,
    inputs: Inputs,
    within: options.Within = 0.02,
    limit: options.Limit = 10_000,
    out: options.AlternativesOut = None,
) -> int:
    """List all plans close to the best."""
    from liancun_geo.commands import alternatives

    return alternatives.alternatives(report, inputs, within, limit, out)


@command(as_json=False)
def warm_up(report: Report) -> int:
    """Compile what the solver needs."""
    from liancun_geo.commands import planning

    return planning.warm_up(report)


@command(as_json=False)
def studio(report: Report, port: options.Port = None, headless: options.Headless = False) -> int:
    """Open the planner's page."""
    from liancun_geo.commands import planning
    from liancun_geo.studio import launch

    # Nobody should wait for the compiler on a first click.
    planning.warm_up(report)
    return launch(port, headless, language=report.language)
