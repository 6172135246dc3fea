"""Files that lie about what they are: JSON, XML, databases, elsewhere."""

import resource
import socket
import sqlite3
import time
import zipfile
from contextlib import closing

import pytest
from hostile_files import SECONDS, _keys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_helpers import faults_of, gpkg, keys, villages

from liancun_geo.intake import read_villages
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings


@pytest.fixture(autouse=True)
def _in_bounded_time():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


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
