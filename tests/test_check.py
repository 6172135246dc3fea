"""The checker finds every way to break a rule, and nothing else."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from brute_force import Small, all_plans, keeps_plan_rules, led_alliances, optimum, prices
from problems import RULES, random_problem, random_rules_problem

from liancun_geo import _county
from liancun_geo.check import check, plan_cost
from liancun_geo.plan import Plan
from liancun_geo.problem import AllianceProblem, GroupTerm

PATH = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


def _problem(**changes: object) -> AllianceProblem:
    arguments: dict[str, object] = {"min_size": 2, "max_size": 3}
    arguments.update(changes)
    return AllianceProblem.from_arrays(np.ones((6, 6)), PATH, **arguments)  # type: ignore[arg-type]


def _apart_by_number() -> np.ndarray:
    return np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))


def _rules(problem: AllianceProblem, lead_of: list[int]) -> list[str]:
    return [violation.rule for violation in check(problem, lead_of)]


def test_a_good_plan_breaks_nothing() -> None:
    problem = _problem()
    assert check(problem, [0, 0, 0, 4, 4, 4]) == ()
    assert check(problem, Plan.from_lead_of([0, 0, 0, 4, 4, 4])) == ()


@pytest.mark.parametrize(
    ("changes", "lead_of", "rule"),
    [
        ({}, [0, 0, 0, 0, 4, 4], "size"),
        ({}, [0, 1, 1, 1, 4, 4], "size"),
        ({}, [0, 0, 2, 2, 0, 2], "connected"),
        ({}, [0, 0, -1, 3, 3, 3], "unassigned"),
        ({}, [1, 0, 2, 2, 4, 4], "lead_of"),
        ({}, [9, 9, 2, 2, 4, 4], "lead_of"),
        ({"zones": list("aaabbb")}, [0, 0, 2, 2, 4, 4], "zone"),
        ({"can_lead": [False, True, True, True, True, True]}, [0, 0, 2, 2, 4, 4], "can_lead"),
        ({"size_cost": [0, 0, math.inf, 0]}, [0, 0, 2, 2, 4, 4], "size"),
    ],
)
def test_each_broken_rule_is_named(
    changes: dict[str, object], lead_of: list[int], rule: str
) -> None:
    assert rule in _rules(_problem(**changes), lead_of)


def test_a_forbidden_pair_is_named() -> None:
    cost = np.ones((6, 6))
    cost[0, 1] = np.inf
    problem = AllianceProblem.from_arrays(cost, PATH, 2, 3)
    violations = check(problem, [0, 0, 2, 2, 4, 4])
    assert [(v.rule, v.lead, v.villages) for v in violations] == [("forbidden_pair", 0, (1,))]
    assert "villages 1" in str(violations[0])
    assert math.isinf(plan_cost(problem, [0, 0, 2, 2, 4, 4]))


THREES = [0, 0, 0, 4, 4, 4]
TWOS = [0, 0, 2, 2, 4, 4]


@pytest.mark.parametrize(
    ("changes", "lead_of", "rule", "lead", "villages"),
    [
        (
            {"resource": [1, 1, 1, 1, 1, 2], "resource_bounds": (0, 3)},
            THREES,
            "resource",
            4,
            (3, 4, 5),
        ),
        (
            {"resource": [[1, 0]] * 5 + [[1, -1]], "resource_bounds": [(2, 3), (0, 9)]},
            TWOS,
            "resource",
            4,
            (4, 5),
        ),
        ({"classes": [True, False, False, True, False, False]}, TWOS, "class", 4, (4, 5)),
        ({"must_together": [(3, 1)]}, TWOS, "together", 0, (1, 3)),
        ({"must_together": [(5, 4)]}, [*THREES[:3], 3, 3, -1], "together", 3, (4, 5)),
        ({"never_together": [(2, 0)]}, THREES, "apart", 0, (0, 2)),
        ({"fixed_lead": {1: 2}}, THREES, "fixed_lead", 0, (1,)),
        ({"fixed_lead": {0: 1}}, THREES, "fixed_lead", 0, (0,)),
        ({"fixed_lead": {5: 5}}, THREES, "fixed_lead", 4, (5,)),
        ({"must_lead": [1, 4]}, THREES, "must_lead", 0, (1,)),
        ({"distance": _apart_by_number(), "max_distance": 1.5}, THREES, "distance", 0, (2,)),
        ({"max_hops": 1}, THREES, "hops", 0, (2,)),
        ({"weak": [0, 1, 1, 0, 1, 1], "max_weak": 1}, THREES, "weak", 0, (1, 2)),
        ({"n_alliances": (3, None)}, THREES, "n_alliances", None, (0, 4)),
        ({"n_alliances": (None, 2)}, TWOS, "n_alliances", None, (0, 2, 4)),
        (
            {"zones": list("aaabbb"), "zone_alliances": {"b": (0, 0)}},
            THREES,
            "zone_alliances",
            None,
            (4,),
        ),
        (
            {"zones": list("aaabbb"), "zone_alliances": {"b": (1, 1)}, "unassigned_cost": [1] * 6},
            [0, 0, 0, -1, -1, -1],
            "zone_alliances",
            None,
            (3, 4, 5),
        ),
        ({"budget_use": [2] * 6, "budget": 5}, TWOS, "budget", None, (0, 2, 4)),
        ({"frozen": [(4, 3, 5)]}, [0, 0, 0, 3, 3, 3], "frozen", 4, (3, 4, 5)),
        ({"frozen": [(4, 3, 5)]}, [0, 0, 0, 0, 4, 4], "frozen", 4, (3,)),
        ({"frozen": [(4, 5)]}, THREES, "frozen", 4, (3,)),
        ({"frozen": [(1, 5)]}, [-1] * 6, "frozen", 1, (1, 5)),
        ({"unassigned_cost": [1] * 6, "must_lead": [2]}, [-1] * 6, "unassigned", None, (2,)),
    ],
)
def test_each_broken_rule_is_named_alone(
    changes: dict[str, object],
    lead_of: list[int],
    rule: str,
    lead: int | None,
    villages: tuple[int, ...],
) -> None:
    changes.setdefault("unassigned_cost", [1.0] * 6)
    found = check(_problem(**changes), lead_of)
    assert [(v.rule, v.lead, v.villages) for v in found] == [(rule, lead, villages)]


def test_a_frozen_alliance_is_exempt_and_costs_what_is_finite() -> None:
    cost = np.ones((6, 6))
    cost[5, 0] = np.inf
    problem = AllianceProblem.from_arrays(
        cost,
        PATH,
        1,
        2,
        zones=list("aabbbb"),
        lead_cost=[0, 0, 0, 0, 0, np.inf],
        size_cost=[0, 0.25, 0.5],
        unassigned_cost=[7.0] * 6,
        group_terms=[GroupTerm(np.arange(6.0), target=0.0, weight=0.5)],
        frozen=[(5, 0, 3)],
        never_together=[(0, 5)],
        must_together=[(0, 1)],
        must_lead=[3],
        fixed_lead={3: 2},
        resource=[1.0] * 6,
        resource_bounds=(0, 2),
        classes=[False] * 5 + [True],
    )
    # Alliance of villages 5, 0 and 3: one pair is allowed; the group term is 0.5 * 8.
    lead_of = [5, -1, -1, 5, -1, 5]
    assert check(problem, lead_of) == ()
    assert plan_cost(problem, lead_of) == 1.0 + 4.0 + 3 * 7.0
    # Its partner cannot join any other alliance, and no other holds a village of the class.
    assert _rules(problem, [5, 1, -1, 5, -1, 5]) == ["class", "together"]


def test_what_is_left_out_in_a_frozen_neighbourhood_is_excused() -> None:
    # Villages 0 and 1 are cut off by the frozen 2 and cannot be three without it.
    problem = _problem(min_size=3, frozen=[(2,)])
    assert check(problem, [-1, -1, 2, 3, 3, 3]) == ()
    assert _rules(problem, [-1, -1, 2, -1, -1, -1]) == ["unassigned"] * 3


def test_sums_may_miss_their_bounds_by_rounding_only() -> None:
    tenths = {"min_size": 3, "resource": [0.1] * 6}
    bound = 0.1 * 3
    assert 0.1 + 0.1 + 0.1 == bound != 0.3
    assert check(_problem(resource_bounds=(0.0, 0.3), **tenths), THREES) == ()
    assert _rules(_problem(resource_bounds=(0.0, 0.2999), **tenths), THREES) == ["resource"] * 2


def test_the_cost_of_a_plan_with_too_large_an_alliance_is_infinite() -> None:
    assert math.isinf(plan_cost(_problem(), [0, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize("bad", [[0, 0], np.zeros((6, 1), dtype=int), [0.0] * 6, None])
def test_what_is_no_assignment_is_a_violation_not_a_crash(bad: object) -> None:
    assert _rules(_problem(), bad) == ["lead_of"]  # type: ignore[arg-type]


def _judge(small: Small) -> Callable[[Sequence[int]], bool]:
    """Return what says of a plan whether it keeps the rules, from the definition alone."""
    allowed = led_alliances(small)
    price = prices(small, frozenset().union(*allowed))
    frozen = {alliance[0]: frozenset(alliance) for alliance in small.frozen}

    def is_good(lead_of: Sequence[int]) -> bool:
        leads = sorted({lead for lead in lead_of if lead >= 0})
        for lead in sorted({*leads, *frozen}):
            villages = frozenset(v for v in range(small.n) if lead_of[v] == lead)
            if lead in frozen:
                if villages != frozen[lead]:
                    return False
            elif lead not in allowed.get(villages, ()):
                return False
        left_out = [v for v in range(small.n) if lead_of[v] < 0]
        return keeps_plan_rules(small, leads) and all(price[v] < math.inf for v in left_out)

    return is_good


def _lead_of(small: Small, plan: Iterable[tuple[int, Iterable[int]]]) -> list[int]:
    lead_of = [-1] * small.n
    for lead, villages in plan:
        for village in villages:
            lead_of[village] = lead
    return lead_of


def _mixed_problem(seed: int, most_villages: int) -> Small:
    """Return a problem with up to four rules at a time."""
    rng = np.random.default_rng(seed)
    rules = [RULES[i] for i in rng.permutation(len(RULES))[: seed % 5]]
    return random_rules_problem(seed, rules, most_villages)


def test_agrees_with_the_definition_on_every_assignment_of_small_problems() -> None:
    verdicts = Counter[bool]()
    small_ones = [small for seed in range(400) if (small := random_problem(seed)).n <= 3]
    small_ones += [_mixed_problem(seed, 3 + seed // 120) for seed in range(180)]
    for number, small in enumerate(small_ones):
        problem = AllianceProblem.from_arrays(**small.arguments())
        is_good = _judge(small)
        for lead_of in itertools.product(range(-1, small.n), repeat=small.n):
            good = is_good(lead_of)
            verdicts[good] += 1
            assert (check(problem, list(lead_of)) == ()) is good, (number, lead_of)
    assert verdicts[True] > 300
    assert verdicts[False] > 3000


def test_accepts_every_plan_of_the_definition_at_its_cost() -> None:
    plans = 0
    for seed in range(300):
        small = _mixed_problem(seed, 6)
        problem = AllianceProblem.from_arrays(**small.arguments())
        costs = []
        for cost, plan in itertools.islice(all_plans(small), 200):
            lead_of = _lead_of(small, plan)
            assert check(problem, lead_of) == (), (seed, lead_of)
            assert plan_cost(problem, lead_of) == pytest.approx(cost, abs=1e-9), (seed, lead_of)
            costs.append(cost)
        plans += len(costs)
        if len(costs) < 200:
            assert optimum(small) == pytest.approx(min(costs, default=math.inf)), seed
    assert plans > 400


def test_a_village_left_out_is_excused_exactly_if_no_alliance_can_hold_it() -> None:
    excused = Counter[bool]()
    for seed in range(250):
        small = _mixed_problem(seed, 8)
        small.unassigned_cost = None
        held = frozenset().union(*led_alliances(small))
        problem = AllianceProblem.from_arrays(**small.arguments())
        found = {
            violation.villages[0]
            for violation in check(problem, [-1] * small.n)
            if violation.rule == "unassigned"
        }
        assert found == held, seed
        excused += Counter(v not in held for v in small.free)
    assert min(excused[True], excused[False]) > 200


def test_an_undecided_village_is_excused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _problem(resource=[1.0] * 6, resource_bounds=(3, 3))
    assert "unassigned" in _rules(problem, [-1] * 6)
    monkeypatch.setattr(_county, "MOST_SETS", 1)
    assert "unassigned" not in _rules(problem, [-1] * 6)


def test_plan_gathers_alliances_and_refuses_nonsense() -> None:
    plan = Plan.from_lead_of([2, -1, 2, 2])
    assert [(a.lead, a.members, a.size) for a in plan.alliances] == [(2, (0, 3), 3)]
    assert plan.alliances[0].villages == (2, 0, 3)
    with pytest.raises(ValueError, match="does not lead itself"):
        Plan.from_lead_of([1, 0])
