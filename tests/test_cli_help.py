"""The help of every command: whole sentences of one language, the same options everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.messages import Language, catalogue

COMMON = {"ledger", "settings", "decisions", "places"}


def group(language: Language):
    return typer.main.get_command(build_app(language))


def commands(language: Language) -> dict[str, Any]:
    """Return every command by the words that call it."""
    found = {}
    for name, command in group(language).commands.items():
        inner = getattr(command, "commands", None)
        found.update({f"{name} {n}": c for n, c in inner.items()} if inner else {name: command})
    return found


COMMANDS = sorted(commands("zh"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_in_the_language_asked_for(name: str, language: Language) -> None:
    sentences = {told[language].strip() for told in catalogue().values()}
    command = commands(language)[name]
    assert command.help in sentences
    for param in command.params:
        assert param.help in sentences, param.name
        if param.name == "language":
            assert param.default == language
    told = CliRunner().invoke(build_app(language), [*name.split(), "--help"])
    assert told.exit_code == 0
    assert re.findall(r"\b[a-z_]+\.(?:help_\w+|command)\b", told.output) == []


def test_one_language_leaves_the_other_alone() -> None:
    first, second = group("zh"), group("en")
    assert first.commands["plan"].help != second.commands["plan"].help
    assert first.commands["plan"].help == group("zh").commands["plan"].help


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_on_a_county_take_all_its_files(name: str) -> None:
    params = {param.name for param in commands("zh")[name].params}
    assert "language" in params
    # A layer alone is mended, a template begun, a plan file names its own settings.
    of_a_plan = {"verify", "export", "report", "consult write", "consult read"}
    if "boundaries" in params and name not in {"repair", "template"} | of_a_plan:
        assert params >= COMMON | {"as_json"}


def test_an_unknown_language_is_told_in_the_language_of_the_call() -> None:
    for language, word in (("zh", "不认识"), ("en", "unknown language")):
        told = CliRunner().invoke(build_app(language), ["cases", "--language", "fr"])
        assert told.exit_code == 2
        assert "fr" in told.stderr and word in told.stderr


def test_options_that_may_be_meant_are_listed_in_the_language() -> None:
    for language, marks in (("zh", "--ledger、--places"), ("en", "--ledger, --places")):
        told = CliRunner().invoke(build_app(language), ["doctor", "x.shp", "--led", "x"])
        assert told.exit_code == 2
        plain = re.sub(r"[\s│]+", " ", told.stderr)
        assert marks in plain
