"""``liancun cases``: every case is listed, planned and held against what was published."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from liancun_geo.cases import worked_cases
from liancun_geo.cli import build_app
from liancun_geo.commands import cases as command
from scripts import make_cases

ROOT = Path(__file__).parents[1]
CASES = worked_cases()


def run(*arguments: object, language: str = "zh") -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(build_app(language), ["cases", *words])  # type: ignore[arg-type]


def test_cases_are_those_the_files_are_made_from() -> None:
    facts = make_cases.read_cases()["case"]
    assert [case.id for case in CASES] == [fact["id"] for fact in facts]
    for case, fact in zip(CASES, facts, strict=True):
        assert list(case.villages) == make_cases.named_villages(fact)
        assert all(path.is_file() for path in (case.boundaries, case.ledger, case.settings))


def test_the_wheel_holds_the_cases_where_the_package_looks_for_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["data/cases"] == "liancun_geo/_cases"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_cases_are_listed(language: str) -> None:
    told = run(language=language)
    assert told.exit_code == 0, told.output
    assert all(case.id in told.stdout and case.title in told.stdout for case in CASES)
    listed = json.loads(run("--json", language=language).stdout)["cases"]
    assert [case["id"] for case in listed] == [case.id for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_was_published_comes_back(case, tmp_path: Path) -> None:
    told = run(case.id, "--out", tmp_path / "o", "--json", language="en")
    assert told.exit_code == 0, told.output
    plan = json.loads(told.stdout)
    assert plan["status"] == "optimal"
    assert plan["case"]["published"]["id"] == case.id
    assert plan["case"]["alliance_as_published"] is True
    assert plan["case"]["type_as_published"] is (None if case.type_id is None else True)
    assert {plan["case"]["lead"], *plan["case"]["members"]} == set(case.villages)
    assert (tmp_path / "o" / "plan.json").is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xinzhuang", ("公布的片区排回来了：辛庄村领建", "公布的类型也排回来了", "虚构")),
        ("heiniu", ("领建村未公布", "说明：")),
        ("dongji", ("没有注明类型",)),
        ("流水联村党委", ("北流水村领建",)),
    ],
)
def test_it_is_told_in_words(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    told = run(name, "--out", tmp_path / "o")
    assert told.exit_code == 0, told.output
    assert [word for word in words if word not in told.stdout] == []


def test_what_does_not_come_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = next(case for case in CASES if case.id == "xinzhuang")
    other = replace(real, members=real.members[:1], type_id="mutual_help")
    unled = replace(other, id="unled", lead=None)
    monkeypatch.setattr(command, "worked_cases", lambda: (other, unled))
    told = run("xinzhuang", "--out", tmp_path / "a")
    assert "公布的片区没有排回来：公布的是辛庄村、马厂村，辛庄村领建；这次是" in told.stdout
    assert "类型与公布的不同" in told.stdout
    assert "（领建村未公布）" in run("unled", "--out", tmp_path / "b").stdout


def test_an_unknown_case_and_a_folder_without_case_are_wrong_usage(tmp_path: Path) -> None:
    unknown = run("nowhere")
    assert unknown.exit_code == 2
    assert "liushui" in unknown.stderr
    alone = run("--out", tmp_path / "o")
    assert alone.exit_code == 2
    assert not (tmp_path / "o").exists()
