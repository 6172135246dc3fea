"""A plan as shapes ready to draw: simplified once, then shown whole or township by township."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from liancun_geo.contiguity import barriers_in_force
from liancun_geo.output.picture.colours import PALETTE, assign_colours
from liancun_geo.scenario import Scenario
from liancun_geo.villages import townships_of

WIDTH = 1000.0
"""Longer side of the county in drawing units."""

_TOUCHING_M = 5.0
_TOLERANCE = 0.7  # of drawing units: about two pixels where a township fills the screen

Shapes = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Scene:
    """Shapes in drawing units: x to the right, y down, the county's longer side 1000.

    Attributes
    ----------
    scenario
        The plan they show.
    villages, alliances, townships
        (n,), (a,), (t,) polygons.
    barriers
        Lines and polygons that cut villages apart.
    names
        (n,) of the villages.
    township_names
        (t,) in the order of their codes.
    township_of
        (n,) township of each village.
    alliance_of
        (n,) alliance of each village, -1 if left out.
    points
        (n, 2) the middle of each village: centre of its largest inscribed circle.
    colours
        (a,) places in :data:`~liancun_geo.output.picture.colours.PALETTE`.
    metres_per_unit
        Scale of the drawing.
    """

    scenario: Scenario
    villages: Shapes
    alliances: Shapes
    townships: Shapes
    barriers: Shapes
    names: tuple[str, ...]
    township_names: tuple[str, ...]
    township_of: NDArray[np.intp]
    alliance_of: NDArray[np.intp]
    points: NDArray[np.float64]
    colours: tuple[int, ...]
    metres_per_unit: float


def build_scene(
    scenario: Scenario, barriers: gpd.GeoSeries | None = None, *, tolerance: float = _TOLERANCE
) -> Scene:
    """Return the drawing of a plan.

    Borders are simplified together, so that neighbours keep sharing them (Visvalingam-Whyatt as
    in GEOS' coverage simplifier).

    Parameters
    ----------
    scenario
        Its geometry is in a projected CRS in metres and is not touched.
    barriers
        Of the layers, in the same CRS; those drawn by hand come from the settings of the plan.
    tolerance
        Of the simplification, in drawing units.
    """
    frame = scenario.villages.frame
    shapes = frame.geometry.to_numpy()
    left, low, right, high = (float(value) for value in shapely.total_bounds(shapes))
    scale = max(right - left, high - low, 1.0) / WIDTH

    def drawn(geometry: Any) -> Shapes:
        placed: Shapes = shapely.transform(
            geometry, lambda xy: np.column_stack(((xy[:, 0] - left), (high - xy[:, 1]))) / scale
        )
        return placed

    villages: Shapes = shapely.coverage_simplify(drawn(shapes), tolerance)
    alliance_of, townships = scenario.alliance_of, townships_of(frame)
    known = barriers_in_force(barriers, scenario.settings.contiguity, frame.crs)
    return Scene(
        scenario=scenario,
        villages=villages,
        alliances=united(villages, alliance_of, len(scenario.alliances)),
        townships=united(villages, townships.of, len(townships.keys)),
        barriers=drawn([] if known is None else known.to_numpy()),
        names=tuple(frame["name"].astype(str)),
        township_names=townships.names,
        township_of=townships.of,
        alliance_of=alliance_of,
        points=middles(villages),
        colours=plan_colours(scenario),
        metres_per_unit=scale,
    )


Lasting = tuple[tuple[str, int], ...]
"""Code of a lead village, and the place in the palette that its alliance is known by."""


def plan_colours(scenario: Scenario, lasting: Lasting = ()) -> tuple[int, ...]:
    """Return the colour of each alliance of a plan.

    Parameters
    ----------
    scenario
        The plan.
    lasting
        Colours that alliances are known by; all others are coloured as in a plan nobody has seen
        before.

    Returns
    -------
    tuple of int
        (a,) places in :data:`~liancun_geo.output.picture.colours.PALETTE`.
    """
    frame = scenario.villages.frame
    leads = [str(frame["code"].iat[alliance.lead]) for alliance in scenario.alliances]
    known = {code: place for code, place in lasting if 0 <= place < len(PALETTE)}
    if leads and known.keys() >= set(leads):
        return tuple(known[lead] for lead in leads)
    townships = townships_of(frame)
    led_in = [townships.keys[townships.of[alliance.lead]] for alliance in scenario.alliances]
    new = assign_colours(touching(frame.geometry.to_numpy(), scenario.alliance_of), led_in)
    return tuple(known.get(lead, place) for lead, place in zip(leads, new, strict=True))


def path_data(shape: Any, digits: int = 1) -> str:
    """Return lines and polygons as the ``d`` of an SVG path, to so many digits of a unit."""
    parts = shapely.get_parts(shape)
    rings = [
        line
        for part in parts
        for line in (shapely.get_rings(part) if part.geom_type == "Polygon" else [part])
    ]
    pieces: list[str] = []
    for ring in rings:
        points = shapely.get_coordinates(ring).round(digits)
        steps = "L".join(f"{x:g},{y:g}" for x, y in points)
        if steps:
            pieces.append(f"M{steps}{'Z' if shapely.is_closed(ring) else ''}")
    return "".join(pieces)


def united(shapes: Shapes, number_of: NDArray[Any], count: int) -> Shapes:
    """Return (count,) unions of the shapes that bear each number; in drawing units."""
    united = np.empty(count, dtype=object)
    for number in range(count):
        # A small overlap closes the hairline gaps between surveyed borders.
        parts = shapely.buffer(shapes[number_of == number], 0.1, join_style="mitre")
        united[number] = shapely.union_all(parts)
    return united


def middles(shapes: Shapes) -> NDArray[np.float64]:
    """Return (n, 2) the centre of the largest circle inside each shape; in drawing units."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    largest_first = np.lexsort((-shapely.area(parts), owner))
    first = largest_first[np.searchsorted(owner[largest_first], np.arange(len(shapes)))]
    largest = parts[first]
    radius = shapely.maximum_inscribed_circle(largest, tolerance=0.5)
    # The line runs from the centre of the circle to its rim.
    centres: NDArray[np.float64] = shapely.get_coordinates(shapely.get_point(radius, 0))
    return centres


def touching(shapes: Shapes, alliance_of: NDArray[np.intp]) -> Sequence[tuple[int, int]]:
    """Return the pairs of alliances that touch on the map; shapes in metres."""
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=_TOUCHING_M)
    pairs = np.column_stack((alliance_of[one], alliance_of[other]))
    pairs = np.unique(pairs[(pairs[:, 0] < pairs[:, 1]) & (pairs[:, 0] >= 0)], axis=0)
    return [(int(a), int(b)) for a, b in pairs]
