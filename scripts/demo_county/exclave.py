"""One village owns a patch of land inside another township (飞地)."""

from __future__ import annotations

import networkx as nx
import numpy as np

from demo_county.mosaic import Ints, Mosaic, piece_graph
from demo_county.townships import village_middles

NEAR_M, FAR_M = 3_000.0, 5_500.0
PATCH_PIECES = 4


def _patch(land: nx.Graph[int], village: Ints, host: int, township: Ints) -> list[int] | None:
    """Return pieces on the border of two villages of one township, or None."""
    for piece in sorted(np.flatnonzero(village == host).tolist()):
        ring = sorted(land[piece])
        homes = {int(village[other]) for other in ring}
        if len(homes) != 2 or len(ring) < 5 or len({int(township[h]) for h in homes}) != 1:
            continue
        patch = [piece, *ring][:PATCH_PIECES]
        outer = {int(township[village[n]]) for p in patch for n in land[p]}
        whole = all(
            nx.is_connected(land.subgraph(set(np.flatnonzero(village == h).tolist()) - set(patch)))
            for h in homes
        )
        if whole and outer == {int(township[host])} and nx.is_connected(land.subgraph(patch)):
            return patch
    return None


def add_exclave(mosaic: Mosaic, village: Ints, township: Ints, spared: int) -> tuple[Ints, int]:
    """Return the villages of the pieces with one exclave added, and the village that owns it.

    Parameters
    ----------
    mosaic, village, township
        The land, the village of each piece, the township of each village.
    spared
        A village that stays as it is.

    Raises
    ------
    RuntimeError
        If the map has no place for an exclave.
    """
    land = piece_graph(mosaic, across_rivers=False)
    middles = village_middles(mosaic, village)
    pieces = np.bincount(village[village >= 0])
    for owner in np.argsort(-pieces, kind="stable").tolist():
        away = np.hypot(*(middles - middles[owner]).T)
        fits = (away > NEAR_M) & (away < FAR_M) & (township != township[owner]) & (pieces > 25)
        if owner == spared:
            continue
        for host in np.flatnonzero(fits).tolist():
            patch = _patch(land, village, host, township)
            if patch is None:
                continue
            if township[owner] not in {int(township[village[n]]) for p in patch for n in land[p]}:
                changed = village.copy()
                changed[patch] = owner
                return changed, owner
    raise RuntimeError("no place for an exclave: change the seed")
