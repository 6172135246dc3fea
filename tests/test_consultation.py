"""Consultation workbooks: written for townships, filled in by all sorts of hands, read back."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import converted
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from scenarios import RARE_NAMES, scenario, table
from typer.testing import CliRunner
from why_counties import made_up

from liancun_geo.cli import build_app
from liancun_geo.editing import Answer, Draft, Objection
from liancun_geo.errors import DataError
from liancun_geo.messages import message
from liancun_geo.output import write_pack, write_workbook
from liancun_geo.output.consultation import (
    COLUMNS,
    SHEET,
    labels_of,
    possible_leads,
    townships_of,
    write_consultation,
)
from liancun_geo.output.consultation_answers import read_consultation
from liancun_geo.output.consultation_outcome import read_objections, write_outcome
from liancun_geo.project import Project
from liancun_geo.sample import sample_county
from liancun_geo.scenario import Scenario
from liancun_geo.villages import Source

HEADING_ROW = 4
AT = {name: place for place, (name, _) in enumerate(COLUMNS, start=1)}
Fill = Callable[[Any], None]


@cache
def plan() -> Scenario:
    return made_up(20)


def codes_of(s: Scenario) -> list[str]:
    return [str(code) for code in s.villages.frame["code"]]


def filled(path: Path, fill: Fill, to: Path | None = None) -> Path:
    """Fill in a workbook as a person does, and save it."""
    book = openpyxl.load_workbook(path)
    fill(book.worksheets[0])
    book.save(to or path)
    return to or path


def row_of(sheet: Any, code: str) -> int:
    (found,) = [
        row
        for row in range(HEADING_ROW + 1, sheet.max_row + 1)
        if sheet.cell(row, AT["code"]).value == code
    ]
    return int(found)


def says(code: str, /, **cells: Any) -> Fill:
    """Return what fills in one row."""

    def fill(sheet: Any) -> None:
        for name, value in cells.items():
            sheet.cell(row_of(sheet, code), AT[name]).value = value

    return fill


def several(*fills: Fill) -> Fill:
    def fill(sheet: Any) -> None:
        for one in fills:
            one(sheet)

    return fill


def keys_of(paths: Sequence[Path], s: Scenario) -> list[tuple[str, int | None]]:
    with pytest.raises(DataError) as caught:
        read_consultation(paths, s)
    for fault in caught.value.faults:
        assert "{" not in fault.text("zh") + fault.text("en")
    return [(f.key.removeprefix("consultation."), f.where.row) for f in caught.value.faults]


# --- what is handed out --------------------------------------------------------------------------


def test_a_workbook_a_township_with_a_row_a_village(tmp_path: Path) -> None:
    s = plan()
    files = write_consultation(s, tmp_path)
    assert [file.name for file in files] == ["征求意见表_镇1.xlsx", "征求意见表_镇2.xlsx"]
    found = []
    for file, township in zip(files, townships_of(s), strict=True):
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
    leads = possible_leads(plan(), townships_of(plan())[0].villages)
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


# --- the way round -------------------------------------------------------------------------------


@st.composite
def answers_of(draw: Any) -> list[Answer]:
    """Draw what every village says, without contradicting itself."""
    s = plan()
    codes, lead_of = codes_of(s), s.plan.lead_of.tolist()
    zone_of = s.problem.zone_of.tolist()
    found = []
    for village, code in enumerate(codes):
        kind = draw(st.sampled_from(["agree", "disagree", "abstain", None]))
        if kind is None:
            continue
        own = [v for v in possible_leads(s, [village]) if v != lead_of[village]]
        wish = draw(st.sampled_from([None, *own])) if kind == "disagree" else None
        others = [
            v
            for v in range(len(codes))
            if zone_of[v] == zone_of[village]
            and v not in (village, wish)
            and not (kind == "agree" and lead_of[v] == lead_of[village])
        ]
        refused = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
        reason = draw(st.sampled_from(["", "路远", "产业不同\n再议", "1.5", "=1+1"]))
        found.append(
            Answer(
                code,
                kind,
                reason,
                "" if wish is None else codes[wish],
                tuple(codes[v] for v in refused),
            )
        )
    return found or [Answer(codes[0], "agree")]


SPELLED: Mapping[str, list[str]] = {
    "agree": ["同意", " 同 意 ", "赞成"],
    "disagree": ["不同意", "不 同意", "反对"],
    "abstain": ["弃权", "弃权 "],
}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=answers_of(), drawn=st.integers(0, 999))
def test_what_is_filled_in_is_read_back(
    said: list[Answer], drawn: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    s, rng = plan(), np.random.default_rng(drawn)
    folder = tmp_path_factory.mktemp("round")
    codes = codes_of(s)
    names = dict(zip(codes, s.villages.frame["name"], strict=True))
    of_code = {one.village: one for one in said}

    def fill(sheet: Any) -> None:
        last = HEADING_ROW + sum(
            sheet.cell(row, AT["code"]).value in names
            for row in range(HEADING_ROW + 1, sheet.max_row + 1)
        )
        kept = [[cell.value for cell in sheet[row]] for row in range(HEADING_ROW + 1, last + 1)]
        for row, place in enumerate(rng.permutation(len(kept)), start=HEADING_ROW + 1):
            values = kept[place]
            one = of_code.get(values[AT["code"] - 1])
            if one is not None:
                values[AT["answer"] - 1] = str(rng.choice(SPELLED[one.answer]))
                values[AT["wish"] - 1] = rng.choice([one.wish, names.get(one.wish, "")]) or None
                refused = [str(rng.choice([c, names[c], f" {names[c]} "])) for c in one.refused]
                values[AT["refused"] - 1] = str(rng.choice(["、", "，", "; "])).join(refused)
                values[AT["reason"] - 1] = one.reason or None
                if rng.random() < 0.3:
                    values[AT["code"] - 1] = int(one.village)  # as WPS may make of it
            for place_, value in enumerate(values, start=1):
                cell = sheet.cell(row, place_)
                cell.value = None if value is None else str(value) if value == "=1+1" else value
                if isinstance(value, str):
                    cell.data_type = "s"

    files = [filled(file, fill) for file in write_consultation(s, folder)]
    read = read_consultation(files, s)
    assert list(read.answers) == sorted(said, key=lambda one: codes.index(one.village))
    assert set(read.silent) == set(codes) - of_code.keys()


def test_a_name_without_its_ending_is_understood(tmp_path: Path) -> None:
    s = scenario(villages=table(name=[f"{c}村" for c in "甲乙丙丁戊己庚辛壬"]))
    (file,) = write_consultation(s, tmp_path)
    codes = codes_of(s)
    filled(
        file, says(codes[1], answer="反对", wish="丁村村民委员会", refused="丙 己村", reason=12.0)
    )
    (one,) = read_consultation([file], s).answers
    assert (one.wish, one.reason) == (codes[3], "12")
    assert one.refused == (codes[2], codes[5])


# --- what can be wrong ---------------------------------------------------------------------------


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    s = plan()
    codes, lead_of = codes_of(s), s.plan.lead_of.tolist()
    first, second = write_consultation(s, tmp_path)
    inside = [v for v in townships_of(s)[0].villages if lead_of[v] >= 0]
    member = next(v for v in inside if lead_of[v] != v)
    lead = lead_of[member]
    a, b, c = [codes[v] for v in inside if v not in (member, lead)][:3]
    far = townships_of(s)[1].villages[0]
    name = s.villages.frame["name"]

    def more_rows(sheet: Any) -> None:
        end = sheet.max_row + 2
        sheet.cell(end, AT["code"]).value = codes[far]
        sheet.cell(end, AT["answer"]).value = "同意"
        sheet.cell(end + 1, AT["code"]).value = a
        sheet.cell(end + 1, AT["answer"]).value = "同意"

    filled(
        first,
        several(
            says(codes[member], answer="不同意", wish=name.iat[lead]),
            says(codes[lead], answer="同意", refused=name.iat[member]),
            says(a, answer="以后再说"),
            says(b, answer="不同意", wish="没有这个村", refused=b),
            says(c, reason="太远"),
            more_rows,
        ),
    )
    rows = {code: row_of(openpyxl.load_workbook(first).worksheets[0], code) for code in (b, c)}
    (tmp_path / "其他.xlsx").write_bytes(b"PK")
    other = tmp_path / "一览表.xlsx"
    write_workbook(s, other)
    found = keys_of([first, second, tmp_path / "其他.xlsx", other, tmp_path / "没有.xlsx"], s)
    assert {key for key, _ in found} >= {
        "objects_but_same",
        "agrees_but_refuses",
        "answer_unknown",
        "wish_unknown",
        "refuses_itself",
        "answer_missing",
        "unknown_row",
        "not_a_workbook",
        "file_missing",
    }
    assert ("wish_unknown", rows[b]) in found
    assert ("answer_missing", rows[c]) in found
    assert sum(key == "not_a_workbook" for key, _ in found) == 2


def test_cells_of_any_length_are_told_shortly_and_at_once(tmp_path: Path) -> None:
    s = plan()
    code = codes_of(s)[townships_of(s)[0].villages[0]]
    for cells, key in (
        ({"answer": "很" * 32_000}, "answer_unknown"),
        ({"answer": "不同意", "wish": "(" * 32_000}, "wish_unknown"),
        ({"answer": "不同意", "refused": "不村 " * 8_000}, "too_many_refused"),
        ({"answer": "同意", "code": "9" * 32_000}, "unknown_row"),
    ):
        (asked, *_) = write_consultation(s, tmp_path / key)
        with pytest.raises(DataError) as told:
            read_consultation([filled(asked, says(code, **cells))], s)
        (fault,) = told.value.faults
        assert fault.key == f"consultation.{key}"
        assert max(len(fault.text("zh")), len(fault.text("en"))) < 400


def test_thousands_of_wrong_rows_are_not_all_listed(tmp_path: Path) -> None:
    s = plan()
    (asked, *_) = write_consultation(s, tmp_path)

    def more_rows(sheet: Any) -> None:
        for row in range(60, 1_060):
            sheet.cell(row, AT["code"]).value = "9"
            sheet.cell(row, AT["answer"]).value = "同意"

    with pytest.raises(DataError) as told:
        read_consultation([filled(asked, more_rows)], s)
    assert len(told.value.faults) == 200


def test_an_answer_is_not_taken_for_that_of_another_village(tmp_path: Path) -> None:
    s = plan()
    (asked, *_) = write_consultation(s, tmp_path)
    first, second = (codes_of(s)[village] for village in townships_of(s)[0].villages[:2])
    moved = filled(asked, several(says(first, answer="同意", code=second)))
    assert [key for key, _ in keys_of([moved], s)] == ["code_of_another"]


def test_a_hidden_sheet_that_lies_is_told(tmp_path: Path) -> None:
    s = plan()
    (asked, *_) = write_consultation(s, tmp_path)
    book = openpyxl.load_workbook(asked)
    ((cell,),) = [r[1:2] for r in book[SHEET].iter_rows() if r[0].value == "version"]
    cell.value = "9" * 5_000
    book.save(asked)
    assert [key for key, _ in keys_of([asked], s)] == ["newer"]
    os.mkfifo(tmp_path / "pipe.xlsx")
    for path in (tmp_path / "pipe.xlsx", Path("a\0b")):
        with pytest.raises(DataError):
            read_consultation([path], s)


def test_a_sheet_that_is_named_thousands_of_times_is_read_once(tmp_path: Path) -> None:
    s = plan()
    (asked, *_) = write_consultation(s, tmp_path)
    code = codes_of(s)[townships_of(s)[0].villages[0]]
    filled(asked, says(code, answer="同意"))
    with zipfile.ZipFile(asked) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    of_answers = re.search(rb"<sheet [^>]*/>", parts["xl/workbook.xml"])
    assert of_answers
    again = b"".join(
        re.sub(rb'name="[^"]*"', b'name="s%d"' % number, of_answers[0]) for number in range(300)
    )
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", again + b"</sheets>")
    with zipfile.ZipFile(asked, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.MonkeyPatch.context() as patched:
        read: list[str] = []
        whole = ReadOnlyWorksheet.iter_rows
        patched.setattr(
            ReadOnlyWorksheet,
            "iter_rows",
            lambda sheet, **given: (read.append(sheet.title), whole(sheet, **given))[1],
        )
        assert len(read_consultation([asked], s).answers) == 1
    assert len(read) == 2


def test_two_answers_of_one_village(tmp_path: Path) -> None:
    s = plan()
    file = write_consultation(s, tmp_path)[0]
    code = codes_of(s)[townships_of(s)[0].villages[0]]
    filled(file, says(code, answer="同意"))
    again = filled(file, says(code, answer="弃权"), tmp_path / "again.xlsx")
    assert [key for key, _ in keys_of([file, again], s)] == ["two_answers"]
    twice = filled(file, says(code, answer="同意 "), tmp_path / "twice.xlsx")
    read = read_consultation([file, twice], s)
    assert [one.answer for one in read.answers] == ["agree"]
    assert [note.key for note in read.notes] == ["consultation.said_twice"]


def test_nothing_filled_in(tmp_path: Path) -> None:
    files = write_consultation(plan(), tmp_path)
    assert keys_of(files, plan()) == [("no_answers", None)]


def test_answers_to_another_plan_are_refused_township_by_township(tmp_path: Path) -> None:
    s = plan()
    first, second = write_consultation(s, tmp_path)
    draft = Draft(s)
    here, there = (one.villages for one in townships_of(s))
    codes = codes_of(s)
    for file, villages in ((first, here), (second, there)):
        filled(file, says(codes[villages[0]], answer="同意"))
    village, target = next(
        (v, option.target)
        for v in here
        for option in draft.options(v).legal
        if option.kind == "move"
    )
    edit = next(o.edit for o in draft.options(village).legal if o.target == target)
    after = draft.after(edit, at=draft_time()).scenario
    assert [key for key, _ in keys_of([first, second], after)] == ["other_plan"]
    # The other township is as it was asked about.
    assert [one.village for one in read_consultation([second], after).answers] == [codes[there[0]]]


def draft_time() -> Any:
    from editing_cases import at

    return at(1)


# --- what came of it -----------------------------------------------------------------------------


def test_the_outcome_is_written_and_read_back(tmp_path: Path) -> None:
    s = plan()
    draft = Draft(s)
    codes = codes_of(s)
    said = [
        Answer(code, "disagree" if v % 4 == 1 else "agree", "=1+1") for v, code in enumerate(codes)
    ]
    after = draft.consulted(said, at=draft_time())
    path = write_outcome(s, after.scenario, after.objections, after.told, tmp_path / "o.xlsx")
    assert read_objections(path) == after.objections
    book = openpyxl.load_workbook(path)
    assert [sheet.title for sheet in book][:2] == ["意见处理表", "调整的村"]
    rows = list(book["意见处理表"].iter_rows(min_row=4, values_only=True))
    assert len(rows) == len(said)
    open_ones = [row for row in rows if row[7] == "未能采纳，须集体研究决定"]
    assert len(open_ones) == len(after.told) > 0
    assert all(row[10] for row in open_ones)
    moved = list(book["调整的村"].iter_rows(min_row=4, values_only=True))
    assert len(moved) == len(after.moved(1))
    (tmp_path / "x.xlsx").write_bytes(b"")
    with pytest.raises(DataError, match="意见处理表"):
        read_objections(tmp_path / "x.xlsx")


def test_a_consultation_on_the_command_line(tmp_path: Path) -> None:
    runner, app = CliRunner(), build_app("zh")
    sample = sample_county()
    project = tmp_path / "p.gpkg"
    made = runner.invoke(
        app,
        [
            "project",
            "new",
            str(project),
            "--boundaries",
            str(sample.boundaries),
            "--ledger",
            str(sample.ledger),
            "--settings",
            str(sample.settings),
            "--plan",
        ],
    )
    assert made.exit_code == 0, made.output
    told = runner.invoke(app, ["consult", "write", str(project), "--out", str(tmp_path / "out")])
    assert told.exit_code == 0, told.output
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 10
    assert "已写出 10 份征求意见表" in told.output

    def everybody_agrees(sheet: Any) -> None:
        for row in range(HEADING_ROW + 1, sheet.max_row + 1):
            if sheet.cell(row, AT["code"]).value:
                sheet.cell(row, AT["answer"]).value = "同意"

    for file in files[:2]:
        filled(file, everybody_agrees)
    one = filled(files[0], says_second_objects, files[0])
    read = runner.invoke(
        app,
        [
            "consult",
            "read",
            str(project),
            str(one),
            str(files[1]),
            "--out",
            str(tmp_path / "new"),
            "--by",
            "李四",
            "--json",
        ],
    )
    assert read.exit_code == 0, read.output
    document = json.loads(read.stdout)
    outcomes = {o["outcome"] for o in document["consultation"]["answers"]}
    assert "kept" in outcomes
    assert (tmp_path / "new" / "alliances.xlsx").exists()
    kept = read_objections(tmp_path / "new" / "consultation_outcome.xlsx")
    assert len(kept) == len(document["consultation"]["answers"])
    info = runner.invoke(app, ["project", "info", str(project), "--json"])
    assert [entry["steps"] for entry in json.loads(info.stdout)["scenarios"]] == [1]
    history = runner.invoke(app, ["project", "history", str(project)])
    assert "李四" in history.output
    # The same answers once more: of the plan as it is now, if that township did not change.
    wrong = runner.invoke(app, ["consult", "read", str(project), str(sample.ledger), "--out", "x"])
    assert wrong.exit_code == 3
    assert "不是本软件发出的征求意见表" in wrong.output


def says_second_objects(sheet: Any) -> None:
    sheet.cell(HEADING_ROW + 2, AT["answer"]).value = "不同意"
    sheet.cell(HEADING_ROW + 2, AT["reason"]).value = "产业不同"


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


# --- other programs ------------------------------------------------------------------------------


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
    here = townships_of(s)[0].villages
    fills = [says(codes[v], answer="同意", date="2026-03-01") for v in here[1:]]
    filled(file, several(*fills, says(codes[here[0]], answer="弃权", reason="再议")))
    book = recalculated(file, tmp_path / "lo")
    assert book[SHEET].sheet_state == "hidden"
    read = read_consultation([tmp_path / "lo" / file.name], s)
    assert {one.village: one.answer for one in read.answers} == {
        **{codes[v]: "agree" for v in here[1:]},
        codes[here[0]]: "abstain",
    }


def test_an_objection_speaks_both_languages() -> None:
    one = Objection("1", "disagree", "远", "", (), "conflict")
    assert (one.answer_text(), one.answer_text("en")) == ("不同意", "disagree")
    assert one.outcome_text("zh") != one.outcome_text("en")


def test_input_files_are_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "征求意见表_示例镇.xlsx"
    target.write_bytes(b"boundaries")
    s = scenario(sources=(Source(str(target), "boundaries", "0" * 64),))
    with pytest.raises(DataError):
        write_consultation(s, tmp_path)
    assert target.read_bytes() == b"boundaries"


def test_a_plan_that_somebody_changed_meanwhile_is_not_overwritten(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, app, out = CliRunner(), build_app("zh"), tmp_path / "new"
    runner.invoke(app, ["consult", "write", str(project.path), "--out", str(tmp_path / "asked")])
    (file, *_) = sorted((tmp_path / "asked").iterdir())
    filled(file, says_second_objects)
    solved = Draft.consulted

    def while_the_app_is_open(self: Draft, *arguments: Any, **more: Any) -> Draft:
        project.annotate("方案一", "已商定", by="王五", at=datetime.now(UTC))
        return solved(self, *arguments, **more)

    monkeypatch.setattr(Draft, "consulted", while_the_app_is_open)
    told = runner.invoke(app, ["consult", "read", str(project.path), str(file), "--out", str(out)])
    assert told.exit_code == 3, told.output
    assert "王五" in told.output
    assert project.scenarios["方案一"].steps == 0
    assert not (out / "alliances.xlsx").exists()
