"""Codes that are damaged, stale or given twice; rows and polygons without each other."""

from __future__ import annotations

from faulty.build import case
from faulty.county import CODES, County


@case
def clean(county: County) -> None:
    """Nothing is wrong."""


@case
def code_scientific(county: County) -> None:
    county.put("370499100203", "村代码", "3.70499E+11")


@case
def code_scientific_column(county: County) -> None:
    county.change("村代码", lambda _: "3.70E+11")


@case
def code_as_number(county: County) -> None:
    county.change("村代码", int)


@case
def code_as_float_text(county: County) -> None:
    county.change("村代码", lambda code: f"{code}.0")


@case
def code_leading_zero_lost(county: County) -> None:
    # A county whose codes begin with a zero, which the spreadsheet dropped.
    county.put("370499100202", "村代码", "70499100202")


@case
def code_9_digits(county: County) -> None:
    county.put("370499101202", "村代码", "370499101")


@case
def code_19_digits_padded(county: County) -> None:
    county.change("村代码", lambda code: f"{code}0000000")


@case
def code_19_digits_not_padded(county: County) -> None:
    county.put("370499102203", "村代码", "3704991022030000017")


@case
def code_19_digits_as_number(county: County) -> None:
    # Spreadsheets keep 15 digits; with the zeros behind the code nothing is lost.
    county.change("村代码", lambda code: float(f"{code}0000000"))


@case
def code_in_full_width_digits(county: County) -> None:
    county.put("370499101201", "村代码", "３７０４９９１０１２０１")


@case
def code_with_spaces(county: County) -> None:
    county.put("370499101201", "村代码", " 3704 9910 1201\u3000")


@case
def code_with_apostrophe(county: County) -> None:
    county.put("370499101201", "村代码", "'370499101201")


@case
def code_with_letter_o(county: County) -> None:
    county.put("370499101202", "村代码", "37O499101202")


@case
def code_missing_in_ledger(county: County) -> None:
    county.put("370499101202", "村代码", None)


@case
def code_missing_in_layer(county: County) -> None:
    county.codes[5] = None


@case
def code_damaged_in_layer(county: County) -> None:
    county.codes[5] = "3.70499E+11"


@case
def code_of_two_villages(county: County) -> None:
    county.codes[7] = county.codes[6]


@case
def code_of_two_rows(county: County) -> None:
    county.put("370499101203", "村代码", "370499101202")


@case
def row_twice_alike(county: County) -> None:
    county.rows.append(list(county.row("370499100202")))


@case
def row_twice_with_other_figures(county: County) -> None:
    again = list(county.row("370499100202"))
    again[county.column("户籍人口（人）")] = 586
    county.rows.append(again)


@case
def code_of_township_in_village_column(county: County) -> None:
    county.put("370499100201", "村代码", "370499100000")


@case
def code_with_other_county_prefix(county: County) -> None:
    # In both files alike, so that they match: only the neighbours tell.
    county.codes[11] = "370481102204"
    county.put("370499102204", "村代码", "370481102204")


@case
def code_with_other_township_prefix(county: County) -> None:
    county.codes[3] = "370499109204"
    county.put("370499100204", "村代码", "370499109204")


@case
def code_stale(county: County) -> None:
    county.put("370499102203", "村代码", "370499102288")


@case
def code_reissued(county: County) -> None:
    # The old list gave 前岭 the number that 后岭 has now, and the other way round.
    county.put("370499101202", "村代码", "370499101203")
    county.put("370499101203", "村代码", "370499101202")


@case
def codes_shifted_by_a_row(county: County) -> None:
    for row, code in zip(county.rows, CODES[1:] + CODES[:1], strict=True):
        row[0] = code


@case
def village_renamed(county: County) -> None:
    county.put("370499102203", "村名", "康庄新村")


@case
def polygon_without_row(county: County) -> None:
    del county.rows[5]


@case
def row_without_polygon(county: County) -> None:
    county.rows.insert(5, ["370499101277", "北庄镇", "新立村", *county.rows[5][3:]])


@case
def ledger_of_another_county(county: County) -> None:
    county.change("村代码", lambda code: f"130102{code[6:]}")
    county.change("乡镇", lambda name: f"外{name}")
    county.change("村名", lambda name: f"别{name}")


@case
def row_without_key(county: County) -> None:
    county.put("370499101202", "村代码", None)
    county.put("370499101202", "村名", None)
