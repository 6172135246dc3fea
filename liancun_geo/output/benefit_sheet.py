"""Benefit and burden of the alliances as a sheet of a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from liancun_geo.benefit import (
    AllianceBenefit,
    Share,
    Sharing,
    SharingRule,
    VillageBenefit,
    county_benefit,
    share_among,
)
from liancun_geo.messages import Language, message
from liancun_geo.output.sheets import A3, Sheet

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

Cell = str | float | int | None
_TOTAL = "EEF3F8"
_FACTS = (
    "id",
    "alliance",
    "village",
    "code",
    "role",
    "population",
    "members",
    "income",
    "per_head",
    "arable",
    "land",
    "weak",
    "small",
    "connected",
    "enough",
)
_SHARED = ("percent", "amount_yuan", "income_after", "per_head_after")
_WIDTHS = {
    "id": 8.0,
    "alliance": 16.0,
    "village": 17.0,
    "code": 15.0,
    "role": 10.0,
    "income": 14.0,
    "per_head": 14.0,
    "land": 15.0,
    "connected": 14.0,
    "percent": 13.0,
    "amount_yuan": 17.0,
    "income_after": 16.0,
    "per_head_after": 16.0,
    "note": 46.0,
}


def benefit_table(
    scenario: Scenario,
    language: Language,
    *,
    benefits: Sequence[AllianceBenefit] | None = None,
    rule: SharingRule | None = None,
) -> Sheet:
    """Return the sheet 效益与负担: a row an alliance, then a row each of its villages.

    Parameters
    ----------
    scenario
        The plan.
    language
        Of headings and sentences.
    benefits
        Alliances to show; all of them if not given.
    rule
        A pot to share; that of the settings if not given. Without either, no column of shares.
    """
    rule = SharingRule.of(scenario.settings.benefit) if rule is None else rule
    names = (*_FACTS, *(_SHARED if rule else ()), "note")
    rows: list[tuple[Cell, ...]] = []
    tones: dict[tuple[int, int], str] = {}
    for alliance in county_benefit(scenario) if benefits is None else benefits:
        sharing = None if rule is None else share_among(alliance, rule)
        tones |= {(len(rows), column): _TOTAL for column in range(len(names))}
        rows.append(_alliance_row(alliance, sharing, rule, language))
        shares = {} if sharing is None else {share.village: share for share in sharing.shares}
        rows += [
            _village_row(alliance, village, shares.get(village.position), rule, language)
            for village in alliance.villages
        ]
    return Sheet(
        message("benefit.sheet", language),
        tuple(message(f"benefit.column_{name}", language) for name in names),
        rows,
        A3,
        "#,##0.00",
        widths=tuple(_WIDTHS.get(name, 12.0) for name in names),
        tones=tones,
    )


def _alliance_row(
    alliance: AllianceBenefit,
    sharing: Sharing | None,
    rule: SharingRule | None,
    language: Language,
) -> tuple[Cell, ...]:
    known = len(alliance.villages) - 1 - alliance.weak_unknown
    land = alliance.land
    small = [village.small for village in alliance.villages]
    shared: tuple[Cell, ...] = ()
    if rule is not None:
        pot = sharing.pot_fen if sharing is not None and sharing.shares else None
        shared = (None, None, None, None) if pot is None else (100.0, pot / 100, None, None)
    return (
        alliance.id,
        alliance.name,
        None,
        None,
        message("benefit.role_total", language),
        _number(alliance.population.total),
        _number(alliance.party_members.total),
        _number(alliance.collective_income_wan_yuan.total),
        _rounded(alliance.income_per_head_yuan),
        _number(alliance.arable_land_mu.total),
        _number(alliance.transferable_land_mu.total),
        message("benefit.weak_of", language, weak=alliance.weak_members, known=known),
        sum(answer is True for answer in small),
        _number(land.largest_mu),
        None if land.threshold_mu is None else _answer(land.reaches, language),
        *shared,
        "\n".join(_notes(alliance, sharing, rule, language)),
    )


def _village_row(
    alliance: AllianceBenefit,
    village: VillageBenefit,
    share: Share | None,
    rule: SharingRule | None,
    language: Language,
) -> tuple[Cell, ...]:
    shared: tuple[Cell, ...] = (None,) * len(_SHARED) if rule is not None else ()
    if share is not None:
        shared = (
            round(100.0 * share.share, 2),
            share.amount_fen / 100,
            _number(share.collective_after_wan_yuan),
            _rounded(share.per_head_after_yuan),
        )
    return (
        alliance.id,
        alliance.name,
        village.name,
        village.code,
        message(f"benefit.role_{'lead' if village.leads else 'member'}", language),
        _number(village.population_persons),
        _number(village.party_members_persons),
        _number(village.collective_income_wan_yuan),
        _number(village.income_per_head_yuan),
        _number(village.arable_land_mu),
        _number(village.transferable_land_mu),
        _answer(village.weak, language),
        _answer(village.small, language),
        None,
        None,
        *shared,
        None,
    )


def _notes(
    alliance: AllianceBenefit,
    sharing: Sharing | None,
    rule: SharingRule | None,
    language: Language,
) -> list[str]:
    told = [
        message("benefit.note_missing", language, field=field, count=count)
        for field, count in missing_fields(alliance, language)
    ]
    if alliance.weak_limit is not None and alliance.weak_members > alliance.weak_limit:
        told.append(message("benefit.note_limit", language, limit=alliance.weak_limit))
    if sharing is None or rule is None:
        return told
    told += [fault.text(language) for fault in sharing.faults]
    if sharing.shares:
        told.append(message("benefit.note_dividend", language, share=f"{rule.dividend_share:.0%}"))
        told.append(
            message(
                "benefit.note_fairness",
                language,
                before=index(sharing.collective_before.gini, language),
                after=index(sharing.collective_after.gini, language),
                amounts=index(sharing.amounts.gini, language),
            )
        )
    return told


def missing_fields(alliance: AllianceBenefit, language: Language) -> list[tuple[str, int]]:
    """Return the name of every sum or mean that lacks figures, and of how many villages."""
    unknown = {
        "population": alliance.population.unknown,
        "members": alliance.party_members.unknown,
        "income": alliance.collective_income_wan_yuan.unknown,
        "per_head": alliance.per_head_unknown,
        "arable": alliance.arable_land_mu.unknown,
        "land": alliance.transferable_land_mu.unknown,
    }
    return [
        (message(f"benefit.column_{name}", language), count)
        for name, count in unknown.items()
        if count
    ]


def index(value: float | None, language: Language) -> str:
    """Return an index with three decimals, or that it is unknown."""
    return message("benefit.unknown", language) if value is None else f"{value:.3f}"


def _answer(value: bool | None, language: Language) -> str:
    name = "unknown" if value is None else "yes" if value else "no"
    return message(f"benefit.{name}", language)


def _number(value: float | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if float(value).is_integer() else value


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(round(value, 2))
