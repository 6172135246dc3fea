"""The zipped shapefile: both encodings, chosen names, nothing lost in silence."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scenarios import scenario, table

from liancun_geo.errors import DataError
from liancun_geo.intake import read_villages
from liancun_geo.messages import DEFAULT_LANGUAGE
from liancun_geo.output import write_geopackage, write_shapefile
from liancun_geo.output.columns import meaning
from liancun_geo.output.dbf_texts import STAND_IN, TEXT_BYTES, _cut_to_fit, _held
from liancun_geo.output.export_crs import export_crs
from liancun_geo.output.field_names import short_names
from liancun_geo.output.layers import village_layer
from liancun_geo.output.maps import plan_layers
from liancun_geo.output.options import Encoding
from liancun_geo.output.roster import roster
from liancun_geo.output.shapefile import fill_shapefile
from liancun_geo.settings import DataSettings, Settings
from liancun_geo.villages import FIELDS

DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
LAYERS = ("villages", "alliances", "links")
DBF_ENCODINGS = get_args(Encoding)


def read_zipped(path: Path, layer: str) -> gpd.GeoDataFrame:
    return gpd.read_file(f"/vsizip/{path}/{layer}.shp")


def canonical(path: Path, layer: str, encoding: Encoding) -> gpd.GeoDataFrame:
    names = {short: name for name, short in short_names("zh", encoding).items()}
    return read_zipped(path, layer).rename(columns=names)


def table_in(path: Path, name: str) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


@pytest.mark.parametrize("encoding", DBF_ENCODINGS)
def test_round_trip(tmp_path: Path, encoding: Encoding) -> None:
    s = scenario(villages=table(name=[f"村{i}" for i in range(9)]))
    path = write_shapefile(s, tmp_path / "plan.zip", created=DATE, encoding=encoding)
    villages = canonical(path, "villages", encoding)
    assert villages.crs == s.villages.frame.crs
    placed = zip(villages.code, villages["name"], villages.alliance_id.fillna(""), strict=True)
    assert sorted(placed) == sorted((r.code, r.name, r.alliance_id) for r in roster(s, "zh"))
    words = {"lead": "领建村", "member": "联建村", "unassigned": "暂不入片"}
    assert villages.role.tolist() == [words[role] for role in village_layer(s, "zh").role]
    assert villages.weak_organisation.tolist()[:2] == [1, 0]
    assert np.isnan(villages.weak_organisation.iloc[2])
    assert villages.collective_income_wan_yuan.iloc[4] == 2.25
    assert np.isnan(villages.population_registered_persons.iloc[8])
    original = village_layer(s, "zh")
    assert shapely.equals(villages.geometry.to_numpy(), original.geometry.to_numpy()).all()
    assert len(canonical(path, "alliances", encoding)) == 2
    assert len(canonical(path, "links", encoding)) == 6
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert "replaced_characters.csv" not in archive.namelist()
        for layer in LAYERS:
            dbf = archive.read(f"{layer}.dbf")
            # ArcGIS and GDAL go by the first, old programs by the second.
            said = archive.read(f"{layer}.cpg"), dbf[29]
            assert said == ((b"936", 0x4D) if encoding == "GBK" else (b"UTF-8", 0))
            assert "村".encode(encoding) in dbf[32:]
    rows = table_in(path, "field_dictionary.csv")
    for layer in LAYERS:
        listed = [row[1] for row in rows if row[0] == layer]
        assert listed == list(read_zipped(path, layer).columns.drop("geometry"))
    assert all(row[2] and row[3] and row[4] for row in rows)


@pytest.mark.parametrize("encoding", DBF_ENCODINGS)
def test_the_intake_knows_the_chosen_names(tmp_path: Path, encoding: Encoding) -> None:
    given: dict[str, Any] = {
        "name": [f"村{i}" for i in range(9)],
        "county": ["示例县"] * 9,
        "urban_rural_class": ["220"] * 9,
        "population_registered_persons": [100.0 + i for i in range(9)],
        "population_resident_persons": [90.0 + i for i in range(9)],
        "households": [30.0] * 9,
        "party_members_persons": [6.0] * 9,
        "collective_income_wan_yuan": [1.5 + i for i in range(9)],
        "income_per_head_yuan": [7000.0] * 9,
        "arable_land_mu": [800.5] * 9,
        "transferable_land_mu": [80.0] * 9,
        "industries": [("林果", "粮食")] * 9,
        "enterprises": [("甲厂",)] * 9,
        "weak_economy": [True] * 9,
        "village_class": ["集聚提升"] * 9,
        "resettlement": [False] * 9,
        "secretary_in_post": [True] * 9,
        "existing_alliance": ["甲片区"] * 9,
    }
    before = table(**given)
    path = write_shapefile(scenario(villages=before), tmp_path / "plan.zip", encoding=encoding)
    after = read_villages(path, settings=Settings(data=DataSettings(layer="villages"))).frame
    for name in FIELDS:
        assert after[name].astype(str).tolist() == before.frame[name].astype(str).tolist(), name
    assert after.crs == before.frame.crs


@pytest.mark.parametrize("encoding", DBF_ENCODINGS)
def test_ogrinfo_reads_names_and_values(tmp_path: Path, encoding: Encoding) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo (Debian: gdal-bin) is not there: the shapefile is not opened by it")
    s = scenario(villages=table(name=["西泉村", "东河岔", *["村"] * 7]))
    path = write_shapefile(s, tmp_path / "plan.zip", created=DATE, encoding=encoding, crs="auto")
    names = short_names("zh", encoding)
    shown = {
        layer: subprocess.run(
            ["ogrinfo", "-al", "-wkt_format", "WKT1_ESRI", f"/vsizip/{path}/{layer}.shp"],
            capture_output=True,
            check=True,
            encoding="utf-8",
            timeout=120,
        ).stdout
        for layer in LAYERS
    }
    for field, value in (
        ("code", "037040610000"),
        ("name", "西泉村"),
        ("township", "示例镇"),
        ("role", "领建村"),
        ("industries", "林果、粮食"),
    ):
        assert f"{names[field]} (String) = {value}\n" in shown["villages"]
    assert f"{names['lead_name']} (String) = 西泉村\n" in shown["alliances"]
    assert f"{names['member_name']} (String) = 东河岔\n" in shown["links"]
    assert 'PROJCS["CGCS2000_3_Degree_GK_Zone_39"' in shown["villages"]
    assert not any("?" in text or "\ufffd" in text for text in shown.values())


@pytest.mark.parametrize("encoding", DBF_ENCODINGS)
def test_short_names_fit_a_dbf_file(encoding: Encoding) -> None:
    for language in ("zh", "en"):
        short = short_names(language, encoding)
        assert len(set(short.values())) == len(short)
        assert all(len(name.encode(encoding)) <= 10 for name in short.values())
        assert set(FIELDS) < set(short)
    assert all(name.isascii() for name in short_names("en", encoding).values())
    for name in short_names("zh", encoding):
        assert meaning(name, "zh")
        assert meaning(name, "en").isascii()


def test_the_document_lists_every_field_under_its_names() -> None:
    text = (Path(__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    listed = {row[0].strip("`"): row[2:7] for row in rows if len(row) > 6}
    utf8, gbk = (short_names("zh", encoding) for encoding in DBF_ENCODINGS)
    english = short_names("en", "UTF-8")
    assert listed == {
        name: [utf8[name], gbk[name], english[name], meaning(name, "zh"), meaning(name, "en")]
        for name in utf8
    }


def test_every_field_of_the_layers_has_a_short_name() -> None:
    for layer in plan_layers(scenario(), DEFAULT_LANGUAGE).values():
        assert set(layer.columns.drop("geometry")) <= set(short_names("zh", "GBK"))


@pytest.mark.parametrize(("encoding", "kept"), [("UTF-8", 84), ("GBK", 126)])
def test_long_text_is_cut_between_characters_and_said(
    tmp_path: Path, encoding: Encoding, kept: int
) -> None:
    long = "ab" + "村" * 200
    s = scenario(villages=table(existing_alliance=[long, "短", *[None] * 7]))
    layers = plan_layers(s, "zh")
    notes = fill_shapefile(layers, tmp_path / "plan.zip", DATE, "zh", encoding=encoding)
    value = canonical(tmp_path / "plan.zip", "villages", encoding).existing_alliance.iloc[0]
    assert value == "ab" + "村" * kept
    rows = table_in(tmp_path / "plan.zip", "field_dictionary.csv")
    note = next(row[-1] for row in rows if "existing_alliance" in row)
    assert "1 个值" in note
    assert "gis.texts_cut" in [one.key for one in notes]
    whole = gpd.read_file(write_geopackage(s, tmp_path / "p.gpkg"), layer="villages")
    assert whole["existing_alliance"].iloc[0] == long


def test_what_gbk_lacks_is_replaced_visibly_and_listed(tmp_path: Path) -> None:
    names = ["𰻝庄", "㐂沟", "桃🌸源", "€村", *[f"村{i}" for i in range(5)]]
    s = scenario(villages=table(name=names))
    path = tmp_path / "plan.zip"
    notes = fill_shapefile(plan_layers(s, "zh"), path, DATE, "zh", encoding="GBK")
    written = canonical(path, "villages", "GBK").name.tolist()
    assert written[:5] == ["〓庄", "〓沟", "桃〓源", "〓村", "村0"]
    rows = table_in(path, "replaced_characters.csv")
    assert ["villages", "1", "村名", "𰻝庄", "〓庄"] in rows
    assert ["alliances", "1", "领建村", "𰻝庄", "〓庄"] in rows
    assert {row[3] for row in rows if row[0] == "villages" and row[2] == "村名"} == set(names[:4])
    rows = table_in(path, "field_dictionary.csv")
    note = next(row[-1] for row in rows if row[0] == "villages" and row[2] == "name")
    assert "𰻝㐂🌸€" in note
    assert [one.key for one in notes] == ["gis.characters_replaced"]
    assert "UTF-8" in notes[0].text("zh")
    # UTF-8 has them all.
    assert fill_shapefile(plan_layers(s, "zh"), tmp_path / "u.zip", DATE, "zh") == ()
    assert canonical(tmp_path / "u.zip", "villages", "UTF-8").name.tolist() == names


@given(text=st.text(max_size=150), encoding=st.sampled_from(DBF_ENCODINGS))
def test_what_is_left_of_a_text_always_fits(text: str, encoding: Encoding) -> None:
    held = _held(text, encoding)
    assert len(held) == len(text)
    assert all(
        a == b or (b == STAND_IN and encoding == "GBK") for a, b in zip(text, held, strict=True)
    )
    kept = _cut_to_fit(held, encoding)
    raw = kept.encode(encoding)
    assert held.startswith(kept)
    assert len(raw) <= TEXT_BYTES
    # No more was cut than had to be.
    assert kept == held or len(raw) > TEXT_BYTES - len(held[len(kept)].encode(encoding))


def test_shapefile_that_does_not_read_back_is_not_kept(tmp_path: Path) -> None:
    # 24 digits of a DBF number cannot hold this one beside its decimals.
    s = scenario(villages=table(arable_land_mu=[1e300, *[1.0] * 8]))
    with pytest.raises(DataError, match="耕地亩"):
        write_shapefile(s, tmp_path / "plan.zip")
    assert list(tmp_path.iterdir()) == []


def projections(tmp_path: Path, choice: str | None) -> Mapping[str, Any]:
    path = write_shapefile(scenario(), tmp_path / "plan.zip", created=DATE, crs=choice)
    frames = {layer: read_zipped(path, layer) for layer in LAYERS}
    assert len({frame.crs for frame in frames.values()}) == 1
    return frames


@pytest.mark.parametrize(
    ("choice", "epsg", "easting"),
    [
        (None, None, None),
        ("auto", 4527, 39_500_000),
        ("4548", 4548, 500_000),
        ("EPSG:4490", 4490, 117),
    ],
)
def test_crs_of_choice(
    tmp_path: Path, choice: str | None, epsg: int | None, easting: float | None
) -> None:
    frame = projections(tmp_path, choice)["villages"]
    own = scenario().villages.frame
    assert frame.crs == (own.crs if epsg is None else epsg)
    if easting is not None:
        assert abs(frame.total_bounds[0] - easting) < 0.01 * easting
    back = frame.to_crs(own.crs).geometry.to_numpy()
    assert shapely.hausdorff_distance(back, own.geometry.to_numpy()).max() < 0.01


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (75.1, 39.0, 4513),
        (100.2, 25.0, 4521),
        (118.4, 36.0, 4527),
        (118.6, 36.0, 4528),
        (134.5, 48.0, 4533),
        (121.0, 23.8, 3826),
        (2.3, 48.8, 32631),
    ],
)
def test_auto_is_the_zone_of_the_longitude(lon: float, lat: float, epsg: int) -> None:
    county = gpd.GeoDataFrame(geometry=[shapely.box(lon, lat, lon + 0.05, lat + 0.05)], crs=4326)
    chosen = export_crs(county, "auto")
    assert chosen is not None
    assert chosen.to_epsg() == epsg
    area = chosen.area_of_use
    assert area is not None
    assert area.west <= lon <= area.east


@pytest.mark.parametrize(
    ("choice", "key"),
    [
        ("EPSG:4523", "gis.crs_elsewhere"),
        ("EPSG:32719", "gis.crs_elsewhere"),
        ("EPSG:4978", "gis.crs_not_of_maps"),
        ("带号三十九", "crs.unknown"),
        ("EPSG:0", "crs.unknown"),
    ],
)
def test_crs_that_does_not_do_is_refused(tmp_path: Path, choice: str, key: str) -> None:
    with pytest.raises(DataError) as caught:
        write_shapefile(scenario(), tmp_path / "plan.zip", crs=choice)
    assert [fault.key for fault in caught.value.faults] == [key]
    assert list(tmp_path.iterdir()) == []


def test_english_names_are_ascii(tmp_path: Path) -> None:
    path = write_shapefile(scenario(), tmp_path / "plan.zip", language="en", created=DATE)
    villages = read_zipped(path, "villages")
    assert villages.columns[:4].tolist() == ["code", "name", "town_code", "township"]
    assert set(villages["role"]) == {"lead", "member", "without alliance"}
