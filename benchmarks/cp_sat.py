"""The direct model for OR-tools CP-SAT: what one would write without knowing any better.

    python -m benchmarks.cp_sat QUESTIONS ANSWERS --seconds S

``x[l, j]``: village ``j`` is led by ``l``. Every member has one parent among its neighbours, in
the same alliance and one step nearer to the lead, so that alliances are connected.

OR-tools and highspy cannot live in one process, in whichever order they come: nothing here
imports liancun_geo. QUESTIONS and ANSWERS are pickles of what :func:`question` returns, and of
seconds, leads and bounds, a piece each. Time that a piece leaves over goes to those after it.
"""

from __future__ import annotations

import argparse
import pickle
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from liancun_geo.research.baselines.pieces import Piece


Leads = dict[tuple[int, int], Any]


def question(piece: Piece) -> SimpleNamespace:
    """Return a piece as plain arrays in its own numbers."""
    zone, at = piece.zone, piece.at
    local = {int(village): number for number, village in enumerate(at)}
    apart = [(local[a], local[b]) for a, b in zone.apart.tolist() if a in local and b in local]
    return SimpleNamespace(
        n=piece.n,
        edges=sorted(piece.graph.edges),
        pair_cost=piece.pair_cost,
        lead_cost=zone.lead_cost[at],
        unassigned_cost=zone.unassigned_cost[at],
        min_size=zone.min_size,
        max_size=zone.max_size,
        amount=zone.amount[at],
        bounds=zone.bounds,
        n_alliances=zone.n_alliances,
        apart=apart,
        together=zone.together[at],
        weak=zone.weak[at],
        max_weak=zone.max_weak,
    )


def unit_of(piece: SimpleNamespace) -> float:
    """Return what one unit of cost is multiplied by: whole costs stay as they are, to be exact."""
    every = np.concatenate([piece.pair_cost.ravel(), piece.lead_cost, piece.unassigned_cost])
    finite = every[np.isfinite(every)]
    if (finite == np.round(finite)).all():
        return 1.0
    pairs = piece.pair_cost[np.isfinite(piece.pair_cost) & (piece.pair_cost > 0)]
    return 1e5 / float(np.median(pairs)) if len(pairs) else 1.0


def solve_piece(
    piece: SimpleNamespace, *, seconds: float, workers: int
) -> tuple[NDArray[np.intp], float]:
    """Return the lead of each village, -1 if left out or nothing was found, and the bound.

    The bound is CP-SAT's own: no plan of the piece costs less, up to the rounding of costs that
    are not whole; 0 if it came by none, ``inf`` if it proved that there is no plan.
    """
    from ortools.sat.python import cp_model

    n, cost = piece.n, piece.pair_cost
    lead_cost, unassigned = piece.lead_cost, piece.unassigned_cost
    unit = unit_of(piece)
    model = cp_model.CpModel()
    x: dict[tuple[int, int], Any] = {}
    for lead in range(n):
        if np.isfinite(lead_cost[lead]):
            for j in range(n):
                if np.isfinite(cost[lead, j]):
                    x[lead, j] = model.new_bool_var(f"x{lead},{j}")
    out = {j: model.new_bool_var(f"out{j}") for j in range(n) if np.isfinite(unassigned[j])}
    _assign(model, piece, x, out)
    _connect(model, piece, x, out)
    _agree(model, piece, x, out)
    terms = [
        round(unit * float(lead_cost[lead] if lead == j else cost[lead, j])) * variable
        for (lead, j), variable in x.items()
    ]
    terms += [round(unit * float(unassigned[j])) * variable for j, variable in out.items()]
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = 0
    status = solver.solve(model)
    lead_of = np.full(n, -1, dtype=np.intp)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        for (lead, j), variable in x.items():
            if solver.value(variable):
                lead_of[j] = lead
    if status == cp_model.INFEASIBLE:
        return lead_of, np.inf
    # Costs are not negative, whatever it says of a model that it hardly began with.
    return lead_of, max(0.0, float(solver.best_objective_bound)) / unit


def _assign(model: Any, piece: SimpleNamespace, x: Leads, out: dict[int, Any]) -> None:
    n = piece.n
    led: list[list[Any]] = [[] for _ in range(n)]
    leads: dict[int, list[tuple[int, Any]]] = {}
    for (lead, j), variable in x.items():
        led[j].append(variable)
        leads.setdefault(lead, []).append((j, variable))
    for j in range(n):
        model.add_exactly_one([*led[j], *([out[j]] if j in out else [])])
    amount = piece.amount
    for lead, own in leads.items():
        opened = x[lead, lead]
        for j, variable in own:
            if j != lead:
                model.add_implication(variable, opened)
        size = sum(variable for _, variable in own)
        model.add(size >= piece.min_size * opened)
        model.add(size <= piece.max_size * opened)
        for r, (least, most) in enumerate(piece.bounds.tolist()):
            total = sum(round(float(amount[j, r])) * variable for j, variable in own)
            if np.isfinite(least):
                model.add(total >= int(np.ceil(least)) * opened)
            if np.isfinite(most):
                model.add(total <= int(np.floor(most)) * opened)
    fewest, most = piece.n_alliances
    opened_all = sum(x[lead, lead] for lead in leads)
    if fewest > 0:
        model.add(opened_all >= int(fewest))
    if np.isfinite(most):
        model.add(opened_all <= int(most))


def _connect(model: Any, piece: SimpleNamespace, x: Leads, out: dict[int, Any]) -> None:
    n = piece.n
    depth = [model.new_int_var(0, min(n, piece.max_size) - 1, f"depth{j}") for j in range(n)]
    parents: list[list[Any]] = [[] for _ in range(n)]
    for a, b in piece.edges:
        for i, j in ((a, b), (b, a)):
            parent = model.new_bool_var(f"parent{i},{j}")
            parents[j].append(parent)
            model.add(depth[j] == depth[i] + 1).only_enforce_if(parent)
            for lead in range(n):
                above, below = x.get((lead, i)), x.get((lead, j))
                if below is not None and above is not None:
                    model.add(above == below).only_enforce_if(parent)
                elif below is not None or above is not None:
                    model.add_bool_or(
                        [(above if below is None else below).negated()]
                    ).only_enforce_if(parent)
    for j in range(n):
        root = [x[j, j]] if (j, j) in x else []
        model.add_exactly_one([*parents[j], *root, *([out[j]] if j in out else [])])


def _agree(model: Any, piece: SimpleNamespace, x: Leads, out: dict[int, Any]) -> None:
    """Add what is agreed: together, apart, and how many weak members one lead may have."""
    n, together = piece.n, piece.together
    for pair in piece.apart:
        for lead in range(n):
            both = [x[lead, village] for village in pair if (lead, village) in x]
            if len(both) == 2:
                model.add_at_most_one(both)
    for group in sorted(set(together[together >= 0].tolist())):
        first, *others = np.flatnonzero(together == group).tolist()
        for other in others:
            for lead in range(n):
                one, two = x.get((lead, first), 0), x.get((lead, other), 0)
                model.add(one == two)
            model.add(out.get(first, 0) == out.get(other, 0))
    weak = np.flatnonzero(piece.weak).tolist()
    if piece.max_weak < n:
        for lead in range(n):
            own = [x[lead, j] for j in weak if j != lead and (lead, j) in x]
            if own:
                model.add(sum(own) <= piece.max_weak)


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve pieces by the direct model.")
    parser.add_argument("questions", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--seconds", type=float, required=True, help="for all pieces together")
    given = parser.parse_args()
    from ortools.sat.python import cp_model  # noqa: F401  not in the first piece's time

    answers = []
    asked = pickle.loads(given.questions.read_bytes())
    end = time.perf_counter() + given.seconds
    for number, piece in enumerate(asked):
        start = time.perf_counter()
        share = max(0.05, (end - start) / (len(asked) - number))
        labels, bound = solve_piece(piece, seconds=share, workers=2)
        answers.append((time.perf_counter() - start, labels, bound))
    given.answers.write_bytes(pickle.dumps(answers))


if __name__ == "__main__":
    main()
