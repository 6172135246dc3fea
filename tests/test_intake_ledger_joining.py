"""Rows of a ledger and the villages they are about."""

import datetime as dt

import openpyxl
import pytest
from intake_helpers import CODES, NAMES, keys, ledger_rows, villages, workbook
from ledger_cases import POPULATION, _faults, _population, _read

from liancun_geo.errors import DataError
from liancun_geo.intake.ledgers.ledger import read_ledger
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings


# Joining
def test_join_by_township_and_name_without_codes(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    rows = [
        ("乡镇", "村名", "户籍人口"),
        ("乙镇", "王村 ", 3),
        ("甲镇", "李村", 2),
        ("甲镇", "王村", 1),
    ]
    rows.append(("乙镇", "李村", 4))
    assert _population(_read(tmp_path, rows, frame=frame)) == [1, 2, 3, 4]
    (fault, *_) = _faults(tmp_path, [("村名", "户籍人口"), ("王村", 3)], frame=frame)
    assert fault.key == "intake.row_ambiguous"


def test_one_sheet_a_township(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    head = ("村名", "户籍人口")
    sheets = {"乙镇": [head, ("王村", 3), ("李村", 4)], "甲镇": [head, ("李村", 2), ("王村", 1)]}
    assert _population(_read(tmp_path, sheets=sheets, frame=frame)) == [1, 2, 3, 4]


def test_merged_township_cells_are_filled_down(tmp_path):
    frame = villages(村名=["王村", "李村", "王村", "李村"], 乡镇=["甲镇", "甲镇", "乙镇", "乙镇"])
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["乡镇", "村名", "户籍人口"],
        ["甲镇", "王村", 1],
        [None, "李村", 2],
        ["乙镇", "王村", 3],
        [None, "李村", 4],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("A4:A5")
    book.save(tmp_path / "merged.xlsx")
    table = _read(tmp_path, ledger=tmp_path / "merged.xlsx", frame=frame)
    assert _population(table) == [1, 2, 3, 4]


def test_codes_come_from_the_ledger_where_the_boundaries_have_none(tmp_path):
    table = _read(tmp_path, ledger_rows(), frame=villages(村代码=None))
    assert table.frame["code"].tolist() == list(CODES)


def test_names_that_are_only_alike_are_not_joined(tmp_path):
    rows = [("乡镇", "村名", "户籍人口"), ("城头镇", "王嘉村", 3)]
    found = keys(_faults(tmp_path, rows))
    assert found == ["intake.village_without_row"] * 4 + ["intake.row_without_village"]


def _unmatched():
    head, *body = ledger_rows()
    return [head, *body[:3], ("370499100999", "无名村", 5)]


def test_unmatched_stop_lists_both_sides(tmp_path):
    faults = _faults(tmp_path, _unmatched())
    found = [(fault.key, fault.where.village) for fault in faults]
    assert found == [
        ("intake.village_without_row", "西河岔村"),
        ("intake.row_without_village", "无名村"),
    ]


def test_unmatched_exclude_leaves_out_and_lists(tmp_path):
    table = _read(tmp_path, _unmatched(), data={"on_unmatched": "exclude"})
    assert table.frame["code"].tolist() == list(CODES[:3])
    assert len(table.frame.geometry) == 3
    assert [(fault.key, fault.where.code) for fault in table.excluded] == [
        ("intake.village_excluded", CODES[3]),
        ("intake.row_dropped", "370499100999"),
    ]
    assert "intake.unmatched_excluded" in keys(table.warnings)


def test_unmatched_keep_plans_the_village_with_missing_indicators(tmp_path):
    table = _read(tmp_path, _unmatched(), data={"on_unmatched": "keep"})
    assert len(table) == 4
    assert table.frame["population_registered_persons"].isna().tolist() == [False] * 3 + [True]
    assert table.excluded == ()
    assert {"intake.village_kept_empty", "intake.row_dropped"} <= set(keys(table.warnings))


def test_ledger_wins_over_the_boundaries_and_says_so_once(tmp_path):
    frame = villages(户籍人口=[1200, 1, 2, 760])
    table = _read(tmp_path, ledger_rows(), frame=frame)
    assert _population(table) == POPULATION
    (note,) = [fault for fault in table.warnings if fault.key == "intake.ledger_wins"]
    assert (note.params["count"], note.params["old"], note.params["new"]) == (2, "1", "480")
    assert note.where.village == "李家村"


def test_blank_ledger_cells_leave_the_value_of_the_boundaries(tmp_path):
    frame = villages(户籍人口=[11, 12, 13, 14])
    table = _read(tmp_path, ledger_rows(values=(None, 480, "—", 760)), frame=frame)
    assert _population(table) == [11, 480, 13, 760]


def test_two_rows_of_one_village_must_agree(tmp_path):
    rows = ledger_rows()
    assert _population(_read(tmp_path, [*rows, rows[1]])) == POPULATION
    (fault,) = _faults(tmp_path, [*rows, (CODES[0], NAMES[0], 1201)])
    assert fault.key == "intake.rows_contradict"
    assert (fault.where.row, fault.params["row"]) == (6, 2)


# Codes
@pytest.mark.parametrize("form", [str, int, float, lambda c: f" {c} ", lambda c: f"{c}.0"])
def test_lossless_codes_are_mended(tmp_path, form):
    head, *body = ledger_rows()
    rows = [head, *((form(code), name, value) for code, name, value in body)]
    assert _population(_read(tmp_path, rows)) == POPULATION


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("3.70E+11", "intake.code_damaged"),
        ("3.7049910020E+11", "intake.code_damaged"),
        (370499100202.5, "intake.code_damaged"),
        ("37049910020", "intake.code_length"),
        ("0370499100202", "intake.code_length"),
        (37049910020, "intake.code_length"),
    ],
)
def test_damaged_codes_are_faults_with_their_place(tmp_path, code, key):
    rows = ledger_rows()
    rows[2] = (code, *rows[2][1:])
    faults = _faults(tmp_path, rows)
    assert keys(faults)[0] == key
    assert (faults[0].where.sheet, faults[0].where.row) == ("台账", 3)


def test_lost_leading_zeros_of_foreign_codes_are_noticed(tmp_path):
    frame = villages(村代码=["01001", "01002", "01004", "01005"])
    rows = [("code", "name"), *((int(c), n) for c, n in zip(frame["村代码"], NAMES, strict=True))]
    assert "intake.code_length" in keys(_faults(tmp_path, rows, frame=frame))


def test_percentages_and_dates_are_no_numbers(tmp_path):
    path = workbook(tmp_path, ledger_rows(values=(0.35, 480, dt.datetime(2023, 5, 1), 760)))
    book = openpyxl.load_workbook(path)
    book.active["C2"].number_format = "0.0%"
    book.save(path)
    faults = _faults(tmp_path, ledger=path)
    assert keys(faults) == ["intake.percent_in_number", "intake.date_in_number"]
    assert faults[0].params["value"] == "35%"


def test_losses_are_allowed_with_a_notice_and_negative_people_are_not(tmp_path):
    table = _read(tmp_path, ledger_rows("集体收入（万元）", (-3.5, 1, 2, 3)))
    assert table.frame["collective_income_wan_yuan"][0] == -3.5
    assert "intake.negative_income" in keys(table.warnings)
    for header in ("户籍人口", "户数", "耕地面积（亩）"):
        assert keys(_faults(tmp_path, ledger_rows(header, (-3, 1, 2, 3)))) == ["intake.negative"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("~$ledger.xlsx", "layers.is_office_lock"),
        ("villages.shp", "layers.is_boundaries"),
        ("folder", "layers.is_folder"),
    ],
)
def test_what_is_no_ledger_is_called_what_it_is(tmp_path, name, key):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        read_ledger(path, Settings())
    assert [fault.key for fault in caught.value.faults] == [key]
    assert all(fault.text("en") != fault.text("zh") for fault in caught.value.faults)


def test_a_ledger_given_as_boundaries_is_told_to_be_one(tmp_path):
    reading = read_all(workbook(tmp_path, [("村名", "户籍人口"), ("东村", 9)]))
    assert [fault.key for fault in reading.faults] == ["layers.is_ledger"]
