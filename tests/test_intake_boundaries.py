import hashlib
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, shapefile, shared, villages
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from liancun_geo.errors import DataError
from liancun_geo.intake import read_barriers, read_villages
from liancun_geo.settings import Settings
from liancun_geo.villages import FIELDS


def _settings(**tables):
    return Settings.model_validate(tables)


def _write(folder, kind):
    frame = villages()
    if kind == "geojson":
        path = folder / "v.geojson"
        frame.to_crs(4326).to_file(path)
    elif kind == "parquet":
        path = folder / "v.parquet"
        frame.to_parquet(path)
    elif kind == "gpkg":
        path = gpkg(folder)
    elif kind == "folder":
        path = shapefile(folder).parent
    else:
        path = shapefile(folder)
    return path


@pytest.mark.parametrize("kind", ["shp", "folder", "gpkg", "geojson", "parquet"])
def test_every_format_gives_the_same_table(tmp_path, kind):
    table = read_villages(_write(tmp_path, kind))
    frame = table.frame
    assert list(frame.columns) == [*FIELDS, "geometry"]
    assert frame.index.equals(pd.RangeIndex(4))
    assert frame["code"].tolist() == list(CODES)
    assert frame["name"].tolist() == list(NAMES)
    assert frame["township"].tolist() == ["城头镇"] * 4
    assert frame["township_code"].tolist() == ["370499100"] * 4
    assert frame.crs.to_epsg() == 4548
    # 0.01 degrees: 1,109.5 m of the meridian and 913 m of the parallel at 35 N (GRS 80).
    assert frame.area.to_numpy() == pytest.approx(1_109.5 * 912.9, rel=1e-3)
    assert frame["households"].isna().all()
    assert frame["weak_economy"].dtype == "boolean"
    assert table.sources[0].role == "boundaries"


def test_sources_carry_the_hash_of_the_bytes(tmp_path):
    path = gpkg(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_villages(path).sources[0].sha256 == digest
    shp = shapefile(tmp_path)
    parts = sorted(tmp_path.glob("villages.???"))
    parts = [part for part in parts if part.suffix in (".dbf", ".prj", ".shp", ".shx")]
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    assert read_villages(shp).sources[0].sha256 == digest


def test_input_files_are_not_touched(tmp_path):
    path = gpkg(tmp_path)
    before = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.iterdir()}
    read_villages(path)
    assert {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.iterdir()} == before


# Encoding


@pytest.mark.parametrize(
    ("encoding", "cpg", "expected", "note"),
    [
        ("GB18030", None, "gb18030", "intake.encoding_detected"),
        ("GBK", "GBK", "gb18030", None),
        ("GBK", "936", "gb18030", None),
        ("UTF-8", "UTF-8", "utf-8", None),
        ("UTF-8", None, "utf-8", "intake.encoding_detected"),
        ("GB18030", "UTF-8", "gb18030", "intake.cpg_contradicted"),
        ("GB18030", "ISO-8859-1", "gb18030", "intake.cpg_contradicted"),
        ("UTF-8", "GBK", "utf-8", "intake.cpg_contradicted"),
        ("UTF-8", "88591", "utf-8", "intake.cpg_contradicted"),
    ],
)
def test_encoding_is_found_from_the_values(tmp_path, encoding, cpg, expected, note):
    table = read_villages(shapefile(tmp_path, encoding, cpg=cpg))
    assert table.frame["name"].tolist() == list(NAMES)
    assert table.sources[0].encoding == expected
    notes = [key for key in keys(table.warnings) if "encoding" in key or "cpg" in key]
    assert notes == ([note] if note else [])


def test_rare_characters_survive_in_gb18030(tmp_path):
    frame = villages(村名=("㐂村", "𠮷家村", "联通村", "王村"))
    table = read_villages(shapefile(tmp_path, frame=frame))
    assert table.frame["name"].tolist() == ["㐂村", "𠮷家村", "联通村", "王村"]


def test_language_byte_states_gbk_but_the_default_one_states_nothing(tmp_path):
    path = shapefile(tmp_path)
    dbf = path.with_suffix(".dbf")
    raw = bytearray(dbf.read_bytes())
    raw[29] = 0x4D
    dbf.write_bytes(raw)
    assert "intake.encoding_detected" not in keys(read_villages(path).warnings)
    raw[29] = 0x57
    dbf.write_bytes(raw)
    table = read_villages(path)
    assert table.frame["name"].tolist() == list(NAMES)
    assert "intake.encoding_detected" in keys(table.warnings)


def test_stated_encoding_wins_and_a_wrong_one_is_a_fault(tmp_path):
    frame = villages(
        村代码=None, 村名=None, 乡镇=None, code=CODES, name=["新港", "月眉", "東村", "西村"]
    )
    path = shapefile(tmp_path, "BIG5", frame=frame)
    settings = _settings(data={"encoding": "big5"})
    assert read_villages(path, settings=settings).frame["name"][2] == "東村"
    assert set(keys(faults_of(path, data={"encoding": "utf-8"}))) == {"intake.undecodable"}
    assert keys(faults_of(path, data={"encoding": "gkb"})) == ["intake.encoding_unknown"]


def test_field_names_cut_inside_a_character_can_be_read(tmp_path):
    frame = villages(村集体经营性收入=[1.0, 2.0, 3.0, 4.0])
    path = shapefile(tmp_path, "UTF-8", frame=frame, cpg="UTF-8")
    with pytest.raises(UnicodeDecodeError):
        gpd.read_file(path)
    settings = _settings(fields={"collective_income_wan_yuan": "村集体"})
    table = read_villages(path, settings=settings)
    assert table.frame["collective_income_wan_yuan"].tolist() == [1.0, 2.0, 3.0, 4.0]


# Files


@pytest.mark.parametrize("ending", [".shx", ".dbf"])
def test_missing_parts_are_named(tmp_path, ending):
    path = shapefile(tmp_path)
    path.with_suffix(ending).unlink()
    faults = faults_of(path)
    assert keys(faults) == ["intake.part_missing"]
    assert faults[0].params["ending"] == ending


def test_missing_prj_asks_for_the_crs_and_the_setting_answers(tmp_path):
    path = shapefile(tmp_path)
    path.with_suffix(".prj").unlink()
    assert keys(faults_of(path)) == ["crs.missing"]
    table = read_villages(path, settings=_settings(data={"crs": "EPSG:4490"}))
    assert table.frame.crs.to_epsg() == 4548
    assert "crs.stated" in keys(table.warnings)


def test_the_file_wins_over_the_crs_of_the_settings(tmp_path):
    table = read_villages(gpkg(tmp_path), settings=_settings(data={"crs": "EPSG:4527"}))
    assert "crs.contradiction" in keys(table.warnings)
    assert table.sources[0].crs.startswith("EPSG:4490")


@pytest.mark.parametrize("ending", [".shp", ".dbf", ".shx"])
def test_truncated_parts_are_faults(tmp_path, ending):
    path = shapefile(tmp_path)
    part = path.with_suffix(ending)
    part.write_bytes(part.read_bytes()[:-60])
    assert "intake.truncated" in keys(faults_of(path))


def test_parts_of_different_versions_are_a_fault(tmp_path):
    path = shapefile(tmp_path)
    other = shapefile(tmp_path, frame=villages().iloc[:3], name="other.shp")
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    assert keys(faults_of(path)) == ["intake.parts_disagree"]


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("absent.gpkg", None, "intake.not_found"),
        ("empty.gpkg", b"", "intake.empty_file"),
        ("text.gpkg", b"hello" * 100, "intake.not_its_ending"),
        ("text.shp", b"hello" * 100, "intake.not_its_ending"),
        ("vrt.geojson", b"<OGRVRTDataSource/>", "intake.not_its_ending"),
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"ty', "intake.damaged"),
        ("cut.parquet", b"PAR1" + b"\0" * 50, "intake.damaged"),
        ("cut.zip", b"PK\x03\x04" + b"\0" * 50, "intake.damaged"),
        ("villages.vrt", b"<OGRVRTDataSource/>", "intake.format_unknown"),
    ],
)
def test_files_that_cannot_be_read_are_faults(tmp_path, name, content, key):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert keys(faults_of(path)) == [key]


def test_truncated_geopackage(tmp_path):
    path = gpkg(tmp_path)
    path.write_bytes(path.read_bytes()[:-4096])
    assert keys(faults_of(path)) == ["intake.truncated"]


def test_folder_without_or_with_several_shapefiles(tmp_path):
    assert keys(faults_of(tmp_path)) == ["intake.no_shapefile"]
    shapefile(tmp_path, name="a.shp")
    shapefile(tmp_path, name="b.shp")
    faults = faults_of(tmp_path)
    assert keys(faults) == ["intake.several_shapefiles"]
    assert "a.shp" in faults[0].params["names"]


def test_layer_must_be_chosen_among_several(tmp_path):
    path = gpkg(tmp_path)
    villages().iloc[:2].to_file(path, layer="old", driver="GPKG")
    lines = gpd.GeoDataFrame(geometry=[LineString([(117.4, 35), (117.5, 35)])], crs=4490)
    lines.to_file(path, layer="roads", driver="GPKG")
    faults = faults_of(path)
    assert keys(faults) == ["intake.several_layers"]
    assert faults[0].params["names"] == "villages、old"
    assert len(read_villages(path, settings=_settings(data={"layer": "old"}))) == 2
    assert keys(faults_of(path, data={"layer": "new"})) == ["intake.layer_unknown"]


# Zip files


def _zip(folder, entries):
    path = folder / "v.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def _gbk_zip(folder):
    """Write a zip as Chinese Windows does: a folder, names in GBK without the UTF-8 mark."""
    shapefile(folder, name="村界.shp")
    parts = [
        (f"村界.{end}", (folder / f"村界.{end}").read_bytes())
        for end in ("shp", "shx", "dbf", "prj")
    ]
    path = folder / "v.zip"

    class GbkInfo(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):  # noqa: N802
            return self.filename.encode("gbk"), self.flag_bits

    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts:
            archive.writestr(GbkInfo(f"边界数据/{name}"), content)
    return path


def test_zip_with_a_folder_and_names_in_gbk(tmp_path):
    path = _gbk_zip(tmp_path)
    assert "边界数据/村界.shp".encode("gbk") in path.read_bytes()
    table = read_villages(path)
    assert table.frame["name"].tolist() == list(NAMES)
    assert table.sources[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "name", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "..\\evil.shp"]
)
def test_zip_that_leads_out_is_refused(tmp_path, name):
    assert keys(faults_of(_zip(tmp_path, [(name, b"x")]))) == ["intake.zip_leads_out"]


def test_zip_with_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("villages.shp")
    link.external_attr = 0o120777 << 16
    assert keys(faults_of(_zip(tmp_path, [(link, b"/etc/passwd")]))) == ["intake.zip_link"]


def test_zip_bomb_and_empty_zip_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("liancun_geo.intake.files.MAX_UNPACKED_BYTES", 1000)
    assert keys(faults_of(_zip(tmp_path, [("v.shp", b"0" * 2000)]))) == ["intake.zip_too_large"]
    assert keys(faults_of(_zip(tmp_path, [("readme.txt", b"x")]))) == ["intake.no_shapefile"]


def test_protected_zip_is_refused(tmp_path):
    path = _zip(tmp_path, [("v.shp", b"0" * 200)])
    raw = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        start = raw.index(mark)
        raw[start + (6 if mark[2] == 3 else 8)] |= 1
    path.write_bytes(raw)
    assert keys(faults_of(path)) == ["intake.password"]


def test_tables_without_geometry_are_faults(tmp_path):
    path = tmp_path / "v.parquet"
    pd.DataFrame(villages().drop(columns="geometry")).to_parquet(path)
    assert keys(faults_of(path)) == ["intake.no_geometry_column"]


# CRS


def test_geojson_that_is_not_in_degrees_asks(tmp_path):
    path = tmp_path / "v.geojson"
    villages().to_crs(4527).to_file(path)
    text = path.read_text(encoding="utf-8")
    assert '"crs"' in text
    assert read_villages(path).frame.crs.to_epsg() == 4527
    path.write_text(text.replace('"crs"', '"was"'), encoding="utf-8")
    assert keys(faults_of(path)) == ["crs.not_degrees"]
    table = read_villages(path, settings=_settings(data={"crs": "EPSG:4527"}))
    assert table.frame.crs.to_epsg() == 4527


def test_projected_crs_of_the_settings(tmp_path):
    path = gpkg(tmp_path)
    settings = _settings(data={"projected_crs": "EPSG:4527"})
    assert read_villages(path, settings=settings).frame.crs.to_epsg() == 4527
    assert keys(faults_of(path, data={"projected_crs": "EPSG:4326"})) == ["crs.not_metric"]


# Geometry


def test_every_bad_geometry_is_named_at_once(tmp_path):
    frame = villages()
    shapes = [
        None,
        Polygon(),
        Point(117.4, 35.0),
        Polygon([(117, 35), (117.1, np.inf), (117.1, 35)]),
    ]
    frame = frame.set_geometry(shapes, crs=4490)
    path = tmp_path / "v.parquet"
    frame.to_parquet(path)
    faults = faults_of(path)
    assert sorted(keys(faults)) == [
        "intake.geometry_empty",
        "intake.geometry_missing",
        "intake.geometry_no_polygon",
        "intake.geometry_not_finite",
    ]
    assert {fault.where.village for fault in faults} == set(NAMES)
    assert {fault.where.row for fault in faults} == {1, 2, 3, 4}


def test_invalid_geometry_is_repaired_in_a_copy_with_a_notice(tmp_path):
    frame = villages()
    bow = Polygon([(117.43, 35.0), (117.44, 35.01), (117.44, 35.0), (117.43, 35.01)])
    path = gpkg(tmp_path, frame.set_geometry([*frame.geometry[:3], bow], crs=4490))
    table = read_villages(path)
    assert table.frame.is_valid.all()
    repaired = [fault for fault in table.warnings if fault.key == "intake.geometry_repaired"]
    assert [fault.where.village for fault in repaired] == ["西河岔村"]
    assert not gpd.read_file(path).is_valid.all()


def test_parts_of_one_village_are_dissolved_and_two_names_are_a_fault(tmp_path):
    frame = villages(村代码=(CODES[0], CODES[1], CODES[2], CODES[0]), 村名=(*NAMES[:3], NAMES[0]))
    table = read_villages(gpkg(tmp_path, frame))
    assert len(table) == 3
    assert isinstance(table.frame.geometry[0], MultiPolygon)
    assert "intake.dissolved" in keys(table.warnings)
    frame = villages(村代码=(CODES[0], CODES[1], CODES[2], CODES[0]))
    faults = faults_of(gpkg(tmp_path, frame, "other.gpkg"))
    assert keys(faults) == ["intake.duplicate_code"]
    assert faults[0].params["names"] == "王家村、西河岔村"


def test_parts_that_contradict_each_other_are_a_fault(tmp_path):
    frame = villages(
        村代码=(*CODES[:3], CODES[0]), 村名=(*NAMES[:3], NAMES[0]), 户数=[100, 50, 60, 40]
    )
    assert keys(faults_of(gpkg(tmp_path, frame))) == ["intake.parts_contradict"]


def test_no_villages_at_all(tmp_path):
    path = tmp_path / "v.parquet"
    villages().iloc[:0].to_parquet(path)
    assert keys(faults_of(path)) == ["intake.no_villages"]


# Identity


def test_without_codes_the_name_within_the_township_stands_in(tmp_path):
    table = read_villages(gpkg(tmp_path, villages(村代码=None)))
    assert table.frame["code"][0] == "城头镇/王家村"
    assert "intake.code_from_name" in keys(table.warnings)
    frame = villages(村代码=None, 村名=("王家村", *NAMES[:3]))
    assert keys(faults_of(gpkg(tmp_path, frame, "other.gpkg"))) == ["intake.duplicate_name"]


def test_same_name_in_two_townships_is_fine_without_codes(tmp_path):
    frame = villages(村代码=None, 村名=["王家村"] * 4, 乡镇=["甲镇", "乙镇", "丙镇", "丁镇"])
    assert read_villages(gpkg(tmp_path, frame)).frame["code"].is_unique


def test_township_falls_back_and_is_never_missing(tmp_path):
    frame = villages(乡镇=None)
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["township"].tolist() == ["370499100"] * 4
    foreign = villages(村代码=["49001", "49002", "49003", "49004"], 乡镇=None)
    path = gpkg(tmp_path, foreign, "foreign.gpkg")
    assert keys(faults_of(path)) == ["intake.zone_missing"]


def test_half_filled_township_codes_do_not_split_a_township(tmp_path):
    frame = villages(乡镇代码=["370499100000", None, None, "370499100000"])
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["township_code"].tolist() == ["370499100000"] * 4


def test_codes_of_12_digits_are_checked_and_foreign_ones_are_not(tmp_path):
    frame = villages(村代码=[*CODES[:3], "37049910020"])
    assert keys(faults_of(gpkg(tmp_path, frame))) == ["intake.code_length"]
    frame = villages(村代码=["01001", "01002", "2A004", "2B033"])
    table = read_villages(gpkg(tmp_path, frame, "foreign.gpkg"))
    assert table.frame["code"].tolist() == ["01001", "01002", "2A004", "2B033"]


def test_land_survey_codes_of_19_digits(tmp_path):
    frame = villages(村代码=[f"{code}0000000" for code in CODES])
    table = read_villages(gpkg(tmp_path, frame))
    assert table.frame["code"].tolist() == list(CODES)
    assert "intake.codes_of_19_digits" in keys(table.warnings)


def test_layer_without_any_identity_lists_its_columns(tmp_path):
    frame = villages(村代码=None, 村名=None, 编号X=[1, 2, 3, 4])
    faults = faults_of(gpkg(tmp_path, frame))
    assert keys(faults) == ["intake.no_identity"]
    assert "编号X" in faults[0].params["headers"]


# Barriers


def test_barriers_are_projected_and_certified(tmp_path):
    river = gpd.GeoDataFrame(geometry=[LineString([(117.41, 35.0), (117.41, 35.01)])], crs=4490)
    first, second = tmp_path / "river.gpkg", tmp_path / "road.geojson"
    river.to_file(first, driver="GPKG")
    river.to_crs(4326).to_file(second)
    series = read_barriers([first, second], "EPSG:4527")
    assert len(series) == 2
    assert series.crs.to_epsg() == 4527
    assert series.length.to_numpy() == pytest.approx(1_109.5, rel=1e-3)
    assert [source.role for source in series.attrs["sources"]] == ["barriers", "barriers"]


def test_barrier_faults_come_all_at_once(tmp_path):
    with pytest.raises(DataError) as caught:
        read_barriers([tmp_path / "a.shp", tmp_path / "b.shp"], "EPSG:4527")
    assert keys(caught.value.faults) == ["intake.not_found"] * 2


# Real data


def test_taiwan():
    path = shared("tw_nantou_chiayi_villages.gpkg")
    fields = {
        "code": "VILLCODE",
        "name": "VILLNAME",
        "township_code": "TOWNCODE",
        "township": "TOWNNAME",
        "population_registered_persons": "population",
    }
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    assert len(frame) == 619
    assert frame["township_code"].nunique() == 31
    assert (frame["code"].str[:8] == frame["township_code"]).all()
    assert frame.crs.to_epsg() == 3826


def test_codes_that_are_only_sometimes_official_are_not_cut():
    path = shared("dirty/sikkim_villages.geojson")
    fields = {"code": "CEN_2001", "township": "SUB_DIST"}
    faults = faults_of(path, fields=fields)
    assert keys(faults) == ["intake.zone_missing"]
    assert faults[0].params["count"] == 33


def test_french_communes():
    path = shared("fr_dep49_14_communes_2013.gpkg")
    fields = {"name": "nom", "township_code": "epci2013"}
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    assert len(frame) == 1063
    assert (frame["township"] == frame["township_code"]).all()


def test_oklahoma_counties():
    path = shared("ok2020")
    fields = {"code": "GEOID20", "name": "NAME20", "township_code": "STATEFP20"}
    frame = read_villages(path, settings=_settings(fields=fields)).frame
    # Land and water area of the state, Census Bureau: 181,038 km2.
    assert frame.area.sum() / 1e6 == pytest.approx(181_038, rel=1e-3)


def test_invalid_county_polygons_are_repaired():
    path = shared("dirty/shan1_dong1_zi1_bo2.geojson")
    fields = {"code": "id", "township": "childNum"}
    table = read_villages(path, settings=_settings(fields=fields))
    assert table.frame.is_valid.all()
    assert keys(table.warnings).count("intake.geometry_repaired") == 7


def test_tlaxcala_keeps_its_projection():
    path = shared("dirty/tlaxcala_municipalities.gpkg")
    fields = {"code": "CVEGEO", "name": "NOMGEO", "township_code": "CVE_ENT"}
    assert read_villages(path, settings=_settings(fields=fields)).frame.crs.to_epsg() == 6372
