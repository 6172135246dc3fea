"""What is no proof is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from certify_cases import _county, _with

from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import SolveResult, certify, solve


def _prices(result: SolveResult, **changes: Any) -> SolveResult:
    relaxation = result.zones[0].relaxation
    assert relaxation is not None
    made = {name: change(getattr(relaxation, name)) for name, change in changes.items()}
    return _with(result, relaxation=replace(relaxation, **made))


def _lowered(result: SolveResult) -> SolveResult:
    objective = result.zones[0].objective
    return _with(result, objective=objective - 0.01, bound=objective - 0.01)


def _raised(result: SolveResult) -> SolveResult:
    return _with(result, bound=result.zones[0].objective + 0.01)


def _other_lead(result: SolveResult) -> SolveResult:
    lead_of = result.lead_of.copy()
    alliance = np.flatnonzero(lead_of == lead_of[0])
    lead_of[alliance] = next(v for v in alliance if v != lead_of[0])
    return replace(result, lead_of=lead_of)


def _torn(result: SolveResult) -> SolveResult:
    """Swap two villages of the zone that are far from each other."""
    lead_of = result.lead_of.copy()
    first, last = (
        next(v for v in villages if lead_of[v] != v) for villages in (range(24), range(23, 0, -1))
    )
    lead_of[[first, last]] = lead_of[[last, first]]
    return replace(result, lead_of=lead_of)


def _foreign(result: SolveResult) -> SolveResult:
    lead_of = result.lead_of.copy()
    lead_of[0] = lead_of[39]
    return replace(result, lead_of=lead_of)


def _dropped(result: SolveResult) -> SolveResult:
    lead_of = result.lead_of.copy()
    lead_of[:24][lead_of[:24] == lead_of[0]] = -1
    return replace(result, lead_of=lead_of)


def _no_lead(result: SolveResult) -> SolveResult:
    lead_of = result.lead_of.copy()
    lead_of[0] = 10_000
    return replace(result, lead_of=lead_of)


MANIPULATIONS: dict[str, tuple[Callable[[SolveResult], SolveResult], str]] = {
    "objective lowered": (_lowered, "objective_differs"),
    "bound raised": (_raised, "bound_above_plan"),
    "bound lowered, yet optimal": (
        lambda r: _with(r, bound=r.zones[0].bound - 0.5),
        "bound_not_reproduced",
    ),
    "bound of the prices raised": (
        lambda r: _prices(r, bound=lambda b: b + 0.01),
        "bound_not_reproduced",
    ),
    "one price raised": (
        lambda r: _prices(r, prices=lambda p: p + 0.01 * (np.arange(24) == 3)),
        "bound_not_reproduced",
    ),
    "one price lowered": (
        lambda r: _prices(r, prices=lambda p: p - 0.01 * (np.arange(24) == 3)),
        "bound_not_reproduced",
    ),
    "all prices and their bound raised": (
        lambda r: _prices(r, prices=lambda p: p + 0.01, bound=lambda b: b + 0.24),
        "bound_not_reproduced",
    ),
    "a price too few": (lambda r: _prices(r, prices=lambda p: p[1:]), "prices_malformed"),
    "a price that is no number": (
        lambda r: _prices(r, prices=lambda p: p * np.nan),
        "prices_malformed",
    ),
    "a cut that gains": (
        lambda r: _prices(
            r, cuts=lambda _: np.array([[0, 1, 2]]), cut_prices=lambda _: np.array([0.5])
        ),
        "prices_malformed",
    ),
    "candidates concealed": (
        lambda r: _with(r, candidates=r.zones[0].candidates - 1),
        "candidates_differ",
    ),
    "another lead": (_other_lead, "objective_differs"),
    "villages swapped": (_torn, "plan_breaks_rules"),
    "a village led from another zone": (_foreign, "plan_breaks_rules"),
    "a village led by nobody": (_no_lead, "plan_breaks_rules"),
    "an alliance left out": (_dropped, "objective_differs"),
}


@pytest.mark.parametrize("what", MANIPULATIONS)
def test_a_manipulated_result_is_refused(what: str) -> None:
    manipulate, reason = MANIPULATIONS[what]
    problem = _county()
    certificate = certify(problem, manipulate(solve(problem)))
    assert certificate.refused
    assert not certificate.proven
    assert (certificate.zones[0].verdict, certificate.zones[0].reason) == ("refused", reason)
    assert certificate.zones[1].proven


def test_a_consistent_lie_about_a_dearer_plan_is_found_out() -> None:
    problem = _county()
    result = solve(problem)
    dearer = solve(
        problem.changed(
            never_together=[(0, int(np.flatnonzero(result.lead_of == result.lead_of[0])[1]))]
        )
    )
    lie = _with(
        replace(result, lead_of=dearer.lead_of),
        objective=dearer.zones[0].objective,
        bound=dearer.zones[0].objective,
    )
    assert lie.zones[0].objective > result.zones[0].objective + 1e-6
    certificate = certify(problem, lie)
    assert (certificate.zones[0].verdict, certificate.zones[0].reason) == (
        "refused",
        "better_plan",
    )
    honest = replace(
        _with(lie, status="feasible", bound=result.zones[0].bound),
        status="feasible",
    )
    certificate = certify(problem, honest)
    assert not certificate.refused
    assert not certificate.proven


def test_leaving_out_for_nothing_what_could_be_placed_is_refused() -> None:
    problem = AllianceProblem.from_arrays(np.ones((4, 4)), [(0, 1), (1, 2), (2, 3)], 2, 2)
    result = solve(problem)
    lie = replace(
        _with(result, objective=1.0, bound=1.0), lead_of=np.array([0, 0, -1, -1], dtype=np.intp)
    )
    certificate = certify(problem, lie)
    assert certificate.zones[0].reason == "plan_breaks_rules"


def test_a_false_claim_that_there_is_no_plan_is_refused() -> None:
    problem = AllianceProblem.from_arrays(np.ones((4, 4)), [(0, 1), (1, 2), (2, 3)], 2, 2)
    result = solve(problem)
    record = replace(result.zones[0], status="infeasible", objective=math.inf, bound=math.inf)
    lie = replace(
        result,
        lead_of=np.full(4, -1, dtype=np.intp),
        objective=math.inf,
        bound=math.inf,
        status="infeasible",
        zones=(record,),
    )
    certificate = certify(problem, lie)
    assert (certificate.zones[0].verdict, certificate.zones[0].reason) == ("refused", "plan_exists")
    assert certify(problem, lie, node_limit=0).zones[0].reason == "not_searched_through"


def test_totals_and_frozen_alliances_are_compared() -> None:
    problem = _county(frozen=[[0, 1, 2, 3]])
    result = solve(problem)
    assert certify(problem, result).proven
    moved = result.lead_of.copy()
    moved[3] = -1
    for lie, reason in (
        (replace(result, objective=result.objective - 0.01), "totals_differ"),
        (replace(result, bound=result.bound + 0.01), "totals_differ"),
        (replace(result, status="feasible"), "totals_differ"),
        (replace(result, lead_of=moved), "frozen_changed"),
    ):
        certificate = certify(problem, lie)
        assert certificate.reason == reason
        assert certificate.refused
        assert not certificate.proven
