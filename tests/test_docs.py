"""The documents say what the program does: commands, settings, links, sentences."""

from __future__ import annotations

import ast
import json
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.messages import catalogue
from liancun_geo.settings import Settings, read_settings
from liancun_geo.villages import FIELDS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
SOURCES = sorted((ROOT / "liancun_geo").rglob("*.py"))
CATALOGUE_CALLS = {"error", "warning", "message", "line"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_and_pictures_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", text_of(page))
    missing = [
        target
        for target in targets
        if not target.startswith(("http", "#"))
        and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert missing == []


def test_the_readme_map_is_small_enough_to_load() -> None:
    assert 50_000 < (DOCS / "images" / "demo_plan.png").stat().st_size <= 400_000


def _command_of(words: str) -> tuple[str, str]:
    """Return a command, of a group with the name of the group, and what follows it."""
    count = 2 if words.startswith("project ") else 1
    name = words.split()[:count]
    return " ".join(name), words.split(maxsplit=count)[-1]


def test_readme_names_only_commands_and_options_that_exist() -> None:
    app, runner = build_app("en"), CliRunner()
    inside, lines = False, []
    for line in text_of(README).splitlines():
        if line.strip().startswith("```"):
            inside = not inside
        elif inside and "liancun " in line:
            lines.append(line)
    called = {
        (command, option)
        for line in lines
        for words in [line.split("liancun ")[1]]
        for command, rest in [_command_of(words)]
        for option in re.findall(r"--[a-z-]+", rest) or [""]
    }
    assert len({command for command, _ in called}) > 12
    for command, option in called:
        told = runner.invoke(app, [*command.split(), "--help"])
        assert told.exit_code == 0, command
        assert option in told.output, (command, option)


def test_readme_tells_of_every_command_in_both_languages() -> None:
    readme = text_of(README)
    group = get_command(build_app("en"))
    assert isinstance(group, TyperGroup)
    shown = [name for name, command in group.commands.items() if not command.hidden]
    assert len(shown) > 10
    assert [one for one in shown if len(re.findall(rf"liancun {one}\b", readme)) < 2] == []


def test_ci_finds_the_test_command_in_the_readme() -> None:
    found = re.search(r"<!-- the test command -->\n```\n(.*?)\n```\n", text_of(README), re.DOTALL)
    assert found is not None
    assert found.group(1).endswith("-m scripts.test")
    assert text_of(README).count(found.group(1)) == 2  # in both languages


def leaves(table: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the name and the default of every setting."""
    dumped = table.model_dump(mode="json")
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", dumped[name]


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([^|]+?) \|", text_of(DOCS / "settings.md"), re.M)
    told = {name: None if cell == "not set" else json.loads(cell.strip("`")) for name, cell in rows}
    assert len(rows) == len(told)
    assert told == dict(leaves(Settings()))


def test_every_field_of_the_village_table_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [a-z/]+ \| ([^|]+) \|$", text_of(DOCS / "data.md"), re.M)
    assert [name for name, _ in rows] == list(FIELDS)
    for name, label in rows:
        assert FIELDS[name].zh.partition("（")[0] == label


def test_floors_are_told_as_the_contract_has_them() -> None:
    contracts = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    floors = [
        {module.strip().removeprefix("liancun_geo.") for module in re.split("[:|]", floor)}
        for floor in next(c for c in contracts if c["type"] == "layers")["layers"]
    ]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text_of(DOCS / "architecture.md"), re.M)
    told = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    assert [floor for floor in told if floor in floors] == floors


@pytest.mark.parametrize(
    "example", sorted((DOCS / "examples").glob("*.toml")), ids=lambda p: p.stem
)
def test_examples_are_valid_settings(example: Path) -> None:
    settings = read_settings(example)
    assert (settings.rules.min_size, settings.rules.max_size) == (4, 8)
    assert settings.rules.zone_field == "township_code"


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def places_of(key: str) -> set[str]:
    """Return the places of both languages."""
    return places(catalogue()[key]["zh"]) | places(catalogue()[key]["en"])


def test_every_sentence_has_both_languages_with_the_same_places() -> None:
    # One test for thousands of keys: a test for each takes the time of a hundred others.
    for key, sentences in catalogue().items():
        assert set(sentences) == {"zh", "en"}, key
        assert all(sentence.strip() for sentence in sentences.values()), key
        # A field is named by its label, which each sentence takes in its own language.
        assert own_language(key, "zh") == own_language(key, "en"), key


def own_language(key: str, language: str) -> set[str]:
    """Return the places of a sentence, those that end with its language without that ending."""
    return {re.sub(rf"(^|_){language}$", r"\1*", p) for p in places(catalogue()[key][language])}


def literal_keys(node: ast.AST) -> Iterator[str]:
    """Yield the keys an expression may stand for, as far as they are written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literal_keys(node.body)
        yield from literal_keys(node.orelse)


def calls_with_keys() -> Iterator[tuple[str, ast.Call, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(text_of(path))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in CATALOGUE_CALLS:
                for key in literal_keys(node.args[0]):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node, key


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    used = {(where, key) for where, _, key in calls_with_keys()}
    assert len(used) > 100
    assert sorted((where, key) for where, key in used if key not in catalogue()) == []


def test_every_place_of_a_sentence_gets_its_value() -> None:
    lacking = []
    for where, call, key in calls_with_keys():
        given = {keyword.arg for keyword in call.keywords}
        # ``**params`` is not followed.
        if None not in given and key in catalogue():
            missing = places_of(key) - given
            lacking += [(where, key, sorted(missing))] if missing else []
    assert lacking == []
