"""Decisions filled into the findings workbook: what is read back, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_cases import run
from findings_cases import findings
from intake_helpers import shapefile, workbook

from liancun_geo.decisions import in_force
from liancun_geo.errors import DataError, FaultsError, SettingsError
from liancun_geo.messages import Language
from liancun_geo.output.findings_answers import PROPOSALS_SHEET, decisions_of, read_answers
from liancun_geo.output.findings_workbook import write_findings_workbook
from liancun_geo.studio.uploads import gather, guess_role


def filled(tmp_path: Path, answers: dict[str, Any], language: Language = "zh") -> Path:
    """Return the workbook with answers, by id, typed in."""
    path = write_findings_workbook(findings(), tmp_path / "findings.xlsx", language)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, 1).value in answers:
            sheet.cell(row, 16).value = answers[sheet.cell(row, 1).value]
    book.save(path)
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("answer", [2, 2.0, "2", "２", " 2 "])
def test_a_number_picks_its_proposal(tmp_path: Path, language: Language, answer: Any) -> None:
    found = findings().findings[0]
    read = read_answers(filled(tmp_path, {found.id: answer}, language))
    [decision] = read.decisions
    assert decision.confirmed
    assert decision.model_copy(update={"confirmed": False}) == found.fault.fixes[1]
    assert read.notes == ()


def test_several_numbers_are_several_decisions(tmp_path: Path) -> None:
    one, other = findings().findings[:2]
    read = read_answers(filled(tmp_path, {one.id: "1、1", other.id: "1"}))
    fixes = [fix.model_copy(update={"confirmed": False}) for fix in read.decisions]
    assert fixes == [one.fault.fixes[0], other.fault.fixes[0]]


def test_choices_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_answers(filled(tmp_path, {findings().findings[0].id: "1,2"}))
    assert {fault.key for fault in caught.value.faults} == {"decisions.contradiction_in_file"}


def test_words_are_a_note_and_blank_is_nothing(tmp_path: Path) -> None:
    one, other = findings().findings[:2]
    read = read_answers(filled(tmp_path, {one.id: "由镇里改正", other.id: "  "}))
    assert read.decisions == ()
    [note] = read.notes
    assert (note.key, note.severity) == ("findings.answer_in_words", "warning")
    assert "由镇里改正" in note.text("zh")


def test_numbers_without_proposal_are_all_told(tmp_path: Path) -> None:
    one, other = findings().findings[:2]
    with pytest.raises(DataError) as caught:
        read_answers(filled(tmp_path, {one.id: 9, other.id: "1,7"}))
    told = [(fault.key, fault.params["number"]) for fault in caught.value.faults]
    assert told == [("findings.answer_unknown", 9), ("findings.answer_unknown", 7)]


def test_rows_may_be_sorted_and_deleted(tmp_path: Path) -> None:
    one, other = findings().findings[:2]
    path = filled(tmp_path, {one.id: 2, other.id: 1})
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    sheet.delete_rows(2, len(rows))
    for row in reversed(rows[:2]):
        sheet.append(row)
    book.save(path)
    fixes = [fix.model_copy(update={"confirmed": False}) for fix in decisions_of(path)]
    assert fixes == [other.fault.fixes[0], one.fault.fixes[1]]


@pytest.mark.parametrize("harm", ["missing", "text", "other", "no_proposals", "json", "tampered"])
def test_what_is_no_list_of_findings_is_refused(tmp_path: Path, harm: str) -> None:
    path = filled(tmp_path, {findings().findings[0].id: 1})
    if harm == "missing":
        path = tmp_path / "nowhere.xlsx"
    elif harm == "text":
        path.write_text("[[decision]]\n", encoding="utf-8")
    else:
        book = openpyxl.load_workbook(path)
        if harm == "other":
            book.remove(book.worksheets[1])
        elif harm == "no_proposals":
            book.remove(book[PROPOSALS_SHEET])
        else:
            told = "{" if harm == "json" else '{"kind": "run", "file": "x"}'
            book[PROPOSALS_SHEET].cell(1, 3).value = told
        book.save(path)
    with pytest.raises((DataError, SettingsError)) as caught:
        read_answers(path)
    for fault in caught.value.faults:
        assert fault.text("zh") != fault.text("en")


def test_doctor_and_plan_go_by_the_workbook(tmp_path: Path) -> None:
    layer = shapefile(tmp_path)
    names = ("王家村", "李庄村", "东河岔村", "西河岔村")
    rows = [("乡镇", "村名", "人口"), *(("城头镇", name, 800) for name in names)]
    files = [str(layer), "--ledger", str(workbook(tmp_path, rows))]
    out = tmp_path / "found"
    run("doctor", *files, "--out", str(out))
    path = out / "findings.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    before = sheet.max_row - 1
    proposals = {row[0].value for row in book[PROPOSALS_SHEET].iter_rows()}
    assert proposals
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, 1).value in proposals:
            sheet.cell(row, 16).value = 1
    book.save(path)
    decided = in_force(decisions_of(path))
    assert decided
    again = tmp_path / "again"
    run("doctor", *files, "--decisions", str(path), "--out", str(again))
    after = openpyxl.load_workbook(again / "findings.xlsx")
    text = [str(cell.value) for row in after.worksheets[0].iter_rows() for cell in row]
    assert any(decided[0].text("zh") in said for said in text)
    assert after.worksheets[1].max_row - 1 <= before
    refused = run("doctor", *files, "--decisions", str(path), "--propose")
    assert refused.exit_code == 2
    assert ".toml" in refused.output


def test_the_page_takes_the_workbook_as_decisions(tmp_path: Path) -> None:
    found = findings().findings[0]
    content = filled(tmp_path, {found.id: 1}).read_bytes()
    ledger = workbook(tmp_path, [("村名",)], name="other.xlsx").read_bytes()
    assert guess_role("我改过的.xlsx", content) == "decisions"
    assert guess_role("findings.xlsx", ledger) == "ledger"
    assert guess_role("findings.xlsx", content[:2000]) == "ledger"
    upload = gather([("v.gpkg", b"x"), ("台账.xlsx", ledger), ("f.xlsx", content)], {})
    assert [one.confirmed for one in upload.decisions] == [True]
    assert upload.decisions[0].model_copy(update={"confirmed": False}) == found.fault.fixes[0]
    assert [name for name, _ in upload.inputs.ledgers] == ["台账.xlsx"]
    with pytest.raises(FaultsError) as caught:
        gather([("v.gpkg", b"x"), ("f.xlsx", ledger)], {"f.xlsx": "decisions"})
    assert [fault.key for fault in caught.value.faults] == ["findings.no_answers"]
