"""Columns, sheets and runs of rows in another unit."""

from __future__ import annotations

import pytest
from outlier_cases import _asked, _confirmed, _figures, _read

from liancun_geo.decisions import (
    CellsDecision,
    RowsUnitDecision,
    UnitDecision,
    ValueDecision,
)


def test_a_sheet_in_another_unit_is_one_question_for_its_column(tmp_path):
    figures = _figures()
    right = figures["村集体收入（万元）"].copy()
    figures["村集体收入（万元）"][10:20] *= 1e4
    (fault,) = _asked(_read(tmp_path, figures, sheets=4))
    assert fault.key == "outliers.column_apart"
    assert fault.where.sheet == "表2"
    assert isinstance(fault.fixes[0], UnitDecision)
    assert fault.fixes[0].unit == "元"
    reading = _read(tmp_path, figures, sheets=4, decisions=_confirmed(fault.fixes[0]))
    assert _asked(reading) == []
    assert reading.villages.frame["collective_income_wan_yuan"].to_numpy() == pytest.approx(right)


@pytest.mark.parametrize(
    ("header", "times", "unit"),
    [
        ("村集体收入（万元）", 1e4, "元"),
        ("人均收入（元）", 1e-4, "万元"),
        ("耕地面积（亩）", 10000 / 15, "平方米"),
        ("户籍人口", 1e-4, "万人"),
    ],
)
def test_a_whole_column_beyond_reason_is_one_question(tmp_path, header, times, unit):
    figures = _figures()
    right = figures[header].copy()
    figures[header] = right * times
    faults = [f for f in _asked(_read(tmp_path, figures)) if f.where.field == header]
    assert [fault.key for fault in faults] == ["outliers.column_beyond_reason"]
    assert faults[0].fixes[0].unit == unit
    reading = _read(tmp_path, figures, decisions=_confirmed(faults[0].fixes[0]))
    assert _asked(reading) == []


@pytest.mark.parametrize(
    ("header", "times", "unit", "rows"),
    [
        ("村集体收入（万元）", 1e4, "元", range(3)),
        ("村集体收入（万元）", 1e4, "元", range(2, 35)),
        ("耕地面积（亩）", 1 / 15, "公顷", range(10, 20)),
        ("耕地面积（亩）", 10000 / 15, "平方米", range(22, 40)),
        ("户籍人口", 1e-4, "万人", range(2, 35)),
        ("户籍人口", 1e-4, "万人", range(22, 40)),
        ("人均收入（元）", 1e-4, "万元", range(10, 20)),
    ],
)
def test_a_run_of_rows_in_another_unit_is_one_question(tmp_path, header, times, unit, rows):
    figures = _figures()
    right = figures[header].copy()
    figures[header][list(rows)] *= times
    (fault,) = [f for f in _asked(_read(tmp_path, figures)) if "outliers" in f.key]
    assert fault.key == "outliers.rows_in_other_unit"
    assert fault.where.village is None
    first, *_, accept = fault.fixes
    assert isinstance(first, RowsUnitDecision)
    assert (first.first_row, first.last_row) == (rows[0] + 2, rows[-1] + 2)
    assert (first.first_village, first.last_village) == (f"第{rows[0]}号村", f"第{rows[-1]}号村")
    assert (first.header, first.unit) == (header, unit)
    assert f"{rows[0] + 2}" in fault.text("en") and unit in first.text("zh")
    again = _read(tmp_path, figures, decisions=_confirmed(first))
    assert _asked(again) == []
    assert "decisions.applied" in [found.key for found in again.faults]
    field = FIELD_OF[header]
    assert again.villages.frame[field].to_numpy() == pytest.approx(right)
    accepted = _read(tmp_path, figures, decisions=_confirmed(accept))
    assert [f for f in _asked(accepted) if "outliers" in f.key] == []


FIELD_OF = {
    "村集体收入（万元）": "collective_income_wan_yuan",
    "耕地面积（亩）": "arable_land_mu",
    "户籍人口": "population_registered_persons",
    "人均收入（元）": "income_per_head_yuan",
}


def test_two_townships_in_another_unit_are_two_questions_and_a_lone_cell_a_third(tmp_path):
    figures = _figures()
    header = "村集体收入（万元）"
    right = figures[header].copy()
    for rows in ([4, 5, 6, 7], [12, 13, 14], [30]):
        figures[header][rows] *= 1e4
    faults = _asked(_read(tmp_path, figures))
    keys = ["outliers.rows_in_other_unit", "outliers.rows_in_other_unit", "outliers.by_unit"]
    assert [fault.key for fault in faults] == keys
    decisions = sum((_confirmed(fault.fixes[0]) for fault in faults), ())
    again = _read(tmp_path, figures, decisions=decisions)
    assert _asked(again) == []
    assert again.villages.frame[FIELD_OF[header]].to_numpy() == pytest.approx(right)


def test_half_of_the_sheets_in_another_unit_are_a_question_each(tmp_path):
    figures = _figures()
    header = "村集体收入（万元）"
    right = figures[header].copy()
    figures[header][:10] *= 1e4
    figures[header][20:30] *= 1e4
    faults = _asked(_read(tmp_path, figures, sheets=4))
    assert [fault.where.sheet for fault in faults] == ["表1", "表3"]
    assert {fault.key for fault in faults} == {"outliers.column_apart"}
    decisions = sum((_confirmed(fault.fixes[0]) for fault in faults), ())
    again = _read(tmp_path, figures, sheets=4, decisions=decisions)
    assert _asked(again) == []
    assert again.villages.frame[FIELD_OF[header]].to_numpy() == pytest.approx(right)


def test_a_block_is_known_by_its_villages_and_no_other_block_is_changed(tmp_path):
    figures = _figures()
    header = "村集体收入（万元）"
    figures[header][10:20] *= 1e4
    (fault,) = _asked(_read(tmp_path, figures))
    (decision,) = _confirmed(fault.fixes[0])
    moved = decision.model_copy(update={"first_row": 15, "last_row": 24})
    assert _asked(_read(tmp_path, figures, decisions=(moved,))) == []
    for changes in ({"last_row": 22}, {"first_village": "别村"}, {"unit": "亩"}):
        other = decision.model_copy(update=changes)
        again = _read(tmp_path, figures, decisions=(other,))
        assert [f.key for f in _asked(again)] == ["outliers.rows_in_other_unit"]
        assert "decisions.unused" in [f.key for f in again.faults]
        assert again.villages.frame[FIELD_OF[header]].max() > 5_000
    by_number = decision.model_copy(update={"first_village": None, "last_village": None})
    assert _asked(_read(tmp_path, figures, decisions=(by_number,))) == []
    assert "号村" not in by_number.text("zh")


def test_a_cell_of_a_block_that_says_its_unit_or_was_decided_on_keeps_it(tmp_path):
    figures = _figures()
    header = "村集体收入（万元）"
    column = figures[header].astype(object)
    column[10:20] = figures[header][10:20] * 1e4
    column[12:14] = "25万元", 160_000
    figures[header] = column
    cells = CellsDecision(
        file="ledger.xlsx", sheet="表1", header=header, accept=("with_unit",), confirmed=True
    )
    reading = _read(tmp_path, figures, decisions=(cells,))
    runs = [fault for fault in _asked(reading) if fault.key == "outliers.rows_in_other_unit"]
    assert [fault.where.row for fault in runs] == [15]
    block = (
        runs[0]
        .fixes[0]
        .model_copy(update={"first_row": 12, "first_village": "第10号村", "confirmed": True})
    )
    value = ValueDecision(
        file="ledger.xlsx", sheet="表1", name="第13号村", header=header, found="160000",
        value="31", confirmed=True,
    )  # fmt: skip
    again = _read(tmp_path, figures, decisions=(cells, block, value))
    assert again.villages.frame[FIELD_OF[header]].iloc[12] == 25
    assert again.villages.frame[FIELD_OF[header]].iloc[13] == 31
    assert _asked(again) == []
