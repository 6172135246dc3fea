"""The optimisation problem as frozen arrays: what may be chosen and what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from liancun_geo.errors import ProblemError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
_T = TypeVar("_T", bound=np.generic)


@runtime_checkable
class CostBlock(Protocol):
    """Pair costs of the villages of one zone, as :mod:`liancun_geo.criteria` computes them."""

    @property
    def villages(self) -> IntArray:
        """(k,) positions of the villages."""

    @property
    def cost(self) -> FloatArray:
        """(k, k) costs, [lead, member]."""


@dataclass(frozen=True, eq=False)
class Zone:
    """One zone with its villages numbered ``0 .. k-1``: all the solver needs to know of it.

    Attributes
    ----------
    label
        As the caller gave it.
    villages
        (k,) positions in the problem, ascending.
    pair_cost
        (k, k) cost of member ``j`` under lead ``i`` at ``[i, j]``; ``inf`` forbids the pair, the
        diagonal is zero.
    edges
        (m, 2) contiguities inside the zone, local numbers, ``i < j``, sorted.
    lead_cost
        (k,) cost of opening an alliance led by ``i``; ``inf`` where ``i`` cannot lead.
    unassigned_cost
        (k,) cost of leaving ``i`` out; ``inf`` where ``i`` must be placed.
    """

    label: Hashable
    villages: IntArray
    pair_cost: FloatArray
    edges: IntArray
    lead_cost: FloatArray
    unassigned_cost: FloatArray

    @property
    def n(self) -> int:
        """Number of villages."""
        return len(self.villages)


@dataclass(frozen=True, eq=False)
class AllianceProblem:
    """Which villages may form alliances, and at what cost. Build it with :meth:`from_arrays`.

    Choose disjoint alliances, each a connected set of villages of one zone with a lead ``l``
    among them, that minimise the sum over the alliances of ``lead_cost[l] + sum of
    pair_cost[l, j] over its members + size_cost[its size]`` plus the sum of
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
    zones
        The zones in the order of their first village.
    zone_of
        (n,) index into ``zones``.
    """

    n: int
    edges: IntArray
    min_size: int
    max_size: int
    size_cost: FloatArray
    zones: tuple[Zone, ...]
    zone_of: IntArray

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
            (n,) cost of leaving ``i`` out, ``numpy.inf`` where it must be placed. Default: every
            village must be placed.

        Raises
        ------
        ProblemError
            Listing every fault of the arguments.
        """
        faults = _Faults()
        if not 1 <= min_size <= max_size:
            faults.add(f"need 1 <= min_size <= max_size, got {min_size} and {max_size}")
        costs = _PairCosts.of(pair_cost, faults)
        faults.stop_if_any()
        n = costs.n
        lead = faults.vector("lead_cost", lead_cost, n, default=0.0)
        may_lead = faults.vector("can_lead", can_lead, n, default=1.0) != 0
        lead = np.where(may_lead, lead, np.inf)
        unassigned = faults.vector("unassigned_cost", unassigned_cost, n, default=np.inf)
        by_size = faults.vector("size_cost", size_cost, max_size + 1, default=0.0)
        edge_array = _edges(edges, n, faults)
        zone_of, labels = _zones(zones, costs, faults)
        faults.stop_if_any()

        same_zone = zone_of[edge_array[:, 0]] == zone_of[edge_array[:, 1]]
        inner = edge_array[same_zone]
        edge_zone = zone_of[inner[:, 0]]
        by_zone = np.argsort(edge_zone, kind="stable")
        edge_starts = np.searchsorted(edge_zone[by_zone], np.arange(len(labels) + 1))
        order = np.argsort(zone_of, kind="stable")
        starts = np.searchsorted(zone_of[order], np.arange(len(labels) + 1))
        local = np.empty(n, dtype=np.intp)
        blocks: list[Zone] = []
        for z, label in enumerate(labels):
            villages = order[starts[z] : starts[z + 1]]
            local[villages] = np.arange(len(villages))
            zone_edges = local[inner[by_zone[edge_starts[z] : edge_starts[z + 1]]]]
            block = costs.block(villages)
            np.fill_diagonal(block, 0.0)
            blocks.append(
                Zone(
                    label=label,
                    villages=_frozen(villages),
                    pair_cost=_frozen(block),
                    edges=_frozen(zone_edges),
                    lead_cost=_frozen(lead[villages]),
                    unassigned_cost=_frozen(unassigned[villages]),
                )
            )
        return cls(
            n=n,
            edges=_frozen(edge_array),
            min_size=int(min_size),
            max_size=int(max_size),
            size_cost=_frozen(by_size),
            zones=tuple(blocks),
            zone_of=_frozen(zone_of),
        )


class _Faults:
    """Faults of the arguments, gathered so that all are told at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines.append(line)

    def stop_if_any(self) -> None:
        if self.lines:
            raise ProblemError("\n".join(self.lines))

    def vector(
        self, name: str, values: ArrayLike | None, length: int, *, default: float
    ) -> FloatArray:
        """Return a float vector of the given length without NaN or -inf, or note the fault."""
        if values is None:
            return np.full(length, default)
        try:
            array = np.array(values, dtype=np.float64)
        except (TypeError, ValueError):
            self.add(f"{name} must be numeric")
            return np.full(length, default)
        if array.shape != (length,):
            self.add(f"{name} must have shape ({length},), got {array.shape}")
            return np.full(length, default)
        self.finite_or_inf(name, array)
        return array

    def finite_or_inf(self, name: str, array: FloatArray) -> None:
        if np.isnan(array).any() or np.isneginf(array).any():
            self.add(f"{name} must not hold NaN or -inf")


@dataclass(frozen=True)
class _Block:
    villages: IntArray
    cost: FloatArray

    @classmethod
    def of(cls, given: Any) -> _Block | None:
        """Return the block behind either spelling, None if it is something else."""
        if isinstance(given, CostBlock):
            villages, cost = given.villages, given.cost
        elif isinstance(given, tuple) and len(given) == 2 and np.ndim(given[1]) == 2:
            villages, cost = given
        else:
            return None
        return cls(np.asarray(villages, dtype=np.intp), np.asarray(cost, dtype=np.float64))


@dataclass(frozen=True)
class _PairCosts:
    """Pair costs in the form they came in, cut into dense zone blocks on demand."""

    n: int
    dense: FloatArray | None = None
    rows: sparse.csr_array | None = None
    blocks: tuple[_Block, ...] = ()

    @classmethod
    def of(cls, given: Any, faults: _Faults) -> _PairCosts:
        if sparse.issparse(given):
            rows = sparse.csr_array(given, dtype=np.float64)
            if rows.shape[0] != rows.shape[1]:
                faults.add(f"pair_cost must be square, got {rows.shape}")
            faults.finite_or_inf("pair_cost", rows.data)
            return cls(int(rows.shape[0]), rows=rows)
        if isinstance(given, Sequence) and given:
            blocks = [_Block.of(block) for block in given]
            if all(block is not None for block in blocks):
                return cls._of_blocks(tuple(b for b in blocks if b is not None), faults)
        try:
            dense = np.array(given, dtype=np.float64)
        except (TypeError, ValueError):
            faults.add("pair_cost must be a square array, a sparse matrix or a sequence of blocks")
            return cls(0)
        if dense.size == 0:
            dense = np.zeros((0, 0))
        if dense.ndim != 2 or dense.shape[0] != dense.shape[1]:
            faults.add(f"pair_cost must be square, got shape {dense.shape}")
            return cls(0)
        np.fill_diagonal(dense, 0.0)
        faults.finite_or_inf("pair_cost", dense)
        return cls(len(dense), dense=dense)

    @classmethod
    def _of_blocks(cls, blocks: tuple[_Block, ...], faults: _Faults) -> _PairCosts:
        for number, block in enumerate(blocks):
            k = len(block.villages)
            if block.cost.shape != (k, k):
                faults.add(
                    f"block {number}: cost must have shape ({k}, {k}), got {block.cost.shape}"
                )
            else:
                off_diagonal = block.cost[~np.eye(k, dtype=bool)]
                faults.finite_or_inf(f"block {number}: cost", off_diagonal)
        positions = np.concatenate([block.villages for block in blocks])
        n = len(positions)
        if not np.array_equal(np.sort(positions), np.arange(n)):
            faults.add("the blocks must hold each village 0 .. n-1 exactly once")
        return cls(n, blocks=blocks)

    def block(self, villages: IntArray) -> FloatArray:
        if self.dense is not None:
            return self.dense[np.ix_(villages, villages)]
        k = len(villages)
        cost = np.full((k, k), np.inf)
        if self.rows is not None:
            part = self.rows[villages][:, villages].tocoo()
            cost[part.row, part.col] = part.data
            return cost
        # A zone may join several blocks; pairs across blocks stay forbidden.
        for given in self.blocks:
            inside = np.isin(given.villages, villages)
            if inside.any():
                at = np.searchsorted(villages, given.villages[inside])
                cost[np.ix_(at, at)] = given.cost[np.ix_(inside, inside)]
        return cost


def _edges(given: ArrayLike, n: int, faults: _Faults) -> IntArray:
    """Return the edges with ``i < j``, sorted, each once."""
    none = np.zeros((0, 2), dtype=np.intp)
    raw = np.asarray(given)
    if raw.size == 0:
        return none
    if raw.ndim != 2 or raw.shape[1] != 2 or not np.issubdtype(raw.dtype, np.integer):
        faults.add(f"edges must be integers of shape (m, 2), got {raw.dtype} {raw.shape}")
        return none
    edges = np.sort(raw.astype(np.intp), axis=1)
    if (edges < 0).any() or (edges >= n).any():
        faults.add(f"edges must name villages 0 .. {n - 1}")
        return none
    if (edges[:, 0] == edges[:, 1]).any():
        loops = edges[edges[:, 0] == edges[:, 1], 0]
        faults.add(f"edges must join two villages; loops at {loops[:5].tolist()}")
        return none
    return cast(IntArray, np.unique(edges, axis=0))


def _zones(
    given: ArrayLike | None, costs: _PairCosts, faults: _Faults
) -> tuple[IntArray, list[Hashable]]:
    """Return (n,) zone numbers in the order of first appearance, and the labels."""
    n = costs.n
    if given is None:
        if not costs.blocks:
            return np.zeros(n, dtype=np.intp), [0] if n else []
        raw: list[Any] = [0] * n
        for number, block in enumerate(costs.blocks):
            for village in block.villages:
                raw[int(village)] = number
    else:
        raw = np.asarray(given).tolist() if not isinstance(given, list) else given
        if not isinstance(raw, list) or len(raw) != n:
            faults.add(f"zones must have {n} labels")
            return np.zeros(n, dtype=np.intp), [0] if n else []
    numbers: dict[Hashable, int] = {}
    zone_of = np.array([numbers.setdefault(label, len(numbers)) for label in raw], dtype=np.intp)
    return zone_of, list(numbers)


def _frozen(array: NDArray[_T]) -> NDArray[_T]:
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
