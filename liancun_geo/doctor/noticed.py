"""What the checks of the doctor hand in: faults with their place on the map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPolygon,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from liancun_geo.doctor.places import County
from liancun_geo.errors import Fault, Where
from liancun_geo.intake.reading import PathLike, Reading
from liancun_geo.messages import catalogue
from liancun_geo.topology import Flaw, summarised

_MOST_NOTICES = 200
_MOST_QUESTIONS = 20
_MOST_HARMLESS = 3
_HARMLESS = frozenset({"gap_micro", "mismatch", "overlap_micro", "part_tiny", "spike"})


@dataclass(frozen=True)
class Noticed:
    """A fault, where it lies on the map (EPSG:4326) and the villages it concerns (codes)."""

    fault: Fault
    shape: BaseGeometry | None = None
    villages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """What the checks look at."""

    reading: Reading
    county: County
    folder: Path
    reference: PathLike | None = None
    townships: PathLike | None = None


def flaws_noticed(flaws: Sequence[Flaw], county: County) -> Iterator[Noticed]:
    """Yield flaws one by one, or one for all of a kind if they are many, with all their shapes."""
    kinds: dict[str, list[Flaw]] = {}
    for flaw in flaws:
        kinds.setdefault(flaw.fault.key, []).append(flaw)
    codes = county.identity["code"].tolist()
    for found in kinds.values():
        most = _most(found)
        summary = found[0].fault.key.replace(".", ".many_", 1) in catalogue()
        told = [found] if len(found) > most and summary else [[flaw] for flaw in found]
        for group in told:
            (fault,) = summarised(group, _layer(county), most=1)
            villages = dict.fromkeys(codes[v] for flaw in group for v in flaw.villages)
            yield Noticed(fault, _together(group, county), tuple(villages))


def _most(found: Sequence[Flaw]) -> int:
    """Return how many flaws of a kind are told one by one."""
    if any(flaw.fault.fixes for flaw in found):
        return _MOST_QUESTIONS
    # Nobody goes and looks at each of them.
    return _MOST_HARMLESS if found[0].kind in _HARMLESS else _MOST_NOTICES


def _layer(county: County) -> Where:
    return Where(file=county.places[0].file) if county.places else Where()


def _together(flaws: Sequence[Flaw], county: County) -> BaseGeometry | None:
    shapes = [flaw.shape for flaw in flaws if not shapely.is_empty(flaw.shape)]
    if not shapes or county.geometry is None:
        return None
    shown = gpd.GeoSeries(shapes, crs=county.geometry.crs).to_crs(4326)
    if len(shown) == 1:
        return cast(BaseGeometry, shown.iloc[0])
    parts = list(shapely.get_parts(np.asarray(shown.array, dtype=object)))
    if all(isinstance(part, Polygon) for part in parts):
        return MultiPolygon(parts)
    if all(isinstance(part, LineString) for part in parts):
        return MultiLineString(parts)
    return GeometryCollection(parts)
