"""The settings file: presets, rules by code, and faults in the planner's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from liancun_geo.errors import SettingsError
from liancun_geo.messages import catalogue
from liancun_geo.rule_settings import PRESETS, RuleSettings
from liancun_geo.settings import Settings, parse_settings, read_settings


def _rules(**rules: Any) -> RuleSettings:
    return parse_settings({"rules": rules}).rules


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_sets_the_sizes_that_are_not_given(preset: str) -> None:
    assert (_rules(preset=preset).min_size, _rules(preset=preset).max_size) == PRESETS[preset]
    assert _rules(preset=preset, min_size=5).min_size == 5
    assert _rules(preset=preset, max_size=7).max_size == 7


def test_without_preset_the_defaults_hold() -> None:
    assert (_rules().min_size, _rules().max_size) == (4, 8)


def test_what_is_stored_with_a_plan_reads_back_the_same() -> None:
    given = {
        "preset": "revitalisation_zone",
        "max_size": 20,
        "n_alliances": [3, 5],
        "township_alliances": {"370499100": [1, 2]},
        "population_persons": [1000, 9000.5],
        "must_together": [["a", "b"]],
        "fixed_lead": {"a": "b"},
        "frozen": [["c", "d"], ["e"]],
    }
    settings = parse_settings({"rules": given, "solver": {"method": "search"}})
    assert parse_settings(settings.model_dump(mode="json", exclude_none=True)) == settings
    assert settings.rules.frozen == (("c", "d"), ("e",))
    assert settings.solver.method == "search"


@pytest.mark.parametrize(
    ("rules", "field", "key"),
    [
        ({"n_alliances": [5, 3]}, "rules.n_alliances", "range_order"),
        ({"n_alliances": [5]}, "rules.n_alliances.1", "entry_missing"),
        ({"n_alliances": 5}, "rules.n_alliances", "not_a_list"),
        ({"n_alliances": [1, 2, 3]}, "rules.n_alliances", "not_a_list"),
        ({"n_alliances": [-1, 2]}, "rules.n_alliances.0", "below_least"),
        ({"arable_land_mu": [9.0, 1.0]}, "rules.arable_land_mu", "range_order"),
        ({"township_alliances": {"1": [2, 1]}}, "rules.township_alliances.1", "range_order"),
        ({"must_together": [["a", "a"]]}, "rules.must_together.0", "same_village"),
        ({"frozen": [["a"], ["b", "a"]]}, "rules.frozen", "village_twice"),
        ({"frozen": [[]]}, "rules.frozen.0", "not_a_list"),
        ({"budget_wan_yuan": 5}, "rules", "budget_in_part"),
        ({"min_size": 9}, "rules", "sizes_order"),
        ({"preset": "county"}, "rules.preset", "not_a_choice"),
        ({"max_hops": 0}, "rules.max_hops", "below_least"),
    ],
)
def test_faults_name_the_setting(rules: dict[str, Any], field: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"rules": rules})
    [fault] = caught.value.faults
    assert (fault.key, fault.where.field) == (f"settings.{key}", field)
    assert fault.text("zh") != fault.text("en")
    assert f"settings.{key}" in catalogue()


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        "[rules]\nn_alliances = [5, 3]\nmust_togther = []\n[solver]\nmethod = 'fast'\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert {fault.key for fault in caught.value.faults} == {
        "settings.range_order",
        "settings.unknown_name",
        "settings.not_a_choice",
    }


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Settings().rules.min_size = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["contiguity.barriers", "contiguity.bridges", "travel.roads", "data.places"]
)
def test_more_layers_than_anybody_reads_are_refused(name: str) -> None:
    table, entry = name.split(".")
    names = [f"layer{i}.gpkg" for i in range(51)]
    with pytest.raises(SettingsError) as caught:
        parse_settings({table: {entry: names}})
    [fault] = caught.value.faults
    assert (fault.key, fault.where.field) == ("settings.too_many_layers", name)
    assert "50" in fault.text("zh")
    assert "50" in fault.text("en")
    parse_settings({table: {entry: names[:50]}})
