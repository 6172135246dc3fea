"""What the command line says of bad data and settings, in both languages."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr
from pathlib import Path

import pandas as pd
import pytest
from cli_cases import SAMPLE, _squares, run

from liancun_geo.cli import language_of
from liancun_geo.errors import Where, error
from liancun_geo.report import Report


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("code,lead_code\n370499100238,999\n", "999"),
        ("code,lead_code\n370499100238,\n370499100238,\n", "两次"),
        ("村,甲\nx,y\n", "表头"),
        ("", "打不开"),
    ],
)
def test_a_broken_assignment_is_explained(tmp_path: Path, content: str, word: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content, encoding="utf-8")
    county = ("--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings)
    result = run("check", SAMPLE.boundaries, *county, "--assignment", file)
    assert result.exit_code == 3
    assert word in result.output
    assert "Traceback" not in result.output


def test_words_come_in_both_languages(tmp_path: Path) -> None:
    chinese = run("demo", "--out", tmp_path / "zh")
    assert "已证明最优" in chinese.output
    assert "领建村" in chinese.output
    assert "辅助研判，不替代集体决策" in chinese.output
    english = run("demo", "--out", tmp_path / "en", language="en")
    assert "proven best" in english.output
    assert "Decision support only" in english.output


def test_the_language_is_known_before_the_help_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIANCUN_LANGUAGE", raising=False)
    assert language_of(["plan"]) == "zh"
    assert language_of(["plan", "--language", "en"]) == "en"
    assert language_of(["--language=en"]) == "en"
    monkeypatch.setenv("LIANCUN_LANGUAGE", "en")
    assert language_of([]) == "en"
    assert run("--help").exit_code == 0
    assert run("demo", "--language", "fr").exit_code == 2


def test_exit_codes_tell_what_is_wrong(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert run("plan").exit_code == 2
    assert run("plan", SAMPLE.boundaries, "--nonsense").exit_code == 2
    assert run("plan", tmp_path / "nothing.shp", *out).exit_code == 3
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_sice = 3\nmax_size = 'many'\n", encoding="utf-8")
    wrong = run("plan", SAMPLE.boundaries, "--settings", settings, *out)
    assert wrong.exit_code == 2
    assert "min_sice" in wrong.output
    assert "max_size" in wrong.output
    assert not (tmp_path / "out").exists()


def test_an_infeasible_township_is_explained_and_the_others_are_planned(tmp_path: Path) -> None:
    # Township 101 is a cross of five: no two alliances of two fit, and one holds at most four.
    cross = [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)]
    pair = [(10, 0), (11, 0)]
    boundaries = _squares(tmp_path, cross + pair, ["101"] * 5 + ["102"] * 2)
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_size = 2\nmax_size = 4\n", encoding="utf-8")
    result = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o", "--json")
    assert result.exit_code == 4, result.output
    plan = json.loads(result.stdout)
    assert plan["status"] == "infeasible"
    broken, fine = plan["zones"]
    assert broken["status"] == "infeasible"
    assert broken["reason"]["message"]
    assert broken["reason"]["villages"]
    assert fine["status"] == "optimal"
    assert len(plan["alliances"]) == 1
    assert len(plan["unassigned"]) == 5
    assert plan["violations"] == []
    assert (tmp_path / "o" / "plan_shapefile.zip").exists()
    assert run("verify", tmp_path / "o" / "plan.json").exit_code == 0


def test_a_village_without_neighbour_and_one_that_withholds_consent_are_left_out(
    tmp_path: Path,
) -> None:
    row = [(x, 0) for x in range(5)]
    boundaries = _squares(tmp_path, [*row, (20, 0)], ["101"] * 6)
    settings = tmp_path / "s.toml"
    settings.write_text(
        '[rules]\nmin_size = 2\nmax_size = 4\nexcluded = ["370499101204"]\n', encoding="utf-8"
    )
    result = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o", "--json")
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)
    reasons = {entry["village"]: entry["reason"] for entry in plan["unassigned"]}
    assert set(reasons) == {"370499101204", "370499101205"}
    assert "excluded" in reasons["370499101204"]
    assert "相邻" in reasons["370499101205"]
    settings.write_text('[rules]\nexcluded = ["1", "2"]\n', encoding="utf-8")
    unknown = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o2")
    assert unknown.exit_code == 3
    assert "代码 1" in unknown.output
    assert "代码 2" in unknown.output


def test_bad_data_lists_every_fault_and_writes_nothing(tmp_path: Path) -> None:
    ledger = pd.read_excel(SAMPLE.ledger, dtype=str)
    ledger.iloc[3, ledger.columns.get_loc("户籍人口（人）")] = "约1,200"
    ledger.iloc[7, ledger.columns.get_loc("户数（户）")] = "-5"
    ledger = ledger.drop(index=10)
    file = tmp_path / "ledger.xlsx"
    ledger.to_excel(file, index=False, sheet_name="台账")
    result = run(
        "plan", SAMPLE.boundaries, "--ledger", file, "--settings", SAMPLE.settings,
        "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["status"] == "error"
    rows = {fault["where"].get("row") for fault in told["errors"]}
    assert {5, 9} <= rows
    assert len(told["errors"]) >= 3
    assert not (tmp_path / "o").exists()


def test_a_column_full_of_the_same_fault_is_told_once(tmp_path: Path) -> None:
    ledger = pd.read_excel(SAMPLE.ledger, dtype=str)
    ledger.loc[ledger.index != 3, "户数（户）"] = "若干"
    file = tmp_path / "ledger.xlsx"
    ledger.to_excel(file, index=False, sheet_name="台账")
    given = ("check", SAMPLE.boundaries, "--ledger", file, "--settings", SAMPLE.settings)
    told = run(*given)
    assert told.exit_code == 3
    assert f"有 {len(ledger) - 1} 个单元格" in told.stderr
    assert told.stderr.count("若干") <= 5
    errors = json.loads(run(*given, "--json").stdout)["errors"]
    assert len(errors) == 1


def test_the_same_fault_in_many_rows_is_told_once() -> None:
    faults = [error("intake.geometry_empty", Where(file="v.shp", row=row)) for row in range(2, 12)]
    out = io.StringIO()
    with redirect_stderr(out):
        Report("zh", False).faults("cli.faults_heading", faults)
    assert out.getvalue().count("图形是空的") == 1
    assert "同样的问题还有 9 处，在第 3-11 行" in out.getvalue()


def test_a_fault_of_the_program_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise TypeError("unforeseen")

    monkeypatch.setattr("liancun_geo.commands.checking.verify", broken)
    told = run("verify", tmp_path / "plan.json")
    assert told.exit_code == 1
    assert "程序出错（TypeError: unforeseen）" in told.stderr


def test_settings_are_judged_in_the_planners_language(tmp_path: Path) -> None:
    settings = tmp_path / "s.toml"
    settings.write_text('[rules]\nmin_size = "four"\nmax_sise = 3\n', encoding="utf-8")
    told = run("check", SAMPLE.boundaries, "--settings", settings)
    assert told.exit_code == 2
    assert "应是整数" in told.stderr
    assert "没有这个设置项" in told.stderr
    settings.write_bytes("# 设置".encode("gbk"))
    assert "另存为 UTF-8" in run("check", SAMPLE.boundaries, "--settings", settings).stderr
