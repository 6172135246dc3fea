"""Villages to townships: connected, of given sizes, with one village cut off by the river."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import networkx as nx
import numpy as np
from scipy.optimize import linear_sum_assignment

from demo_county.mosaic import Floats, Ints, Mosaic, SmoothNoise

NORTH_SIZES = (45, 31, 19, 15, 6)
"""Villages of the townships north of the main river."""
SOUTH_SIZES = (39, 34, 27, 24, 21)
"""Villages of the townships south of it."""


@dataclass(frozen=True)
class Neighbours:
    """Borders between villages in metres, apart by whether a river runs along them."""

    land: nx.Graph[int]
    river: nx.Graph[int]


def village_borders(mosaic: Mosaic, village: Ints) -> Neighbours:
    """Return which villages share how many metres of border, on land and along rivers."""
    sides = village[mosaic.ridge_pieces]
    keep = (sides[:, 0] != sides[:, 1]) & (sides >= 0).all(axis=1)
    ends = mosaic.corners[mosaic.ridge_corners]
    length = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    at_river = mosaic.river_ridges()
    graphs: tuple[nx.Graph[int], nx.Graph[int]] = (nx.Graph(), nx.Graph())
    for graph in graphs:
        graph.add_nodes_from(range(int(village.max()) + 1))
    for r in np.flatnonzero(keep).tolist():
        a, b = sides[r].tolist()
        graph = graphs[int(at_river[r])]
        before = graph.edges[a, b]["weight"] if graph.has_edge(a, b) else 0.0
        graph.add_edge(a, b, weight=before + float(length[r]))
    return Neighbours(*graphs)


def village_middles(mosaic: Mosaic, village: Ints) -> Floats:
    """Return the mean of the pieces of each village, shape (villages, 2)."""
    count = int(village.max()) + 1
    return np.array([mosaic.points[village == v].mean(axis=0) for v in range(count)])


def _share_out(
    middles: Floats, land: nx.Graph[int], sizes: tuple[int, ...], rng: np.random.Generator
) -> Ints:
    """Return a township for each village of one bank: sizes exact, each one connected.

    Alternates between assigning villages to centres (a transport problem with exact sizes) and
    moving the centres, from random starts, until every township is one piece.
    """
    villages = sorted(land.nodes)
    at = middles[villages]
    blur = np.column_stack([SmoothNoise(rng, 9_000)(at), SmoothNoise(rng, 9_000)(at)])
    at = at + 1_300 * blur
    slots = np.repeat(np.arange(len(sizes)), sizes)
    best: tuple[float, Ints] | None = None
    for _ in range(40):
        centres = at[rng.choice(len(at), len(sizes), replace=False)]
        for _ in range(12):
            cost = ((at[:, None] - centres[None]) ** 2).sum(axis=2)[:, slots]
            _, columns = linear_sum_assignment(cost)
            township = slots[columns]
            centres = np.array([at[township == t].mean(axis=0) for t in range(len(sizes))])
        total = float(cost[np.arange(len(at)), columns].sum())
        whole = all(
            nx.is_connected(
                land.subgraph([v for v, t in zip(villages, township, strict=True) if t == k])
            )
            for k in range(len(sizes))
        )
        if whole and (best is None or total < best[0]):
            best = total, township
    if best is None:
        raise RuntimeError("no connected townships of these sizes: change the seed or the sizes")
    return best[1]


def _cut_off(
    township: Ints, borders: Neighbours, pieces: Ints, receiver: int, giver: int
) -> int | None:
    """Return a village of ``giver`` that may go over to the township across the river."""
    members = np.flatnonzero(township == giver)
    for village in members[np.argsort(pieces[members], kind="stable")].tolist():
        across = borders.river[village]
        facing = sum(across[v]["weight"] for v in across if township[v] == receiver)
        if facing < 1_500 or any(township[v] != receiver for v in across) or pieces[village] < 12:
            continue
        rest = [v for v in members.tolist() if v != village]
        if len(across) >= 2 and nx.is_connected(borders.land.subgraph(rest)):
            return int(village)
    return None


def assign_townships(
    mosaic: Mosaic, village: Ints, borders: Neighbours, seed: int
) -> tuple[Ints, int]:
    """Return the township of each village and the village that the river cuts off.

    The main river parts the townships; one village on the south bank belongs to a township
    of the north bank.

    Raises
    ------
    RuntimeError
        If the seed gives a map on which this is impossible.
    """
    middles = village_middles(mosaic, village)
    banks = sorted(
        nx.connected_components(borders.land), key=lambda bank: -middles[sorted(bank), 1].mean()
    )
    if [len(bank) for bank in banks] != [sum(NORTH_SIZES) - 1, sum(SOUTH_SIZES) + 1]:
        raise RuntimeError(f"villages on the banks: {[len(bank) for bank in banks]}")
    pieces = np.bincount(village[village >= 0])
    first_south = len(NORTH_SIZES)
    for receiver, giver in product(range(first_south), range(first_south, 10)):
        rng = np.random.default_rng([seed, 2, receiver, giver])
        sizes = np.array([*NORTH_SIZES, *SOUTH_SIZES])
        sizes[receiver] -= 1
        sizes[giver] += 1
        township = np.full(len(middles), -1)
        for first, bank, part in (
            (0, banks[0], sizes[:first_south]),
            (first_south, banks[1], sizes[first_south:]),
        ):
            villages = sorted(bank)
            township[villages] = first + _share_out(
                middles, borders.land.subgraph(villages), tuple(part.tolist()), rng
            )
        lost = _cut_off(township, borders, pieces, receiver, giver)
        if lost is not None:
            township[lost] = receiver
            return township, lost
    raise RuntimeError("no village can be cut off: change the seed")
