"""Barriers cut villages apart, links join them."""

from __future__ import annotations

import geopandas as gpd
import geopandas.testing
import numpy as np
import pytest
from contiguity_cases import ALONG, SQUARE, graph, keys, pairs
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from liancun_geo.contiguity import BarredPair
from liancun_geo.contiguity.borders import shared_borders
from liancun_geo.errors import DataError

# --- links ----------------------------------------------------------------------------------


def test_link_joins_what_the_map_does_not_and_counts_once():
    apart = [SQUARE, box(1000, 0, 2000, 1000), box(5000, 0, 6000, 1000)]
    built = graph(apart, links=(("v2", "v0"), ("v0", "v2"), ("v0", "v1")))
    assert pairs(built) == [(0, 1), (0, 2)]
    assert built.is_link.tolist() == [True, True]
    assert built.shared_border_m == pytest.approx([1000, 0])


def test_every_wrong_link_is_reported():
    with pytest.raises(DataError) as caught:
        graph([SQUARE], links=(("v0", "x"), ("y", "z"), ("v0", "v0")))
    found = [(fault.key, fault.params.get("unknown")) for fault in caught.value.faults]
    assert found == [
        ("contiguity.unknown_link", "x"),
        ("contiguity.unknown_link", "y"),
        ("contiguity.unknown_link", "z"),
        ("contiguity.link_to_itself", None),
    ]
    for language in ("zh", "en"):
        assert "x" in caught.value.text(language)


def test_a_list_of_links_that_is_wrong_throughout_is_not_told_link_by_link():
    with pytest.raises(DataError) as caught:
        graph([SQUARE], links=tuple(("v0", f"x{i}") for i in range(5000)))
    *told, rest = caught.value.faults
    assert len(told) == 200
    assert (rest.key, rest.params["count"]) == ("contiguity.more_links", 4800)


# --- barriers -------------------------------------------------------------------------------

NEIGHBOURS = [SQUARE, box(1000, 0, 2000, 1000)]


def test_barrier_along_the_border_cuts_and_is_reported():
    built = graph(NEIGHBOURS, barriers=[ALONG])
    assert pairs(built) == []
    assert built.barred == (BarredPair(0, 1, pytest.approx(1000), pytest.approx(1000)),)
    assert keys(built) == ["contiguity.barred", "contiguity.isolated", "contiguity.isolated"]
    assert "v1" in built.warnings[0].text("en")


def test_barrier_takes_all_even_with_minimum_zero():
    assert pairs(graph(NEIGHBOURS, barriers=[ALONG], min_shared_border_m=0)) == []


def test_barrier_across_costs_twice_its_tolerance():
    across = LineString([(0, 500), (2000, 500)])
    built = graph(NEIGHBOURS, barriers=[across], barrier_tolerance_m=20)
    assert built.shared_border_m == pytest.approx([960], abs=0.01)
    assert built.barred == ()


def test_barrier_along_a_part_leaves_the_rest():
    half = LineString([(1000, -500), (1000, 980)])
    assert graph(NEIGHBOURS, barriers=[half]).barred[0].lost_m == pytest.approx(1000)
    rest = graph(NEIGHBOURS, barriers=[half], barrier_tolerance_m=0, min_shared_border_m=0)
    assert rest.shared_border_m == pytest.approx([20], abs=0.01)


def test_barrier_beyond_its_tolerance_costs_nothing():
    beside = LineString([(1021, -500), (1021, 1500)])
    assert graph(NEIGHBOURS, barriers=[beside]).shared_border_m == pytest.approx([1000])


def test_wide_river_polygon_counts_from_its_inside():
    river = box(700, -500, 1300, 400).union(box(900, 400, 1100, 700))
    built = graph(NEIGHBOURS, barriers=[river, None])
    assert built.shared_border_m == pytest.approx([280], abs=0.01)


def test_island_in_a_river_polygon_is_not_water():
    river = box(500, -500, 1500, 1500).difference(box(800, 300, 1200, 700))
    built = graph(NEIGHBOURS, barriers=[river])
    assert built.shared_border_m == pytest.approx([360], abs=0.01)


def test_barrier_over_a_border_across_the_first_vertex():
    # Both rings start in the middle of the shared border, at different places.
    left = Polygon([(1000, 500), (1000, 1000), (0, 1000), (0, 0), (1000, 0)])
    right = Polygon([(1000, 600), (1000, 0), (2000, 0), (2000, 1000), (1000, 1000)])
    for y in (300, 800):
        built = graph([left, right], barriers=[LineString([(990, y), (1010, y)])])
        assert built.shared_border_m == pytest.approx([960], abs=0.01)


def test_bridge_restores_a_barred_pair():
    built = graph(NEIGHBOURS, barriers=[ALONG], links=(("v0", "v1"),))
    assert pairs(built) == [(0, 1)]
    assert (built.is_link.tolist(), built.barred, built.warnings) == ([True], (), ())
    assert built.shared_border_m == pytest.approx([0], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_barrier_length_against_shapely(seed):
    rng = np.random.default_rng(seed)
    wobble = np.column_stack([1000 + rng.uniform(-80, 80, 8), np.linspace(-100, 1100, 8)])
    barrier = LineString(wobble)
    if rng.integers(2):
        barrier = barrier.buffer(rng.uniform(5, 60), quad_segs=2)
    found = shared_borders(
        np.array(NEIGHBOURS, dtype=object),
        tolerance_m=2,
        main_part_only=True,
        barriers=gpd.GeoSeries([barrier]),
        barrier_tolerance_m=20,
    )
    border = LineString([(1000, 0), (1000, 1000)])
    expected = border.intersection(barrier.buffer(20, quad_segs=128)).length
    assert found.lost_m == pytest.approx([expected], abs=0.1)
