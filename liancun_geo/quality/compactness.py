"""Compactness of a territory: 1 for a circle, towards 0 for a thread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def polsby_popper(shape: BaseGeometry) -> float:
    """Return ``4 pi A / P^2``: the area over that of a circle with the same perimeter.

    Parameters
    ----------
    shape
        Polygon or MultiPolygon in a projected CRS; all parts and the rims of holes count.

    Returns
    -------
    float
        NaN without area.

    Notes
    -----
    Polsby and Popper (1991), The third criterion: compactness as a procedural safeguard against
    partisan gerrymandering, *Yale Law & Policy Review* 9(2), 301-353.
    """
    area, perimeter = float(shapely.area(shape)), float(shapely.length(shape))
    return 4.0 * math.pi * area / (perimeter * perimeter) if area > 0 else math.nan


def reock(shape: BaseGeometry) -> float:
    """Return the area over that of the smallest circle around the shape.

    Parameters
    ----------
    shape
        Polygon or MultiPolygon in a projected CRS; one circle around all parts.

    Returns
    -------
    float
        NaN without area.

    Notes
    -----
    Reock (1961), A note: measuring compactness as a requirement of legislative apportionment,
    *Midwest Journal of Political Science* 5(1), 70-74, doi:10.2307/2109043.
    """
    area = float(shapely.area(shape))
    if not area > 0:
        return math.nan
    radius = float(shapely.minimum_bounding_radius(shape))
    return area / (math.pi * radius * radius)


def territory(shapes: NDArray[np.object_], villages: Sequence[int], gap_m: float) -> BaseGeometry:
    """Return the union of villages, with gaps between their borders closed.

    Surveyed borders seldom match to the millimetre, and every gap left open would count twice in
    the perimeter. The union is grown by half the gap and shrunk again (a closing, with mitred
    corners), so that a corner stays a corner.

    Parameters
    ----------
    shapes
        (n,) polygons in a projected CRS in metres, None where missing.
    villages
        Positions.
    gap_m
        Greatest gap that is closed.
    """
    union = shapely.union_all(shapes[list(villages)])
    # One village has no gap to a neighbour.
    if len(villages) < 2 or not gap_m > 0:
        return union
    grown = shapely.buffer(union, gap_m / 2, join_style="mitre", mitre_limit=5.0)
    return shapely.buffer(grown, -gap_m / 2, join_style="mitre", mitre_limit=5.0)
