"""The optimisation problem as frozen arrays: what may be chosen and what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from liancun_geo.arrays import (
    BoolArray,
    CostBlock,
    Faults,
    FloatArray,
    IntArray,
    PairMatrix,
    read_edges,
    read_zones,
    readonly,
)
from liancun_geo.rules import GroupTerm, Rules, read_rules
from liancun_geo.zone import Zone, compile_zones

__all__ = ["AllianceProblem", "GroupTerm", "Rules", "Zone"]


@dataclass(frozen=True, eq=False)
class AllianceProblem:
    """Which villages may form alliances, and at what cost. Build it with :meth:`from_arrays`.

    Choose disjoint alliances, each a connected set of villages of one zone with a lead ``l``
    among them, that minimise the sum over the alliances of ``lead_cost[l] + sum of
    pair_cost[l, j] over its members + size_cost[its size] + group terms`` plus the sum of
    ``unassigned_cost`` over the villages left out. A village that no feasible alliance can hold
    is left out at no cost, with its reason; every other village is placed or paid for.

    Attributes
    ----------
    n
        Number of villages.
    edges
        (m, 2) contiguities, ``i < j``, sorted, each once.
    min_size, max_size
        Villages in an alliance, lead included.
    size_cost
        (max_size + 1,) cost by size; ``inf`` forbids a size.
    lead_cost, can_lead, unassigned_cost
        (n,) as given.
    rules
        Everything else, as given.
    zones
        The zones in the order of their first village, with every rule worked in.
    zone_of
        (n,) index into ``zones``.
    arguments
        As given to :meth:`from_arrays`, so that :meth:`changed` can vary them.
    """

    n: int
    edges: IntArray
    min_size: int
    max_size: int
    size_cost: FloatArray
    lead_cost: FloatArray
    can_lead: BoolArray
    unassigned_cost: FloatArray
    rules: Rules
    zones: tuple[Zone, ...]
    zone_of: IntArray
    arguments: Mapping[str, Any]
    _costs: PairMatrix
    _distances: PairMatrix | None

    @classmethod
    def from_arrays(
        cls,
        pair_cost: ArrayLike | sparse.sparray | Sequence[CostBlock | tuple[ArrayLike, ArrayLike]],
        edges: ArrayLike,
        min_size: int = 4,
        max_size: int = 8,
        zones: ArrayLike | None = None,
        lead_cost: ArrayLike | None = None,
        can_lead: ArrayLike | None = None,
        size_cost: ArrayLike | None = None,
        unassigned_cost: ArrayLike | None = None,
        *,
        resource: ArrayLike | None = None,
        resource_bounds: ArrayLike | None = None,
        group_terms: Sequence[GroupTerm] = (),
        n_alliances: tuple[float | None, float | None] | None = None,
        zone_alliances: Mapping[Any, tuple[float | None, float | None]] | None = None,
        distance: ArrayLike
        | sparse.sparray
        | Sequence[CostBlock | tuple[ArrayLike, ArrayLike]]
        | None = None,
        max_distance: float | None = None,
        max_hops: int | None = None,
        must_together: ArrayLike | None = None,
        never_together: ArrayLike | None = None,
        fixed_lead: Mapping[int, int] | None = None,
        must_lead: Iterable[int] | None = None,
        frozen: Sequence[Sequence[int]] = (),
        weak: ArrayLike | None = None,
        max_weak: int | None = None,
        classes: ArrayLike | None = None,
        budget_use: ArrayLike | None = None,
        budget: float | None = None,
    ) -> Self:
        """Check the arrays against each other and freeze them.

        Parameters
        ----------
        pair_cost
            (n, n) cost of member ``j`` under lead ``i`` at ``[i, j]``; ``numpy.inf`` forbids the
            pair; the diagonal is ignored. Or a scipy sparse matrix, where an absent entry
            forbids the pair. Or a sequence of blocks, one a zone, each an object with
            ``villages`` (k,) and ``cost`` (k, k) or a tuple of the two: so a country never
            needs an n x n array.
        edges
            (m, 2) each contiguity once.
        min_size, max_size
            Villages in an alliance, lead included.
        zones
            (n,) labels; an alliance stays inside one zone. Default: one zone, or with cost
            blocks one zone a block.
        lead_cost
            (n,) cost of opening an alliance led by ``i``; ``numpy.inf`` forbids it. Default 0.
        can_lead
            (n,) bool. Default: all.
        size_cost
            (max_size + 1,) cost by alliance size, index 0 is ignored. Default 0.
        unassigned_cost
            (n,) cost of leaving ``i`` out, ``numpy.inf`` where it must be placed: priorities
            under partial coverage. Default: every village must be placed.
        resource, resource_bounds
            (n,) or (n, r) amounts and (2,) or (r, 2) least and greatest sum over an alliance.
        group_terms
            Costs by the sum of an amount over an alliance.
        n_alliances, zone_alliances
            (fewest, most) alliances overall, and by zone label; None leaves an end open.
        distance, max_distance
            Distances in any of the forms of ``pair_cost``, and the greatest from lead to member.
        max_hops
            Most contiguity steps inside the zone from lead to member.
        must_together, never_together
            (k, 2) pairs that share an alliance or are both left out; that never share one.
        fixed_lead
            Village -> the only village that may lead it, if it is placed.
        must_lead
            Villages that are placed and lead.
        frozen
            Alliances, lead first, that are part of every plan, exempt from all other rules.
        weak, max_weak
            (n,) weak villages, and how many weak members one lead may have.
        classes
            (n,) or (n, q) bool; every alliance holds at least one village of each class.
        budget_use, budget
            (n,) what an alliance led by ``i`` uses, and the most that all may use together.

        Raises
        ------
        ProblemError
            Listing every fault of the arguments.
        """
        arguments = {name: value for name, value in locals().items() if name != "cls"}
        faults = Faults()
        if not 1 <= min_size <= max_size:
            faults.add(f"need 1 <= min_size <= max_size, got {min_size} and {max_size}")
        costs = PairMatrix.of("pair_cost", pair_cost, faults)
        faults.stop_if_any()
        n = costs.n
        distances = None if distance is None else PairMatrix.of("distance", distance, faults)
        if distances is not None and distances.n != n:
            faults.add(f"distance is for {distances.n} villages, pair_cost for {n}")
        lead = faults.vector("lead_cost", lead_cost, n, default=0.0)
        may_lead = faults.vector("can_lead", can_lead, n, default=1.0) != 0
        unassigned = faults.vector("unassigned_cost", unassigned_cost, n, default=np.inf)
        by_size = faults.vector("size_cost", size_cost, max_size + 1, default=0.0)
        edge_array = read_edges(edges, n, faults)
        zone_of, labels = read_zones(zones, costs, faults)
        rules = read_rules(n, arguments, faults)
        faults.stop_if_any()
        _check_zones(rules, zone_of, labels, faults)
        faults.stop_if_any()
        problem = cls(
            n=n,
            edges=readonly(edge_array),
            min_size=int(min_size),
            max_size=int(max_size),
            size_cost=readonly(by_size),
            lead_cost=readonly(lead),
            can_lead=readonly(may_lead),
            unassigned_cost=readonly(unassigned),
            rules=rules,
            zones=(),
            zone_of=readonly(zone_of),
            arguments=MappingProxyType(arguments),
            _costs=costs,
            _distances=distances,
        )
        # The zones follow from all the rest, which they are compiled from.
        object.__setattr__(problem, "zones", tuple(compile_zones(problem, labels)))
        return problem

    def changed(self, **arguments: Any) -> Self:
        """Return the problem with some arguments of :meth:`from_arrays` replaced.

        Raises
        ------
        ProblemError
            As :meth:`from_arrays`.
        """
        return self.from_arrays(**{**self.arguments, **arguments})

    def pair(self, lead: int, member: int) -> float:
        """Return the cost of one pair as given, ``inf`` across zones."""
        if self.zone_of[lead] != self.zone_of[member]:
            return float("inf")
        return self._costs.one(lead, member)

    def frozen_cost(self) -> float:
        """Return what the frozen alliances cost, as far as their costs are finite."""
        parts: list[float] = []
        for villages in self.rules.frozen:
            lead = villages[0]
            parts += [float(self.lead_cost[lead]), *(self.pair(lead, v) for v in villages[1:])]
            if len(villages) <= self.max_size:
                parts.append(float(self.size_cost[len(villages)]))
            for term in self.rules.group_terms:
                total = float(np.asarray(term.amount)[list(villages)].sum())
                if term.target is not None:
                    parts.append(term.weight * abs(total - term.target))
                if term.threshold is not None:
                    parts.append(term.shortfall_weight * max(0.0, term.threshold - total))
        return float(sum(part for part in parts if np.isfinite(part)))

    def cost_block(self, villages: IntArray) -> FloatArray:
        """Return a new (k, k) array of the pair costs as given of some villages, ascending."""
        return self._costs.block(villages)

    def distance_block(self, villages: IntArray) -> FloatArray | None:
        """Return a new (k, k) array of distances, None if none were given."""
        return None if self._distances is None else self._distances.block(villages)

    def distance(self, lead: int, member: int) -> float:
        """Return the distance of one pair as given; 0 if none was given."""
        return 0.0 if self._distances is None else self._distances.one(lead, member)


def _check_zones(
    rules: Rules, zone_of: IntArray, labels: Sequence[Hashable], faults: Faults
) -> None:
    for name, pairs in (
        ("must_together", rules.must_together.tolist()),
        ("fixed_lead", list(rules.fixed_lead.items())),
    ):
        across = [pair for pair in pairs if zone_of[pair[0]] != zone_of[pair[1]]]
        if across:
            faults.add(f"{name} joins villages of different zones: {across[:5]}")
    unknown = set(rules.zone_alliances) - set(labels)
    if unknown:
        faults.add(f"zone_alliances names unknown zones: {sorted(map(str, unknown))[:5]}")
