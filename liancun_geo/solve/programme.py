"""One run of HiGHS on the assignment model, linear or whole, that stops when told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from liancun_geo.solve.hess import HessModel

FloatArray = NDArray[np.float64]
Kind = highspy.cb.HighsCallbackType


class Clock:
    """A deadline and a byte that another thread may set."""

    def __init__(self, seconds: float, stop: NDArray[np.uint8]) -> None:
        self.deadline = time.perf_counter() + seconds
        self.stop = stop

    @property
    def left(self) -> float:
        """Seconds left, 0 once stopped."""
        return 0.0 if self.stop[0] else max(0.0, self.deadline - time.perf_counter())

    @property
    def up(self) -> bool:
        """Whether to stop."""
        return self.left <= 0.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run found.

    Attributes
    ----------
    status
        ``"optimal"``, ``"infeasible"`` or ``"stopped"``.
    bound
        Lower bound on the cost of every solution, -inf if none.
    solutions
        Whole solutions met on the way, the last one best.
    """

    status: str
    bound: float = -np.inf
    solutions: list[FloatArray] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Linear:
    """A solved linear programme and the lower bound its prices prove.

    Attributes
    ----------
    values
        (c,) the solution.
    bound
        ``sum of prices times row bounds + sum of what negative reduced costs can save``: valid
        for whatever prices, whether or not the solver kept its tolerances.
    reduced
        (c,) reduced costs: a whole solution costs at least ``bound`` plus the reduced cost of
        every column that is 1 where it is positive and that is 0 where it is negative.
    """

    values: FloatArray
    bound: float
    reduced: FloatArray


class LinearProgramme:
    """The relaxation, kept warm while cuts join."""

    def __init__(self, model: HessModel, clock: Clock) -> None:
        self.model, self.clock = model, clock
        self.rows = model.rows
        self.lower, self.upper = model.row_lower, model.row_upper
        self.scale = 1.0 / max(float(np.abs(model.cost).max(initial=0.0)) / 100.0, 1e-300)
        self.highs = _highs(clock)
        lp = _lp(model, self.rows, self.lower, self.upper, self.scale)
        self.highs.passModel(lp)

    def add(self, rows: sparse.csr_array, upper: FloatArray) -> None:
        """Add rows with no lower bound."""
        lower = np.full(len(upper), -np.inf)
        self.highs.addRows(
            len(upper),
            np.full(len(upper), -highspy.kHighsInf),
            upper,
            rows.nnz,
            rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32),
            rows.data,
        )
        self.rows = sparse.vstack([self.rows, rows]).tocsr()
        self.lower = np.concatenate([self.lower, lower])
        self.upper = np.concatenate([self.upper, upper])

    def solve(self) -> Linear | str:
        """Return the solution, or ``"infeasible"`` or ``"stopped"``."""
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.clock.left)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, _EITHER):
            return "infeasible"
        if status != highspy.HighsModelStatus.kOptimal:
            return "stopped"
        solution = self.highs.getSolution()
        prices = np.asarray(solution.row_dual) / self.scale
        prices = np.where(np.isinf(self.lower), np.minimum(prices, 0.0), prices)
        prices = np.where(np.isinf(self.upper), np.maximum(prices, 0.0), prices)
        reduced = self.model.cost - self.rows.T @ prices
        priced = np.flatnonzero(prices)
        side = np.where(prices > 0, self.lower, self.upper)[priced]
        saved = np.minimum(reduced, 0.0) * self.model.upper
        bound = float(prices[priced] @ side + saved.sum())
        return Linear(np.asarray(solution.col_value), bound, reduced)


def solve_whole(
    model: HessModel,
    cuts: tuple[sparse.csr_array, FloatArray],
    limits: tuple[FloatArray, FloatArray],
    scale: float,
    clock: Clock,
    *,
    first: tuple[NDArray[np.int32], FloatArray] | None = None,
    enough: float = np.inf,
    good: float = -np.inf,
) -> Outcome:
    """Solve the model with whole numbers.

    Parameters
    ----------
    model, cuts
        The model and the cuts that join it.
    limits
        Least and greatest value of every column.
    scale
        Costs are multiplied by this, so that the solver's absolute tolerances are small.
    clock
        When to stop.
    first
        Columns and values of a solution to start from.
    enough
        Stop once there is a solution and the bound reaches this.
    good
        Stop once there is a solution that costs at most this.
    """
    rows, upper = cuts
    everything = sparse.vstack([model.rows, rows]).tocsr()
    row_lower = np.concatenate([model.row_lower, np.full(len(upper), -np.inf)])
    row_upper = np.concatenate([model.row_upper, upper])
    lp = _lp(model, everything, row_lower, row_upper, scale)
    lp.col_lower_, lp.col_upper_ = limits
    whole = highspy.HighsVarType.kInteger
    lp.integrality_ = [whole if w else highspy.HighsVarType.kContinuous for w in model.whole]
    highs = _highs(clock, enough * scale, good * scale)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-6)
    highs.setOptionValue("time_limit", clock.left)
    solutions: list[FloatArray] = []
    highs.callbacks[Kind.kCallbackMipImprovingSolution].subscribe(
        lambda event: solutions.append(np.array(event.data_out.mip_solution))
    )
    highs.passModel(lp)
    if first is not None:
        highs.setSolution(len(first[0]), *first)
    highs.run()
    status = highs.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, _EITHER):
        return Outcome("infeasible", np.inf)
    info = highs.getInfo()
    bound = info.mip_dual_bound / scale if np.isfinite(info.mip_dual_bound) else -np.inf
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        solutions.append(np.asarray(highs.getSolution().col_value))
    done = status == highspy.HighsModelStatus.kOptimal
    return Outcome("optimal" if done else "stopped", bound, solutions)


_EITHER = highspy.HighsModelStatus.kUnboundedOrInfeasible
"""All columns are bounded, so it means infeasible."""


def _highs(clock: Clock, enough: float = np.inf, good: float = -np.inf) -> Any:
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off")):
        highs.setOptionValue(option, value)

    def interrupt(event: Any) -> None:
        out = event.data_out
        cost = out.mip_primal_bound
        met = cost <= good or (cost < highspy.kHighsInf and out.mip_dual_bound >= enough)
        if met or clock.up:
            event.data_in.user_interrupt = True

    for kind in (Kind.kCallbackSimplexInterrupt, Kind.kCallbackIpmInterrupt):
        highs.callbacks[kind].subscribe(lambda event: event.interrupt(clock.up))
    highs.callbacks[Kind.kCallbackMipInterrupt].subscribe(interrupt)
    return highs


def _lp(
    model: HessModel, rows: sparse.csr_array, lower: FloatArray, upper: FloatArray, scale: float
) -> Any:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    lp.col_cost_ = model.cost * scale
    lp.col_lower_ = np.zeros(len(model.cost))
    lp.col_upper_ = model.upper
    lp.row_lower_ = np.maximum(lower, -highspy.kHighsInf)
    lp.row_upper_ = np.minimum(upper, highspy.kHighsInf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.indptr.astype(np.int32)
    lp.a_matrix_.index_ = rows.indices.astype(np.int32)
    lp.a_matrix_.value_ = rows.data
    return lp
