"""How a command runs: its parameters, and every way out as words and an exit code."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
from typer.testing import CliRunner, Result

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.cli.usage import commands_in
from liancun_geo.commands.inputs import Inputs
from liancun_geo.errors import DataError, SettingsError, error
from liancun_geo.report import Report

FAULT = error("relax.options_together")


def call(function, *words: object) -> Result:
    app = typer.Typer(cls=commands_in("zh"), rich_markup_mode=None)
    app.callback()(lambda: None)
    app.command("it", help="cli.plan")(function)
    return CliRunner().invoke(app, ["it", *map(str, words)])


def test_common_parameters_are_added_and_required_ones_stand_first() -> None:
    @command()
    def it(
        report: Report,
        inputs: Inputs,
        most: options.Most = 10,
        out: options.Out = Path("unused"),
        *,
        before: options.Before,
    ) -> int:
        return 0

    names = list(inspect.signature(it).parameters)
    assert names == [
        *("boundaries", "before", "ledger", "settings", "decisions", "places"),
        *("most", "out", "as_json", "language"),
    ]
    assert list(get_type_hints(it)) == names


def test_inputs_are_built_and_the_code_is_left_with() -> None:
    seen: list[object] = []

    @command()
    def it(report: Report, inputs: Inputs) -> int:
        seen.extend((report.language, report.as_json, inputs))
        return 4

    told = call(it, "v.shp", "--ledger", "a.csv", "--places", "p.csv", "--json", "--language", "en")
    assert told.exit_code == 4
    assert seen == [
        "en",
        True,
        Inputs(Path("v.shp"), [Path("a.csv")], places=[Path("p.csv")]),
    ]


@pytest.mark.parametrize(
    ("cause", "code", "word"),
    [
        (SettingsError([FAULT]), 2, "设置有 1 处问题"),
        (DataError([FAULT]), 3, "数据有 1 处问题"),
        (KeyboardInterrupt(), 130, ""),
        (ValueError("unforeseen"), 1, "ValueError: unforeseen"),
    ],
)
def test_every_exception_becomes_words_and_a_code(
    cause: BaseException, code: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIANCUN_TRACEBACK", raising=False)

    @command()
    def it(report: Report) -> int:
        raise cause

    told = call(it)
    assert told.exit_code == code
    assert word in told.stderr
    assert "Traceback" not in told.output


def test_a_fault_is_one_json_object() -> None:
    @command()
    def it(report: Report) -> int:
        raise DataError([FAULT])

    told = json.loads(call(it, "--json").stdout)
    assert told["status"] == "error"
    assert [fault["key"] for fault in told["errors"]] == ["relax.options_together"]


def test_a_command_without_json_has_none() -> None:
    @command(as_json=False)
    def it(report: Report) -> int:
        assert not report.as_json
        return 0

    assert call(it).exit_code == 0
    assert call(it, "--json").exit_code == 2
