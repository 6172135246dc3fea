"""Export, import, check: whatever file a plan is handed over in, the same plan comes back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scenarios import RARE_NAMES, scenario, table

from liancun_geo.assignment import read_assignment
from liancun_geo.check import check
from liancun_geo.commands.inputs import handed_plan
from liancun_geo.errors import DataError, Where, warning
from liancun_geo.output import (
    write_assignment_csv,
    write_geojson,
    write_geopackage,
    write_kml,
    write_plan_file,
    write_shapefile,
    write_workbook,
)
from liancun_geo.output.columns import meaning
from liancun_geo.output.field_names import short_names
from liancun_geo.scenario import Scenario
from liancun_geo.villages import VillageTable

DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
LEADS = [0, 0, 0, 3, 3, 3, 3, -1, 3]
HOSTILE_NAMES = (
    *RARE_NAMES,
    "<img src=x onerror=alert(1)>",
    "]]><script>alert(1)</script>",
    "&amp;村",
    "$[name]",
    "𰻝庄",
    "桃🌸源",
    "'",
    "a\tb",
    "、",
)
NAMES = st.one_of(
    st.sampled_from(HOSTILE_NAMES),
    st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != ""),
    st.text("村庄东西河沟㐂𠮷𰻝", min_size=1, max_size=90),
)


def files_of(s: Scenario, folder: Path) -> Iterator[Path]:
    """Write a plan in every format that holds who leads whom."""
    yield write_shapefile(s, folder / "utf8.zip", created=DATE)
    yield write_shapefile(s, folder / "gbk.zip", created=DATE, encoding="GBK", crs="auto")
    yield write_shapefile(s, folder / "english.zip", created=DATE, language="en", crs="4490")
    yield write_geopackage(s, folder / "plan.gpkg", created=DATE)
    yield from write_geojson(s, folder)
    yield write_kml(s, folder / "plan.kml")
    yield write_assignment_csv(s, folder / "assignment.csv")
    yield write_workbook(s, folder / "alliances.xlsx", created=DATE)
    yield write_plan_file(s, folder / "plan.json", created=DATE)


def leads_in(path: Path, villages: VillageTable) -> list[int]:
    return [int(lead) for lead in handed_plan(path, villages)]


@given(names=st.lists(NAMES, min_size=9, max_size=9), lead=st.integers(0, 2))
@example(names=list(HOSTILE_NAMES[-9:]), lead=1)
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_format_brings_the_same_plan_back(
    tmp_path: Path, names: list[str], lead: int
) -> None:
    lead_of = [lead, lead, lead, *LEADS[3:]]
    s = scenario(lead_of, villages=table(name=names))
    shutil.rmtree(tmp_path / "pack", ignore_errors=True)
    before = check(s.problem, lead_of)
    for path in files_of(s, tmp_path / "pack"):
        back = leads_in(path, s.villages)
        assert back == lead_of, path.name
        assert check(s.problem, back) == before


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return scenario()


def test_edits_in_a_gis_count(tmp_path: Path, plan: Scenario) -> None:
    folder = tmp_path / "edited"
    folder.mkdir()
    path = write_geopackage(plan, tmp_path / "plan.gpkg", created=DATE)
    villages = gpd.read_file(path, layer="villages")
    # One village less in the first alliance; saved alone, under a name of its own, as a GIS does.
    villages.loc[villages.code == "037040610002", "lead_code"] = None
    kept = villages[["code", "name", "lead_code", "geometry"]]
    kept.to_file(folder / "改过的.shp", encoding="UTF-8")
    expected = [0, 0, -1, *LEADS[3:]]
    assert leads_in(folder / "改过的.shp", plan.villages) == expected
    archive = shutil.make_archive(str(tmp_path / "改过的"), "zip", folder)
    assert leads_in(Path(archive), plan.villages) == expected
    assert leads_in(folder, plan.villages) == expected
    # Taken apart into a row a part, which changes nothing; led by two it is refused.
    apart = pd.concat([kept, kept.iloc[[0]]])
    pyogrio.write_dataframe(apart, tmp_path / "apart.gpkg", layer="x")
    assert leads_in(tmp_path / "apart.gpkg", plan.villages) == expected
    apart["lead_code"] = [*kept.lead_code, "037040610003"]
    pyogrio.write_dataframe(apart, tmp_path / "apart.gpkg", layer="x")
    assert faults_of(tmp_path / "apart.gpkg", plan.villages) == ["cli.assignment_twice"]
    assert check(plan.problem, expected) == check(plan.problem, np.array(expected))


def test_alliances_alone_are_enough(tmp_path: Path, plan: Scenario) -> None:
    path = write_geopackage(plan, tmp_path / "plan.gpkg", created=DATE)
    for kind, driver in (("geojson", "GeoJSON"), ("kml", "LIBKML"), ("fgb", "FlatGeobuf")):
        target = tmp_path / f"片区.{kind}"
        layer = gpd.read_file(path, layer="alliances")[["lead_code", "member_codes", "geometry"]]
        pyogrio.write_dataframe(layer.to_crs(4326), target, driver=driver)
        assert leads_in(target, plan.villages) == LEADS


def test_every_name_of_the_code_fields_is_known(plan: Scenario, tmp_path: Path) -> None:
    shapes = plan.villages.frame.geometry
    codes = plan.villages.frame.code.tolist()
    leads = [None if lead < 0 else codes[lead] for lead in LEADS]
    for language in ("zh", "en"):
        said = {name: meaning(name, language) for name in ("code", "lead_code")}
        for names in (said, short_names(language, "UTF-8"), short_names(language, "GBK")):
            columns = {names["code"]: codes, names["lead_code"]: leads}
            frame = gpd.GeoDataFrame(columns, geometry=shapes.to_numpy(), crs=shapes.crs)
            pyogrio.write_dataframe(frame, tmp_path / "x.gpkg", layer="x")
            assert leads_in(tmp_path / "x.gpkg", plan.villages) == LEADS


def test_villages_left_out_while_reading_are_no_strangers(tmp_path: Path, plan: Scenario) -> None:
    stranger = "037040619999"
    text = "code,lead_code\n037040610000,037040610000\n037040610001,037040610000\n"
    path = tmp_path / "assignment.csv"
    path.write_text(f"{text}{stranger},\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_assignment(path, plan.villages)
    assert [fault.key for fault in caught.value.faults] == ["cli.assignment_unknown"]
    reason = warning("reason.village_excluded", Where(code=stranger))
    villages = replace(plan.villages, excluded=(reason,))
    assert read_assignment(path, villages).tolist() == [0, 0, *[-1] * 7]
    path.write_text(f"{text}{stranger},037040610000\n", encoding="utf-8")
    with pytest.raises(DataError, match=stranger):
        read_assignment(path, villages)


def test_codes_that_became_numbers_are_read(tmp_path: Path) -> None:
    codes = [f"3704061{i:05d}" for i in range(9)]
    s = scenario(villages=table(code=codes))
    frame = pd.DataFrame(
        {"code": [float(c) for c in codes], "lead_code": [float(codes[0])] * 2 + [np.nan] * 7}
    )
    layer = gpd.GeoDataFrame(frame, geometry=s.villages.frame.geometry.to_numpy(), crs=4527)
    pyogrio.write_dataframe(layer, tmp_path / "x.gpkg", layer="x")
    assert leads_in(tmp_path / "x.gpkg", s.villages) == [0, 0, *[-1] * 7]


def faults_of(path: Path, villages: VillageTable) -> Sequence[str]:
    with pytest.raises(DataError) as caught:
        handed_plan(path, villages)
    return [fault.key for fault in caught.value.faults]


def test_what_is_no_plan_is_said(tmp_path: Path, plan: Scenario) -> None:
    frame = plan.villages.frame
    bare = tmp_path / "村界.geojson"
    pyogrio.write_dataframe(frame[["name", "geometry"]].to_crs(4326), bare)
    assert faults_of(bare, plan.villages) == ["cli.no_lead_column"]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    assert faults_of(broken, plan.villages) == ["intake.damaged"]
    packed = tmp_path / "plan.kmz"
    packed.write_bytes(b"PK\x03\x04")
    assert faults_of(packed, plan.villages) == ["layers.is_kmz"]
    text = tmp_path / "plan.kml"
    text.write_text("<OGRVRTDataSource></OGRVRTDataSource>", encoding="utf-8")
    assert faults_of(text, plan.villages) == ["layers.points_elsewhere"]
    assert faults_of(tmp_path / "nowhere.gpkg", plan.villages) == ["intake.not_found"]
    other = write_geopackage(plan, tmp_path / "plan.gpkg", created=DATE)
    fewer = scenario([0, 0, 0], villages=table(3)).villages
    assert set(faults_of(other, fewer)) == {"cli.assignment_unknown"}
    edited = write_plan_file(plan, tmp_path / "plan.json", created=DATE)
    document = json.loads(edited.read_text("utf-8")) | {"seed": 8}
    edited.write_text(json.dumps(document), encoding="utf-8")
    assert faults_of(edited, plan.villages) == ["output.plan_file_edited"]
