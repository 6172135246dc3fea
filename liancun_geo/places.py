"""Places beside the villages: enterprises, parks, institutions, resettlement sites, communities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

PlaceKind = Literal["enterprise", "park", "institution", "resettlement", "community"]
"""企业, 园区, 机构, 回迁安置点, 城市社区."""
PLACE_KINDS: tuple[PlaceKind, ...] = get_args(PlaceKind)

Located = Literal["code", "name", "inside", "near"]
"""By the village's code, by its name, by a point in its polygon, by a point next to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place and its village.

    Attributes
    ----------
    name, kind
        What it is called and what it is.
    village
        Position in the village table.
    industries
        Tags as in the village table; None if nobody stated them.
    how, distance_m
        How the village was found; metres from the village, 0 unless ``how`` is ``"near"``.
    point
        Easting and northing in the CRS of the village table, metres; None if only the village
        is known.
    counted
        False if the ledger says that the village has none of this kind: then the place counts
        nowhere, unless ``places.over_ledger`` says otherwise.
    file, row
        Where it was read, ``row`` from 1.
    """

    name: str
    kind: PlaceKind
    village: int
    industries: tuple[str, ...] | None = None
    how: Located = "code"
    distance_m: float = 0.0
    point: tuple[float, float] | None = None
    counted: bool = True
    file: str | None = None
    row: int | None = None
