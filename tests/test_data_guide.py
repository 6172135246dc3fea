"""The guide to the data says what the program does: headers, decisions, commands, the example."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app
from liancun_geo.decisions import Decision, read_decisions
from liancun_geo.intake.ledgers.headers import aliases, bare
from scripts.make_dirty_county import make
from scripts.write_headers_doc import written

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "data.md"
TEXT = GUIDE.read_text(encoding="utf-8")

# Field names met in shapefiles of villages of several provinces.
PROVINCIAL = {
    "XZQDM": "code",
    "XZQMC": "name",
    "ZLDWDM": "code",
    "ZLDWMC": "name",
    "村级码": "code",
    "村级名": "name",
    "乡镇码": "township_code",
    "乡镇名": "township",
    "镇代码_": "township_code",
    "乡镇名_": "township",
    "XZXZQDM": "township_code",
    "XIANG": "township",
    "StreetID": "township_code",
    "县代码_": "county",
    "QXDM": "county",
    "QXMC": "county",
    "code": "code",
    "name": "name",
}


def blocks(language: str, text: str = TEXT) -> list[str]:
    """Return the fenced blocks of a language, "" for commands."""
    fences = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.M | re.S)
    return [block for told, block in fences if told == language]


def commands(text: str = TEXT) -> list[str]:
    lines = [line.strip() for block in blocks("", text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("liancun ")]


def run(line: str) -> Result:
    return CliRunner().invoke(build_app("en"), shlex.split(line)[1:])


def test_the_headers_in_the_guide_are_those_of_the_reader() -> None:
    assert written(TEXT) == TEXT, "run: python -m scripts.write_headers_doc"


@pytest.mark.parametrize("header", PROVINCIAL)
def test_names_of_provincial_shapefiles_are_recognised_and_listed(header: str) -> None:
    sure, fallback = aliases()
    assert {**fallback, **sure}[bare(header)] == PROVINCIAL[header]
    section = TEXT.partition("<!-- headers: begin -->")[2].partition("<!-- headers: end -->")[0]
    listed = {bare(text) for text in re.findall(r"`([^`]+)`", section)}
    assert bare(header) in listed


def test_every_kind_of_decision_has_an_example_that_can_be_read(tmp_path: Path) -> None:
    example = next(block for block in blocks("toml") if "[[decision]]" in block)
    file = tmp_path / "decisions.toml"
    file.write_text(example, encoding="utf-8")
    read = read_decisions(file)
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(Decision)[0])}
    assert {decision.kind for decision in read} == kinds
    assert all(decision.text("zh") and decision.text("en") for decision in read)


def test_every_command_of_the_guide_exists_with_its_options() -> None:
    assert len(commands()) >= 10
    for line in commands():
        command = line.split()[1]
        told = CliRunner().invoke(build_app("en"), [command, "--help"])
        assert told.exit_code == 0, command
        for option in re.findall(r"--[a-z-]+", line):
            assert option in told.output, line


def test_the_names_of_settings_in_the_guide_exist() -> None:
    from liancun_geo.settings import Settings

    tables: dict[str, Any] = Settings().model_dump(mode="json")
    named = re.findall(r"`((?:data|contiguity|travel|criteria|rules)\.\w+)", TEXT)
    assert len(named) > 10
    for name in named:
        table, _, key = name.partition(".")
        assert key in tables[table], name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_example_goes_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    half = TEXT.split("\n## English\n")[0 if language == "zh" else 1]
    lines = [line for line in commands(half) if " dirty/" in line]
    assert [line.split()[1] for line in lines] == ["doctor", "doctor", "plan"]
    examine, decide, plan = lines
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "dirty")
    before = {file.name: file.read_bytes() for file in (tmp_path / "dirty").iterdir()}

    found = run(examine)
    levels = found.output.split("\n■ ")
    assert found.exit_code == 3
    told = set(re.findall(r"^\| ([A-Z]-[0-9a-f]{6}) \|", half, re.M))
    # Errors and questions come first.
    open_now = set(re.findall(r"^  ([A-Z]-[0-9a-f]{6})  ", "".join(levels[1:3]), re.M))
    assert told == open_now

    assert run(decide).exit_code == 0
    # Planning itself has its own tests; that the data are accepted is what counts here.
    checked = run(plan.replace("liancun plan", "liancun check").partition(" --out")[0])
    assert checked.exit_code == 0, checked.output
    after = {name: (tmp_path / "dirty" / name).read_bytes() for name in before}
    assert after == before


def test_the_toml_of_the_guide_is_toml() -> None:
    for block in blocks("toml"):
        assert tomllib.loads(block)
