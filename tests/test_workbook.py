"""The workbook of a plan: cells, formulas of our own only, print set-up, language."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from output_cases import assignment, cells
from scenarios import RARE_NAMES, excluded_village, scenario, table

from liancun_geo.output import (
    write_workbook,
)
from liancun_geo.villages import Source


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
