"""``liancun consult``: workbooks for the townships out, their answers back in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from liancun_geo.cli import options
from liancun_geo.cli.exporting import Boundaries, Ledger, Plan, PlanName
from liancun_geo.cli.running import command
from liancun_geo.cli.usage import commands_in
from liancun_geo.messages import Language
from liancun_geo.report import Report

Answers = Annotated[list[Path], Argument(metavar="ANSWERS...", help="consultation.help_answers")]
By = Annotated[str, Option("--by", help="consultation.help_by")]


@command()
def write(
    report: Report,
    plan: Plan,
    out: options.Out,
    plan_name: PlanName = None,
    boundaries: Boundaries = None,
    ledger: Ledger = None,
) -> int:
    """Write a workbook a township."""
    from liancun_geo.commands import consulting, exporting

    return consulting.write(report, exporting.PlanSource(plan, plan_name, boundaries, ledger), out)


@command()
def read(
    report: Report,
    plan: Plan,
    answers: Answers,
    out: options.Out,
    plan_name: PlanName = None,
    by: By = "",
    time_limit: options.TimeLimit = None,
    boundaries: Boundaries = None,
    ledger: Ledger = None,
) -> int:
    """Read the answers back and plan again."""
    from liancun_geo.commands import consulting, exporting

    source = exporting.PlanSource(plan, plan_name, boundaries, ledger)
    return consulting.read(report, source, answers, out, by=by, seconds=time_limit)


_COMMANDS = ((write, "write"), (read, "read"))


def consult_app(language: Language) -> typer.Typer:
    """Return the commands of a consultation with their help in one language."""
    app = typer.Typer(
        cls=commands_in(language),
        help="consultation.group",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for function, name in _COMMANDS:
        app.command(name, help=f"consultation.command_{name}")(function)
    return app
