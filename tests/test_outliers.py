"""Figures off by a factor are asked about, with what they would be; others are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from intake_helpers import gpkg, villages
from outlier_cases import COUNT, _asked, _confirmed, _figures, _read

from liancun_geo.decisions import (
    AcceptDecision,
    ValueDecision,
)
from liancun_geo.intake.reading import read_all

ROOT = Path(__file__).parents[1]


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
