"""What is known of each village, ready for a table and a map: values, marks, classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.indicators import numbers, population_field, small_villages, weak_villages
from liancun_geo.studio.words import Words
from liancun_geo.villages import FIELDS

Mark = Literal["small", "weak", "strong"]
MARKS: tuple[Mark, ...] = ("small", "weak", "strong")

_HIDDEN = ("geometry", "county", "township_code")
_INCOME = "collective_income_wan_yuan"
_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where a village is small, weak or strong.

    Attributes
    ----------
    small_persons
        A village with fewer people is small.
    weak_wan_yuan
        A village with less collective income is weak, beside those the ledger marks; None to go
        by the ledger alone.
    strong_wan_yuan
        A village with this collective income or more is strong.
    """

    small_persons: float
    weak_wan_yuan: float | None
    strong_wan_yuan: float


@dataclass(frozen=True)
class Classes:
    """An indicator in classes for the map.

    Attributes
    ----------
    class_of
        (n,) class of each village, -1 where the value is not known.
    labels
        What each class is.
    ordered
        Whether they go from less to more.
    """

    class_of: NDArray[np.intp]
    labels: tuple[str, ...]
    ordered: bool


def marked(frame: gpd.GeoDataFrame, limits: Thresholds) -> dict[Mark, tuple[bool | None, ...]]:
    """Return which villages are small, weak and strong; None where it is not known."""
    income = numbers(frame, _INCOME).tolist()
    weak = weak_villages(frame)
    if limits.weak_wan_yuan is not None:
        line = limits.weak_wan_yuan
        weak = tuple(
            True if flag or value < line else flag for flag, value in zip(weak, income, strict=True)
        )
    strong = limits.strong_wan_yuan
    return {
        "small": small_villages(frame, limits.small_persons),
        "weak": weak,
        "strong": tuple(None if np.isnan(value) else value >= strong for value in income),
    }


def indicators(frame: gpd.GeoDataFrame) -> list[str]:
    """Return the fields that the map can be coloured by: delivered, and not a name or code."""
    first = population_field(frame)
    fields = [
        name
        for name, field in FIELDS.items()
        if field.kind in ("number", "flag", "tags")
        or name in ("village_class", "urban_rural_class", "existing_alliance")
    ]
    given = [name for name in fields if frame[name].notna().any()]
    return sorted(given, key=lambda name: name != first)


def classes_of(frame: gpd.GeoDataFrame, field: str, words: Words) -> Classes:
    """Return an indicator in classes: fifths of the villages for numbers, else by value.

    Of industries and enterprises it is how many a village has.
    """
    kind = FIELDS[field].kind
    if kind == "flag":
        answers = [-1 if pd.isna(one) else int(bool(one)) for one in frame[field]]
        labels = (words("no"), words("yes"))
        return Classes(np.array(answers, dtype=np.intp), labels, True)
    if kind == "text":
        values = [None if pd.isna(one) else str(one) for one in frame[field]]
        names = sorted({one for one in values if one is not None})[: _CLASSES * 2]
        place = {name: number for number, name in enumerate(names)}
        found = [-1 if one is None else place.get(one, -1) for one in values]
        return Classes(np.array(found, dtype=np.intp), tuple(names), False)
    if kind == "tags":
        amounts = np.array(
            [len(one) if isinstance(one, tuple | list) else np.nan for one in frame[field]]
        )
    else:
        amounts = numbers(frame, field)
    return _fifths(amounts, words)


def _fifths(amounts: NDArray[np.float64], words: Words) -> Classes:
    known = amounts[~np.isnan(amounts)]
    starts = np.unique(known)
    if len(starts) > _CLASSES:
        # A class begins with its least value. Where one value fills most classes, the different
        # values are divided instead of the villages.
        shares = np.arange(_CLASSES) / _CLASSES
        fifths = np.unique(np.quantile(known, shares, method="higher"))
        different = np.unique(np.quantile(starts, shares, method="higher"))
        starts = fifths if len(fifths) > 2 else different
    class_of = np.searchsorted(starts, amounts, side="right") - 1
    class_of[np.isnan(amounts)] = -1
    labels = []
    for number in range(len(starts)):
        inside = known[np.searchsorted(starts, known, side="right") - 1 == number]
        least, most = f"{inside.min():,g}", f"{inside.max():,g}"
        same = least == most
        labels.append(least if same else words("range", least=least, most=most))
    return Classes(class_of.astype(np.intp), tuple(labels), True)


def table_of(
    frame: gpd.GeoDataFrame, marks: dict[Mark, tuple[bool | None, ...]], words: Words
) -> pd.DataFrame:
    """Return the profile table: one row a village, its marks first, under readable headers.

    The index is the position of the village.
    """
    columns: dict[str, Any] = {"name": frame["name"], "township": frame["township"]}
    columns["marks"] = [
        words.listed(words(f"mark_{mark}") for mark in MARKS if marks[mark][village])
        for village in range(len(frame))
    ]
    for name in FIELDS:
        if name not in (*_HIDDEN, *columns) and (name == "code" or frame[name].notna().any()):
            columns[name] = _shown(frame[name], FIELDS[name].kind)
    code = columns.pop("code")
    return pd.DataFrame({**columns, "code": code}, index=frame.index)


def _shown(column: pd.Series[Any], kind: str) -> Any:
    if kind == "tags":
        # As text, so that a planner can change it: 粮食、养殖.
        return ["、".join(one) if isinstance(one, tuple | list) else None for one in column]
    if kind == "flag":
        return [None if pd.isna(one) else bool(one) for one in column]
    return column


def header(name: str, words: Words) -> str:
    """Return the header of a column of :func:`table_of`."""
    if name == "marks":
        return words("marks")
    text = str(getattr(FIELDS[name], words.language))
    return text[:1].upper() + text[1:]


def chosen(
    frame: gpd.GeoDataFrame,
    marks: dict[Mark, tuple[bool | None, ...]],
    township: str | None,
    only: Sequence[Mark],
    text: str,
) -> NDArray[np.bool_]:
    """Return (n,) which villages a filter lets through.

    Parameters
    ----------
    frame, marks
        The villages.
    township
        Name of the one in view; None for all.
    only
        Marks, one of which a village must bear; none for all villages.
    text
        Part of a name or code, an industry or an enterprise.
    """
    let = np.ones(len(frame), dtype=bool)
    if township is not None:
        let &= (frame["township"] == township).to_numpy()
    if only:
        let &= np.any([[bool(one) for one in marks[mark]] for mark in only], axis=0)
    wanted = text.strip().casefold()
    if wanted:
        let &= np.array([wanted in one for one in _searched(frame)], dtype=bool)
    return let


def _searched(frame: gpd.GeoDataFrame) -> list[str]:
    fields = ("name", "code", "industries", "enterprises")
    rows = frame[list(fields)].itertuples(index=False, name=None)
    return [
        " ".join(
            " ".join(one) if isinstance(one, tuple | list) else str(one) for one in row
        ).casefold()
        for row in rows
    ]
