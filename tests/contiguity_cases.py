"""What several tests of contiguity share."""

from __future__ import annotations

import geopandas as gpd
import geopandas.testing
from builders import village_table
from shapely import LineString, box

from liancun_geo.contiguity import ContiguityGraph, build_contiguity
from liancun_geo.settings import ContiguitySettings

CRS = "EPSG:4527"
SQUARE = box(0, 0, 1000, 1000)


def graph(geometries, *, barriers=None, zones=None, township=None, **options) -> ContiguityGraph:
    geometries = list(geometries)
    columns = {} if township is None else {"township": township}
    codes = [f"v{i}" for i in range(len(geometries))]
    table = village_table(len(geometries), geometry=geometries, code=codes, name=codes, **columns)
    if barriers is not None:
        barriers = gpd.GeoSeries(barriers, crs=CRS)
    return build_contiguity(table, ContiguitySettings(**options), barriers=barriers, zones=zones)


def pairs(built: ContiguityGraph) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in built.edges]


def keys(built: ContiguityGraph) -> list[str]:
    return [fault.key for fault in built.warnings]


ALONG = LineString([(1010, -500), (1010, 1500)])
