"""Tables and notes of the report: comparisons, answers, villages left out, the appendix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from liancun_geo.compare import difference, figures
from liancun_geo.messages import message
from liancun_geo.output.columns import meaning
from liancun_geo.output.export import clean, file_name, sentence
from liancun_geo.output.paper.content import Row, Table
from liancun_geo.output.paper.wording import Say, distance
from liancun_geo.output.setting_words import (
    SettingWords,
    leaves,
    setting_group,
    setting_label,
)
from liancun_geo.quality import COLUMNS
from liancun_geo.settings import Settings

if TYPE_CHECKING:
    from liancun_geo.editing.answers import Objection
    from liancun_geo.scenario import Scenario

_MOST_NOTES = 40
_ALWAYS = ("rules.", "criteria.")
_COMPARED = (
    "placed_share",
    "weak_placed_share",
    "size_sd",
    "distance_mean",
    "distance_max",
    "travel_mean",
    "similar_share",
    "weaker_share",
    "contrast_mean",
    "points",
)
"""Measures of the plan quality sheet that a meeting asks about; the workbook has them all."""


def why_out(one: Any, say: Say) -> str:
    """Return why a village is left out."""
    return clean(sentence(one.reason, say.language))


def unplaced(scenario: Scenario, say: Say) -> Table | None:
    """Return the villages in no alliance with their reasons, None if there are none."""
    if not scenario.unassigned:
        return None
    rows = tuple(
        Row((clean(one.township), clean(one.name), clean(one.code), why_out(one, say)))
        for one in scenario.unassigned
    )
    return Table(say.heading("township", "village", "code", "reason"), rows)


def answered(objections: Sequence[Objection], say: Say) -> str:
    """Return how many villages answered, and how many of them agreed."""
    if not objections:
        return say("objections_none")
    agreed = sum(one.answer == "agree" for one in objections)
    return say("objections_some", count=len(objections), agreed=agreed)


def objections(scenario: Scenario, objections: Sequence[Objection], say: Say) -> Table | None:
    """Return what villages said and what came of it, but for those that agreed and stay."""
    frame = scenario.villages.frame
    known = zip(frame["code"], frame["name"], frame["township"], strict=True)
    named = {str(code): (clean(str(name)), clean(str(town))) for code, name, town in known}
    language = say.language
    rows = tuple(
        Row(
            (
                named.get(one.village, ("", ""))[1],
                named.get(one.village, (one.village, ""))[0],
                one.answer_text(language),
                clean(one.reason),
                named.get(one.wish, (one.wish, ""))[0],
                one.outcome_text(language),
            )
        )
        for one in objections
        if (one.answer, one.outcome) != ("agree", "kept")
    )
    if not rows:
        return None
    return Table(say.heading("township", "village", "answer", "given", "wish", "outcome"), rows)


def comparison(sheet: Any, say: Say) -> Table:
    """Return the plan beside the best one, beside no alliances and beside a rule of thumb."""
    language = say.language
    heading = (
        say("heading_measure"),
        say("heading_unit"),
        *(message(f"quality.column_{column}", language) for column in COLUMNS),
    )
    rows = []
    for row in sheet.rows:
        if row.metric.id not in _COMPARED:
            continue
        shown = (row.metric.shown(row.by_plan[column], language) for column in COLUMNS)
        unit = message(f"quality.unit_{row.metric.unit}", language)
        rows.append(Row((row.metric.text("name", language), unit, *shown)))
    return Table(heading, tuple(rows))


def others(scenario: Scenario, others: Mapping[str, Scenario], say: Say) -> Table | None:
    """Return other plans judged as this one is, None if there are none."""
    if not others:
        return None
    rows = []
    for name, other in others.items():
        found = figures(other, judged_by=scenario)
        moved = len(difference(scenario, other).moved)
        rows.append(
            Row(
                (
                    clean(name),
                    say.number(found.alliances),
                    say.number(found.placed),
                    say.number(found.total, 1),
                    distance(found.distance_mean_km, say),
                    say.number(moved),
                )
            )
        )
    heading = say.heading("plan", "alliances", "placed", "points", "distance", "otherwise")
    return Table(heading, tuple(rows))


def data_notes(scenario: Scenario, say: Say) -> Iterable[str]:
    """Return what is missing in the data, and every warning that came with the plan."""
    frame = scenario.villages.frame
    for field in ("population_registered_persons", "collective_income_wan_yuan", "industries"):
        missing = int(frame[field].isna().sum())
        if missing:
            label = meaning(field, say.language)
            yield say("data_missing", field=label, count=missing, of=len(frame))
    notes = [clean(fault.text(say.language)) for fault in scenario.warnings]
    yield from notes[:_MOST_NOTES]
    if len(notes) > _MOST_NOTES:
        yield say("data_more", count=len(notes) - _MOST_NOTES)
    if not notes:
        yield say("data_clean")


def sources(document: Mapping[str, Any], say: Say) -> Table:
    """Return the input files with their SHA-256."""
    rows = tuple(
        Row((clean(file_name(source["path"])), str(source["sha256"] or "")))
        for source in document["sources"]
    )
    return Table(say.heading("file", "sha256"), rows)


def settings(scenario: Scenario, say: Say) -> Table:
    """Return rules and weights, and whatever else is not as it comes, in words."""
    words = SettingWords(scenario.settings, scenario.villages.frame, say.language)
    default = dict(leaves(Settings()))
    rows = tuple(
        Row((_setting(path, say), words.value(path, value)))
        for path, value in leaves(scenario.settings)
        if value not in (None, (), {}) and (path.startswith(_ALWAYS) or value != default[path])
    )
    return Table(say.heading("setting", "value"), rows)


def _setting(path: str, say: Say) -> str:
    label = setting_label(path, say.language)
    if path.count(".") < 2:
        return label
    # Population, say, is a weight of leads here and a share of a pot there.
    return say("setting_of", table=setting_group(path, say.language), setting=label)


def record(document: Mapping[str, Any], say: Say) -> Table:
    """Return what identifies the plan: fingerprint, checksum, version, date, seed, CRS."""
    names = ("fingerprint", "checksum", "liancun_geo", "created", "seed", "projected_crs")
    rows = tuple(Row((say(f"record_{name}"), str(document[name]))) for name in names)
    return Table(say.heading("item", "content"), rows)
