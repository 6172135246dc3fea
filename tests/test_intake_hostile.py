"""Hostile files: refused with a clear sentence, in little time and memory, never opened further."""

import os
import socket
import struct
import time
import zipfile
from contextlib import closing

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hostile_files import SECONDS, _keys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_helpers import NAMES, faults_of, gpkg, shapefile, villages

from liancun_geo.intake import read_villages
from liancun_geo.intake.reading import read_all


@pytest.fixture(autouse=True)
def _in_bounded_time():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


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
