"""``liancun why`` of a plan file: what is named beside it counts, what it knows is not lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import village_table
from typer.testing import CliRunner

from liancun_geo.cli import build_app

RULES = "[rules]\nmin_size = 2\nmax_size = 4\n"
LINK = """
[[decision]]
kind = "link"
villages = ["{0}", "{1}"]
confirmed = true
"""


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    words = [str(argument) for argument in arguments]
    told = CliRunner().invoke(build_app("en"), [*words, "--json"])
    return told.exit_code, json.loads(told.stdout)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("county")
    frame = village_table(6).frame[["code", "name", "township_code", "township", "geometry"]]
    frame.to_file(folder / "villages.gpkg", engine="pyogrio")
    codes = [str(code) for code in frame["code"]]
    (folder / "s.toml").write_text(RULES, encoding="utf-8")
    (folder / "d.toml").write_text(LINK.format(codes[0], codes[5]), encoding="utf-8")
    (folder / "p.csv").write_text(
        f"名称,类别,产业,村代码\n甲公司,企业,林果,{codes[1]}\n", encoding="utf-8"
    )
    code, _ = run(
        "plan", folder / "villages.gpkg", "--settings", folder / "s.toml", "--out", folder / "plan"
    )
    assert code == 0
    return folder, codes


def notes(told: dict[str, Any]) -> list[str]:
    return [note["key"] for note in told["warnings"]]


def test_a_plan_file_is_explained_with_its_own_settings(county: tuple[Path, list[str]]) -> None:
    folder, codes = county
    asked = ("why", folder / "villages.gpkg", "--plan", folder / "plan" / "plan.json")
    code, told = run(*asked, "--village", codes[0])
    assert code == 0
    assert notes(told) == []


@pytest.mark.parametrize(("option", "file"), [("--decisions", "d.toml"), ("--places", "p.csv")])
def test_what_is_named_beside_a_plan_file_counts(
    county: tuple[Path, list[str]], option: str, file: str
) -> None:
    folder, codes = county
    asked = ("why", folder / "villages.gpkg", "--plan", folder / "plan" / "plan.json")
    code, told = run(*asked, "--village", codes[0], option, folder / file)
    assert code == 0
    assert notes(told) == ["why.other_plan"]


def test_what_a_plan_file_knows_already_changes_nothing(county: tuple[Path, list[str]]) -> None:
    folder, codes = county
    named = ("--decisions", folder / "d.toml", "--places", folder / "p.csv")
    files = (folder / "villages.gpkg", "--settings", folder / "s.toml", *named)
    assert run("plan", *files, "--out", folder / "decided")[0] == 0
    plan = folder / "decided" / "plan.json"
    code, told = run("why", folder / "villages.gpkg", "--plan", plan, "--village", codes[0], *named)
    assert code == 0
    assert notes(told) == []
