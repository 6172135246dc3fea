"""Hostile files: refused with a clear sentence, in little time and memory, never opened further."""

import os
import resource
import socket
import sqlite3
import struct
import time
import zipfile
from contextlib import closing

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_helpers import NAMES, faults_of, gpkg, keys, shapefile, villages

from liancun_geo.intake import read_villages
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings

SECONDS = 60.0


@pytest.fixture(autouse=True)
def _in_bounded_time():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


def _keys(path):
    """Return the errors; each has its sentence in both languages."""
    faults = read_all(path).faults
    assert all(fault.text("zh") and fault.text("en") for fault in faults)
    return [fault.key for fault in faults if fault.severity == "error"]


# Files that are none


def test_pipes_devices_sockets_and_folders_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.geojson")
    (tmp_path / "zero.geojson").symlink_to("/dev/zero")
    (tmp_path / "folder.gpkg").mkdir()
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "s.gpkg"))
        assert _keys(tmp_path / "s.gpkg") == ["layers.not_regular"]
    for name in ("pipe.geojson", "zero.geojson"):
        assert _keys(tmp_path / name) == ["layers.not_regular"]
    assert _keys(tmp_path / "folder.gpkg") == ["intake.no_shapefile"]


def test_a_part_that_is_a_pipe_is_not_opened(tmp_path):
    path = shapefile(tmp_path)
    for ending in (".prj", ".dbf"):
        part = path.with_suffix(ending)
        part.unlink()
        os.mkfifo(part)
        assert _keys(path) == ["layers.not_regular"]


def test_links_are_followed_to_files_only(tmp_path):
    path = gpkg(tmp_path)
    link = tmp_path / "link.gpkg"
    link.symlink_to(path)
    assert read_villages(link).frame["name"].tolist() == list(NAMES)
    loop = tmp_path / "loop.gpkg"
    loop.symlink_to(loop)
    assert _keys(loop) in (["intake.unreadable"], ["intake.not_found"])
    (tmp_path / "up").symlink_to(tmp_path)
    folder = tmp_path / "up" / "up" / "up"
    assert _keys(folder) == ["intake.several_shapefiles"]


def test_files_beyond_2_gb_are_refused_unread(tmp_path):
    path = shapefile(tmp_path)
    with path.with_suffix(".dbf").open("r+b") as stream:
        stream.truncate(2**31)
    assert _keys(path) == ["layers.shapefile_too_large"]
    big = tmp_path / "v.geojson"
    with big.open("wb") as stream:
        stream.write(b"{")
        stream.truncate(2**31)
    assert _keys(big) == ["layers.too_large"]


def test_names_that_mean_something_to_gdal_are_names(tmp_path):
    for name in ("/vsicurl/http://example.org/v.geojson", "/vsizip/v.zip/v.shp", "PG:dbname=x"):
        assert _keys(name) == ["intake.not_found"]


# Zip files


def _zip(folder, entries, compression=zipfile.ZIP_DEFLATED):
    path = folder / "v.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = _zip(tmp_path, [("v.shp", b"\0" * 80_000_000), ("v.dbf", b""), ("v.shx", b"")])
    assert path.stat().st_size < 200_000
    assert _keys(path) == ["intake.zip_too_large"]


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path):
    path = _zip(tmp_path, [("v.geojson", b"{" + b" " * 3_000_000)])
    raw = path.read_bytes()
    path.write_bytes(raw.replace((3_000_001).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert _keys(path) in (["intake.zip_too_large"], ["intake.damaged"])


def test_archives_inside_an_archive_are_not_unpacked(tmp_path):
    inner = _zip(tmp_path, [("v.geojson", b"{}")]).read_bytes()
    (fault,) = faults_of(_zip(tmp_path, [("a/inner.zip", inner), ("b.rar", b"Rar!")]))
    assert fault.key == "layers.nested_archive"
    assert fault.params["names"] == "a/inner.zip、b.rar"


def test_too_many_entries_are_refused(tmp_path):
    path = _zip(tmp_path, [(f"{n}.txt", b"") for n in range(10_001)], zipfile.ZIP_STORED)
    assert _keys(path) == ["layers.zip_entries"]


@pytest.mark.parametrize("name", ["/v.shp", "C:/v.shp", "x/../../v.shp", "..\\v.shp", "a\x00b.shp"])
def test_names_that_lead_out_write_nothing(tmp_path, name):
    inside = tmp_path / "in"
    inside.mkdir()
    path = _zip(inside, [(name, b"x"), ("v.geojson", b"{}")])
    before = sorted(tmp_path.rglob("*"))
    # zipfile itself cuts a name at its first zero byte.
    assert set(_keys(path)) <= {"intake.zip_leads_out", "intake.damaged"}
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_inside_an_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("v.gdb/a.gdbtable")
    link.external_attr = 0o120777 << 16
    assert _keys(_zip(tmp_path, [(link, "/etc/passwd")])) == ["intake.zip_link"]


# Shapefiles


@pytest.mark.parametrize(
    ("start", "value", "expected"),
    [
        (4, struct.pack("<I", 2**32 - 1), "intake.truncated"),  # records
        (4, struct.pack("<I", 0), "intake.parts_disagree"),
        (8, struct.pack("<H", 65_535), "intake.truncated"),  # bytes of the header
        (8, struct.pack("<H", 0), "layers.dbf_header"),
        (8, struct.pack("<H", 33), "layers.dbf_header"),  # no fields
        (10, struct.pack("<H", 0), "layers.dbf_header"),  # bytes of a record
        (10, struct.pack("<H", 65_535), "intake.truncated"),
        (48, b"\xff", "layers.dbf_header"),  # width of the first field
    ],
)
def test_a_lying_header_of_the_table_is_refused(tmp_path, start, value, expected):
    path = shapefile(tmp_path)
    dbf = path.with_suffix(".dbf")
    raw = bytearray(dbf.read_bytes())
    raw[start : start + len(value)] = value
    dbf.write_bytes(raw)
    assert _keys(path)[0] == expected


@pytest.mark.parametrize(
    ("ending", "start", "value"),
    [
        (".shx", 100, struct.pack(">ii", 2**30, 2**30)),  # offset and length of a record
        (".shx", 100, struct.pack(">ii", -1, -1)),
        (".shp", 104, struct.pack(">i", 2**31 - 1)),  # length in the record itself
        (".shp", 144, struct.pack("<i", 2**30)),  # parts
        (".shp", 148, struct.pack("<i", 2**30)),  # points
        (".shp", 148, struct.pack("<i", -1)),
        (".shp", 152, struct.pack("<i", 2**30)),  # start of the first part
        (".shp", 108, struct.pack("<i", 99)),  # kind of shape
        (".shp", 24, struct.pack(">i", 2**31 - 1)),  # length of the file
    ],
)
def test_lying_lengths_of_shapes_are_faults(tmp_path, ending, start, value):
    path = shapefile(tmp_path)
    part = path.with_suffix(ending)
    raw = bytearray(part.read_bytes())
    raw[start : start + len(value)] = value
    part.write_bytes(raw)
    found = _keys(path)
    allowed = {"intake.damaged", "intake.truncated", "intake.geometry_missing"}
    # GDAL goes by the index and does not look at the length in the record.
    assert set(found) <= allowed
    assert found or (ending, start) == (".shp", 104)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_shapefile_with_any_bytes_changed_never_crashes(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fuzz")
    path = shapefile(folder)
    part = path.with_suffix(data.draw(st.sampled_from([".shp", ".shx", ".dbf", ".prj"])))
    raw = bytearray(part.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    part.write_bytes(raw[: data.draw(st.integers(len(raw) // 2, len(raw)))])
    reading = read_all(path)
    assert reading.villages is not None or any(f.severity == "error" for f in reading.faults)


def test_coordinates_that_are_no_numbers_are_faults_of_their_villages(tmp_path):
    for bad in (np.nan, np.inf, -np.inf):
        frame = villages()
        ring = bytearray(shapely.to_wkb(frame.geometry[0], byte_order=1))
        ring[-24:-16] = struct.pack("<d", bad)  # y of the last but one vertex
        path = tmp_path / "v.parquet"
        with np.errstate(invalid="ignore"):
            shapes = [shapely.from_wkb(bytes(ring)), *frame.geometry[1:]]
            frame.set_geometry(gpd.GeoSeries(shapes, crs=4490)).to_parquet(path)
        (fault,) = [f for f in read_all(path).faults if f.severity == "error"]
        assert fault.key == "intake.geometry_not_finite"
        assert fault.where.row == 1


# Too much of it


def _circle(vertices):
    angle = np.linspace(0, 2 * np.pi, vertices)
    ring = np.column_stack([117.4 + 0.004 * np.cos(angle), 35 + 0.004 * np.sin(angle)])
    ring[-1] = ring[0]
    return shapely.polygons(ring)


def test_a_polygon_of_too_many_vertices_is_refused(tmp_path):
    shapes = [_circle(1_000_002), *villages().geometry[1:]]
    path = tmp_path / "v.parquet"
    villages().set_geometry(gpd.GeoSeries(shapes, crs=4490)).to_parquet(path)
    assert _keys(path) == ["layers.shape_vertices"]


def test_too_many_features_vertices_or_cells_are_refused(tmp_path, monkeypatch):
    path = gpkg(tmp_path)
    for name, key in (
        ("MAX_FEATURES", "layers.too_many"),
        ("MAX_VERTICES", "layers.too_many_vertices"),
        ("MAX_CELLS", "layers.too_many_cells"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(f"liancun_geo.intake.vector.frames.{name}", 3)
            assert _keys(path) == [key]


def test_a_million_features_are_refused_by_their_number(tmp_path):
    path = tmp_path / "v.fgb"
    points = gpd.GeoSeries(shapely.points(np.zeros(200_001), np.zeros(200_001)), crs=4490)
    gpd.GeoDataFrame(geometry=points).to_file(path, SPATIAL_INDEX="NO")
    assert _keys(path) == ["layers.too_many"]


@pytest.mark.parametrize(
    "text",
    [
        b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"coordinates":'
        + b"[" * 5_000_000,
        b'{"a":' * 3_000_000,
        b"{" + b" " * 20_000_000,
        b'{"type":"FeatureCollection","features":[{"properties":{"a":"' + b"x" * 20_000_000,
    ],
    ids=["brackets", "braces", "blanks", "string"],
)
def test_deep_or_endless_json_is_damaged(tmp_path, text):
    path = tmp_path / "v.geojson"
    path.write_bytes(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _keys(path) == ["intake.damaged"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # kB


@pytest.mark.parametrize("bomb", ["entities", "external"])
def test_xml_bombs_and_foreign_entities_are_damaged(tmp_path, bomb):
    if bomb == "entities":
        rows = ["<!ENTITY a0 'x'>"]
        rows += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)]
        entity = "&a11;"
    else:
        (tmp_path / "secret.txt").write_text("secret")
        rows, entity = [f"<!ENTITY f SYSTEM 'file://{tmp_path}/secret.txt'>"], "&f;"
    path = tmp_path / "v.kml"
    place = "<Polygon><outerBoundaryIs><LinearRing><coordinates>117,35 118,35 118,36 117,35"
    place += "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    path.write_text(
        f"<?xml version='1.0'?><!DOCTYPE kml [{''.join(rows)}]><kml><Document><Placemark>"
        f"<name>{entity}</name>{place}</Placemark></Document></kml>"
    )
    reading = read_all(path)
    assert reading.villages is None
    if reading.layer is not None:
        assert "secret" not in str(reading.layer.frame.to_dict())


# Databases


def _as_layer(path, name):
    with closing(sqlite3.connect(path)) as opened:
        opened.execute(
            "INSERT INTO gpkg_contents(table_name, data_type, identifier, srs_id)"
            " VALUES (?, 'features', ?, 4326)",
            (name, name),
        )
        opened.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POLYGON', 4326, 0, 0)", (name,)
        )
        opened.commit()


def test_a_layer_that_is_an_endless_query_is_not_read(tmp_path):
    path = gpkg(tmp_path)
    with closing(sqlite3.connect(path)) as opened:
        opened.execute(
            "CREATE VIEW evil AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
            " SELECT n AS fid, (SELECT geom FROM villages LIMIT 1) AS geom FROM r"
        )
        opened.commit()
    _as_layer(path, "evil")
    assert _keys(path) == ["intake.several_layers"]
    faults = faults_of(path, data={"layer": "evil"})
    assert keys(faults) == ["layers.gpkg_view"]
    assert len(read_all(path, settings=Settings(data={"layer": "villages"})).villages) == 4


def test_a_virtual_table_is_not_read(tmp_path):
    path = gpkg(tmp_path)
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE VIRTUAL TABLE v2 USING rtree(id, minx, maxx, miny, maxy)")
        opened.commit()
    _as_layer(path, "v2")
    assert keys(faults_of(path, data={"layer": "v2"})) == ["layers.gpkg_view"]


def test_triggers_do_not_fire_and_the_file_stays_as_it_is(tmp_path):
    path = gpkg(tmp_path)
    with closing(sqlite3.connect(path)) as opened:
        opened.execute(
            "CREATE TRIGGER evil AFTER INSERT ON gpkg_contents BEGIN DELETE FROM villages; END"
        )
        opened.commit()
    before = path.read_bytes()
    assert len(read_villages(path)) == 4
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "parquet", "geojson"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_of_any_format_never_crashes(tmp_path_factory, ending, data):
    folder = tmp_path_factory.mktemp("fuzz")
    frame = villages().rename(columns={"村代码": "code", "村名": "name"})
    path = folder / f"v.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    reading = read_all(path)
    assert reading.villages is not None or any(f.severity == "error" for f in reading.faults)


def test_a_layer_of_an_unheard_of_kind_of_shape_is_damaged(tmp_path):
    path = tmp_path / "v.fgb"
    villages().rename(columns={"村代码": "code", "村名": "name"}).to_file(path)
    raw = bytearray(path.read_bytes())
    raw[30] = 106  # the kind of its shapes
    path.write_bytes(raw)
    assert _keys(path) == ["intake.damaged"]


def test_a_table_that_lies_elsewhere_is_not_followed(tmp_path):
    path = tmp_path / "v.tab"
    path.write_bytes(b'!table\n!version 300\n\nDefinition Table\n  Type ODBC\n  File "x"\n')
    assert _keys(path) == ["layers.tab_linked"]


# Files that send GDAL elsewhere: it goes by the content, whatever the ending


def _elsewhere(form, secret):
    return {
        "vrt": f'<OGRVRTDataSource><OGRVRTLayer name="v"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        "comment": f'<!-- kml --> <OGRVRTDataSource><OGRVRTLayer name="v"><SrcDataSource>{secret}'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "service": "<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>",
    }[form]


@pytest.mark.parametrize("form", ["vrt", "comment", "service"])
@pytest.mark.parametrize("ending", ["kml", "gml", "mif", "dxf"])
@pytest.mark.parametrize("packed", [False, True])
def test_no_file_sends_the_reader_to_another_one(tmp_path, form, ending, packed):
    secret = tmp_path / "secret.geojson"
    villages().to_file(secret)
    folder = tmp_path / "given"
    folder.mkdir()
    path = folder / f"v.{ending}"
    path.write_text(_elsewhere(form, secret))
    if packed:
        with zipfile.ZipFile(folder / "v.zip", "w") as archive:
            archive.write(path, path.name)
        path = folder / "v.zip"
    assert _keys(path) == ["layers.points_elsewhere"]


@pytest.mark.parametrize("word", ["gdal_streamed_alg", "\\u0067dal_streamed_alg"])
def test_no_json_runs_a_pipeline(tmp_path, word):
    secret = tmp_path / "secret.geojson"
    villages().to_file(secret)
    path = tmp_path / "v.json"
    path.write_text(
        f'{{"type": "{word}", "command_line": "gdal vector pipeline ! read {secret} ! limit 9"}}'
    )
    assert _keys(path) == ["layers.points_elsewhere"]


def test_a_file_of_another_format_than_its_ending_is_not_read(tmp_path):
    path = tmp_path / "v.kml"
    villages().to_file(tmp_path / "v.gml", driver="GML")
    (tmp_path / "v.gml").rename(path)
    assert _keys(path) == ["intake.not_its_ending"]


@pytest.mark.parametrize("crs", ["crs", "c\\u0072s"])
@pytest.mark.parametrize("href", ["href", "hre\\u0066"])
def test_no_json_asks_another_machine_for_its_crs(tmp_path, crs, href):
    path = tmp_path / "v.geojson"
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/crs"
        villages().to_file(path)
        text = path.read_text(encoding="utf-8")
        start = text.index('"features"')
        parts = f'"pad": "{"{" * 2000}", "type": "proj4", "{href}": "{address}"'
        link = f'"{crs}": {{"type": "link", "properties": {{{parts}}}}}, '
        path.write_text(text[:start] + link + text[start:], encoding="utf-8")
        assert _keys(path) == ["layers.crs_elsewhere"]
        server.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            server.accept()
