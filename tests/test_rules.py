"""The rules at the door: faults told at once, and worked into the zones as documented."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from brute_force import Small, keeps_lead_rules, led_alliances, optimum
from problems import RULES, random_rules_problem
from scipy import sparse

from liancun_geo.check import check, plan_cost
from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem, GroupTerm, Zone

PATH = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
INF = math.inf


def _problem(**changes: Any) -> AllianceProblem:
    arguments: dict[str, Any] = {"min_size": 1, "max_size": 6}
    return AllianceProblem.from_arrays(np.ones((6, 6)), PATH, **(arguments | changes))


def _zone(**changes: Any) -> Zone:
    (zone,) = _problem(**changes).zones
    return zone


def test_all_faults_of_the_rules_are_told_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        _problem(
            resource=np.ones((5, 1)),
            resource_bounds=(0, 1),
            group_terms=[GroupTerm([1.0] * 6, target=math.nan), "term"],
            n_alliances=(3, 2),
            zone_alliances={0: 4},
            distance=np.ones((4, 4)),
            max_distance=1.0,
            max_hops=-1,
            must_together=[(0, 0)],
            never_together=[(0, 9)],
            fixed_lead={0: 6},
            must_lead=[-1],
            frozen=[(0, 1), (1, 2)],
            weak=[1] * 5,
            max_weak=1,
            classes=[True],
            budget_use=[-1.0] * 6,
            budget=3.0,
        )
    told = str(caught.value).splitlines()
    for name in (
        "resource must be",
        "group_terms[0]",
        "group_terms[1]",
        "n_alliances must be",
        "zone_alliances[0] must be",
        "distance is for 4 villages",
        "max_hops: expected a whole number, not negative",
        "must_together must name two different",
        "never_together must name",
        "fixed_lead must name",
        "must_lead must name",
        "frozen alliances must not share",
        "weak must have shape",
        "classes must be",
        "budget_use must be finite",
    ):
        assert any(line.startswith(name) for line in told), name
    assert len(told) == 15


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"resource": [1.0] * 6}, "resource and resource_bounds belong together"),
        ({"resource_bounds": (0, 1)}, "resource and resource_bounds belong together"),
        ({"resource": [1.0] * 6, "resource_bounds": (2, 1)}, "least <= greatest"),
        ({"resource": [1.0] * 6, "resource_bounds": (math.nan, 1)}, "least <= greatest"),
        ({"resource": [math.inf] * 6, "resource_bounds": (0, 1)}, "resource must be finite"),
        ({"resource": np.ones((6, 2)), "resource_bounds": (0, 1)}, "resource must be"),
        ({"weak": [1] * 6}, "weak and max_weak belong together"),
        ({"max_weak": 1}, "weak and max_weak belong together"),
        ({"budget": 1.0}, "budget_use and budget belong together"),
        ({"budget_use": [1.0] * 6}, "budget_use and budget belong together"),
        ({"budget_use": [math.inf] * 6, "budget": 1.0}, "budget_use must be finite"),
        ({"max_distance": 1.0}, "distance and max_distance belong together"),
        ({"distance": np.ones((6, 6))}, "distance and max_distance belong together"),
        ({"n_alliances": 3}, "n_alliances must be"),
        ({"n_alliances": (-1, 3)}, "n_alliances must be"),
        ({"n_alliances": (math.nan, 3)}, "n_alliances must be"),
        ({"frozen": [()]}, "frozen must list"),
        ({"frozen": [(0, 6)]}, "frozen must list"),
        ({"frozen": [(0, 0)]}, "must not share"),
        ({"must_together": [(0.0, 1.0)]}, "must_together must be integers"),
        ({"never_together": [(0, 1, 2)]}, "never_together must be integers"),
        ({"zones": list("aaabbb"), "must_together": [(2, 3)]}, "different zones: [[2, 3]]"),
        ({"zones": list("aaabbb"), "fixed_lead": {2: 3}}, "different zones: [(2, 3)]"),
        ({"zones": list("aaabbb"), "zone_alliances": {"c": (1, 2)}}, "unknown zones: ['c']"),
        ({"group_terms": [GroupTerm([1.0] * 5)]}, "group_terms[0].amount must have shape"),
        ({"group_terms": [GroupTerm([1.0] * 6, 1.0, math.inf)]}, "group_terms[0] must be finite"),
    ],
)
def test_faulty_rules_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ProblemError) as caught:
        _problem(**changes)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_without_rules_nothing_is_folded() -> None:
    zone = _zone()
    assert np.isfinite(zone.pair_cost).all()
    assert (zone.amount.shape, zone.bounds.shape, zone.apart.shape) == ((6, 0), (0, 2), (0, 2))
    assert (zone.together == -1).all()
    assert not zone.weak.any()
    assert (zone.max_weak, zone.n_alliances, zone.use) == (6, (0, INF), None)
    assert not _problem().rules.couples_zones


def test_what_is_too_far_in_either_measure_is_forbidden() -> None:
    apart = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    apart[0, 1] = 9.0
    by_distance = np.isinf(_zone(distance=apart, max_distance=2.0).pair_cost)
    assert by_distance.tolist() == (apart > 2.0).tolist()
    by_steps = np.isinf(_zone(max_hops=2).pair_cost)
    apart[0, 1] = 1.0
    assert by_steps.tolist() == (apart > 2).tolist()
    # Steps lead neither through another zone nor through a frozen village.
    ring = [*PATH, (5, 0)]
    parted = AllianceProblem.from_arrays(
        np.ones((6, 6)), ring, 1, 6, zones=[0, 0, 0, 0, 1, 0], frozen=[(1,)], max_hops=5
    )
    assert parted.zones[0].villages.tolist() == [0, 2, 3, 5]
    assert np.isinf(parted.zones[0].pair_cost[0]).tolist() == [False, True, True, False]


def test_distances_come_in_every_form_of_the_costs() -> None:
    apart = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0))) + 0.5
    near = sparse.coo_array(np.where(apart < 3, apart, 0.0))
    forms: list[Any] = [apart, near, [(np.arange(6), apart)]]
    for form in forms:
        problem = _problem(distance=form, max_distance=2.0)
        assert np.isinf(problem.zones[0].pair_cost[0]).tolist() == [False] * 2 + [True] * 4
        assert problem.distance(0, 1) == 1.5


def test_a_fixed_lead_forbids_every_other() -> None:
    zone = _zone(fixed_lead={1: 2, 4: 4})
    forbidden = np.isinf(zone.pair_cost)
    assert forbidden[:, 1].tolist() == [True, False, False, True, True, True]
    assert forbidden[:, 4].tolist() == [True] * 4 + [False] + [True]
    assert not forbidden[:, [0, 2, 3, 5]].any()
    assert np.isinf(zone.lead_cost).tolist() == [False, True] + [False] * 4
    assert np.isinf(zone.unassigned_cost).all()


def test_a_village_that_must_lead_is_no_member_and_has_no_price() -> None:
    zone = _zone(must_lead=[3], unassigned_cost=[1.0] * 6)
    assert np.isinf(zone.pair_cost[:, 3]).tolist() == [True] * 3 + [False] + [True] * 2
    assert zone.unassigned_cost.tolist() == [1.0, 1.0, 1.0, INF, 1.0, 1.0]


def test_frozen_alliances_are_taken_out_and_counted_in_the_zone_of_their_lead() -> None:
    problem = _problem(
        zones=list("aaabbb"),
        frozen=[(3, 2), (1,)],
        zone_alliances={"a": (2, 3), "b": (0, 1)},
        weak=[0, 1, 0, 0, 1, 0],
        max_weak=1,
        budget_use=np.arange(6.0),
        budget=7.0,
    )
    a, b = problem.zones
    assert (a.villages.tolist(), b.villages.tolist()) == ([0], [4, 5])
    assert (a.edges.tolist(), b.edges.tolist()) == ([], [[0, 1]])
    assert (a.n_alliances, b.n_alliances) == ((1, 2), (0, 0))
    assert (a.weak.tolist(), b.weak.tolist()) == ([False], [True, False])
    assert b.use is not None
    assert b.use.tolist() == [4.0, 5.0]
    assert problem.rules.couples_zones


def test_resources_classes_and_terms_become_columns() -> None:
    zone = _zone(
        resource=[1.0] * 6,
        resource_bounds=(2, 4),
        classes=np.arange(12).reshape(6, 2) % 3 == 0,
        group_terms=[
            GroupTerm(np.arange(6.0), target=5.0, weight=0.5),
            GroupTerm(np.ones(6), weight=7.0, threshold=3.0, shortfall_weight=2.0),
        ],
    )
    assert zone.bounds.tolist() == [[2, 4], [1, INF], [1, INF], [-INF, INF], [-INF, INF]]
    assert zone.amount[:, 1].tolist() == [1, 0, 0, 1, 0, 0]
    assert zone.amount[:, 3].tolist() == [0, 1, 2, 3, 4, 5]
    assert zone.target.tolist() == [0, 0, 0, 5, 0]
    # A weight without a target, like a threshold without a weight, asks for nothing.
    assert zone.target_weight.tolist() == [0, 0, 0, 0.5, 0]
    assert zone.threshold.tolist() == [0, 0, 0, 0, 3]
    assert zone.shortfall_weight.tolist() == [0, 0, 0, 0, 2]


def test_partners_form_groups_and_pairs_are_read_in_either_order() -> None:
    zone = _zone(must_together=[(2, 0), (2, 4), (0, 2)], never_together=[(5, 1), (1, 5)])
    group = zone.together[0]
    assert group >= 0
    assert zone.together.tolist() == [group, -1, group, -1, group, -1]
    assert zone.apart.tolist() == [[1, 5]]


def test_a_pair_with_a_frozen_village_is_dropped_from_the_pairs_kept_apart() -> None:
    zone = _zone(never_together=[(0, 1), (0, 5)], frozen=[(1, 2)])
    assert zone.apart.tolist() == [[0, 3]]


def test_the_partner_of_a_frozen_village_joins_nothing() -> None:
    zone = _zone(must_together=[(3, 2), (4, 5)], frozen=[(1, 2)])
    v = zone.villages.tolist().index(3)
    others = [u for u in range(zone.n) if u != v]
    assert np.isinf(zone.lead_cost[v])
    assert np.isinf(zone.pair_cost[others, v]).all()
    assert np.isinf(zone.pair_cost[v, others]).all()
    assert np.isfinite(zone.pair_cost[np.ix_(others, others)]).all()
    assert zone.together.tolist() == [-1, -1, zone.together[2], zone.together[2]]


def test_the_zones_forbid_exactly_the_pairs_and_leads_of_the_definition() -> None:
    chosen = [rule for rule in RULES if rule not in ("together", "weak")]
    forbidden = 0
    for seed in range(120):
        small = random_rules_problem(seed, chosen[seed % 5 :: 3])
        problem = AllianceProblem.from_arrays(**small.arguments())
        for zone in problem.zones:
            for i, lead in enumerate(zone.villages.tolist()):
                # On its own a lead keeps all rules on leads unless it may not lead at all.
                alone = keeps_lead_rules(small, lead, frozenset({lead}))
                assert np.isfinite(zone.lead_cost[i]) == alone, (seed, lead)
                for j, member in enumerate(zone.villages.tolist()):
                    if i == j:
                        continue
                    allowed = _pair_allowed(small, lead, member)
                    forbidden += not allowed
                    assert np.isfinite(zone.pair_cost[i, j]) == allowed, (seed, lead, member)
    assert forbidden > 500


def _pair_allowed(small: Small, lead: int, member: int) -> bool:
    """Say whether a lead that may lead anything may have this member, from the definition."""
    free_lead = Small(**{**vars(small), "can_lead": None})
    if small.fixed_lead is not None:
        others = {v: lead for v, lead in small.fixed_lead.items() if v == member}
        free_lead.fixed_lead = others
    finite = math.isfinite(small.pair_cost[lead][member])
    return finite and keeps_lead_rules(free_lead, lead, frozenset({lead, member}))


def test_changed_replaces_arguments_and_keeps_the_rest() -> None:
    problem = _problem(max_hops=2, must_lead=[1], lead_cost=[2.0] * 6)
    other = problem.changed(max_hops=None, frozen=[(0, 1)])
    assert (problem.rules.max_hops, problem.rules.frozen) == (2, ())
    assert (other.rules.max_hops, other.rules.frozen) == (None, ((0, 1),))
    assert other.rules.must_lead == (1,)
    assert other.lead_cost.tolist() == [2.0] * 6
    assert problem.zones[0].n == 6
    assert other.zones[0].n == 4
    with pytest.raises(ProblemError, match="max_hops"):
        problem.changed(max_hops=-1)
    with pytest.raises(TypeError):
        problem.changed(max_hop=1)


def test_the_rules_are_frozen_copies() -> None:
    amounts = np.ones(6)
    problem = _problem(resource=amounts, resource_bounds=(0, 3), must_lead=iter([2, 2, 0]))
    amounts[:] = 9.0
    assert (problem.rules.resource == 1.0).all()
    assert problem.rules.must_lead == (0, 2)
    assert problem.zones[0].amount.max() == 1.0


@pytest.mark.parametrize(
    ("changes", "unplaceable"),
    [
        ({"must_together": [(1, 2)], "never_together": [(2, 1)]}, {1, 2}),
        ({"must_lead": [1], "fixed_lead": {1: 0}}, {1}),
        ({"fixed_lead": {1: 2, 2: 1}}, {1, 2}),
        ({"must_lead": [0, 1], "must_together": [(0, 1)]}, {0, 1}),
        ({"must_lead": [0], "can_lead": [False] + [True] * 5}, {0}),
        ({"fixed_lead": {0: 3}, "max_hops": 2}, {0}),
        ({"must_together": [(0, 3)], "frozen": [(1,)]}, {0, 3}),
        ({"classes": [False] * 6}, set(range(6))),
    ],
)
def test_villages_whose_rules_contradict_each_other_are_left_out_for_nothing(
    changes: dict[str, Any], unplaceable: set[int]
) -> None:
    """Contradictions are no fault of the arrays: the plan tells whom they leave out."""
    small = Small(np.ones((6, 6)), PATH, 1, 6, **changes)
    held = frozenset().union(*led_alliances(small))
    frozen = {v for alliance in small.frozen for v in alliance}
    assert set(range(6)) - held - frozen == unplaceable
    problem = _problem(**changes)
    lead_of = [v if v not in unplaceable else -1 for v in range(6)]
    assert check(problem, lead_of) == ()
    assert plan_cost(problem, lead_of) == 0.0
    assert optimum(small) == 0.0


@pytest.mark.parametrize(
    "odd",
    [
        {"resource": ["a", "b", "c"], "resource_bounds": (0, 1)},
        {"resource": [[1], [2, 3], [1]], "resource_bounds": (0, 1)},
        {"resource": [1, 2, 3], "resource_bounds": ("x", 1)},
        {"must_together": [(0,), (1, 2)]},
        {"must_lead": 1},
        {"must_lead": [1.7]},
        {"fixed_lead": [(0, 1)]},
        {"frozen": [0, 1]},
        {"max_hops": "2"},
        {"max_weak": -1, "weak": [True, False, False]},
        {"distance": np.ones((3, 3)), "max_distance": np.nan},
        {"budget_use": [1, 1, 1], "budget": -1},
        {"n_alliances": ("a", 2)},
        {"zone_alliances": [(0, 1)]},
        {"classes": ["a", "b", "c"]},
        {"group_terms": GroupTerm([1, 1, 1], target=1.0, weight=1.0)},
        {"group_terms": [GroupTerm([1, 1, 1], target=1.0, weight=-1.0)]},
    ],
)
def test_odd_values_are_faults_of_the_problem(odd: dict[str, object]) -> None:
    with pytest.raises(ProblemError):
        AllianceProblem.from_arrays(np.ones((3, 3)), [(0, 1), (1, 2)], 1, 3, **odd)  # type: ignore[arg-type]
