"""Settings in a planner's words: everything has a name, values are told with their units."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from scenarios import scenario

from liancun_geo.messages import Language, catalogue
from liancun_geo.output.record_sheets import settings_table
from liancun_geo.output.setting_words import (
    SettingWords,
    leaves,
    setting_group,
    setting_label,
    village_words,
)
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio import rule_fields

NAMES = {key.partition(".")[2] for key in catalogue() if key.startswith("setting_names.")}
PATHS = [path for path, _ in leaves(Settings())]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_setting_has_a_label_and_nothing_else_has(language: Language) -> None:
    labels = [(setting_group(path, language), setting_label(path, language)) for path in PATHS]
    # What a planner reads tells settings apart, and is no name of a program.
    assert len(set(labels)) == len(PATHS)
    assert not [label for _, label in labels if "_" in label]
    if language == "zh":
        assert all(re.search("[一-鿿]", label) for _, label in labels)
    tables = {path.rpartition(".")[0] for path in PATHS} - {""}
    others = {one for one in NAMES if not one.startswith("value.")} - set(PATHS) - tables
    # What is left are choices: the path of a setting, and a value that it can have.
    assert all(one.rpartition(".")[0] in PATHS for one in others)


def test_every_choice_has_its_words() -> None:
    schema = str(Settings.model_json_schema())
    for path in ("rules.coverage", "rules.zone_field", "rules.preset", "solver.method"):
        choices = [one.rpartition(".")[2] for one in NAMES if one.startswith(f"{path}.")]
        assert choices
        assert all(f"'{one}'" in schema for one in choices if one != "own")


def test_the_step_of_rules_has_its_names_from_the_same_place() -> None:
    groups = (rule_fields.SIZES, rule_fields.GATES, rule_fields.LEAD_WEIGHTS, rule_fields.MEMBERS)
    assert {field.setting for group in groups for field in group} <= set(PATHS)


FULL = {
    "data": {"places": ["D:\\点位\\企业.csv"]},
    "fields": {"name": "村居名称"},
    "travel": {"roads": ["roads.shp"], "speeds_km_h": {"村道": 25.0}},
    "criteria": {"winsorise": 0.1},
    "rules": {
        "max_distance_km": 7.5,
        "n_alliances": [2, 3],
        "population_persons": [3000, 12000],
        "size_cost": {4: 0.2},
        "fixed_lead": {"037040610001": "037040610000"},
        "must_together": [["037040610001", "037040610002"]],
        "frozen": [["037040610000", "037040610001"]],
        "excluded": ["999999999999"],
        "each_with": [{"place": "enterprise"}, {"industry": "茶叶"}],
        "zone_field": "county",
    },
    "types": {"used": ["strong_village"]},
    "contiguity": {"drawn_barriers": [[[117.0, 35.0], [117.1, 35.1]]]},
}


def said(language: Language) -> dict[str, str]:
    known = {one.id for one in Settings().types.in_use}
    tables = {**FULL, "types": {"used": [sorted(known)[0]]}}
    settings = parse_settings(tables)
    frame = scenario().villages.frame
    words = SettingWords(settings, frame, language)
    return {path: words.value(path, value) for path, value in leaves(settings)}


def test_values_are_told_with_units_and_names() -> None:
    told = said("zh")
    codes = village_words(scenario().villages.frame, "zh")
    assert told["rules.min_size"] == "4 个村"
    assert told["rules.max_distance_km"] == "7.5 公里"
    assert told["rules.max_hops"] == "不限"
    assert told["rules.n_alliances"] == "2—3 个"
    assert told["rules.population_persons"] == "3000—12000 人"
    assert told["rules.coverage"] == "全部覆盖"
    assert told["rules.zone_field"] == "可以跨镇，不跨县"
    assert told["rules.size_cost"] == "4 个村：0.2"
    assert told["criteria.winsorise"] == "10%"
    assert told["criteria.gates.weak_organisation"] == "是"
    assert told["solver.workers"] == "自动"
    assert told["data.places"] == "企业.csv"
    assert told["data.sheets"] == "全部"
    assert told["fields"] == "村名：村居名称"
    assert told["travel.speeds_km_h"].endswith("；村道：25 公里/小时")
    assert told["contiguity.drawn_barriers"] == "1 条"
    assert told["rules.each_with"] == "有企业的村、有茶叶产业的村"
    assert told["rules.excluded"] == "999999999999"
    lead, member, other = (codes[f"03704061000{number}"] for number in (0, 1, 2))
    assert told["rules.fixed_lead"] == f"{member}由{lead}领建"
    assert told["rules.must_together"] == f"{member} ↔ {other}"
    assert told["rules.frozen"] == f"{lead}、{member}"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_value_shows_how_a_program_writes(language: Language) -> None:
    for path, told in said(language).items():
        assert told.strip(), path
        assert not re.search(r"[\[\]{}_]|\b(None|True|False|null|true|false)\b", told), (path, told)


def test_english_counts_and_chinese_stays_out_of_labels() -> None:
    told = said("en")
    assert told["contiguity.drawn_barriers"] == "1 line"
    assert told["rules.max_size"] == "8 villages"
    assert not re.search("[一-鿿]", "".join(setting_label(path, "en") for path in PATHS))


def test_the_sheet_marks_what_was_changed_and_keeps_the_name_for_a_settings_file() -> None:
    rules = Settings().rules.model_copy(update={"max_size": 6})
    changed = replace(scenario(), settings=Settings().model_copy(update={"rules": rules}))
    sheet = settings_table(changed, "zh")
    rows = {row[-1]: (number, row) for number, row in enumerate(sheet.rows)}
    assert list(rows) == PATHS
    number, row = rows["rules.max_size"]
    assert row == ("片区规则", "最多几个村", "6 个村", "8 个村", "是", "rules.max_size")
    assert {place for place, _ in sheet.tones} == {number}
