"""Contiguity: the case matrix, the measure against a slow reference, real layers."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import geopandas.testing
import numpy as np
import pytest
import shapely
from builders import village_table
from contiguity_cases import ALONG, SQUARE, graph, keys, pairs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box

from liancun_geo.contiguity import ContiguityGraph, build_contiguity
from liancun_geo.contiguity.borders import shared_borders
from liancun_geo.villages import VillageTable

# --- the case matrix ------------------------------------------------------------------------


def test_grid_is_rook_contiguous_with_exact_lengths():
    built = build_contiguity(village_table(9))
    assert pairs(built) == [
        (0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (3, 6), (4, 5), (4, 7), (5, 8), (6, 7),
        (7, 8),
    ]  # fmt: skip
    assert built.shared_border_m == pytest.approx(1000.0)
    assert not built.is_link.any()
    assert built.warnings == ()
    assert built.neighbours(4).tolist() == [1, 3, 5, 7]


def test_shuffled_rows_and_string_ids():
    table = village_table(9)
    order = [4, 0, 8, 2, 6, 1, 7, 3, 5]
    shuffled = VillageTable(table.frame.iloc[order].reset_index(drop=True))
    one, two = build_contiguity(table), build_contiguity(shuffled)
    assert two.codes == tuple(table.frame["code"].iloc[order])
    assert {frozenset(e) for e in one.to_networkx().edges} == {
        frozenset(e) for e in two.to_networkx().edges
    }


def test_the_callers_frame_is_left_alone():
    table = village_table(4)
    before = table.frame.copy(deep=True)
    build_contiguity(table)
    gpd.testing.assert_geodataframe_equal(table.frame, before)


@pytest.mark.parametrize("minimum", [0.0, 30.0])
@pytest.mark.parametrize("tolerance", [0.0, 2.0, 20.0])
def test_corner_touch_is_no_neighbour(minimum, tolerance):
    diagonal = [SQUARE, box(1000, 1000, 2000, 2000)]
    wedge = [SQUARE, Polygon([(1000, 1000), (2000, 1600), (1600, 2000)])]
    near_miss = [SQUARE, box(1000.5, 1000.5, 2000, 2000)]
    overlap = [SQUARE, box(999.5, 999.5, 2000, 2000)]
    for case in (diagonal, wedge, near_miss, overlap):
        built = graph(case, min_shared_border_m=minimum, gap_tolerance_m=tolerance)
        assert pairs(built) == []
        assert built.isolates.tolist() == [0, 1]


def test_corner_touch_in_two_places_is_no_neighbour():
    notched = Polygon([(0, 0), (1000, 0), (1000, 1000), (500, 500), (0, 1000)])
    above = Polygon([(0, 1000), (0, 2000), (1000, 2000), (1000, 1000), (500, 1500)])
    assert pairs(graph([notched, above], min_shared_border_m=0)) == []


def test_t_junction_one_long_segment_against_several_short_ones():
    row = [box(0, 0, 3000, 1000), *(box(1000 * k, 1000, 1000 * k + 1000, 2000) for k in range(3))]
    built = graph(row, gap_tolerance_m=0)
    assert pairs(built) == [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]
    assert built.shared_border_m == pytest.approx(1000, abs=0.01)


def test_t_junction_length_is_not_lengthened_by_its_corners():
    built = graph([SQUARE, box(1000, 971, 2000, 1971)], min_shared_border_m=0)
    assert built.shared_border_m == pytest.approx([29], abs=0.01)
    assert pairs(graph([SQUARE, box(1000, 971, 2000, 1971)])) == []
    assert pairs(graph([SQUARE, box(1000, 970, 2000, 1970)])) == [(0, 1)]


def test_differing_vertex_spacing():
    x = np.linspace(0, 1000, 38)
    fine = Polygon([*np.column_stack([np.full(38, 1000.0), x]), (2000, 1000), (2000, 0)])
    built = graph([SQUARE, fine], gap_tolerance_m=0)
    assert built.shared_border_m == pytest.approx([1000], abs=0.01)


@pytest.mark.parametrize(("gap", "neighbour"), [(0.5, True), (2.0, True), (2.1, False)])
def test_gap_against_tolerance(gap, neighbour):
    built = graph([SQUARE, box(1000 + gap, 0, 2000, 1000)], gap_tolerance_m=2)
    assert pairs(built) == ([(0, 1)] if neighbour else [])
    if neighbour:
        assert 1000 <= built.shared_border_m[0] <= 1004


@pytest.mark.parametrize(("overlap", "neighbour"), [(0.5, True), (2.0, True), (2.1, False)])
def test_overlap_against_tolerance(overlap, neighbour):
    # Offset along the border, so that the ends do not cross at the same place.
    built = graph([SQUARE, box(1000 - overlap, 300, 2000, 1300)], gap_tolerance_m=2)
    assert pairs(built) == ([(0, 1)] if neighbour else [])


def test_gaps_of_floating_point_do_not_matter_at_tolerance_zero():
    built = graph([SQUARE, box(1000.0000001, 0, 2000, 1000)], gap_tolerance_m=0)
    assert pairs(built) == [(0, 1)]


def test_a_village_between_two_others_keeps_them_apart():
    strip = box(1000, 0, 1001, 1000)
    built = graph([SQUARE, strip, box(1001, 0, 2000, 1000)], gap_tolerance_m=2)
    assert pairs(built) == [(0, 1), (1, 2)]


def test_enclave_counts_through_the_hole():
    hole = box(400, 400, 600, 600)
    built = graph([SQUARE.difference(hole), hole])
    assert pairs(built) == [(0, 1)]
    assert built.shared_border_m == pytest.approx([800])


def test_enclave_in_a_wider_hole_counts_with_its_whole_ring():
    built = graph([SQUARE.difference(box(399, 399, 601, 601)), box(400, 400, 600, 600)])
    assert built.shared_border_m == pytest.approx([800])


def test_multipart_village_touches_with_main_part_or_all():
    split = MultiPolygon([box(5000, 0, 7000, 1000), box(1000, 0, 1500, 1000)])
    assert pairs(graph([SQUARE, split])) == []
    assert pairs(graph([SQUARE, split], parts="all")) == [(0, 1)]
    assert pairs(graph([box(7000, 0, 8000, 1000), split])) == [(0, 1)]


def test_island_and_missing_or_empty_geometry_are_isolates():
    built = graph([SQUARE, None, box(9000, 0, 9900, 1000), Polygon(), box(1000, 0, 2000, 1000)])
    assert pairs(built) == [(0, 4)]
    assert built.isolates.tolist() == [1, 2, 3]
    assert keys(built) == ["contiguity.isolated"] * 3
    assert [fault.where.code for fault in built.warnings] == ["v1", "v2", "v3"]


def test_single_village():
    built = graph([SQUARE], zones=["a"])
    assert (built.n, built.edges.shape, built.isolates.tolist()) == (1, (0, 2), [0])
    assert built.components().tolist() == [0]


def test_zero_villages():
    built = build_contiguity(village_table(0), zones=[])
    assert (built.n, built.edges.shape, built.components().tolist()) == (0, (0, 2), [])
    assert built.to_networkx().number_of_nodes() == 0
    assert built.warnings == ()


def test_identical_villages_share_their_whole_border():
    assert graph([SQUARE, SQUARE]).shared_border_m == pytest.approx([4000])


def test_minimum_is_inclusive():
    neighbours = [SQUARE, box(1000, 0, 2000, 1000)]
    assert pairs(graph(neighbours, min_shared_border_m=1000)) == [(0, 1)]
    assert pairs(graph(neighbours, min_shared_border_m=1000.01)) == []


# --- the measure ----------------------------------------------------------------------------


def one_way(one: Polygon, two: Polygon, tolerance: float) -> float:
    """Return the length of the border of one shared with two, as slow and plain as can be."""

    def stretches(radius: float) -> list[LineString]:
        near = one.boundary.intersection(two.boundary.buffer(radius, quad_segs=256))
        merged = near if near.geom_type == "LineString" else shapely.line_merge(near)
        return [p for p in shapely.get_parts(merged) if p.geom_type == "LineString"]

    def clearly_longer(piece: LineString, limit: float) -> bool:
        # On the knife's edge the polygon of the buffer decides, not the measure.
        assume(abs(piece.length - limit) > limit / 1000)
        return piece.length > limit

    coincident = [c for c in stretches(0.001) if clearly_longer(c, 0.004)]
    total = 0.0
    for run in stretches(tolerance):
        inside = [c for c in coincident if c.distance(run) < 1e-6]
        if inside:
            ends = [run.project(Point(c.coords[k])) for c in inside for k in (0, -1)]
            low = min(ends) if min(ends) <= 2 * tolerance else 0.0
            high = max(ends) if run.length - max(ends) <= 2 * tolerance else run.length
            total += high - low
        elif clearly_longer(run, 4 * tolerance):
            total += run.length
    return total


def ragged_pair(seed: int) -> tuple[Polygon, Polygon]:
    """Two villages on both sides of a rough line, digitised twice and badly."""
    rng = np.random.default_rng(seed)
    noise = rng.choice([0.3, 2.0, 6.0])

    def side(x_far: float) -> Polygon:
        y = np.sort(rng.uniform(20, 980, rng.integers(2, 25)))
        y = np.concatenate([[rng.uniform(0, 15)], y, [rng.uniform(985, 1000)]])
        x = 100 * np.sin(y / 150 + seed % 7) + rng.normal(0, noise, len(y))
        return Polygon([*np.column_stack([x, y]), (x_far, y[-1]), (x_far, y[0])])

    return side(-900), side(900)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 2.0, 7.0, 20.0]))
def test_measure_against_shapely(seed, tolerance):
    one, two = ragged_pair(seed)
    there, back = one_way(one, two, tolerance), one_way(two, one, tolerance)
    found = shared_borders(
        np.array([one, two], dtype=object), tolerance_m=tolerance, main_part_only=True
    )
    expected = min(there, back)
    # A buffer is a polygon with straight sides: it lacks a little of the round, and where a border
    # leaves it at a grazing angle a run ends some centimetres earlier (seed 495, 20 m).
    assert found.shared_m.sum() == pytest.approx(expected, rel=1e-3, abs=0.05)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(-4e7, 4e7),
    st.floats(-5e6, 5e6),
    st.randoms(use_true_random=False),
)
def test_independent_of_place_and_row_order(seed, dx, dy, random):
    rng = np.random.default_rng(seed)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(rng.uniform(0, 5000, (12, 2))), extend_to=box(0, 0, 5000, 5000)
        )
    )
    cells = [shapely.set_precision(cell, 0.5) for cell in cells]
    # Every other village is surveyed again, a little off.
    cells = [affinity.translate(c, 0.7, 0.4) if k % 2 else c for k, c in enumerate(cells)]
    order = list(range(len(cells)))
    random.shuffle(order)
    moved = [affinity.translate(cells[k], round(dx), round(dy)) for k in order]
    one, two = graph(cells), graph(moved)
    back = [tuple(sorted((order[i], order[j]))) for i, j in pairs(two)]
    lengths = dict(zip(back, two.shared_border_m.tolist(), strict=True))
    assert sorted(lengths) == pairs(one)
    assert [lengths[pair] for pair in pairs(one)] == pytest.approx(
        one.shared_border_m.tolist(), abs=1e-4
    )
    assert all(i < j for i, j in pairs(one))
    assert all(
        (j in one.neighbours(i)) == (i in one.neighbours(j))
        for i, j in combinations(range(one.n), 2)
    )


# --- findings -------------------------------------------------------------------------------


def test_zones_report_isolated_villages_and_pieces_by_name():
    row = [box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(5)]
    zones = np.array(["east", "east", "west", "east", "west"])
    built = graph(row, zones=zones, township=zones.tolist())
    assert keys(built) == ["contiguity.isolated_in_zone"] * 3 + ["contiguity.zone_disconnected"] * 2
    pieces = [fault.params["pieces"] for fault in built.warnings[3:]]
    assert pieces == ["(1) v0、v1 (2) v3", "(1) v2 (2) v4"]
    assert built.warnings[0].params["outside"] == "v1、v3"
    assert [fault.where.township for fault in built.warnings[3:]] == ["east", "west"]
    assert built.components().tolist() == [0] * 5
    assert built.components(zones).tolist() == [0, 0, 1, 2, 3]
    assert pairs(built.within(zones)) == [(0, 1)]
    for fault in built.warnings:
        assert fault.severity == "warning"
        assert "{" not in fault.text("zh") + fault.text("en")


def test_zone_labels_must_fit():
    with pytest.raises(ValueError, match="3 zone labels for 1 villages"):
        graph([SQUARE], zones=["a", "b", "c"])


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:2225"])
def test_degrees_and_feet_are_refused(crs):
    with pytest.raises(ValueError, match="projected CRS in metres"):
        build_contiguity(village_table(2, crs=crs))


def test_barriers_in_another_crs_are_refused():
    with pytest.raises(ValueError, match="barriers are in"):
        build_contiguity(village_table(2), barriers=gpd.GeoSeries([ALONG], crs="EPSG:32650"))


# --- the value object -----------------------------------------------------------------------


def test_graph_from_edges_is_sorted_unique_and_read_only():
    built = ContiguityGraph.from_edges(["a", "b", "c"], [(2, 1), (1, 2), (1, 0)], [5, 6, 7])
    assert pairs(built) == [(0, 1), (1, 2)]
    assert built.shared_border_m.tolist() == [7, 5]
    assert (built.indptr.tolist(), built.indices.tolist()) == ([0, 1, 3, 4], [1, 0, 2, 1])
    assert built.degree.tolist() == [1, 2, 1]
    assert built.has_edge(2, 1)
    assert not built.has_edge(0, 2)
    with pytest.raises(ValueError, match="read-only"):
        built.edges[0, 0] = 1
    with pytest.raises(IndexError):
        built.neighbours(-1)


@pytest.mark.parametrize("edge", [(0, 0), (0, 2), (-1, 1)])
def test_graph_from_edges_refuses_nonsense(edge):
    with pytest.raises(ValueError, match=r"own neighbour|must lie in"):
        ContiguityGraph.from_edges(["a", "b"], [edge])


def test_to_networkx_keeps_isolates_and_lengths():
    network = graph([SQUARE, box(1000, 0, 2000, 1000), box(9000, 0, 9900, 900)]).to_networkx()
    assert list(network.nodes) == ["v0", "v1", "v2"]
    assert network.edges["v0", "v1"] == {"shared_border_m": pytest.approx(1000), "is_link": False}
