"""Repair: what is narrow is closed, what is wide stays, and nobody loses land unseen."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from builders import ORIGIN, grid
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity, box
from shapely.geometry import MultiPolygon, Polygon

from liancun_geo.errors import Where
from liancun_geo.topology import Repair, examine_topology, repair_topology

CRS = "EPSG:4527"
X, Y = ORIGIN


def series(*polygons: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries([affinity.translate(p, X, Y) for p in polygons], crs=CRS)


def repaired(*polygons: shapely.Geometry, tolerance_m: float = 2.0) -> Repair:
    return repair_topology(series(*polygons), gap_tolerance_m=tolerance_m)


def kinds(result: Repair) -> list[tuple[str, int, int]]:
    return [(change.kind, change.village, change.other) for change in result.changes]


def shared_m(result: Repair, i: int, j: int) -> float:
    one, two = result.geometry.iloc[i], result.geometry.iloc[j]
    return float(shapely.length(shapely.intersection(one.boundary, two.boundary)))


def test_a_sound_map_is_left_alone() -> None:
    before = series(*(box(i * 100, 0, i * 100 + 100, 100) for i in range(4)))
    after = repair_topology(before)
    assert after.changes == ()
    assert after.valid
    assert all(a is b for a, b in zip(after.geometry.array, before.array, strict=True))


def test_an_open_gap_goes_to_one_village_and_they_then_share_a_border() -> None:
    result = repaired(box(0, 0, 1000, 1000), box(1001, 0, 2000, 1000))
    assert kinds(result) == [("gap", 0, -1), ("border", 1, -1)]
    assert result.changes[0].area_m2 == pytest.approx(1000, rel=0.01)
    assert shared_m(result, 0, 1) == pytest.approx(1000, rel=0.001)
    assert result.valid


def test_a_surrounded_gap_goes_to_the_longest_border() -> None:
    west = box(0, 0, 1000, 1000).difference(box(999, 0, 1000, 700))
    east = box(1000, 0, 2000, 1000)
    south = box(0, -500, 2000, 0)
    result = repaired(west, east, south)
    gap = [change for change in result.changes if change.kind == "gap"]
    assert [(change.village, round(change.area_m2)) for change in gap] == [(0, 700)]
    assert result.valid


def test_a_gap_along_many_villages_makes_nobody_a_neighbour_far_away() -> None:
    north = [box(i * 1000, 1, i * 1000 + 1000, 1000) for i in range(6)]
    south = [box(i * 1000, -1000, i * 1000 + 1000, 0) for i in range(6)]
    result = repaired(*north, *south)
    assert result.valid
    assert shapely.union_all(np.asarray(result.geometry.array)).area == pytest.approx(
        6 * 2000 * 1000, rel=1e-5
    )
    for i in range(6):
        for j in range(12):
            if abs(i - j % 6) > 1:
                assert shared_m(result, i, j) == pytest.approx(0, abs=1e-6), (i, j)
    assert all(shared_m(result, i, i + 6) > 900 for i in range(6))


def test_a_narrow_overlap_is_left_to_one_village() -> None:
    result = repaired(box(0, 0, 1000, 1000), box(999, 0, 2000, 1000))
    (change,) = result.changes
    assert (change.kind, {change.village, change.other}) == ("overlap", {0, 1})
    assert change.area_m2 == pytest.approx(1000)
    assert change.width_m == pytest.approx(1, rel=0.02)
    areas = result.geometry.area
    assert areas[change.other] == pytest.approx([1_000_000, 1_001_000][change.other] - 1000)
    assert result.valid


def test_what_is_wider_than_the_tolerance_stays() -> None:
    wide = repaired(box(0, 0, 1000, 1000), box(990, 0, 2000, 1000))
    assert wide.geometry.area.tolist() == pytest.approx([1_000_000, 1_010_000])
    assert [change for change in wide.changes if change.area_m2] == []
    assert not wide.valid
    lake = box(500, 500, 1500, 1500)
    around = [box(a, b, a + 1000, b + 1000).difference(lake) for a in (0, 1000) for b in (0, 1000)]
    assert repaired(*around).changes == ()


def test_a_wide_overlap_stays_while_a_narrow_one_beside_it_is_closed() -> None:
    result = repaired(box(0, 0, 1000, 1000), box(900, 0, 2000, 1000), box(1999, 0, 3000, 1000))
    assert [change.kind for change in result.changes if change.area_m2] == ["overlap"]
    area = result.geometry.area
    assert area[0] == pytest.approx(1_000_000)
    assert area[1] + area[2] == pytest.approx(1_100_000 + 1_001_000 - 1000)


def test_the_same_polygon_twice_keeps_both_villages() -> None:
    square = box(0, 0, 1000, 1000)
    result = repaired(square, square, box(1000, 0, 2000, 1000))
    assert result.geometry.area.tolist() == pytest.approx([1e6, 1e6, 1e6])
    assert not result.valid


def test_vertices_that_a_neighbour_lacks_are_added() -> None:
    result = repaired(box(0, 0, 1000, 1000), box(1000, -500, 2000, 500))
    assert [kind for kind, _, _ in kinds(result)] == ["border", "border"]
    assert result.geometry.area.tolist() == pytest.approx([1e6, 1e6])
    assert result.valid


def test_rings_are_made_valid_and_lost_villages_stay_missing() -> None:
    bow = Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    geometry = gpd.GeoSeries([*series(bow, box(1000, 0, 2000, 1000)), None, Polygon()], crs=CRS)
    result = repair_topology(geometry)
    assert ("ring", 0, -1) in kinds(result)
    assert result.geometry.iloc[0].is_valid
    assert result.geometry.iloc[0].area == pytest.approx(500_000)
    assert result.geometry.isna().tolist() == [False, False, True, True]


def test_parts_are_kept_but_for_shavings() -> None:
    parts = MultiPolygon(
        [box(0, 0, 1000, 1000), box(3000, 0, 3000.5, 1), box(5000, 0, 5000.001, 500)]
    )
    result = repaired(parts, box(1000, 0, 2000, 1000))
    assert kinds(result) == [("part", -1, 0)]
    assert shapely.get_num_geometries(result.geometry.iloc[0]) == 2


def test_the_input_is_not_changed_and_metres_are_asked_for() -> None:
    before = series(box(0, 0, 1000, 1000), box(1001, 0, 2000, 1000))
    copy = before.copy(deep=True)
    repair_topology(before)
    assert before.geom_equals_exact(copy, 0).all()
    with pytest.raises(ValueError, match="metres"):
        repair_topology(before.to_crs(4490))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_survey_village_by_village_is_closed_within_the_tolerance(seed: int) -> None:
    """Every village measured by itself, up to 0.7 m off: gaps and overlaps of at most 2 m."""
    rng = np.random.default_rng(seed)
    exact = grid(16, 500.0)
    offsets = rng.uniform(-0.7, 0.7, (16, 2))
    surveyed = gpd.GeoSeries(
        [affinity.translate(p, *xy) for p, xy in zip(exact, offsets, strict=True)], crs=CRS
    )
    result = repair_topology(surveyed)
    assert result.valid
    left = examine_topology(result.geometry, lambda i: Where(row=i + 1))
    # A spike is land of one village all the same: nothing is missing or twice.
    assert {flaw.kind for flaw in left} <= {"gap_open", "spike"}
    change = np.abs(result.geometry.area - surveyed.area)
    assert float(change.max()) < 4 * 500 * 2
    again = repair_topology(surveyed)
    assert again.geometry.geom_equals_exact(result.geometry, 0).all()


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("sikkim_villages.geojson", 32645),
        ("tlaxcala_municipalities.gpkg", 6372),
        ("shan1_dong1_zi1_bo2.geojson", 4548),
    ],
)
def test_broken_layers_become_a_valid_coverage(shared, name: str, crs: int) -> None:
    layer = gpd.read_file(shared / "dirty" / name).to_crs(crs)
    result = repair_topology(layer.geometry)
    assert result.valid
    area = np.abs(result.geometry.area - layer.geometry.make_valid().area)
    assert float(area.max()) < 10.0
    kinds = {flaw.kind for flaw in examine_topology(result.geometry, lambda i: Where(row=i + 1))}
    narrow = {"invalid", "gap_micro", "gap_narrow", "gap_open", "mismatch"}
    assert not kinds & (narrow | {"overlap_micro", "overlap_narrow", "overlap_wide"})
