"""``liancun project``: making a project file, looking into it, writing its plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.cli.usage import commands_in
from liancun_geo.commands.inputs import Inputs
from liancun_geo.messages import Language
from liancun_geo.report import Report

File = Annotated[Path, Argument(metavar="FILE", help="project_command.help_file")]
Boundaries = Annotated[Path, Option("--boundaries", help="cli.help_boundaries")]
Plan = Annotated[bool, Option("--plan", help="project_command.help_plan")]
By = Annotated[str, Option("--by", help="project_command.help_by")]
Name = Annotated[str | None, Option("--name", help="project_command.help_name")]
Scenario = Annotated[str | None, Option("--scenario", help="project_command.help_scenario")]


@command()
def new(
    report: Report,
    file: File,
    boundaries: Boundaries,
    ledger: options.Ledger = None,
    settings: options.SettingsFile = None,
    decisions: options.DecisionsFile = None,
    places: options.Places = None,
    plan: Plan = False,
    name: Name = None,
    by: By = "",
    workers: options.Workers = None,
) -> int:
    """Make a project file."""
    from liancun_geo.commands import project

    inputs = Inputs(boundaries, ledger, settings, decisions, places or ())
    return project.new(report, file, inputs, name=name, by=by, planning=plan, workers=workers)


@command()
def info(report: Report, file: File) -> int:
    """Tell what is in a project file."""
    from liancun_geo.commands import project

    return project.info(report, file)


@command()
def history(report: Report, file: File) -> int:
    """List every change of a project file."""
    from liancun_geo.commands import project

    return project.history(report, file)


@command()
def export(report: Report, file: File, out: options.Out, scenario: Scenario = None) -> int:
    """Write all outputs of a scenario."""
    from liancun_geo.commands import project

    return project.export(report, file, scenario, out)


_COMMANDS = ((new, "new"), (info, "info"), (history, "history"), (export, "export"))


def project_app(language: Language) -> typer.Typer:
    """Return the commands on project files with their help in one language."""
    app = typer.Typer(
        cls=commands_in(language),
        help="project_command.group",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for function, name in _COMMANDS:
        app.command(name, help=f"project_command.{name}")(function)
    return app
