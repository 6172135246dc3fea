"""Who is who: codes, names and townships of villages."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from liancun_geo.decisions import Replay, SameNameDecision
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.messages import Listing
from liancun_geo.villages import FIELDS

_OFFICIAL: Final = re.compile(r"\d{12}")
_PADDED: Final = re.compile(r"(\d{12})0{7}")

WhereOf = Callable[[int], Where]


def key_of(text: str | None) -> str:
    """Return a name as it is compared: NFKC, trimmed."""
    return "" if text is None else unicodedata.normalize("NFKC", text).strip()


def is_missing(value: object) -> bool:
    """Tell whether a parsed value is missing (None or NaN)."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def same(first: object, second: object) -> bool:
    """Tell whether two parsed values say the same."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9)
    if isinstance(first, str) and isinstance(second, str):
        return key_of(first) == key_of(second)
    return first == second


def unpadded_codes(codes: pd.Series, where: Where) -> tuple[pd.Series, list[Fault]]:
    """Return codes with 19 digits (12 and seven zeros, as land surveys write them) as 12 digits.

    Nothing is lost by it, and one warning says how many there were.
    """
    matches = [None if code is None else _PADDED.fullmatch(code) for code in codes]
    count = sum(match is not None for match in matches)
    if not count:
        return codes, []
    short = [
        code if match is None else match.group(1)
        for code, match in zip(codes, matches, strict=True)
    ]
    notes = [warning("intake.codes_of_19_digits", where, count=count)]
    return pd.Series(short, dtype=object), notes


def boundary_code_faults(codes: pd.Series, where_of: WhereOf) -> list[Fault]:
    """Return a fault for each missing code, and for each odd one among 12-digit codes."""
    given = [code for code in codes if code is not None]
    official = mostly_official(given)
    faults = []
    for position, code in enumerate(codes):
        if code is None:
            faults.append(error("intake.code_missing", where_of(position)))
        elif official and not _OFFICIAL.fullmatch(code):
            params = {"length": len(code), "expected": "12"}
            faults.append(error("intake.code_length", where_of(position), **params))
    return faults


def usual_lengths(codes: Sequence[str]) -> frozenset[int]:
    """Return the lengths a code may have, if nine in ten codes share one length; else nothing."""
    lengths = Counter(len(code) for code in codes)
    if not lengths or max(lengths.values()) < 0.9 * len(codes):
        return frozenset()
    return frozenset(lengths)


def told_apart(values: pd.DataFrame, where_of: WhereOf, replay: Replay) -> pd.DataFrame:
    """Return attributes in which villages of one name are numbered, where people have said so."""
    if "code" in values or "name" not in values:
        return values
    names = _text_column(values, "name")
    count: Counter[tuple[str, str | None, str]] = Counter()
    for position, name in enumerate(names):
        decision = None if name is None else _on_namesakes(values, position, where_of, replay)
        if decision is not None and decision.meaning == "several":
            key = (decision.file, decision.township, decision.name)
            count[key] += 1
            names[position] = f"{name}（{count[key]}）"
    return values.assign(name=pd.Series(names, dtype=object, index=values.index))


def _on_namesakes(
    values: pd.DataFrame, position: int, where_of: WhereOf, replay: Replay
) -> SameNameDecision | None:
    if not any(isinstance(decision, SameNameDecision) for decision in replay.decisions):
        return None
    where = where_of(position)
    return replay.of_name(where, township_of(values, position), key_of(where.village))


def township_of(values: pd.DataFrame, position: int) -> str | None:
    """Return the township of a feature as a decision names it: its name, else its code."""
    name, code = (
        _text_column(values, field, [position])[0] for field in ("township", "township_code")
    )
    return code if name is None else name


def parts_of_villages(
    values: pd.DataFrame,
    where_of: WhereOf,
    *,
    replay: Replay = Replay(),
    left_out: Collection[int] = (),
) -> tuple[list[list[int]], list[Fault]]:
    """Group the features of each village: same code and same name is one village.

    Parameters
    ----------
    values
        Parsed attributes of the features, shape (n, fields).
    where_of
        Position -> place.
    replay
        ``same_name`` decisions.
    left_out
        Positions of features that are not used.

    Returns
    -------
    groups, faults
        Positions of the features of each village, in the order of their first feature; a
        warning for each village of several features, an error for a code with two names, for
        parts that contradict each other, and, without codes, for a name twice in one township.
    """
    count = len(values)
    groups: dict[Any, list[int]] = {}
    faults: list[Fault] = []
    if "code" in values:
        keys: list[Any] = [
            code if code is not None else index for index, code in enumerate(values["code"])
        ]
    else:
        towns = [_text_column(values, field) for field in ("township_code", "township")]
        names = _text_column(values, "name")
        places = enumerate(zip(*towns, names, strict=True))
        keys = [i if c is None else (key_of(a or b), key_of(c)) for i, (a, b, c) in places]
        faults.extend(
            error("intake.name_missing", where_of(index))
            for index, name in enumerate(names)
            if name is None and index not in left_out
        )
    for position, key in enumerate(keys):
        if position not in left_out:
            groups.setdefault(key, []).append(position)
    if len(groups) == count:
        return list(groups.values()), faults
    for positions in groups.values():
        if len(positions) > 1:
            faults.extend(_part_faults(values, positions, where_of, replay))
    return list(groups.values()), faults


def _part_faults(
    values: pd.DataFrame, positions: list[int], where_of: WhereOf, replay: Replay
) -> list[Fault]:
    first = where_of(positions[0])
    rows = Listing(str(where_of(position).row) for position in positions)
    if "code" not in values:
        decision = _on_namesakes(values, positions[0], where_of, replay)
        if decision is None or decision.meaning != "one":
            return [error("intake.duplicate_name", first, rows=rows, features=tuple(positions))]
    names = list(dict.fromkeys(key_of(name) for name in _text_column(values, "name", positions)))
    if len([name for name in names if name]) > 1:
        told = {"rows": rows, "names": Listing(names), "features": tuple(positions)}
        return [error("intake.duplicate_code", first, **told)]
    faults: list[Fault] = [warning("intake.dissolved", first, rows=rows, count=len(positions))]
    for field in values.columns:
        given = [v for v in values[field].iloc[positions].tolist() if not is_missing(v)]
        if any(not same(value, given[0]) for value in given[1:]):
            label = FIELDS[field]
            params = {"rows": rows, "zh": label.zh, "en": label.en, "features": tuple(positions)}
            faults.append(error("intake.parts_contradict", first, **params, column=field))
    return faults


def first_values(values: pd.DataFrame, groups: Sequence[Sequence[int]]) -> pd.DataFrame:
    """Return one row a group: in each column the first value that is not missing."""
    if len(groups) == len(values):
        return values.copy()
    columns = {}
    for field in values.columns:
        cells = values[field].tolist()
        merged = [
            next((cells[p] for p in group if not is_missing(cells[p])), cells[group[0]])
            for group in groups
        ]
        columns[field] = pd.Series(merged, dtype=values[field].dtype)
    return pd.DataFrame(columns)


def complete_identities(
    values: pd.DataFrame, where_of: WhereOf, where: Where
) -> tuple[pd.DataFrame, list[Fault]]:
    """Fill what must never be missing: township, its code, village name, village code.

    Returns
    -------
    completed, faults
        A new frame with the columns ``code``, ``name``, ``township`` and ``township_code``
        filled by the fallbacks of :class:`~liancun_geo.villages.VillageTable`; a warning for
        each fallback used, errors for codes that occur twice. Townships that are not known
        stay missing, see :class:`~liancun_geo.intake.identities.townships.Townships`.
    """
    codes = _text_column(values, "code")
    names = _text_column(values, "name")
    towns = _text_column(values, "township")
    town_codes = _text_column(values, "township_code")
    faults: list[Fault] = []
    nameless = [i for i, name in enumerate(names) if name is None and codes[i] is not None]
    names = [name if name is not None else code for name, code in zip(names, codes, strict=True)]
    if nameless:
        faults.append(warning("intake.name_from_code", where, count=len(nameless)))
    town_codes, notes = _filled_township_codes(codes, towns, town_codes, where)
    faults.extend(notes)
    by_code = _unique(zip(town_codes, towns, strict=True))
    unnamed = [index for index, town in enumerate(towns) if town is None]
    towns = [
        town if town is not None else by_code.get(code, code)
        for town, code in zip(towns, town_codes, strict=True)
    ]
    lost = any(code is None for code in town_codes)
    if unnamed and not lost:
        faults.append(warning("intake.township_from_code", where, count=len(unnamed)))
    codeless = [index for index, code in enumerate(codes) if code is None]
    codes = [
        code if code is not None else f"{town}/{name}"
        for code, town, name in zip(codes, towns, names, strict=True)
    ]
    if codeless and not lost:
        faults.append(warning("intake.code_from_name", where, count=len(codeless)))
    counted = Counter(codes)
    faults.extend(
        error("intake.duplicate_code_after_join", where_of(index), code=code)
        for index, code in enumerate(codes)
        if counted[code] > 1 and not lost
    )
    filled = {"code": codes, "name": names, "township": towns, "township_code": town_codes}
    columns = {field: pd.Series(column, dtype=object) for field, column in filled.items()}
    return values.assign(**columns), faults


def without_township(values: pd.DataFrame) -> list[int]:
    """Return the positions of the villages of which nothing says the township."""
    codes, towns, given = (
        _text_column(values, field) for field in ("code", "township", "township_code")
    )
    filled, _ = _filled_township_codes(codes, towns, given, Where())
    return [position for position, code in enumerate(filled) if code is None]


def _filled_township_codes(
    codes: list[str | None], towns: list[str | None], given: list[str | None], where: Where
) -> tuple[list[str | None], list[Fault]]:
    by_name = _unique(zip(towns, given, strict=True))
    filled = [
        code if code is not None else by_name.get(town)
        for code, town in zip(given, towns, strict=True)
    ]
    cut = 0
    if mostly_official([code for code in codes if code is not None]):
        for index, code in enumerate(codes):
            if filled[index] is None and code is not None and _OFFICIAL.fullmatch(code):
                filled[index], cut = code[:9], cut + 1
    # Villages of one township must not end up in two zones because only some have a code.
    by_name = _unique(zip(towns, filled, strict=True))
    named = 0
    for index, town in enumerate(towns):
        if filled[index] is None and town is not None:
            filled[index], named = by_name.get(town, town), named + 1
    faults = []
    if cut:
        faults.append(warning("intake.township_code_from_code", where, count=cut))
    if named:
        faults.append(warning("intake.township_code_from_name", where, count=named))
    spread: dict[str, dict[str, None]] = {}
    for town, town_code in zip(towns, filled, strict=True):
        if town is not None and town_code is not None:
            spread.setdefault(town, {})[town_code] = None
    for town, found in spread.items():
        if len(found) > 1:
            listed = Listing(found)
            place = Where(file=where.file, township=town)
            faults.append(warning("intake.township_with_codes", place, codes=listed))
    return filled, faults


def mostly_official(codes: Sequence[str]) -> bool:
    """Tell whether at least half of the codes have the 12 digits of the Chinese statistics."""
    return sum(_OFFICIAL.fullmatch(code) is not None for code in codes) * 2 >= len(codes) > 0


def _unique(pairs: Any) -> dict[Any, Any]:
    """Return key -> value for the keys that have one value only, missing ones left out."""
    seen: dict[Any, set[Any]] = {}
    for key, value in pairs:
        if key is not None and value is not None:
            seen.setdefault(key, set()).add(value)
    return {key: next(iter(values)) for key, values in seen.items() if len(values) == 1}


def _text_column(
    values: pd.DataFrame, field: str, positions: Sequence[int] | None = None
) -> list[str | None]:
    chosen = np.arange(len(values)) if positions is None else np.asarray(positions)
    if field not in values:
        return [None] * len(chosen)
    return list(values[field].iloc[chosen])
