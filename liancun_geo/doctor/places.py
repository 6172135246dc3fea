"""The villages as far as they can be read: where they lie, and whom a fault concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from liancun_geo.errors import Where
from liancun_geo.intake.identities.identity import is_missing
from liancun_geo.intake.reading import Reading

_IDENTITY = ("code", "name", "township")
_POLYGONS = (3, 6)  # as GEOS numbers its types
_SKETCH_DEGREES = 0.5


@dataclass(frozen=True, eq=False)
class County:
    """Villages read so far, usable or not.

    Attributes
    ----------
    identity
        Columns code, name, township of n villages; never missing: a village without a code has
        ``township/name``, as everywhere else.
    geometry
        (n,) polygons, projected in metres; None if nothing can be shown.
    places
        Where each village stands in the boundary file.
    features
        Positions of the features of each village that can be shown.
    """

    identity: pd.DataFrame
    geometry: gpd.GeoSeries | None
    places: tuple[Where, ...]
    features: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def shapes(self) -> gpd.GeoDataFrame | None:
        """The villages in EPSG:4326."""
        if self.geometry is None:
            return None
        return gpd.GeoDataFrame(self.identity, geometry=self.geometry.to_crs(4326))

    def only(self, positions: Sequence[int]) -> County:
        """Return some of the villages, numbered anew."""
        chosen = list(positions)
        geometry = self.geometry
        return County(
            self.identity.iloc[chosen].reset_index(drop=True),
            None if geometry is None else geometry.iloc[chosen].reset_index(drop=True),
            tuple(self.places[position] for position in chosen),
            tuple(self.features[position] for position in chosen) if self.features else (),
        )

    @cached_property
    def _known(self) -> dict[object, list[str]]:
        known: dict[object, list[str]] = {}
        for row in self.identity.itertuples(index=False):
            for key in (row.code, (row.township, row.name), row.name):
                known.setdefault(key, []).append(str(row.code))
        return known

    def codes_at(self, where: Where) -> tuple[str, ...]:
        """Return the code of the village a place names, if it is one of these."""
        for key in (where.code, (where.township, where.village), where.village):
            codes = self._known.get(key, ())
            if len(codes) == 1:
                return (codes[0],)
        return ()


def county_of(reading: Reading) -> County:
    """Return the villages of a reading, features standing for villages if they have no names."""
    table, usable = reading.features, reading.geometry
    if table is None:
        return County(pd.DataFrame(columns=list(_IDENTITY)), None, ())
    groups = reading.groups or [[record] for record in range(len(table.raw.cells))]
    shown = set() if usable is None else set(usable.index)
    parts = [[feature for feature in group if feature in shown] for group in groups]
    chosen = [n for n, group in enumerate(parts) if group or usable is None]
    joined = reading.joined
    if joined is not None and reading.groups:
        attributes = joined.attributes.iloc[chosen]
    else:
        attributes = table.attributes.reindex([groups[n][0] for n in chosen])
    places = tuple(table.where(groups[n][0]) for n in chosen)
    geometry = None
    if usable is not None:
        geometry = gpd.GeoSeries(
            [_union(usable.loc[parts[n]]) for n in chosen], crs=usable.crs, dtype="geometry"
        )
    return County(_identity(attributes), geometry, places, tuple(tuple(parts[n]) for n in chosen))


def sketch_of(reading: Reading, county: County) -> gpd.GeoDataFrame | None:
    """Return the villages as their plain coordinates draw them, half a degree wide at (0, 0).

    For layers whose CRS is not known: the shapes can be looked at, lengths and areas cannot.

    Returns
    -------
    geopandas.GeoDataFrame or None
        With the columns of ``county.identity``; None if there is nothing to draw.
    """
    if reading.layer is None or reading.features is None or reading.layer.frame.empty:
        return None
    drawn = np.array(reading.layer.frame.geometry.array, dtype=object)
    drawn[~shapely.is_geometry(drawn)] = shapely.Point()
    flat = shapely.force_2d(drawn)
    finite = np.isfinite(shapely.bounds(flat)).all(axis=1)
    flat[~(finite & np.isin(shapely.get_type_id(flat), _POLYGONS))] = shapely.Polygon()
    left, low, right, high = shapely.total_bounds(flat)
    extent = max(right - left, high - low)
    if not np.isfinite(extent) or extent <= 0.0:
        return None
    middle = np.array([(left + right) / 2, (low + high) / 2])
    flat = shapely.transform(flat, lambda xy: (xy - middle) * (_SKETCH_DEGREES / extent))
    groups = reading.groups or [[record] for record in range(len(flat))]
    if len(groups) != len(county.identity):
        return None
    broken = ~shapely.is_valid(flat)
    flat[broken] = shapely.buffer(flat[broken], 0.0)
    whole = [shapely.union_all(flat[group]) for group in groups]
    return gpd.GeoDataFrame(county.identity, geometry=gpd.GeoSeries(whole, dtype="geometry"))


def village_codes(attributes: pd.DataFrame) -> list[str]:
    """Return the code of every village, or what stands in for it."""
    return [str(code) for code in _identity(attributes)["code"]]


def _union(parts: gpd.GeoSeries) -> shapely.Geometry:
    return parts.iloc[0] if len(parts) == 1 else shapely.union_all(np.asarray(parts.array))


def _identity(attributes: pd.DataFrame) -> pd.DataFrame:
    blank = [None] * len(attributes)
    code, name, township, township_code = (
        attributes[field].tolist() if field in attributes else blank
        for field in (*_IDENTITY, "township_code")
    )
    rows = []
    for own, called, town, town_code in zip(code, name, township, township_code, strict=True):
        zone = town if not is_missing(town) else "" if is_missing(town_code) else town_code
        known = "" if is_missing(called) else called
        stands_in = f"{zone}/{known}" if zone else known
        rows.append((stands_in if is_missing(own) else own, known or own or "", zone))
    return pd.DataFrame(rows, columns=list(_IDENTITY), dtype=object)
