"""From the village table to the contiguity graph, with the findings a planner should see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from liancun_geo.contiguity.borders import SharedBorders, shared_borders
from liancun_geo.contiguity.bridges import bridged_pairs, road_crossings
from liancun_geo.contiguity.drawn import barriers_in_force, idle_lines
from liancun_geo.contiguity.graph import BarredPair, ContiguityGraph, zone_numbers
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.messages import Listing
from liancun_geo.settings import ContiguitySettings
from liancun_geo.villages import VillageTable, positions_by_code, village_where

# Lengths are exact to about a micrometre; a border of the very minimum must not fall short.
_ROUNDING_M = 1e-6
_NAMES_SHOWN = 12
_LINKS_TOLD = 200
"""Wrong links told one by one; a list that is wrong throughout needs no more."""


def build_contiguity(
    villages: VillageTable,
    settings: ContiguitySettings = ContiguitySettings(),
    *,
    barriers: gpd.GeoSeries | None = None,
    bridges: gpd.GeoSeries | None = None,
    roads: gpd.GeoSeries | None = None,
    zones: Sequence[object] | NDArray[Any] | None = None,
) -> ContiguityGraph:
    """Find the neighbours of every village by the length of the border they share.

    Two villages are neighbours if their shared border, less the part along a barrier, is at
    least ``min_shared_border_m`` long (and longer than 0), or if they are linked by hand. The
    exact measure stands at the head of :mod:`liancun_geo.contiguity.borders`: in short, the
    length of i's boundary within ``gap_tolerance_m`` of j's, or the other way round, whichever
    is less; a touch in a corner has length 0. A border that is long enough but for a barrier
    counts in full again where a bridge leads across it
    (:mod:`liancun_geo.contiguity.bridges`).

    Parameters
    ----------
    villages
        n villages in a projected CRS in metres. A missing or empty geometry is an isolate.
    settings
        Lengths, parts, links.
    barriers
        Rivers, motorways: lines and polygons in the CRS of ``villages``, as
        :func:`liancun_geo.intake.read_barriers` returns them; those drawn by hand in the
        settings count with them.
    bridges
        Bridges, fords, tunnels: geometries of any kind in the CRS of ``villages``.
    roads
        Lines in the CRS of ``villages``; used if ``settings.bridges_from_roads``.
    zones
        (n,) labels, for example township codes. They do not change the edges: villages without
        a neighbour inside their zone and zones in several pieces are reported.

    Returns
    -------
    ContiguityGraph
        With barred and bridged pairs, and findings as warnings. The same for any order of the
        villages, up to that order.

    Raises
    ------
    DataError
        With every link that names an unknown village or joins a village to itself.
    ValueError
        If the CRS is not projected in metres, differs from that of barriers, bridges or roads,
        or there is not one zone label per village: a fault of the program.
    """
    frame = villages.frame
    _check_crs(frame, barriers=barriers, bridges=bridges, roads=roads)
    barriers = barriers_in_force(barriers, settings, frame.crs)
    codes = tuple(str(code) for code in frame["code"])
    links = _read_links(codes, settings.links)
    borders = shared_borders(
        np.asarray(frame.geometry.array, dtype=object),
        tolerance_m=settings.gap_tolerance_m,
        main_part_only=settings.parts == "main",
        barriers=barriers,
        barrier_tolerance_m=settings.barrier_tolerance_m,
    )
    cut = _cut(borders, settings.min_shared_border_m)
    bridged, notes = _bridged(villages, borders.pairs, cut, settings, barriers, bridges, roads)
    graph = _assemble(codes, borders, links, settings.min_shared_border_m, bridged)
    findings = [*notes, *_barred_pairs(villages, graph, zones), *_isolated(villages, graph, zones)]
    findings += _idle(frame, settings, borders.pairs[cut])
    if zones is not None:
        findings += _disconnected(villages, graph, zones)
    return ContiguityGraph(
        graph.codes,
        graph.edges,
        graph.shared_border_m,
        graph.is_link,
        graph.barred,
        tuple(findings),
        graph.bridged,
    )


def _check_crs(frame: gpd.GeoDataFrame, **layers: gpd.GeoSeries | None) -> None:
    crs = frame.crs
    if crs is not None and (
        not crs.is_projected or any(axis.unit_conversion_factor != 1 for axis in crs.axis_info)
    ):
        raise ValueError(f"contiguity needs a projected CRS in metres, not {crs.name}")
    for name, layer in layers.items():
        if layer is not None and None not in (crs, layer.crs) and layer.crs != crs:
            raise ValueError(f"{name} are in {layer.crs.name}, villages in {crs.name}")


def _read_links(codes: tuple[str, ...], links: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return the positions of the links, each pair once and sorted, or raise every fault."""
    position = positions_by_code(codes)
    faults: list[Fault] = []
    pairs = set()
    for number, (one, two) in enumerate(links, start=1):
        where = Where(field=f"contiguity.links[{number}]")
        pair = f"{one} - {two}"
        unknown = [code for code in dict.fromkeys((one, two)) if code not in position]
        faults += [error("contiguity.unknown_link", where, pair=pair, unknown=c) for c in unknown]
        if one == two:
            faults.append(error("contiguity.link_to_itself", where, pair=pair))
        elif not unknown:
            i, j = sorted((position[one], position[two]))
            pairs.add((i, j))
    if faults:
        more = len(faults) - _LINKS_TOLD
        where = Where(field="contiguity.links")
        rest = [error("contiguity.more_links", where, count=more)] if more > 0 else []
        raise DataError([*faults[:_LINKS_TOLD], *rest])
    return sorted(pairs)


def _idle(
    frame: gpd.GeoDataFrame, settings: ContiguitySettings, cut: NDArray[np.intp]
) -> list[Fault]:
    """Report the barriers drawn by hand that part nobody: whoever drew them meant something."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    idle = idle_lines(settings, frame.crs, shapes, cut)
    if not idle:
        return []
    where = Where(field="contiguity.drawn_barriers")
    numbers = _listed([str(number) for number in idle])
    tolerance = f"{settings.barrier_tolerance_m:g}"
    return [
        warning(
            "contiguity.drawn_unused",
            where,
            count=len(idle),
            numbers=numbers,
            tolerance=tolerance,
        )
    ]


def _cut(borders: SharedBorders, minimum_m: float) -> NDArray[np.bool_]:
    """Return which borders are long enough, but not without the part along a barrier."""
    return (borders.shared_m >= minimum_m - _ROUNDING_M) & ~_long_enough(
        borders.shared_m - borders.lost_m, minimum_m
    )


def _long_enough(left_m: NDArray[np.float64], minimum_m: float) -> NDArray[np.bool_]:
    # Without the second condition a minimum of 0 would bring back what a barrier took in full.
    return (left_m >= minimum_m - _ROUNDING_M) & (left_m > _ROUNDING_M)


def _bridged(
    villages: VillageTable,
    pairs: NDArray[np.intp],
    cut: NDArray[np.bool_],
    settings: ContiguitySettings,
    barriers: gpd.GeoSeries | None,
    bridges: gpd.GeoSeries | None,
    roads: gpd.GeoSeries | None,
) -> tuple[NDArray[np.bool_], list[Fault]]:
    """Return which of the cut borders a bridge leads across, and what was noticed."""
    bridged = np.zeros(len(pairs), dtype=np.bool_)
    given = np.array([] if bridges is None else bridges.dropna(), dtype=object)
    found = np.array([], dtype=object)
    if settings.bridges_from_roads and roads is not None and barriers is not None:
        found = road_crossings(np.asarray(roads.array, dtype=object), barriers)
    ways = np.concatenate([given, found])
    if barriers is None or not len(ways):
        return bridged, []
    bridged[cut], used = bridged_pairs(
        np.asarray(villages.frame.geometry.array, dtype=object),
        pairs[cut],
        ways,
        tolerance_m=settings.bridge_tolerance_m,
        gap_tolerance_m=settings.gap_tolerance_m,
        main_part_only=settings.parts == "main",
    )
    notes: list[Fault] = []
    names = villages.frame["name"].tolist()
    if bridged.any():
        shown = [f"{names[i]}–{names[j]}" for i, j in pairs[bridged].tolist()]
        notes.append(warning("roads.bridged", count=len(shown), pairs=_listed(shown)))
    # A road crosses rivers everywhere; of bridges that somebody drew, each was meant.
    idle = int((~used[: len(given)]).sum())
    if idle:
        tolerance = f"{settings.bridge_tolerance_m:g}"
        notes.append(
            warning("roads.bridges_unused", count=idle, total=len(given), tolerance=tolerance)
        )
    return bridged, notes


def _assemble(
    codes: tuple[str, ...],
    borders: SharedBorders,
    links: list[tuple[int, int]],
    minimum_m: float,
    bridged: NDArray[np.bool_],
) -> ContiguityGraph:
    n = np.int64(max(len(codes), 1))
    linked = np.array(links, dtype=np.intp).reshape(-1, 2)
    key = borders.pairs[:, 0] * n + borders.pairs[:, 1]
    link_key = linked[:, 0] * n + linked[:, 1]
    left = np.where(bridged, borders.shared_m, borders.shared_m - borders.lost_m)
    neighbour = _long_enough(left, minimum_m)
    edge_key = np.union1d(key[neighbour], link_key)
    edges = np.column_stack([edge_key // n, edge_key % n]).astype(np.intp)
    length = np.zeros(len(edge_key))
    _, of_edge, of_border = np.intersect1d(edge_key, key, return_indices=True)
    length[of_edge] = left[of_border]
    cut = _cut(borders, minimum_m) & ~bridged & ~np.isin(key, link_key)
    return ContiguityGraph(
        codes,
        edges,
        length,
        np.isin(edge_key, link_key),
        _barred(borders, cut),
        bridged=_barred(borders, bridged),
    )


def _barred(borders: SharedBorders, which: NDArray[np.bool_]) -> tuple[BarredPair, ...]:
    return tuple(
        BarredPair(int(i), int(j), float(shared), float(lost))
        for (i, j), shared, lost in zip(
            borders.pairs[which], borders.shared_m[which], borders.lost_m[which], strict=True
        )
    )


def _barred_pairs(
    villages: VillageTable,
    graph: ContiguityGraph,
    zones: Sequence[object] | NDArray[Any] | None,
) -> list[Fault]:
    """Report the barred pairs of each zone; a pair across zones is of no use to anybody."""
    names = villages.frame["name"].tolist()
    zone_of = np.zeros(graph.n, dtype=np.intp) if zones is None else zone_numbers(zones, graph.n)
    pairs: dict[int, list[BarredPair]] = {}
    for pair in graph.barred:
        if zone_of[pair.i] == zone_of[pair.j]:
            pairs.setdefault(int(zone_of[pair.i]), []).append(pair)
    return [
        warning(
            "contiguity.barred",
            Where(township=_zone_name(villages, members, zones[members[0]]))
            if zones is not None
            else Where(),
            count=len(barred),
            pairs=_listed([f"{names[p.i]}–{names[p.j]} ({p.lost_m:.0f} m)" for p in barred]),
        )
        for barred in pairs.values()
        for members in [[p.i for p in barred]]
    ]


def _isolated(
    villages: VillageTable,
    graph: ContiguityGraph,
    zones: Sequence[object] | NDArray[Any] | None,
) -> list[Fault]:
    names = villages.frame["name"].tolist()
    inner = graph if zones is None else graph.within(zones)
    found = []
    for i in inner.isolates.tolist():
        outside = graph.neighbours(i).tolist()
        if not outside:
            found.append(warning("contiguity.isolated", village_where(villages.frame, i)))
        elif zones is not None:
            found.append(
                warning(
                    "contiguity.isolated_in_zone",
                    village_where(villages.frame, i),
                    zone=_zone_name(villages, [i], zones[i]),
                    outside=_listed([names[j] for j in outside]),
                )
            )
    return found


def _disconnected(
    villages: VillageTable, graph: ContiguityGraph, zones: Sequence[object] | NDArray[Any]
) -> list[Fault]:
    names = villages.frame["name"].tolist()
    pieces: dict[int, dict[int, list[int]]] = {}
    zone_of, piece_of = zone_numbers(zones, graph.n), graph.components(zones)
    for i, (zone, piece) in enumerate(zip(zone_of.tolist(), piece_of.tolist(), strict=True)):
        pieces.setdefault(zone, {}).setdefault(piece, []).append(i)
    found = []
    for zone_pieces in pieces.values():
        if len(zone_pieces) == 1:
            continue
        members = sorted(i for piece in zone_pieces.values() for i in piece)
        ordered = sorted(zone_pieces.values(), key=lambda piece: (-len(piece), piece))
        zone = _zone_name(villages, members, zones[members[0]])
        found.append(
            warning(
                "contiguity.zone_disconnected",
                Where(township=zone),
                villages=len(members),
                count=len(ordered),
                pieces=" ".join(
                    f"({k}) {_listed([names[i] for i in piece])}"
                    for k, piece in enumerate(ordered, start=1)
                ),
            )
        )
    return found


def _zone_name(villages: VillageTable, members: list[int], label: object) -> str:
    """Return the township's name where the zone lies in one township, else the label."""
    townships = villages.frame["township"].iloc[members].unique()
    codes = villages.frame["township_code"].iloc[members].unique()
    if len(townships) == 1 and label in (townships[0], codes[0]):
        return str(townships[0])
    return str(label)


def _listed(names: list[str]) -> str:
    more = len(names) > _NAMES_SHOWN
    return Listing(names[:_NAMES_SHOWN], f" … ({len(names)})" if more else "")
