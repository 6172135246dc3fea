"""Enterprises, parks and sites: lists and layers read, located, counted; from the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from builders import ORIGIN, village_table
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from shapely import LineString, Point, box
from typer.testing import CliRunner

from liancun_geo.agreements import rule_arguments
from liancun_geo.cli import build_app
from liancun_geo.decisions import CrsDecision
from liancun_geo.errors import DataError, Fault, SettingsError, warning
from liancun_geo.intake.places import read_places
from liancun_geo.places import PLACE_KINDS
from liancun_geo.settings import parse_settings
from liancun_geo.villages import VillageTable

CRS = "EPSG:4527"
X, Y = ORIGIN
CODES = village_table(9).frame["code"].tolist()
HEADER = ("名称", "类别", "产业", "村代码", "乡镇", "村名", "经度", "纬度")


def degrees(x: float, y: float) -> tuple[float, float]:
    (point,) = gpd.GeoSeries([Point(x, y)], crs=CRS).to_crs("EPSG:4490")
    return point.x, point.y


def book(folder: Path, *rows: tuple[Any, ...], header: tuple[str, ...] = HEADER) -> str:
    file = openpyxl.Workbook()
    sheet = file.active
    assert sheet is not None
    for row in (header, *rows):
        sheet.append(row)
    file.save(folder / "places.xlsx")
    return "places.xlsx"


def layer(path: Path, *shapes: Any, crs: str | None = CRS, **columns: Any) -> str:
    values = {"名称": [f"甲{i}" for i in range(len(shapes))], "类别": ["企业"] * len(shapes)}
    gpd.GeoDataFrame(values | columns, geometry=list(shapes), crs=crs or CRS).to_file(path)
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path.name


def read(
    folder: Path,
    *files: str,
    villages: VillageTable | None = None,
    decisions: Any = (),
    **settings: Any,
) -> VillageTable:
    tables = {"data": {"places": list(files)}, "places": settings}
    chosen = parse_settings(tables).deciding(decisions)
    return read_places(chosen, folder, villages or village_table(9))


def refused(folder: Path, *files: str, **more: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(folder, *files, **more)
    for fault in caught.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in caught.value.faults if fault.severity == "error"]


def keys(faults: tuple[Fault, ...]) -> list[str]:
    for fault in faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in faults]


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


# --- faults ---------------------------------------------------------------------------------


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


# --- rules ----------------------------------------------------------------------------------


def classes(villages: VillageTable, *rules: dict[str, str], **more: Any) -> Any:
    chosen = parse_settings({"rules": {"each_with": list(rules), **more}}).rules
    zones = villages.frame["township_code"].tolist()
    return rule_arguments(villages, chosen, zones)[0].get("classes")


def test_every_alliance_with_an_industry_a_place_or_such_an_enterprise(tmp_path: Path) -> None:
    rows = [
        ("甲", "企业", "林果", CODES[1], None, None, None, None),
        ("乙", "企业", "电商", CODES[2], None, None, None, None),
        ("丙", "园区", None, CODES[3], None, None, None, None),
    ]
    villages = read(
        tmp_path,
        book(tmp_path, *rows),
        villages=village_table(
            4, industries=[("林果",), ("粮食",), (), ("林果",)], enterprises=[(), None, None, ()]
        ),
    )
    asked = (
        {"industry": "林果"},
        {"place": "park"},
        {"place": "enterprise"},
        {"enterprise_of": "林果"},
    )
    found = classes(villages, *asked, each_with_enterprise=True)
    assert found.T.astype(int).tolist() == [
        [0, 1, 1, 0],
        [1, 0, 0, 1],
        [0, 0, 0, 1],
        [0, 1, 1, 0],
        [0, 1, 0, 0],
    ]
    with pytest.raises(DataError) as caught:
        classes(villages, {"industry": "茶叶"}, {"place": "community"}, {"enterprise_of": "茶叶"})
    told = [fault.text("zh") for fault in caught.value.faults]
    assert len(told) == 3
    assert "有“茶叶”产业的村" in told[0]
    assert "有城市社区的村" in told[1]
    assert all(fault.text("en") for fault in caught.value.faults)
    unknown = village_table(2, industries=[("林果",), None])
    with pytest.raises(DataError) as caught:
        classes(unknown, {"industry": "林果"})
    assert [fault.key for fault in caught.value.faults] == ["plan.amount_missing"]


@pytest.mark.parametrize("entry", [{}, {"industry": "林果", "place": "park"}])
def test_a_rule_says_exactly_one_thing(entry: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"rules": {"each_with": [entry]}})
    assert [fault.key for fault in caught.value.faults] == ["places.with_rule"]


def test_kinds_have_names() -> None:
    from liancun_geo.messages import message

    assert [message(f"places.kind_{kind}") for kind in PLACE_KINDS] == [
        "企业",
        "园区",
        "机构",
        "回迁安置点",
        "城市社区",
    ]


# --- from the command line to verifying -----------------------------------------------------


def small_county(folder: Path) -> tuple[str, str]:
    """Write boundaries and ledger of six villages that grow vegetables."""
    frame = village_table(6).frame
    names = {"code": "村代码", "name": "村名", "township": "乡镇"}
    frame[[*names, "geometry"]].rename(columns=names).to_file(folder / "villages.gpkg")
    ledger = pd.DataFrame(
        {
            "村代码": frame["code"],
            "村名": frame["name"],
            "户籍人口（人）": [900, 800, 700, 600, 500, 400],
            "党员数（人）": [30] * 6,
            "村集体经营性收入（万元）": [12, 11, 10, 9, 8, 7],
            "产业": ["蔬菜"] * 6,
            "企业": ["无"] * 6,
        }
    )
    ledger.to_excel(folder / "ledger.xlsx", index=False)
    return str(folder / "villages.gpkg"), str(folder / "ledger.xlsx")


def test_a_plan_with_places_from_the_command_line_to_verifying(tmp_path: Path) -> None:
    boundaries, ledger = small_county(tmp_path)
    settings = tmp_path / "settings.toml"
    text = "[rules]\nmin_size = 3\nmax_size = 3\n[places]\nover_ledger = true\n"
    settings.write_text(text, encoding="utf-8")
    elsewhere = tmp_path / "lists"
    elsewhere.mkdir()
    row = ("示例蔬菜公司", "企业", "蔬菜", CODES[3], None, None, None, None)
    places = elsewhere / book(elsewhere, row)
    runner, app, out = CliRunner(), build_app("zh"), tmp_path / "out"
    options = ["--ledger", ledger, "--settings", str(settings), "--places", str(places)]
    told = runner.invoke(app, ["plan", boundaries, *options, "--out", str(out)])
    assert told.exit_code == 0, told.output
    assert "核心企业：示例蔬菜公司" in told.output
    assert "以清单为准" in told.output
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    (source,) = [s for s in document["sources"] if s["role"] == "places"]
    assert Path(source["path"]).name == "places.xlsx"
    assert document["settings"]["data"]["places"] == ["lists/places.xlsx"]
    (one,) = [a for a in document["alliances"] if CODES[3] in (a["lead"], *a["members"])]
    assert [p["name"] for p in one["places"]] == ["示例蔬菜公司"]
    assert one["type"]["id"] == "village_enterprise"
    assert one["core_enterprise"]["village"] == CODES[3]
    assert one["party_body"]["kind"] == "general_branch"
    (other,) = [a for a in document["alliances"] if a is not one]
    assert (other["type"]["id"], other["core_enterprise"]) == ("mutual_help", None)
    workbook = pd.read_excel(out / "alliances.xlsx", sheet_name="一览表", header=2, dtype=str)
    (row_of,) = workbook[workbook["片区编号"] == one["id"]].to_dict("records")
    assert (row_of["类型"], row_of["党组织"]) == ("村企联建型", "党总支（待确认）")
    assert "示例蔬菜公司" in row_of["核心企业"]
    assert "示例蔬菜公司" in row_of["类型依据"]
    territory = gpd.read_file(out / "alliances.geojson").set_index("alliance_id")
    assert territory.alliance_type[one["id"]] == "村企联建型"
    assert territory.core_enterprise[one["id"]] == "示例蔬菜公司"
    listed = pd.read_csv(out / "assignment.csv", dtype=str)
    assert listed.set_index("code").alliance_type[CODES[3]] == "村企联建型"
    verified = runner.invoke(app, ["verify", str(out / "plan.json")])
    assert verified.exit_code == 0, verified.output
    book(elsewhere, (*row[:2], "粮食", *row[3:]))
    changed = runner.invoke(app, ["verify", str(out / "plan.json")])
    assert changed.exit_code != 0
    assert "places.xlsx" in changed.output
