import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_helpers import keys
from ledger_helpers import column, columns, confirmed, errors, one, questions, reading, settle

from liancun_geo.decisions import CellsDecision, ValueDecision
from liancun_geo.intake.ledgers.cells import Bad, Quantity, as_found, likely_numbers, read_quantity
from liancun_geo.intake.ledgers.fields import map_headers
from liancun_geo.intake.ledgers.raw import RawTable
from liancun_geo.intake.ledgers.values import read_values
from liancun_geo.intake.ledgers.words import flag_parser, parse_tags, parse_text, parse_year
from liancun_geo.units import UNITS, Unit

MU, WAN, YUAN, PERSONS = (UNITS[name] for name in ("亩", "万元", "元", "人"))
INCOME = "村集体经营性收入（万元）"


@pytest.mark.parametrize(
    ("cell", "unit", "value", "ways"),
    [
        ("约1,200", PERSONS, 1200, ("approximate",)),
        ("100余", PERSONS, 100, ("approximate",)),
        ("100多人", PERSONS, 100, ("approximate",)),
        ("120左右", PERSONS, 120, ("approximate",)),
        ("1.2万", PERSONS, 12_000, ("multiplied",)),
        ("约1.2万人", PERSONS, 12_000, ("approximate", "with_unit")),
        ("3千", MU, 3_000, ("multiplied",)),
        ("35亩", MU, 35, ()),
        ("1200人", PERSONS, 1200, ()),
        ("１２００ 人", PERSONS, 1200, ()),
        ("2公顷", MU, 30, ("with_unit",)),
        ("12万元", YUAN, 120_000, ("with_unit",)),
        ("12万元", WAN, 12, ()),
        ("5000元", WAN, 0.5, ("with_unit",)),
        ("12.5万元/年", WAN, 12.5, ()),
        ("10-12", WAN, 11, ("range",)),
        ("10～12", WAN, 11, ("range",)),
        ("10至12万元", WAN, 11, ("range",)),
        ("10亩-12亩", MU, 11, ("range",)),
        ("1 200", PERSONS, 1200, ()),
        ("1 234 567", PERSONS, 1_234_567, ()),
    ],
)
def test_odd_numbers_are_read_with_the_ways_it_takes(cell, unit, value, ways):
    found = read_quantity(cell, unit)
    assert isinstance(found, Quantity)
    assert found.value == pytest.approx(value, rel=1e-15)
    assert found.ways == ways
    assert found.other is None


def test_wan_in_a_column_of_wan_has_two_readings():
    found = read_quantity("1.2万", WAN)
    assert found == Quantity(1.2, ("with_unit",), 12_000)


@pytest.mark.parametrize(
    "cell",
    ["12 00", "35亩", "十二", "12-10", "12²", "½", "-", "abc12", "2023年5月", "1,2", "#REF!x"],
)
def test_other_cells_are_no_persons(cell):
    found = read_quantity(cell, PERSONS)
    assert isinstance(found, Bad) or math.isnan(found.value)


@given(st.text(max_size=80), st.sampled_from([MU, WAN, YUAN, PERSONS]))
def test_no_text_breaks_the_reading_of_odd_numbers(text, unit: Unit):
    found = read_quantity(text, unit)
    assert isinstance(found, Bad | Quantity)
    assert len(as_found(text)) <= 60
    assert not any(mark in "\n\r\t\x00\x1b\u202e\u200b" for mark in as_found(text))
    likely_numbers(text)


@given(
    st.integers(1, 10**7),
    st.sampled_from(["约{}", "{}余", "{}多亩", "近{}亩", "{}亩左右"]),
)
def test_approximate_numbers_keep_their_figure(number, form):
    found = read_quantity(form.format(number), MU)
    assert found == Quantity(float(number), ("approximate",))


@pytest.mark.parametrize(
    ("cell", "likely"),
    [
        ("1O0", ["100"]),
        ("l20", ["120"]),
        ("100+20", ["120"]),
        ("120（含外出）", ["120"]),
        ("3或4", []),
        (dt.datetime(1903, 4, 14), ["1200"]),
    ],
)
def test_likely_numbers(cell, likely):
    assert likely_numbers(cell) == likely


@pytest.mark.parametrize(
    ("cell", "year"),
    [
        (dt.datetime(2023, 12, 31), 2023),
        ("2023-12-31", 2023),
        ("2023年12月", 2023),
        ("2023.6.30", 2023),
        (45291, 2023),
        ("２０２３年", 2023),
        ("2023年底", 2023),
    ],
)
def test_dates_tell_their_year(cell, year):
    assert parse_year(cell) == year


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("weak_organisation", "软弱涣散村", True),
        ("weak_organisation", "非软弱涣散", False),
        ("weak_economy", "集体经济薄弱村", True),
        ("weak_economy", "不是", False),
        ("resettlement", "安置区", True),
    ],
)
def test_flags_in_words_of_their_column(field, cell, value):
    assert flag_parser(field)(cell) is value
    assert isinstance(flag_parser("secretary_in_post")(cell), Bad) or cell == "不是"


def test_lists_keep_brackets_together_and_drop_and_so_on():
    assert parse_tags("种植（苹果、桃）、养牛等") == ("种植(苹果、桃)", "养牛")
    assert parse_tags("苹果、桃；养牛") == ("苹果", "桃", "养牛")
    assert isinstance(parse_tags("桃、" * 2000), Bad)


def test_names_are_kept_harmless():
    assert parse_text("王\u202e家\u200b村\x07") == "王家村"
    assert parse_text('=HYPERLINK("x")') == '=HYPERLINK("x")'
    assert isinstance(parse_text("村" * 5000), Bad)
    assert len(as_found("村" * 5000)) == 60


# Questions and answers


def test_one_odd_number_names_its_cell_and_is_settled_in_three_ways(tmp_path):
    rows = columns(("户籍人口", (1200, "约480", 900, 760)))
    found = reading(tmp_path, rows)
    fault = one(found, "ledger.odd_number")
    assert (fault.where.cell, fault.where.row, fault.where.sheet) == ("C3", 3, "台账")
    assert (fault.where.village, fault.where.field) == ("李家村", "户籍人口")
    assert [fix.kind for fix in fault.fixes] == ["value", "cells", "value"]
    field = "population_registered_persons"
    for number, value in ((0, 480.0), (1, 480.0)):
        again = settle(tmp_path, rows, "ledger.odd_number", number)
        assert column(again, field)[1] == value
    again = settle(tmp_path, rows, "ledger.odd_number", 2)
    assert math.isnan(column(again, field)[1])


def test_odd_numbers_of_one_kind_are_one_question(tmp_path):
    rows = columns(("户籍人口", ("约1200", "约480", "1.2万", 760)))
    found = reading(tmp_path, rows)
    many = one(found, "ledger.odd_numbers")
    assert many.params["count"] == 2
    assert many.params["examples"] == "C2 “约1200” → 1,200、C3 “约480” → 480"
    single = one(found, "ledger.odd_number")
    assert (single.where.cell, single.params["reading"]) == ("C4", "12,000")
    first = settle(tmp_path, rows, "ledger.odd_numbers")
    assert keys(errors(first)) == ["ledger.odd_number"]
    # A second decision on the same column adds to the first.
    cells = [fix for fix in single.fixes if isinstance(fix, CellsDecision)]
    both = reading(tmp_path, rows, confirmed(many.fixes[0]), confirmed(cells[0]))
    assert errors(both) == []
    assert column(both, "population_registered_persons") == [1200, 480, 12_000, 760]


@pytest.mark.parametrize(
    ("header", "field", "values", "expected"),
    [
        ("耕地面积（亩）", "arable_land_mu", ("2公顷", "3公顷", 12, 7), [30, 45, 12, 7]),
        (INCOME, "collective_income_wan_yuan", ("10-12", "3-4", 9, 7), [11, 3.5, 9, 7]),
        ("村集体经营性收入（元）", "collective_income_wan_yuan", ("12万元", "3万元", 9e4, 7e4),
         [12, 3, 9, 7]),
    ],
)  # fmt: skip
def test_units_and_ranges_in_cells_are_asked_about(tmp_path, header, field, values, expected):
    again = settle(tmp_path, columns((header, values)), "ledger.odd_numbers")
    assert column(again, field) == pytest.approx(expected, rel=1e-15)


def test_wan_in_a_column_of_wan_is_settled_either_way(tmp_path):
    rows = columns((INCOME, (10, "1.2万", 9, 7)))
    fault = one(reading(tmp_path, rows), "ledger.odd_number_in_wan")
    assert (fault.params["reading"], fault.params["other"]) == ("1.2", "12,000")
    field = "collective_income_wan_yuan"
    for number, value in enumerate((1.2, 1.2, 12_000.0, 12_000.0)):
        again = settle(tmp_path, rows, "ledger.odd_number_in_wan", number)
        assert column(again, field)[1] == value, fault.fixes[number]
    rows = columns((INCOME, (10, "1.2万", "2万", 7)))
    assert column(settle(tmp_path, rows, "ledger.odd_numbers_in_wan"), field)[2] == 2


def test_what_loses_nothing_is_told_and_not_asked(tmp_path):
    rows = columns(
        ("户籍人口", ("１２００", "480人", "1 900", 760)), ("年度", ("2023年底", 45291, 2023, 2023))
    )
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert column(found, "population_registered_persons") == [1200, 480, 1900, 760]
    assert column(found, "collective_income_year") == [2023] * 4
    tidied = [fault for fault in found.faults if fault.key == "ledger.tidied"]
    assert sorted(fault.params["count"] for fault in tidied) == [2, 3]


def test_what_was_agreed_to_is_not_told_as_tidied_without_loss(tmp_path):
    rows = columns(("户籍人口", ("约486", "约1,200", "１２００", 760)))
    found = settle(tmp_path, rows, "ledger.odd_numbers")
    assert column(found, "population_registered_persons") == [486, 1200, 1200, 760]
    (tidied,) = (fault for fault in found.faults if fault.key == "ledger.tidied")
    assert tidied.params["count"] == 1
    assert "约" not in tidied.text("zh")


def test_unreadable_cell_proposes_what_it_may_be_and_missing(tmp_path):
    rows = columns(("户籍人口", (1200, "4O0", "几百", 760)))
    found = reading(tmp_path, rows)
    first, second = errors(found)
    assert (first.where.cell, second.where.cell) == ("C3", "C4")
    assert [fix.value for fix in first.fixes] == ["400", ""]
    assert [fix.value for fix in second.fixes] == [""]
    again = reading(tmp_path, rows, *(confirmed(fault.fixes[0]) for fault in (first, second)))
    values = column(again, "population_registered_persons")
    assert values[1] == 400
    assert math.isnan(values[2])


def test_alike_words_of_a_flag_are_one_question(tmp_path):
    rows = columns(("是否软弱涣散", ("后进", "否", "后进", "")))
    fault = one(reading(tmp_path, rows), "ledger.same_words")
    assert (fault.params["cells"], fault.params["value"]) == ("C2、C4", "后进")
    again = settle(tmp_path, rows, "ledger.same_words")
    values = again.villages.frame["weak_organisation"]
    assert values[:3].tolist() == [True, False, True]
    assert values.isna().tolist() == [False, False, False, True]


def test_one_unclear_flag_is_asked_about_alone(tmp_path):
    rows = columns(("书记在任", ("是", "兼任", "空缺", "在岗")))
    again = settle(tmp_path, rows, "intake.not_a_flag")
    assert again.villages.frame["secretary_in_post"].tolist() == [True, True, False, True]


def test_years_of_two_digits_are_asked_about(tmp_path):
    rows = columns(("年度", (2023, "23年", 2023, 2023)))
    assert (
        column(settle(tmp_path, rows, "intake.year_out_of_range"), "collective_income_year")
        == [2023] * 4
    )


def test_excel_errors_and_dates_propose_values(tmp_path):
    rows = columns(("户数", (300, "#REF!", 200, 150)))
    assert math.isnan(column(settle(tmp_path, rows, "intake.cell_error"), "households")[1])
    rows = columns(("户数", (300, dt.datetime(1900, 7, 18), 200, 150)))
    assert column(settle(tmp_path, rows, "intake.date_in_number"), "households")[1] == 200
    rows = columns(("户数", (300, -100, 200, 150)))
    assert column(settle(tmp_path, rows, "intake.negative"), "households")[1] == 100


def test_a_formula_that_was_never_calculated_can_be_decided_on(tmp_path):
    rows = columns(("户数", (300, "=1+1", 200, 150)))
    fault = one(reading(tmp_path, rows), "intake.formula_without_value")
    assert fault.where.cell == "C3"
    again = settle(tmp_path, rows, "intake.formula_without_value")
    assert math.isnan(column(again, "households")[1])


def test_decisions_hold_for_the_village_and_not_for_the_row_number(tmp_path):
    rows = columns(("户籍人口", (1200, "约480", 900, 760)))
    fix = confirmed(one(reading(tmp_path, rows), "ledger.odd_number").fixes[0])
    assert isinstance(fix, ValueDecision)
    moved = [rows[0], *rows[:0:-1]]
    again = reading(tmp_path, moved, fix)
    assert column(again, "population_registered_persons") == [1200, 480, 900, 760]
    # The cell was corrected meanwhile: the decision is not needed, and that is said.
    corrected = columns(("户籍人口", (1200, 470, 900, 760)))
    assert "decisions.unused" in keys(reading(tmp_path, corrected, fix).faults)


def test_a_column_of_other_things_is_one_fault(tmp_path):
    cells = pd.DataFrame({0: [f"{i:03}" for i in range(40)], 1: ["甲乙丙"] * 40}, dtype=object)
    table = RawTable("a.csv", None, ("村代码", "户数"), cells, tuple(range(2, 42)), header_row=1)
    columns_, _ = map_headers(table, {})
    _, faults = read_values(table, columns_)
    (fault,) = faults
    assert (fault.key, fault.params["count"]) == ("ledger.no_values", 40)
    assert [(fix.kind, fix.field) for fix in fault.fixes] == [("header", "")]
