import hashlib
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, shapefile, villages
from shapely.geometry import LineString

from liancun_geo.intake import read_villages
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
