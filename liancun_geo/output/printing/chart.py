"""A plan as its maps need it: worked out once, then drawn sheet by sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.contiguity import barriers_in_force
from liancun_geo.errors import DataError, Where, error
from liancun_geo.indicators import numbers, population_field, weak_villages
from liancun_geo.intake.barriers import read_barriers
from liancun_geo.output.export import clean, county_name, one_line
from liancun_geo.output.picture.colours import assign_colours
from liancun_geo.output.picture.scene import Lasting, plan_colours, touching
from liancun_geo.output.printing.fills import HATCHES_TOO_LIKE, Tone
from liancun_geo.scenario import Scenario
from liancun_geo.villages import townships_of

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Zone:
    """A township as a sheet shows it: its code (or name, where it has none) and its name."""

    key: str
    name: str


@dataclass(frozen=True, eq=False)
class Chart:
    """What all maps of a plan share.

    Attributes
    ----------
    scenario
        The plan.
    county
        Name of the county, "" if unknown.
    shapes
        (n,) villages in metres, as they were read.
    tree
        Of the shapes.
    names
        (n,) of the villages, on one line.
    zones
        (t,) townships in the order of their codes.
    zone_of
        (n,) township of each village.
    alliance_of
        (n,) alliance of each village, -1 if left out.
    weak
        (n,) weak by organisation or economy.
    people
        (n,) population, NaN where unknown.
    fills
        By tone, (a,) the place of each alliance among the ten fills.
    outlines
        (t,) of the townships in metres, a little simplified: for small maps.
    barriers, bridges
        Lines and polygons in metres.
    """

    scenario: Scenario
    county: str
    shapes: Shapes
    tree: shapely.STRtree
    names: tuple[str, ...]
    zones: tuple[Zone, ...]
    zone_of: NDArray[np.intp]
    alliance_of: NDArray[np.intp]
    weak: NDArray[np.bool_]
    people: NDArray[np.float64]
    fills: Mapping[Tone, tuple[int, ...]]
    outlines: Shapes
    barriers: Shapes
    bridges: Shapes

    def zone(self, key: str) -> int:
        """Return the number of a township.

        Raises
        ------
        DataError
            If the plan has no township of this code or name.
        """
        for number, zone in enumerate(self.zones):
            if key == zone.key:
                return number
        for number, zone in enumerate(self.zones):
            if key == zone.name:
                return number
        raise DataError([error("printing.no_township", Where(township=clean(key)))])

    def villages_of(self, zone: int | None) -> NDArray[np.intp]:
        """Return the villages that a sheet is about.

        Those of the township, and those elsewhere whose alliance has a village in it; all for
        None.
        """
        if zone is None:
            return np.arange(len(self.names))
        inside = self.zone_of == zone
        shared = np.unique(self.alliance_of[inside & (self.alliance_of >= 0)])
        return np.flatnonzero(inside | np.isin(self.alliance_of, shared))

    def alliances_of(self, zone: int | None) -> list[int]:
        """Return the alliances with a village in a township, all for None."""
        found = np.unique(self.alliance_of[self.villages_of(zone)])
        return [int(one) for one in found if one >= 0]


def prepare(scenario: Scenario, lasting: Lasting = ()) -> Chart:
    """Work out what all maps of a plan share.

    Parameters
    ----------
    scenario
        Its geometry is in a projected CRS in metres and is not touched.
    lasting
        As for :func:`~liancun_geo.output.picture.scene.plan_colours`.
    """
    frame = scenario.villages.frame
    shapes = frame.geometry.to_numpy()
    alliance_of, townships = scenario.alliance_of, townships_of(frame)
    pairs = touching(shapes, alliance_of)
    led_in = [int(townships.of[alliance.lead]) for alliance in scenario.alliances]
    return Chart(
        scenario=scenario,
        county=county_name(frame),
        shapes=shapes,
        tree=shapely.STRtree(shapes),
        names=tuple(shown_name(name) for name in frame["name"].astype(str)),
        zones=tuple(map(Zone, townships.keys, map(shown_name, townships.names))),
        zone_of=townships.of,
        alliance_of=alliance_of,
        weak=np.array([one is True for one in weak_villages(frame)], dtype=bool),
        people=numbers(frame, population_field(frame)),
        fills={
            "colour": plan_colours(scenario, lasting),
            "bw": tuple(assign_colours(pairs, led_in, HATCHES_TOO_LIKE)),
        },
        outlines=_outlines(shapes, townships.of, len(townships.keys)),
        barriers=np.concatenate((_side_layer(scenario, "barriers"), _drawn(scenario))),
        bridges=_side_layer(scenario, "bridges"),
    )


def _outlines(shapes: Shapes, zone_of: NDArray[np.intp], count: int) -> Shapes:
    left, low, right, high = shapely.total_bounds(shapes).tolist()
    unit = max(right - left, high - low, 1.0) / 500.0
    coarse = shapely.coverage_simplify(shapes, unit)
    parts = shapely.buffer(coarse, 0.2 * unit, join_style="mitre")
    outlines = np.empty(count, dtype=object)
    for number in range(count):
        outlines[number] = shapely.union_all(parts[zone_of == number])
    return outlines


def shown_name(text: str) -> str:
    """Return a name as paper shows it, on one line and never empty."""
    return one_line(text) or "?"


def _drawn(scenario: Scenario) -> Shapes:
    """Return the barriers that were drawn by hand for the plan."""
    crs = scenario.villages.frame.crs
    found = barriers_in_force(None, scenario.settings.contiguity, crs)
    shapes: Shapes = np.empty(0, dtype=object) if found is None else found.to_numpy()
    return shapes


def _side_layer(scenario: Scenario, role: str) -> Shapes:
    """Return a layer that the plan was made with, if its file can still be read."""
    villages = scenario.villages
    paths = [source.path for source in villages.sources if source.role == role]
    try:
        found = read_barriers([path for path in paths if Path(path).exists()], villages.frame.crs)
    except DataError:
        # A river more or less makes no map false; the plan itself was checked with it.
        return np.empty(0, dtype=object)
    shapes: Shapes = found.to_numpy()
    return shapes
