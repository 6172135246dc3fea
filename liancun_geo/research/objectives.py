"""What a plan can be judged by: costs that add up over alliances, lower is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from liancun_geo.arrays import Faults, FloatArray, IntArray, PairMatrix
from liancun_geo.criteria import PAIR_COMPONENTS, LeadScores, PairCosts
from liancun_geo.errors import DataError, ProblemError, error
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.problem import AllianceProblem, GroupTerm

OF_PROBLEM = ("cost", "pair_cost", "lead_cost", "alliances", "left_out", "moved", "size_balance")
"""Names that any problem knows."""
OF_COUNTY = (*PAIR_COMPONENTS, "lead_score", "distance_km")
"""Names that need the scores of a county."""
NAMES = (*OF_PROBLEM, *OF_COUNTY)

Pairs = Callable[[IntArray], FloatArray]
"""Returns the (k, k) costs ``[lead, member]`` of some villages of one zone, ascending."""


@dataclass(frozen=True, eq=False)
class Criterion:
    """A cost that adds up over alliances. Build it with :meth:`from_arrays`, or name it.

    An alliance of the villages ``S`` led by ``l`` costs ``lead_cost[l] + sum of pairs[l, j] over
    its members + size_cost[|S|] + group terms``; a village left out costs ``unassigned_cost``. Who
    may lead whom is the problem's business and no criterion's: costs here are finite.

    Attributes
    ----------
    name
        As it appears in tables.
    lead_cost, unassigned_cost
        (n,).
    size_cost
        (max_size + 1,), index 0 is ignored.
    pairs
        Pair costs of some villages; None: pairs cost nothing.
    group_terms
        Costs by the sum of an amount over the alliance.
    """

    name: str
    lead_cost: FloatArray
    unassigned_cost: FloatArray
    size_cost: FloatArray
    pairs: Pairs | None = None
    group_terms: tuple[GroupTerm, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        problem: AllianceProblem,
        name: str,
        *,
        pair_cost: Any = None,
        lead_cost: ArrayLike = 0.0,
        size_cost: ArrayLike = 0.0,
        unassigned_cost: ArrayLike = 0.0,
        group_terms: Sequence[GroupTerm] = (),
    ) -> Self:
        """Check the arrays of a criterion of one's own.

        Parameters
        ----------
        problem
            Whose plans are judged.
        name
            As it shall appear in tables.
        pair_cost
            In any of the forms that :meth:`AllianceProblem.from_arrays` takes.
        lead_cost, unassigned_cost
            (n,) or one number.
        size_cost
            (max_size + 1,) or one number for every alliance.
        group_terms
            As for the problem.

        Raises
        ------
        ProblemError
            With every fault.
        """
        faults, n = Faults(), problem.n
        vectors: dict[str, FloatArray] = {}
        for key, values, length in (
            ("lead_cost", lead_cost, n),
            ("unassigned_cost", unassigned_cost, n),
            ("size_cost", size_cost, problem.max_size + 1),
        ):
            given = np.asarray(values, dtype=np.float64)
            whole = np.broadcast_to(given, (length,)) if given.ndim == 0 else given
            vectors[key] = faults.vector(f"{name}: {key}", whole, length, default=0.0)
            if not np.isfinite(vectors[key]).all():
                faults.add(f"{name}: {key} must be finite")
        matrix = None
        if pair_cost is not None:
            matrix = PairMatrix.of(f"{name}: pair_cost", pair_cost, faults)
            if matrix.n != n:
                faults.add(f"{name}: pair_cost is for {matrix.n} villages, the problem for {n}")
        faults.stop_if_any()
        pairs = None if matrix is None else matrix.block
        return cls(name, **vectors, pairs=pairs, group_terms=tuple(group_terms))


@dataclass(frozen=True, eq=False)
class Ground:
    """What criteria are made of: the problem, and the scores of a county if there are such."""

    problem: AllianceProblem
    leads: LeadScores | None = None
    pairs: PairCosts | None = None
    codes: tuple[str, ...] | None = None

    @classmethod
    def of(cls, given: Any) -> Self:
        """Return the ground of a scenario, a groundwork or a problem.

        Raises
        ------
        ProblemError
            If it is something else.
        """
        if isinstance(given, AllianceProblem):
            return cls(given)
        if not all(hasattr(given, part) for part in ("problem", "leads", "pairs")):
            kind = type(given).__name__
            raise ProblemError(f"need a Scenario, a Groundwork or an AllianceProblem, got {kind}")
        villages = getattr(given, "villages", None)
        codes = None if villages is None else tuple(str(code) for code in villages.frame["code"])
        return cls(given.problem, given.leads, given.pairs, codes)

    def criterion(self, wanted: str | Criterion, before: Plan | ArrayLike | None) -> Criterion:
        """Return a criterion by its name, or one of the caller's own as it is.

        Raises
        ------
        DataError
            If there is none of that name, or what it is computed from is not there.
        """
        if isinstance(wanted, Criterion):
            return wanted
        known = NAMES if self.pairs is not None else OF_PROBLEM
        if wanted not in known:
            names = ", ".join(known)
            raise DataError([error("research.criterion_unknown", name=wanted, known=names)])
        if wanted in OF_COUNTY:
            return self._of_county(wanted)
        return self._of_problem(wanted, before)

    def _of_problem(self, name: str, before: Plan | ArrayLike | None) -> Criterion:
        problem = self.problem
        make = Criterion.from_arrays
        if name == "cost":
            return Criterion(
                name,
                np.where(np.isfinite(problem.lead_cost), problem.lead_cost, 0.0),
                np.where(np.isfinite(problem.unassigned_cost), problem.unassigned_cost, 0.0),
                np.where(np.isfinite(problem.size_cost), problem.size_cost, 0.0),
                problem.cost_block,
                problem.rules.group_terms,
            )
        if name == "pair_cost":
            return _with_pairs(problem, name, problem.cost_block)
        if name == "lead_cost":
            cost = np.where(np.isfinite(problem.lead_cost), problem.lead_cost, 0.0)
            return make(problem, name, lead_cost=cost)
        if name == "alliances":
            return make(problem, name, lead_cost=1.0)
        if name == "left_out":
            return make(problem, name, unassigned_cost=1.0)
        if name == "size_balance":
            middle = (problem.min_size + problem.max_size) / 2.0
            away = np.abs(np.arange(problem.max_size + 1) - middle)
            return make(problem, name, size_cost=away)
        if before is None:
            raise DataError([error("research.moved_from_what")])
        had = np.asarray(before.lead_of if isinstance(before, Plan) else before, dtype=np.intp)
        if had.shape != (problem.n,):
            raise ProblemError(f"before must have shape ({problem.n},), got {had.shape}")
        moved = make(
            problem,
            name,
            lead_cost=(had != np.arange(problem.n)).astype(np.float64),
            unassigned_cost=(had != UNASSIGNED).astype(np.float64),
        )

        def pairs(villages: IntArray) -> FloatArray:
            apart: FloatArray = (villages[:, None] != had[villages][None, :]).astype(np.float64)
            return apart

        return Criterion(name, moved.lead_cost, moved.unassigned_cost, moved.size_cost, pairs)

    def _of_county(self, name: str) -> Criterion:
        assert self.leads is not None
        if name == "lead_score":
            return Criterion.from_arrays(self.problem, name, lead_cost=1.0 - self.leads.score)
        assert self.pairs is not None
        blocks = [
            (
                block.villages,
                block.distance_km if name == "distance_km" else block.components()[name],
            )
            for block in self.pairs.blocks
        ]
        apart = [~np.eye(len(cost), dtype=bool) & ~np.isnan(cost) for _, cost in blocks]
        every = [cost[off] for (_, cost), off in zip(blocks, apart, strict=True)]
        known = np.concatenate([*every, np.zeros(0)])
        if len(known) == 0:
            raise DataError([error("research.criterion_no_data", name=name)])
        middle = float(np.median(known))
        filled = [(villages, np.where(np.isnan(cost), middle, cost)) for villages, cost in blocks]
        matrix = PairMatrix.of(name, filled, Faults())
        return _with_pairs(self.problem, name, matrix.block)


def _with_pairs(problem: AllianceProblem, name: str, pairs: Pairs) -> Criterion:
    plain = Criterion.from_arrays(problem, name)
    return Criterion(name, plain.lead_cost, plain.unassigned_cost, plain.size_cost, pairs)


def value_of(
    criterion: Criterion,
    problem: AllianceProblem,
    lead_of: ArrayLike,
    excused: ArrayLike | None = None,
) -> float:
    """Return what a whole plan costs by a criterion, added up plainly.

    Parameters
    ----------
    criterion, problem
        What to judge by, and whose plan it is.
    lead_of
        (n,) lead of each village, -1 if left out.
    excused
        (n,) bool, villages whose being left out counts nothing: those that no plan can hold.
    """
    leads = np.asarray(lead_of, dtype=np.intp)
    free = np.zeros(len(leads), dtype=bool) if excused is None else np.asarray(excused, dtype=bool)
    total = float(criterion.unassigned_cost[(leads < 0) & ~free].sum())
    for lead in np.unique(leads[leads >= 0]).tolist():
        villages = np.flatnonzero(leads == lead)
        total += float(criterion.lead_cost[lead])
        if len(villages) < len(criterion.size_cost):
            total += float(criterion.size_cost[len(villages)])
        if criterion.pairs is not None:
            cost = criterion.pairs(villages)[np.searchsorted(villages, lead)]
            total += float(cost[villages != lead].sum())
        total += float(sum(_term(term, villages) for term in criterion.group_terms))
    return total


def _term(term: GroupTerm, villages: IntArray) -> float:
    amount = float(np.asarray(term.amount, dtype=np.float64)[villages].sum())
    cost = 0.0 if term.target is None else term.weight * abs(amount - term.target)
    if term.threshold is not None:
        cost += term.shortfall_weight * max(0.0, term.threshold - amount)
    return cost
