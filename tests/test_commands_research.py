"""``liancun learn`` and ``liancun ensemble`` of a small county: what they count and tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from projects import CODES, county_files
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what names a county of two townships on the command line."""
    folder = tmp_path_factory.mktemp("county")
    boundaries, ledger = county_files(folder)
    rules = folder / "settings.toml"
    rules.write_text("[rules]\nmin_size = 2\nmax_size = 4\n", encoding="utf-8")
    return [str(boundaries), "--ledger", str(ledger), "--settings", str(rules)]


def run(name: str, county: list[str], plan: Path, *more: str) -> Result:
    command = [name, *county, "--assignment", str(plan), "--json", *more]
    return CliRunner().invoke(build_app("zh"), command)


def plan_of(folder: Path, leads: dict[int, int]) -> Path:
    file = folder / "today.csv"
    rows = [f"{CODES[village]},{CODES[lead]}" for village, lead in leads.items()]
    file.write_text("code,lead_code\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_alliances_of_one_township_alone_teach_without_a_test(
    county: list[str], tmp_path: Path
) -> None:
    plan = plan_of(tmp_path, {0: 0, 1: 0, 2: 0, 3: 3, 4: 3, 5: 3})
    told = run("learn", county, plan)
    assert told.exit_code == 0, told.output
    document: dict[str, Any] = json.loads(told.stdout)
    assert document["zones"] == 1
    assert document["held_out_f1"] is None


def test_a_plan_that_breaks_the_rules_is_placed_as_well(county: list[str], tmp_path: Path) -> None:
    # Across the two townships, which no cost is known for.
    plan = plan_of(tmp_path, {0: 0, 6: 0})
    told = run("ensemble", county, plan, "--draws", "20", "--chains", "2")
    assert told.exit_code == 0, told.output
    metrics = {row["metric"]: row for row in json.loads(told.stdout)["metrics"]}
    assert metrics["placed"]["value"] == 2.0
    assert metrics["cost"]["value"] is None


def asked(county: list[str], name: str, *more: str, language: Any = "zh") -> Result:
    spoken = ["--language", language]
    return CliRunner().invoke(build_app(language), [name, *county, *spoken, *more])


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_front_is_told_and_written(county: list[str], tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"front.{suffix}"
    criteria = ("--criteria", "cost,alliances")
    told = asked(county, "pareto", *criteria, "--out", str(file), "--json")
    assert told.exit_code == 0, told.output
    document: dict[str, Any] = json.loads(told.stdout)
    assert document["status"] == "optimal" and {"best_cost", "best_alliances"} <= set(
        document["names"]
    )
    if suffix == "xlsx":
        sheets = pd.read_excel(file, sheet_name=None, dtype={"code": str, "lead_code": str})
        points, plans = sheets["points"], sheets["plans"]
    else:
        points = pd.read_csv(file)
        plans = pd.read_csv(tmp_path / "front_plans.csv", dtype=str)
    assert len(points) == len(document["points"])
    assert set(plans["code"]) == set(CODES)
    words = asked(county, "pareto", *criteria, language="en")
    assert "that no other plan beats" in words.output


def test_wrong_criteria_are_named(county: list[str]) -> None:
    told = asked(county, "pareto", "--criteria", "cost")
    assert told.exit_code != 0 and "proximity" in told.output
    told = asked(county, "pareto", "--criteria", "cost,beauty")
    assert told.exit_code != 0 and "beauty" in told.output


@pytest.mark.parametrize("how", [("--ranges",), ("--around",), ("--data", "--error", "0.3")])
def test_sensitivity_is_told_and_written(
    county: list[str], tmp_path: Path, how: tuple[str, ...]
) -> None:
    file = tmp_path / "s.xlsx"
    told = asked(county, "sensitivity", "--draws", "3", *how, "--out", str(file), "--json")
    assert told.exit_code == 0, told.output
    document: dict[str, Any] = json.loads(told.stdout)
    assert [row["code"] for row in document["villages"]] == list(CODES)
    assert len(document["draws"]) == 3
    sheets = pd.read_excel(file, sheet_name=None)
    assert {"villages", "alliances", "pairs", "draws"} <= set(sheets)
    assert ("ranges" in sheets) == ("--ranges" in how)
    words = asked(county, "sensitivity", "--draws", "2", *how, language="en")
    assert "Swing villages" in words.output
