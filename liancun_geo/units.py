"""Units of measure: what a header may state, and the exact way to the unit of a field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Dimension = Literal["money", "area", "persons", "households", "length", "time"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure.

    Attributes
    ----------
    name
        As a planner writes it.
    dimension
        What it measures; only units of one dimension convert into each other.
    factor
        Exact size in the base unit of the dimension (yuan, square metre, person, household,
        metre, second).
    """

    name: str
    dimension: Dimension
    factor: Fraction


# 1 mu = 1/15 ha exactly (State Council order of 27 February 1984 on legal units, table of areas).
_MU_M2 = Fraction(10_000, 15)

M2_PER_MU = float(_MU_M2)
"""Square metres in a mu."""

_UNITS: tuple[tuple[Unit, tuple[str, ...]], ...] = (
    (Unit("元", "money", Fraction(1)), ("人民币元", "yuan", "rmb", "cny")),
    (Unit("千元", "money", Fraction(1_000)), ("1,000yuan", "1000yuan")),
    (Unit("万元", "money", Fraction(10_000)), ("人民币万元", "10,000yuan", "10000yuan", "wanyuan")),
    (Unit("百万元", "money", Fraction(1_000_000)), ("millionyuan",)),
    (Unit("亿元", "money", Fraction(100_000_000)), ()),
    (Unit("亩", "area", _MU_M2), ("市亩", "mu")),
    (Unit("万亩", "area", 10_000 * _MU_M2), ()),
    (Unit("公顷", "area", Fraction(10_000)), ("ha", "hm2", "hectare", "hectares")),
    (Unit("平方米", "area", Fraction(1)), ("平米", "m2", "sqm")),
    (Unit("平方公里", "area", Fraction(1_000_000)), ("平方千米", "km2", "sqkm")),
    (Unit("人", "persons", Fraction(1)), ("名", "person", "persons", "people")),
    (Unit("万人", "persons", Fraction(10_000)), ()),
    (Unit("户", "households", Fraction(1)), ("household", "households")),
    (Unit("米", "length", Fraction(1)), ("m", "metre", "metres")),
    (Unit("公里", "length", Fraction(1_000)), ("千米", "km")),
    (Unit("秒", "time", Fraction(1)), ("s", "second", "seconds")),
    (Unit("分钟", "time", Fraction(60)), ("min", "minute", "minutes")),
)

UNITS: Mapping[str, Unit] = MappingProxyType({unit.name: unit for unit, _ in _UNITS})
"""Every unit by its name."""

_BY_SPELLING = {
    spelling: unit for unit, spellings in _UNITS for spelling in (unit.name, *spellings)
}

_BY_SUFFIX = (
    ("_wan_yuan", UNITS["万元"]),
    ("_yuan", UNITS["元"]),
    ("_persons", UNITS["人"]),
    ("_mu", UNITS["亩"]),
    ("_km", UNITS["公里"]),
    ("_m", UNITS["米"]),
    ("_s", UNITS["秒"]),
)


def parse_unit(text: str) -> Unit | None:
    """Return the unit a text names, or None.

    Width, case and spaces do not matter; a per-head or per-household remainder
    (``元/人``) leaves the measured quantity.
    """
    spelling = "".join(unicodedata.normalize("NFKC", text).split()).casefold()
    for per in ("/人", "/户", "/年", "每人"):
        spelling = spelling.removesuffix(per)
    return _BY_SPELLING.get(spelling)


def unit_of_field(field: str) -> Unit | None:
    """Return the canonical unit that the name of a field ends with, or None.

    ``collective_income_wan_yuan`` is in 万元, ``arable_land_mu`` in 亩, ``households`` in 户.
    """
    if field == "households":
        return UNITS["户"]
    return next((unit for suffix, unit in _BY_SUFFIX if field.endswith(suffix)), None)


def convert(values: ArrayLike, source: Unit, target: Unit) -> NDArray[np.float64]:
    """Convert values from one unit into another.

    Parameters
    ----------
    values
        Numbers of any shape, in ``source``; NaN stays NaN.
    source, target
        Units of one dimension.

    Returns
    -------
    numpy.ndarray
        float64 of the same shape, in ``target``. The factor is an exact fraction, applied as one
        multiplication and one division, so 15 mu is 1 ha and not 0.9999999999999999.

    Raises
    ------
    ValueError
        If the dimensions differ: a fault of the program.
    """
    if source.dimension != target.dimension:
        raise ValueError(f"{source.name} is no {target.dimension}")
    ratio = source.factor / target.factor
    return np.asarray(values, dtype=np.float64) * float(ratio.numerator) / float(ratio.denominator)
