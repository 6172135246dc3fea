"""Ways out go through the settings: what is written, applied and planned again is feasible."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from cli_cases import _squares, run
from why_counties import made_up_table

from liancun_geo.errors import DataError
from liancun_geo.output.settings_file import write_settings
from liancun_geo.relaxing import (
    Explanation,
    apply_edits,
    apply_relaxation,
    as_document,
    explain_scenario,
)
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county
from liancun_geo.settings import Settings, parse_settings, read_settings
from liancun_geo.settings_edits import SettingsEdit, edits_for
from liancun_geo.solve import solve
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.rule_items import RuleItem

SAMPLE = sample_county()
TOWNSHIPS = ("鹭洲镇", "云汀街道")


@pytest.fixture(scope="module")
def county() -> County:
    """Return two townships of the demo county."""
    settings = read_settings(SAMPLE.settings)
    whole = read_county(SAMPLE.boundaries, SAMPLE.ledger, settings=settings, folder=SAMPLE.folder)
    frame = whole.villages.frame
    here = frame[frame["township"].isin(TOWNSHIPS)].reset_index(drop=True)
    return replace(whole, villages=replace(whole.villages, frame=here))


def settings_with(**rules: Any) -> Settings:
    base = read_settings(SAMPLE.settings)
    tables = base.model_dump(mode="json", exclude_none=True)
    tables["rules"] |= rules
    tables["criteria"]["gates"] |= {"weak_organisation": True}
    return parse_settings(tables)


def code_of(county: County, name: str) -> str:
    frame = county.villages.frame
    [code] = frame["code"][frame["name"] == name]
    return str(code)


def check_ways(county: County, scenario: Scenario, told: tuple[Explanation, ...]) -> int:
    """Plan again under the settings of every way out; return their number."""
    tried = 0
    for one in told:
        for way in one.ways:
            assert apply_relaxation(scenario.settings, way.relaxation, county.villages) == (
                way.settings
            )
            after = plan_alliances(county, way.settings)
            if one.conflict.whole:
                assert after.result.status == "optimal"
                objective = after.result.objective
            else:
                [zone] = [z for z in after.result.zones if z.label == one.conflict.label]
                assert zone.status == "optimal", way.fault.text("en")
                objective = zone.objective
            assert objective == pytest.approx(way.relaxation.objective, abs=1e-6)
            assert f"{objective:.3f}" in way.fault.text("zh")
            tried += 1
    return tried


CASES: dict[str, tuple[dict[str, Any], str, int]] = {
    "sizes": ({"min_size": 7, "max_size": 8}, "min_size", 3),
    "most": ({"n_alliances": [1, 3]}, "most_overall", 1),
    "fewest": ({"n_alliances": [20, 30]}, "fewest_overall", 1),
    "budget": (
        {"budget_wan_yuan": 35.0, "budget_per_alliance_wan_yuan": 10.0},
        "budget",
        1,
    ),
    "distance": ({"max_distance_km": 1.5}, "max_distance", 1),
    "people": ({"population_persons": [9000, 9500]}, "resource_least", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_ways_out_of_the_demo_county_go_through_the_settings(county: County, case: str) -> None:
    rules, kind, least = CASES[case]
    scenario = plan_alliances(county, settings_with(**rules))
    told = explain_scenario(scenario, most=1)
    assert told
    kinds = {way.relaxation.kind for one in told for way in one.ways}
    assert kind in kinds
    assert check_ways(county, scenario, told) >= least
    numbers = [way.number for one in told for way in one.ways]
    assert numbers == list(range(1, len(numbers) + 1))
    document = json.loads(json.dumps(as_document(told, "zh")))
    ways = [line for lines in document for line in lines if "number" in line]
    assert [line["number"] for line in ways] == numbers
    assert all(line["settings"] for line in ways)


def test_agreements_that_contradict_each_other_are_taken_off_one_by_one(county: County) -> None:
    frame = county.villages.frame
    here = frame[frame["township"] == TOWNSHIPS[0]]
    a, b, c = (str(code) for code in here["code"].iloc[:3])
    settings = settings_with(
        must_together=[[a, b], [b, c]], never_together=[[c, a]], must_lead=[b], min_size=2
    )
    scenario = plan_alliances(county, settings)
    [first, *_] = explain_scenario(scenario, most=1)
    assert check_ways(county, scenario, (first,)) >= 1
    dropped = {edit.name for way in first.ways for edit in way.edits}
    assert "never_together" in dropped


def edit_of(settings: Settings, county: County, item: RuleItem) -> tuple[SettingsEdit, ...]:
    way = Relaxation("drop", item, (), None, 1.0, True, {})
    return edits_for(settings, way, county.villages)


def test_one_pair_of_an_existing_alliance_parts_and_the_others_stay(county: County) -> None:
    frame = county.villages.frame.copy()
    column = np.full(len(frame), None, dtype=object)
    here = np.flatnonzero(frame["township"] == TOWNSHIPS[0])[:4]
    column[here] = "老片区"
    frame["existing_alliance"] = column
    old = replace(county, villages=replace(county.villages, frame=frame))
    settings = settings_with(keep_existing=True)
    pair = (int(here[1]), int(here[2]))
    edits = edit_of(settings, old, RuleItem("must_together", pair))
    after = apply_edits(settings, edits).rules
    codes = [str(code) for code in frame["code"]]
    assert not after.keep_existing
    assert after.must_together == (
        (codes[here[0]], codes[here[1]]),
        (codes[here[2]], codes[here[3]]),
    )


def test_what_no_setting_says_is_not_offered(county: County) -> None:
    item = RuleItem("size_cost")
    assert edit_of(Settings(), county, item) == ()
    with pytest.raises(ValueError, match="no setting relaxes"):
        apply_relaxation(
            Settings(), Relaxation("drop", item, (), None, 1.0, True, {}), county.villages
        )


def test_a_village_left_out_is_taken_off_every_agreement(county: County) -> None:
    a, b, c = (str(code) for code in county.villages.frame["code"].iloc[:3])
    settings = settings_with(
        must_together=[[a, b]], must_lead=[a], fixed_lead={c: a}, never_together=[[b, c]]
    )
    item = RuleItem("coverage")
    way = Relaxation("leave_out", item, (0,), None, 1.0, True, {})
    rules = apply_relaxation(settings, way, county.villages).rules
    assert rules.excluded == (a,)
    assert (rules.must_together, rules.must_lead, rules.fixed_lead) == ((), (), {})
    assert rules.never_together == ((b, c),)


SOURCE = """# 第一行说明
[rules]
min_size = 4  # 至少
excluded = [
    "1",  # 第一个
]
must_together = [["2", "1"], ["3", "4"]]
[rules.fixed_lead]
"5" = "6"
[contiguity]
barriers = ["rivers.shp"]
"""
EDITS = (
    SettingsEdit("rules", "min_size", "set", 3),
    SettingsEdit("rules", "excluded", "add", ["9"]),
    SettingsEdit("rules", "must_together", "remove", [["2", "1"]]),
    SettingsEdit("rules", "fixed_lead", "remove", key="5"),
    SettingsEdit("contiguity", "links", "add", [["7", "8"]]),
    SettingsEdit("rules", "n_alliances", "set", [1, 5]),
)


def test_new_settings_keep_comments_and_the_old_file(tmp_path: Path) -> None:
    source = tmp_path / "old.toml"
    source.write_text(SOURCE, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    out = tmp_path / "sub" / "new.toml"
    write_settings(out, EDITS, source=source, notes=["放宽\n一条"])
    assert source.read_text(encoding="utf-8") == SOURCE
    text = out.read_text(encoding="utf-8")
    for kept in ("# 放宽 一条", "# 第一行说明", "# 至少", "# 第一个"):
        assert kept in text
    written = read_settings(out)
    expected = apply_edits(parse_settings(tomllib.loads(SOURCE)), EDITS)
    assert written.rules == expected.rules
    assert written.contiguity.links == (("7", "8"),)
    assert written.contiguity.barriers == ("../rivers.shp",)
    with pytest.raises(DataError):
        write_settings(out, EDITS, source=source)
    assert out.read_text(encoding="utf-8") == text


def test_explain_writes_new_settings_that_can_be_planned(tmp_path: Path) -> None:
    cross = [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)]
    boundaries = _squares(tmp_path, cross, ["101"] * 5)
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_size = 2\nmax_size = 4  # 最多\n", encoding="utf-8")
    told = json.loads(run("explain", boundaries, "--settings", settings, "--json").stdout)
    ways = [line for lines in told["conflicts"] for line in lines if "number" in line]
    [wider] = [line for line in ways if line["kind"] == "max_size"]
    assert wider["settings"] == [{"setting": "rules.max_size", "action": "set", "value": 5}]
    new = tmp_path / "new.toml"
    apply = ("--apply", wider["number"], "--settings-out", new)
    done = run("explain", boundaries, "--settings", settings, *apply)
    assert done.exit_code == 0, done.output
    assert "max_size = 5  # 最多" in new.read_text(encoding="utf-8")
    planned = run("plan", boundaries, "--settings", new, "--out", tmp_path / "out", "--json")
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)["objective"] == pytest.approx(wider["cost"], abs=1e-6)
    again = run("explain", boundaries, "--settings", settings, *apply)
    assert again.exit_code == 3
    assert "已经存在" in again.output


@pytest.mark.parametrize(
    "options",
    [("--apply", 1), ("--settings-out", "x.toml"), ("--apply", 99, "--settings-out", "x")],
)
def test_options_that_make_no_sense_are_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[Any, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    boundaries = _squares(tmp_path, [(x, 0) for x in range(5)], ["101"] * 5)
    told = run("explain", boundaries, *options)
    assert told.exit_code == 3
    assert not list(tmp_path.glob("x*"))


def on_roads(seed: int, limit_min: float) -> tuple[County, Settings]:
    """Return made-up villages of 1 km on a grid of roads, and a longest way."""
    table = made_up_table(seed, 16)
    west, south, east, north = table.frame.total_bounds
    lines = [shapely.LineString([(west, y), (east, y)]) for y in np.arange(south, north, 500.0)]
    lines += [shapely.LineString([(x, south), (x, north)]) for x in np.arange(west, east, 500.0)]
    roads = gpd.GeoDataFrame(
        {"road_class": ["村道"] * len(lines)}, geometry=lines, crs=table.frame.crs
    ).astype({"road_class": object})
    rules = {"min_size": 4, "max_size": 8, "max_travel_min": limit_min}
    gates = {"weak_organisation": False, "secretary_in_post": False}
    given = {"rules": rules, "travel": {"roads": ["r.shp"]}, "criteria": {"gates": gates}}
    return County(table, roads=roads), parse_settings(given)


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_longest_way_is_offered_before_giving_it_up(seed: int) -> None:
    county, settings = on_roads(seed, 4.0)
    scenario = plan_alliances(county, settings)
    told = explain_scenario(scenario, most=1)
    offered = [w for one in told for w in one.ways if w.relaxation.kind == "max_travel"]
    assert offered
    assert check_ways(county, scenario, told) >= len(offered)
    for one in told:
        for way in one.ways:
            if way.relaxation.kind != "max_travel":
                continue
            [edit] = way.edits
            assert (edit.name, edit.action) == ("max_travel_min", "set")
            assert 4.0 < edit.value == way.settings.rules.max_travel_min
            assert "4 分钟放宽到" in way.fault.text("zh")
            # Anything less is not enough.
            rules = settings.rules.model_copy(update={"max_travel_min": edit.value * 0.98})
            less = plan_alliances(county, settings.model_copy(update={"rules": rules}))
            [zone] = [z for z in less.result.zones if z.label == one.conflict.label]
            if one.conflict.village is None:
                assert zone.status == "infeasible"
            else:
                assert one.conflict.village in less.result.left_out
            changed = scenario.problem.changed(**way.relaxation.changes)
            [after] = [z for z in solve(changed).zones if z.label == one.conflict.label]
            assert after.objective == pytest.approx(way.relaxation.objective)
