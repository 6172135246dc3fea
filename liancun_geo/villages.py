"""The village table: what the tool knows of every village, under fixed names and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from liancun_geo.errors import Fault, Where
from liancun_geo.places import Place

Role = Literal[
    "boundaries", "ledger", "barriers", "bridges", "roads", "seats", "places", "corrections"
]
"""What an input file is used for; ``corrections`` are those a project holds, not a file."""
FieldKind = Literal["text", "number", "year", "flag", "tags"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the village table.

    Kinds: ``text`` (``str``, missing is ``None``), ``number`` and ``year`` (``float64``, missing
    is NaN), ``flag`` (pandas ``boolean``, missing is ``NA``), ``tags`` (tuple of ``str``;
    ``()`` is a known "none", missing is ``None``).
    """

    name: str
    kind: FieldKind
    zh: str
    en: str


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        name: Field(name, cast(FieldKind, kind), zh, en)
        for name, kind, zh, en in (
            ("code", "text", "村代码", "village code"),
            ("name", "text", "村名", "village name"),
            ("township_code", "text", "乡镇代码", "township code"),
            ("township", "text", "乡镇", "township"),
            ("county", "text", "县", "county"),
            ("urban_rural_class", "text", "城乡分类", "urban-rural class"),
            (
                "population_registered_persons",
                "number",
                "户籍人口（人）",
                "registered population (persons)",
            ),
            (
                "population_resident_persons",
                "number",
                "常住人口（人）",
                "resident population (persons)",
            ),
            ("households", "number", "户数（户）", "households"),
            ("party_members_persons", "number", "党员数（人）", "party members (persons)"),
            (
                "collective_income_wan_yuan",
                "number",
                "村集体经营性收入（万元）",
                "collective operating income (10,000 yuan)",
            ),
            ("collective_income_year", "year", "收入年度", "year of the collective income"),
            ("income_per_head_yuan", "number", "人均收入（元）", "income per head (yuan)"),
            ("arable_land_mu", "number", "耕地面积（亩）", "arable land (mu)"),
            ("transferable_land_mu", "number", "可流转土地（亩）", "transferable land (mu)"),
            ("industries", "tags", "产业", "industries"),
            ("enterprises", "tags", "企业", "enterprises"),
            ("weak_organisation", "flag", "软弱涣散", "weak party organisation"),
            ("weak_economy", "flag", "经济薄弱", "weak economy"),
            ("village_class", "text", "村庄分类", "village class"),
            ("resettlement", "flag", "回迁安置", "resettlement site"),
            ("secretary_in_post", "flag", "书记在任", "secretary in post"),
            ("existing_alliance", "text", "已有片区", "existing alliance"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """One input file as it was read: the certificate of where the data came from.

    ``sha256`` is taken over the bytes of the file (of a shapefile: over its parts in the order
    of their names), so a plan can be checked against the very data it was made from.
    """

    path: str
    role: Role
    sha256: str
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None


Value = str | float | int | bool | list[str] | None
"""As JSON holds it: text, number, yes or no, a list of names; None if not known."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One value of one village, corrected by hand.

    Attributes
    ----------
    code, field
        Village and name of the value, one of :data:`~liancun_geo.project.EDITABLE`.
    before, value
        What stood there, and what stands there now; None if not known.
    by, at, reason
        Who corrected it, when and why.
    revision
        Of the project.
    """

    code: str
    field: str
    before: Value
    value: Value
    by: str
    at: datetime
    reason: str
    revision: int


@dataclass(frozen=True)
class VillageTable:
    """All villages of a county, validated once at the door.

    Attributes
    ----------
    frame
        One row a village, index ``0 .. n-1``: the position that every array of the package uses.
        Columns: every name of :data:`FIELDS` (a column nobody delivered holds missing values
        only) and ``geometry``, Polygon or MultiPolygon in ``frame.crs``, a projected CRS in
        metres. ``code`` is unique and never missing; ``name`` and ``township`` never missing
        (``township`` falls back to ``township_code``).
    sources
        The files it was read from.
    warnings
        What a planner should know but need not act on.
    excluded
        Villages of the input that are not in ``frame``, each with its reason.
    places
        Enterprises, parks, institutions, resettlement sites and communities that were handed
        over in files of their own.
    corrections
        Laid over what the files say, in the order they were made.
    """

    frame: gpd.GeoDataFrame
    sources: tuple[Source, ...] = ()
    warnings: tuple[Fault, ...] = ()
    excluded: tuple[Fault, ...] = ()
    places: tuple[Place, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


def village_where(frame: pd.DataFrame, position: int) -> Where:
    """Return name, code and township of a village as the place of a fault."""
    name, code, township = frame[["name", "code", "township"]].iloc[position].astype(str)
    return Where(village=name, code=code, township=township)


@dataclass(frozen=True, eq=False)
class Townships:
    """The townships of a county, in the order of their codes.

    Attributes
    ----------
    keys
        (t,) code of each, its name where nobody gave a code.
    names
        (t,) name of each, as its first village has it.
    of
        (n,) township of each village.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    of: NDArray[np.intp]


def townships_of(frame: pd.DataFrame) -> Townships:
    """Return the townships of a village table."""
    codes = frame["township_code"].fillna(frame["township"]).astype(str).to_numpy()
    keys, first, of = np.unique(codes, return_index=True, return_inverse=True)
    names = frame["township"].iloc[first].astype(str)
    return Townships(tuple(map(str, keys)), tuple(names), of.astype(np.intp))


def positions_by_code(codes: Iterable[object]) -> dict[str, int]:
    """Return the position of each village by its code.

    Parameters
    ----------
    codes
        The codes in the order of the village table, for example ``table.frame["code"]``.
    """
    return {str(code): position for position, code in enumerate(codes)}


def representative_points_m(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return a point inside the largest part of each village, (n, 2), metres.

    ``point_on_surface``, which unlike a centroid never lies outside.
    """
    parts, village = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    largest_first = np.lexsort((-shapely.area(parts), village))
    first = np.searchsorted(village[largest_first], np.arange(len(frame)))
    points: NDArray[np.float64] = shapely.get_coordinates(
        shapely.point_on_surface(parts[largest_first[first]])
    )
    return points
