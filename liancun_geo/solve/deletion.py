"""A conflict as a value, and the deletion filter that finds the rules in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.arrays import BoolArray
from liancun_geo.solve.relaxation import Relaxation
from liancun_geo.solve.rule_items import RuleItem, ZoneCase
from liancun_geo.solve.stopping import Stop

FEW_NEIGHBOURS = 3
"""Villages that touch more than this many others are no corner cases of the map."""
SITUATIONS = 4
"""Villages whose situation is told."""


@dataclass(frozen=True, slots=True)
class Situation:
    """How one village lies on the map of its zone.

    Attributes
    ----------
    village
        Its position.
    neighbours
        Positions of the villages it touches inside its zone that take part and are not frozen.
    connected
        Number of villages that hang together with it, itself included.
    """

    village: int
    neighbours: tuple[int, ...]
    connected: int


@dataclass(frozen=True, eq=False)
class Conflict:
    """Rules that cannot be kept together, and ways out.

    Attributes
    ----------
    label
        Of the zone; None where all zones are looked at.
    village
        The village that nothing can hold; None if a whole zone has no plan.
    items
        The rules in conflict: together they cannot be kept, and without any one of them they
        can. Empty if time ran out, or if no rule but contiguity stands in the way.
    villages
        A smallest set (none of them can be spared) of villages that cannot all be placed under
        these rules; empty if coverage is no part of the conflict.
    relaxations
        Ways out, the gentlest first; each was tried.
    minimal
        Whether it is proven that no rule can be spared; False if a question stayed open.
    seconds
        Time it took.
    situations
        How the villages in question lie, those with the fewest neighbours first.
    whole
        Whether it is about rules over all zones, not about one zone.
    """

    label: Hashable
    village: int | None
    items: tuple[RuleItem, ...]
    villages: tuple[int, ...]
    relaxations: tuple[Relaxation, ...]
    minimal: bool
    seconds: float
    situations: tuple[Situation, ...] = ()
    whole: bool = False


def situations(case: ZoneCase, villages: Collection[int]) -> tuple[Situation, ...]:
    """Return how some villages lie, numbers of the case, if they touch few others."""
    told = []
    for zone in case.problem.zones:
        n = zone.n
        useful = np.isfinite(zone.pair_cost) & ~np.eye(n, dtype=bool)
        takes_part: BoolArray = np.asarray(useful.any(axis=0) | useful.any(axis=1) | (n == 1))
        edges = zone.edges[takes_part[zone.edges].all(axis=1)]
        graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
        _, piece = connected_components(graph, directed=False)
        size = np.bincount(piece, minlength=1)
        for v in np.flatnonzero(np.isin(zone.villages, list(villages))).tolist():
            touching = sorted({int(b if a == v else a) for a, b in edges.tolist() if v in (a, b)})
            if len(touching) <= FEW_NEIGHBOURS:
                of = case.villages[zone.villages]
                around = tuple(sorted(int(of[w]) for w in touching))
                told.append(Situation(int(of[v]), around, int(size[piece[v]])))
    return tuple(sorted(told, key=lambda s: (len(s.neighbours), s.village))[:SITUATIONS])


Possible = Callable[[Sequence[RuleItem]], bool | None]
"""Whether it can be done without some rules; None if time ran out before that was clear."""


def deletion_filter(
    items: Sequence[RuleItem], possible: Possible, seconds: float, stop: Stop
) -> tuple[list[RuleItem], bool]:
    """Return the rules that cannot be spared from the conflict, and whether that is proven.

    Parameters
    ----------
    items
        All rules, in the order of a conflict.
    possible
        Answers whether it can be done without some of them.
    seconds
        Time for all questions.
    stop
        When to stop.
    """
    gone: list[RuleItem] = []
    kept: list[RuleItem] = []
    certain = True
    deadline = min(stop.deadline, time.perf_counter() + seconds)

    def spare(some: list[RuleItem]) -> None:
        """Drop what can be dropped at once, else look at either half."""
        nonlocal certain
        answer = possible([*gone, *some]) if time.perf_counter() < deadline else None
        if answer is False:
            gone.extend(some)
        elif len(some) == 1:
            kept.extend(some)
            certain &= answer is True
        else:
            middle = len(some) // 2
            spare(some[middle:])
            spare(some[:middle])

    # The last ones go first: a conflict of sizes and map is no fault of what was agreed.
    some = [item for item in items if item.rule not in _LATE]
    if some:
        spare(some)
    for item in reversed([item for item in items if item.rule in _LATE]):
        spare([item])
    return [item for item in items if item in kept], certain


_LATE = ("coverage", "min_size", "max_size")
"""Dropped one by one and last: without a greatest size there are very many alliances."""
