"""The certificate: what is true is proven again, what is manipulated is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from certify_cases import _county, _with
from problems import RULES, grid_edges, random_problem, random_rules_problem

from liancun_geo.errors import ProblemError
from liancun_geo.messages import message
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve import ZoneContext, certify, solve
from liancun_geo.solve import certificate as certificate_module
from liancun_geo.solve.certificate import CertificateReason
from liancun_geo.solve.listing import list_candidates
from liancun_geo.solve.master import Master
from liancun_geo.solve.relisting import relist


@pytest.mark.parametrize("block", range(4))
def test_lists_the_same_candidates_at_the_same_cost_as_the_solver(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        rng = np.random.default_rng(seed)
        rules = [RULES[i] for i in sorted(rng.permutation(len(RULES))[: rng.integers(0, 8)])]
        problem = AllianceProblem.from_arrays(**random_rules_problem(seed, rules).arguments())
        for zone in problem.zones:
            zone = replace(zone, use=None)
            pool = list_candidates(zone)
            again = relist(zone)
            assert len(pool) == len(again.cost) == again.certain, seed
            by_set = {
                frozenset(row[row < zone.n].tolist()): cost
                for row, cost in zip(pool.members, pool.cost.tolist(), strict=True)
            }
            for held, cost in zip(again.held, again.cost.tolist(), strict=True):
                assert by_set[frozenset(np.flatnonzero(held).tolist())] == pytest.approx(cost), seed


def test_lists_zones_of_more_than_64_villages() -> None:
    rng = np.random.default_rng(1)
    problem = AllianceProblem.from_arrays(rng.random((80, 80)), grid_edges(8, 10), 3, 4)
    pool, again = list_candidates(problem.zones[0]), relist(problem.zones[0])
    assert len(again.cost) == len(pool)
    np.testing.assert_allclose(np.sort(again.cost), np.sort(pool.cost))


def test_sums_on_their_bound_by_rounding_are_admitted() -> None:
    # 0.1 + 0.2 is above 0.3: only as doubtful a candidate as that is the pair listed.
    problem = AllianceProblem.from_arrays(
        np.ones((2, 2)), [(0, 1)], 2, 2, resource=[0.1, 0.2], resource_bounds=[0.0, 0.3]
    )
    again = relist(problem.zones[0])
    assert (len(again.cost), again.certain) == (1, 0)


def test_proves_the_results_of_small_problems_again() -> None:
    verdicts = []
    for seed in range(150):
        small = random_problem(seed)
        problem = AllianceProblem.from_arrays(**small.arguments())
        result = solve(problem)
        certificate = certify(problem, result)
        assert certificate.proven, seed
        assert not certificate.refused, seed
        for zone, record in zip(certificate.zones, result.zones, strict=True):
            assert zone.confirmed_bound == pytest.approx(record.objective), seed
            verdicts.append((record.status, zone.verdict))
    assert {("optimal", "proven"), ("infeasible", "proven")} == set(verdicts)


def test_proves_or_leaves_open_whatever_the_rules_never_refuses_the_truth() -> None:
    verdicts = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rules = [RULES[i] for i in sorted(rng.permutation(len(RULES))[: rng.integers(1, 6)])]
        problem = AllianceProblem.from_arrays(**random_rules_problem(seed, rules).arguments())
        certificate = certify(problem, solve(problem, method="listing"))
        assert not certificate.refused, (seed, rules)
        coupled = problem.rules.couples_zones
        for zone in certificate.zones:
            assert zone.verdict == ("not_certifiable" if coupled else "proven"), (seed, rules)
            verdicts.append(zone.verdict)
    assert verdicts.count("proven") > 60


def test_proves_a_county_with_a_gap_between_bound_and_plan() -> None:
    problem = _county()
    result = solve(problem)
    certificate = certify(problem, result)
    assert certificate.proven
    assert any(zone.stored_bound < zone.objective - 1e-3 for zone in certificate.zones)
    for zone, record in zip(certificate.zones, result.zones, strict=True):
        assert zone.candidates == record.candidates
        assert zone.cost == pytest.approx(record.objective)
        assert zone.confirmed_bound == pytest.approx(record.objective)


def test_cuts_are_part_of_the_bound() -> None:
    problem = _county().changed(zones=None)
    record = solve(problem).zones[0]
    assert record.relaxation is not None
    context = ZoneContext.of(problem, 0)
    master = Master(*context.columns())
    stop = np.zeros(1, dtype=np.uint8)
    plain = master.solve(stop)
    assert plain is not None
    assert master.separate(plain.primal) > 0
    cut = master.solve(stop)
    assert cut is not None
    assert cut.bound > plain.bound + 1e-6
    result = solve(problem)
    told = replace(result, zones=(replace(result.zones[0], relaxation=cut),))
    certificate = certify(problem, told)
    assert certificate.proven
    forged = replace(cut, bound=cut.bound + 0.01)
    told = replace(result, zones=(replace(result.zones[0], relaxation=forged),))
    assert certify(problem, told).zones[0].reason == "bound_not_reproduced"
    forged = replace(cut, cuts=np.zeros_like(cut.cuts))
    told = replace(result, zones=(replace(result.zones[0], relaxation=forged),))
    assert certify(problem, told).zones[0].reason == "prices_malformed"


def test_what_the_search_cannot_close_is_said() -> None:
    problem = _county()
    result = solve(problem)
    certificate = certify(problem, result, node_limit=0)
    assert not certificate.proven
    assert not certificate.refused
    open_zones = [zone for zone in certificate.zones if not zone.proven]
    assert {(zone.verdict, zone.reason) for zone in open_zones} == {
        ("bound_confirmed", "search_limit")
    }
    for zone in open_zones:
        assert zone.confirmed_bound == pytest.approx(zone.stored_bound)
        assert zone.confirmed_bound < zone.claimed_bound


def test_a_zone_that_is_too_large_or_solved_otherwise_is_not_certifiable() -> None:
    problem = _county()
    result = solve(problem)
    for certificate, reason in (
        (certify(problem, result, most_sets=1000), "too_large"),
        (certify(problem, _with(result, relaxation=None)), "not_by_listing"),
        (certify(problem, _with(result, method="search")), "not_by_listing"),
    ):
        assert not certificate.refused
        assert {zone.reason for zone in certificate.zones} >= {reason}
        assert {zone.verdict for zone in certificate.zones} >= {"not_certifiable"}


def test_without_a_plan_there_is_nothing_to_certify() -> None:
    problem = _county()
    result = solve(problem, time_limit=0.0)
    certificate = certify(problem, result)
    assert not certificate.refused
    assert not certificate.proven


def test_a_result_of_another_problem_is_an_error() -> None:
    problem = _county()
    result = solve(problem)
    for other in (
        problem.changed(zones=None),
        problem.changed(zones=np.repeat(["east", "north"], [24, 16]).tolist()),
    ):
        with pytest.raises(ProblemError):
            certify(other, result)


def test_every_verdict_can_be_said_in_both_languages() -> None:
    problem = _county()
    zone = certify(problem, solve(problem)).zones[0]
    assert message(
        "certificate.proven", "en", zone="east", candidates=zone.candidates, cost=zone.cost
    ) == zone.text("en")
    for reason in get_args(CertificateReason):
        told = replace(zone, reason=reason)
        assert told.text("zh") != told.text("en")


def test_the_plain_means_use_nothing_of_the_solver() -> None:
    """Beside the result's type, the certificate's modules import no module of the solver."""
    folder = Path(certificate_module.__file__).parent
    allowed = {"recovering", "rederiving", "relisting", "result"}
    for name in ("certificate", "recovering", "rederiving", "relisting"):
        lines = (folder / f"{name}.py").read_text(encoding="utf-8").splitlines()
        imported = {
            line.split()[1].removeprefix("liancun_geo.solve.")
            for line in lines
            if line.startswith("from liancun_geo.solve.")
        }
        assert imported <= allowed, name
        assert not any("numba" in line or "highspy" in line for line in lines), name
