"""Cells to values: a number, a flag, a list, a code - or a fault with its place, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from liancun_geo.decisions import Replay
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.fields import Column, RawTable
from liancun_geo.units import convert, unit_of_field
from liancun_geo.villages import FIELDS, FieldKind

_MISSING_TEXTS: Final = {"", "-", "--", "—", "——", "–", "―", "/", "\\", "无"}
_MISSING_FLAGS: Final = _MISSING_TEXTS - {"无"}
_TRUE: Final = {"是", "有", "1", "1.0", "true", "yes", "y", "√", "✓", "✔", "☑"}
_FALSE: Final = {"否", "无", "0", "0.0", "false", "no", "n", "×", "✗", "✘", "☒"}
_IN_POST: Final = {"在任", "在岗", "在职"}
_VACANT: Final = {"空缺", "缺位", "离任", "不在任", "不在岗", "不在职"}
_CELL_ERRORS: Final = {
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
}  # fmt: skip
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+")
# NFKC also flattens superscripts and fractions ("12²" to "122"): only widths may change.
_PLAIN: Final = re.compile("[\x00-\x7f\u2212\u3000\uff00-\uffef\u00a0]*")
_SCIENTIFIC: Final = re.compile(r"\d+(?:\.\d+)?e\+\d+|\d+\.\d+e\d+", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[、,;/|\n]")
# No village has a million million of anything; beyond, sums and whole numbers break.
_LARGEST_SENSIBLE: Final = 1e12
_LARGEST_EXACT: Final = 10**15
_MAY_BE_NEGATIVE: Final = {"collective_income_wan_yuan", "income_per_head_yuan"}
_CODES: Final = {"code", "township_code"}


class Bad(NamedTuple):
    """A cell that is no value: the key of the sentence that says why."""

    key: str


Parser = Callable[[object], Any]


def parse_number(cell: object) -> float | Bad:
    """Return the number of a cell, NaN for a blank one; digits, sign, point and 1,000s only."""
    if cell is None:
        return math.nan
    if isinstance(cell, bool | np.bool_):
        return Bad("intake.not_a_number")
    if isinstance(cell, int | float | Decimal | np.integer | np.floating):
        number = float(cell)
        return Bad("intake.not_a_number") if math.isinf(number) else number
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return Bad("intake.date_in_number")
    text = _clean(cell)
    if text in _MISSING_TEXTS:
        return math.nan
    text = text.replace("\u2212", "-")
    if text.endswith("%"):
        return Bad("intake.percent_in_number")
    if not _PLAIN.fullmatch(str(cell)) or not _NUMBER.fullmatch(text):
        return Bad("intake.not_a_number")
    return float(text.replace(",", ""))


def parse_year(cell: object) -> float | Bad:
    """Return a year from 1990 to 2100, NaN for a blank cell."""
    if isinstance(cell, str):
        cell = re.sub(r"年度?$", "", _clean(cell))
    number = parse_number(cell)
    if isinstance(number, Bad):
        return number
    if math.isnan(number) or (1990 <= number <= 2100 and number == int(number)):
        return number
    return Bad("intake.year_out_of_range")


def parse_flag(cell: object) -> bool | Bad | None:
    """Return yes, no, or None for a blank cell."""
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    if _is_missing(cell):
        return None
    text = _clean(cell).casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return None if text in _MISSING_FLAGS else Bad("intake.not_a_flag")


def parse_in_post(cell: object) -> bool | Bad | None:
    """Return whether a secretary serves; ledgers say so in words as often as by yes or no."""
    text = "" if _is_missing(cell) else _clean(cell)
    if text in _IN_POST:
        return True
    return False if text in _VACANT else parse_flag(cell)


def parse_tags(cell: object) -> tuple[str, ...] | Bad | None:
    """Return the entries of a list, each once and in order; ``()`` for 无, None for blank."""
    if isinstance(cell, list | tuple | np.ndarray):
        return tuple(dict.fromkeys(_clean(entry) for entry in cell if _clean(entry)))
    if _is_missing(cell):
        return None
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if text in ("无", "没有") or text.casefold() == "none":
        return ()
    if text in _MISSING_TEXTS:
        return None
    entries = (entry.strip() for entry in _SEPARATORS.split(text))
    return tuple(dict.fromkeys(entry for entry in entries if entry)) or None


def parse_text(cell: object) -> str | Bad | None:
    """Return trimmed text; whole numbers without a point; None for a blank cell."""
    if _is_missing(cell):
        return None
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        cell = int(cell)
    text = " ".join(str(cell).split())
    return None if _clean(text) in _MISSING_TEXTS else text


def parse_code(cell: object) -> str | Bad | None:
    """Return a code as text, never cut or padded.

    ``370499100201.0`` and spaces around are lossless and mended; scientific notation and numbers
    beyond 15 digits, which Excel cannot hold, are faults.
    """
    if _is_missing(cell):
        return None
    if isinstance(cell, bool | np.bool_ | dt.date | dt.time):
        return Bad("intake.code_damaged")
    if isinstance(cell, int | float | np.integer | np.floating):
        if float(cell) >= _LARGEST_EXACT or not float(cell).is_integer() or float(cell) < 0:
            return Bad("intake.code_damaged")
        return str(int(cell))
    text = _clean(cell).strip("'`\u2018\u2019")
    if text in _MISSING_TEXTS:
        return None
    if _SCIENTIFIC.fullmatch(text):
        return Bad("intake.code_damaged")
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


_PARSERS: Final[Mapping[FieldKind, Parser]] = {
    "text": parse_text,
    "number": parse_number,
    "year": parse_year,
    "flag": parse_flag,
    "tags": parse_tags,
}

# Words that mean yes or no in one column only.
_FIELD_PARSERS: Final[Mapping[str, Parser]] = {
    "code": parse_code,
    "township_code": parse_code,
    "secretary_in_post": parse_in_post,
}


def read_values(
    table: RawTable, columns: Mapping[str, Column], *, replay: Replay = Replay()
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the cells of the mapped columns.

    Parameters
    ----------
    table
        Sheet or layer; not changed.
    columns
        Field -> column.
    replay
        Decisions on cells.

    Returns
    -------
    values, faults
        One row a record in the order of the table, one column a delivered field: numbers
        float64 in the unit of the field, everything else object with None for missing. A cell
        with a fault is missing in ``values``.
    """
    faults: list[Fault] = []
    values: dict[str, pd.Series] = {}
    # Identities first, so that the faults of other cells can name the village.
    order = sorted(columns, key=lambda field: (field not in _CODES | {"name", "township"}, field))
    for field in order:
        column = columns[field]
        parser = _FIELD_PARSERS.get(field, _PARSERS[FIELDS[field].kind])
        cells = table.cells.iloc[:, column.position]
        read, bad = _read_cells(cells, parser)
        for record, problem in bad:
            where = _where(table, column, record, values)
            shown = str(cells.iloc[record])[:60]
            faults.append(error(problem.key, where, value=shown))
        if FIELDS[field].kind == "number":
            faults.extend(_negative(table, column, read, values))
            faults.extend(_too_large(table, column, read, values))
            unit, canonical = column.unit, unit_of_field(field)
            if unit is not None and canonical is not None and unit != canonical:
                read = pd.Series(convert(read, unit, canonical))
        values[field] = read
    frame = pd.DataFrame({field: values[field] for field in FIELDS if field in values})
    return frame.reset_index(drop=True), faults


def _read_cells(cells: pd.Series, parser: Parser) -> tuple[pd.Series, list[tuple[int, Bad]]]:
    numeric = parser in (parse_number, parse_year)
    plain = is_numeric_dtype(cells.dtype) and not is_bool_dtype(cells.dtype)
    if parser is parse_number and plain:
        numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        if not np.isinf(numbers).any():
            return pd.Series(numbers), []
    known: dict[tuple[type, object], Any] = {}
    read: list[Any] = []
    bad: list[tuple[int, Bad]] = []
    for record, cell in enumerate(cells.tolist()):
        if isinstance(cell, list | np.ndarray | dict):
            value = parser(cell)
        else:
            key = (type(cell), cell)
            if key not in known:
                broken = isinstance(cell, str) and cell.strip().upper() in _CELL_ERRORS
                known[key] = Bad("intake.cell_error") if broken else parser(cell)
            value = known[key]
        if isinstance(value, Bad):
            bad.append((record, value))
            value = math.nan if numeric else None
        read.append(value)
    return pd.Series(read, dtype=np.float64 if numeric else object), bad


def _negative(
    table: RawTable, column: Column, read: pd.Series, identities: Mapping[str, pd.Series]
) -> list[Fault]:
    make, key = error, "intake.negative"
    if column.field in _MAY_BE_NEGATIVE:
        make, key = warning, "intake.negative_income"
    return [
        make(key, _where(table, column, int(record), identities), value=f"{read[record]:g}")
        for record in np.flatnonzero(read.to_numpy() < 0)
    ]


def _too_large(
    table: RawTable, column: Column, read: pd.Series, identities: Mapping[str, pd.Series]
) -> list[Fault]:
    return [
        error(
            "intake.too_large",
            _where(table, column, int(record), identities),
            value=f"{read[record]:g}",
        )
        for record in np.flatnonzero(np.abs(read.to_numpy()) > _LARGEST_SENSIBLE)
    ]


def _where(
    table: RawTable, column: Column, record: int, identities: Mapping[str, pd.Series]
) -> Where:
    place = table.where(record, column.header)
    known = {
        name: identities[field].iloc[record]
        for name, field in (("village", "name"), ("code", "code"), ("township", "township"))
        if field in identities and field != column.field
    }
    return Where(file=place.file, sheet=place.sheet, row=place.row, field=place.field, **known)


def _clean(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _is_missing(cell: object) -> bool:
    return (
        cell is None
        or cell is pd.NA
        or cell is pd.NaT
        or (isinstance(cell, float | np.floating) and math.isnan(cell))
    )
