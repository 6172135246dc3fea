"""Coordinate systems that a layer could be in, found from its coordinates and its codes.

Eastings of Gauss-Krueger coordinates carry the number of their zone in front (GB/T 18314, EPSG
registry): 25 to 45 for zones of 3 degrees, 13 to 23 for zones of 6. Without it the central
meridian cannot be told from the coordinates; the codes of the villages say in which prefecture
they lie, and that leaves one or two.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pyproj
from numpy.typing import NDArray

from liancun_geo.crs import Bounds
from liancun_geo.messages import Language, message

CHINA: Final[Bounds] = (73.0, 3.0, 135.5, 54.0)
"""West, south, east, north in degrees."""

# How far from its central meridian a county that straddles a zone's edge may still be kept in it.
_REACH_3_DEG: Final = 2.0
_REACH_6_DEG: Final = 3.75
# Same numbers, older datums: the offsets of the EPSG codes from those of CGCS2000.
_XIAN_1980: Final = {(4491, 4554): -2164, (4490, 4490): 120}
_BEIJING_1954: Final = {
    (4513, 4554): -2112, (4491, 4501): 16922, (4502, 4512): 16951, (4490, 4490): -276,
}  # fmt: skip
# Farther from the prefecture than this the data cannot be where their codes say.
_NEAR_DEG: Final = 0.5
_LENGTHS_OF_CODES: Final = (6, 9, 12, 19)
_LOOKED_AT: Final = 2000
_LEAST_SHARE: Final = 0.8


class Candidate(NamedTuple):
    """A CRS in which coordinates make sense, and where their centre would lie in it."""

    epsg: int
    lon: float
    lat: float

    @property
    def crs(self) -> str:
        """The code of the CRS as settings write it."""
        return f"EPSG:{self.epsg}"

    @property
    def spot(self) -> str:
        """The centre in degrees."""
        return f"{self.lon:.2f}°E {self.lat:.2f}°N"

    def text(self, language: Language) -> str:
        """Return the candidate as a clause."""
        name = pyproj.CRS.from_epsg(self.epsg).name
        return message("listing.candidate", language, crs=self.crs, name=name, spot=self.spot)


class Candidates(tuple[Candidate, ...]):
    """Candidates that read as a list, the likeliest first."""

    def text(self, language: Language) -> str:
        """Return the first few as a list."""
        return message("listing.candidate_separator", language).join(
            candidate.text(language) for candidate in self[:4]
        )


def candidates(bounds: Bounds, area: Bounds | None) -> Candidates:
    """Return the systems in which coordinates lie in China, the likeliest first.

    Parameters
    ----------
    bounds
        ``(minx, miny, maxx, maxy)``, x first, in an unknown system.
    area
        Where the data should lie, in degrees (see :func:`area_of_codes`); candidates that put
        them elsewhere come last.
    """
    found = [*_degrees(bounds), *_zoned(bounds), *_unzoned(bounds), *_mercator(bounds)]
    inside = [c for c in found if _distance(c, CHINA) == 0]
    if area is None:
        return Candidates(inside)
    near = [c for c in inside if _distance(c, area) <= _NEAR_DEG]
    # The order above stays among those that are equally well placed.
    return Candidates(sorted(near or inside, key=lambda c: round(_distance(c, area), 1)))


def older_datums(candidate: Candidate) -> Candidates:
    """Return the same projection on Xian 1980 and on Beijing 1954; none for other systems."""
    return Candidates(
        candidate._replace(epsg=candidate.epsg + offset)
        for table in (_XIAN_1980, _BEIJING_1954)
        for (first, last), offset in table.items()
        if first <= candidate.epsg <= last
    )


def is_elsewhere(bounds: Bounds, area: Bounds) -> bool:
    """Tell whether the centre of bounds in degrees is too far from where it should lie."""
    minx, miny, maxx, maxy = bounds
    return _distance(Candidate(0, (minx + maxx) / 2, (miny + maxy) / 2), area) > _NEAR_DEG


def area_of_codes(frame: gpd.GeoDataFrame) -> Bounds | None:
    """Return the box of the prefecture or province that the codes in a layer name.

    A column holds codes if four fifths of its values are numbers of 6, 9, 12 or 19 digits that
    begin with the same code of a prefecture, or of a province.

    Returns
    -------
    tuple
        West, south, east, north in degrees; None if there are no such codes.
    """
    for digits in (4, 2):
        for column in frame.columns.drop(frame.geometry.name):
            values = frame[column].dropna().head(_LOOKED_AT)
            texts = [_digits(value) for value in values]
            codes = [text[:digits] for text in texts if len(text) in _LENGTHS_OF_CODES]
            if not codes:
                continue
            commonest = max(sorted(set(codes)), key=codes.count)
            if codes.count(commonest) >= _LEAST_SHARE * len(texts) and commonest in _prefectures():
                return _prefectures()[commonest]
    return None


def _digits(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text if text.isascii() and text.isdigit() else ""


@cache
def _prefectures() -> Mapping[str, Bounds]:
    """Return code of a province (2 digits) or prefecture (4 digits) -> box in degrees."""
    file = resources.files(__package__) / "prefectures.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return MappingProxyType(
        {
            row["code"]: (
                float(row["west"]),
                float(row["south"]),
                float(row["east"]),
                float(row["north"]),
            )
            for row in rows
        }
    )


def _distance(candidate: Candidate, area: Bounds) -> float:
    """Return the distance of a centre from a box in degrees, 0 inside."""
    west, south, east, north = area
    return float(
        np.hypot(
            max(west - candidate.lon, 0, candidate.lon - east),
            max(south - candidate.lat, 0, candidate.lat - north),
        )
    )


def _corners(bounds: Bounds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centre and the corners of bounds, shape (5,) each."""
    minx, miny, maxx, maxy = bounds
    x = np.array([(minx + maxx) / 2, minx, maxx, minx, maxx])
    y = np.array([(miny + maxy) / 2, miny, miny, maxy, maxy])
    return x, y


def _from_meridian(bounds: Bounds, scale: float = 1.0) -> tuple[float, float, float] | None:
    """Return centre and greatest longitude of transverse Mercator coordinates.

    Longitude and latitude of the centre, greatest longitude; in degrees, all longitudes from the
    central meridian.
    """
    projection = pyproj.Proj(proj="tmerc", lon_0=0, x_0=500_000, k=scale, ellps="GRS80")
    lons, lats = projection(*_corners(bounds), inverse=True)
    if not (np.isfinite(lons).all() and np.isfinite(lats).all()):
        return None
    return float(lons[0]), float(lats[0]), float(np.abs(lons).max())


def _degrees(bounds: Bounds) -> list[Candidate]:
    west, south, east, north = CHINA
    if bounds[0] < west or bounds[1] < south or bounds[2] > east or bounds[3] > north:
        return []
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    return [Candidate(4490, lon, lat), Candidate(4326, lon, lat)]


def _zoned(bounds: Bounds) -> list[Candidate]:
    """Return the system whose zone number stands before the eastings."""
    zone = int(bounds[0] // 1e6)
    if int(bounds[2] // 1e6) != zone or not (13 <= zone <= 23 or 25 <= zone <= 45):
        return []
    shifted = (bounds[0] - zone * 1e6, bounds[1], bounds[2] - zone * 1e6, bounds[3])
    placed = _from_meridian(shifted)
    if placed is None:
        return []
    lon, lat, reach = placed
    if zone >= 25:
        epsg, meridian = 4488 + zone, 3 * zone
    else:
        epsg, meridian = 4478 + zone, 6 * zone - 3
    return [Candidate(epsg, meridian + lon, lat)] if reach <= _REACH_6_DEG else []


def _unzoned(bounds: Bounds) -> list[Candidate]:
    """Return the systems of every central meridian; none can be told from the others."""
    if not 100_000 <= bounds[0] <= bounds[2] <= 900_000:
        return []
    found = []
    placed = _from_meridian(bounds)
    if placed is not None:
        lon, lat, reach = placed
        if reach <= _REACH_3_DEG:
            found = [Candidate(4534 + i, 75 + 3 * i + lon, lat) for i in range(21)]
        elif reach <= _REACH_6_DEG:
            found = [Candidate(4502 + i, 75 + 6 * i + lon, lat) for i in range(11)]
    placed = _from_meridian(bounds, 0.9996)
    if placed is not None and placed[2] <= _REACH_6_DEG:
        lon, lat, _ = placed
        found += [Candidate(32643 + i, 75 + 6 * i + lon, lat) for i in range(11)]
    return found


def _mercator(bounds: Bounds) -> list[Candidate]:
    projection = pyproj.Proj(3857)
    lons, lats = projection(*_corners(bounds), inverse=True)
    west, south, east, north = CHINA
    fits = (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
    return [Candidate(3857, float(lons[0]), float(lats[0]))] if fits.all() else []
