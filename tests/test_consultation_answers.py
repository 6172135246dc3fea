"""Consultation workbooks that all sorts of hands filled in, read back."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from consultation_cases import (
    AT,
    HEADING_ROW,
    codes_of,
    draft_time,
    filled,
    keys_of,
    plan,
    row_of,
    says,
    several,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from scenarios import scenario, table

from liancun_geo.editing import Answer, Draft
from liancun_geo.errors import DataError
from liancun_geo.output import write_workbook
from liancun_geo.output.consultation import (
    SHEET,
    possible_leads,
    townships_to_ask,
    write_consultation,
)
from liancun_geo.output.consultation_answers import read_consultation


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


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    s = plan()
    codes, lead_of = codes_of(s), s.plan.lead_of.tolist()
    first, second = write_consultation(s, tmp_path)
    inside = [v for v in townships_to_ask(s)[0].villages if lead_of[v] >= 0]
    member = next(v for v in inside if lead_of[v] != v)
    lead = lead_of[member]
    a, b, c = [codes[v] for v in inside if v not in (member, lead)][:3]
    far = townships_to_ask(s)[1].villages[0]
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
    code = codes_of(s)[townships_to_ask(s)[0].villages[0]]
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
    first, second = (codes_of(s)[village] for village in townships_to_ask(s)[0].villages[:2])
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
    code = codes_of(s)[townships_to_ask(s)[0].villages[0]]
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
    code = codes_of(s)[townships_to_ask(s)[0].villages[0]]
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
    here, there = (one.villages for one in townships_to_ask(s))
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
