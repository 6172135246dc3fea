"""Roads, barriers, bridges and seats that do not fit the county."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from shapely.geometry import LineString, Point

from faulty.build import case
from faulty.cases.shapes import spot
from faulty.county import CRS, County, Inputs


def layer(county: County, name: str, shapes: list[Any], **columns: Any) -> str:
    frame = gpd.GeoDataFrame(columns or {"id": range(len(shapes))}, geometry=shapes, crs=CRS)
    frame.to_file(county.folder / name, driver="GPKG")
    return name


def highways(east_m: float = 0.0) -> list[LineString]:
    lines = []
    for row in (0.5, 1.5, 2.5):
        (x, y), (end, _) = spot(0.1, row), spot(4.4, row)
        lines.append(LineString([(x + east_m, y), (end + east_m, y)]))
    (x, y), (_, top) = spot(1.2, 0.5), spot(1.2, 2.5)
    # Noded where it meets the others.
    across = [(x + east_m, y), (x + east_m, spot(0, 1.5)[1]), (x + east_m, top)]
    return [*lines, LineString(across)]


def with_roads(county: County, shapes: list[Any], **columns: Any) -> Inputs:
    name = layer(county, "roads.gpkg", shapes, **columns)
    return county.inputs(settings={"travel": {"roads": [name]}})


@case
def roads_of_another_county(county: County) -> Inputs:
    lines = highways(400_000)
    return with_roads(county, lines, 等级=["县道"] * len(lines))


@case
def roads_of_unknown_class(county: County) -> Inputs:
    lines = highways()
    return with_roads(county, lines, 等级=["县道", "县道", "驿道", "县道"])


@case
def roads_that_are_points(county: County) -> Inputs:
    return with_roads(county, [Point(*spot(1, 1)), Point(*spot(2, 1))])


@case
def roads_not_found(county: County) -> Inputs:
    return county.inputs(settings={"travel": {"roads": ["none.shp"]}})


@case
def barrier_without_crs(county: County) -> Inputs:
    path = county.folder / "river.shp"
    line = LineString([spot(1, 0), spot(1, 1)])
    gpd.GeoDataFrame({"id": [1]}, geometry=[line], crs=CRS).to_file(path)
    path.with_suffix(".prj").unlink()
    return county.inputs(settings={"contiguity": {"barriers": [path.name]}})


@case
def barrier_that_cuts_a_village_off(county: County) -> Inputs:
    ring = [spot(3, 0), spot(3, 1), spot(4, 1)]
    name = layer(county, "river.gpkg", [LineString(ring)])
    return county.inputs(settings={"contiguity": {"barriers": [name]}})


@case
def link_of_unknown_village(county: County) -> Inputs:
    pair = ["370499100201", "370499100999"]
    return county.inputs(settings={"contiguity": {"links": [pair]}})


@case
def townships_swapped(county: County) -> Inputs:
    """A village in the middle of one township that says it is in another."""
    towns = county.frame().dissolve(by="乡镇", as_index=False)[["乡镇", "geometry"]]
    path = county.folder / "townships.gpkg"
    towns.to_file(path, driver="GPKG")
    county.townships[0] = "水泉镇"
    county.township_codes[0] = "370499102"
    county.put("370499100201", "乡镇", "水泉镇")
    return county.inputs(more={"townships": path})
