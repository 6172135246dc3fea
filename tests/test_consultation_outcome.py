"""What comes of a consultation: the outcome, the commands, the project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from consultation_cases import (
    AT,
    HEADING_ROW,
    codes_of,
    draft_time,
    filled,
    plan,
    says_second_objects,
)
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.editing import Answer, Draft, Objection
from liancun_geo.errors import DataError
from liancun_geo.output.consultation_outcome import read_objections, write_outcome
from liancun_geo.project import Project
from liancun_geo.sample import sample_county


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


def test_an_objection_speaks_both_languages() -> None:
    one = Objection("1", "disagree", "远", "", (), "conflict")
    assert (one.answer_text(), one.answer_text("en")) == ("不同意", "disagree")
    assert one.outcome_text("zh") != one.outcome_text("en")


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


@pytest.mark.parametrize(
    "broken", ["output.consultation_outcome.write_outcome", "commands.planning.hand_over"]
)
def test_ended_in_the_middle_it_is_done_whole_by_the_next_call(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    runner, app, out = CliRunner(), build_app("zh"), tmp_path / "new"
    runner.invoke(app, ["consult", "write", str(project.path), "--out", str(tmp_path / "asked")])
    (file, *_) = sorted((tmp_path / "asked").iterdir())
    filled(file, says_second_objects)
    words = ["consult", "read", str(project.path), str(file), "--out", str(out)]

    def ended(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"liancun_geo.{broken}", ended)
        assert runner.invoke(app, words).exit_code != 0
    assert project.scenarios["方案一"].steps == 0
    told = runner.invoke(app, words)
    assert told.exit_code == 0, told.output
    assert project.scenarios["方案一"].steps == 1
    assert (out / "alliances.xlsx").exists()


def test_a_plan_that_somebody_discarded_meanwhile_leaves_no_pack(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, app, out = CliRunner(), build_app("zh"), tmp_path / "new"
    runner.invoke(app, ["consult", "write", str(project.path), "--out", str(tmp_path / "asked")])
    (file, *_) = sorted((tmp_path / "asked").iterdir())
    filled(file, says_second_objects)
    solved = Draft.consulted

    def discarded(self: Draft, *arguments: Any, **more: Any) -> Draft:
        project.remove("方案一", by="王五", at=datetime.now(UTC))
        return solved(self, *arguments, **more)

    monkeypatch.setattr(Draft, "consulted", discarded)
    told = runner.invoke(app, ["consult", "read", str(project.path), str(file), "--out", str(out)])
    assert told.exit_code == 3, told.output
    assert "方案一" in told.output
    assert not out.exists()
