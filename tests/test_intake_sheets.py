"""Sheets: rows of totals, hidden and merged cells, old workbooks, hostile and large files."""

import math
import random
from pathlib import Path

import openpyxl
import pytest
from intake_helpers import gpkg, keys, villages
from ledger_helpers import (
    book_of,
    column,
    columns,
    confirmed,
    errors,
    one,
    questions,
    reading,
    settle,
)
from sheet_cases import _refused

from liancun_geo.errors import DataError
from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.settings import Settings

OLD = Path(__file__).parent / "data" / "old_ledger.xls"
REGISTERED = "population_registered_persons"
POPULATION = [1200, 480, 900, 760]
TOWNS = ["甲镇", "甲镇", "乙镇", "乙镇"]


def _head_and_body(*named):
    head, *body = columns(*named)
    return head, body


# Totals
def test_totals_that_agree_are_told_once_and_dropped(tmp_path):
    head, body = _head_and_body(("户籍人口", POPULATION), ("集体收入（万元）", (1.5, 2.5, 3, 4)))
    rows = [
        head,
        *body[:2],
        ["甲镇小计", None, 1680, 4],
        *body[2:],
        ["小 计", None, 1660, 7],
        ["全县合计", None, 3340, 11],
    ]
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert one(found, "intake.total_row").params == {"count": 3, "rows": "4、7、8"}
    assert column(found, REGISTERED) == POPULATION


@pytest.mark.parametrize(
    "label", ["合计", "总计：", "全县", "本页小计", "甲乙镇合计", "合计（4个村）"]
)
def test_every_word_for_a_total_is_known(tmp_path, label):
    rows = [*columns(("户籍人口", POPULATION)), [None, label, 3340]]
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert one(found, "intake.total_row").params["count"] == 1


def test_a_total_that_differs_names_cells_and_sums(tmp_path):
    rows = [*columns(("户籍人口", POPULATION), ("户数", (1, 2, 3, 4))), ["合计", None, 3350, 10]]
    found = reading(tmp_path, rows)
    (fault,) = questions(found)
    assert (fault.key, fault.where.cell, fault.where.field) == (
        "ledger.total_differs",
        "C6",
        "户籍人口",
    )
    said = fault.params
    assert (said["stated"], said["computed"], said["difference"]) == ("3,350", "3,340", "-10")
    assert (said["first"], said["last"], said["count"]) == ("C2", "C5", 4)
    again = reading(tmp_path, rows, confirmed(fault.fixes[0]))
    assert questions(again) == []
    assert keys(again.accepted) == ["ledger.total_differs"]


@pytest.mark.parametrize("on_top", [True, False])
def test_a_total_of_a_township_adds_up_its_rows_wherever_it_stands(tmp_path, on_top):
    frame = villages(乡镇=TOWNS)
    gpkg(tmp_path, frame)
    head, body = _head_and_body(("乡镇", TOWNS), ("户籍人口", POPULATION))
    first, second = ["甲镇合计", None, None, 1680], [None, "合计", "乙镇", 1660]
    rows = [head, first, second, *body] if on_top else [head, *body, first, second]
    found = reading(tmp_path, rows)
    assert questions(found) == []
    rows = [[*row[:3], 1681] if row is first else row for row in rows]
    fault = one(reading(tmp_path, rows), "ledger.total_differs")
    assert fault.params["computed"] == "1,680"


def test_rounding_explains_small_differences_of_sums_but_not_of_counts(tmp_path):
    income = (1.33, 2.33, 3.33, 4.33)
    rows = columns(("集体收入（万元）", income), extra=[["合计", None, 11.33]])
    assert questions(reading(tmp_path, rows)) == []
    rows = columns(("集体收入（万元）", income), extra=[["合计", None, 11.5]])
    assert keys(questions(reading(tmp_path, rows))) == ["ledger.total_differs"]
    rows = columns(("户籍人口", POPULATION), extra=[["合计", None, 3341]])
    assert keys(questions(reading(tmp_path, rows))) == ["ledger.total_differs"]


def test_averages_shares_and_columns_with_faults_are_not_added_up(tmp_path):
    rows = columns(
        ("人均收入（元）", (10_000, 12_000, 9_000, 8_000)),
        ("户数", (10, "约20", 30, 40)),
        extra=[["合计", None, 9_750, 100], ["平均", None, 9_750, 25]],
    )
    found = reading(tmp_path, rows)
    assert keys(questions(found)) == ["ledger.odd_number"]
    assert one(found, "intake.total_row").params["count"] == 2


def test_formula_of_a_total_that_was_never_calculated_is_nobodys_business(tmp_path):
    rows = columns(("户籍人口", POPULATION), extra=[["合计", None, "=SUM(C2:C5)"]])
    assert questions(reading(tmp_path, rows)) == []


# Hidden, filtered, merged
def _hide(*rows):
    def change(sheet):
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return change


def test_a_hidden_row_is_read_and_asked_about(tmp_path):
    rows = columns(("户籍人口", POPULATION), extra=[["370499100999", "旧村", 5]])
    path = book_of(tmp_path / "l.xlsx", rows, _hide(6))
    found = reading(tmp_path, ledger=path)
    fault = one(found, "ledger.row_hidden")
    assert (fault.where.row, fault.where.village) == (6, "旧村")
    assert [fix.kind for fix in fault.fixes] == ["drop_row", "accept"]
    again = settle(tmp_path, None, "ledger.row_hidden", ledger=path)
    assert errors(again) == []
    assert column(again, REGISTERED) == POPULATION
    path = book_of(tmp_path / "l.xlsx", rows[:-1], _hide(3))
    again = settle(tmp_path, None, "ledger.row_hidden", 1, ledger=path)
    assert column(again, REGISTERED) == POPULATION


def test_filtered_rows_and_hidden_columns_are_told(tmp_path):
    def change(sheet):
        _hide(3, 4)(sheet)
        sheet.auto_filter.ref = "A1:C5"
        sheet.auto_filter.add_filter_column(1, ["王家村"])
        sheet.column_dimensions["C"].hidden = True

    path = book_of(tmp_path / "l.xlsx", columns(("户籍人口", POPULATION)), change)
    found = reading(tmp_path, ledger=path)
    assert questions(found) == []
    assert one(found, "ledger.rows_filtered").params == {"count": 2, "rows": "3、4"}
    assert one(found, "ledger.columns_hidden").params["headers"] == "户籍人口"
    assert column(found, REGISTERED) == POPULATION


def test_hidden_sheets_are_not_read_unless_named(tmp_path):
    book = openpyxl.Workbook()
    for row in columns(("户籍人口", POPULATION)):
        book.active.append(row)
    old = book.create_sheet("旧")
    for row in columns(("户数", (1, 2, 3, 4))):
        old.append(row)
    old.sheet_state = "hidden"
    book.save(tmp_path / "l.xlsx")
    found = reading(tmp_path, ledger=tmp_path / "l.xlsx")
    assert one(found, "ledger.sheet_hidden").where.sheet == "旧"
    assert math.isnan(column(found, "households")[0])
    named = reading(tmp_path, ledger=tmp_path / "l.xlsx", data={"sheets": ["Sheet", "旧"]})
    assert column(named, "households") == [1, 2, 3, 4]


def test_merged_figures_are_not_copied_and_that_is_said(tmp_path):
    rows = columns(("户籍人口", (1200, None, 900, 760)))
    path = book_of(tmp_path / "l.xlsx", rows, lambda sheet: sheet.merge_cells("C2:C3"))
    fault = one(reading(tmp_path, ledger=path), "ledger.cells_merged")
    assert (fault.params["cells"], fault.where.field) == ("C2:C3", "户籍人口")
    again = reading(tmp_path, None, confirmed(fault.fixes[0]), ledger=path)
    assert questions(again) == []
    assert math.isnan(column(again, REGISTERED)[1])


def test_townships_lost_with_merged_cells_are_asked_about(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=TOWNS, 村代码=None)
    gpkg(tmp_path, frame)
    path = tmp_path / "ledger.csv"
    path.write_text(
        "乡镇,村名,户籍人口\n甲镇,王村,1\n,李村,2\n乙镇,王村,3\n,李村,4\n合计,,10\n",
        encoding="utf-8",
    )
    fault = one(reading(tmp_path, ledger=path), "ledger.township_blank")
    assert fault.params["cells"] == "A3、A5"
    again = settle(tmp_path, None, "ledger.township_blank", ledger=path)
    assert errors(again) == []
    assert column(again, REGISTERED) == [1, 2, 3, 4]


# The old format
def test_old_workbooks_are_read_like_new_ones(tmp_path):
    gpkg(tmp_path)
    found = reading(tmp_path, ledger=OLD)
    assert keys(errors(found)) == ["ledger.odd_number"]
    number = one(found, "ledger.odd_number")
    hidden = one(found, "ledger.row_hidden")
    assert (number.where.cell, hidden.where.row) == ("D5", 5)
    assert one(found, "ledger.sheet_hidden").where.sheet == "旧数据"
    assert one(found, "ledger.columns_hidden").params["headers"] == "备注"
    again = reading(tmp_path, None, confirmed(number.fixes[0]), ledger=OLD)
    assert column(again, REGISTERED) == POPULATION
    assert column(again, "township") == ["城头镇"] * 4
    assert column(again, "collective_income_year") == [2023] * 4
    assert column(again, "collective_income_wan_yuan") == [12.5, 3, 4, 5]
    assert "ledger.total_differs" not in keys(again.faults)


def test_old_workbook_with_a_password(tmp_path):
    raw = bytearray(OLD.read_bytes())
    # The record after the beginning of the workbook's stream becomes FILEPASS.
    start = raw.index(bytes.fromhex("0908100000060500"))
    raw[start + 20 : start + 22] = b"\x2f\x00"
    path = tmp_path / "a.xls"
    path.write_bytes(raw)
    with pytest.raises(DataError) as caught:
        read_ledger(path, Settings())
    assert keys(caught.value.faults) == ["intake.password"]


@pytest.mark.parametrize("cut", [600, 3000, 6000])
def test_old_workbook_cut_short_is_a_fault_or_readable(tmp_path, cut):
    path = tmp_path / "a.xls"
    path.write_bytes(OLD.read_bytes()[:cut])
    with pytest.raises(DataError) as caught:
        read_ledger(path, Settings())
    assert keys(caught.value.faults) == ["intake.damaged"]


def test_old_workbook_whose_sectors_form_a_ring_is_refused(tmp_path):
    raw = bytearray(OLD.read_bytes())
    # The second short sector is followed by the first.
    assert raw[1536] == 1
    raw[1536] = 0
    path = tmp_path / "a.xls"
    path.write_bytes(raw)
    assert _refused(path) == ["intake.damaged"]


@pytest.mark.parametrize("seed", range(40))
def test_old_workbooks_with_wrong_bytes_are_faults_or_readable(tmp_path, seed):
    raw, chance = bytearray(OLD.read_bytes()), random.Random(seed)
    for _ in range(chance.choice([1, 3, 20])):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    path = tmp_path / "a.xls"
    path.write_bytes(raw)
    try:
        tables, _, faults = read_ledger(path, Settings())
    except DataError as caught:
        assert keys(caught.faults)[0].startswith(("intake.", "ledger."))
    else:
        assert tables or faults
