"""Enterprises, parks and sites: lists and layers read, located, counted; from the command line."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from builders import village_table
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from places_cases import CODES, CRS, X, Y, book, degrees, keys, layer, read, refused
from shapely import Point, box

# --- where a place is -----------------------------------------------------------------------


def test_rows_are_located_by_code_by_name_and_by_point(tmp_path: Path) -> None:
    inside, outside = degrees(X + 1500, Y + 500), degrees(X + 500, Y - 200)
    name = book(
        tmp_path,
        ("甲公司", "企业", "林果、电商", CODES[4], None, None, None, None),
        ("乙园", "园区", None, None, "镇100", "村2", None, None),
        ("丙校", "学校", "无", None, None, "村3", None, None),
        ("丁小区", "回迁小区", None, None, None, None, *inside),
        ("戊社区", "社区", None, None, None, None, *outside),
        ("合计", 5, None, None, None, None, None, None),
    )
    found = read(tmp_path, name)
    told = [(p.name, p.kind, p.village, p.how, p.industries) for p in found.places]
    assert told == [
        ("甲公司", "enterprise", 4, "code", ("林果", "电商")),
        ("乙园", "park", 2, "name", None),
        ("丙校", "institution", 3, "name", ()),
        ("丁小区", "resettlement", 1, "inside", None),
        ("戊社区", "community", 0, "near", None),
    ]
    assert found.places[4].distance_m == pytest.approx(200, abs=0.01)
    assert found.places[3].point == pytest.approx((X + 1500, Y + 500), abs=0.01)
    assert keys(found.warnings).count("places.near") == 1
    (summary,) = [f for f in found.warnings if f.key == "places.read"]
    assert dict(summary.params) == {"count": 5, "code": 1, "name": 2, "inside": 1, "near": 1}
    (source,) = found.sources
    assert (source.role, Path(source.path).name, len(source.sha256)) == ("places", name, 64)


@pytest.mark.parametrize("file", ["p.gpkg", "p.geojson", "p.shp"])
def test_points_of_a_layer_are_located_in_any_crs(tmp_path: Path, file: str) -> None:
    crs = "EPSG:4490" if file.endswith("json") else CRS
    shapes = gpd.GeoSeries([Point(X + 2500, Y + 2500), Point(X + 9e4, Y)], crs=CRS).to_crs(crs)
    name = layer(tmp_path / file, *shapes, crs=crs, 产业=["林果", None])
    found = read(tmp_path, name)
    (place,) = found.places
    assert (place.village, place.how, place.industries) == (8, "inside", ("林果",))
    assert "places.elsewhere" in keys(found.warnings)
    assert found.frame["enterprises"].iloc[8] == ("甲0",)


def test_a_list_of_text_is_read_in_gbk_too(tmp_path: Path) -> None:
    text = f"企业名称,村代码,行业\n甲公司,{CODES[1]},林果\n"
    (tmp_path / "p.csv").write_bytes(text.encode("gb18030"))
    found = read(tmp_path, "p.csv")
    assert [(p.name, p.kind, p.industries) for p in found.places] == [
        ("甲公司", "enterprise", ("林果",))
    ]
    assert "intake.encoding_detected" in keys(found.warnings)


def test_names_are_matched_in_their_usual_forms(tmp_path: Path) -> None:
    villages = village_table(3, name=["王家村", "李家村", "东河岔村"], township="城头镇")
    rows = [("甲", "企业", None, None, "城头", "王家村民委员会", None, None)]
    assert read(tmp_path, book(tmp_path, *rows), villages=villages).places[0].village == 0
    wrong = [("甲", "企业", None, None, "城头镇", "西河岔村", None, None)]
    assert refused(tmp_path, book(tmp_path, *wrong), villages=villages) == [
        "places.village_unknown"
    ]


def test_a_point_on_a_border_belongs_to_the_first_village(tmp_path: Path) -> None:
    name = layer(tmp_path / "p.gpkg", Point(X + 1000, Y + 1000))
    assert read(tmp_path, name).places[0].village == 0


def test_a_stated_village_goes_before_coordinates_that_contradict_it(tmp_path: Path) -> None:
    far = degrees(X + 2500, Y + 2500)
    close = degrees(X + 1100, Y + 500)
    rows = [
        ("甲", "企业", None, CODES[0], None, None, *far),
        ("乙", "企业", None, CODES[0], None, None, *close),
    ]
    found = read(tmp_path, book(tmp_path, *rows))
    assert [(p.village, p.how, p.point is None) for p in found.places] == [
        (0, "code", True),
        (0, "code", False),
    ]
    assert keys(found.warnings).count("places.point_in_other") == 1


def test_polygons_count_by_a_point_inside(tmp_path: Path) -> None:
    park = box(X + 100, Y + 100, X + 900, Y + 900)
    found = read(tmp_path, layer(tmp_path / "p.gpkg", park, 类别=["产业园"]))
    assert (found.places[0].village, found.places[0].kind) == (0, "park")
    assert "places.not_points" in keys(found.warnings)


@limits(max_examples=15, deadline=None)
@given(
    x=st.floats(-800, 3800, allow_nan=False),
    y=st.floats(-800, 3800, allow_nan=False),
    tolerance=st.sampled_from([0.0, 100.0, 500.0]),
)
def test_the_nearest_village_within_the_tolerance(
    tmp_path_factory: pytest.TempPathFactory, x: float, y: float, tolerance: float
) -> None:
    folder = tmp_path_factory.mktemp("p")
    point = Point(X + x, Y + y)
    name = layer(folder / "p.gpkg", point, Point(X + 1, Y + 1), 名称=["甲", "乙"])
    shapes = village_table(9).frame.geometry.tolist()
    distances = [shape.distance(point) for shape in shapes]
    found = read(folder, name, tolerance_m=tolerance)
    mine = [place for place in found.places if place.name == "甲"]
    assert bool(mine) == (min(distances) <= tolerance)
    for place in mine:
        assert distances[place.village] == min(distances)
        assert place.distance_m == pytest.approx(min(distances))


# --- what it adds to the villages -----------------------------------------------------------


def test_places_extend_the_ledger_and_never_overrule_it_in_silence(tmp_path: Path) -> None:
    villages = village_table(
        9,
        enterprises=[None, ("老厂",), (), *[None] * 6],
        resettlement=[None, False, True, *[None] * 6],
    )
    before = villages.frame.copy(deep=True)
    rows = [(f"企{i}", "企业", None, CODES[i], None, None, None, None) for i in (0, 1, 2)] + [
        (f"区{i}", "安置区", None, CODES[i], None, None, None, None) for i in (0, 1, 2)
    ]
    name = book(tmp_path, *rows)
    found = read(tmp_path, name, villages=villages)
    assert villages.frame.equals(before)
    assert found.frame["enterprises"].tolist()[:3] == [("企0",), ("老厂", "企1"), ()]
    assert found.frame["resettlement"].tolist()[:3] == [True, False, True]
    assert [place.counted for place in found.places] == [True, True, False, True, False, True]
    told = keys(found.warnings)
    assert told.count("places.against_ledger_enterprise") == 1
    assert told.count("places.against_ledger_resettlement") == 1
    assert {"places.added_enterprise", "places.added_resettlement"} <= set(told)
    over = read(tmp_path, name, villages=villages, over_ledger=True)
    assert over.frame["enterprises"].iloc[2] == ("企2",)
    assert over.frame["resettlement"].tolist()[:3] == [True, True, True]
    assert all(place.counted for place in over.places)
    assert "places.over_ledger_enterprise" in keys(over.warnings)
    complete = read(tmp_path, name, villages=villages, complete=["enterprise", "resettlement"])
    assert complete.frame["enterprises"].tolist()[3:] == [()] * 6
    assert complete.frame["resettlement"].tolist()[3:] == [False] * 6


def test_a_place_listed_twice_counts_once(tmp_path: Path) -> None:
    row = ("甲", "企业", "林果", CODES[0], None, None, None, None)
    name = book(tmp_path, row, (*row[:2], "电商", *row[3:]), (*row[:3], CODES[1], *row[4:]))
    found = read(tmp_path, name)
    assert [(p.village, p.industries) for p in found.places] == [
        (0, ("林果", "电商")),
        (1, ("林果",)),
    ]
    assert keys(found.warnings).count("places.repeated") == 1
