"""The arguments and options of all commands, each written down once.

``help`` is a key of the message catalogue; :class:`liancun_geo.cli.usage.Commands` puts the
sentence of its language in its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from liancun_geo.cli.usage import known_language

# What most commands read
Boundaries = Annotated[Path, Argument(help="cli.help_boundaries")]
BoundariesNamed = Annotated[Path | None, Option("--boundaries", help="cli.help_boundaries")]
Ledger = Annotated[list[Path] | None, Option("--ledger", metavar="PATH", help="cli.help_ledger")]
SettingsFile = Annotated[Path | None, Option("--settings", help="cli.help_settings")]
DecisionsFile = Annotated[Path | None, Option("--decisions", help="cli.help_decisions")]
Places = Annotated[list[Path] | None, Option("--places", metavar="PATH", help="places.help")]
PlanFile = Annotated[Path, Argument(metavar="PLAN", help="cli.help_plan_file")]
Assignment = Annotated[Path | None, Option("--assignment", help="cli.help_assignment")]
AssignmentMeasured = Annotated[Path | None, Option("--assignment", help="benefit.help_assignment")]

# How they answer
Out = Annotated[Path, Option("--out", help="cli.help_out")]
MaybeOut = Annotated[Path | None, Option("--out", help="cli.help_out")]
Xlsx = Annotated[Path | None, Option("--xlsx", help="benefit.help_xlsx")]
AsJson = Annotated[bool, Option("--json", help="cli.help_json")]
SpokenLanguage = Annotated[
    str, Option("--language", help="cli.help_language", callback=known_language)
]

# How they solve
Workers = Annotated[int | None, Option("--workers", min=1, help="cli.help_workers")]
TimeLimit = Annotated[float | None, Option("--time-limit", min=0.0, help="cli.help_time_limit")]
Certify = Annotated[bool, Option("--certify", help="cli.help_certify")]

# replan, alternatives
Before = Annotated[Path, Option("--from", help="cli.help_from")]
MaxMoves = Annotated[int | None, Option("--max-moves", min=0, help="cli.help_max_moves")]
MoveCost = Annotated[float, Option("--move-cost", min=0.0, help="cli.help_move_cost")]
Lock = Annotated[list[str] | None, Option("--lock", help="cli.help_lock")]
Within = Annotated[float, Option("--within", min=0.0, max=1.0, help="cli.help_within")]
Limit = Annotated[int, Option("--limit", min=1, help="cli.help_limit")]
AlternativesOut = Annotated[Path | None, Option("--out", help="cli.help_alternatives_out")]

# doctor
Reference = Annotated[Path | None, Option("--reference", help="cli.help_reference")]
Townships = Annotated[Path | None, Option("--townships", help="cli.help_townships")]
Propose = Annotated[bool, Option("--propose", help="cli.help_propose")]
Confirm = Annotated[list[str] | None, Option("--confirm", metavar="ID", help="cli.help_confirm")]
ConfirmedBy = Annotated[str | None, Option("--by", help="cli.help_by")]
FindingsOut = Annotated[Path | None, Option("--out", help="cli.help_doctor_out")]

# template, repair
TemplateOut = Annotated[Path, Option("--out", help="cli.help_template_out")]
TemplateBoundaries = Annotated[Path | None, Argument(help="cli.help_template_boundaries")]
ByTownship = Annotated[bool, Option("--by-township", help="cli.help_by_township")]
Force = Annotated[bool, Option("--force", help="cli.help_force")]
GapTolerance = Annotated[
    float | None,
    Option("--gap-tolerance", min=0.0, max=50.0, help="repair.help_gap_tolerance"),
]

# explain, why
Most = Annotated[int, Option("--most", min=1, help="cli.help_most")]
Apply = Annotated[list[int] | None, Option("--apply", min=1, help="relax.help_apply")]
SettingsOut = Annotated[Path | None, Option("--settings-out", help="relax.help_settings_out")]
Village = Annotated[str | None, Option("--village", help="cli.help_village")]
WithVillage = Annotated[str | None, Option("--with", help="cli.help_with")]
Rules = Annotated[bool, Option("--rules", help="cli.help_rules")]
VaryWeights = Annotated[bool, Option("--vary-weights", help="cli.help_vary_weights")]
Everyone = Annotated[bool, Option("--all", help="why_card.help_all")]
Html = Annotated[Path | None, Option("--html", help="why_card.help_html")]
PlanAsked = Annotated[Path | None, Option("--plan", help="cli.help_plan_asked")]

# benefit
AllianceNames = Annotated[list[str] | None, Option("--alliance", help="benefit.help_alliance")]
Pots = Annotated[list[str] | None, Option("--pot", help="benefit.help_pot")]
SharedBy = Annotated[list[str] | None, Option("--by", help="benefit.help_by")]
Land = Annotated[float | None, Option("--land", min=0.01, help="benefit.help_land")]

# cases, app
CaseName = Annotated[str | None, Argument(metavar="NAME", help="cases.help_name")]
CaseOut = Annotated[Path | None, Option("--out", help="cases.help_out")]
Port = Annotated[int | None, Option("--port", help="cli.help_port")]
Headless = Annotated[bool, Option("--headless", help="cli.help_headless")]
