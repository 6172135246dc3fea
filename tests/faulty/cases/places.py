"""Coordinate systems: missing, wrong, swapped, shifted."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from faulty.build import case
from faulty.county import CODES, CRS, County, Inputs, truth
from liancun_geo.intake.vector.datum import to_gcj02


def written(county: County, frame: gpd.GeoDataFrame, *, prj: str | None = "") -> Inputs:
    """Write a frame; ``prj`` replaces the .prj file, None leaves it out."""
    path = county.shapefile(frame=frame)
    if prj is None:
        path.with_suffix(".prj").unlink(missing_ok=True)
    elif prj:
        path.with_suffix(".prj").write_text(prj)
    return Inputs(path, county.workbook(), drawn=truth().geometry.to_dict())


def with_shapes(county: County, shapes: Any, crs: Any) -> gpd.GeoDataFrame:
    attributes = county.frame().drop(columns="geometry")
    return gpd.GeoDataFrame(attributes, geometry=list(shapes), crs=crs)


def swapped(shapes: gpd.GeoSeries) -> Any:
    return shapely.transform(shapes.to_numpy(), lambda xy: xy[:, ::-1])


@case
def missing_prj_zone_39(county: County) -> Inputs:
    return written(county, county.frame(), prj=None)


@case
def missing_prj_no_zone(county: County) -> Inputs:
    return written(county, county.frame().to_crs(4548), prj=None)


@case
def missing_prj_degrees(county: County) -> Inputs:
    return written(county, county.frame().to_crs(4490), prj=None)


@case
def missing_prj_and_codes(county: County) -> Inputs:
    county.without_codes()
    frame = county.frame().drop(columns=["村代码", "乡镇码"])
    return written(county, frame.to_crs(4548), prj=None)


@case
def prj_unreadable(county: County) -> Inputs:
    return written(county, county.frame(), prj="PROJCS[???")


@case
def prj_of_the_next_zone(county: County) -> Inputs:
    frame = county.frame().set_crs("EPSG:4528", allow_override=True)
    return written(county, frame)


@case
def prj_of_another_meridian(county: County) -> Inputs:
    # Central meridian 111 where 117 is right: everything lies 550 km too far west.
    frame = county.frame().to_crs(4548).set_crs(4546, allow_override=True)
    inputs = written(county, frame)
    inputs.drawn = dict(zip(CODES, frame.to_crs(CRS).geometry, strict=True))
    return inputs


@case
def swapped_axes(county: County) -> Inputs:
    frame = with_shapes(county, swapped(county.frame().geometry), CRS)
    return written(county, frame)


@case
def swapped_degrees(county: County) -> Inputs:
    degrees = county.frame().geometry.to_crs(4490)
    return written(county, with_shapes(county, swapped(degrees), 4490))


@case
def degrees_called_metres(county: County) -> Inputs:
    degrees = county.frame().geometry.to_crs(4490)
    return written(county, with_shapes(county, degrees, CRS))


@case
def metres_called_degrees(county: County) -> Inputs:
    return written(county, with_shapes(county, county.frame().geometry, 4490))


@case
def setting_contradicts_prj(county: County) -> Inputs:
    inputs = written(county, county.frame())
    inputs.settings = {"data": {"crs": "EPSG:4490"}}
    return inputs


@case
def crs_of_nobody(county: County) -> Inputs:
    inputs = written(county, county.frame(), prj=None)
    inputs.settings = {"data": {"crs": "EPSG:99999"}}
    return inputs


@case
def codes_of_another_province(county: County) -> Inputs:
    county.codes = [f"530102{code[6:]}" for code in CODES]
    county.township_codes = [code[:9] for code in county.codes]
    for row, code in zip(county.rows, county.codes, strict=True):
        row[0] = code
    return written(county, county.frame())


@case
def gcj02_with_reference(county: County) -> Inputs:
    degrees = county.frame().geometry.to_crs(4326)

    moved = shapely.transform(degrees.to_numpy(), lambda xy: np.column_stack(to_gcj02(*xy.T)))
    inputs = written(county, with_shapes(county, moved, 4326))
    reference = county.shapefile(name="reference.shp")
    inputs.more = {"reference": reference}
    inputs.drawn = dict(zip(CODES, gpd.GeoSeries(list(moved), crs=4326).to_crs(CRS), strict=True))
    return inputs


@case
def shifted_against_reference(county: County) -> Inputs:
    moved = county.frame().geometry.translate(120, -80)
    inputs = written(county, with_shapes(county, moved, CRS))
    inputs.more = {"reference": county.shapefile(name="reference.shp")}
    inputs.drawn = dict(zip(CODES, moved, strict=True))
    return inputs


@case
def web_map_export(county: County) -> Inputs:
    """A GeoJSON of a web map's district borders, which says so in its fields."""
    path = county.folder / "villages.geojson"
    frame = county.frame().to_crs(4326)
    collection = json.loads(frame.to_json(drop_id=True))
    for feature, code in zip(collection["features"], CODES, strict=True):
        feature["properties"] |= {"adcode": code[:6], "acroutes": [100000, 370000]}
    collection.pop("crs", None)
    path.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
    return Inputs(path, county.workbook(), drawn=truth().geometry.to_dict())
