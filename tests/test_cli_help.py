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


ENGLISH = "Usage|Options|OPTIONS|Arguments|Commands|COMMAND|Show this|required|default:|Try|Error"


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_chinese_help_is_chinese_to_its_headings(name: str) -> None:
    told = CliRunner().invoke(build_app("zh"), [*name.split(), "--help"])
    assert told.exit_code == 0
    assert re.findall(rf"\b(?:{ENGLISH})\b", told.output) == []
    assert told.output.startswith("用法：") and "\n选项：\n" in told.output


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (["nosuch"], "没有 nosuch 这个命令"),
        (["--nosuch"], "没有 --nosuch 这个选项"),
        (["project", "nosuch"], "没有 nosuch 这个命令"),
        (["plan"], "没有给村界文件"),
        (["plan", "a.shp"], "缺少 --out"),
        (["plan", "a.shp", "--out"], "--out 后面要写它的值"),
        (["plan", "a.shp", "--out", "o", "--workers", "x"], "--workers 的值不能用：应是整数。"),
        (["plan", "a.shp", "--out", "o", "--workers", "0"], "--workers 的值不能用：不能小于 1。"),
        (["plan", "a.shp", "--out", "o", "--time-limit", "x"], "的值不能用：应是一个数。"),
        (["plan", "a.shp", "b.shp", "--out", "o"], "多出来的内容：b.shp"),
    ],
)
def test_wrong_usage_is_told_in_chinese_throughout(written: list[str], sentence: str) -> None:
    told = CliRunner().invoke(build_app("zh"), written)
    assert told.exit_code == 2 and told.stdout == ""
    assert sentence in told.stderr and "错误：" in told.stderr
    assert re.findall(rf"\b(?:{ENGLISH}|Invalid|Input|Missing|No such)\b", told.stderr) == []


def test_english_reads_as_it_did() -> None:
    told = CliRunner().invoke(build_app("en"), ["plan"])
    assert re.match(r"Usage: \S+ plan \[OPTIONS\]", told.stderr)
    assert "--help' for help." in told.stderr and "Error: " in told.stderr
    helped = CliRunner().invoke(build_app("en"), ["plan", "--help"]).output
    assert "Options:" in helped and "[required]" in helped


def test_no_command_at_all_shows_the_help() -> None:
    told = CliRunner().invoke(build_app("zh"), [])
    assert "命令：" in told.output and "错误" not in told.output
