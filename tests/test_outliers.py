"""Figures off by a factor are asked about, with what they would be; others are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from intake_helpers import gpkg, villages, workbook
from shapely.geometry import box

from liancun_geo.decisions import (
    AcceptDecision,
    CellsDecision,
    RowsUnitDecision,
    UnitDecision,
    ValueDecision,
)
from liancun_geo.errors import Fault
from liancun_geo.intake.reading import Reading, read_all
from liancun_geo.settings import Settings

ROOT = Path(__file__).parents[1]
COUNT = 40


def _names(count=COUNT):
    return [f"{370499100200 + i}" for i in range(1, count + 1)], [
        f"第{i}号村" for i in range(count)
    ]


def _boundaries(folder, count=COUNT):
    import geopandas as gpd

    codes, names = _names(count)
    corners = [(117.0 + 0.04 * (i % 8), 35.0 + 0.04 * (i // 8)) for i in range(count)]
    shapes = [box(x, y, x + 0.04, y + 0.04) for x, y in corners]
    data = {"村代码": codes, "村名": names, "乡镇": ["城头镇"] * count}
    return gpkg(folder, gpd.GeoDataFrame(data, geometry=shapes, crs=4490))


def _figures(seed=1, count=COUNT):
    """Return plausible figures of a county."""
    random = np.random.default_rng(seed)
    people = np.round(np.exp(random.normal(7.0, 0.5, count)))
    return {
        "户籍人口": people,
        "户数": np.round(people / random.uniform(2.7, 3.6, count)),
        "村集体收入（万元）": np.round(np.exp(random.normal(3.0, 0.8, count)), 2),
        "人均收入（元）": np.round(random.normal(18000, 2500, count)),
        "耕地面积（亩）": np.round(people * random.uniform(0.8, 1.6, count), 1),
    }


def _read(folder, figures, *, decisions=(), sheets=1) -> Reading:
    codes, names = _names()
    header = ("村代码", "村名", *figures)
    rows = list(zip(codes, names, *(column.tolist() for column in figures.values()), strict=True))
    step = COUNT // sheets
    parts = {f"表{i + 1}": [header, *rows[i * step : (i + 1) * step]] for i in range(sheets)}
    ledger = workbook(folder, [], sheets=parts)
    return read_all(_boundaries(folder), ledger, settings=Settings(decisions=decisions))


def _asked(reading: Reading) -> list[Fault]:
    return [fault for fault in reading.faults if fault.fixes]


def _confirmed(fix):
    return (fix.model_copy(update={"confirmed": True, "by": "王"}),)


@pytest.mark.parametrize("seed", range(8))
def test_plausible_figures_raise_no_question(tmp_path, seed):
    reading = _read(tmp_path, _figures(seed))
    assert reading.villages is not None
    assert _asked(reading) == []


@pytest.mark.parametrize(
    ("header", "times", "key"),
    [
        ("村集体收入（万元）", 1e4, "outliers.by_unit"),
        ("人均收入（元）", 1e-4, "outliers.by_unit"),
        ("人均收入（元）", 10, "outliers.by_digits"),
        ("耕地面积（亩）", 10000 / 15, "outliers.by_unit"),
        ("耕地面积（亩）", 1 / 15, "outliers.by_unit"),
        ("户籍人口", 1e-4, "outliers.by_unit"),
        ("户籍人口", 10, "outliers.by_digits"),
    ],
)
def test_a_figure_off_by_a_factor_is_asked_about_with_its_cell(tmp_path, header, times, key):
    figures = _figures()
    right = figures[header][7]
    figures[header][7] = right * times
    (fault,) = _asked(_read(tmp_path, figures))
    assert fault.key == key
    assert fault.severity == "warning"
    assert (fault.where.village, fault.where.field, fault.where.row) == ("第7号村", header, 9)
    first, *_, last = fault.fixes
    assert isinstance(first, ValueDecision)
    assert float(first.value) == pytest.approx(right, rel=1e-6)
    assert isinstance(last, AcceptDecision)
    assert not any(fix.confirmed for fix in fault.fixes)
    assert fault.text("zh") != fault.text("en")


def test_a_figure_at_the_end_of_what_a_float_can_hold_overflows_nothing(tmp_path):
    figures = _figures()
    figures["村集体收入（万元）"][7] = 1e308
    (fault,) = _asked(_read(tmp_path, figures))
    assert (fault.key, fault.where.village) == ("intake.too_large", "第7号村")
    again = _read(tmp_path, figures, decisions=_confirmed(fault.fixes[0]))
    assert _asked(again) == []


def test_a_rich_village_is_a_rich_village(tmp_path):
    """500 of 万元 where the others have 3 to 120 lies in the tail of a county, not beyond it."""
    figures = _figures()
    figures["村集体收入（万元）"][7] = 500.0
    assert _asked(_read(tmp_path, figures)) == []


@pytest.mark.parametrize(
    ("header", "value", "key"),
    [
        ("村集体收入（万元）", 8_240_000, "outliers.extreme"),
        ("人均收入（元）", 99_999_999, "outliers.extreme"),
        ("户籍人口", 1012.5, "outliers.not_whole"),
        ("党员数", 70_000, "outliers.extreme"),
    ],
)
def test_an_absurd_figure_is_asked_about_though_no_unit_explains_it(tmp_path, header, value, key):
    figures = _figures()
    figures["党员数"] = np.round(figures["户籍人口"] / 25)
    figures[header][7] = value
    (fault,) = _asked(_read(tmp_path, figures))
    assert (fault.key, fault.where.village, fault.where.row) == (key, "第7号村", 9)
    missing, accept = fault.fixes
    assert isinstance(missing, ValueDecision)
    assert missing.value == ""
    assert isinstance(accept, AcceptDecision)
    assert len(_asked(_read(tmp_path, figures, decisions=(missing,)))) == 1  # not confirmed
    for fix in (missing, accept):
        again = _read(tmp_path, figures, decisions=_confirmed(fix))
        assert _asked(again) == []
        assert "decisions.applied" in [found.key for found in again.faults]
        assert again.villages.frame.iloc[7].isna().any() == (
            again.villages.frame.iloc[8].isna().any() or fix is missing
        )


def test_many_fractions_of_people_are_one_question_for_the_column(tmp_path):
    figures = _figures()
    figures["户籍人口"][:20] += 0.4
    (fault,) = _asked(_read(tmp_path, figures))
    assert (fault.key, fault.params["count"]) == ("outliers.not_whole_column", 20)
    again = _read(tmp_path, figures, decisions=_confirmed(fault.fixes[-1]))
    assert _asked(again) == []


def test_both_units_that_explain_a_figure_are_told_and_no_digit_is_guessed(tmp_path):
    figures = _figures()
    figures["集体收入（元）"] = figures.pop("村集体收入（万元）") * 10_000
    figures["集体收入（元）"][7] = 82.5
    (fault,) = _asked(_read(tmp_path, figures))
    values = {fix.value for fix in fault.fixes if isinstance(fix, ValueDecision)}
    assert fault.key == "outliers.by_two_units"
    assert values == {"82500", "825000"}
    assert "825,000" in fault.text("zh")


def test_the_figure_is_used_as_it_is_until_somebody_decides(tmp_path):
    figures = _figures()
    figures["村集体收入（万元）"][7] = 250_000
    reading = _read(tmp_path, figures)
    assert reading.villages.frame["collective_income_wan_yuan"].max() == 250_000
    (fault,) = _asked(reading)
    again = _read(tmp_path, figures, decisions=fault.fixes)  # none is confirmed
    assert again.villages.frame["collective_income_wan_yuan"].max() == 250_000
    assert len(_asked(again)) == 1


def test_accepting_settles_the_question_and_keeps_the_figure(tmp_path):
    figures = _figures()
    figures["村集体收入（万元）"][7] = 250_000
    (fault,) = _asked(_read(tmp_path, figures))
    reading = _read(tmp_path, figures, decisions=_confirmed(fault.fixes[-1]))
    assert _asked(reading) == []
    assert [accepted.key for accepted in reading.accepted] == ["outliers.by_unit"]
    assert reading.villages.frame["collective_income_wan_yuan"].max() == 250_000
    assert "decisions.applied" in [fault.key for fault in reading.faults]


def test_a_value_decision_puts_the_figure_right(tmp_path):
    figures = _figures()
    figures["村集体收入（万元）"][7] = 250_000
    (fault,) = _asked(_read(tmp_path, figures))
    reading = _read(tmp_path, figures, decisions=_confirmed(fault.fixes[0]))
    assert _asked(reading) == []
    assert reading.villages.frame["collective_income_wan_yuan"].iloc[7] == 25
    assert "decisions.applied" in [fault.key for fault in reading.faults]


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


def test_a_large_place_in_a_long_tail_is_no_outlier(tmp_path):
    figures = {"户籍人口": np.round(460 * np.exp(np.linspace(-3, 8, COUNT)))}
    assert _asked(_read(tmp_path, figures)) == []


def test_figures_that_hardly_go_together_are_told(tmp_path):
    figures = _figures()
    figures["常住人口"] = figures["户籍人口"].copy()
    figures["常住人口"][3] *= 8
    figures["户数"][4] = figures["户籍人口"][4] + 1
    figures["党员数"] = np.full(COUNT, 20.0)
    figures["党员数"][5] = 90_000
    figures["人均收入（元）"][6] = 0
    figures["收入年度"] = np.where(np.arange(COUNT) < 5, 2022, 2023)
    told = {
        f.key: f for f in _read(tmp_path, figures).faults
        if f.key.startswith("outliers.") and not f.fixes
    }  # fmt: skip
    assert set(told) == {
        "outliers.resident_far_above",
        "outliers.more_households",
        "outliers.more_members",
        "outliers.zeros",
        "outliers.years_differ",
    }
    assert "第3号村" in told["outliers.resident_far_above"].text()
    assert "2022（5）、2023（35）" in told["outliers.years_differ"].text()


def test_more_land_than_area_is_told(tmp_path):
    frame = villages(**{"耕地面积（亩）": [100, 100, 100, 900_000]})
    reading = read_all(gpkg(tmp_path, frame))
    assert [f.key for f in reading.faults if f.key.startswith("outliers.")] == [
        "outliers.more_land"
    ]


@pytest.mark.parametrize(
    ("boundaries", "ledger"),
    [
        ("demo_county/villages.shp", "demo_county/ledger.xlsx"),
        ("nantou/nantou_villages.gpkg", None),
    ],
)
def test_shipped_data_raise_no_question(boundaries, ledger):
    folder = ROOT / "data" / "boundaries"
    reading = read_all(folder / boundaries, None if ledger is None else folder / ledger)
    assert reading.villages is not None
    assert [fault.text() for fault in _asked(reading)] == []


def test_the_communes_of_france_raise_no_question_on_figures(shared):
    reading = read_all(shared / "fr_all_communes_2013.gpkg")
    assert len(reading.groups) == 36_234
    assert [f.text() for f in _asked(reading) if f.key.startswith("outliers.")] == []
