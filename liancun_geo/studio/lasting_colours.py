"""An alliance keeps its colour for life: through edits and in every plan of a project."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from liancun_geo.output.picture.colours import PALETTE, TOO_LIKE

DISTANCES = np.array(
    [
        [0.0, 39.2, 23.7, 25.9, 14.3, 38.0, 14.4, 32.4, 9.8, 6.1],
        [39.2, 0.0, 13.8, 12.6, 28.1, 9.0, 22.2, 10.3, 34.3, 31.6],
        [23.7, 13.8, 0.0, 7.2, 13.4, 15.3, 10.0, 8.8, 19.0, 14.2],
        [25.9, 12.6, 7.2, 0.0, 19.6, 9.3, 9.0, 11.1, 24.2, 17.1],
        [14.3, 28.1, 13.4, 19.6, 0.0, 29.9, 15.0, 17.7, 5.4, 10.5],
        [38.0, 9.0, 15.3, 9.3, 29.9, 0.0, 19.8, 15.8, 35.5, 30.2],
        [14.4, 22.2, 10.0, 9.0, 15.0, 19.8, 0.0, 18.8, 15.1, 7.4],
        [32.4, 10.3, 8.8, 11.1, 17.7, 15.8, 18.8, 0.0, 25.9, 22.9],
        [9.8, 34.3, 19.0, 24.2, 5.4, 35.5, 15.1, 25.9, 0.0, 7.9],
        [6.1, 31.6, 14.2, 17.1, 10.5, 30.2, 7.4, 22.9, 7.9, 0.0],
    ]
)
"""Smallest CIEDE2000 distance of two fills for normal, protanope and deuteranope sight."""

_ROUNDS = 5
_FAR: list[list[float]] = DISTANCES.tolist()
_LIKE = [
    [one == two or frozenset((one, two)) in TOO_LIKE for two in range(len(PALETTE))]
    for one in range(len(PALETTE))
]


@dataclass(frozen=True, eq=False)
class LastingColours:
    """Which colour every alliance has had so far; a value that grows with each plan.

    Attributes
    ----------
    by_lead
        Code of a lead village to its place in the palette: every alliance there has been.
    by_village
        Code of a village to the colour it was last seen in: an alliance under a new lead keeps
        the colour of most of its villages.
    """

    by_lead: Mapping[str, int] = field(default_factory=dict)
    by_village: Mapping[str, int] = field(default_factory=dict)

    def after(
        self,
        of: ArrayLike,
        leads: Sequence[int],
        codes: Sequence[str],
        touching: Iterable[tuple[int, int]] | NDArray[np.intp],
        townships: Sequence[Hashable] | NDArray[np.intp],
    ) -> tuple[LastingColours, tuple[int, ...]]:
        """Return the colours with a plan taken in, and the colour of each of its alliances.

        Parameters
        ----------
        of
            (n,) alliance of each village, -1 if left out.
        leads
            (a,) lead village of each alliance.
        codes
            (n,) of the villages.
        touching
            Pairs of villages that touch on the map.
        townships
            (n,) of the villages.

        Notes
        -----
        Known alliances keep their colour. New ones take, in the order of DSATUR (Brélaz 1979),
        the colour farthest from their neighbours', then the one least used. Only where two like
        colours touch is the smaller alliance recoloured.
        """
        alliance = np.asarray(of, dtype=np.intp)
        graph = _graph(alliance, len(leads), touching)
        sizes = np.bincount(alliance[alliance >= 0], minlength=len(leads))
        zones = [townships[lead] for lead in leads]
        colours = self._kept(alliance, leads, codes)
        painter = _Painter(graph, zones, colours)
        painter.paint_new()
        painter.part(sizes)
        found = tuple(painter.colours[number] for number in range(len(leads)))
        return self.seen_in(alliance, leads, codes, found), found

    def seen_in(
        self, of: ArrayLike, leads: Sequence[int], codes: Sequence[str], colours: Sequence[int]
    ) -> LastingColours:
        """Return the colours with those of a plan that was shown in given ones.

        Parameters
        ----------
        of, leads, codes
            As for :meth:`after`.
        colours
            (a,) of the alliances.
        """
        alliance = np.asarray(of, dtype=np.intp)
        by_lead = dict(self.by_lead)
        by_lead.update((codes[lead], colours[number]) for number, lead in enumerate(leads))
        by_village = dict(self.by_village)
        for village in np.flatnonzero(alliance >= 0).tolist():
            by_village[codes[village]] = colours[alliance[village]]
        return LastingColours(by_lead, by_village)

    def _kept(
        self, alliance: NDArray[np.intp], leads: Sequence[int], codes: Sequence[str]
    ) -> dict[int, int]:
        kept = {
            number: self.by_lead[codes[lead]]
            for number, lead in enumerate(leads)
            if codes[lead] in self.by_lead
        }
        for number in range(len(leads)):
            if number in kept:
                continue
            villages = np.flatnonzero(alliance == number)
            seen = [self.by_village.get(codes[village], -1) for village in villages.tolist()]
            counts = np.bincount([one for one in seen if one >= 0], minlength=len(PALETTE))
            best = int(np.argmax(counts))
            if 2 * int(counts[best]) > len(villages):
                kept[number] = best
        return kept


class _Painter:
    """Colours being given; how often each is used is counted along, in all and by township."""

    def __init__(
        self, graph: nx.Graph[int], zones: Sequence[Hashable], kept: Mapping[int, int]
    ) -> None:
        self.graph, self.zones = graph, zones
        self.colours: dict[int, int] = {}
        self._used = [0] * len(PALETTE)
        self._local = {zone: [0] * len(PALETTE) for zone in zones}
        for node, colour in kept.items():
            self._give(node, colour)

    def paint_new(self) -> None:
        """Colour what has none yet, the most constrained first, and mend it a few times."""
        new = sorted(set(self.graph) - set(self.colours))
        left = set(new)
        near = {one: self._colours_around(one) for one in new}
        while left:
            node = max(left, key=lambda one: (len(near[one]), self.graph.degree[one], -one))
            left.discard(node)
            self._give(node, self._best(node))
            for other in self.graph[node]:
                if other in left:
                    near[other].add(self.colours[node])
        for _ in range(_ROUNDS):
            changed = False
            for node in new:
                before = self._take(node)
                self._give(node, self._best(node))
                changed |= self.colours[node] != before
            if not changed:
                return

    def part(self, sizes: NDArray[np.intp]) -> None:
        """Recolour the smaller of two alliances whose like colours touch, else the larger.

        What one change makes worse elsewhere is looked at again a few times.
        """
        edges = sorted(tuple(sorted(edge)) for edge in self.graph.edges)
        for _ in range(_ROUNDS):
            changed = False
            for edge in edges:
                by_size = sorted(edge, key=lambda node: (int(sizes[node]), -node))
                changed |= any(self._parted(node, edge) for node in by_size) or any(
                    self._pushed(node, edge) for node in by_size
                )
            if not changed:
                return

    def _parted(self, node: int, edge: tuple[int, ...]) -> bool:
        """Recolour one end of an edge of likes if fewer of its neighbours are like it then."""
        if not _alike(*(self.colours[end] for end in edge)):
            return False
        old = self._take(node)
        better = self._best(node)
        around = [self.colours[other] for other in self.graph[node]]
        alike = sum(_alike(better, other) for other in around)
        # A change that mends nothing would only confuse.
        mends = alike < sum(_alike(old, other) for other in around)
        self._give(node, better if mends else old)
        return mends

    def _pushed(self, node: int, edge: tuple[int, ...]) -> bool:
        """Recolour an end of an edge and those who would mind, where no end alone can be helped."""
        if not _alike(*(self.colours[end] for end in edge)):
            return False
        for colour in range(len(PALETTE)):
            minding = [other for other in self.graph[node] if _alike(colour, self.colours[other])]
            touched = [node, *sorted(minding)]
            was = {one: self.colours[one] for one in touched}
            before = self._likes(touched)
            self._take(node)
            self._give(node, colour)
            for one in touched[1:]:
                self._take(one)
                self._give(one, self._best(one))
            if self._likes(touched) < before:
                return True
            for one, old in was.items():
                self._take(one)
                self._give(one, old)
        return False

    def _likes(self, nodes: Sequence[int]) -> int:
        """Return how many pairs of like colours touch at these alliances."""
        pairs = {tuple(sorted((one, other))) for one in nodes for other in self.graph[one]}
        return sum(_alike(*(self.colours[end] for end in pair)) for pair in pairs)

    def _give(self, node: int, colour: int) -> None:
        self.colours[node] = colour
        self._used[colour] += 1
        self._local[self.zones[node]][colour] += 1

    def _take(self, node: int) -> int:
        colour = self.colours.pop(node)
        self._used[colour] -= 1
        self._local[self.zones[node]][colour] -= 1
        return colour

    def _colours_around(self, node: int) -> set[int]:
        return {self.colours[other] for other in self.graph[node] if other in self.colours}

    def _best(self, node: int) -> int:
        around = sorted(self._colours_around(node))
        local = self._local[self.zones[node]]

        def worth(colour: int) -> tuple[int, int, float, int, int]:
            alike = sum(_alike(colour, other) for other in around)
            near = min((_FAR[colour][other] for other in around), default=99.0)
            # Past 14 no eye is helped by more; then it counts that all colours are in use.
            return alike, local[colour], -min(near, 14.0), self._used[colour], colour

        return min(range(len(PALETTE)), key=worth)


def _alike(one: int, two: int) -> bool:
    return _LIKE[one][two]


def _graph(
    alliance: NDArray[np.intp], count: int, touching: Iterable[tuple[int, int]] | NDArray[np.intp]
) -> nx.Graph[int]:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(count))
    pairs = np.asarray(
        touching if isinstance(touching, np.ndarray) else list(touching), dtype=np.intp
    ).reshape(-1, 2)
    sides = np.sort(alliance[pairs], axis=1)
    apart = (sides[:, 0] >= 0) & (sides[:, 0] != sides[:, 1])
    graph.add_edges_from(tuple(pair) for pair in np.unique(sides[apart], axis=0).tolist())
    return graph
