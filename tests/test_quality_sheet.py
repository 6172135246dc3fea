"""The sheet of measures in the workbook, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from quality_cases import planned
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.output.quality_sheet import quality_table
from liancun_geo.quality import METRICS, quality_sheet, strongest_neighbour
from liancun_geo.sample import sample_county
from liancun_geo.scenario import plan_alliances, read_county
from liancun_geo.settings import read_settings

SAMPLE = sample_county()
FILES = [SAMPLE.boundaries, "--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings]


def run(*arguments: object, language: str = "zh") -> Result:
    return CliRunner().invoke(build_app(language), [str(a) for a in arguments])  # type: ignore[arg-type]


def test_the_sheet_of_the_workbook_says_what_the_measures_say() -> None:
    scenario = planned()
    sheet = quality_sheet(scenario)
    table = quality_table(scenario, "zh", sheet)
    assert len(table.widths) == len(table.columns) == len(table.rows[0])
    assert len(table.rows) == len(METRICS) + len(sheet.notes("zh"))
    shown = {row[1]: row for row in table.rows[: len(METRICS)]}
    assert shown["入片的村"][4] == pytest.approx(
        100 * (sheet.row("placed_share").by_plan["plan"].value or 0), abs=0.05
    )
    assert shown["平均村数"][6] == "没有片区"
    assert [row[11] for row in table.rows[len(METRICS) :]] == list(sheet.notes("zh"))


def test_the_command_on_the_sample_county(tmp_path: Path) -> None:
    told = run("quality", *FILES, "--xlsx", tmp_path / "q.xlsx")
    assert told.exit_code == 0, told.output
    assert "已证明" in told.output
    assert "辅助研判" in told.output
    book = openpyxl.load_workbook(tmp_path / "q.xlsx")
    assert book.sheetnames == ["方案质量"]
    by_name = {row[1].value: row[4].value for row in book["方案质量"].iter_rows(min_row=2)}
    assert (by_name["片区数"], by_name["最多还能加"]) == (43, 0)


def test_an_assignment_beside_the_best_plan(tmp_path: Path) -> None:
    settings_file = SAMPLE.settings
    county_ = read_county(
        SAMPLE.boundaries,
        SAMPLE.ledger,
        settings=read_settings(settings_file),
        folder=SAMPLE.folder,
    )
    thumb = strongest_neighbour(plan_alliances(county_, read_settings(settings_file)))
    codes = county_.villages.frame["code"].tolist()
    rows = [
        (code, codes[lead] if lead >= 0 else "") for code, lead in zip(codes, thumb, strict=True)
    ]
    file = tmp_path / "edited.csv"
    pd.DataFrame(rows, columns=["code", "lead_code"]).to_csv(file, index=False)
    told = run("quality", *FILES, "--assignment", file, "--json", language="en")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["same"], found["proven"]) == (False, True)
    assert found["breaks"]["plan"] == {"unassigned": found["left_out"]["plan"] - 1}
    for metric in found["metrics"]:
        assert metric["plan"] == metric["thumb"], metric["id"]
    points = {metric["id"]: metric for metric in found["metrics"]}["points_behind"]
    assert points["best"]["value"] == pytest.approx(0.0, abs=1e-6)
    assert points["plan"]["value"] > 0
