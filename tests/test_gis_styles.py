"""A GeoPackage brings its styles and the names of its fields."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import pyogrio
import pytest
from scenarios import scenario, table

from liancun_geo.messages import Language
from liancun_geo.output import write_geopackage
from liancun_geo.output.layers import Layers
from liancun_geo.output.maps import plan_layers
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.scene import plan_colours

DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
EVIL = "<img src=x onerror=alert(1)>&\"'"


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query).fetchall()


def styles(path: Path, column: str) -> Mapping[str, ElementTree.Element]:
    found = rows(path, f"SELECT f_table_name, {column} FROM layer_styles WHERE useAsDefault")
    return {name: ElementTree.fromstring(text) for name, text in found}


@pytest.fixture(scope="module")
def layers() -> Layers:
    return plan_layers(scenario(), "zh")


def test_colours_are_those_of_the_app(layers: Layers) -> None:
    colours = [PALETTE[number] for number in plan_colours(scenario())]
    assert layers["alliances"]["colour"].tolist() == colours
    of_villages = layers["villages"].groupby("alliance_id")["colour"].unique()
    assert [list(found) for found in of_villages] == [[colour] for colour in colours]
    assert layers["villages"]["colour"].isna().tolist().count(True) == 1


def test_qgis_finds_a_default_style_for_every_layer(tmp_path: Path) -> None:
    path = write_geopackage(scenario(), tmp_path / "plan.gpkg", created=DATE)
    found = rows(path, "SELECT f_table_name, f_geometry_column, f_table_schema FROM layer_styles")
    described = "SELECT table_name, column_name, '' FROM gpkg_geometry_columns"
    assert len(found) == 3
    assert sorted(found) == sorted(rows(path, described))
    assert rows(path, "SELECT DISTINCT update_time FROM layer_styles") == [
        ("2024-05-06T07:08:09.000Z",)
    ]
    known = rows(path, "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'")
    assert known == [("attributes",)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    # GDAL counts it as a table without shapes.
    assert dict(pyogrio.list_layers(path))["layer_styles"] is None


def test_categories_are_the_alliances_in_their_colours(tmp_path: Path) -> None:
    s = scenario(villages=table(name=[EVIL, *(f"村{i}" for i in range(8))]))
    path = write_geopackage(s, tmp_path / "plan.gpkg", created=DATE)
    qml = styles(path, "styleQML")
    frame = gpd.read_file(path, layer="alliances")
    for name, extra in (("alliances", []), ("villages", [("", "暂不入片")])):
        renderer = qml[name].find("renderer-v2")
        assert renderer is not None
        assert renderer.get("attr") == "alliance_id"
        listed = [(c.get("value"), c.get("label")) for c in renderer.iter("category")]
        labels = [f"{a} {b}" for a, b in zip(frame.alliance_id, frame.alliance_name, strict=True)]
        assert listed == [*zip(frame.alliance_id, labels, strict=True), *extra]
        for number, colour in enumerate(frame.colour):
            symbol = renderer.find(f"symbols/symbol[@name='{number}']")
            assert symbol is not None
            fill = symbol.find("layer[@class='SimpleFill']/Option/Option[@name='color']")
            assert fill is not None
            red, green, blue, _ = map(int, fill.get("value", "").split(","))
            assert f"#{red:02X}{green:02X}{blue:02X}" == colour
    assert EVIL in (qml["alliances"].find(".//category").get("label") or "")
    assert qml["links"].find("renderer-v2").get("type") == "singleSymbol"
    enabled = qml["villages"].findall(".//Option[@name='enabled']/Option[@name='expression']")
    assert {one.get("value") for one in enabled} == {"\"role\" = 'lead'"}
    for name in ("villages", "alliances"):
        style = qml[name].find("labeling/settings/text-style")
        assert style.get("fieldName") in gpd.read_file(path, layer=name).columns
        assert style.get("allowHtml") == "0"
        assert style.find("text-buffer").get("bufferDraw") == "1"


def test_sld_names_fields_that_are_there(tmp_path: Path) -> None:
    path = write_geopackage(scenario(), tmp_path / "plan.gpkg", created=DATE)
    space = "{http://www.opengis.net/ogc}"
    for name, sld in styles(path, "styleSLD").items():
        columns = set(gpd.read_file(path, layer=name).columns)
        assert {one.text for one in sld.iter(f"{space}PropertyName")} <= columns
        rules = list(sld.iter("{http://www.opengis.net/sld}Rule"))
        assert len(rules) == {"links": 1, "alliances": 3, "villages": 4}[name]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_layers_and_fields_have_names_for_people(tmp_path: Path, language: Language) -> None:
    path = write_geopackage(scenario(), tmp_path / "plan.gpkg", created=DATE, language=language)
    identifiers = dict(rows(path, "SELECT table_name, identifier FROM gpkg_contents"))
    titles = {
        (name, column): title
        for name, column, title in rows(
            path, "SELECT table_name, column_name, title FROM gpkg_data_columns"
        )
    }
    for name in ("villages", "alliances", "links"):
        info = pyogrio.read_info(path, layer=name)
        assert all(titles[name, field] for field in info["fields"])
        aliases = styles(path, "styleQML")[name].iter("alias")
        assert {a.get("field"): a.get("name") for a in aliases} == {
            field: titles[name, field] for field in info["fields"]
        }
    if language == "zh":
        assert [identifiers[n] for n in ("villages", "alliances", "links")] == [
            "村",
            "片区",
            "领建连线",
        ]
        assert titles["villages", "lead_code"] == "领建村代码"
    else:
        assert all(text.isascii() for text in (*identifiers.values(), *titles.values()))


def test_names_do_in_a_file_geodatabase(tmp_path: Path, layers: Layers) -> None:
    folder = tmp_path / "plan.gdb"
    for name, layer in layers.items():
        pyogrio.write_dataframe(
            layer,
            folder,
            layer=name,
            driver="OpenFileGDB",
            append=folder.exists(),
            TARGET_ARCGIS_VERSION="ARCGIS_PRO_3_2_OR_LATER",
        )
    for name, layer in layers.items():
        # A name that the format does not take is changed when it is written.
        fields = list(pyogrio.read_info(folder, layer=name)["fields"])
        assert fields == list(layer.columns.drop("geometry"))
        assert pyogrio.read_dataframe(folder, layer=name).shape == layer.shape


def test_crs_of_choice(tmp_path: Path) -> None:
    path = write_geopackage(scenario(), tmp_path / "plan.gpkg", created=DATE, crs="EPSG:4490")
    for name in ("villages", "alliances", "links"):
        assert gpd.read_file(path, layer=name).crs == 4490
