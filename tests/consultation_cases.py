"""A plan to consult on, and hands that fill in its workbooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from why_counties import made_up

from liancun_geo.errors import DataError
from liancun_geo.output.consultation import COLUMNS
from liancun_geo.output.consultation_answers import read_consultation
from liancun_geo.scenario import Scenario

HEADING_ROW = 4
AT = {name: place for place, (name, _) in enumerate(COLUMNS, start=1)}
Fill = Callable[[Any], None]


@cache
def plan() -> Scenario:
    return made_up(20)


def codes_of(s: Scenario) -> list[str]:
    return [str(code) for code in s.villages.frame["code"]]


def filled(path: Path, fill: Fill, to: Path | None = None) -> Path:
    """Fill in a workbook as a person does, and save it."""
    book = openpyxl.load_workbook(path)
    fill(book.worksheets[0])
    book.save(to or path)
    return to or path


def row_of(sheet: Any, code: str) -> int:
    (found,) = [
        row
        for row in range(HEADING_ROW + 1, sheet.max_row + 1)
        if sheet.cell(row, AT["code"]).value == code
    ]
    return int(found)


def says(code: str, /, **cells: Any) -> Fill:
    """Return what fills in one row."""

    def fill(sheet: Any) -> None:
        for name, value in cells.items():
            sheet.cell(row_of(sheet, code), AT[name]).value = value

    return fill


def several(*fills: Fill) -> Fill:
    def fill(sheet: Any) -> None:
        for one in fills:
            one(sheet)

    return fill


def keys_of(paths: Sequence[Path], s: Scenario) -> list[tuple[str, int | None]]:
    with pytest.raises(DataError) as caught:
        read_consultation(paths, s)
    for fault in caught.value.faults:
        assert "{" not in fault.text("zh") + fault.text("en")
    return [(f.key.removeprefix("consultation."), f.where.row) for f in caught.value.faults]


def draft_time() -> Any:
    from editing_cases import at

    return at(1)


def says_second_objects(sheet: Any) -> None:
    sheet.cell(HEADING_ROW + 2, AT["answer"]).value = "不同意"
    sheet.cell(HEADING_ROW + 2, AT["reason"]).value = "产业不同"
