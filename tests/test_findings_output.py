"""The findings as a workbook: what it says, what it never does."""

from __future__ import annotations

import datetime as dt
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from findings_cases import CODES, FORMULA, SCRIPT, findings
from intake_helpers import NAMES as VILLAGES
from intake_helpers import shapefile, villages, workbook

from liancun_geo.doctor import examine
from liancun_geo.doctor.findings import Findings
from liancun_geo.errors import DataError
from liancun_geo.messages import Language
from liancun_geo.output.findings_map import findings_page
from liancun_geo.output.findings_words import VillageIndex, level_of, shape_kind, verdict
from liancun_geo.output.findings_workbook import write_findings_workbook

CREATED = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write_findings_workbook(findings(), tmp_path / "f.xlsx"))


def texts(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def column(sheet, header):
    head, *rows = texts(sheet)
    return [row[head.index(header)] for row in rows]


def test_sheets_and_setup(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["总览", "问题清单", "对应情况", "proposals"]
    assert book["proposals"].sheet_state == "hidden"
    for sheet in book.worksheets[:3]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9  # A4
        assert sheet.page_setup.fitToWidth == 1
    for name in book.sheetnames[1:3]:
        assert book[name].freeze_panes is not None
        assert book[name].auto_filter.ref == book[name].dimensions
        assert book[name].print_title_rows == "$1:$1"


def test_overview_counts_what_the_list_lists(book: openpyxl.Workbook) -> None:
    rows = texts(book["总览"])
    said = "\n".join(str(value) for row in rows for value in row if value is not None)
    assert "有 1 项错误" in said
    totals = next(row for row in rows if row[0] == "合计")
    assert totals[1:7] == [1, 1, 1, 2, 1, 6]
    assert totals[6] == len(texts(book["问题清单"])) - 1
    assert next(row[1] for row in rows if row[0] == "图上有，台账没有") == 2
    assert next(row[1] for row in rows if row[0] == "其中按代码对应") == 5
    assert "ab" * 16 + "\n" + "ab" * 16 in said
    assert "nowhere" not in said
    assert "赵会计" in said


def test_list_says_where_why_and_what_can_be_done(book: openpyxl.Workbook) -> None:
    sheet = book["问题清单"]
    assert column(sheet, "编号") == [one.id for one in findings().findings]
    assert column(sheet, "程度") == ["错误", "待确认", "提醒", "说明", "说明", "已核对"]
    assert column(sheet, "单元格或行，列名")[:2] == ["F7", "收入"]
    assert column(sheet, "村")[1] == "东河岔村\n西河岔村"
    assert column(sheet, "代码")[1] == "\n".join(CODES[4:6])
    assert column(sheet, "经度，纬度")[2] == "117.410975\n35.005000"
    proposals = column(sheet, "建议的处理")[0].split("\n")
    assert proposals[0].startswith("1. ") and CODES[3] in proposals[0]
    assert proposals[1].startswith("2. 不使用")
    assert column(sheet, "有无建议")[:3] == ["有", "有", "无"]
    assert all(column(sheet, "为什么要紧")) and all(column(sheet, "怎么办"))
    assert column(sheet, "决定（请填写）") == [None] * 6


def test_three_lists_are_told_apart_by_words_and_colour(book: openpyxl.Workbook) -> None:
    sheet = book["对应情况"]
    fits = column(sheet, "对应情况")
    assert [fits.count(one) for one in dict.fromkeys(fits)] == [2, 1, 6]
    colours = {sheet.cell(row + 2, 1).fill.fgColor.rgb: fit for row, fit in enumerate(fits)}
    assert len(colours) == 3
    assert column(sheet, "村")[0] == SCRIPT
    assert column(sheet, "村")[3] == "王家村"


def test_no_cell_is_a_formula_and_codes_are_text(book: openpyxl.Workbook) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    formulas = [cell for cell in cells if cell.value == FORMULA]
    assert formulas and all(cell.data_type == "s" and cell.quotePrefix for cell in formulas)
    codes = [cell for cell in cells if cell.value in CODES]
    assert codes and all(cell.number_format == "@" for cell in codes)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_empty_findings_are_a_workbook_too(tmp_path: Path, language: Language) -> None:
    path = write_findings_workbook(Findings(()), tmp_path / "f.xlsx", language)
    book = openpyxl.load_workbook(path)
    said = [value for sheet in book for row in texts(sheet) for value in row if value]
    assert verdict(Findings(()), language) in said


def test_english_holds_no_chinese_of_its_own(tmp_path: Path) -> None:
    none_named = replace(findings(), findings=(), shapes=None, coverage=None, sources=())
    path = write_findings_workbook(replace(none_named, decisions=()), tmp_path / "f.xlsx", "en")
    with zipfile.ZipFile(path) as archive:
        said = "".join(archive.read(name).decode() for name in archive.namelist())
    assert not [char for char in said if "\u4e00" <= char <= "\u9fff"]


def test_same_findings_give_same_bytes(tmp_path: Path) -> None:
    one = write_findings_workbook(findings(), tmp_path / "a.xlsx", created=CREATED)
    other = write_findings_workbook(findings(), tmp_path / "b.xlsx", created=CREATED)
    assert one.read_bytes() == other.read_bytes()


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.xlsx"
    ledger.write_bytes(b"the planner's")
    found = findings()
    found = replace(found, sources=(replace(found.sources[1], path=str(ledger)),))
    with pytest.raises(DataError):
        write_findings_workbook(found, ledger)
    assert ledger.read_bytes() == b"the planner's"


def test_levels_and_kinds() -> None:
    found = findings()
    assert [level_of(one) for one in found.findings] == [
        "error",
        "question",
        "warning",
        "note",
        "note",
        "accepted",
    ]
    gap = found.findings[2]
    assert shape_kind(gap) == "other"
    renamed = replace(gap, fault=replace(gap.fault, key="topology.gaps"))
    assert shape_kind(renamed) == "gap"


def test_villages_are_found_by_code_or_by_township_and_name() -> None:
    found = findings()
    index = VillageIndex(found)
    assert index.of_finding(found.findings[0]) == [3]
    assert index.of_finding(found.findings[1]) == [4, 5]
    assert index.of_finding(found.findings[3]) == [6]
    assert index.of_finding(found.findings[4]) == []
    assert index.place("unknown").village == "unknown"


def test_every_row_stands_beside_its_village_even_without_a_crs(tmp_path: Path) -> None:
    boundaries = shapefile(tmp_path)
    boundaries.with_suffix(".prj").unlink()
    rows = [("城头镇", f"{name}村民委员会") for name in VILLAGES]
    ledger = workbook(tmp_path, [("乡镇", "村名"), *rows])
    findings = examine(boundaries, [ledger])
    assert findings.shapes is None
    assert findings.sketch is not None and len(findings.sketch) == len(VILLAGES)
    page = findings_page(findings)
    assert '"scaled":false' in page
    assert all(name in page for name in VILLAGES)
    assert "没有比例尺" in page
    document = findings.as_dict()["coverage"]["pairs"]
    assert [(p["how"], p["row"]["row"]) for p in document] == [("form", n) for n in (2, 3, 4, 5)]
    sheet = openpyxl.load_workbook(write_findings_workbook(findings, tmp_path / "f.xlsx"))[
        "对应情况"
    ]
    assert column(sheet, "村") == list(VILLAGES)
    assert column(sheet, "乡镇") == ["城头镇"] * 4
    assert column(sheet, "台账中的村名") == [name for _, name in rows]
    assert all(str(code).startswith("370499") for code in column(sheet, "代码"))


def test_a_layer_without_villages_has_no_sketch(tmp_path: Path) -> None:
    findings = examine(shapefile(tmp_path, frame=villages().iloc[:0]))
    assert findings.drawn is None
    assert '"scaled":true' in findings_page(findings)
