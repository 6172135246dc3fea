"""Faults in lists of places, told all at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders import village_table
from places_cases import CODES, CRS, X, Y, book, degrees, keys, layer, read, refused
from shapely import LineString, Point

from liancun_geo.decisions import CrsDecision
from liancun_geo.errors import DataError, warning
from liancun_geo.intake.places import read_places
from liancun_geo.settings import parse_settings


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    far = degrees(X + 500, Y - 900)
    code = CODES[0]
    name = book(
        tmp_path,
        (None, "企业", None, code, None, None, None, None),
        ("无类别", None, None, code, None, None, None, None),
        ("怪类别", "什么", None, code, None, None, None, None),
        ("代码错", "企业", None, "370499999999", None, None, None, None),
        ("代码坏", "企业", None, "3.70E+11", None, None, None, None),
        ("村名错", "企业", None, None, "镇100", "没有村", None, None),
        ("乡镇错", "企业", None, None, "哪个镇", "村1", None, None),
        ("没位置", "企业", None, None, None, None, None, None),
        ("半个点", "企业", None, None, None, None, 117.5, None),
        ("填反了", "企业", None, None, None, None, 35.0, 117.5),
        ("太远", "企业", None, None, None, None, *far),
        ("读不出", "企业", None, None, None, None, "东边", 35.0),
    )
    layer(tmp_path / "nowhere.shp", Point(X, Y), crs=None)
    layer(tmp_path / "far.gpkg", Point(X + 9e4, Y))
    (tmp_path / "odd.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    found = refused(tmp_path, name, "nowhere.shp", "far.gpkg", "odd.csv", "gone.xlsx")
    assert found == [
        "places.no_name",
        "places.no_kind",
        "places.kind_unknown",
        "intake.code_damaged",
        "places.half_a_point",
        "places.not_degrees",
        "places.unreadable",
        "places.code_unknown",
        "places.village_unknown",
        "places.township_unknown",
        "places.no_location",
        "places.too_far",
        "layers.crs_which_beside",
        "places.all_elsewhere",
        "places.no_header",
        "intake.not_found",
    ]


def test_a_name_in_two_townships_is_a_question(tmp_path: Path) -> None:
    villages = village_table(
        2, name="东村", township=["甲镇", "乙镇"], township_code=["370406100", "370406101"]
    )
    row = ("厂", "企业", None, None, None, "东村", None, None)
    assert refused(tmp_path, book(tmp_path, row), villages=villages) == ["places.village_ambiguous"]
    said = (*row[:4], "乙镇", *row[5:])
    assert read(tmp_path, book(tmp_path, said), villages=villages).places[0].village == 1


def test_a_place_of_a_village_that_is_not_planned_is_left_aside(tmp_path: Path) -> None:
    from liancun_geo.errors import Where

    villages = replace(
        village_table(9), excluded=(warning("names.village_excluded", Where(code="9")),)
    )
    found = read(
        tmp_path, book(tmp_path, ("甲", "企业", None, "9", *[None] * 4)), villages=villages
    )
    assert found.places == ()
    assert "places.village_excluded" in keys(found.warnings)


def test_words_and_headers_can_be_named(tmp_path: Path) -> None:
    row = ("甲社", "合作社", CODES[0])
    name = book(tmp_path, row, header=("字号", "性质", "村代码"))
    assert refused(tmp_path, name) == ["places.no_header"]
    fields = {"name": "字号", "kind": "性质"}
    assert refused(tmp_path, name, fields=fields) == ["places.kind_unknown"]
    found = read(tmp_path, name, fields=fields, kinds={"合作社": "enterprise"})
    assert found.places[0].kind == "enterprise"
    twice = book(tmp_path, (*row[:2], "x", row[2]), header=("名称", "类别", "类型", "村代码"))
    assert refused(tmp_path, twice) == ["places.headers_ambiguous"]


def test_a_missing_crs_can_be_decided(tmp_path: Path) -> None:
    name = layer(tmp_path / "p.shp", Point(X + 500, Y + 500), crs=None)
    settings = parse_settings({"data": {"places": [name]}})
    with pytest.raises(DataError) as caught:
        read_places(settings, tmp_path, village_table(9))
    (fault,) = [one for one in caught.value.faults if one.fixes]
    proposed = fault.fixes[0]
    assert isinstance(proposed, CrsDecision)
    decision = proposed.model_copy(update={"confirmed": True})
    assert decision.crs == CRS
    found = read(tmp_path, name, decisions=[decision])
    assert found.places[0].village == 0
    assert "decisions.applied" in keys(found.warnings)


def test_lines_are_located_and_told(tmp_path: Path) -> None:
    line = LineString([(X + 100, Y + 100), (X + 200, Y + 200)])
    assert "places.not_points" in keys(read(tmp_path, layer(tmp_path / "p.gpkg", line)).warnings)


def test_without_files_nothing_is_read() -> None:
    villages = village_table(9)
    assert read_places(parse_settings({}), "nowhere", villages) is villages
