"""Arrays at the door: every fault of what the caller hands over, told at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

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


class Faults:
    """Faults of the arguments, gathered so that all are told at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Note one fault."""
        self.lines.append(line)

    def stop_if_any(self) -> None:
        """Raise :class:`~liancun_geo.errors.ProblemError` with all that was noted."""
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
        """Note NaN and minus infinity."""
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
class PairMatrix:
    """Pair costs in the form they came in, cut into dense zone blocks on demand."""

    n: int
    dense: FloatArray | None = None
    rows: sparse.csr_array | None = None
    blocks: tuple[_Block, ...] = ()
    home: IntArray | None = None
    """(n,) number of the block of each village, if the costs came in blocks."""
    place: IntArray | None = None
    """(n,) row of each village in its block."""

    @classmethod
    def of(cls, name: str, given: Any, faults: Faults) -> PairMatrix:
        """Read costs in any of their three forms, or note why they cannot be read."""
        if sparse.issparse(given):
            rows = sparse.csr_array(given, dtype=np.float64)
            if rows.shape[0] != rows.shape[1]:
                faults.add(f"{name} must be square, got {rows.shape}")
            faults.finite_or_inf(name, rows.data)
            return cls(int(rows.shape[0]), rows=rows)
        if isinstance(given, Sequence) and given:
            blocks = [_Block.of(block) for block in given]
            if all(block is not None for block in blocks):
                return cls._of_blocks(name, tuple(b for b in blocks if b is not None), faults)
        try:
            dense = np.array(given, dtype=np.float64)
        except (TypeError, ValueError):
            faults.add(f"{name} must be a square array, a sparse matrix or a sequence of blocks")
            return cls(0)
        if dense.size == 0:
            dense = np.zeros((0, 0))
        if dense.ndim != 2 or dense.shape[0] != dense.shape[1]:
            faults.add(f"{name} must be square, got shape {dense.shape}")
            return cls(0)
        np.fill_diagonal(dense, 0.0)
        faults.finite_or_inf(name, dense)
        return cls(len(dense), dense=dense)

    @classmethod
    def _of_blocks(cls, name: str, blocks: tuple[_Block, ...], faults: Faults) -> PairMatrix:
        for number, block in enumerate(blocks):
            k = len(block.villages)
            if block.cost.shape != (k, k):
                faults.add(
                    f"block {number}: cost must have shape ({k}, {k}), got {block.cost.shape}"
                )
            else:
                off_diagonal = block.cost[~np.eye(k, dtype=bool)]
                faults.finite_or_inf(f"{name}, block {number}", off_diagonal)
        positions = np.concatenate([block.villages for block in blocks])
        n = len(positions)
        if not np.array_equal(np.sort(positions), np.arange(n)):
            faults.add(f"{name}: the blocks must hold each village 0 .. n-1 exactly once")
            return cls(n, blocks=blocks)
        home = np.empty(n, dtype=np.intp)
        home[positions] = np.repeat(np.arange(len(blocks)), [len(b.villages) for b in blocks])
        place = np.empty(n, dtype=np.intp)
        place[positions] = np.concatenate([np.arange(len(block.villages)) for block in blocks])
        return cls(n, blocks=blocks, home=home, place=place)

    def one(self, lead: int, member: int) -> float:
        """Return one entry."""
        if self.dense is not None:
            return float(self.dense[lead, member])
        if self.home is not None and self.place is not None:
            if self.home[lead] != self.home[member]:
                return float("inf")
            given = self.blocks[self.home[lead]]
            return float(given.cost[self.place[lead], self.place[member]])
        ends = np.array(sorted((lead, member)), dtype=np.intp)
        return float(self.block(ends)[int(lead > member), int(member > lead)])

    def block(self, villages: IntArray) -> FloatArray:
        """Return the (k, k) entries of some villages, given in ascending order."""
        if self.dense is not None:
            return self.dense[np.ix_(villages, villages)]
        k = len(villages)
        cost = np.full((k, k), np.inf)
        if self.rows is not None:
            part = self.rows[villages][:, villages].tocoo()
            cost[part.row, part.col] = part.data
            return cost
        # A zone may join several blocks; pairs across blocks stay forbidden.
        for number in [] if self.home is None else np.unique(self.home[villages]).tolist():
            given = self.blocks[number]
            inside = np.isin(given.villages, villages)
            if inside.any():
                at = np.searchsorted(villages, given.villages[inside])
                cost[np.ix_(at, at)] = given.cost[np.ix_(inside, inside)]
        return cost


def read_edges(given: ArrayLike, n: int, faults: Faults) -> IntArray:
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


def read_zones(
    given: ArrayLike | None, costs: PairMatrix, faults: Faults
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


def readonly(array: NDArray[_T]) -> NDArray[_T]:
    """Return the array, contiguous and write-protected."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
