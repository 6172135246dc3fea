"""Where a layer lies: its CRS as stated, decided or asked for, and the order of its axes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from liancun_geo.crs import Bounds, label, lon_lat_bounds, parse_crs, range_fault
from liancun_geo.decisions import AxisOrderDecision, CrsDecision, Replay, accepting
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.vector.crs_candidates import (
    CHINA,
    Candidate,
    Candidates,
    area_of_codes,
    candidates,
    is_elsewhere,
    older_datums,
)

_CHINESE_DATUM = re.compile(r"china|cgcs|xian|xi'an|beijing", re.IGNORECASE)
_WORLD: Final[Bounds] = (-180.0, -90.0, 180.0, 90.0)
# A zone is 3 or 6 degrees wide; half a zone more is bad practice, a whole one a mistake.
_NEAR_DEG: Final = 0.5  # of the villages; one zone beside is three degrees
_FARTHEST_FROM_MERIDIAN_DEG: Final = 4.5


class Around(NamedTuple):
    """Where the villages lie that a layer belongs to."""

    crs: pyproj.CRS
    area: Bounds
    """West, south, east, north in degrees."""


def around(villages: gpd.GeoDataFrame) -> Around | None:
    """Return where villages lie; None if there are none."""
    bounds = _finite_bounds(villages)
    if bounds is None or villages.crs is None:
        return None
    return Around(villages.crs, lon_lat_bounds(bounds, villages.crs))


class Placed(NamedTuple):
    """A layer with its CRS, and whether its coordinates make sense in it."""

    frame: gpd.GeoDataFrame
    faults: tuple[Fault, ...]
    sound: bool


def place_layer(
    frame: gpd.GeoDataFrame,
    where: Where,
    replay: Replay,
    *,
    stated: str | None = None,
    silent: bool = False,
    asking: bool = True,
    beside: Around | None = None,
) -> Placed:
    """Give a layer its CRS and ask where that is missing or cannot be.

    Parameters
    ----------
    frame
        As read; not changed.
    where
        Its file.
    replay
        Decisions on CRS and axis order; they win over file and settings.
    stated
        ``settings.data.crs``, used where the file states none.
    silent
        Whether the CRS of the frame is the default of its format, not a statement of the file.
    asking
        Whether to ask about the CRS; if not, the caller does.
    beside
        Where the villages lie that the layer belongs to; None for the villages themselves,
        whose codes say it.

    Raises
    ------
    DataError
        If a CRS in decisions or settings is unknown.
    """
    faults: list[Fault] = []
    content = digest_of(frame)
    turned = replay.of_file(AxisOrderDecision, where) is not None
    if turned:
        shapes = shapely.transform(np.asarray(frame.geometry.array), lambda xy: xy[:, ::-1])
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    decided, of_others = replay.of_crs(where, content)
    told = [warning("layers.crs_of_other_content", where, decision=one) for one in of_others]
    faults.extend(told)
    if decided is not None:
        frame, notes = _as_decided(frame, decided, silent, where)
    else:
        frame, notes = _stated(frame, stated, silent, where)
    faults.extend(notes)
    bounds = _finite_bounds(frame)
    if not asking or not len(frame):
        return Placed(frame, tuple(faults), True)
    if bounds is None:
        asked = [_no_crs(where, beside)] if frame.crs is None else []
    elif beside is None:
        asked = _questions(frame, bounds, where, turned)
    else:
        asked = _questions_beside(frame, bounds, where, turned, beside)
    asked = [_bound(fault, content) for fault in asked]
    # What was accepted is listed as such, and stops nothing.
    asked = [replace(f, severity="warning") if replay.accepts(f) else f for f in asked]
    sound = not any(fault.severity == "error" for fault in asked)
    return Placed(frame, (*faults, *asked), sound)


def _as_decided(
    frame: gpd.GeoDataFrame, decided: CrsDecision, silent: bool, where: Where
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return the layer in the CRS decided on; a warning if its file states another."""
    wanted = parse_crs(decided.crs, where=where)
    found = None if silent else frame.crs
    notes = []
    if found is not None and not wanted.equals(found, ignore_axis_order=True):
        params = {"decided": label(wanted), "found": label(found)}
        notes.append(warning("crs.decided_against_file", where, **params))
    return _with_crs(frame, wanted), notes


def digest_of(frame: gpd.GeoDataFrame) -> str:
    """Return a digest of the coordinates of a layer as they stand in the file."""
    points = shapely.get_coordinates(np.asarray(frame.geometry.array))
    return hashlib.sha256(points.astype("<f8").tobytes()).hexdigest()[:16]


def _bound(fault: Fault, content: str) -> Fault:
    """Return a question whose proposals hold for the coordinates that it is about."""
    fixes = [
        fix.model_copy(update={"content": content}) if isinstance(fix, CrsDecision) else fix
        for fix in fault.fixes
    ]
    return replace(fault, fixes=tuple(fixes))


def _stated(
    frame: gpd.GeoDataFrame, stated: str | None, silent: bool, where: Where
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return the frame with the CRS of its file, else of the settings."""
    wanted = None if stated is None else parse_crs(stated, where=where)
    if frame.crs is not None and not silent:
        if wanted is not None and not wanted.equals(frame.crs, ignore_axis_order=True):
            params = {"stated": label(wanted), "found": label(frame.crs)}
            return frame, [warning("crs.contradiction", where, **params)]
        return frame, []
    if wanted is not None:
        return _with_crs(frame, wanted), [warning("crs.stated", where, crs=label(wanted))]
    bounds = _finite_bounds(frame)
    # The format says degrees (RFC 7946); coordinates that say otherwise may be swapped ones.
    in_degrees = bounds is None or _inside(bounds, _WORLD) or _inside(_flipped(bounds), CHINA)
    if silent and not in_degrees:
        return _with_crs(frame, None), []
    return frame, []


def _questions(frame: gpd.GeoDataFrame, bounds: Bounds, where: Where, turned: bool) -> list[Fault]:
    """Return what has to be asked before the layer can be used."""
    area, crs = area_of_codes(frame), frame.crs
    if crs is None:
        found = candidates(bounds, area)
        if found:
            return [_which("layers.crs_which", found, bounds, where)]
        swapped = _swapped(bounds, area, where, turned)
        if swapped or not _inside(bounds, _WORLD):
            return swapped or [error("crs.missing", where)]
        spot = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
        return [_which("layers.crs_which", Candidates([Candidate(4326, *spot)]), bounds, where)]
    fault = range_fault(bounds, crs, where)
    if fault is not None or _is_off_zone(bounds, crs):
        return _impossible(fault, frame, bounds, area, where, turned)
    if crs.is_geographic and not turned and _inside(_flipped(bounds), CHINA):
        question = _axis_question(bounds, where)
        return [question.proposing(accepting(question))]
    if area is not None and is_elsewhere(lon_lat_bounds(bounds, crs), area):
        return [_elsewhere(frame, bounds, area, where)]
    return []


def _questions_beside(
    frame: gpd.GeoDataFrame, bounds: Bounds, where: Where, turned: bool, beside: Around
) -> list[Fault]:
    """Return what has to be asked of a layer that should lie where the villages do."""
    crs = frame.crs
    if crs is not None and _reaches(bounds, crs, beside.area):
        # It may be the layer of a whole province, wider than a zone.
        return []
    fault = None if crs is None else range_fault(bounds, crs, where)
    found = _found_beside(bounds, crs, beside)
    if not turned and not found:
        flipped = _flipped(bounds)
        swapped = _found_beside(flipped, crs, beside)
        if crs is not None and _reaches(flipped, crs, beside.area):
            question = _axis_question(bounds, where)
            return [question if fault is not None else question.proposing(accepting(question))]
        if swapped:
            which = _which("layers.crs_which_beside", swapped, bounds, where)
            return [_axis_question(bounds, where), which]
    if crs is None:
        return (
            [_which("layers.crs_which_beside", found, bounds, where)]
            if found
            else [_no_crs(where, beside)]
        )
    if fault is not None:
        if not found:
            return [fault]
        key = "layers.crs_impossible_beside"
        return [_which(key, found, bounds, where, crs=label(crs))]
    # Without another CRS that fits, it is a layer of another place and told as such.
    if not found:
        return []
    west, south, east, north = lon_lat_bounds(bounds, crs)
    here = Candidate(0, (west + east) / 2, (south + north) / 2)
    county = Candidate(0, sum(beside.area[::2]) / 2, sum(beside.area[1::2]) / 2)
    told = {"crs": label(crs), "spot": here.spot, "county": county.spot}
    question = warning("layers.elsewhere_beside", where, **told)
    question = question.proposing(*_proposals(found, where))
    return [question.proposing(accepting(question))]


def _no_crs(where: Where, beside: Around | None) -> Fault:
    return error("crs.missing" if beside is None else "roads.no_crs", where)


def _found_beside(bounds: Bounds, crs: pyproj.CRS | None, beside: Around) -> Candidates:
    """Return the systems that put a layer where the villages are, their own first."""
    own = beside.crs.to_epsg()
    found = [c for c in candidates(bounds, beside.area) if c.epsg != own]
    if own is not None and _reaches(bounds, beside.crs, beside.area):
        west, south, east, north = lon_lat_bounds(bounds, beside.crs)
        found = [Candidate(own, (west + east) / 2, (south + north) / 2), *found]
    fitting = Candidates(
        c for c in found if _reaches(bounds, pyproj.CRS.from_epsg(c.epsg), beside.area)
    )
    return fitting if crs is None else _others(fitting, crs)


def _reaches(bounds: Bounds, crs: pyproj.CRS, area: Bounds) -> bool:
    """Tell whether a layer lies over an area, or within half a degree of it."""
    try:
        if range_fault(bounds, crs) is not None:
            return False
        west, south, east, north = lon_lat_bounds(bounds, crs)
    except ProjError:
        return False
    near = _NEAR_DEG
    return bool(
        west <= area[2] + near
        and east >= area[0] - near
        and south <= area[3] + near
        and north >= area[1] - near
    )


def _impossible(
    fault: Fault | None,
    frame: gpd.GeoDataFrame,
    bounds: Bounds,
    area: Bounds | None,
    where: Where,
    turned: bool,
) -> list[Fault]:
    """Return the questions of a layer whose coordinates do not fit its CRS."""
    crs = frame.crs
    flipped = _flipped(bounds)
    if not turned and range_fault(flipped, crs) is None and not _is_off_zone(flipped, crs):
        return [_axis_question(bounds, where)]
    found = _others(candidates(bounds, area), crs)
    swapped = [] if found else _swapped(bounds, area, where, turned)
    if swapped:
        return swapped
    if found:
        question = _which("layers.crs_impossible", found, bounds, where, crs=label(crs))
    elif fault is not None:
        return [fault]
    else:
        question = error("layers.crs_off_zone", where, bounds=_shown(bounds), crs=label(crs))
    return [question if fault is not None else question.proposing(accepting(question))]


def _swapped(bounds: Bounds, area: Bounds | None, where: Where, turned: bool) -> list[Fault]:
    """Return the two questions of coordinates that make sense only the other way round."""
    found = Candidates() if turned else candidates(_flipped(bounds), area)
    if not found:
        return []
    return [_axis_question(bounds, where), _which("layers.crs_which", found, bounds, where)]


def _axis_question(bounds: Bounds, where: Where) -> Fault:
    fault = error("layers.axis_order", where, bounds=_shown(bounds))
    return fault.proposing(AxisOrderDecision(file=where.file or ""))


def _which(key: str, found: Candidates, bounds: Bounds, where: Where, **more: str) -> Fault:
    """Return the question which of several CRS it is."""
    fault = error(key, where, bounds=_shown(bounds), candidates=found, **more)
    return fault.proposing(*_proposals((*found, *older_datums(found[0])), where))


def _elsewhere(frame: gpd.GeoDataFrame, bounds: Bounds, area: Bounds, where: Where) -> Fault:
    """Return the question of a layer that lies far from where its codes say."""
    west, south, east, north = lon_lat_bounds(bounds, frame.crs)
    here = Candidate(0, (west + east) / 2, (south + north) / 2)
    found = Candidates(
        c
        for c in _others(candidates(bounds, area), frame.crs)
        if not is_elsewhere((c.lon, c.lat, c.lon, c.lat), area)
    )
    fault = warning(
        "layers.elsewhere",
        where,
        crs=label(frame.crs),
        spot=here.spot,
        area=f"{area[0]}-{area[2]}°E {area[1]}-{area[3]}°N",
    )
    fault = fault.proposing(*_proposals(found, where))
    return fault.proposing(accepting(fault))


def _proposals(found: Iterable[Candidate], where: Where) -> list[CrsDecision]:
    return [
        CrsDecision(
            file=where.file or "",
            crs=candidate.crs,
            note=f"{pyproj.CRS.from_epsg(candidate.epsg).name}: {candidate.spot}",
        )
        for candidate in found
    ]


def _others(found: Candidates, crs: pyproj.CRS) -> Candidates:
    """Return the candidates that are not the CRS itself."""
    known = crs.to_epsg()
    return Candidates(candidate for candidate in found if candidate.epsg != known)


def _is_off_zone(bounds: Bounds, crs: pyproj.CRS) -> bool:
    """Tell whether data lie far outside the zone of a Chinese Gauss-Krueger system."""
    try:
        datum = crs.geodetic_crs
        operation = crs.coordinate_operation
    except CRSError:
        # Stated in part only, yet of use.
        return False
    if datum is None or operation is None or not _CHINESE_DATUM.search(datum.name):
        return False
    named = "Longitude of natural origin"
    meridians = [float(p.value) for p in operation.params if p.name == named]
    if operation.method_name != "Transverse Mercator" or not meridians:
        return False
    try:
        west, _, east, _ = lon_lat_bounds(bounds, crs)
    except ProjError:
        return True
    return bool(
        max(abs(west - meridians[0]), abs(east - meridians[0])) > _FARTHEST_FROM_MERIDIAN_DEG
    )


def _with_crs(frame: gpd.GeoDataFrame, crs: pyproj.CRS | None) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries(np.asarray(frame.geometry.array), index=frame.index, crs=crs)
    # Setting a geometry without a CRS would keep the old one.
    name = str(frame.geometry.name)
    bare = gpd.GeoDataFrame(frame.drop(columns=name), geometry=shapes)
    return bare if name == "geometry" else bare.rename_geometry(name)


def _finite_bounds(frame: gpd.GeoDataFrame) -> Bounds | None:
    """Return the bounds of the coordinates that are numbers; None without any."""
    points = shapely.get_coordinates(np.asarray(frame.geometry.array))
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _flipped(bounds: Bounds) -> Bounds:
    minx, miny, maxx, maxy = bounds
    return miny, minx, maxy, maxx


def _inside(bounds: Bounds, box: Bounds) -> bool:
    return (
        bounds[0] >= box[0] and bounds[1] >= box[1] and bounds[2] <= box[2] and bounds[3] <= box[3]
    )


def _shown(bounds: Bounds) -> str:
    return ", ".join(f"{value:.8g}" for value in bounds)
