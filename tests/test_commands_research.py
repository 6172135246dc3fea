"""``liancun learn`` and ``liancun ensemble`` of a small county: what they count and tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
