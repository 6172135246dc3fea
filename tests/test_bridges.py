"""Bridges: a border that a barrier cuts counts again where one leads across."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from builders import village_table
from shapely import LineString, MultiPoint, Point, Polygon, box

from liancun_geo.contiguity import ContiguityGraph, build_contiguity
from liancun_geo.contiguity.bridges import road_crossings
from liancun_geo.intake.roads import read_surroundings
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, lay_groundwork, read_county
from liancun_geo.settings import ContiguitySettings, parse_settings, read_settings

CRS = "EPSG:4527"
# Two columns of three villages, 1 km a side, and a river along the border between the columns.
COLUMNS = [
    box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000) for y in range(3) for x in range(2)
]
RIVER = LineString([(1000, -100), (1000, 3100)])


def series(*shapes: Any) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=CRS)


def graph(
    *bridges: Any,
    barriers: Any = (RIVER,),
    roads: Any = (),
    villages: Any = COLUMNS,
    **options: Any,
) -> ContiguityGraph:
    return build_contiguity(
        village_table(len(villages), geometry=list(villages)),
        ContiguitySettings(**options),
        barriers=series(*barriers) if barriers else None,
        bridges=series(*bridges) if bridges else None,
        roads=series(*roads) if roads else None,
    )


def across(found: ContiguityGraph) -> list[tuple[int, int]]:
    """Return the neighbours on either side of the river."""
    return [(i, j) for i, j in found.edges.tolist() if i % 2 != j % 2]


def keys(found: ContiguityGraph) -> list[str]:
    return [fault.key for fault in found.warnings]


def test_without_bridge_the_river_cuts_all() -> None:
    found = graph()
    assert across(found) == []
    assert found.bridged == ()
    assert len(found.barred) == 3


@pytest.mark.parametrize(
    "bridge",
    [
        Point(1000, 500),
        Point(1040, 500),
        LineString([(950, 500), (1050, 500)]),
        LineString([(990, 480), (1010, 520)]),
        box(960, 490, 1040, 510),
        MultiPoint([(1000, 500), (1000, 520)]),
    ],
)
def test_a_bridge_of_any_kind_restores_the_border_it_crosses(bridge: Any) -> None:
    found = graph(bridge)
    assert across(found) == [(0, 1)]
    at = found.edges.tolist().index([0, 1])
    assert found.shared_border_m[at] == pytest.approx(1000)
    assert not found.is_link[at]
    assert [(p.i, p.j) for p in found.bridged] == [(0, 1)]
    assert [(p.i, p.j) for p in found.barred] == [(2, 3), (4, 5)]
    (fault,) = [fault for fault in found.warnings if fault.key == "roads.bridged"]
    assert "村0–村1" in fault.text("zh")


def test_a_bridge_counts_within_its_tolerance_only() -> None:
    assert across(graph(Point(1060, 500))) == []
    assert "roads.bridges_unused" in keys(graph(Point(1060, 500)))
    assert across(graph(Point(1060, 500), bridge_tolerance_m=60)) == [(0, 1)]
    assert across(graph(Point(1001, 500), bridge_tolerance_m=0)) == []


def test_of_two_borders_in_reach_the_nearest_is_crossed() -> None:
    # 30 m below the corner where four villages meet: the border above lies in reach as well.
    assert across(graph(Point(1000, 970))) == [(0, 1)]
    # Where a bridge lies on the corner itself, it leads across both borders.
    assert across(graph(Point(1000, 1000))) == [(0, 1), (2, 3)]
    # A road along the middle of the river lies on all of them.
    assert across(graph(LineString([(1000, 500), (1000, 2500)]))) == [(0, 1), (2, 3), (4, 5)]


def test_a_border_too_short_stays_none() -> None:
    # 20 m of common border is less than the least, river or not.
    villages = [box(0, 0, 1000, 1000), box(1000, 980, 2000, 2000)]
    found = graph(Point(1000, 990), villages=villages)
    assert across(found) == []
    assert found.barred == ()


def test_a_bridge_elsewhere_changes_nothing() -> None:
    plain = build_contiguity(village_table(6, geometry=COLUMNS))
    bridged = graph(Point(1000, 500), barriers=())
    assert bridged.edges.tolist() == plain.edges.tolist()
    assert bridged.warnings == plain.warnings


def test_an_exclave_has_no_bridge_where_only_the_main_part_counts() -> None:
    left = box(0, 0, 1000, 1000)
    exclave = shapely.MultiPolygon([box(1000, 0, 1500, 500), box(5000, 0, 7000, 2000)])
    river = LineString([(1000, -100), (1000, 1100)])
    of_main = graph(Point(1000, 200), barriers=(river,), villages=[left, exclave])
    assert across(of_main) == []
    of_all = graph(Point(1000, 200), barriers=(river,), villages=[left, exclave], parts="all")
    assert across(of_all) == [(0, 1)]


def test_a_bridge_of_a_linked_pair_is_no_second_edge() -> None:
    village = village_table(6, geometry=COLUMNS).frame["code"]
    found = graph(Point(1000, 500), links=((village.iat[0], village.iat[1]),))
    assert across(found) == [(0, 1)]
    assert found.edges.tolist().count([0, 1]) == 1


def test_bridges_in_another_crs_are_refused() -> None:
    with pytest.raises(ValueError, match="bridges are in"):
        build_contiguity(village_table(2), bridges=gpd.GeoSeries([Point(0, 0)], crs="EPSG:4528"))


# --- roads that cross -----------------------------------------------------------------------


def crossings(*roads: Any, barrier: Any = RIVER) -> list[Any]:
    return road_crossings(np.array(roads, dtype=object), series(barrier)).tolist()


def test_roads_cross_a_river_line_in_points() -> None:
    assert crossings(LineString([(0, 500), (2000, 500)])) == [Point(1000, 500)]
    assert crossings(LineString([(0, 500), (1000, 500)])) == []  # ends on the bank
    assert crossings(LineString([(1000, 0), (1000, 500)])) == []  # along it
    assert crossings(LineString([(0, 500), (900, 500)])) == []
    assert crossings() == []


def test_a_road_that_is_split_on_its_bridge_crosses() -> None:
    halves = LineString([(0, 500), (1000, 500)]), LineString([(1000, 500), (2000, 500)])
    assert crossings(*halves) == [Point(1000, 500)]


WATER = Polygon([(980, -100), (1020, -100), (1020, 3100), (980, 3100)])


def test_roads_cross_a_river_polygon_from_bank_to_bank() -> None:
    (bridge,) = crossings(LineString([(0, 500), (2000, 500)]), barrier=WATER)
    assert bridge.equals(LineString([(980, 500), (1020, 500)]))
    # A pier ends in the water; two halves of a bridge do not.
    assert crossings(LineString([(0, 500), (1000, 500)]), barrier=WATER) == []
    halves = LineString([(0, 500), (1000, 500)]), LineString([(1000, 500), (2000, 500)])
    assert len(crossings(*halves, barrier=WATER)) == 1


def test_bridges_from_roads_only_where_asked_for() -> None:
    road = LineString([(500, 1500), (1500, 1500)])
    assert across(graph(roads=(road,))) == []
    found = graph(roads=(road,), bridges_from_roads=True)
    assert across(found) == [(2, 3)]
    # Of roads, those that lead across nothing need no word.
    lane = LineString([(990, 3050), (1010, 3050)])
    assert "roads.bridges_unused" not in keys(graph(roads=(lane,), bridges_from_roads=True))


# --- the sample county ----------------------------------------------------------------------


def sample(**contiguity: Any) -> tuple[County, Any]:
    files = sample_county()
    settings = read_settings(files.settings)
    changed = settings.contiguity.model_copy(update=contiguity)
    settings = settings.model_copy(update={"contiguity": changed})
    return read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder), (
        settings
    )


def test_a_bridge_joins_the_village_that_the_river_cuts_off(tmp_path: Any) -> None:
    county, settings = sample()
    frame = county.villages.frame
    lone = frame.index[frame["code"] == "370499100238"][0]
    before = lay_groundwork(county, settings).contiguity
    barred = [p for p in before.barred if lone in (p.i, p.j)]
    neighbour = next(
        p for p in barred if frame["township_code"].iat[p.i] == frame["township_code"].iat[p.j]
    )
    border = frame.geometry.iat[neighbour.i].intersection(frame.geometry.iat[neighbour.j])
    bridge = (
        border.interpolate(0.5, normalized=True)
        if border.geom_type == "LineString"
        else (shapely.line_merge(border).interpolate(0.5, normalized=True))
    )
    file = tmp_path / "bridges.geojson"
    gpd.GeoDataFrame(geometry=[bridge], crs=frame.crs).to_crs(4490).to_file(file)
    county, settings = sample(bridges=(str(file),))
    after = lay_groundwork(county, settings).contiguity
    assert (neighbour.i, neighbour.j) in [(p.i, p.j) for p in after.bridged]
    assert [neighbour.i, neighbour.j] in after.edges.tolist()
    assert [neighbour.i, neighbour.j] not in before.edges.tolist()
    assert "bridges" in [source.role for source in county.villages.sources]


def test_a_road_under_construction_is_no_bridge_yet() -> None:
    road = LineString([(500, 1500), (1500, 1500)])
    files: dict[str, Any] = {"travel": {"roads": ["r.shp"]}}
    settings = parse_settings({**files, "contiguity": {"bridges_from_roads": True}})
    villages = village_table(6, geometry=COLUMNS)
    found = []
    for road_class in ("县道", "construction"):
        roads = gpd.GeoDataFrame(
            {"road_class": [road_class, "村道"]},
            geometry=[road, LineString([(0, 100), (900, 100)])],
            crs=CRS,
        )
        county = County(villages, barriers=series(RIVER), roads=roads)
        found.append(across(lay_groundwork(county, settings).contiguity))
    assert found == [[(2, 3)], []]


def test_bridges_without_barriers_are_told_of(tmp_path: Any) -> None:
    file = tmp_path / "bridges.geojson"
    gpd.GeoDataFrame(geometry=[Point(117.5, 35.0)], crs="EPSG:4490").to_file(file)
    files = sample_county()
    settings = read_settings(files.settings)
    changed = settings.contiguity.model_copy(update={"barriers": (), "bridges": (str(file),)})
    settings = settings.model_copy(update={"contiguity": changed})
    villages, around = read_surroundings(settings, ".", village_table(4))
    assert around.bridges is not None
    assert "roads.bridges_without_barriers" in [fault.key for fault in villages.warnings]
