"""Commands that hand over: the pack of a plan, or one part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.report import Report

Plan = Annotated[Path, Argument(metavar="PLAN", help="export.help_plan")]
What = Annotated[
    list[str] | None, Option("--what", metavar="NAME,NAME,...", help="export.help_what")
]
Everything = Annotated[bool, Option("--all", help="export.help_all")]
PlanName = Annotated[str | None, Option("--plan", help="export.help_plan_name")]
Boundaries = Annotated[Path | None, Option("--boundaries", help="export.help_boundaries")]
Ledger = Annotated[list[Path] | None, Option("--ledger", metavar="PATH", help="export.help_ledger")]
Encoding = Annotated[str | None, Option("--encoding", help="export.help_encoding")]
Crs = Annotated[str | None, Option("--crs", help="export.help_crs")]
Paper = Annotated[str | None, Option("--paper", help="export.help_paper")]
Colours = Annotated[str | None, Option("--colours", help="export.help_colours")]
Png = Annotated[bool, Option("--png", help="export.help_png")]
Maker = Annotated[str | None, Option("--maker", help="export.help_maker")]
DrawnBy = Annotated[str | None, Option("--drawn-by", help="export.help_drawn_by")]
CheckedBy = Annotated[str | None, Option("--checked-by", help="export.help_checked_by")]
Vintage = Annotated[str | None, Option("--vintage", help="export.help_vintage")]
Template = Annotated[Path | None, Option("--template", help="export.help_template")]
OnePlan = Annotated[Path | None, Argument(metavar="PLAN", help="export.help_plan")]
SaveTemplate = Annotated[Path | None, Option("--save-template", help="export.help_save_template")]
WithoutFigures = Annotated[bool, Option("--without-figures", help="export.help_without_figures")]

Objections = Annotated[Path | None, Option("--objections", help="consultation.help_objections")]


@command()
def export(
    report: Report,
    plan: Plan,
    out: options.Out,
    what: What = None,
    everything: Everything = False,
    plan_name: PlanName = None,
    encoding: Encoding = None,
    crs: Crs = None,
    paper: Paper = None,
    colours: Colours = None,
    png: Png = False,
    maker: Maker = None,
    drawn_by: DrawnBy = None,
    checked_by: CheckedBy = None,
    vintage: Vintage = None,
    without_figures: WithoutFigures = False,
    template: Template = None,
    objections: Objections = None,
    boundaries: Boundaries = None,
    ledger: Ledger = None,
) -> int:
    """Write the products of a plan."""
    from liancun_geo.commands import exporting

    wanted = None
    if what is not None and not everything:
        wanted = [name for names in what for name in names.split(",")]
    given = {
        "encoding": encoding,
        "crs": crs,
        "paper": paper,
        "colours": colours,
        "png": png or None,
        "maker": maker,
        "drawn_by": drawn_by,
        "checked_by": checked_by,
        "vintage": vintage,
        "figures": False if without_figures else None,
        "report_template": template,
        "objections": objections,
    }
    source = exporting.PlanSource(plan, plan_name, boundaries, ledger)
    return exporting.export(report, source, wanted, out, given)


@command()
def report_(
    report: Report,
    plan: OnePlan = None,
    out: options.MaybeOut = None,
    plan_name: PlanName = None,
    maker: Maker = None,
    template: Template = None,
    objections: Objections = None,
    save_template: SaveTemplate = None,
    boundaries: Boundaries = None,
    ledger: Ledger = None,
) -> int:
    """Write the report alone, or hand out its template."""
    from liancun_geo.commands import exporting

    if save_template is not None:
        return exporting.save_template(report, save_template)
    given = {"maker": maker, "report_template": template, "objections": objections}
    source = None if plan is None else exporting.PlanSource(plan, plan_name, boundaries, ledger)
    return exporting.write_report(report, source, out, given)
