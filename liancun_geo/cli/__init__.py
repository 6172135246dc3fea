"""The command line: arguments in, the same functions as everywhere else, words and files out."""

from __future__ import annotations

import io
import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from liancun_geo.cli import data, exporting, insight, planning, research
from liancun_geo.cli.consulting import consult_app
from liancun_geo.cli.projects import project_app
from liancun_geo.cli.running import flush
from liancun_geo.cli.usage import commands_in
from liancun_geo.messages import DEFAULT_LANGUAGE, Language

__all__ = ["build_app", "language_of", "main"]

_COMMANDS = (
    (planning.plan, "plan", "cli.plan"),
    (planning.demo, "demo", "cli.demo"),
    (data.check, "check", "cli.check"),
    (planning.verify, "verify", "cli.verify"),
    (data.doctor, "doctor", "cli.doctor"),
    (planning.replan, "replan", "cli.replan"),
    (planning.alternatives, "alternatives", "cli.alternatives"),
    (insight.explain, "explain", "cli.explain"),
    (insight.why, "why", "cli.why"),
    (exporting.export, "export", "export.command"),
    (exporting.report_, "report", "paper.command"),
    (data.template, "template", "cli.template"),
    (data.repair, "repair", "repair.command"),
    (insight.quality, "quality", "quality.command"),
    (insight.benefit, "benefit", "benefit.command"),
    (insight.cases, "cases", "cases.command"),
    (research.ensemble, "ensemble", "research.ensemble"),
    (research.pareto, "pareto", "research.pareto"),
    (research.sensitivity, "sensitivity", "research.sensitivity"),
    (research.learn, "learn", "research.learn"),
    (planning.warm_up, "warm-up", "cli.warm_up"),
    (planning.studio, "app", "cli.app_command"),
)
"""Every command in the order of the help: what it does, its name, the key of its help."""


def language_of(arguments: list[str]) -> Language:
    """Return the language asked for on the command line or in the environment.

    It must be known before the commands are built, since their help is in that language.
    """
    asked = os.environ.get("LIANCUN_LANGUAGE", "")
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if option == "--language":
            asked = value
        elif option.startswith("--language="):
            asked = option.removeprefix("--language=")
    return "en" if asked.lower().startswith("en") else DEFAULT_LANGUAGE


def build_app(language: Language = DEFAULT_LANGUAGE) -> typer.Typer:
    """Return the commands with their help in one language."""
    app = typer.Typer(
        help="cli.app",
        cls=commands_in(language),
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for function, name, key in _COMMANDS:
        app.command(name, help=key)(function)
    app.add_typer(project_app(language), name="project")
    app.add_typer(consult_app(language), name="consult")
    return app


def main() -> None:
    """Run the command line."""
    language = language_of(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows console is GBK and must not fail on a rare village name.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        build_app(language)()
    finally:
        flush()


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("liancun-geo"))
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="cli.help_version", callback=_show_version)
    ] = False,
) -> None:
    pass
