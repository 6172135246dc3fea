"""Consultation workbooks as they are written: sheets, cells that are locked, other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from consultation_cases import (
    AT,
    HEADING_ROW,
    codes_of,
    filled,
    plan,
    row_of,
    says,
    says_second_objects,
    several,
)
from office import converted
from scenarios import RARE_NAMES, scenario, table

from liancun_geo.errors import DataError
from liancun_geo.messages import message
from liancun_geo.output import write_pack, write_workbook
from liancun_geo.output.consultation import (
    COLUMNS,
    SHEET,
    labels_of,
    possible_leads,
    townships_to_ask,
    write_consultation,
)
from liancun_geo.output.consultation_answers import read_consultation
from liancun_geo.villages import Source


def test_a_workbook_a_township_with_a_row_a_village(tmp_path: Path) -> None:
    s = plan()
    files = write_consultation(s, tmp_path)
    assert [file.name for file in files] == ["征求意见表_镇1.xlsx", "征求意见表_镇2.xlsx"]
    found = []
    for file, township in zip(files, townships_to_ask(s), strict=True):
        book = openpyxl.load_workbook(file)
        assert [sheet.sheet_state for sheet in book] == ["visible", "hidden"]
        sheet = book.worksheets[0]
        assert sheet["A1"].value == f"{township.name}联村共建片区方案征求意见表"
        heading = [cell.value for cell in sheet[HEADING_ROW]]
        assert heading == [message(f"consultation.heading_{name}") for name, _ in COLUMNS]
        count = len(township.villages)
        rows = [
            [cell.value for cell in sheet[row]]
            for row in range(HEADING_ROW + 1, HEADING_ROW + 1 + count)
        ]
        found += [row[AT["code"] - 1] for row in rows]
        frame = s.villages.frame
        for row, village in zip(rows, township.villages, strict=True):
            lead = int(s.plan.lead_of[village])
            assert row[AT["lead"] - 1] == (None if lead < 0 else frame["name"].iat[lead])
            assert row[AT["answer"] - 1 :] == [None] * 6
    assert sorted(found) == sorted(codes_of(s))


def test_only_the_cells_to_answer_in_can_be_written(tmp_path: Path) -> None:
    file = write_consultation(plan(), tmp_path)[0]
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    assert sheet.protection.sheet
    assert book.security.lockStructure
    for row in range(HEADING_ROW + 1, HEADING_ROW + 3):
        loose = [n for n, place in AT.items() if not sheet.cell(row, place).protection.locked]
        assert loose == ["answer", "wish", "refused", "reason", "signature", "date"]
    lists = {str(one.sqref)[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    assert lists["H"] == '"同意,不同意,弃权"'
    hidden = book[SHEET]
    leads = possible_leads(plan(), townships_to_ask(plan())[0].villages)
    assert lists["I"] == f"{SHEET}!$F$2:$F${len(leads) + 1}"
    listed = [hidden.cell(row, 5).value for row in range(2, len(leads) + 2)]
    assert listed == [codes_of(plan())[v] for v in leads]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == f"${HEADING_ROW}:${HEADING_ROW}"


def test_names_are_data_in_cells_lists_and_file_names(tmp_path: Path) -> None:
    names = [*RARE_NAMES, "双名", "双名"][:9]
    hostile = scenario(villages=table(name=names, township=['../=cmd|"镇\n'] * 9))
    (file,) = write_consultation(hostile, tmp_path / "out")
    assert file.parent == tmp_path / "out"
    assert file.name == "征求意见表_=cmd镇.xlsx"
    for sheet in openpyxl.load_workbook(file):
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type in ("s", "n"), cell.value
    codes = codes_of(hostile)
    filled(
        file,
        several(
            # Chosen from the list: what could be mistaken carries its code.
            says(codes[1], answer="不同意", wish=labels_of(hostile, [4])[4]),
            says(codes[3], answer="同意", reason='=HYPERLINK("http://x")'),
            says(codes[7], answer="弃权", refused="+1、𠮷沟"),
        ),
    )
    # A spreadsheet would make a formula of what begins so; nobody typed one here.
    book = openpyxl.load_workbook(file)
    book.worksheets[0].cell(row_of(book.worksheets[0], codes[3]), AT["reason"]).data_type = "s"
    book.save(file)
    assert labels_of(hostile, [4])[4] == f'（{codes[4]}）=HYPERLINK("http://x")'
    said = {one.village: one for one in read_consultation([file], hostile).answers}
    assert said[codes[1]].wish == codes[4]
    assert said[codes[3]].reason == '=HYPERLINK("http://x")'
    assert said[codes[7]].refused == (codes[5], codes[1])


def test_a_workbook_with_answers_is_never_replaced(tmp_path: Path) -> None:
    s = plan()
    made = write_consultation(s, tmp_path / "consultation")
    assert write_consultation(s, tmp_path / "consultation") == made  # nobody has answered yet
    book = openpyxl.load_workbook(made[0])
    says_second_objects(book.worksheets[0])
    book.save(made[0])
    filled = made[0].read_bytes()
    for write in (
        lambda: write_consultation(s, tmp_path / "consultation"),
        lambda: write_pack(s, tmp_path, ["csv", "consultation"]),
    ):
        with pytest.raises(DataError) as told:
            write()
        assert [fault.key for fault in told.value.faults] == ["consultation.answered"]
        assert made[0].name in str(told.value)
    assert made[0].read_bytes() == filled
    assert not (tmp_path / "assignment.csv").exists()


def recalculated(path: Path, folder: Path) -> Any:
    """Open and save a workbook in LibreOffice, and return the values it finds."""
    return openpyxl.load_workbook(converted(path, "xlsx", folder), data_only=True)


def test_libreoffice_finds_our_totals_and_keeps_the_answers(tmp_path: Path) -> None:
    s = plan()
    path = write_workbook(s, tmp_path / "a.xlsx")
    ours = openpyxl.load_workbook(path, data_only=True)["一览表"]
    # Saved by a program that does not calculate, the values are gone: whoever opens it finds them.
    book = openpyxl.load_workbook(path)
    listed = book["村名单"]
    income = [cell.value for cell in listed[1]].index("村集体经营性收入（万元）") + 1
    changed = next(row for row in range(2, listed.max_row) if listed.cell(row, income).value)
    alliance = listed.cell(changed, 4).value
    listed.cell(changed, income).value += 1000
    book.save(path)
    theirs = recalculated(path, tmp_path / "lo")["一览表"]
    headings = [str(cell.value).replace("\n", "") for cell in ours[3]]
    summed = [headings.index(n) for n in ("村数", "人口（人）", "党员（人）", "集体收入（万元）")]
    assert theirs.max_row == ours.max_row > 4
    for row in range(4, ours.max_row + 1):
        mine, other = ([cell.value for cell in sheet[row]] for sheet in (ours, theirs))
        grown = 1000 if mine[0] in (alliance, "合计") else 0
        for place in summed:
            more = grown if headings[place].startswith("集体收入") else 0
            assert (other[place] or 0) == pytest.approx((mine[place] or 0) + more)


def test_a_workbook_saved_by_libreoffice_is_read(tmp_path: Path) -> None:
    s = plan()
    file = write_consultation(s, tmp_path)[0]
    codes = codes_of(s)
    here = townships_to_ask(s)[0].villages
    fills = [says(codes[v], answer="同意", date="2026-03-01") for v in here[1:]]
    filled(file, several(*fills, says(codes[here[0]], answer="弃权", reason="再议")))
    book = recalculated(file, tmp_path / "lo")
    assert book[SHEET].sheet_state == "hidden"
    read = read_consultation([tmp_path / "lo" / file.name], s)
    assert {one.village: one.answer for one in read.answers} == {
        **{codes[v]: "agree" for v in here[1:]},
        codes[here[0]]: "abstain",
    }


def test_input_files_are_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "征求意见表_示例镇.xlsx"
    target.write_bytes(b"boundaries")
    s = scenario(sources=(Source(str(target), "boundaries", "0" * 64),))
    with pytest.raises(DataError):
        write_consultation(s, tmp_path)
    assert target.read_bytes() == b"boundaries"
