"""Corrections of single values of the ledger: who changed what, when, from what, and why.

The ledger itself stays as it was handed in. Corrections are laid over it each time it is read,
and count as a source of the data: a plan made before one is not mistaken for one made after.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from liancun_geo.errors import Where, error, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.export import clean
from liancun_geo.project.faults import ProjectError
from liancun_geo.scenario import County
from liancun_geo.villages import (
    FIELDS,
    Correction,
    Field,
    Source,
    Value,
    VillageTable,
    positions_by_code,
)

FIXED: Final = ("code", "township_code", "township", "county")
"""What says which village it is, and in which zone: corrected by decisions, not here."""
EDITABLE: Final = tuple(name for name in FIELDS if name not in FIXED)

_LONGEST = 200
_MOST_TAGS = 50
_YEARS = (1900, 2200)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a field takes, in words."""

    kind: str

    def text(self, language: Language) -> str:
        return message(f"project.wants_{self.kind}", language)


@dataclass(frozen=True, slots=True)
class _Label:
    field: Field

    def text(self, language: Language) -> str:
        return self.field.zh if language == "zh" else self.field.en


def usable(field: str, value: Any, *, code: str | None = None) -> Value:
    """Return a value as a field takes it.

    Parameters
    ----------
    field
        One of :data:`EDITABLE`.
    value
        Text, number, yes or no, a sequence of names; None, NaN or an empty text if not known.
    code
        Of the village, for the fault.

    Raises
    ------
    ProjectError
        If the field is not one of them or does not take the value.
    """
    if field not in EDITABLE:
        raise ProjectError(
            [error("project.field_not_editable", Where(code=code), field=str(field)[:80])]
        )
    kind = FIELDS[field].kind
    try:
        return _read(kind, value, needed=field == "name")
    except (ValueError, TypeError, OverflowError) as cause:
        raise ProjectError(
            [
                error(
                    "project.value_unusable",
                    Where(code=code),
                    value=repr(value)[:80],
                    label=_Label(FIELDS[field]),
                    wanted=_Wanted(kind),
                )
            ]
        ) from cause


def _read(kind: str, value: Any, *, needed: bool) -> Value:
    if isinstance(value, tuple | list):
        if kind != "tags" or len(value) > _MOST_TAGS:
            raise ValueError("a list")
        return list(dict.fromkeys(_text(tag) for tag in value))
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        value = ""
    if isinstance(value, str) and not value.strip():
        if needed:
            raise ValueError("missing")
        return None
    if kind == "text":
        return _text(value)
    if kind == "flag":
        if not isinstance(value, bool | np.bool_):
            raise TypeError("no flag")
        return bool(value)
    if kind == "tags" or isinstance(value, bool | np.bool_ | str):
        raise TypeError("not of the kind")
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError("out of range")
    if kind == "year" and (number % 1 or not _YEARS[0] <= number <= _YEARS[1]):
        raise ValueError("no year")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    text = value.strip()
    if not text or len(text) > _LONGEST or clean(text) != text or "\n" in text:
        raise ValueError("no line of text")
    return text


def value_of(villages: VillageTable, code: str, field: str) -> Value:
    """Return what the table says now, as :func:`usable` gives it.

    Raises
    ------
    ProjectError
        If there is no such village.
    """
    here = villages.frame.index[villages.frame["code"] == code]
    if not len(here):
        raise ProjectError([error("project.unknown_village", code=code)])
    found: Any = villages.frame[field].iloc[int(here[0])]
    if isinstance(found, tuple | list):
        return [str(tag) for tag in found]
    if found is None or pd.isna(found):
        return None
    kind = FIELDS[field].kind
    return bool(found) if kind == "flag" else str(found) if kind == "text" else float(found)


def corrected(county: County, corrections: Iterable[Correction]) -> County:
    """Return a county with the corrections laid over it, the later over the earlier.

    A correction of a village that is no longer there is told as a warning.
    """
    corrections = tuple(corrections)
    if not corrections:
        return county
    villages = county.villages
    frame = villages.frame.copy()
    position = positions_by_code(frame["code"])
    latest: dict[tuple[str, str], Correction] = {}
    for one in corrections:
        latest.pop((one.code, one.field), None)
        latest[one.code, one.field] = one
    gone = []
    for one in latest.values():
        if one.code not in position:
            gone.append(_gone(one))
            continue
        column = frame[one.field]
        cells = column.tolist()
        cells[position[one.code]] = _cell(one)
        # A tuple is one value here; assigning it in place would spread it out.
        frame[one.field] = pd.Series(cells, index=column.index, dtype=column.dtype)
    said = sorted((code, field, one.value) for (code, field), one in latest.items())
    text = json.dumps(said, ensure_ascii=True, sort_keys=True)
    source = Source(
        message("project.corrections", DEFAULT_LANGUAGE),
        "corrections",
        hashlib.sha256(text.encode()).hexdigest(),
    )
    table = replace(
        villages,
        frame=frame,
        sources=(*villages.sources, source),
        corrections=(*villages.corrections, *corrections),
        warnings=(*villages.warnings, *gone),
    )
    return replace(county, villages=table)


def recorrected(county: County, corrections: Iterable[Correction]) -> County:
    """As :func:`corrected`, of corrections from a file that anybody may have written.

    Raises
    ------
    ProjectError
        If a field is not one of :data:`EDITABLE` or does not take its value.
    """
    checked = [
        replace(one, value=usable(one.field, one.value, code=one.code)) for one in corrections
    ]
    return corrected(county, checked)


def _cell(one: Correction) -> Any:
    kind = FIELDS[one.field].kind
    if isinstance(one.value, list):
        return tuple(one.value)
    if one.value is None:
        return {"flag": pd.NA, "number": np.nan, "year": np.nan}.get(kind)
    return one.value


def _gone(one: Correction) -> Any:
    return warning(
        "project.correction_gone",
        Where(code=one.code),
        label=_Label(FIELDS[one.field]),
        by=one.by or "—",
        at=f"{one.at:%Y-%m-%d}",
    )
