"""Workbooks and texts as people lay them out: titles, merged cells, totals, hidden rows."""

from __future__ import annotations

from faulty.build import case
from faulty.cases.cells import INCOME, MEMBERS, POPULATION
from faulty.county import TOWNSHIPS, County


def by_township(county: County) -> dict[str, list[list]]:
    return {name: [row for row in county.rows if row[1] == name] for name in TOWNSHIPS.values()}


def totalled(county: County, rows: list[list], label: str) -> list:
    total = [label, None, None, *[None] * (len(county.header) - 3)]
    for header in (POPULATION, MEMBERS, INCOME):
        position = county.column(header)
        total[position] = round(sum(row[position] for row in rows), 2)
    return total


@case
def title_rows(county: County):
    rows = [["示例县村情台账"], ["填报单位：示例县", None, "2024年3月"], [], *county.table()]
    return county.inputs(ledger=county.workbook(sheets={"台账": rows}))


@case
def two_row_header(county: County):
    first = [*county.header]
    second = [None] * len(first)
    for header, over, under in (
        (POPULATION, "基本情况", "户籍人口（人）"),
        ("户数（户）", None, "户数（户）"),
        (MEMBERS, None, "党员数（人）"),
    ):
        position = county.column(header)
        first[position], second[position] = over, under

    def merge(sheet):
        for position in range(1, len(first) + 1):
            if second[position - 1] is None:
                sheet.merge_cells(None, 1, position, 2, position)
        start = county.column(POPULATION) + 1
        sheet.merge_cells(None, 1, start, 1, start + 2)

    sheets = {"台账": [first, second, *county.rows]}
    return county.inputs(ledger=county.workbook(merge, sheets=sheets))


@case
def merged_townships(county: County):
    county.without_codes()

    def merge(sheet):
        for top in (2, 6, 10):
            sheet.merge_cells(None, top, 1, top + 3, 1)

    return county.inputs(ledger=county.workbook(merge))


@case
def merged_townships_lost(county: County):
    # What is left of merged cells in a text file: the township in its first row only.
    county.without_codes()
    for position, row in enumerate(county.rows):
        if position % 4:
            row[0] = None
    return county.inputs(ledger=county.csv())


@case
def merged_figures(county: County):
    position = county.column(INCOME) + 1
    return county.inputs(
        ledger=county.workbook(lambda sheet: sheet.merge_cells(None, 2, position, 3, position))
    )


@case
def subtotals_right(county: County) -> None:
    parts = by_township(county)
    county.rows = [
        row
        for name, rows in parts.items()
        for row in (*rows, totalled(county, rows, f"{name}小计"))
    ] + [totalled(county, county.rows, "合计")]


@case
def subtotals_wrong(county: County) -> None:
    parts = by_township(county)
    written = []
    for name, rows in parts.items():
        total = totalled(county, rows, f"{name}小计")
        if name == "北庄镇":
            total[county.column(MEMBERS)] += 30
        written += [*rows, total]
    county.rows = written


@case
def total_above(county: County) -> None:
    county.rows = [totalled(county, county.rows, "全县合计"), *county.rows]


@case
def notes_below(county: County) -> None:
    county.rows += [
        ["注：收入为2023年决算数"],
        ["填表人：张某", None, None, "审核：李某"],
    ]


@case
def header_repeated(county: County) -> None:
    county.rows.insert(6, list(county.header))


@case
def columns_numbered(county: County) -> None:
    county.rows.insert(0, list(range(1, len(county.header) + 1)))


@case
def blank_rows(county: County) -> None:
    blank: list = [None] * len(county.header)
    county.rows = [row for each in county.rows for row in (each, blank)]


@case
def hidden_row(county: County):
    def hide(sheet):
        sheet.row_dimensions[5].hidden = True

    return county.inputs(ledger=county.workbook(hide))


@case
def hidden_row_of_an_old_village(county: County):
    county.rows.append(["370499100299", "城头镇", "老村", *county.rows[0][3:]])

    def hide(sheet):
        sheet.row_dimensions[14].hidden = True

    return county.inputs(ledger=county.workbook(hide))


@case
def hidden_column(county: County):
    def hide(sheet):
        sheet.column_dimensions["F"].hidden = True

    return county.inputs(ledger=county.workbook(hide))


@case
def hidden_sheet(county: County):
    sheets = {"台账": county.table(), "旧数据": county.table()}
    path = county.workbook(sheets=sheets)
    import openpyxl

    book = openpyxl.load_workbook(path)
    book["旧数据"].sheet_state = "hidden"
    book.save(path)
    return county.inputs(ledger=path)


@case
def sheet_for_each_township(county: County):
    county.without_codes()
    head = county.header[1:]
    sheets = {
        name: [head, *(row[1:] for row in county.rows if row[0] == name)]
        for name in TOWNSHIPS.values()
    }
    return county.inputs(ledger=county.workbook(sheets=sheets))


@case
def empty_sheet(county: County):
    sheets = {"台账": county.table(), "Sheet2": [], "Sheet3": []}
    return county.inputs(ledger=county.workbook(sheets=sheets))


@case
def header_only(county: County):
    return county.inputs(ledger=county.workbook(sheets={"台账": [county.header]}))


@case
def sheet_of_something_else(county: County):
    other = [["会议签到表"], ["序号", "姓名", "电话"], [1, "张某", "138"]]
    return county.inputs(ledger=county.workbook(sheets={"台账": county.table(), "签到": other}))


@case
def formula_without_value(county: County):
    def spoil(sheet):
        sheet["D5"] = "=700+60"

    return county.inputs(ledger=county.workbook(spoil))


@case
def formulas_without_values(county: County) -> None:
    county.change(POPULATION, lambda value: f"={value}+0")


@case
def cell_error(county: County) -> None:
    county.put("370499100204", POPULATION, "#REF!")


@case
def header_twice(county: County) -> None:
    county.header.append(POPULATION)
    for row in county.rows:
        row.append(row[county.column(POPULATION)] + 5)


@case
def header_unknown(county: County) -> None:
    county.header[county.column(INCOME)] = "村集体总收入（万元）"


@case
def header_in_words_of_its_own(county: County) -> None:
    county.header[county.column(POPULATION)] = "人　口 数\n（人）"


@case
def no_header(county: County):
    return county.inputs(ledger=county.workbook(sheets={"台账": county.rows}))


@case
def percent_format_column(county: County) -> None:
    county.change(MEMBERS, lambda value: f"{value / 10}%")


@case
def semicolon_csv(county: County):
    return county.inputs(ledger=county.csv(delimiter=";"))


@case
def tab_csv(county: County):
    return county.inputs(ledger=county.csv(delimiter="\t"))


@case
def utf16_csv(county: County):
    return county.inputs(ledger=county.csv("utf-16", delimiter="\t"))


@case
def gbk_csv(county: County):
    return county.inputs(ledger=county.csv("gb18030"))


@case
def csv_with_unquoted_thousands(county: County):
    path = county.csv()
    path.write_text(path.read_text("utf-8-sig").replace("1263", "1,263"), "utf-8-sig")
    return county.inputs(ledger=path)


@case
def csv_cut_in_a_character(county: County):
    path = county.csv("gb18030")
    path.write_bytes(path.read_bytes()[:-6])
    return county.inputs(ledger=path)


@case
def csv_cut_in_a_row(county: County):
    path = county.csv()
    path.write_bytes(path.read_bytes()[:-12])
    return county.inputs(ledger=path)


@case
def two_ledgers(county: County):
    path = county.workbook()
    county.header = [*county.header[:3], "常住人口（人）"]
    county.rows = [[*row[:3], row[3] - 100] for row in county.rows]
    return county.inputs(ledger=[path, county.csv()])
