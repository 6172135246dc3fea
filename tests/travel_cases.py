"""What several tests of ways on roads share."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely
from builders import ORIGIN, village_table

from liancun_geo.settings import TravelSettings
from liancun_geo.travel import RoadNetwork, build_network
from liancun_geo.villages import VillageTable

CRS = "EPSG:4527"
X, Y = ORIGIN


def line(*points: tuple[float, float]) -> shapely.LineString:
    """Return a line by its points in km from the corner of the grid."""
    return shapely.LineString([(X + 1000 * x, Y + 1000 * y) for x, y in points])


def roads(*lines: shapely.LineString, road_class: Any = "县道") -> gpd.GeoDataFrame:
    classes = road_class if isinstance(road_class, list) else [road_class] * len(lines)
    return gpd.GeoDataFrame({"road_class": classes}, geometry=list(lines), crs=CRS).astype(
        {"road_class": object}
    )


def table(*places: tuple[float, float]) -> VillageTable:
    """Return villages of 20 m around some places, in km from the corner of the grid."""
    shapes = [
        shapely.box(X + 1000 * x - 10, Y + 1000 * y - 10, X + 1000 * x + 10, Y + 1000 * y + 10)
        for x, y in places
    ]
    return village_table(len(places), geometry=shapes)


def network(villages: VillageTable, layer: gpd.GeoDataFrame, **travel: Any) -> RoadNetwork:
    return build_network(villages, layer, TravelSettings(**travel))
