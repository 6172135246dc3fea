"""Cells that hold words: flags, years, lists, texts, codes - a value, or why there is none."""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Final

import numpy as np

from liancun_geo.intake.ledgers.cells import (
    MISSING_TEXTS,
    Bad,
    cleaned,
    is_missing,
    parse_number,
    shortened,
)

Parser = Callable[[object], Any]

LONGEST_TEXT: Final = 100
"""Most characters of a name, a class or a code."""
LONGEST_LIST: Final = 2_000
"""Most characters of a list of industries or enterprises."""

_MISSING_FLAGS: Final = MISSING_TEXTS - {"无"}
_WORDS: Final[Mapping[str, Any]] = tomllib.loads(
    (resources.files(__package__) / "words.toml").read_text(encoding="utf-8")
)
_NEGATION: Final = re.compile(r"^(非|不是|不属于|无|未)")
_SEPARATORS: Final = re.compile(r"[、,;/|\n](?![^(]*\))")
_ET_CETERA: Final = re.compile(r"(?<=[^高中初低上下同平优劣])等$")
_SCIENTIFIC: Final = re.compile(r"\d+(?:\.\d+)?e\+\d+|\d+\.\d+e\d+", re.IGNORECASE)
_DATE_TEXT: Final = re.compile(r"((?:19|20)\d{2})(?:[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?|月)?)")
_LARGEST_EXACT: Final = 10**15
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_BETWEEN_HAN: Final = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_SPACED_DIGITS: Final = re.compile(r"\d+(?:\s+\d+)+")
# Days since the end of 1899 of the first and the last day of these years.
_FIRST_SERIAL: Final = (dt.date(_FIRST_YEAR, 1, 1) - dt.date(1899, 12, 30)).days
_LAST_SERIAL: Final = (dt.date(_LAST_YEAR, 12, 31) - dt.date(1899, 12, 30)).days


def parse_year(cell: object) -> float | Bad:
    """Return a year from 1990 to 2100, NaN for a blank cell.

    Of a date the year is taken; a number that can only be the serial number of a date is one.
    """
    if isinstance(cell, dt.date):
        number: float | Bad = float(cell.year)
    else:
        if isinstance(cell, str):
            text = re.sub(r"年?度?末?底?$", "", cleaned(cell))
            date = _DATE_TEXT.fullmatch(cleaned(cell))
            cell = date.group(1) if date else text
        number = parse_number(cell)
    if isinstance(number, Bad):
        return number
    if _FIRST_SERIAL <= number <= _LAST_SERIAL and number == int(number):
        return float((dt.date(1899, 12, 30) + dt.timedelta(days=int(number))).year)
    if math.isnan(number) or (_FIRST_YEAR <= number <= _LAST_YEAR and number == int(number)):
        return number
    return Bad("intake.year_out_of_range")


def is_plain_year(cell: object) -> bool:
    """Tell whether a cell that is a year was written as one."""
    if isinstance(cell, dt.date):
        return False
    number = parse_number(re.sub(r"年?度?$", "", cleaned(cell)) if isinstance(cell, str) else cell)
    return not isinstance(number, Bad) and not number > _LAST_YEAR


def parse_flag(cell: object) -> bool | Bad | None:
    """Return yes, no, or None for a blank cell."""
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    if is_missing(cell):
        return None
    text = cleaned(cell).casefold()
    if text in _WORDS["yes"]:
        return True
    if text in _WORDS["no"]:
        return False
    return None if text in _MISSING_FLAGS else Bad("intake.not_a_flag")


def flag_parser(field: str) -> Parser:
    """Return the parser of a flag that may also be told by the words of its column."""
    meaning = frozenset(_WORDS["meaning"].get(field, ()))

    def parse(cell: object) -> bool | Bad | None:
        value = parse_flag(cell)
        if not isinstance(value, Bad):
            return value
        text = "".join(cleaned(cell).split())
        if text in meaning:
            return True
        return False if _NEGATION.sub("", text) in meaning else value

    return parse


def parse_in_post(cell: object) -> bool | Bad | None:
    """Return whether a secretary serves; ledgers say so in words as often as by yes or no."""
    text = "" if is_missing(cell) else cleaned(cell)
    if text in _WORDS["in_post"]:
        return True
    return False if text in _WORDS["vacant"] else parse_flag(cell)


def parse_tags(cell: object) -> tuple[str, ...] | Bad | None:
    """Return the entries of a list, each once and in order; ``()`` for 无, None for blank."""
    if isinstance(cell, list | tuple | np.ndarray):
        return tuple(dict.fromkeys(cleaned(entry) for entry in cell if cleaned(entry)))
    if is_missing(cell):
        return None
    if len(str(cell)) > LONGEST_LIST:
        return Bad("ledger.text_too_long")
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if text in ("无", "没有") or text.casefold() == "none":
        return ()
    if text in MISSING_TEXTS:
        return None
    entries = (_visible(entry) for entry in _SEPARATORS.split(text))
    named = (_ET_CETERA.sub("", entry).strip() for entry in entries)
    return tuple(dict.fromkeys(entry for entry in named if entry)) or None


def parse_text(cell: object) -> str | Bad | None:
    """Return trimmed text; whole numbers without a point; None for a blank cell."""
    if is_missing(cell):
        return None
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        cell = int(cell)
    given = str(cell)
    if len(given) > LONGEST_TEXT and len(_visible(given[: 4 * LONGEST_TEXT])) > LONGEST_TEXT:
        return Bad("ledger.text_too_long")
    # Names are padded to one width, and broken where the cell ends.
    text = _BETWEEN_HAN.sub("", _visible(given))
    return None if cleaned(text) in MISSING_TEXTS else text


def parse_code(cell: object) -> str | Bad | None:
    """Return a code as text, never cut or padded.

    ``370499100201.0``, spaces around and between digits are lossless and mended; scientific
    notation and numbers beyond 15 digits, which Excel cannot hold, are faults.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, bool | np.bool_ | dt.date | dt.time):
        return Bad("intake.code_damaged")
    if isinstance(cell, int | float | np.integer | np.floating):
        if float(cell) >= _LARGEST_EXACT or not float(cell).is_integer() or float(cell) < 0:
            return Bad("intake.code_damaged")
        return str(int(cell))
    if len(str(cell)) > LONGEST_TEXT:
        return Bad("ledger.text_too_long")
    text = cleaned(cell).strip("'`\u2018\u2019")
    if text in MISSING_TEXTS:
        return None
    if _SCIENTIFIC.fullmatch(text):
        return Bad("intake.code_damaged")
    if _SPACED_DIGITS.fullmatch(text):
        return "".join(text.split())
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def found_text(cell: object, field: str) -> str | None:
    """Return what a cell of a code or name says of a village, however damaged."""
    value = parse_code(cell) if field in ("code", "township_code") else parse_text(cell)
    return shortened(str(cell)) if isinstance(value, Bad) else value


def _visible(text: str) -> str:
    """Return a text on one line, without control and direction marks."""
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(mark) == "Cc" else mark
            for mark in text
            if unicodedata.category(mark) != "Cf"
        )
    return " ".join(text.split())
