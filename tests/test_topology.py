"""Topology: every kind of flaw, each alone on a small map that is otherwise sound."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from builders import ORIGIN
from shapely import affinity, box
from shapely.geometry import MultiPolygon, Point, Polygon

from liancun_geo.decisions import AcceptDecision, ContiguityDecision, ExcludeDecision
from liancun_geo.errors import Where
from liancun_geo.messages import catalogue
from liancun_geo.topology import Flaw, examine_topology, summarised

CRS = "EPSG:4527"
KINDS = sorted(
    key.removeprefix("topology.")
    for key in catalogue()
    if key.startswith("topology.") and not key.startswith(("topology.many_", "topology.reason_"))
)
X, Y = ORIGIN


def where_of(position: int) -> Where:
    return Where(
        file="v.gpkg",
        village=f"村{position}",
        code=f"{370406100201 + position}",
        township="城头镇",
        row=position + 1,
    )


def series(*polygons: shapely.Geometry) -> gpd.GeoSeries:
    """Return polygons given in metres from the origin."""
    return gpd.GeoSeries([affinity.translate(p, X, Y) for p in polygons], crs=CRS)


def flaws(*polygons: shapely.Geometry, **options) -> list[Flaw]:
    return examine_topology(series(*polygons), where_of, **options)


def only(*polygons: shapely.Geometry, **options) -> Flaw:
    found = flaws(*polygons, **options)
    assert len(found) == 1, [flaw.fault.text("en") for flaw in found]
    return found[0]


def frame(width: float = 1000.0, hole: shapely.Geometry | None = None) -> list[shapely.Geometry]:
    """Return four villages around a hole in the middle."""
    quarters = [
        box(a * width, b * width, (a + 1) * width, (b + 1) * width) for a in (0, 1) for b in (0, 1)
    ]
    return quarters if hole is None else [q.difference(hole) for q in quarters]


def test_a_sound_map_has_no_flaw() -> None:
    assert flaws(*frame()) == []


def test_an_overlap_wider_than_the_tolerance_is_a_question() -> None:
    flaw = only(box(0, 0, 1000, 1000), box(990, 0, 2000, 1000))
    assert flaw.kind == "overlap_wide"
    assert flaw.villages == (0, 1)
    assert flaw.area_m2 == pytest.approx(10_000)
    assert flaw.width_m == pytest.approx(10, rel=0.02)
    assert [fix.kind for fix in flaw.fault.fixes] == ["accept"]
    assert "村0、村1" in flaw.fault.text("zh")
    lon, lat = flaw.fault.where.point or (0, 0)
    point = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(CRS).iloc[0]
    assert flaw.shape.distance(point) < 0.1


@pytest.mark.parametrize(
    ("width", "kind"), [(1.5, "overlap_narrow"), (0.005, "overlap_micro"), (0.0, None)]
)
def test_a_narrow_overlap_is_a_notice(width: float, kind: str | None) -> None:
    found = flaws(box(0, 0, 1000, 1000), box(1000 - width, 0, 2000, 1000))
    assert [(flaw.kind, flaw.fault.fixes) for flaw in found] == ([(kind, ())] if kind else [])


def test_the_same_polygon_twice_offers_to_leave_out_either() -> None:
    square = box(0, 0, 1000, 1000)
    flaw = only(square, square, box(1000, 0, 2000, 1000))
    assert (flaw.kind, flaw.villages) == ("duplicate", (0, 1))
    first, second, accept = flaw.fault.fixes
    assert first == ExcludeDecision(file="v.gpkg", village="370406100202")
    assert second == ExcludeDecision(file="v.gpkg", village="370406100201")
    assert isinstance(accept, AcceptDecision)


def test_a_village_inside_another_is_told_apart_from_an_overlap() -> None:
    flaw = only(box(0, 0, 1000, 1000), box(400, 400, 500, 500))
    assert flaw.kind == "inside"
    assert "100% of 村1 lies inside 村0" in flaw.fault.text("en")


@pytest.mark.parametrize(
    ("hole", "kind", "width"),
    [
        (box(800, 800, 1200, 1200), "gap_enclosed", 400.0),
        (box(500, 500, 1500, 1500), "gap_village", 1000.0),
        (box(500, 995, 1500, 1005), "gap_sliver", 10.0),
        (box(500, 999.5, 1500, 1000.5), "gap_narrow", 1.0),
        (box(500, 999.999, 1500, 1000.001), "gap_micro", 0.002),
    ],
)
def test_gaps_are_told_by_width_and_shape(hole: Polygon, kind: str, width: float) -> None:
    flaw = only(*frame(hole=hole))
    assert flaw.kind == kind
    assert flaw.villages == (0, 1, 2, 3)
    assert flaw.area_m2 == pytest.approx(hole.area, rel=1e-3)
    assert flaw.width_m == pytest.approx(width, rel=0.02)
    assert bool(flaw.fault.fixes) == (kind in ("gap_village", "gap_sliver"))


def test_a_thin_gap_is_settled_by_the_tolerance_it_proposes() -> None:
    villages = frame(hole=box(500, 995, 1500, 1005))
    fix = only(*villages).fault.fixes[0]
    assert isinstance(fix, ContiguityDecision)
    assert fix.gap_tolerance_m is not None
    after = only(*villages, gap_tolerance_m=fix.gap_tolerance_m)
    assert (after.kind, after.fault.fixes) == ("gap_narrow", ())


def test_a_gap_open_to_the_outside_is_found_up_to_the_tolerance() -> None:
    pair = box(0, 0, 1000, 1000), box(1001, 0, 2000, 1000)
    flaw = only(*pair)
    assert (flaw.kind, flaw.villages) == ("gap_open", (0, 1))
    assert flaw.area_m2 == pytest.approx(1000, rel=0.01)
    assert flaw.width_m == pytest.approx(1, rel=0.02)
    assert {f.kind for f in flaws(*pair, gap_tolerance_m=0.5)} == {"isolated"}


def test_a_notch_in_the_outline_of_one_village_is_no_gap() -> None:
    notched = box(0, 0, 1000, 1000).difference(box(500, 500, 501, 1000))
    assert flaws(notched, box(1000, 0, 2000, 1000)) == []


def test_an_island_village_is_no_part_of_the_lake() -> None:
    lake = box(500, 500, 1500, 1500)
    island = box(900, 900, 1100, 1100)
    found = {flaw.kind: flaw for flaw in flaws(*frame(hole=lake), island)}
    assert set(found) == {"gap_village", "isolated"}
    assert found["gap_village"].area_m2 == pytest.approx(lake.area - island.area)
    assert "400 m away" in found["isolated"].fault.text("en")


def test_vertices_that_a_neighbour_lacks_are_a_mismatch() -> None:
    found = flaws(box(0, 0, 1000, 1000), box(1000, -500, 2000, 500))
    assert [(flaw.kind, flaw.villages) for flaw in found] == [
        ("mismatch", (0,)),
        ("mismatch", (1,)),
    ]
    assert shapely.intersects(found[0].shape, Point(X + 1000, Y + 250))


def test_parts_by_size_and_place() -> None:
    host = box(2000, 0, 4000, 1000)
    exclave = box(2900, 400, 3100, 600)
    village = MultiPolygon(
        [box(0, 0, 1000, 1000), exclave, box(0, 5000, 300, 5300), box(0, 6000, 20, 6020)]
    )
    sliver = MultiPolygon([box(0, 8000, 900, 9000), box(950, 8000, 951, 9000)])
    found = flaws(village, host.difference(exclave), sliver, box(1000, 0, 2000, 1000))
    kinds = {flaw.kind: flaw for flaw in found if flaw.kind != "isolated"}
    assert set(kinds) == {"exclave_inside", "exclave", "part_tiny", "part_sliver"}
    assert kinds["exclave_inside"].shape.area == pytest.approx(exclave.area)
    assert "村1" in kinds["exclave_inside"].fault.text("zh")
    assert kinds["exclave"].area_m2 == pytest.approx(90_000)


def test_a_village_that_is_a_scrap_may_be_left_out() -> None:
    flaw = only(box(0, 0, 1000, 1000), box(1000, 0, 1000.8, 1000))
    assert (flaw.kind, flaw.villages) == ("sliver", (1,))
    assert isinstance(flaw.fault.fixes[0], ExcludeDecision)


def test_a_village_off_its_township_is_a_question() -> None:
    row = [box(i * 1000, 0, (i + 1) * 1000, 1000) for i in range(5)]
    flaw = only(*row, townships=["甲", "甲", "乙", "乙", "甲"])
    assert (flaw.kind, flaw.villages) == ("detached", (4,))
    assert flaw.fault.params["beside"] == "乙"


def test_a_village_outside_the_polygon_of_its_township_is_a_question() -> None:
    row = [box(i * 1000, 0, (i + 1) * 1000, 1000) for i in range(3)]
    polygons = series(box(0, 0, 2000, 1000), box(2000, 0, 3000, 1000)).set_axis(["甲", "乙"])
    found = only(*row, townships=["甲", "甲", "甲"], township_shapes=polygons)
    assert (found.kind, found.villages) == ("outside_township", (2,))
    assert "“乙”" in found.fault.text("zh")
    assert flaws(*row, townships=["甲", "甲", "乙"], township_shapes=polygons) == []


def test_invalid_rings_are_told_with_reason_and_place_from_before_the_repair() -> None:
    bow = Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    found = [f for f in flaws(bow, box(1000, 0, 2000, 1000)) if f.kind == "invalid"]
    assert len(found) == 1
    assert "边界线自相交" in found[0].fault.text("zh")
    assert (found[0].shape.x - X, found[0].shape.y - Y) == pytest.approx((500, 500))
    square = series(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000))
    raw = series(bow, box(1000, 0, 2000, 1000)).to_crs(4490)
    (flaw,) = examine_topology(square, where_of, original=raw)
    assert (flaw.shape.x - X, flaw.shape.y - Y) == pytest.approx((500, 500), abs=1)


def test_a_spike_is_found_at_its_tip() -> None:
    spiked = Polygon([(0, 0), (1000, 0), (1000, 500), (1500, 500.5), (1000, 501), (0, 1000)])
    flaw = only(spiked, box(-1000, 0, 0, 1000))
    assert flaw.kind == "spike"
    assert shapely.get_coordinates(flaw.shape)[0] == pytest.approx((X + 1500, Y + 500.5))


def test_missing_and_empty_polygons_are_left_out() -> None:
    geometry = gpd.GeoSeries([*series(*frame()), None, Polygon()], crs=CRS)
    assert examine_topology(geometry, where_of, townships=["甲"] * 6) == []


@pytest.mark.parametrize("crs", [None, 4490, 2277])
def test_only_metres_are_examined(crs: int | None) -> None:
    geometry = gpd.GeoSeries(frame(), crs=crs)
    with pytest.raises(ValueError, match="metres"):
        examine_topology(geometry, where_of)


def test_the_order_of_the_villages_does_not_matter() -> None:
    villages = [*frame(hole=box(500, 999.5, 1500, 1000.5)), box(1999, 0, 3000, 1000)]
    order = [3, 0, 4, 2, 1]
    straight = flaws(*villages)
    turned = flaws(*(villages[i] for i in order))
    assert sorted((f.kind, sorted(f.villages), round(f.area_m2, 6)) for f in straight) == sorted(
        (f.kind, sorted(order[i] for i in f.villages), round(f.area_m2, 6)) for f in turned
    )


def test_many_flaws_of_a_kind_are_one_sentence_with_one_answer() -> None:
    strips = [
        part
        for k in range(30)
        for part in frame(hole=box(500, 995, 1500, 1005))
        for part in [affinity.translate(part, 0, 3000 * k)]
    ]
    found = flaws(*strips)
    assert len([f for f in found if f.kind == "gap_sliver"]) == 30
    (told,) = summarised(found, Where(file="v.gpkg"))
    assert told.params["count"] == 30
    assert told.fixes[0] == ContiguityDecision(gap_tolerance_m=10.0)
    assert isinstance(told.fixes[-1], AcceptDecision)
    assert told.text("en").startswith("file v.gpkg: 30 thin gaps")
    after = flaws(*strips, gap_tolerance_m=10.0)
    assert not any(fault.fixes for fault in summarised(after, Where(file="v.gpkg")))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_told_of_many(kind: str) -> None:
    assert f"topology.many_{kind}" in catalogue()


def test_every_kind_is_described() -> None:
    assert [kind for kind in KINDS if f"``{kind}``" not in (examine_topology.__doc__ or "")] == []


def layer(path, crs=None) -> gpd.GeoDataFrame:
    frame = gpd.read_file(path)
    return frame if crs is None else frame.to_crs(crs)


def counts(found: list[Flaw]) -> dict[str, int]:
    kinds, number = np.unique([flaw.kind for flaw in found], return_counts=True)
    return dict(zip(kinds.tolist(), number.tolist(), strict=True))


def test_the_712_gaps_of_sikkim_are_rounding(shared) -> None:
    # The number holds for UTM zone 45N; in EPSG:7755 the same file has 373.
    layer_ = layer(shared / "dirty" / "sikkim_villages.geojson", 32645)
    found = counts(examine_topology(layer_.geometry, where_of))
    surrounded = sum(
        n for kind, n in found.items() if kind.startswith("gap_") and "open" not in kind
    )
    assert surrounded == 712
    assert (found["gap_micro"], found["gap_village"], found["gap_enclosed"]) == (708, 2, 2)
    assert found["isolated"] == 87


def test_the_111_micro_gaps_of_tlaxcala(shared) -> None:
    path = shared / "dirty" / "tlaxcala_municipalities.gpkg"
    found = counts(examine_topology(layer(path).geometry, where_of))
    assert found == {"gap_micro": 111, "overlap_micro": 5, "exclave": 2}


def test_the_counties_of_zibo_have_seven_invalid_rings(shared) -> None:
    raw = layer(shared / "dirty" / "shan1_dong1_zi1_bo2.geojson")
    found = examine_topology(raw.to_crs(4548).geometry, where_of, original=raw.geometry)
    assert counts(found)["invalid"] == 7
