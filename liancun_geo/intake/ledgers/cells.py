"""One cell of a ledger: what it says as it stands, and what it may mean if it is odd."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from liancun_geo.units import Unit, convert, parse_unit

Way = Literal["approximate", "multiplied", "with_unit", "range"]
WAYS: Final[tuple[Way, ...]] = ("approximate", "multiplied", "with_unit", "range")

MISSING_TEXTS: Final = frozenset(
    {
        "",
        "-",
        "--",
        "—",
        "——",
        "–",
        "―",
        "/",
        "\\",
        "无",
        "暂无",
        "不详",
        "未知",
        "未统计",
        "无数据",
    }
)
_CELL_ERRORS: Final = {
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
}  # fmt: skip
_SHOWN: Final = 60
_FIRST_TYPED_YEAR: Final = 1990

_DIGITS: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_NUMBER: Final = re.compile(rf"[+-]?{_DIGITS}|[+-]?\.\d+")
_TOKEN: Final = re.compile(_DIGITS)
_SPACED: Final = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_TORN: Final = re.compile(r"\d\s+\d")
_SUM: Final = re.compile(r"\d+(?:\.\d+)?(?:\+\d+(?:\.\d+)?)+")
_ODD: Final = re.compile(
    r"(?P<about>约为?|大约|大概|将近|接近|近|逾|超过?|不足|至少|≈|~)?"
    rf"(?P<low>{_DIGITS})(?:(?P<low_unit>[^\d\s~至到,.\-–—]{{0,4}})(?:[-~–—]+|至|到)"
    rf"(?P<high>{_DIGITS}))?"
    r"(?P<scale>[百千万亿]*)(?P<more>[余多+])?(?P<unit>[^\d,.+]{0,10}?2?)"
    r"(?P<tail>左右|上下|以上|以下|不等|余|多)?"
)
_SCALES: Final = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
# Beyond these, a digit was typed as the letter that looks like it.
_LOOKALIKES: Final = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "〇": "0", "。": "."})


class Bad(NamedTuple):
    """A cell that is no value: the key of the sentence that says why."""

    key: str


class Formula:
    """Stands in a cell whose formula was never calculated."""

    def __str__(self) -> str:
        return "="


NOT_CALCULATED: Final = Formula()


class Quantity(NamedTuple):
    """A number that a cell may mean.

    ``value`` is in the unit of the column. ``ways`` must be agreed to before it is used; without
    any the reading loses nothing. ``other`` is what "1.2万" means if 万 multiplies a unit that
    is in 万 already.
    """

    value: float
    ways: tuple[Way, ...] = ()
    other: float | None = None


def as_found(cell: object) -> str:
    """Return a cell as decisions and messages quote it: one line, shortened, no control marks."""
    if cell is None or is_missing(cell):
        return ""
    if isinstance(cell, float) and abs(cell) < 1e15 and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    return shortened(str(cell))


def shortened(text: str, longest: int = _SHOWN) -> str:
    """Return a text on one line without control and direction marks, cut to a length."""
    # A cell of megabytes is cut before it is looked at.
    line = "".join(
        " " if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark
        for mark in text[: 4 * longest]
        if unicodedata.category(mark) != "Cf"
    )
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def cleaned(cell: object) -> str:
    """Return the text of a cell in NFKC, trimmed, without invisible marks."""
    text = unicodedata.normalize("NFKC", str(cell))
    if not text.isascii():
        text = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")
    return text.strip()


def is_missing(cell: object) -> bool:
    """Tell whether a cell is empty in the way of Excel, pandas or a layer."""
    return (
        cell is None
        or cell is pd.NA
        or cell is pd.NaT
        or (isinstance(cell, float | np.floating) and math.isnan(cell))
    )


def broken(cell: object) -> Bad | None:
    """Return what is wrong with a cell of any kind: an Excel error, a formula not calculated."""
    if isinstance(cell, Formula):
        return Bad("intake.formula_without_value")
    if isinstance(cell, str) and cell.strip().upper() in _CELL_ERRORS:
        return Bad("intake.cell_error")
    return None


def parse_number(cell: object) -> float | Bad:
    """Return the number of a cell, NaN for a blank one; digits, sign, point and 1,000s only."""
    if is_missing(cell):
        return math.nan
    if isinstance(cell, bool | np.bool_):
        return Bad("intake.not_a_number")
    if isinstance(cell, int | float | Decimal | np.integer | np.floating):
        number = float(cell)
        return Bad("intake.not_a_number") if math.isinf(number) else number
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return Bad("intake.date_in_number")
    text = cleaned(cell)
    if text in MISSING_TEXTS:
        return math.nan
    text = text.replace("\u2212", "-")
    if text.endswith(("%", "‰")):
        return Bad("intake.percent_in_number")
    if _flattened(cell) or not _NUMBER.fullmatch(text):
        return Bad("intake.not_a_number")
    return float(text.replace(",", ""))


def is_plain(cell: object) -> bool:
    """Tell whether a cell that is a number needed nothing to be read as one."""
    return not isinstance(cell, str) or (cell.isascii() and bool(_NUMBER.fullmatch(cell.strip())))


def read_quantity(cell: object, unit: Unit | None) -> Quantity | Bad:
    """Return the number a cell means, and in which ways it had to be read.

    Parameters
    ----------
    cell
        Any value of a sheet.
    unit
        Unit of the column; the value is in it.
    """
    number = parse_number(cell)
    if not isinstance(number, Bad):
        return Quantity(number)
    if number.key != "intake.not_a_number" or not isinstance(cell, str) or _flattened(cell):
        return number
    text = cleaned(cell)
    if _SPACED.fullmatch(text):
        return Quantity(float(text.replace(" ", "")))
    if len(text) > _SHOWN or _TORN.search(text):
        return number
    found = _ODD.fullmatch("".join(text.split()))
    return number if found is None else _odd(found, unit) or number


def likely_numbers(cell: object) -> list[str]:
    """Return what a person may have meant by a cell that is no number; the likeliest first."""
    if isinstance(cell, dt.datetime | dt.date):
        # A number in a cell that was formatted as a date.
        day = cell.date() if isinstance(cell, dt.datetime) else cell
        # A recent day is rather what the sheet made of a text: 4-12 for 4 to 12.
        return [str((day - dt.date(1899, 12, 30)).days)] if day.year < _FIRST_TYPED_YEAR else []
    text = "".join(cleaned(cell).split())[:_SHOWN]
    mended = text.translate(_LOOKALIKES)
    if _NUMBER.fullmatch(mended):
        return [mended.replace(",", "")]
    if _SUM.fullmatch(text):
        return [f"{sum(float(part) for part in text.split('+')):g}"]
    tokens = [token.replace(",", "") for token in _TOKEN.findall(text)]
    return tokens if len(tokens) == 1 else []


def _odd(found: re.Match[str], unit: Unit | None) -> Quantity | None:
    said = found.groupdict(default="")
    low, ways = float(said["low"].replace(",", "")), set[Way]()
    value = low
    if said["high"]:
        high = float(said["high"].replace(",", ""))
        if high <= low or said["low_unit"] not in ("", said["scale"] + said["unit"]):
            return None
        value = (low + high) / 2
        ways.add("range")
    if said["about"] or said["more"] or said["tail"]:
        ways.add("approximate")
    other = None
    if said["unit"]:
        stated = parse_unit(said["scale"] + said["unit"])
        if stated is None or unit is None or stated.dimension != unit.dimension:
            return None
        if stated != unit:
            ways.add("with_unit")
            value = float(convert(value, stated, unit))
    elif said["scale"]:
        factor = math.prod(_SCALES[mark] for mark in said["scale"])
        multiplied = value * factor
        base = None if unit is None else _SCALES.get(unit.name[0])
        if base is None:
            ways.add("multiplied")
            value = multiplied
        else:
            # "1.2万" where the column counts in 万 already: either reading is usual.
            ways.add("with_unit")
            value, other = value * factor / base, multiplied
    return Quantity(value, tuple(way for way in WAYS if way in ways), other)


def _flattened(cell: Any) -> bool:
    """Tell whether NFKC would make other digits of a text: "12²" is not 122."""
    return any(unicodedata.category(mark) == "No" for mark in str(cell)[: 2 * _SHOWN])
