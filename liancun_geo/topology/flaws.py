"""Flaws: faults of the map that have a shape, and one sentence for many of a kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from liancun_geo.crs import transformer
from liancun_geo.decisions import ContiguityDecision, Decision, ExcludeDecision, accepting
from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import Language, Listing, catalogue, message

MOST_TOLD = 20
"""More flaws of a kind than this are told in one sentence."""
GREATEST_TOLERANCE_M = 50.0
"""Farther apart than this, borders do not run together: a river, a road, another village."""
_NAMES_SHOWN = 6
_EXAMPLES_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Flaw:
    """One fault of the map.

    Attributes
    ----------
    fault
        What is wrong; ``where.point`` lies on the shape. With ``fixes`` it is a question.
    shape
        The place: the gap, the overlap, the part, the stretch of border; in the CRS of the
        villages.
    villages
        Positions of the villages concerned, ascending.
    area_m2, width_m
        Of the shape, 0 for lines and points; ``width_m`` is its greatest width.
    """

    fault: Fault
    shape: BaseGeometry
    villages: tuple[int, ...]
    area_m2: float = 0.0
    width_m: float = 0.0

    @property
    def kind(self) -> str:
        """Name of the kind of flaw, for example ``"gap_narrow"``."""
        return self.fault.key.rpartition(".")[2]


@dataclass(frozen=True)
class Reason:
    """Why a polygon is invalid, as GEOS names it, in the reader's language."""

    name: str

    def text(self, language: Language) -> str:
        """Return the reason; as GEOS names it if it is not known here."""
        key = f"topology.reason_{re.sub('[^a-z]+', '_', self.name.lower())}"
        return message(key, language) if key in catalogue() else self.name


@dataclass
class Places:
    """Puts flaws into their places.

    Parameters
    ----------
    crs
        CRS of the villages.
    where_of
        Position -> place.
    """

    crs: pyproj.CRS
    where_of: Callable[[int], Where]
    _known: dict[int, Where] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._to_degrees = transformer(self.crs, pyproj.CRS.from_epsg(4326))

    def of(self, village: int) -> Where:
        """Return the place of a village."""
        if village not in self._known:
            self._known[village] = self.where_of(village)
        return self._known[village]

    def name(self, village: int) -> str:
        """Return the name of a village, else its code, else its row."""
        where = self.of(village)
        return where.village or where.code or str(where.row or village + 1)

    def names(self, villages: Sequence[int]) -> str:
        """Return names in a row, shortened if there are many."""
        return _listed([self.name(village) for village in villages], _NAMES_SHOWN)

    def excluding(self, village: int) -> ExcludeDecision | None:
        """Return the decision not to plan a village; None if it cannot be named."""
        where = self.of(village)
        named = where.code or (
            f"{where.township}/{where.village}" if where.township and where.village else None
        )
        if where.file is None or named is None:
            return None
        return ExcludeDecision(file=where.file, village=named)

    def flaw(
        self,
        key: str,
        villages: Sequence[int],
        shape: BaseGeometry,
        /,
        *,
        width_m: float = 0.0,
        topic: str = "topology",
        **params: Any,
    ) -> Flaw:
        """Return a flaw without fixes; ``key`` is the name of its kind in a topic's messages."""
        point = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
        lon, lat = self._to_degrees.transform(*point)
        where = replace(self._together(villages), point=(round(lon, 7), round(lat, 7)))
        area = float(shapely.area(shape))
        return Flaw(
            warning(f"{topic}.{key}", where, **params), shape, tuple(villages), area, width_m
        )

    def _together(self, villages: Sequence[int]) -> Where:
        """Return what the villages have in common, and their codes, which tell flaws apart."""
        places = [self.of(village) for village in villages[:_NAMES_SHOWN]]
        if len(places) == 1:
            return places[0]
        codes = [where.code for where in places if where.code]
        names = [where.village for where in places if where.village]
        return Where(
            file=_common([where.file for where in places]),
            township=_common([where.township for where in places]),
            code="、".join(codes) or None,
            village=None if codes else "、".join(names) or None,
        )


def asking(flaw: Flaw, *fixes: Decision | None, acceptable: bool = True) -> Flaw:
    """Return the flaw as a question; ``accept`` comes last."""
    known = [fix for fix in fixes if fix is not None]
    if acceptable:
        known.append(accepting(flaw.fault))
    return replace(flaw, fault=flaw.fault.proposing(*known))


def summarised(flaws: Sequence[Flaw], where: Where = Where(), most: int = MOST_TOLD) -> list[Fault]:
    """Return the faults to tell: one for each flaw, or one for all of a kind if they are many.

    Parameters
    ----------
    flaws
        As :func:`~liancun_geo.topology.examine_topology` returns them.
    where
        Place of the layer, for what is told of many.
    most
        Flaws of one kind that are told one by one.
    """
    kinds: dict[str, list[Flaw]] = {}
    for flaw in flaws:
        kinds.setdefault(flaw.fault.key, []).append(flaw)
    told: list[Fault] = []
    for found in kinds.values():
        if len(found) <= most:
            told += [flaw.fault for flaw in found]
        else:
            told.append(_many(found, where))
    return told


def _many(flaws: Sequence[Flaw], where: Where) -> Fault:
    villages = {village for flaw in flaws for village in flaw.villages}
    examples = [
        flaw.fault.where.village or str(flaw.fault.params.get("villages") or flaw.fault.where.code)
        for flaw in flaws[:_EXAMPLES_SHOWN]
    ]
    topic = flaws[0].fault.key.partition(".")[0]
    fault = warning(
        f"{topic}.many_{flaws[0].kind}",
        where,
        count=len(flaws),
        concerned=len(villages),
        area=square_metres(sum(flaw.area_m2 for flaw in flaws)),
        width=metres(max(flaw.width_m for flaw in flaws)),
        examples="；".join(examples),
    )
    if not any(flaw.fault.fixes for flaw in flaws):
        return fault
    needed = [
        fix.gap_tolerance_m
        for flaw in flaws
        for fix in flaw.fault.fixes
        if isinstance(fix, ContiguityDecision) and fix.gap_tolerance_m is not None
    ]
    if len(needed) == len(flaws):
        fault = fault.proposing(ContiguityDecision(gap_tolerance_m=max(needed)))
    return fault.proposing(accepting(fault))


def checked(geometry: gpd.GeoSeries) -> pyproj.CRS:
    """Return the CRS of the villages.

    Raises
    ------
    ValueError
        If it is not projected in metres, or the index is not ``0 .. n-1``.
    """
    crs = geometry.crs
    if crs is None or not crs.is_projected:
        raise ValueError("topology needs a projected CRS in metres")
    if any(axis.unit_conversion_factor != 1 for axis in crs.axis_info[:2]):
        raise ValueError(f"topology needs metres, not {crs.name}")
    if list(geometry.index) != list(range(len(geometry))):
        raise ValueError("the index of the villages must be 0 .. n-1")
    return pyproj.CRS(crs)


def square_metres(area: float) -> str:
    """Return an area for a sentence: whole square metres, or what there is below ten."""
    return f"{area:,.0f}" if area >= 10 else f"{area:.1f}" if area >= 0.1 else f"{area:.1g}"


def metres(width: float) -> str:
    """Return a width for a sentence, to the decimetre or, below that, as far as it is known."""
    return f"{width:,.0f}" if width >= 100 else f"{width:.1f}" if width >= 1 else f"{width:.2g}"


def _listed(names: Sequence[str], most: int) -> str:
    return Listing(names[:most], "" if len(names) <= most else f" … ({len(names)})")


def _common(values: Sequence[str | None]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
