"""Contiguity under other readings of the same map: where the plan hangs on how borders are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from liancun_geo.contiguity.borders import SharedBorders, shared_borders
from liancun_geo.decisions import ContiguityDecision, LinkDecision, LinksDecision
from liancun_geo.doctor.distance_steps import Steps
from liancun_geo.errors import Fault, Where
from liancun_geo.messages import Listing
from liancun_geo.settings import ContiguitySettings
from liancun_geo.topology import Flaw
from liancun_geo.topology import shapes as topology
from liancun_geo.topology.flaws import MOST_TOLD, Places, asking, checked, metres, square_metres
from liancun_geo.villages import positions_by_code

SENSIBLE_M = 10.0
"""A survey may be off by this much; a wider gap is closed for one pair at a time."""
TOLERANCES_M = (3.0, 5.0, 10.0, 20.0, 30.0, 45.0)
"""Tolerances tried for villages without a neighbour."""
LINKED_M = (50.0, 100.0, 200.0, 500.0)
"""Distances within which many villages without a neighbour may be linked at once."""
_ROUNDING_M = 1e-6
_SHOWN = 5

Pairs = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ContiguityReading:
    """Neighbours under one reading of the map.

    Attributes
    ----------
    pairs
        (m, 2) positions ``i < j``, sorted.
    isolates
        Positions without a neighbour, ascending.
    """

    pairs: Pairs
    isolates: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Readings:
    """The same map read in several ways.

    Attributes
    ----------
    in_force
        As the plan reads it, links included, barriers left aside.
    strict
        Borders must coincide (to 1 mm): no tolerance.
    touch
        Any touch or overlap counts, in a point as well.
    other_parts
        With all parts if the main part is in force, else with the main part.
    flaws
        What a planner should know or decide, with its shape on the map.
    """

    in_force: ContiguityReading
    strict: ContiguityReading
    touch: ContiguityReading
    other_parts: ContiguityReading
    flaws: tuple[Flaw, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What the flaws say."""
        return tuple(flaw.fault for flaw in self.flaws)


def compare_readings(
    villages: gpd.GeoDataFrame,
    settings: ContiguitySettings,
    *,
    where_of: Callable[[int], Where] | None = None,
) -> Readings:
    """Compare the neighbours in force with those of other readings.

    A village without a neighbour is a question, with proposals: a gap tolerance if the gap is at
    most 10 m, else (up to 45 m) after the link with the nearest village, of its own township if
    there is one. So are two villages that overlap without being neighbours. What else differs
    is a notice.

    Parameters
    ----------
    villages
        n villages with ``code``, ``geometry`` in a projected CRS in metres, and, if known,
        ``name`` and ``township``; index ``0 .. n-1``.
    settings
        ``Settings.contiguity_in_force``: with what was decided.
    where_of
        Position -> place; code, name and township if not given.

    Raises
    ------
    ValueError
        If the CRS is not projected in metres or the index is not ``0 .. n-1``.
    """
    crs = checked(villages.geometry)
    compared = _Compared(villages, settings, Places(crs, where_of or _placing(villages)))
    return compared.readings()


def _placing(villages: gpd.GeoDataFrame) -> Callable[[int], Where]:
    columns = [
        villages[name].tolist() if name in villages else [None] * len(villages)
        for name in ("name", "code", "township")
    ]
    return lambda i: Where(*(column[i] for column in columns))


class _Compared:
    def __init__(
        self, villages: gpd.GeoDataFrame, settings: ContiguitySettings, places: Places
    ) -> None:
        shapes = np.array(villages.geometry.array, dtype=object)
        shapes[shapely.is_missing(shapes)] = shapely.Polygon()
        self.shapes = topology.valid(shapes)
        self.codes = [str(code) for code in villages["code"]]
        n = len(villages)
        self.townships = villages["township"].tolist() if "township" in villages else [None] * n
        self.settings, self.places, self.n = settings, places, n
        self.main = settings.parts == "main"
        self.borders = self._borders(settings.gap_tolerance_m, self.main)
        self.links = self._linked()
        self.in_force = self._reading(self._long_enough(self.borders), linked=True)

    def readings(self) -> Readings:
        """Read the map in every way and tell what differs."""
        strict = self._reading(self._long_enough(self._borders(0.0, self.main)), linked=True)
        touching = topology.contacts(self.shapes, 0.0)
        touch = self._reading(np.concatenate([self.in_force.pairs, touching]))
        other = self.in_force
        if (shapely.get_num_geometries(self.shapes) > 1).any():
            borders = self._borders(self.settings.gap_tolerance_m, not self.main)
            other = self._reading(self._long_enough(borders), linked=True)
        flaws = [
            *self._alone(),
            *self._overlapping(),
            *self._told("strict", self.in_force, strict, strict),
            *self._told("touch", touch, self.in_force, touch),
            *self._told(
                "parts", *((other, self.in_force) if self.main else (self.in_force, other)), other
            ),
        ]
        return Readings(self.in_force, strict, touch, other, tuple(flaws))

    def _borders(self, tolerance_m: float, main: bool) -> SharedBorders:
        return shared_borders(self.shapes, tolerance_m=tolerance_m, main_part_only=main)

    def _long_enough(self, borders: SharedBorders) -> Pairs:
        least = max(self.settings.min_shared_border_m, 0.0)
        enough = (borders.shared_m >= least - _ROUNDING_M) & (borders.shared_m > _ROUNDING_M)
        return borders.pairs[enough]

    def _linked(self) -> Pairs:
        position = positions_by_code(self.codes)
        known = [
            sorted((position[one], position[two]))
            for one, two in self.settings.links
            if one in position and two in position and one != two
        ]
        return np.array(known, dtype=np.intp).reshape(-1, 2)

    def _reading(self, pairs: Pairs, *, linked: bool = False) -> ContiguityReading:
        every = np.concatenate([pairs, self.links]) if linked else pairs
        every = np.unique(every.reshape(-1, 2), axis=0).astype(np.intp)
        alone = ~shapely.is_empty(self.shapes)
        alone[every] = False
        return ContiguityReading(every, tuple(np.flatnonzero(alone).tolist()))

    def _alone(self) -> list[Flaw]:
        """Ask about villages without a neighbour: together where one tolerance helps them."""
        isolates = self.in_force.isolates
        if not isolates or self.n < 2:
            return []
        short = self._best_borders()
        needed = self._needed([i for i in isolates if i not in short])
        together = [i for i, tolerance in needed.items() if tolerance <= SENSIBLE_M]
        flaws = [self._by_tolerance(together, max(needed[i] for i in together))] if together else []
        flaws += [self._by_border(i, *short[i]) for i in isolates if i in short]
        apart = [i for i in isolates if i not in short and i not in together]
        if len(apart) > MOST_TOLD:
            return [*flaws, self._by_links(apart)]
        return [*flaws, *(self._by_link(i, needed.get(i)) for i in apart)]

    def _best_borders(self) -> dict[int, tuple[int, float]]:
        """Return for isolated villages with some border the neighbour of the longest."""
        best: dict[int, tuple[int, float]] = {}
        isolates = set(self.in_force.isolates)
        for (i, j), shared in zip(
            self.borders.pairs.tolist(), self.borders.shared_m.tolist(), strict=True
        ):
            # A ten-centimetre border is a corner, whatever the least is.
            for one, two in ((i, j), (j, i)):
                if one in isolates and shared >= 1.0 and shared > best.get(one, (0, 0.0))[1]:
                    best[one] = (two, shared)
        return best

    def _needed(self, isolates: list[int]) -> dict[int, float]:
        """Return the least tolerance tried that gives each village a neighbour."""
        needed: dict[int, float] = {}
        if not isolates:
            return needed
        tree = shapely.STRtree(self.shapes)
        near = tree.query(self.shapes[isolates], predicate="dwithin", distance=TOLERANCES_M[-1])[1]
        some = np.unique(np.concatenate([near, np.array(isolates, dtype=np.intp)]))
        for tolerance in TOLERANCES_M:
            if tolerance <= self.settings.gap_tolerance_m:
                continue
            borders = shared_borders(
                self.shapes[some], tolerance_m=tolerance, main_part_only=self.main
            )
            connected = set(some[np.unique(self._long_enough(borders))].tolist())
            for i in isolates:
                if i in connected:
                    needed.setdefault(i, tolerance)
        return needed

    def _by_tolerance(self, villages: list[int], tolerance: float) -> Flaw:
        then = self._reading(self._long_enough(self._borders(tolerance, self.main)), linked=True)
        gained = _only(then.pairs, self.in_force.pairs)
        more = int((~np.isin(gained, villages).any(axis=1)).sum())
        flaw = self.places.flaw(
            "tolerance",
            villages,
            shapely.union_all(self.shapes[villages]),
            topic="readings",
            count=len(villages),
            villages=self.places.names(villages),
            now=metres(self.settings.gap_tolerance_m),
            tolerance=metres(tolerance),
            more=more,
        )
        links = [self._link(i, self._nearest(i)[0]) for i in villages] if len(villages) == 1 else []
        return asking(flaw, ContiguityDecision(gap_tolerance_m=tolerance), *links)

    def _by_border(self, village: int, nearest: int, shared: float) -> Flaw:
        flaw = self.places.flaw(
            "short_border",
            [village],
            self.shapes[village],
            topic="readings",
            nearest=self.places.name(nearest),
            shared=metres(shared),
            least=metres(self.settings.min_shared_border_m),
        )
        return asking(
            flaw,
            self._link(village, nearest),
            ContiguityDecision(min_shared_border_m=float(np.floor(shared))),
        )

    def _by_link(self, village: int, tolerance: float | None) -> Flaw:
        nearest, distance = self._nearest(village)
        flaw = self.places.flaw(
            "isolated",
            [village],
            self.shapes[village],
            topic="readings",
            nearest=self.places.name(nearest),
            distance=metres(distance),
        )
        wider = None if tolerance is None else ContiguityDecision(gap_tolerance_m=tolerance)
        return asking(flaw, self._link(village, nearest), wider)

    def _by_links(self, villages: list[int]) -> Flaw:
        """Ask about many villages at once: link those that are near, from the nearest on."""
        nearest = {village: self._nearest(village) for village in villages}
        within: dict[float, list[int]] = {}
        for step in LINKED_M:
            near = [village for village in villages if nearest[village][1] <= step]
            if len(near) > max(map(len, within.values()), default=0):
                within[step] = near
        flaw = self.places.flaw(
            "many_isolated",
            villages,
            shapely.union_all(self.shapes[villages]),
            topic="readings",
            count=len(villages),
            villages=self.places.names(villages[:_SHOWN]),
            steps=Steps({step: len(near) for step, near in within.items()}, LINKED_M[-1]),
        )
        links = [
            self._links({v: nearest[v][0] for v in near}, step) for step, near in within.items()
        ]
        return asking(_of_layer(flaw, self.places), *links)

    def _links(self, nearest: dict[int, int], within_m: float) -> LinksDecision:
        pairs = list(dict.fromkeys(tuple(sorted(pair)) for pair in nearest.items()))
        named = [f"{self.places.name(i)}–{self.places.name(j)}" for i, j in pairs[:_SHOWN]]
        return LinksDecision(
            pairs=tuple((self.codes[i], self.codes[j]) for i, j in pairs),
            within_m=within_m,
            note="、".join(named),
        )

    def _nearest(self, village: int) -> tuple[int, float]:
        """Return the nearest village, of the same township if it has another one."""
        there = ~shapely.is_empty(self.shapes)
        there[village] = False
        own = self.townships[village]
        same = there & np.array([own is not None and town == own for town in self.townships])
        among = np.flatnonzero(same if same.any() else there)
        tree = shapely.STRtree(self.shapes[among])
        found, distances = tree.query_nearest(self.shapes[village], return_distance=True)
        return int(among[found.min()]), float(distances[0])

    def _link(self, one: int, two: int) -> LinkDecision:
        i, j = sorted((one, two))
        named = f"{self.places.name(i)}–{self.places.name(j)}"
        # Where there are no codes, names stand in for them.
        coded = not any("/" in self.codes[village] for village in (i, j))
        return LinkDecision(villages=(self.codes[i], self.codes[j]), note=named if coded else None)

    def _overlapping(self) -> list[Flaw]:
        """Ask about villages that overlap and are no neighbours."""
        common = topology.overlaps(self.shapes, topology.mismatched(self.shapes))
        known = set(map(tuple, self.in_force.pairs.tolist()))
        flaws = []
        for pair, shape, width in zip(
            common.pairs.tolist(), common.shapes, common.width_m.tolist(), strict=True
        ):
            if tuple(pair) in known or width <= self.settings.gap_tolerance_m:
                continue
            flaw = self.places.flaw(
                "overlapping",
                pair,
                shape,
                width_m=width,
                topic="readings",
                villages=self.places.names(pair),
                area=square_metres(float(shapely.area(shape))),
                width=metres(width),
                least=metres(self.settings.min_shared_border_m),
            )
            flaws.append(asking(flaw, self._link(*pair)))
        return flaws

    def _told(
        self, key: str, more: ContiguityReading, less: ContiguityReading, other: ContiguityReading
    ) -> list[Flaw]:
        """Tell which pairs are neighbours in one reading and not in another."""
        pairs = _only(more.pairs, less.pairs)
        if not len(pairs):
            return []
        concerned = np.unique(pairs).tolist()
        flaw = self.places.flaw(
            key,
            concerned,
            self._lines(pairs),
            topic="readings",
            count=len(pairs),
            pairs=Listing(
                f"{self.places.name(i)}–{self.places.name(j)}" for i, j in pairs[:_SHOWN].tolist()
            ),
            isolates=len(self.in_force.isolates),
            alone=len(other.isolates),
            now=self.settings.parts if key == "parts" else metres(self.settings.gap_tolerance_m),
            least=metres(self.settings.min_shared_border_m),
        )
        return [_of_layer(flaw, self.places)]

    def _lines(self, pairs: Pairs) -> BaseGeometry:
        inside = shapely.get_coordinates(shapely.point_on_surface(self.shapes[pairs.ravel()]))
        return shapely.MultiLineString(inside.reshape(-1, 2, 2).tolist())


def _of_layer(flaw: Flaw, places: Places) -> Flaw:
    """Return what is told of many pairs without the codes of some of them."""
    fault = Fault(
        flaw.fault.key,
        Where(file=places.of(flaw.villages[0]).file),
        flaw.fault.severity,
        flaw.fault.params,
    )
    return Flaw(fault, flaw.shape, flaw.villages)


def _only(more: Pairs, less: Pairs) -> Pairs:
    """Return the pairs of the first that are not in the second."""
    known = set(map(tuple, less.tolist()))
    found: Sequence[list[int]] = [pair for pair in more.tolist() if tuple(pair) not in known]
    return np.array(found, dtype=np.intp).reshape(-1, 2)
