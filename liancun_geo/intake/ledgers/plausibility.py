"""Figures of a village that hardly go together: told, since nothing says which one is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import Listing
from liancun_geo.villages import FIELDS

Floats = NDArray[np.float64]

_SHOWN: Final = 5
_RESIDENT_TIMES: Final = 5
_NEARLY_ALL: Final = 0.9
_FEWEST: Final = 10
# No village has none of these; collective income may well be zero.
_NEVER_ZERO: Final = (
    "population_registered_persons",
    "population_resident_persons",
    "households",
    "income_per_head_yuan",
    "arable_land_mu",
)


def implausible(
    attributes: pd.DataFrame, area_mu: Floats | None, where: Where = Where()
) -> list[Fault]:
    """Return a warning for each kind of figures that hardly go together.

    Parameters
    ----------
    attributes
        Fields of the village table, one row a village; a field may be absent.
    area_mu
        Areas inside the boundaries, mu, shape (n,), NaN where unknown; None for all unknown.
    where
        The file, if there is only one, for the place.
    """
    names = _names(attributes)
    people = np.fmax(
        _column(attributes, "population_registered_persons"),
        _column(attributes, "population_resident_persons"),
    )
    faults = [*_zeros(attributes, names, where), *_years(attributes, names, where)]
    resident = _column(attributes, "population_resident_persons")
    registered = _column(attributes, "population_registered_persons")
    far_above = (resident > _RESIDENT_TIMES * registered) & (registered > 0)
    if far_above.any():
        told = _examples(names, far_above)
        faults.append(
            warning(
                "outliers.resident_far_above",
                where,
                count=int(far_above.sum()),
                times=_RESIDENT_TIMES,
                examples=told,
            )
        )
    area = np.full(len(attributes), np.nan) if area_mu is None else area_mu
    for key, more, than in (
        ("outliers.more_households", _column(attributes, "households"), people),
        ("outliers.more_members", _column(attributes, "party_members_persons"), people),
        ("outliers.more_land", _column(attributes, "arable_land_mu"), area),
    ):
        beyond = (more > than) & (than > 0)
        if beyond.any():
            told = _examples(names, beyond)
            faults.append(warning(key, where, count=int(beyond.sum()), examples=told))
    return faults


def _column(attributes: pd.DataFrame, field: str) -> Floats:
    if field not in attributes:
        return np.full(len(attributes), np.nan)
    return np.asarray(attributes[field], dtype=np.float64)


def _names(attributes: pd.DataFrame) -> list[str]:
    """Return township and name of each village, or its code."""
    blank = [None] * len(attributes)
    columns = (
        attributes[f].tolist() if f in attributes else blank for f in ("township", "name", "code")
    )
    return [
        f"{town or ''}{name}" if name else str(code or "—")
        for town, name, code in zip(*columns, strict=True)
    ]


def _examples(names: list[str], chosen: NDArray[np.bool_]) -> str:
    found = [names[position] for position in np.flatnonzero(chosen)]
    return Listing(found[:_SHOWN], " …" if len(found) > _SHOWN else "")


def _zeros(attributes: pd.DataFrame, names: list[str], where: Where) -> Iterator[Fault]:
    for field in _NEVER_ZERO:
        values = _column(attributes, field)
        zeros, others = values == 0, int(np.count_nonzero(values > 0))
        count = int(zeros.sum())
        if count and others >= max(_FEWEST, _NEARLY_ALL * (others + count)):
            label = FIELDS[field]
            yield warning(
                "outliers.zeros",
                where,
                zh=label.zh,
                en=label.en,
                count=count,
                others=others,
                examples=_examples(names, zeros),
            )


def _years(attributes: pd.DataFrame, names: list[str], where: Where) -> Iterator[Fault]:
    years = _column(attributes, "collective_income_year")
    income = _column(attributes, "collective_income_wan_yuan")
    known = Counter(int(year) for year in years[~np.isnan(years) & ~np.isnan(income)])
    if len(known) > 1:
        told: str = Listing(f"{year}（{count}）" for year, count in sorted(known.items()))
        yield warning("outliers.years_differ", where, years=told)
    without = ~np.isnan(years) & np.isnan(income)
    if without.any() and not np.isnan(income).all():
        told = _examples(names, without)
        yield warning(
            "outliers.year_without_income", where, count=int(without.sum()), examples=told
        )
