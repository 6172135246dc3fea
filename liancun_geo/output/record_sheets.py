"""What stands behind a plan: how complete its data are, its settings, its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from liancun_geo.errors import Fault
from liancun_geo.indicators import population_field
from liancun_geo.messages import Language, Listing, message
from liancun_geo.output.columns import SUMMED
from liancun_geo.output.document import plan_document
from liancun_geo.output.export import file_name, one_line
from liancun_geo.output.setting_words import (
    SettingWords,
    leaves,
    setting_group,
    setting_label,
)
from liancun_geo.output.sheets import Cell, Sheet
from liancun_geo.settings import Settings
from liancun_geo.villages import FIELDS

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

_CHECKED = (
    *SUMMED,
    "income_per_head_yuan",
    "industries",
    "enterprises",
    "urban_rural_class",
    "village_class",
    "weak_organisation",
    "weak_economy",
    "secretary_in_post",
)
_MOST_NAMES = 30
_CHANGED, _LACKING = "FFF6DC", "FCEBE9"


def data_table(scenario: Scenario, language: Language) -> Sheet:
    """Return 数据质量: how many villages have each figure, who lacks it, and every notice."""
    frame = scenario.villages.frame
    names = [one_line(str(name)) for name in frame["name"].tolist()]
    rows: list[tuple[Cell, ...]] = []
    tones: dict[tuple[int, int], str] = {}
    for field in _CHECKED:
        gone = frame[field].isna().tolist()
        lacking = [name for name, lacks in zip(names, gone, strict=True) if lacks]
        label = FIELDS[field].zh if language == "zh" else FIELDS[field].en
        ending = message("output.data_more", language) if len(lacking) > _MOST_NAMES else ""
        if lacking:
            tones[len(rows), 3] = _LACKING
        rows.append(
            (
                message("output.data_figure", language),
                label,
                len(names) - len(lacking),
                len(lacking),
                Listing(lacking[:_MOST_NAMES], ending).text(language),
            )
        )
    kind = message("output.note_warning", language)
    rows += [(kind, None, None, None, notice.text(language)) for notice in _notices(scenario)]
    heading = ("data_kind", "data_field", "data_known", "data_missing", "data_what")
    return Sheet(
        message("output.sheet_data", language),
        tuple(message(f"output.heading_{name}", language) for name in heading),
        rows,
        widths=(10, 24, 10, 10, 90),
        tones=tones,
    )


def _notices(scenario: Scenario) -> Iterator[Fault]:
    seen = set()
    for notice in scenario.warnings:
        told = notice.text("zh")
        if told not in seen:
            seen.add(told)
            yield notice


def settings_table(scenario: Scenario, language: Language) -> Sheet:
    """Return 设置: every setting in force beside its default; those that differ are coloured.

    The last column holds the name in the settings file, for who writes one.
    """
    settings = scenario.settings
    words = SettingWords(settings, scenario.villages.frame, language)
    usual = dict(leaves(Settings()))
    rows: list[tuple[Cell, ...]] = []
    tones: dict[tuple[int, int], str] = {}
    for path, value in leaves(settings):
        changed = value != usual[path]
        if changed:
            tones |= {(len(rows), column): _CHANGED for column in range(5)}
        rows.append(
            (
                setting_group(path, language),
                setting_label(path, language),
                words.value(path, value),
                words.value(path, usual[path]),
                message("output.yes", language) if changed else None,
                path,
            )
        )
    heading = ("group", "name", "value", "default", "changed", "key")
    return Sheet(
        message("output.sheet_settings", language),
        tuple(message(f"output.heading_setting_{name}", language) for name in heading),
        rows,
        widths=(18, 36, 46, 32, 8, 46),
        tones=tones,
    )


def notes_table(scenario: Scenario, created: datetime, language: Language) -> Sheet:
    """Return 说明: the certificate of the plan: how good it is, and what it was made from."""
    document = plan_document(scenario, language, created=created)
    gap = document["gap"]
    population = population_field(scenario.villages.frame).removesuffix("_persons")
    rows: list[tuple[str, str | float | None]] = [
        ("", message("output.decision_support", language)),
        ("status", message(f"output.status_{document['status']}", language)),
        ("objective", document["objective"]),
        ("bound", document["bound"]),
        ("gap", None if gap is None else f"{gap:.4%}"),
        ("seed", document["seed"]),
        ("version", document["liancun_geo"]),
        ("created", document["created"]),
        ("fingerprint", document["fingerprint"]),
        ("population", message(f"output.{population}", language)),
        ("units", message("output.units", language)),
        ("formulas", message("output.formulas", language)),
    ]
    for source in document["sources"]:
        rows.append(("source", f"{file_name(source['path'])}\nsha256 {source['sha256']}"))
    rows += [("zone", z["reason"]["message"]) for z in document["zones"] if z["reason"]]
    labelled = [
        (message(f"output.note_{key}", language) if key else "", value) for key, value in rows
    ]
    title = message("output.sheet_notes", language)
    heading = tuple(message(f"output.heading_{name}", language) for name in ("item", "content"))
    return Sheet(title, heading, labelled, decimals="0.0000", widths=(26, 90))
