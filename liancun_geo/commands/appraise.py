"""What ``liancun quality`` and ``liancun benefit`` do: plan, measure, tell, write."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.benefit import (
    AllianceBenefit,
    Sharing,
    SharingRule,
    county_benefit,
    share_among,
)
from liancun_geo.benefit_rules import SharingWeights
from liancun_geo.commands.inputs import BAD_DATA, GOOD, NO_PLAN, Inputs, handed_plan
from liancun_geo.errors import DataError, Fault, error
from liancun_geo.output.benefit_sheet import benefit_table, index, missing_fields
from liancun_geo.output.quality_sheet import quality_table, write_sheets
from liancun_geo.quality import COLUMNS, QualitySheet, quality_sheet
from liancun_geo.report import Report, print_json
from liancun_geo.why.facts import plain

if TYPE_CHECKING:
    from rich.table import Table

    from liancun_geo.scenario import Scenario
    from liancun_geo.settings import Settings
    from liancun_geo.solve import SolveResult


def quality(
    report: Report,
    inputs: Inputs,
    assignment: Path | None = None,
    xlsx: Path | None = None,
    workers: int | None = None,
) -> int:
    """Tell how good the best plan is, or an assignment beside it; return the exit code."""
    scenario, best = _planned(inputs, inputs.settings(), assignment, workers, with_best=True)
    sheet = quality_sheet(scenario, best=best)
    _say_quality(report, sheet)
    if xlsx is not None:
        table = quality_table(scenario, report.language, sheet)
        write_sheets(scenario, xlsx, (table,), language=report.language)
        report.line("cli.files_heading", folder=xlsx.parent)
        report.say(f"  {xlsx.name}")
    if report.as_json:
        print_json(sheet.as_dict(report.language))
    return NO_PLAN if not scenario.alliances else GOOD


def benefit(
    report: Report,
    inputs: Inputs,
    assignment: Path | None = None,
    *,
    alliances: Sequence[str] = (),
    pots: Sequence[str] = (),
    by: Sequence[str] = (),
    land_mu: float | None = None,
    xlsx: Path | None = None,
    workers: int | None = None,
) -> int:
    """Tell what every alliance has, what its lead carries and how a pot is shared.

    Returns the exit code; not good if a pot could not be shared somewhere.

    Raises
    ------
    DataError
        With every pot, way of sharing and alliance that cannot be used.
    """
    settings = inputs.settings()
    if land_mu is not None:
        own = settings.benefit.model_copy(update={"project_land_mu": land_mu})
        settings = settings.model_copy(update={"benefit": own})
    rule = _rule(settings, pots, by)
    scenario, _ = _planned(inputs, settings, assignment, workers, with_best=False)
    found = _chosen(county_benefit(scenario), alliances)
    shared = [None if rule is None else share_among(one, rule) for one in found]
    if not found:
        report.line("benefit.no_alliances")
    for one, sharing in zip(found, shared, strict=True):
        _say_benefit(report, one, sharing)
    if xlsx is not None:
        table = benefit_table(scenario, report.language, benefits=found, rule=rule)
        write_sheets(scenario, xlsx, (table,), language=report.language)
        report.line("cli.files_heading", folder=xlsx.parent)
        report.say(f"  {xlsx.name}")
    if report.as_json:
        print_json(
            {
                "alliances": [
                    {**plain(one, report.language), "sharing": plain(sharing, report.language)}
                    for one, sharing in zip(found, shared, strict=True)
                ]
            }
        )
    failed = any(sharing is not None and not sharing.shares for sharing in shared)
    return BAD_DATA if failed else NO_PLAN if not scenario.alliances else GOOD


def _planned(
    inputs: Inputs,
    settings: Settings,
    assignment: Path | None,
    workers: int | None,
    *,
    with_best: bool,
) -> tuple[Scenario, SolveResult | None]:
    """Return the plan to look at, and the best plan (or the best that was found)."""
    from liancun_geo.scenario import plan_alliances, take_over
    from liancun_geo.solve import solve

    county = inputs.county(settings)
    threads = workers or os.cpu_count() or 1
    if assignment is None:
        scenario = plan_alliances(county, settings, workers=threads)
        return scenario, scenario.result
    scenario = take_over(county, settings, handed_plan(assignment, county.villages))
    if not with_best:
        return scenario, None
    limit = settings.solver.time_limit_s
    return scenario, solve(scenario.problem, time_limit=limit, workers=threads)


def _rule(settings: Settings, pots: Sequence[str], by: Sequence[str]) -> SharingRule | None:
    """Return the pot of the options, else that of the settings, and how it is shared."""
    from liancun_geo.benefit.sharing import pot_fen

    faults: list[Fault] = []
    weights: dict[str, float] = {}
    for told in by:
        name, _, weight = told.partition("=")
        try:
            value = float(weight or 1.0)
        except ValueError:
            value = -1.0
        if name not in SharingWeights.model_fields or not 0 <= value < float("inf"):
            faults.append(error("benefit.by_unknown", value=told))
        else:
            weights[name] = value
    if by and not faults and not any(weights.values()):
        faults.append(error("benefit.sharing_weights_zero"))
    rule = SharingRule.of(settings.benefit)
    try:
        if pots:
            pot_fen(pots)
            own = settings.benefit
            rule = SharingRule(tuple(pots), own.sharing, own.shares, own.dividend_share)
        elif by and rule is None:
            pot_fen(())
    except DataError as cause:
        faults += cause.faults
    if faults:
        raise DataError(faults)
    if rule is None or not by:
        return rule
    every = dict.fromkeys(SharingWeights.model_fields, 0.0)
    return replace(rule, weights=SharingWeights(**{**every, **weights}))


def _chosen(found: Sequence[AllianceBenefit], asked: Sequence[str]) -> tuple[AllianceBenefit, ...]:
    faults = [
        error("benefit.alliance_unknown", alliance=name)
        for name in asked
        if not any(_goes_by(alliance, name) for alliance in found)
    ]
    if faults:
        raise DataError(faults)
    return tuple(a for a in found if not asked or any(_goes_by(a, name) for name in asked))


def _goes_by(alliance: AllianceBenefit, name: str) -> bool:
    return name in (alliance.id, alliance.name, alliance.villages[0].code)


def _say_quality(report: Report, sheet: QualitySheet) -> None:
    report.line(
        "quality.title",
        villages=sheet.villages,
        plan=sheet.left_out["plan"],
        thumb=sheet.left_out["thumb"],
    )
    language = report.language
    table = _table(
        report,
        [
            *(("left", f"quality.heading_{name}") for name in ("family", "metric", "unit")),
            *(("right", f"quality.column_{column}") for column in COLUMNS),
            ("left", "quality.heading_better"),
            ("left", "quality.heading_against"),
        ],
    )
    family = None
    for row in sheet.rows:
        metric = row.metric
        first = metric.family != family
        family = metric.family
        table.add_row(
            report.text(f"quality.family_{family}") if first else "",
            metric.text("name", language),
            report.text(f"quality.unit_{metric.unit}"),
            *(metric.shown(row.by_plan[column], language) for column in COLUMNS),
            report.text(f"quality.direction_{metric.direction}"),
            report.text(f"quality.verdict_{row.against('thumb') or 'none'}"),
        )
    _print(report, table)
    for note in sheet.notes(language):
        report.say(f"  · {note}")
    report.line("cli.disclaimer")


def _say_benefit(report: Report, alliance: AllianceBenefit, sharing: Sharing | None) -> None:
    report.line(
        "benefit.heading",
        id=alliance.id,
        name=alliance.name,
        township=alliance.township,
        size=len(alliance.villages),
    )
    report.line(
        "benefit.sums",
        population=_figure(report, alliance.population.total),
        members=_figure(report, alliance.party_members.total),
        income=_figure(report, alliance.collective_income_wan_yuan.total),
        per_head=_figure(report, alliance.income_per_head_yuan),
        arable=_figure(report, alliance.arable_land_mu.total),
        land=_figure(report, alliance.transferable_land_mu.total),
    )
    for field, count in missing_fields(alliance, report.language):
        report.line("benefit.sums_missing", field=field, count=count)
    share = alliance.weak_share
    report.line(
        "benefit.burden",
        members=len(alliance.villages) - 1,
        weak=alliance.weak_members,
        share=report.text("benefit.unknown") if share is None else f"{share:.0%}",
        unknown=alliance.weak_unknown,
    )
    if alliance.population_carried is not None:
        report.line("benefit.carried", ratio=f"{alliance.population_carried:.1f}")
    if alliance.weak_limit is not None and alliance.weak_members > alliance.weak_limit:
        report.line("benefit.over_limit", limit=alliance.weak_limit)
    _say_land(report, alliance)
    if sharing is not None:
        _say_sharing(report, sharing)


def _say_land(report: Report, alliance: AllianceBenefit) -> None:
    land = alliance.land
    pieces, unknown = len(land.pieces), land.unknown
    largest = _figure(report, land.largest_mu)
    threshold = land.threshold_mu
    if threshold is None:
        report.line("benefit.land_plain", largest=largest, pieces=pieces, unknown=unknown)
        return
    needed = _figure(report, threshold)
    if land.reaches is None:
        report.line("benefit.land_unknown", largest=largest, threshold=needed, unknown=unknown)
    elif land.reaches:
        report.line("benefit.land_yes", largest=largest, threshold=needed)
    else:
        short = _figure(report, threshold - (land.largest_mu or 0.0))
        report.line(
            "benefit.land_no", largest=largest, threshold=needed, short=short, pieces=pieces
        )


def _say_sharing(report: Report, sharing: Sharing) -> None:
    if not sharing.shares:
        report.line("benefit.not_shared", pot=_figure(report, sharing.pot_wan_yuan))
    else:
        weights = report.text("reason.separator").join(
            report.text(f"benefit.weight_{name}", share=f"{weight:.0%}")
            for name, weight in sharing.weights.items()
        )
        report.line("benefit.shared", pot=_figure(report, sharing.pot_wan_yuan), weights=weights)
    for fault in sharing.faults:
        report.say(f"    · {fault.text(report.language)}")
    if not sharing.shares:
        return
    names = ("share", "amount", "income", "income_after", "per_head", "per_head_after")
    table = _table(
        report,
        [("left", "benefit.column_village"), *(("right", f"benefit.column_{n}") for n in names)],
    )
    for share in sharing.shares:
        table.add_row(
            f"    {share.name}",
            f"{share.share:.2%}",
            f"{share.amount_wan_yuan:,.6f}".rstrip("0").rstrip("."),
            _figure(report, share.collective_before_wan_yuan),
            _figure(report, share.collective_after_wan_yuan),
            _figure(report, share.per_head_before_yuan),
            _figure(report, share.per_head_after_yuan),
        )
    _print(report, table)
    report.line(
        "benefit.fairness",
        collective_before=index(sharing.collective_before.gini, report.language),
        collective_after=index(sharing.collective_after.gini, report.language),
        per_head_before=index(sharing.per_head_before.gini, report.language),
        per_head_after=index(sharing.per_head_after.gini, report.language),
        amounts=index(sharing.amounts.gini, report.language),
        jain=index(sharing.amounts.jain, report.language),
    )
    if sharing.collective_after.unknown or sharing.per_head_after.unknown:
        report.line(
            "benefit.fairness_note",
            collective=sharing.collective_after.unknown,
            per_head=sharing.per_head_after.unknown,
        )


def _figure(report: Report, value: float | None) -> str:
    if value is None:
        return report.text("benefit.unknown")
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _table(report: Report, columns: Sequence[tuple[Any, str]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for justify, key in columns:
        table.add_column(report.text(key), justify=justify)
    return table


def _print(report: Report, table: Table) -> None:
    if report.as_json:
        return
    from rich.console import Console

    # Into a file or a pipe a table must not be cut to a terminal's width.
    width = None if sys.stdout.isatty() else 160
    Console(width=width, markup=False, emoji=False).print(table, markup=False)
