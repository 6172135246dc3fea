"""What is written reads back as the same plan, in every format."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from scenarios import RARE_NAMES, excluded_village, scenario, table, two_part_square

from liancun_geo.check import Violation
from liancun_geo.errors import DataError, error
from liancun_geo.output import (
    write_assignment_csv,
    write_geojson,
    write_geopackage,
    write_plan,
    write_plan_file,
    write_shapefile,
    write_workbook,
)
from liancun_geo.output.layers import alliance_layer, link_layer, village_layer
from liancun_geo.output.roster import roster
from liancun_geo.scenario import Scenario
from liancun_geo.villages import FIELDS, Source

NAMES = (
    "alliances.xlsx",
    "plan.gpkg",
    "plan_shapefile.zip",
    "alliances.geojson",
    "villages.geojson",
    "assignment.csv",
    "plan.json",
)
DATE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
WRITERS = [
    write_assignment_csv,
    write_geopackage,
    write_shapefile,
    write_workbook,
    write_geojson,
    write_plan,
]


def assignment(s: Scenario) -> dict[str, tuple[str, str, str]]:
    """Return code -> (name, alliance, role) of every village of the plan."""
    return {row.code: (row.name, row.alliance_id, row.role) for row in roster(s, "zh")}


def from_layer(frame: gpd.GeoDataFrame, **names: str) -> dict[str, tuple[str, str, str]]:
    def column(name: str) -> list[str]:
        return frame[names.get(name, name)].fillna("").tolist()

    rows = zip(column("name"), column("alliance_id"), column("role"), strict=True)
    return dict(zip(column("code"), rows, strict=True))


def test_pack_is_complete_and_stays_in_its_folder(tmp_path: Path) -> None:
    before = tmp_path / "out" / "notes.txt"
    before.parent.mkdir()
    before.write_text("mine")
    written = write_plan(scenario(), tmp_path / "out")
    assert [path.name for path in written] == list(NAMES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*NAMES, "notes.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert before.read_text() == "mine"


def test_same_plan_and_date_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_plan(scenario(), tmp_path / folder, created=DATE)
    for name in NAMES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_source_date_epoch_is_the_default_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    path = write_plan_file(scenario(), tmp_path / "p.json")
    assert json.loads(path.read_text("utf-8"))["created"] == "1970-01-02T00:00:00Z"
    # A zip file knows no date before 1980, and that must not stop the pack.
    write_plan(scenario(), tmp_path / "pack")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(DataError, match="yesterday"):
        write_plan_file(scenario(), tmp_path / "p.json")


def test_geopackage_round_trip(tmp_path: Path) -> None:
    s = scenario()
    path = write_geopackage(s, tmp_path / "plan.gpkg")
    layers = dict(pyogrio.list_layers(path))
    assert [name for name, kind in layers.items() if kind] == ["villages", "alliances", "links"]
    villages = gpd.read_file(path, layer="villages")
    assert villages.crs == s.villages.frame.crs
    assert from_layer(villages) == assignment(s)
    assert list(villages.columns[: len(FIELDS)]) == list(FIELDS)
    assert villages["code"].str.startswith("0370").all()
    assert villages["industries"].iloc[0] == "林果、粮食"
    assert villages["industries"].iloc[2] == ""
    assert villages["industries"].isna().tolist() == [False] * 3 + [True] + [False] * 5
    assert villages["weak_organisation"].tolist()[:2] == [True, False]
    assert villages["weak_organisation"].isna().tolist() == [False, False, True] + [False] * 6
    assert villages["reason"].notna().tolist() == [role == "unassigned" for role in villages.role]
    types = dict(
        zip(
            pyogrio.read_info(path, layer="villages")["fields"],
            pyogrio.read_info(path, layer="villages")["ogr_types"],
            strict=True,
        )
    )
    assert types["population_registered_persons"] == "OFTInteger64"
    assert types["collective_income_wan_yuan"] == "OFTReal"
    assert types["code"] == "OFTString"


def test_alliances_are_the_union_of_their_villages(tmp_path: Path) -> None:
    shapes = table().frame.geometry.tolist()
    shapes[0] = two_part_square(0)
    s = scenario(villages=table(geometry=shapes))
    path = write_geopackage(s, tmp_path / "plan.gpkg")
    alliances = gpd.read_file(path, layer="alliances").set_index("alliance_id")
    for alliance in s.alliances:
        union = shapely.union_all([shapes[v] for v in alliance.villages])
        territory = alliances.geometry[alliance.id]
        assert shapely.equals(territory, union)
        assert alliances.area_km2[alliance.id] == pytest.approx(union.area / 1e6)
        assert alliances.villages[alliance.id] == len(alliance.villages)


def test_totals_count_the_missing_and_never_turn_them_into_zero() -> None:
    layer = alliance_layer(scenario()).set_index("alliance_id")
    first, second = layer.loc["A001"], layer.loc["A002"]
    assert first.population_registered_persons == 100 + 101 + 102
    assert first.population_registered_persons_missing == 0
    assert second.population_registered_persons == 103 + 104 + 105 + 106
    assert second.population_registered_persons_missing == 1
    assert np.isnan(first.collective_income_wan_yuan)
    assert first.collective_income_wan_yuan_missing == 3
    assert second.collective_income_wan_yuan == pytest.approx(1.5 + 2.25 + 7.0 + 9.0)
    assert second.collective_income_wan_yuan_missing == 1
    assert first.households == 61
    assert first.households_missing == 1
    assert layer["population_resident_persons"].isna().all()
    noisy = alliance_layer(scenario(villages=table(arable_land_mu=[0.1, 0.2] + [None] * 7)))
    assert noisy.arable_land_mu.iloc[0] == 0.3
    assert first.industries == "林果、粮食"
    assert first.industries_missing == 0
    assert second.industries_missing == 1


def test_links_run_inside_and_carry_the_cost_of_the_problem() -> None:
    s = scenario()
    links = link_layer(s)
    shapes = s.villages.frame.set_index("code").geometry
    assert len(links) == sum(len(a.members) for a in s.alliances)
    for link in links.itertuples():
        start, end = (shapely.Point(at) for at in link.geometry.coords)
        assert shapes[link.lead_code].contains(start)
        assert shapes[link.member_code].contains(end)
        assert link.distance_m == pytest.approx(link.geometry.length)
    costs = s.problem.zones[0].pair_cost
    pairs = [(a.lead, m) for a in s.alliances for m in a.members]
    assert links.pair_cost.tolist() == [costs[pair] for pair in pairs]
    neighbours = {tuple(edge) for edge in s.contiguity.edges.tolist()}
    assert links.shared_border_m.notna().tolist() == [
        tuple(sorted(pair)) in neighbours for pair in pairs
    ]


def test_the_table_is_not_changed() -> None:
    s = scenario()
    before = s.villages.frame.copy(deep=True)
    village_layer(s, "zh"), alliance_layer(s), link_layer(s)
    assert s.villages.frame.equals(before)
    assert s.villages.frame.dtypes.equals(before.dtypes)


def cells(path: Path) -> dict[str, list[list[Any]]]:
    # Values as programs see them that calculate nothing.
    book = openpyxl.load_workbook(path, data_only=True)
    return {sheet.title: [[c.value for c in row] for row in sheet.iter_rows()] for sheet in book}


def test_workbook_round_trip(tmp_path: Path) -> None:
    s = replace(scenario(), unassigned=(*scenario().unassigned, excluded_village()))
    path = write_workbook(s, tmp_path / "a.xlsx")
    sheets = cells(path)
    assert list(sheets) == (
        [
            "一览表",
            "示例镇",
            "村名单",
            "暂不入片",
            "效益与负担",
            "方案质量",
            "数据质量",
            "设置",
            "说明",
        ]
    )
    assert ",".join(sheets["一览表"][2]).replace("\n", "") == (
        "片区编号,片区名称,乡镇,领建村,领建村代码,联建村,村数,人口（人）,党员（人）,产业,集体收入（万元）,"
        "类型,类型依据,为何由该村领建,党组织,核心企业,说明"
    )
    first, second, total = sheets["一览表"][3:]
    assert first[:8] == (
        ["A001", "㐂庄片区", "示例镇", "㐂庄", "037040610000", "𠮷沟、a\"b'c,d", 3, 303]
    )
    assert first[10] in (None, "")
    assert first[11] == "未定"
    assert first[12].startswith("现有数据定不出类型")
    assert first[13].startswith("领建能力得分")
    assert first[14] == "不详"
    assert first[15] is None
    assert "3 村的集体收入未填" in first[16]
    assert second[10] == pytest.approx(19.75)
    assert total[6:8] == [8, first[7] + second[7]]
    roles = {"lead": "领建村", "member": "联建村", "unassigned": "暂不入片"}
    assert {row[0]: (row[1], row[3] or "", row[5]) for row in sheets["村名单"][1:]} == {
        code: (name, alliance, roles[role])
        for code, (name, alliance, role) in assignment(s).items()
    }
    assert [row[0] for row in sheets["暂不入片"][1:]] == ["037040610007", "037040619999"]
    assert all(row[3] for row in sheets["暂不入片"][1:])
    notes = [str(row[1]) for row in sheets["说明"]]
    assert "辅助研判，不替代集体决策" in notes
    assert "f" * 64 in notes
    settings = {row[-1]: row[1:-1] for row in sheets["设置"][1:]}
    assert settings["rules.max_size"] == ["最多几个村", "6 个村", "8 个村", "是"]
    assert settings["rules.max_distance_km"][1:] == ["不限", "不限", None]
    lacking = {row[1]: row[2:] for row in sheets["数据质量"][1:]}
    assert lacking["户籍人口（人）"] == [8, 1, "村8"]


def test_the_workbook_does_not_tell_where_the_files_lay(tmp_path: Path) -> None:
    paths = (r"C:\Users\张三\桌面\村界.shp", "/home/zhang/台账.xlsx")
    sources = tuple(Source(path, "ledger", "0" * 64) for path in paths)
    rows = cells(write_workbook(scenario(sources=sources), tmp_path / "a.xlsx"))["说明"]
    told = [str(row[1]) for row in rows]
    assert {"村界.shp\nsha256 " + "0" * 64, "台账.xlsx\nsha256 " + "0" * 64} <= set(told)
    assert not any("张三" in one or "zhang" in one for one in told)


AREA = r"'村名单'!\$[A-Z]+\$2:\$[A-Z]+\$\d+"
OUR_FORMULAS = re.compile(
    rf'=COUNTIF\({AREA},"A\d+"\)'
    rf'|=IF\(COUNTIFS\({AREA},"A\d+",{AREA},"<>"\)=0,"",SUMIFS\({AREA},{AREA},"A\d+"\)\)'
    r'|=IF\(COUNT\([A-Z]+\d+:[A-Z]+\d+\)=0,"",SUM\([A-Z]+\d+:[A-Z]+\d+\)\)'
)


def test_workbook_holds_no_formulas_but_our_own(tmp_path: Path) -> None:
    names = [*RARE_NAMES, "#N/A"]
    path = write_workbook(scenario(villages=table(name=names)), tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    found = {}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "f"), cell.value
                if cell.data_type == "f":
                    # Ours alone: a sum over ranges, with nothing of a file in it.
                    assert OUR_FORMULAS.fullmatch(cell.value), cell.value
                    continue
                if isinstance(cell.value, str):
                    found[cell.value] = cell
                    assert cell.number_format == "@"
    assert set(names) <= set(found)
    assert found['=HYPERLINK("http://x")'].quotePrefix
    assert not found["㐂庄"].quotePrefix
    with zipfile.ZipFile(path) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 9
        with_formulas = [name for name in sheets if b"<f>" in archive.read(name)]
        assert sorted(with_formulas) == [f"xl/worksheets/sheet{number}.xml" for number in (1, 2)]


def test_workbook_is_set_up_for_printing(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbook(scenario(), tmp_path / "a.xlsx"))
    for number, sheet in enumerate(book):
        first = 3 if number < 2 else 1
        assert sheet.freeze_panes == f"A{first + 1}"
        assert sheet.print_title_rows == f"${first}:${first}"
        assert sheet.auto_filter.ref.startswith(f"A{first}:")
        assert sheet.oddHeader.left.text == "内部资料"
        assert sheet.oddFooter.right.text == "第 &P 页，共 &N 页"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddFooter.left.text == "辅助研判，不替代集体决策"
        head = sheet[f"A{first}"]
        assert head.font.bold
        assert head.alignment.horizontal == "center"
    table = book["一览表"]
    assert table.column_dimensions["E"].width >= 12
    assert all(cell.border.left.style == "thin" for row in table.iter_rows(3) for cell in row)
    # The total is outside of the filter, or sorting would mix it in.
    assert table.auto_filter.ref == f"A3:Q{table.max_row - 1}"


def test_workbook_in_english(tmp_path: Path) -> None:
    sheets = cells(write_workbook(scenario(), tmp_path / "a.xlsx", language="en"))
    assert list(sheets) == [
        "Alliances",
        "示例镇",
        "Villages",
        "Without alliance",
        "Benefit and burden",
        "Plan quality",
        "Data quality",
        "Settings",
        "Notes",
    ]
    for number, rows in enumerate(sheets.values()):
        assert all(str(heading).isascii() for heading in rows[2 if number < 2 else 0])


def test_control_characters_are_left_out_everywhere(tmp_path: Path) -> None:
    names = ["a\x00b\x07", "c\ud800d", "e\ufffff", "g\tħ", *[f"村{i}" for i in range(5)]]
    s = scenario(villages=table(name=names))
    write_plan(s, tmp_path)
    expected = ["ab", "cd", "ef", "g\tħ"]
    assert gpd.read_file(tmp_path / "plan.gpkg", layer="villages")["name"].tolist()[:4] == expected
    assert [row[1] for row in cells(tmp_path / "alliances.xlsx")["村名单"][1:5]] == expected


def test_geojson_round_trip(tmp_path: Path) -> None:
    s = scenario()
    alliances, villages = write_geojson(s, tmp_path)
    for path in (alliances, villages):
        document = json.loads(path.read_text("utf-8"))
        assert document["type"] == "FeatureCollection"
        assert "crs" not in document
        for feature in document["features"]:
            shape = shapely.geometry.shape(feature["geometry"])
            for part in shapely.get_parts(shape):
                assert part.exterior.is_ccw
            points = shapely.get_coordinates(shape)
            assert (np.round(points, 6) == points).all()
    read = gpd.read_file(villages)
    assert read.crs == "EPSG:4326"
    assert from_layer(read) == assignment(s)
    back = read.to_crs(s.villages.frame.crs).geometry
    assert shapely.hausdorff_distance(back, s.villages.frame.geometry).max() < 0.2


def test_csv_round_trip(tmp_path: Path) -> None:
    s = replace(scenario(), unassigned=(*scenario().unassigned, excluded_village()))
    path = write_assignment_csv(s, tmp_path / "a.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    read = {row["code"]: (row["name"], row["alliance_id"], row["role"]) for row in rows}
    for code, (name, alliance, role) in assignment(s).items():
        # Only what a spreadsheet takes for a formula gets an apostrophe.
        shown = f"'{name}" if name[0] in "=+-@" else name
        assert read.pop(code) == (shown, alliance, role)
    assert not read
    assert all(bool(row["reason"]) == (row["role"] == "unassigned") for row in rows)


def test_empty_plan_is_written(tmp_path: Path) -> None:
    s = scenario([-1] * 9)
    write_plan(s, tmp_path)
    for layer in ("alliances", "links"):
        assert len(gpd.read_file(tmp_path / "plan.gpkg", layer=layer)) == 0
        assert len(gpd.read_file(f"/vsizip/{tmp_path}/plan_shapefile.zip/{layer}.shp")) == 0
    assert json.loads((tmp_path / "alliances.geojson").read_text("utf-8"))["features"] == []
    assert len(cells(tmp_path / "alliances.xlsx")["一览表"]) == 3
    assert len(cells(tmp_path / "alliances.xlsx")["暂不入片"]) == 10
    assert json.loads((tmp_path / "plan.json").read_text("utf-8"))["alliances"] == []


def test_county_without_villages_is_written(tmp_path: Path) -> None:
    write_plan(scenario([], villages=table(0)), tmp_path)
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="villages")) == 0


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_plan_that_breaks_rules_is_not_exported(tmp_path: Path, write: Any) -> None:
    broken = replace(scenario(), violations=(Violation("size", 3, (3, 4), "2 villages"),))
    with pytest.raises(DataError) as raised:
        write(broken, tmp_path / "out")
    assert len(raised.value.faults) == 2
    assert "=HYPERLINK" in raised.value.text("en")
    assert list(tmp_path.iterdir()) == []


def test_plan_file_records_violations(tmp_path: Path) -> None:
    broken = replace(scenario(), violations=(Violation("size", 3, (3, 4), "2 villages"),))
    document = json.loads(write_plan_file(broken, tmp_path / "p.json").read_text("utf-8"))
    (entry,) = document["violations"]
    assert entry["rule"] == "size"
    assert entry["lead"] == "037040610003"
    assert entry["villages"] == ["037040610003", "037040610004"]
    assert "2 村" in entry["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sentences_come_in_the_chosen_language(tmp_path: Path, language: Any) -> None:
    s = scenario(warnings=(error("settings.unreadable", cause="x"),))
    write_plan(s, tmp_path, language=language)
    reason = gpd.read_file(tmp_path / "plan.gpkg", layer="villages")["reason"].dropna().iloc[0]
    document = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    for text in (reason, document["unassigned"][0]["reason"], document["warnings"][0]["message"]):
        assert text.isascii() == (language == "en")
