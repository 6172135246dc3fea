"""What the ledger says of each village, with "unknown" kept apart from "no" and from zero."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_REGISTERED = "population_registered_persons"
_RESIDENT = "population_resident_persons"
_WEAK_FLAGS = ("weak_organisation", "weak_economy")


def numbers(frame: pd.DataFrame, field: str) -> NDArray[np.float64]:
    """Return (n,) a column of numbers, NaN where missing."""
    return frame[field].to_numpy(dtype=np.float64, na_value=np.nan)


def population_field(frame: pd.DataFrame) -> str:
    """Return the registered population, or the resident one if nobody delivered that."""
    nobody = frame[_REGISTERED].isna().all() and frame[_RESIDENT].notna().any()
    return _RESIDENT if nobody else _REGISTERED


def weak_villages(frame: pd.DataFrame) -> tuple[bool | None, ...]:
    """Return which villages are weak, by organisation or economy; None where it is unknown.

    A flag that nobody delivered says nothing of any village; one "yes" is enough.
    """
    given = [flag for flag in _WEAK_FLAGS if frame[flag].notna().any()]
    if not given:
        return (None,) * len(frame)
    answers = [[None if pd.isna(value) else bool(value) for value in frame[flag]] for flag in given]
    return tuple(
        True if any(row) else None if None in row else False for row in zip(*answers, strict=True)
    )


def small_villages(frame: pd.DataFrame, below_persons: float) -> tuple[bool | None, ...]:
    """Return which villages have fewer people than that; None where it is unknown."""
    people = numbers(frame, population_field(frame)).tolist()
    return tuple(None if math.isnan(number) else number < below_persons for number in people)


def tags(frame: pd.DataFrame, field: str) -> tuple[frozenset[str] | None, ...]:
    """Return the tags of each village, empty for a known "none"; None where unknown."""
    return tuple(
        frozenset(value) if isinstance(value, tuple | list | set | frozenset) else None
        for value in frame[field]
    )
