import hashlib
import sqlite3
import zipfile
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, shapefile, villages
from shapely.geometry import LineString

from liancun_geo.intake import read_villages
from liancun_geo.intake.reading import read_all
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


# Files


def test_a_missing_table_is_named(tmp_path):
    path = shapefile(tmp_path)
    path.with_suffix(".dbf").unlink()
    faults = faults_of(path)
    assert keys(faults) == ["layers.dbf_missing"]
    assert faults[0].params["name"] == "villages.dbf"


def test_a_missing_index_is_made_again_beside_nothing(tmp_path):
    path = shapefile(tmp_path)
    whole = read_villages(path)
    path.with_suffix(".shx").unlink()
    before = sorted(tmp_path.iterdir())
    table = read_villages(path)
    assert sorted(tmp_path.iterdir()) == before
    assert table.frame.equals(whole.frame)
    assert "layers.shx_restored" in keys(table.warnings)


def test_an_index_that_cannot_be_made_again_is_a_fault(tmp_path):
    path = shapefile(tmp_path)
    path.with_suffix(".shx").unlink()
    raw = bytearray(path.read_bytes())
    raw[104:108] = (10**9).to_bytes(4, "big")
    path.write_bytes(raw)
    assert keys(faults_of(path)) == ["layers.record_length"]


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
    shapefile(tmp_path, name="b.shp", frame=villages().iloc[:3])
    faults = faults_of(tmp_path)
    assert keys(faults) == ["intake.several_shapefiles"]
    assert faults[0].params["names"] == "a.shp、b.shp"
    assert len(read_villages(tmp_path, settings=_settings(data={"layer": "b"}))) == 3


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
    monkeypatch.setattr("liancun_geo.intake.vector.archives.MAX_UNPACKED_BYTES", 1000)
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


# Formats


@pytest.mark.parametrize("ending", ["tab", "mif", "fgb", "gml", "gdb", "kml"])
def test_other_formats_give_the_same_villages(tmp_path, ending):
    frame = villages().rename(columns={"村代码": "code", "村名": "Name", "乡镇": "township"})
    path = tmp_path / f"v.{ending}"
    encoding = {"encoding": "GB18030"} if ending in ("tab", "mif") else {}
    driver = {"gdb": "OpenFileGDB"}.get(ending)
    frame.to_file(path, driver=driver, **encoding)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    reading = read_all(path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert sorted(reading.layer.frame["Name"]) == sorted(NAMES)
    assert [f for f in reading.faults if f.fixes] == []
    if ending != "kml":
        assert sorted(reading.villages.frame["code"]) == sorted(CODES)


def test_a_zipped_geodatabase_is_read_and_hashed(tmp_path):
    villages().to_file(tmp_path / "v.gdb", layer="villages", driver="OpenFileGDB")
    path = tmp_path / "v.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted((tmp_path / "v.gdb").iterdir()):
            archive.write(part, f"数据/v.gdb/{part.name}")
    table = read_villages(path)
    assert sorted(table.frame["code"]) == sorted(CODES)
    assert table.sources[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_several_data_sets_in_a_zip_are_listed_and_one_is_chosen(tmp_path):
    shapefile(tmp_path, name="村界.shp")
    shapefile(tmp_path, name="旧村界.shp", frame=villages().iloc[:2])
    parts = [p for p in sorted(tmp_path.iterdir()) if p.stem in ("村界", "旧村界")]
    path = _zip(tmp_path, [(f"数据/{part.name}", part.read_bytes()) for part in parts])
    faults = faults_of(path)
    assert keys(faults) == ["intake.several_shapefiles"]
    assert faults[0].params["names"] == "数据/旧村界.shp、数据/村界.shp"
    assert len(read_villages(path, settings=_settings(data={"layer": "旧村界"}))) == 2


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("v.rar", "layers.is_archive"),
        ("v.7z", "layers.is_archive"),
        ("v.kmz", "layers.is_kmz"),
        ("v.mdb", "layers.is_access"),
        ("v.dwg", "layers.is_drawing"),
        ("v.qgz", "layers.is_project"),
        ("v.dbf", "layers.is_part"),
        ("v.DAT", "layers.is_mapinfo_part"),
        ("a00000001.gdbtable", "layers.is_gdb_part"),
        ("v.xyz", "intake.format_unknown"),
    ],
)
def test_what_is_no_layer_is_named_as_what_it_is(tmp_path, name, key):
    path = tmp_path / name
    path.write_bytes(b"x" * 200)
    assert keys(faults_of(path)) == [key]


def test_heights_and_measures_are_left_out_and_said(tmp_path):
    frame = villages()
    frame = frame.set_geometry(gpd.GeoSeries(shapely.force_3d(frame.geometry, 5.0), crs=4490))
    table = read_villages(gpkg(tmp_path, frame))
    assert not table.frame.has_z.any()
    (notice,) = [f for f in table.warnings if f.key == "layers.flattened"]
    assert notice.params["count"] == 4


def test_an_open_geopackage_is_read_with_its_log_and_left_alone(tmp_path):
    path = gpkg(tmp_path)
    with closing(sqlite3.connect(path)) as editor:
        editor.execute("PRAGMA journal_mode=WAL")
        # Without GDAL their functions are unknown.
        triggers = editor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            editor.execute(f'DROP TRIGGER "{name}"')
        editor.execute("UPDATE villages SET 村名 = '新村' WHERE 村代码 = ?", CODES[:1])
        editor.commit()
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        table = read_villages(path)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert table.frame["name"][0] == "新村"
    assert "layers.gpkg_open" in keys(table.warnings)


# CRS


def test_projected_crs_of_the_settings(tmp_path):
    path = gpkg(tmp_path)
    settings = _settings(data={"projected_crs": "EPSG:4527"})
    assert read_villages(path, settings=settings).frame.crs.to_epsg() == 4527
    assert keys(faults_of(path, data={"projected_crs": "EPSG:4326"})) == ["crs.not_metric"]
