"""Project files on the command line: made, looked into, written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import projects
import pytest
from typer.testing import CliRunner

from liancun_geo.cli import build_app, language_of
from liancun_geo.project import Limits, open_project

SETTINGS = "[rules]\nmin_size = 2\nmax_size = 4\n"


def run(*arguments: Any, language: str = "zh") -> Any:
    words = [*map(str, arguments), "--language", language]
    return CliRunner().invoke(build_app(language_of(words)), ["project", *words])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, list[Any]]:
    folder = tmp_path_factory.mktemp("county")
    boundaries, ledger = projects.county_files(folder)
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    given = ["--boundaries", boundaries, "--ledger", ledger, "--settings"]
    given = [*given, folder / "settings.toml"]
    file = folder / "城头.gpkg"
    told = run("new", file, *given, "--plan", "--by", "王")
    return file, told, given


def test_a_project_is_made_with_a_plan(made: Any) -> None:
    file, told, _ = made
    assert told.exit_code == 0, told.output
    assert "已建立项目“城头”：12 个村，3 个输入文件" in told.stdout
    project = open_project(file)
    assert [one.role for one in project.files] == ["boundaries", "ledger", "settings"]
    assert project.draft("方案一").proposal.result.status == "optimal"
    assert [one.by for one in project.history] == ["王", "王"]


def test_nothing_is_overwritten_and_unreadable_files_leave_nothing(
    made: Any, tmp_path: Path
) -> None:
    file, _, given = made
    before = file.read_bytes()
    again = run("new", file, *given)
    assert again.exit_code == 3 and "没有覆盖" in again.stderr
    assert file.read_bytes() == before
    no_map = tmp_path / "x.geojson"
    no_map.write_text("no map", encoding="utf-8")
    failed = run("new", tmp_path / "x.gpkg", "--boundaries", no_map)
    assert failed.exit_code == 3
    assert not (tmp_path / "x.gpkg").exists()
    assert run("new", tmp_path / "y.gpkg").exit_code == 2


def test_a_county_without_a_plan_is_still_a_project(made: Any, tmp_path: Path) -> None:
    _, _, given = made
    strict = tmp_path / "settings.toml"
    strict.write_text("[rules]\nmin_size = 5\nmax_size = 5\n", encoding="utf-8")
    told = run("new", tmp_path / "p.gpkg", *given[:-1], strict, "--plan", language="en")
    assert told.exit_code == 4, told.output
    assert "No plan was found" in told.stdout
    assert not open_project(tmp_path / "p.gpkg").scenarios
    none = run("export", tmp_path / "p.gpkg", "--out", tmp_path / "o", language="en")
    assert none.exit_code == 3 and "no scenario yet" in none.stderr


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ("村界", "台账", "方案一：王 于")), ("en", ("boundaries", "made by 王"))],
)
def test_what_is_inside_is_told(made: Any, language: str, words: tuple[str, ...]) -> None:
    told = run("info", made[0], language=language)
    assert told.exit_code == 0, told.output
    assert [word for word in words if word not in told.stdout] == []
    listed = json.loads(run("info", made[0], "--json", language=language).stdout)
    assert [one["name"] for one in listed["scenarios"]] == ["方案一"]
    assert listed["files"][0]["sha256"] == open_project(made[0]).files[0].sha256


def test_every_kind_of_change_is_told(made: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.gpkg"
    file.write_bytes(made[0].read_bytes())
    project = open_project(file)
    scenario = project.draft("方案一").proposal
    signed: Any = {"by": "", "at": projects.AT}
    for entry in projects.steps(scenario, 2):
        expected = project.scenarios["方案一"].revision
        project.append("方案一", entry, expected=expected)
    expected = project.set_cursor(
        "方案一", 1, expected=project.scenarios["方案一"].revision, **signed
    )
    project.note_step("方案一", 1, "村民不同意", expected=expected, **signed)
    project.copy("方案一", "乙", **signed)
    project.rename("乙", "丙", **signed)
    project.annotate("丙", "再议", **signed)
    project.remove("丙", **signed)
    project.restore("丙", **signed)
    project.set_cursor("丙", 0, expected=project.scenarios["丙"].revision, **signed)
    project.freeze("丙", by="赵", at=projects.AT)
    project.save_settings(project.settings, **signed)
    project.save_decisions(project.decisions, **signed)
    project.save_limits(Limits(5.0, {"weak": "县委组织部"}), **signed)
    code = projects.CODES[0]
    project.edit_village(code, "party_members_persons", 33, reason="核对", **signed)
    for language in ("zh", "en"):
        told = run("history", file, language=language)
        assert told.exit_code == 0, told.output
        lines = told.stdout.splitlines()
        assert len(lines) == len(project.history) == 17
        assert "another kind" not in told.stdout and "另一种" not in told.stdout
        assert code in lines[-1] and "33" in lines[-1]
    assert "丙 approved 1" in told.stdout or "丙 定稿1" in told.stdout
    assert "not signed" in told.stdout
    listed = json.loads(run("history", file, "--json").stdout)["history"]
    assert [one["revision"] for one in listed] == list(range(1, 18))
    info = run("info", file)
    assert "赵 于" in info.stdout and "不能再改" in info.stdout


def test_a_scenario_is_written_as_it_was_left(made: Any, tmp_path: Path) -> None:
    told = run("export", made[0], "--out", tmp_path / "o", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["status"] == "optimal"
    assert (tmp_path / "o" / "plan.json").is_file()
    assert list((tmp_path / "o").glob("*.xlsx"))
    unknown = run("export", made[0], "--out", tmp_path / "p", "--scenario", "没有")
    assert unknown.exit_code == 3 and "方案一" in unknown.stderr
    assert not (tmp_path / "p").exists()


def test_of_several_scenarios_one_is_named(made: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.gpkg"
    file.write_bytes(made[0].read_bytes())
    open_project(file).copy("方案一", "方案二", by="王", at=projects.AT)
    told = run("export", file, "--out", tmp_path / "o")
    assert told.exit_code == 3 and "方案一、方案二" in told.stderr
    good = run("export", file, "--out", tmp_path / "o", "--scenario", "方案二")
    assert good.exit_code == 0, good.output


def test_a_file_that_is_no_project_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_bytes(b"no database at all")
    for command in ("info", "history"):
        told = run(command, tmp_path / "x.gpkg")
        assert told.exit_code == 3 and "不是本软件的项目文件" in told.stderr
        assert run(command, tmp_path / "none.gpkg", "--json").exit_code == 3
