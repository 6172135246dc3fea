"""What is written reads back as the same plan, in every format."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from output_cases import DATE, NAMES, WRITERS, assignment, cells, from_layer
from scenarios import excluded_village, scenario, table, two_part_square

from liancun_geo.check import Violation
from liancun_geo.errors import DataError, error
from liancun_geo.output import (
    write_assignment_csv,
    write_geojson,
    write_geopackage,
    write_plan,
    write_plan_file,
)
from liancun_geo.output.layers import alliance_layer, link_layer, village_layer
from liancun_geo.villages import FIELDS


def test_pack_is_complete_and_stays_in_its_folder(tmp_path: Path) -> None:
    before = tmp_path / "out" / "notes.txt"
    before.parent.mkdir()
    before.write_text("mine")
    written = write_plan(scenario(), tmp_path / "out")
    assert [path.name for path in written] == list(NAMES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*NAMES, "notes.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert before.read_text() == "mine"


def test_same_plan_and_date_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_plan(scenario(), tmp_path / folder, created=DATE)
    for name in NAMES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_source_date_epoch_is_the_default_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    path = write_plan_file(scenario(), tmp_path / "p.json")
    assert json.loads(path.read_text("utf-8"))["created"] == "1970-01-02T00:00:00Z"
    # A zip file knows no date before 1980, and that must not stop the pack.
    write_plan(scenario(), tmp_path / "pack")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(DataError, match="yesterday"):
        write_plan_file(scenario(), tmp_path / "p.json")


def test_geopackage_round_trip(tmp_path: Path) -> None:
    s = scenario()
    path = write_geopackage(s, tmp_path / "plan.gpkg")
    layers = dict(pyogrio.list_layers(path))
    assert [name for name, kind in layers.items() if kind] == ["villages", "alliances", "links"]
    villages = gpd.read_file(path, layer="villages")
    assert villages.crs == s.villages.frame.crs
    assert from_layer(villages) == assignment(s)
    assert list(villages.columns[: len(FIELDS)]) == list(FIELDS)
    assert villages["code"].str.startswith("0370").all()
    assert villages["industries"].iloc[0] == "林果、粮食"
    assert villages["industries"].iloc[2] == ""
    assert villages["industries"].isna().tolist() == [False] * 3 + [True] + [False] * 5
    assert villages["weak_organisation"].tolist()[:2] == [True, False]
    assert villages["weak_organisation"].isna().tolist() == [False, False, True] + [False] * 6
    assert villages["reason"].notna().tolist() == [role == "unassigned" for role in villages.role]
    types = dict(
        zip(
            pyogrio.read_info(path, layer="villages")["fields"],
            pyogrio.read_info(path, layer="villages")["ogr_types"],
            strict=True,
        )
    )
    assert types["population_registered_persons"] == "OFTInteger64"
    assert types["collective_income_wan_yuan"] == "OFTReal"
    assert types["code"] == "OFTString"


def test_alliances_are_the_union_of_their_villages(tmp_path: Path) -> None:
    shapes = table().frame.geometry.tolist()
    shapes[0] = two_part_square(0)
    s = scenario(villages=table(geometry=shapes))
    path = write_geopackage(s, tmp_path / "plan.gpkg")
    alliances = gpd.read_file(path, layer="alliances").set_index("alliance_id")
    for alliance in s.alliances:
        union = shapely.union_all([shapes[v] for v in alliance.villages])
        territory = alliances.geometry[alliance.id]
        assert shapely.equals(territory, union)
        assert alliances.area_km2[alliance.id] == pytest.approx(union.area / 1e6)
        assert alliances.villages[alliance.id] == len(alliance.villages)


def test_totals_count_the_missing_and_never_turn_them_into_zero() -> None:
    layer = alliance_layer(scenario()).set_index("alliance_id")
    first, second = layer.loc["A001"], layer.loc["A002"]
    assert first.population_registered_persons == 100 + 101 + 102
    assert first.population_registered_persons_missing == 0
    assert second.population_registered_persons == 103 + 104 + 105 + 106
    assert second.population_registered_persons_missing == 1
    assert np.isnan(first.collective_income_wan_yuan)
    assert first.collective_income_wan_yuan_missing == 3
    assert second.collective_income_wan_yuan == pytest.approx(1.5 + 2.25 + 7.0 + 9.0)
    assert second.collective_income_wan_yuan_missing == 1
    assert first.households == 61
    assert first.households_missing == 1
    assert layer["population_resident_persons"].isna().all()
    noisy = alliance_layer(scenario(villages=table(arable_land_mu=[0.1, 0.2] + [None] * 7)))
    assert noisy.arable_land_mu.iloc[0] == 0.3
    assert first.industries == "林果、粮食"
    assert first.industries_missing == 0
    assert second.industries_missing == 1


def test_links_run_inside_and_carry_the_cost_of_the_problem() -> None:
    s = scenario()
    links = link_layer(s)
    shapes = s.villages.frame.set_index("code").geometry
    assert len(links) == sum(len(a.members) for a in s.alliances)
    for link in links.itertuples():
        start, end = (shapely.Point(at) for at in link.geometry.coords)
        assert shapes[link.lead_code].contains(start)
        assert shapes[link.member_code].contains(end)
        assert link.distance_m == pytest.approx(link.geometry.length)
    costs = s.problem.zones[0].pair_cost
    pairs = [(a.lead, m) for a in s.alliances for m in a.members]
    assert links.pair_cost.tolist() == [costs[pair] for pair in pairs]
    neighbours = {tuple(edge) for edge in s.contiguity.edges.tolist()}
    assert links.shared_border_m.notna().tolist() == [
        tuple(sorted(pair)) in neighbours for pair in pairs
    ]


def test_the_table_is_not_changed() -> None:
    s = scenario()
    before = s.villages.frame.copy(deep=True)
    village_layer(s, "zh"), alliance_layer(s), link_layer(s)
    assert s.villages.frame.equals(before)
    assert s.villages.frame.dtypes.equals(before.dtypes)


def test_control_characters_are_left_out_everywhere(tmp_path: Path) -> None:
    names = ["a\x00b\x07", "c\ud800d", "e\ufffff", "g\tħ", *[f"村{i}" for i in range(5)]]
    s = scenario(villages=table(name=names))
    write_plan(s, tmp_path)
    expected = ["ab", "cd", "ef", "g\tħ"]
    assert gpd.read_file(tmp_path / "plan.gpkg", layer="villages")["name"].tolist()[:4] == expected
    assert [row[1] for row in cells(tmp_path / "alliances.xlsx")["村名单"][1:5]] == expected


def test_geojson_round_trip(tmp_path: Path) -> None:
    s = scenario()
    alliances, villages = write_geojson(s, tmp_path)
    for path in (alliances, villages):
        document = json.loads(path.read_text("utf-8"))
        assert document["type"] == "FeatureCollection"
        assert "crs" not in document
        for feature in document["features"]:
            shape = shapely.geometry.shape(feature["geometry"])
            for part in shapely.get_parts(shape):
                assert part.exterior.is_ccw
            points = shapely.get_coordinates(shape)
            assert (np.round(points, 6) == points).all()
    read = gpd.read_file(villages)
    assert read.crs == "EPSG:4326"
    assert from_layer(read) == assignment(s)
    back = read.to_crs(s.villages.frame.crs).geometry
    assert shapely.hausdorff_distance(back, s.villages.frame.geometry).max() < 0.2


def test_csv_round_trip(tmp_path: Path) -> None:
    s = replace(scenario(), unassigned=(*scenario().unassigned, excluded_village()))
    path = write_assignment_csv(s, tmp_path / "a.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    read = {row["code"]: (row["name"], row["alliance_id"], row["role"]) for row in rows}
    for code, (name, alliance, role) in assignment(s).items():
        # Only what a spreadsheet takes for a formula gets an apostrophe.
        shown = f"'{name}" if name[0] in "=+-@" else name
        assert read.pop(code) == (shown, alliance, role)
    assert not read
    assert all(bool(row["reason"]) == (row["role"] == "unassigned") for row in rows)


def test_empty_plan_is_written(tmp_path: Path) -> None:
    s = scenario([-1] * 9)
    write_plan(s, tmp_path)
    for layer in ("alliances", "links"):
        assert len(gpd.read_file(tmp_path / "plan.gpkg", layer=layer)) == 0
        assert len(gpd.read_file(f"/vsizip/{tmp_path}/plan_shapefile.zip/{layer}.shp")) == 0
    assert json.loads((tmp_path / "alliances.geojson").read_text("utf-8"))["features"] == []
    assert len(cells(tmp_path / "alliances.xlsx")["一览表"]) == 3
    assert len(cells(tmp_path / "alliances.xlsx")["暂不入片"]) == 10
    assert json.loads((tmp_path / "plan.json").read_text("utf-8"))["alliances"] == []


def test_county_without_villages_is_written(tmp_path: Path) -> None:
    write_plan(scenario([], villages=table(0)), tmp_path)
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="villages")) == 0


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_plan_that_breaks_rules_is_not_exported(tmp_path: Path, write: Any) -> None:
    broken = replace(scenario(), violations=(Violation("size", 3, (3, 4), "2 villages"),))
    with pytest.raises(DataError) as raised:
        write(broken, tmp_path / "out")
    assert len(raised.value.faults) == 2
    assert "=HYPERLINK" in raised.value.text("en")
    assert list(tmp_path.iterdir()) == []


def test_plan_file_records_violations(tmp_path: Path) -> None:
    broken = replace(scenario(), violations=(Violation("size", 3, (3, 4), "2 villages"),))
    document = json.loads(write_plan_file(broken, tmp_path / "p.json").read_text("utf-8"))
    (entry,) = document["violations"]
    assert entry["rule"] == "size"
    assert entry["lead"] == "037040610003"
    assert entry["villages"] == ["037040610003", "037040610004"]
    assert "2 村" in entry["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sentences_come_in_the_chosen_language(tmp_path: Path, language: Any) -> None:
    s = scenario(warnings=(error("settings.unreadable", cause="x"),))
    write_plan(s, tmp_path, language=language)
    reason = gpd.read_file(tmp_path / "plan.gpkg", layer="villages")["reason"].dropna().iloc[0]
    document = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    for text in (reason, document["unassigned"][0]["reason"], document["warnings"][0]["message"]):
        assert text.isascii() == (language == "en")
