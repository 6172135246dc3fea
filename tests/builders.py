"""Small village tables for tests: every column present, with the right dtype."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from liancun_geo.villages import FIELDS, VillageTable

ORIGIN = (39_500_000.0, 3_870_000.0)
"""Lower left corner of the grid, EPSG:4527 (CGCS2000, 3-degree zone 39), metres."""


def village_table(
    rows: int | Sequence[Mapping[str, Any]] = 6,
    *,
    side_m: float = 1000.0,
    crs: str = "EPSG:4527",
    **columns: Any,
) -> VillageTable:
    """Return villages on a grid of touching squares, row by row from the lower left.

    The grid is ``ceil(sqrt(n))`` squares wide; everything not given is missing, apart from
    code, name, township and geometry. Made up, like every geometry here.

    Parameters
    ----------
    rows
        Number of villages, or one mapping of field name -> value for each.
    side_m
        Side of a square in metres.
    crs
        CRS label of the table.
    **columns
        Field name (or ``geometry``) -> one value for all villages or a list of n values; goes
        before ``rows``.
    """
    records: list[Mapping[str, Any]] = [{}] * rows if isinstance(rows, int) else list(rows)
    n = len(records)
    names = dict.fromkeys(name for record in records for name in record)
    given = {name: [record.get(name) for record in records] for name in names}
    for name, value in columns.items():
        # A tuple is one value: the tags of a village.
        given[name] = list(value) if isinstance(value, list | np.ndarray) else [value] * n
        if len(given[name]) != n:
            raise ValueError(f"{name}: {len(given[name])} values for {n} villages")
    geometry = given.pop("geometry", None) or grid(n, side_m)
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise ValueError(f"not in FIELDS: {', '.join(unknown)}")
    # 370406 is the code of Shanting; 200-399 is the range of village committees.
    township = [f"370406{100 + i // 200:03d}" for i in range(n)]
    usual = {
        "code": [f"{township[i]}{200 + i % 200}" for i in range(n)],
        "name": [f"村{i}" for i in range(n)],
        "township_code": township,
        "township": [f"镇{code[-3:]}" for code in township],
    }
    values = usual | given
    data = {
        name: _column(field.kind, values.get(name, [None] * n)) for name, field in FIELDS.items()
    }
    return VillageTable(gpd.GeoDataFrame(data, geometry=geometry, crs=crs, index=range(n)))


def grid(n: int, side_m: float = 1000.0) -> list[shapely.Polygon]:
    """Return n touching squares, row by row."""
    wide = max(math.ceil(math.sqrt(n)), 1)
    x, y = ORIGIN
    return [
        shapely.box(
            x + side_m * (i % wide),
            y + side_m * (i // wide),
            x + side_m * (i % wide + 1),
            y + side_m * (i // wide + 1),
        )
        for i in range(n)
    ]


def _column(kind: str, values: list[Any]) -> pd.Series[Any]:
    if kind in ("number", "year"):
        return pd.Series(
            [math.nan if value is None else float(value) for value in values], dtype="float64"
        )
    if kind == "flag":
        return pd.Series([pd.NA if value is None else value for value in values], dtype="boolean")
    return pd.Series(values, dtype=object)
