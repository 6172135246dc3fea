"""Times on roads, and proximity by them."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from builders import village_table
from criteria_cases import only
from travel_cases import CRS, X, Y, line, network, roads, table

from liancun_geo.criteria import score_leads, score_pairs
from liancun_geo.errors import SettingsError
from liancun_geo.settings import CriteriaSettings, Settings, TravelSettings, parse_settings
from liancun_geo.travel import RoadNetwork, build_network, network_for, travel_notes
from liancun_geo.villages import VillageTable


def minutes(found: RoadNetwork, one: int, other: int) -> float:
    there = found.times_min(np.array([one]), np.array([other]))[0, 0]
    back = found.times_min(np.array([other]), np.array([one]))[0, 0]
    assert there == pytest.approx(back)
    return float(there)


def keys(found: RoadNetwork) -> list[str]:
    return [fault.key for fault in found.warnings]


# --- times ----------------------------------------------------------------------------------


def test_walk_road_walk_by_hand() -> None:
    # 300 m to a county road, 4 km along it, 500 m from it.
    found = network(table((0, 0.3), (4, -0.5)), roads(line((-1, 0), (5, 0))))
    walk, ride = 0.8 / 5 * 60, 4 / 40 * 60
    assert minutes(found, 0, 1) == pytest.approx(walk + ride)
    assert minutes(found, 0, 0) == 0
    assert found.access.walk_m == pytest.approx([300, 500])


def test_the_fastest_way_is_taken_not_the_shortest() -> None:
    straight = line((0, 0), (6, 0))
    around = line((0, 0), (0, 1), (6, 1), (6, 0))
    found = network(table((0, 0), (6, 0)), roads(straight, around, road_class=["村道", "国道"]))
    assert minutes(found, 0, 1) == pytest.approx(8 / 60 * 60)
    same = network(table((0, 0), (6, 0)), roads(straight, straight, road_class=["村道", "国道"]))
    assert minutes(same, 0, 1) == pytest.approx(6)


def test_a_ring_road_is_travelled_the_shorter_way_round() -> None:
    ring = line((0, 0), (3, 0), (3, 3), (0, 3), (0, 0))
    found = network(table((1, 0), (0, 2)), roads(ring))
    assert minutes(found, 0, 1) == pytest.approx(3 / 40 * 60)


def test_one_cannot_turn_off_where_a_bridge_crosses() -> None:
    under, over = line((0, 0), (4, 0)), line((2, -2), (2, 2))
    joined = line((4, 0), (4, 2), (2, 2))
    found = network(table((0, 0), (2, -2)), roads(under, over, joined))
    assert minutes(found, 0, 1) == pytest.approx((4 + 2 + 2 + 4) / 40 * 60)


def test_nobody_enters_a_motorway_from_its_side() -> None:
    motorway, lane = line((0, 0), (4, 0)), line((0, 0.5), (4, 0.5))
    layer = roads(motorway, lane, road_class=["motorway", "村道"])
    found = network(table((1, 0.1), (3, 0.1)), layer)
    assert minutes(found, 0, 1) == pytest.approx(0.8 / 5 * 60 + 2 / 20 * 60)
    assert "roads.cut_off" not in keys(found)
    alone = network(table((1, 0.1), (3, 0.1)), roads(motorway, road_class="高速"))
    assert keys(alone).count("roads.unreached") == 2


def test_classes_are_told_with_what_is_unknown_missing_and_closed() -> None:
    lines = [line((0, k / 10), (4, k / 10)) for k in range(4)]
    layer = roads(*lines, road_class=["国道", "田间路", None, "construction"])
    found = network(table((0, 0), (4, 0)), layer)
    told = {fault.key: fault for fault in found.warnings}
    assert "国道 60 km/h (4.0 km)" in told["roads.classes"].text("zh")
    assert told["roads.class_unknown"].params["classes"] == "田间路"
    assert told["roads.class_missing"].params["count"] == 1
    assert "construction" in told["roads.class_idle"].text("en")
    assert "roads.no_class" not in told
    assert all(not fault.fixes for fault in found.warnings)
    unnamed = network(table((0, 0), (4, 0)), roads(*lines, road_class=None))
    assert minutes(unnamed, 0, 1) == pytest.approx(4 / 20 * 60)
    assert "roads.no_class" in keys(unnamed)


def test_roads_that_nobody_travels_on_are_a_fault() -> None:
    with pytest.raises(SettingsError) as caught:
        network(table((0, 0)), roads(line((0, 0), (1, 0)), road_class="proposed"))
    assert caught.value.faults[0].key == "roads.none_travelled"


def test_a_village_without_road_walks_straight_and_is_named() -> None:
    # Village 1 is 1.5 km from the road, beyond the 1 km of the default.
    villages = table((0, 0), (3, 1.5), (4, 0))
    found = network(villages, roads(line((-1, 0), (5, 0))), detour_factor=1.3)
    assert minutes(found, 0, 1) == pytest.approx(math.hypot(3, 1.5) * 1.3 / 5 * 60)
    (fault,) = [fault for fault in found.warnings if fault.key == "roads.unreached"]
    assert (fault.where.village, fault.where.code) == ("村1", villages.frame["code"].iat[1])
    assert fault.params["distance"] == "1500"
    nearer = network(villages, roads(line((-1, 0), (5, 0))), max_access_m=1500)
    assert minutes(nearer, 0, 1) == pytest.approx(1.5 / 5 * 60 + 3 / 40 * 60)
    assert "roads.unreached" not in keys(nearer)


def test_a_village_on_roads_of_their_own_is_named_and_walks_to_the_others() -> None:
    main, apart = line((0, 0), (4, 0)), line((6, 0), (8, 0))
    found = network(table((0, 0), (4, 0), (6, 0), (8, 0), (2, 0)), roads(main, apart))
    named = [f.where.village for f in found.warnings if f.key == "roads.cut_off"]
    assert named == ["村2", "村3"]
    assert minutes(found, 1, 2) == pytest.approx(2 / 5 * 60)
    assert minutes(found, 2, 3) == pytest.approx(2 / 40 * 60)


def test_many_villages_without_road_are_told_township_by_township() -> None:
    places = [(k / 10, 5.0) for k in range(40)] + [(0.0, 0.0)]
    villages = table(*places)
    townships = ["甲镇"] * 25 + ["乙镇"] * 16
    villages = VillageTable(villages.frame.assign(township=townships))
    found = network(villages, roads(line((0, 0), (4, 0))))
    told = [fault for fault in found.warnings if fault.key == "roads.unreached_many"]
    assert [(f.where.township, f.params["count"]) for f in told] == [("甲镇", 25), ("乙镇", 15)]
    assert told[1].params["names"].split("、") == [f"村{k}" for k in range(25, 40)]


def test_ways_start_at_the_seat_where_there_is_one() -> None:
    villages = village_table(4)
    seats = gpd.GeoSeries.from_xy(
        [X + 100, X + 1100, X + 1300, X + 9000], [Y + 100, Y + 300, Y + 400, Y], crs=CRS
    )
    layer = roads(line((0, 0.1), (2, 0.1)))
    found = build_network(villages, layer, TravelSettings(), seats=seats)
    # Village 0 has one seat, village 1 two, the others none.
    assert found.points_m[0].tolist() == [X + 100, Y + 100]
    assert found.points_m[1].tolist() == [X + 1500, Y + 500]
    told = {fault.key: fault for fault in found.warnings}
    assert told["roads.seats_several"].where.village == "村1"
    assert told["roads.seats_missing"].params["count"] == 2


def test_layers_in_another_crs_are_a_fault_of_the_program() -> None:
    layer = roads(line((0, 0), (1, 0))).set_crs("EPSG:4528", allow_override=True)
    with pytest.raises(ValueError, match="villages are in"):
        network(table((0, 0)), layer)


def _random_county(seed: int) -> tuple[VillageTable, gpd.GeoDataFrame, nx.Graph]:
    """Return villages on a grid of roads with holes, and its graph made by other means."""
    rng = np.random.default_rng(seed)
    graph, lines, classes = nx.Graph(), [], []
    for x in range(6):
        for y in range(6):
            for to in ((x + 1, y), (x, y + 1)):
                if max(to) < 6 and rng.random() < 0.6:
                    speed = float(rng.choice([20, 40, 60]))
                    name = {20.0: "村道", 40.0: "县道", 60.0: "国道"}[speed]
                    lines.append(line((x, y), to))
                    classes.append(name)
                    graph.add_edge((x, y), to, weight=60 / speed)
    places = [tuple(map(float, rng.integers(0, 6, 2))) for _ in range(10)]
    graph.add_nodes_from(places)
    return table(*places), roads(*lines, road_class=classes), graph


@pytest.mark.parametrize("seed", range(6))
def test_times_against_networkx(seed: int) -> None:
    villages, layer, graph = _random_county(seed)
    found = network(villages, layer, max_access_m=1.0, walking_km_h=1.0)
    places = [(round((x - X) / 1000), round((y - Y) / 1000)) for x, y in found.points_m]
    times = found.block_min(np.arange(10))
    for i, one in enumerate(places):
        reach = nx.single_source_dijkstra_path_length(graph, one)
        for j, other in enumerate(places):
            walked = math.dist(one, other) * 60
            expected = reach.get(other, walked) if i != j else 0.0
            assert times[i, j] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("radius_km", [0.5, 2.0, 50.0])
def test_pairs_nearby_have_the_times_of_the_whole_table(radius_km: float) -> None:
    villages, layer, _ = _random_county(3)
    found = network(villages, layer, max_access_m=1.0)
    times = found.block_min(np.arange(10))
    pairs, nearby = found.nearby_min(radius_km)
    gap = found.points_m[:, None] - found.points_m[None]
    close = np.argwhere(np.triu(np.hypot(gap[..., 0], gap[..., 1]) <= radius_km * 1000, 1))
    assert pairs.tolist() == close.tolist()
    assert nearby == pytest.approx(times[pairs[:, 0], pairs[:, 1]])


# --- proximity ------------------------------------------------------------------------------


def _pairs(villages: VillageTable, criteria: CriteriaSettings, **more: Any) -> Any:
    zones = ["一"] * len(villages)
    return score_pairs(villages, score_leads(villages), zones, criteria, **more)


def test_proximity_by_travel_time_by_hand() -> None:
    villages = table((0, 0), (4, 0), (4, 0.5))
    found = network(villages, roads(line((0, 0), (5, 0))))
    criteria = only("proximity", proximity="travel_time", proximity_scale_min=10)
    pairs = _pairs(villages, criteria, travel=found)
    (block,) = pairs.blocks
    assert block.travel_min[0].tolist() == pytest.approx([0, 6, 12])
    assert block.cost[0].tolist() == pytest.approx([0, 0.6, 1])
    assert block.components()["proximity"][0].tolist() == pytest.approx([0, 0.6, 1])
    assert pairs.components(0, 1)["proximity"] == pytest.approx(0.6)
    assert pairs.proximity_scale_min == 10
    assert math.isnan(pairs.proximity_scale_km)
    # By straight lines the same villages are judged by their distance, and the times are kept.
    straight = _pairs(villages, only("proximity", proximity_scale_km=8), travel=found)
    assert straight.blocks[0].cost[0, 1] == pytest.approx(0.5)
    assert straight.blocks[0].travel_min[0, 1] == pytest.approx(6)


def test_time_scale_is_the_percentile_and_is_reported() -> None:
    villages = table((0, 0), (4, 0), (4, 0.5))
    found = network(villages, roads(line((0, 0), (5, 0))))
    pairs = _pairs(villages, only("proximity", proximity="travel_time"), travel=found)
    assert pairs.proximity_scale_min == pytest.approx(np.percentile([6, 12, 6], 95))
    assert "roads.proximity_scale" in [fault.key for fault in pairs.warnings]


def test_the_detour_factor_lengthens_straight_lines() -> None:
    villages = table((0, 0), (4, 0))
    pairs = _pairs(villages, only("proximity", proximity_scale_km=10), detour_factor=1.5)
    assert pairs.blocks[0].cost[0, 1] == pytest.approx(0.6)
    assert pairs.components(0, 1)["proximity"] == pytest.approx(0.6)
    # What a planner reads as a straight line stays one.
    assert pairs.blocks[0].distance_km[0, 1] == pytest.approx(4)


def test_travel_times_are_not_made_up() -> None:
    with pytest.raises(SettingsError) as caught:
        _pairs(table((0, 0), (4, 0)), only("proximity", proximity="travel_time"))
    assert caught.value.faults[0].key == "roads.not_given"
    settings = parse_settings({"rules": {"max_travel_min": 9}, "travel": {"roads": ["r.shp"]}})
    with pytest.raises(SettingsError) as caught:
        network_for(table((0, 0)), None, settings)
    assert caught.value.faults[0].key == "roads.not_given"
    assert network_for(table((0, 0)), None, Settings()) is None


def test_the_notes_say_which_proximity_was_used_and_what_is_too_far() -> None:
    villages = table((0, 0), (4, 0), (4, 0.5))
    given = {"travel": {"roads": ["r.shp"]}, "rules": {"max_travel_min": 7}}
    settings = parse_settings(given)
    found = network_for(villages, roads(line((0, 0), (5, 0))), settings)
    assert found is not None
    times = [found.block_min(np.arange(3))]
    told = {fault.key: fault for fault in travel_notes(found, settings, times)}
    assert told["roads.too_far"].params["count"] == 1
    assert "roads.by_straight_line" in told
    by_time = parse_settings({**given, "criteria": {"proximity": "travel_time"}})
    assert "roads.by_travel_time" in [f.key for f in travel_notes(found, by_time, times)]
    assert travel_notes(None, by_time, times) == []
