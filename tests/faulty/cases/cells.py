"""Cells that are no plain number, and numbers in another unit."""

from __future__ import annotations

import datetime as dt

from faulty.build import case
from faulty.county import CODES, County

POPULATION, HOUSEHOLDS, MEMBERS = "户籍人口（人）", "户数（户）", "党员数（人）"
INCOME, YEAR, PER_HEAD = "村集体经营性收入（万元）", "收入年度", "人均收入（元）"
LAND, INDUSTRY, SECRETARY = "耕地面积（亩）", "产业", "书记在任"


def renamed(county: County, header: str, other: str) -> None:
    county.header[county.column(header)] = other


@case
def full_width_digits(county: County) -> None:
    county.put("370499100201", POPULATION, "１２６３")
    county.put("370499100202", INCOME, "８．４")


@case
def thousands_commas(county: County) -> None:
    county.put("370499100201", POPULATION, "1,263")
    county.put("370499100201", PER_HEAD, "21，980")


@case
def numbers_as_text(county: County) -> None:
    county.change(POPULATION, str)
    county.change(INCOME, lambda value: f" {value} ")


@case
def approximate_numbers(county: County) -> None:
    county.put("370499100201", POPULATION, "约1,263")
    county.put("370499100203", POPULATION, "大约912")


@case
def approximate_column(county: County) -> None:
    county.change(POPULATION, lambda value: f"约{value}")


@case
def more_than(county: County) -> None:
    county.put("370499100201", POPULATION, "1200余")


@case
def wan_in_cell(county: County) -> None:
    county.put("370499101001", PER_HEAD, "2.375万")


@case
def wan_in_column_of_wan(county: County) -> None:
    county.put("370499101001", INCOME, "40.74万")


@case
def unit_in_cell(county: County) -> None:
    county.put("370499101001", POPULATION, "1508人")
    county.put("370499101001", LAND, "580亩")


@case
def other_unit_in_cell(county: County) -> None:
    county.put("370499101001", INCOME, "407400元")


@case
def range_in_cell(county: County) -> None:
    county.put("370499100202", MEMBERS, "20-24")


@case
def dash_for_missing(county: County) -> None:
    county.put("370499100202", PER_HEAD, "—")
    county.put("370499100203", PER_HEAD, "/")
    county.put("370499100204", PER_HEAD, "无")


@case
def words_for_missing(county: County) -> None:
    county.put("370499100202", PER_HEAD, "不详")
    county.put("370499100203", PER_HEAD, "待核实")


@case
def word_in_a_whole_column(county: County) -> None:
    county.change(PER_HEAD, lambda _: "见附件")


@case
def income_in_yuan(county: County) -> None:
    renamed(county, INCOME, "村集体经营性收入（元）")
    county.change("村集体经营性收入（元）", lambda value: round(value * 10_000))


@case
def income_in_yuan_by_title(county: County):
    renamed(county, INCOME, "村集体经营性收入")
    county.change("村集体经营性收入", lambda value: round(value * 10_000))
    rows = [["示例县村情台账（收入单位：元）"], *county.table()]
    return county.inputs(ledger=county.workbook(sheets={"台账": rows}))


@case
def income_in_yuan_unsaid(county: County) -> None:
    renamed(county, INCOME, "村集体经营性收入")
    county.change("村集体经营性收入", lambda value: round(value * 10_000))


@case
def income_called_wan_but_yuan(county: County) -> None:
    county.change(INCOME, lambda value: round(value * 10_000))


@case
def income_of_a_township_in_yuan(county: County) -> None:
    for code in CODES[:4]:
        county.put(code, INCOME, round(county.row(code)[county.column(INCOME)] * 10_000))


@case
def income_without_unit(county: County) -> None:
    renamed(county, INCOME, "村集体经营性收入")


@case
def area_in_hectares(county: County) -> None:
    renamed(county, LAND, "耕地面积（公顷）")
    county.change("耕地面积（公顷）", lambda value: value / 15)


@case
def area_in_square_metres(county: County) -> None:
    renamed(county, LAND, "耕地面积（平方米）")
    county.change("耕地面积（平方米）", lambda value: value * 2000 / 3)


@case
def area_in_an_unknown_unit(county: County) -> None:
    renamed(county, LAND, "耕地面积（垧）")


@case
def area_in_persons(county: County) -> None:
    renamed(county, LAND, "耕地面积（人）")


@case
def one_value_times_10000(county: County) -> None:
    county.put("370499101202", INCOME, 272500)


@case
def one_value_in_hectares(county: County) -> None:
    county.put("370499101202", LAND, 71.67)


@case
def one_value_in_square_metres(county: County) -> None:
    county.put("370499101202", LAND, 716667)


@case
def digit_too_many(county: County) -> None:
    county.put("370499101202", POPULATION, 159500)


@case
def percent_in_number(county: County) -> None:
    county.put("370499100202", MEMBERS, "4.5%")


@case
def negative_population(county: County) -> None:
    county.put("370499100202", POPULATION, -486)


@case
def negative_income(county: County) -> None:
    county.put("370499100202", INCOME, -8.4)


@case
def number_beyond_reason(county: County) -> None:
    county.put("370499100202", POPULATION, 4.86e17)


@case
def date_in_number(county: County) -> None:
    # 4-12 typed into a cell becomes a date.
    county.put("370499100202", MEMBERS, dt.datetime(2024, 4, 12))


@case
def date_in_year(county: County) -> None:
    county.put("370499100202", YEAR, dt.datetime(2023, 12, 31))
    county.put("370499100203", YEAR, "2023年")


@case
def year_of_two_digits(county: County) -> None:
    county.put("370499100202", YEAR, 23)


@case
def years_differ(county: County) -> None:
    county.put("370499100202", YEAR, 2021)


@case
def two_years_of_income(county: County) -> None:
    position = county.column(INCOME)
    county.header[position] = "2022年村集体经营性收入（万元）"
    county.header.append("2023年村集体经营性收入（万元）")
    for row in county.rows:
        row.append(row[position])
        row[position] = round(row[position] * 0.9, 2)


@case
def flag_that_is_none(county: County) -> None:
    county.put("370499100202", SECRETARY, "主任代理")


@case
def flags_in_other_words(county: County) -> None:
    county.change(SECRETARY, lambda value: {"是": "√", "否": "×"}[value])


@case
def lists_with_other_marks(county: County) -> None:
    county.change(INDUSTRY, lambda value: value.replace("、", "；"))


@case
def more_households_than_people(county: County) -> None:
    county.put("370499100202", HOUSEHOLDS, 590)


@case
def more_land_than_area(county: County) -> None:
    county.put("370499100202", LAND, 1630)


@case
def zero_for_blank(county: County) -> None:
    county.put("370499100202", POPULATION, 0)


@case
def formula_name(county: County) -> None:
    county.codes[1] = "370499100202"
    county.names[1] = "=cmd|'/c calc'!A1"
    county.put("370499100202", "村名", "'=cmd|'/c calc'!A1")


@case
def script_name(county: County) -> None:
    county.names[1] = "<script>alert(1)</script>"
    county.put("370499100202", "村名", "<script>alert(1)</script>")
