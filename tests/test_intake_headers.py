import math

import openpyxl
import pytest
from intake_helpers import CODES, NAMES, gpkg, keys, villages
from ledger_helpers import (
    KEYS,
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

from liancun_geo.intake.ledgers.headers import Said, alike, look_up, year_of
from liancun_geo.villages import FIELDS

INCOME = "collective_income_wan_yuan"
REGISTERED, RESIDENT = "population_registered_persons", "population_resident_persons"


@pytest.mark.parametrize(
    ("levels", "field", "how"),
    [
        (("人口", "户籍"), REGISTERED, "sure"),
        (("人口", "常住人口"), RESIDENT, "sure"),
        (("人口情况", "户籍人口（人）"), REGISTERED, "sure"),
        (("基本情况", "行政村名称"), "name", "sure"),
        (("党员", "人数"), "party_members_persons", "sure"),
        (("村集体收入（万元）", "2022年"), INCOME, "sure"),
        (("村集体经营性收入", "2023", "万元"), INCOME, "sure"),
        (("土地情况（亩）", "耕地面积"), "arable_land_mu", "sure"),
        (("贫困户", "户数"), "households", "part"),
        (("流动人口", "户籍人口"), REGISTERED, "part"),
        (("产业", "主导产业"), "industries", "listed"),
        (("产业2",), "industries", "listed"),
        (("产业", "苹果（亩）"), "industries", "named"),
        (("人口数",), REGISTERED, "fallback"),
    ],
)
def test_headers_of_several_rows(levels, field, how):
    assert look_up(levels) == Said(field, how)


@pytest.mark.parametrize(
    "levels",
    [("联系村干部",), ("产业", "年产值"), ("产业", "备注"), ("",), ("序号",), ("脱贫户数",)],
)
def test_other_headers_name_nothing(levels):
    assert look_up(levels) is None
    assert alike(levels) == []


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("2023年村集体总收入（万元）", INCOME),
        ("可耕地面积（亩）", "arable_land_mu"),
        ("行政村全名称", "name"),
    ],
)
def test_headers_that_resemble_a_known_one(header, field):
    assert look_up((header,)) is None
    assert alike((header,))[0] == field


@pytest.mark.parametrize(
    "header", ["人均耕地面积", "常住人口增长率", "联系人姓名", "备注", "村情简介"]
)
def test_headers_that_only_contain_one_are_left_alone(header):
    assert look_up((header,)) is None
    assert alike((header,)) == []


def test_every_known_header_is_found_below_a_heading():
    for field in FIELDS.values():
        assert look_up(("基本情况", field.zh)) == Said(field.name, "sure"), field


def test_year_of_the_lowest_row_counts():
    assert year_of(("2022年底", "村集体收入")) == 2022
    assert year_of(("村集体收入（2022年）", "2023年")) == 2023
    assert year_of(("村集体收入",)) is None


# Sheets with headers of two and three rows


def _two_rows(merge):
    rows = [
        ["城头镇村情台账", *[None] * 6],
        ["村代码", "村名", "人口", None, "村集体收入（万元）", None, "户数"],
        [None, None, "户籍", "常住", "2022年", "2023年", None],
        *([c, n, 100 + i, 90 + i, 5 + i, 6 + i, 30 + i]
          for i, (c, n) in enumerate(zip(CODES, NAMES, strict=True))),
    ]  # fmt: skip

    def change(sheet):
        if merge:
            for span in ("A1:G1", "A2:A3", "B2:B3", "C2:D2", "E2:F2", "G2:G3"):
                sheet.merge_cells(span)

    return rows, change


@pytest.mark.parametrize("merge", [True, False])
def test_two_rows_of_headers_merged_or_blank(tmp_path, merge):
    path = book_of(tmp_path / "l.xlsx", *_two_rows(merge))
    found = reading(tmp_path, ledger=path)
    (fault,) = errors(found)
    assert fault.key == "ledger.headers_of_years"
    # The latest year comes first, and nothing is chosen silently.
    assert [fix.header for fix in fault.fixes] == [
        "村集体收入（万元） / 2023年",
        "村集体收入（万元） / 2022年",
    ]
    for fix, year, income in zip(fault.fixes, (2023, 2022), (6, 5), strict=True):
        again = reading(tmp_path, None, confirmed(fix), ledger=path)
        assert errors(again) == []
        assert column(again, REGISTERED) == [100, 101, 102, 103]
        assert column(again, RESIDENT) == [90, 91, 92, 93]
        assert column(again, "households") == [30, 31, 32, 33]
        assert column(again, INCOME)[0] == income
        assert column(again, "collective_income_year") == [year] * 4
    named = reading(tmp_path, ledger=path, fields={INCOME: "村集体收入（万元）2022年"})
    assert column(named, INCOME)[0] == 5


def test_three_rows_with_units_in_the_lowest(tmp_path):
    rows = [
        ["基本信息", None, "人口情况", None, "收入情况"],
        ["村代码", "村名", "户籍人口", "常住人口", "村集体经营性收入"],
        [None, None, "人", "人", "元"],
        *([c, n, 100, 90, 50_000] for c, n in zip(CODES, NAMES, strict=True)),
    ]
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert column(found, INCOME) == [5] * 4
    assert column(found, REGISTERED) == [100] * 4


def test_a_title_above_is_no_header_and_a_village_below_is_none_either(tmp_path):
    rows = [["村庄基本情况", None, None], *columns(("户籍人口", ("约100", 90, 80, 70)))]
    fault = one(reading(tmp_path, rows), "ledger.odd_number")
    assert (fault.where.field, fault.where.cell) == ("户籍人口", "C3")


def test_numbers_of_columns_and_repeated_headers_are_skipped(tmp_path):
    head, *body = columns(("户籍人口", (1, 2, 3, 4)))
    rows = [head, ["甲", "乙", "1"], *body[:2], head, *body[2:]]
    found = reading(tmp_path, rows)
    # "甲 乙 1" numbers the columns.
    assert column(found, REGISTERED) == [1, 2, 3, 4]
    assert one(found, "ledger.header_again").params == {"count": 2, "rows": "2、5"}


# Questions


def test_a_heading_that_changes_the_meaning_is_asked_about(tmp_path):
    rows = [
        ["村代码", "村名", "贫困户", None],
        [None, None, "户数", "人数"],
        *([c, n, 3, 9] for c, n in zip(CODES, NAMES, strict=True)),
    ]
    found = reading(tmp_path, rows)
    assert math.isnan(column(found, "households")[0])
    again = settle(tmp_path, rows, "ledger.header_resembles")
    assert column(again, "households") == [3] * 4
    assert (
        "households" not in settle(tmp_path, rows, "ledger.header_resembles", 1).ledgers[0].columns
    )


def test_a_header_that_resembles_a_known_one_is_asked_about(tmp_path):
    rows = columns(("2023年村集体总收入（万元）", (1, 2, 3, 4)))
    fault = one(reading(tmp_path, rows), "ledger.header_resembles")
    assert (fault.where.cell, fault.fixes[0].field, fault.fixes[-1].field) == ("C1", INCOME, "")
    again = settle(tmp_path, rows, "ledger.header_resembles")
    assert column(again, INCOME) == [1, 2, 3, 4]
    assert column(again, "collective_income_year") == [2023] * 4
    ignored = settle(tmp_path, rows, "ledger.header_resembles", -1)
    assert math.isnan(column(ignored, INCOME)[0])
    # With the indicator itself in the sheet it is only another column.
    both = columns(("村集体经营性收入（万元）", (1,) * 4), ("村集体总收入（万元）", (2,) * 4))
    found = reading(tmp_path, both)
    assert questions(found) == []
    assert "村集体总收入（万元）" in one(found, "intake.headers_ignored").params["headers"]


def test_a_column_of_townships_is_known_by_its_cells(tmp_path):
    rows = [
        ["片", "村名", "户籍人口"],
        *(["城头镇", name, 9] for name in NAMES),
    ]
    found = reading(tmp_path, rows)
    fault = one(found, "ledger.header_by_values")
    assert (fault.where.cell, [fix.field for fix in fault.fixes]) == ("A1", ["township", ""])
    assert found.ledgers[0].columns["township"].header == "片"
    again = settle(tmp_path, rows, "ledger.header_by_values")
    assert (questions(again), again.ledgers[0].columns["township"].header) == ([], "片")
    without = settle(tmp_path, rows, "ledger.header_by_values", 1)
    assert "township" not in without.ledgers[0].columns


@pytest.mark.parametrize(
    "cells",
    [
        ["城关镇", "河东街道", "城关镇", "产业薄弱"],  # not all are names of townships
        ["城关镇", None, None, None],  # one cell shows nothing
    ],
)
def test_a_column_with_other_cells_is_not_taken_for_townships(tmp_path, cells):
    rows = [["片", "村名"], *([cell, name] for cell, name in zip(cells, NAMES, strict=True))]
    assert "ledger.header_by_values" not in keys(reading(tmp_path, rows).faults)


def test_a_population_of_no_kind_is_asked_about(tmp_path):
    rows = columns(("总人口", (100, 90, 80, 70)))
    again = settle(tmp_path, rows, "intake.header_assumed")
    assert column(again, REGISTERED) == [100, 90, 80, 70]
    again = settle(tmp_path, rows, "intake.header_assumed", 1)
    assert column(again, RESIDENT) == [100, 90, 80, 70]


def test_a_population_in_english_is_used_and_only_told(tmp_path):
    found = reading(tmp_path, columns(("population", (100, 90, 80, 70))))
    assert questions(found) == []
    assert one(found, "intake.header_assumed").where.field == "population"


def test_several_headers_of_one_field_propose_each(tmp_path):
    rows = columns(("户籍人口", (1, 2, 3, 4)), ("户籍总人口", (None, 6, 7, 8)))
    fault = one(reading(tmp_path, rows), "intake.headers_ambiguous")
    assert [fix.header for fix in fault.fixes] == ["户籍人口", "户籍总人口"]
    assert column(settle(tmp_path, rows, "intake.headers_ambiguous", 1), REGISTERED)[1:] == [
        6,
        7,
        8,
    ]


def test_identical_headers_are_told_apart_by_their_cells(tmp_path):
    rows = columns(("户数", (1, 2, 3, 4)), ("户 数", (5, 6, 7, 8)))
    fault = one(reading(tmp_path, rows), "ledger.headers_identical")
    assert fault.params["cells"] == "C1、D1"
    again = settle(tmp_path, rows, "ledger.headers_identical", 1)
    assert column(again, "households") == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("values", "first"), [((10, 25, 3.5, 8), "万元"), ((100_000, 250_000, 35_000, 80_000), "元")]
)
def test_income_without_a_unit_is_asked_about_the_likelier_first(tmp_path, values, first):
    rows = columns(("村集体收入", values))
    found = reading(tmp_path, rows)
    fault = one(found, "intake.unit_assumed")
    assert fault.fixes[0].unit == first
    assert {fix.unit for fix in fault.fixes} >= {"万元", "元"}
    # What would be absurd in 万元 cannot be used without an answer.
    assert fault.severity == ("warning" if first == "万元" else "error")
    again = settle(tmp_path, rows, "intake.unit_assumed")
    factor = 1 if first == "万元" else 1e-4
    assert column(again, INCOME) == pytest.approx([v * factor for v in values], rel=1e-15)


def test_units_in_every_cell_need_none_in_the_header(tmp_path):
    rows = columns(("村集体收入", ("10万元", "2.5万元", "35000元", "8万元")))
    found = reading(tmp_path, rows)
    assert "intake.unit_assumed" not in keys(found.faults)
    again = settle(tmp_path, rows, "ledger.odd_number", 1)
    assert column(again, INCOME) == [10, 2.5, 3.5, 8]


def test_unknown_and_wrong_units_are_settled_by_a_decision(tmp_path):
    rows = columns(("集体收入（美金）", (10, 25, 3, 8)))
    assert column(settle(tmp_path, rows, "intake.unit_unknown"), INCOME) == [10, 25, 3, 8]
    rows = columns(("耕地面积（万元）", (1000, 2500, 300, 800)))
    fault = one(reading(tmp_path, rows), "intake.unit_wrong")
    assert (fault.fixes[0].kind, fault.fixes[1].unit) == ("header", "亩")
    assert column(settle(tmp_path, rows, "intake.unit_wrong", 1), "arable_land_mu")[0] == 1000
    assert math.isnan(column(settle(tmp_path, rows, "intake.unit_wrong"), "arable_land_mu")[0])


def test_a_unit_decision_that_cannot_be_is_a_fault(tmp_path):
    rows = columns(("村集体收入", (10, 25, 3, 8)))
    fix = confirmed(one(reading(tmp_path, rows), "intake.unit_assumed").fixes[0])
    wrong = fix.model_copy(update={"unit": "亩"})
    assert keys(errors(reading(tmp_path, rows, wrong))) == ["intake.unit_wrong"]


# Industries


def test_industries_in_several_columns_are_one_list(tmp_path):
    rows = columns(
        ("产业1", ("苹果", "桃；梨", None, "无")), ("产业2", ("养牛、苹果", None, None, None))
    )
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert column(found, "industries") == [("苹果", "养牛"), ("桃", "梨"), None, ()]


def test_one_column_an_industry_with_marks_or_output(tmp_path):
    rows = [
        ["村代码", "村名", "产业", None, None],
        [None, None, "苹果（亩）", "养牛", "合作社"],
        [CODES[0], NAMES[0], 200, "√", "否"],
        [CODES[1], NAMES[1], 0, "是", None],
        [CODES[2], NAMES[2], "35亩", "×", "×"],
        [CODES[3], NAMES[3], None, None, None],
    ]
    found = reading(tmp_path, rows)
    assert questions(found) == []
    assert column(found, "industries") == [
        ("苹果（亩）", "养牛"),
        ("养牛",),
        ("苹果（亩）",),
        None,
    ] or (column(found, "industries") == [("苹果", "养牛"), ("养牛",), ("苹果",), None])


def test_an_unclear_mark_of_an_industry_is_asked_about(tmp_path):
    rows = [
        ["村代码", "村名", "产业", None],
        [None, None, "苹果", "养牛"],
        *([c, n, "√", v] for c, n, v in zip(CODES, NAMES, ("是", "少量", "", "√"), strict=True)),
    ]
    fault = one(reading(tmp_path, rows), "ledger.not_a_mark")
    assert (fault.where.cell, fault.where.field) == ("D4", "产业 / 养牛")
    again = settle(tmp_path, rows, "ledger.not_a_mark")
    assert column(again, "industries")[1] == ("苹果", "养牛")


def test_headers_of_5000_characters_do_no_harm(tmp_path):
    rows = columns(("村集体收入" * 1000, (1, 2, 3, 4)), ("<img onerror=alert(1)>", (1, 2, 3, 4)))
    found = reading(tmp_path, rows)
    assert all(len(fault.text("zh")) < 1000 for fault in found.faults)
    assert found.villages is not None


def test_layers_ask_nothing_about_their_english_names(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(KEYS)
    for pair in zip(CODES, NAMES, strict=True):
        book.active.append(pair)
    book.save(tmp_path / "l.xlsx")
    frame = villages(**{"NAME_1": NAMES, "VILLCODE2": CODES, "Shape_Area": [1.0] * 4})
    gpkg(tmp_path, frame)
    assert questions(reading(tmp_path, ledger=tmp_path / "l.xlsx")) == []
