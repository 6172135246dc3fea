"""Workbooks that are damaged, hostile or beyond all bounds."""

import math
import time
import zipfile

import openpyxl
import pytest
from intake_helpers import CODES, NAMES, workbook
from ledger_helpers import (
    book_of,
    column,
    columns,
    errors,
    one,
    reading,
)
from sheet_cases import _refused

from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.intake.ledgers.sheets import MAX_ROWS
from liancun_geo.settings import Settings


# Hostile and large
def _with_part(path, name, change):
    """Return the workbook with one of its parts changed."""
    wrong = path.with_name("changed.xlsx")
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(wrong, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == name else content)
    return wrong


ENTITIES = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_xml_entities_are_refused(tmp_path, part):
    path = workbook(tmp_path, columns(("户数", (1, 2, 3, 4))))
    bomb = _with_part(path, part, lambda xml: ENTITIES + xml.split(b"?>", 1)[-1])
    assert _refused(bomb) == ["ledger.xml_entities"]


def test_a_million_rows_are_refused_at_once(tmp_path):
    path = workbook(tmp_path, columns(("户数", (1, 2, 3, 4))))
    row = b'<row r="%d"><c r="A%d"><v>1</v></c><c r="B%d"><v>2</v></c></row>'
    rows = b"".join(row % (n, n, n) for n in range(6, 1_000_000))
    big = _with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"),
    )
    assert _refused(big) == ["ledger.too_large"]


def test_rows_without_content_to_the_end_of_the_sheet_do_not_count(tmp_path):
    path = workbook(tmp_path, columns(("户数", (1, 2, 3, 4))))
    rows = b"".join(b'<row r="%d" ht="15"/>' % n for n in range(6, 300_000))
    styled = b'<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    long = _with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", rows + styled + b"</sheetData>"),
    )
    begun = time.process_time()
    (table,), _, faults = read_ledger(long, Settings())
    assert time.process_time() - begun < 5
    assert (len(table.rows), faults) == (4, [])


def test_huge_texts_are_refused(tmp_path):
    path = workbook(tmp_path, columns(("户数", (1, 2, 3, 4))))
    text = b"<t>" + b"x" * 50_000_000 + b"</t>"
    shared = tmp_path / "shared.xlsx"
    shared.write_bytes(path.read_bytes())
    with zipfile.ZipFile(shared, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst><si>" + text + b"</si></sst>")
    assert _refused(shared) == ["ledger.texts_too_large"]
    inline = _with_part(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<t>370499100201</t>", text)
    )
    assert _refused(inline) == ["ledger.too_large"]


def test_a_cell_far_to_the_right_is_refused(tmp_path):
    path = book_of(
        tmp_path / "l.xlsx",
        columns(("户数", (1, 2, 3, 4))),
        lambda sheet: sheet.cell(3, 16_000, "x"),
    )
    assert _refused(path) == ["ledger.too_large"]


def test_too_many_rows_of_text_are_refused(tmp_path):
    path = tmp_path / "ledger.csv"
    path.write_text("村代码,村名\n" + "1,a\n" * (MAX_ROWS + 10), encoding="utf-8")
    assert _refused(path) == ["ledger.too_large"]


def test_formulas_and_scripts_in_names_stay_text(tmp_path):
    names = ['=HYPERLINK("http://x")', "<img src=x onerror=alert(1)>", "{name}", "%s"]
    path = tmp_path / "ledger.csv"
    lines = [
        f"{code};'{name.replace(chr(0), '')};约1" for code, name in zip(CODES, names, strict=True)
    ]
    path.write_text("\n".join(["村代码;村名;户数", *lines]), encoding="utf-8")
    found = reading(tmp_path, ledger=path)
    assert one(found, "ledger.odd_numbers").params["count"] == 4


def test_names_of_5000_characters_are_refused_and_shortened(tmp_path):
    rows = columns(("户数", (1, 2, 3, 4)))
    rows[2][1] = "村" * 5000
    found = reading(tmp_path, rows)
    fault = one(found, "ledger.text_too_long")
    assert fault.where.cell == "B3"
    assert all(len(fault.text("zh")) < 500 for fault in found.faults)


def test_empty_text_of_a_calculated_formula_is_blank(tmp_path):
    path = workbook(tmp_path, columns(("户数", (1, "=A1", 3, 4))))
    calculated = _with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="C3"><f>', b'<c r="C3" t="str"><f>'),
    )
    found = reading(tmp_path, ledger=calculated)
    assert errors(found) == []
    assert math.isnan(column(found, "households")[1])


def test_2811_villages_with_40_columns_are_read_in_two_seconds(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    known = [
        "村代码",
        "村名",
        "乡镇",
        "户籍人口",
        "常住人口",
        "户数",
        "村集体经营性收入（万元）",
        "产业",
    ]
    sheet.append([*known, *(f"其他指标{n}" for n in range(32))])
    for n in range(2811):
        sheet.append(
            [f"3704991{n:05}", f"{NAMES[n % 4]}{n}", f"{n % 88}镇", n, n, n, n / 7, "苹果、桃"]
            + [n * k for k in range(32)]
        )
    path = tmp_path / "large.xlsx"
    book.save(path)
    begun = time.process_time()
    (table,), _, _ = read_ledger(path, Settings())
    spent = time.process_time() - begun
    assert len(table.rows) == 2811
    # Twice the time it may take on an idle machine.
    assert spent < 4, spent
