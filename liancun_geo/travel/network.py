"""The road network of a county with its villages on it, and the times between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from liancun_geo.errors import Fault, SettingsError, Where, error, warning
from liancun_geo.settings import Settings, TravelSettings
from liancun_geo.travel.access import Access, find_access, reach_faults, starting_points_m
from liancun_geo.travel.classes import road_speeds
from liancun_geo.travel.noding import Breaks, Floats, Ints, count_crossings, node_lines
from liancun_geo.villages import VillageTable

_STARTS_AT_ONCE = 64
# The least, so that a stretch of no length is still an edge of the sparse matrix.
_LEAST_MIN = 1e-9


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads with the n villages of a county on them.

    The time from one village to another is the walk to the nearest road, the fastest way on the
    roads in either direction, and the walk at the other end. Where no road leads, it is the
    straight line times ``detour_factor`` at ``walking_km_h``: missing roads never make two
    villages look close.

    Attributes
    ----------
    minutes
        (v, v) travel time between neighbouring nodes, symmetric.
    points_m
        (n, 2) where the ways of each village start.
    access
        Where each village enters the roads.
    piece
        (n,) number of the connected piece of the network, -1 without road.
    walking_km_h, detour_factor
        As in the settings.
    warnings
        What a planner should know, villages without road by name.
    """

    minutes: csr_array
    points_m: Floats
    access: Access
    piece: Ints
    walking_km_h: float
    detour_factor: float
    warnings: tuple[Fault, ...] = ()

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.points_m)

    def times_min(self, starts: Ints, ends: Ints) -> Floats:
        """Return the travel times from some villages to others.

        Parameters
        ----------
        starts, ends
            (a,) and (b,) positions of villages.

        Returns
        -------
        numpy.ndarray
            (a, b) minutes; a village is 0 from itself. The way there takes as long as the way
            back.
        """
        starts, ends = np.asarray(starts, dtype=np.intp), np.asarray(ends, dtype=np.intp)
        gap_m = self.points_m[starts][:, None, :] - self.points_m[ends][None, :, :]
        straight_m = np.hypot(gap_m[..., 0], gap_m[..., 1])
        times = np.asarray(straight_m * self.detour_factor * 0.06 / self.walking_km_h)
        joined = (self.piece[starts][:, None] == self.piece[ends][None, :]) & (
            self.piece[starts][:, None] >= 0
        )
        for begin in range(0, len(starts), _STARTS_AT_ONCE):
            part = slice(begin, begin + _STARTS_AT_ONCE)
            on_roads = self._on_roads(starts[part], ends, joined[part], straight_m[part])
            times[part] = np.where(joined[part], on_roads, times[part])
        same = starts[:, None] == ends[None, :]
        return np.where(same, 0.0, times)

    def block_min(self, villages: Ints) -> Floats:
        """Return the (k, k) times between some villages, minutes, exactly symmetric."""
        times = self.times_min(villages, villages)
        # There and back are added up in different orders.
        return np.minimum(times, times.T)

    def nearby_min(self, radius_km: float) -> tuple[Ints, Floats]:
        """Return the times of all pairs of villages within a radius.

        Parameters
        ----------
        radius_km
            As the crow flies.

        Returns
        -------
        pairs
            (k, 2) positions ``i < j``, sorted.
        times
            (k,) minutes.
        """
        tree = cKDTree(self.points_m)
        pairs = tree.query_pairs(radius_km * 1000.0, output_type="ndarray").astype(np.intp)
        pairs = np.sort(pairs, axis=1).reshape(-1, 2)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        # Starts that lie together have their ends in common.
        order = _by_place(self.points_m, np.unique(pairs[:, 0]), radius_km * 500.0)
        times = np.zeros(len(pairs))
        first = np.searchsorted(pairs[:, 0], order)
        count = np.searchsorted(pairs[:, 0], order, side="right") - first
        for begin in range(0, len(order), _STARTS_AT_ONCE):
            part = slice(begin, begin + _STARTS_AT_ONCE)
            rows = np.concatenate(
                [np.arange(f, f + c) for f, c in zip(first[part], count[part], strict=True)]
            )
            ends, column = np.unique(pairs[rows, 1], return_inverse=True)
            row = np.repeat(np.arange(len(order[part])), count[part])
            times[rows] = self._pairwise(order[part], ends, row, column)
        return pairs, times

    def _pairwise(self, starts: Ints, ends: Ints, row: Ints, column: Ints) -> Floats:
        """Return the times of some entries of the (starts, ends) table only."""
        gap_m = self.points_m[starts[row]] - self.points_m[ends[column]]
        straight_m = np.hypot(gap_m[:, 0], gap_m[:, 1])
        piece = self.piece[starts[row]]
        joined = (piece == self.piece[ends[column]]) & (piece >= 0)
        wanted = np.zeros((len(starts), len(ends)), dtype=np.bool_)
        wanted[row, column] = joined
        far_m = np.zeros(wanted.shape)
        far_m[row, column] = straight_m
        on_roads = self._on_roads(starts, ends, wanted, far_m)[row, column]
        walked = straight_m * self.detour_factor * 0.06 / self.walking_km_h
        return np.where(joined, on_roads, walked)

    def _on_roads(
        self, starts: Ints, ends: Ints, wanted: NDArray[np.bool_], straight_m: Floats
    ) -> Floats:
        """Return (a, b) times on the roads where wanted; elsewhere anything."""
        found = np.full(wanted.shape, np.inf)
        walk = self.access.walk_m * 0.06 / self.walking_km_h
        to = self.access.node[ends]
        # Far enough for most pairs at 40 km/h; the search goes on where it is not.
        limit = 5.0 + 0.003 * float(np.max(straight_m, where=wanted, initial=0.0))
        rows = np.flatnonzero(wanted.any(axis=1))
        while len(rows):
            ways = dijkstra(
                self.minutes, directed=True, indices=self.access.node[starts[rows]], limit=limit
            )[:, to]
            ways += walk[starts[rows]][:, None] + walk[ends][None, :]
            found[rows] = ways
            rows = rows[(np.isinf(ways) & wanted[rows]).any(axis=1)]
            limit = limit * 2.0 if limit < 1e6 else np.inf
        return found


def _by_place(points_m: Floats, villages: Ints, square_m: float) -> Ints:
    """Return the villages ordered by squares of the map."""
    at = np.floor(points_m[villages] / max(square_m, 1.0))
    return villages[np.lexsort((villages, at[:, 1], at[:, 0]))]


def build_network(
    villages: VillageTable,
    roads: gpd.GeoDataFrame,
    settings: TravelSettings,
    *,
    seats: gpd.GeoSeries | None = None,
) -> RoadNetwork:
    """Put the villages of a county on its roads.

    Nodes are found by :func:`~liancun_geo.travel.noding.node_lines`, speeds by
    :func:`~liancun_geo.travel.classes.road_speeds`. One-way roads are travelled on both ways.

    Parameters
    ----------
    villages
        n villages in a projected CRS in metres.
    roads
        LineStrings in the same CRS with a column ``road_class`` (text, None where missing), as
        :func:`liancun_geo.intake.roads.read_surroundings` returns them.
    settings
        Speeds and tolerances.
    seats
        Points in the same CRS.

    Raises
    ------
    SettingsError
        If no road can be travelled on.
    DataError
        If the lines are no road network.
    ValueError
        If roads or seats are in another CRS: a fault of the program.
    """
    frame = villages.frame
    for layer in (roads, seats):
        if layer is not None and layer.crs != frame.crs:
            raise ValueError(f"villages are in {frame.crs}, roads or seats in {layer.crs}")
    lines = np.asarray(roads.geometry.array, dtype=object)
    length_m = shapely.length(lines)
    speed, enterable, notes = road_speeds(roads["road_class"], length_m, settings)
    used = speed > 0
    if not used.any():
        raise SettingsError([error("roads.none_travelled"), *notes])
    lines, speed, enterable = lines[used], speed[used], enterable[used]
    breaks = node_lines(lines, settings.snap_tolerance_m)
    crossings = count_crossings(lines, breaks)
    km = f"{length_m[used].sum() / 1000:.1f}"
    notes.insert(0, warning("roads.read", count=len(lines), km=km))
    if crossings:
        notes.append(warning("roads.crossings", count=crossings))
    points_m, more = starting_points_m(villages, seats)
    notes += more
    access, breaks = find_access(points_m, lines, enterable, breaks, settings.max_access_m)
    minutes = _minutes(breaks, speed)
    _, piece_of = connected_components(minutes, directed=False)
    piece = np.where(access.node >= 0, piece_of[access.node], -1).astype(np.intp)
    notes += reach_faults(villages, access, piece, settings)
    return RoadNetwork(
        minutes,
        points_m,
        access,
        piece,
        settings.walking_km_h,
        settings.detour_factor,
        tuple(notes),
    )


def _minutes(breaks: Breaks, speed_km_h: Floats) -> csr_array:
    """Return the travel times between neighbouring nodes, the fastest of parallel stretches."""
    line, ends, length_m = breaks.stretches()
    times = np.maximum(length_m * 0.06 / speed_km_h[line], _LEAST_MIN)
    low, high = ends.min(axis=1, initial=breaks.n_nodes), ends.max(axis=1, initial=0)
    order = np.lexsort((times, high, low))
    low, high, times = low[order], high[order], times[order]
    first = np.ones(len(low), dtype=np.bool_)
    # Entries of a sparse matrix that name the same place would be added up.
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    low, high, times = low[first], high[first], times[first]
    there, back = np.concatenate([low, high]), np.concatenate([high, low])
    shape = (breaks.n_nodes, breaks.n_nodes)
    return coo_array((np.tile(times, 2), (there, back)), shape=shape).tocsr()


def network_for(
    villages: VillageTable,
    roads: gpd.GeoDataFrame | None,
    settings: Settings,
    *,
    seats: gpd.GeoSeries | None = None,
) -> RoadNetwork | None:
    """Put the villages of a county on its roads, if it has any.

    Raises
    ------
    SettingsError
        If there are none and the settings limit the travel time.
    """
    if roads is not None:
        return build_network(villages, roads, settings.travel, seats=seats)
    if settings.rules.max_travel_min is not None:
        raise SettingsError([error("roads.not_given", Where(field="rules.max_travel_min"))])
    return None


def travel_notes(
    network: RoadNetwork | None, settings: Settings, times_min: Iterable[Floats]
) -> list[Fault]:
    """Return what is said of the roads, which proximity was used, and what is too far.

    Parameters
    ----------
    network
        None without roads: nothing is said.
    settings
        As used for the plan.
    times_min
        (k, k) travel times of each zone, minutes.
    """
    if network is None:
        return []
    by_time = settings.criteria.proximity == "travel_time"
    notes = [
        *network.warnings,
        warning("roads.by_travel_time" if by_time else "roads.by_straight_line"),
    ]
    limit = settings.rules.max_travel_min
    if limit is not None:
        too_far = sum(int(np.count_nonzero(block > limit)) for block in times_min) // 2
        notes.append(warning("roads.too_far", count=too_far, limit=f"{limit:g}"))
    return notes
