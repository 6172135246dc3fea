"""Roads to nodes, villages to roads, minutes between villages; proximity by travel time."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from criteria_cases import quick
from hypothesis import given
from hypothesis import strategies as st
from travel_cases import line, network, roads, table

from liancun_geo.errors import DataError, SettingsError
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.speeds import DEFAULT_SPEEDS_KM_H, known_class
from liancun_geo.travel.noding import count_crossings, node_lines
from liancun_geo.villages import VillageTable


def pieces(*lines: shapely.LineString, tolerance_m: float = 5.0) -> int:
    """Return into how many separate networks some lines fall."""
    shapes = np.array(lines, dtype=object)
    breaks = node_lines(shapes, tolerance_m)
    graph = nx.Graph()
    graph.add_nodes_from(breaks.node.tolist())
    graph.add_edges_from(breaks.stretches()[1].tolist())
    return nx.number_connected_components(graph)


# --- classes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("高速公路", "高速"),
        ("国道", "国道"),
        ("国道G205", "国道"),
        ("G205", "国道"),
        ("Ｇ２０５", "国道"),
        ("G15", "高速"),
        ("G1511", "高速"),
        ("S102", "省道"),
        ("S38", "高速"),
        ("X015", "县道"),
        ("Y", "乡道"),
        (" c ", "村道"),
        ("四级公路", "四级"),
        ("Residential", "residential"),
        ("primary_link", "primary_link"),
        ("track_grade3", "track"),
        ("机耕路", None),
        ("", None),
        ("Gxyz", None),
        (3, None),
    ],
)
def test_classes_are_known_by_name_and_route_number(text: object, meant: str | None) -> None:
    assert known_class(text) == meant


def test_default_speeds_are_those_agreed() -> None:
    names = ("高速", "国道", "省道", "县道", "乡道", "村道")
    assert [DEFAULT_SPEEDS_KM_H[name] for name in names] == [100, 60, 50, 40, 30, 20]
    osm = ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified")
    assert [DEFAULT_SPEEDS_KM_H[name] for name in osm] == [100, 60, 50, 40, 30, 20]


def test_a_planner_changes_one_speed_and_keeps_the_others() -> None:
    speeds = parse_settings({"travel": {"speeds_km_h": {"Track": 8, "田间路": 10}}}).travel
    assert speeds.speeds_km_h["track"] == 8
    assert speeds.speeds_km_h["田间路"] == 10
    assert speeds.speeds_km_h["国道"] == 60
    assert parse_settings(Settings(travel=speeds).model_dump(mode="json")).travel == speeds
    with pytest.raises(SettingsError):
        parse_settings({"travel": {"speeds_km_h": {"track": -1}}})


@pytest.mark.parametrize(
    "tables",
    [
        {"criteria": {"proximity": "travel_time"}},
        {"rules": {"max_travel_min": 30}},
        {"contiguity": {"bridges_from_roads": True}},
    ],
)
def test_settings_that_need_roads_say_so(tables: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(tables)
    (fault,) = caught.value.faults
    assert fault.key == "settings.roads_needed"
    [(table_name, setting)] = tables.items()
    assert f"{table_name}.{next(iter(setting))}" in fault.text("en")
    parse_settings({**tables, "travel": {"roads": ["roads.shp"]}})


# --- nodes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (line((0, 0), (1, 0)), line((1, 0), (2, 0)), True),
        (line((0, 0), (1, 0)), line((1.004, 0), (2, 0)), True),
        (line((0, 0), (1, 0)), line((1.006, 0), (2, 0)), False),
        # An end on the course of another road, with and without a vertex there, and short of it.
        (line((0, 0), (1, 0), (2, 0)), line((1, 0), (1, 1)), True),
        (line((0, 0), (2, 0)), line((1, 0), (1, 1)), True),
        (line((0, 0), (2, 0)), line((1, 0.004), (1, 1)), True),
        (line((0, 0), (2, 0)), line((1, -0.004), (1, 1)), True),
        (line((0, 0), (2, 0)), line((1, 0.006), (1, 1)), False),
        # A crossing is a junction only with a common vertex.
        (line((0, 0), (1, 0), (2, 0)), line((1, -1), (1, 0), (1, 1)), True),
        (line((0, 0), (2, 0)), line((1, -1), (1, 1)), False),
        (line((0, 0), (1, 0), (2, 0)), line((1, -1), (1, 1)), False),
        (line((0, 0), (1, 0), (2, 0)), line((1, -1), (1, 0.002), (1, 1)), False),
    ],
)
def test_where_roads_meet(one: shapely.LineString, other: shapely.LineString, joined: bool) -> None:
    assert pieces(one, other) == (1 if joined else 2)
    assert pieces(other.reverse(), one) == (1 if joined else 2)


def test_without_tolerance_only_what_coincides_meets() -> None:
    assert pieces(line((0, 0), (1, 0)), line((1, 0), (2, 0)), tolerance_m=0) == 1
    assert pieces(line((0, 0), (1, 0)), line((1.001, 0), (2, 0)), tolerance_m=0) == 2


def test_crossings_without_a_common_vertex_are_counted() -> None:
    through = line((0, 0), (1, 0), (2, 0), (3, 0))
    over, junction = line((0.5, -1), (0.5, 1)), line((1, -1), (1, 0), (1, 1))
    ending = line((2.5, 0), (2.5, 1))
    lines = np.array([through, over, junction, ending], dtype=object)
    assert count_crossings(lines, node_lines(lines, 5.0)) == 1
    found = network(table((0, 0), (3, 0)), roads(*lines))
    (fault,) = [fault for fault in found.warnings if fault.key == "roads.crossings"]
    assert fault.params["count"] == 1


def test_a_layer_of_dots_is_refused_in_bounded_time() -> None:
    dots = np.array([line((0, 0), (1e-6 * k, 1e-6)) for k in range(2000)], dtype=object)
    with pytest.raises(DataError) as caught:
        node_lines(dots, 5.0)
    assert [fault.key for fault in caught.value.faults] == ["roads.too_dense"]


@quick
@given(st.randoms(use_true_random=False), st.integers(0, 10_000))
def test_nodes_do_not_depend_on_the_order_of_the_roads(random: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [
        line(*map(tuple, rng.integers(0, 4, (3, 2)) + rng.choice([0, 0.003], (3, 2))))
        for _ in range(8)
    ]
    lines = [one for one in lines if one.length > 0]
    places = [(float(x), float(y)) for x, y in rng.uniform(0, 4, (4, 2))]
    shuffled = list(lines)
    random.shuffle(shuffled)
    villages = table(*places)
    one, other = network(villages, roads(*lines)), network(villages, roads(*shuffled))
    everyone = np.arange(4)
    # Of roads equally near, another one may come first: the ways then differ by their ends.
    if np.array_equal(one.access.nearest_m, other.access.nearest_m) and not _ties(villages, lines):
        assert one.block_min(everyone) == pytest.approx(other.block_min(everyone))


def _ties(villages: VillageTable, lines: list[shapely.LineString]) -> bool:
    points = villages.frame.geometry.centroid
    for point in points:
        apart = np.sort(shapely.distance(point, np.array(lines, dtype=object)))
        if len(apart) > 1 and apart[1] - apart[0] < 1e-6:
            return True
    return False
