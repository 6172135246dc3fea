"""Kinds of values that settings have: shares, lengths, bounds, pairs and lists of names."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, allow_inf_nan=False)]

MOST_LAYERS = 50
"""Layers of one purpose. Each is opened, decoded and projected: a tenth of a second or more."""

MOST_DRAWN, MOST_POINTS = 200, 2000
"""Barriers drawn by hand, and points of each: they lie in the settings themselves."""

T = TypeVar("T", int, float)


def _in_order(ends: tuple[T, T]) -> tuple[T, T]:
    if ends[0] > ends[1]:
        raise PydanticCustomError("range_order", "the least is greater than the greatest")
    return ends


def _two_villages(pair: tuple[str, str]) -> tuple[str, str]:
    if pair[0] == pair[1]:
        raise PydanticCustomError("same_village", "a pair needs two different villages")
    return pair


def _each_once(alliances: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    everyone = [code for villages in alliances for code in villages]
    if len(set(everyone)) < len(everyone):
        raise PydanticCustomError("village_twice", "a village is listed twice")
    return alliances


def _few_layers(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > MOST_LAYERS:
        raise PydanticCustomError("too_many_layers", "too many layers", {"le": MOST_LAYERS})
    return names


Number = Annotated[tuple[Annotated[int, Field(ge=0)], int], AfterValidator(_in_order)]
"""Fewest and most."""
Amount = Annotated[tuple[Weight, float], AfterValidator(_in_order)]
"""Least and greatest."""
Pair = Annotated[tuple[str, str], AfterValidator(_two_villages)]
Alliances = Annotated[
    tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...], AfterValidator(_each_once)
]
"""Lists of village codes, the lead first."""
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
DrawnLine = Annotated[
    tuple[tuple[Longitude, Latitude], ...], Field(min_length=2, max_length=MOST_POINTS)
]
"""A line in longitude and latitude, degrees of WGS84 (CGCS2000 differs by centimetres)."""
DrawnLines = Annotated[tuple[DrawnLine, ...], Field(max_length=MOST_DRAWN)]
LayerNames = Annotated[tuple[str, ...], AfterValidator(_few_layers)]
"""Files, relative to the settings file."""
