"""Rules of the settings file, from the sample county's files to a checked plan."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import village_table

from liancun_geo.agreements import rule_arguments
from liancun_geo.check import check
from liancun_geo.errors import DataError
from liancun_geo.posing import zone_labels
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.sample import sample_county
from liancun_geo.scenario import County, Scenario, plan_alliances, read_county
from liancun_geo.settings import parse_settings, read_settings


@cache
def sample() -> County:
    """Return the sample county."""
    files = sample_county()
    settings = read_settings(files.settings)
    return read_county(files.boundaries, files.ledger, settings=settings, folder=files.folder)


@cache
def base() -> Scenario:
    """Return its plan without any further rule."""
    return planned()


def planned(**rules: Any) -> Scenario:
    """Plan the sample county with some rules."""
    scenario = plan_alliances(sample(), parse_settings({"rules": rules}))
    assert scenario.violations == ()
    assert check(scenario.problem, scenario.plan) == ()
    return scenario


def code(village: int) -> str:
    """Return the code of a village of the sample county."""
    return str(sample().villages.frame["code"].to_numpy()[village])


def test_a_frozen_alliance_is_in_the_plan() -> None:
    # Two neighbours that the plan parts: fewer than any other alliance may have.
    lead_of = base().plan.lead_of
    a, b = next(
        (int(a), int(b))
        for a, b in base().problem.edges
        if lead_of[a] != lead_of[b] and base().problem.zone_of[a] == base().problem.zone_of[b]
    )
    scenario = planned(frozen=[[code(b), code(a)]])
    assert [al.members for al in scenario.plan.alliances if al.lead == b] == [(a,)]
    assert scenario.result.objective != base().result.objective


def test_villages_that_must_be_together_are() -> None:
    lead_of = base().plan.lead_of
    problem = base().problem
    a, b = next(
        (int(a), int(b))
        for a, b in problem.edges
        if lead_of[a] != lead_of[b] and problem.zone_of[a] == problem.zone_of[b]
    )
    scenario = planned(must_together=[[code(a), code(b)]])
    assert scenario.plan.lead_of[a] == scenario.plan.lead_of[b] >= 0
    assert scenario.result.objective > base().result.objective


def test_villages_that_must_never_be_together_are_not() -> None:
    alliance = base().plan.alliances[3]
    scenario = planned(never_together=[[code(alliance.lead), code(alliance.members[0])]])
    lead_of = scenario.plan.lead_of
    assert lead_of[alliance.lead] != lead_of[alliance.members[0]]


def test_the_number_of_alliances_is_kept() -> None:
    number = len(base().plan.alliances)
    scenario = planned(n_alliances=[number + 2, number + 2])
    assert len(scenario.plan.alliances) == number + 2
    assert scenario.result.status == "optimal"


def test_the_number_of_alliances_of_a_township_is_kept() -> None:
    township = "370499102"
    before = sum(a.township == _township(township) for a in base().alliances)
    scenario = planned(township_alliances={township: [before + 1, before + 1]})
    assert sum(a.township == _township(township) for a in scenario.alliances) == before + 1


def _township(label: str) -> str:
    frame = sample().villages.frame
    return str(frame.loc[frame["township_code"] == label, "township"].iloc[0])


def test_no_lead_has_too_many_weak_members() -> None:
    frame = sample().villages.frame
    weak = (frame["weak_organisation"] | frame["weak_economy"]).to_numpy(dtype=bool)
    carried = [sum(weak[list(a.members)]) for a in base().plan.alliances]
    most = max(carried) - 1
    scenario = planned(max_weak_members=int(most))
    assert max(sum(weak[list(a.members)]) for a in scenario.plan.alliances) <= most


def test_existing_alliances_are_kept() -> None:
    frame = sample().villages.frame
    existing = np.flatnonzero(frame["existing_alliance"].notna())
    assert len(existing) > 1
    scenario = planned(keep_existing=True)
    assert len(set(scenario.plan.lead_of[existing].tolist())) == 1


def test_leads_that_were_agreed_upon() -> None:
    member = next(a.members[0] for a in base().plan.alliances if a.members)
    scenario = planned(must_lead=[code(member)])
    assert scenario.plan.lead_of[member] == member
    other = next(a.lead for a in base().plan.alliances if member in a.members)
    fixed = planned(fixed_lead={code(member): code(other)})
    assert fixed.plan.lead_of[member] == other
    assert fixed.result.objective == pytest.approx(base().result.objective)


def test_a_budget_limits_the_number_of_alliances() -> None:
    number = len(base().plan.alliances)
    scenario = planned(budget_wan_yuan=10.0 * (number - 2), budget_per_alliance_wan_yuan=10.0)
    assert len(scenario.plan.alliances) <= number - 2


def test_the_greatest_distance_is_a_rule_of_its_own() -> None:
    scenario = planned(max_distance_km=4.0, coverage="partial")
    assert scenario.problem.rules.max_distance == 4.0
    for alliance in scenario.plan.alliances:
        for member in alliance.members:
            assert scenario.problem.distance(alliance.lead, member) <= 4.0


Arguments = dict[str, Any]
TABLE = village_table(
    6,
    township_code=["t1"] * 4 + ["t2"] * 2,
    population_registered_persons=[100.0, 600.0, 700.0, 400.0, 800.0, 900.0],
    transferable_land_mu=[10.0, 20.0, None, 40.0, 50.0, 60.0],
    enterprises=[("厂",), (), (), (), ("店",), ()],
    weak_organisation=[True, None, False, False, False, False],
    existing_alliance=["老片", "老片", None, " ", "老片", "老片"],
)
CODES = TABLE.frame["code"].tolist()


def arguments(**rules: Any) -> Arguments:
    """Return the arguments that rules become for six villages in two townships."""
    read = RuleSettings.model_validate(rules)
    return rule_arguments(TABLE, read, zone_labels(TABLE, read))[0]


def faults(**rules: Any) -> list[tuple[str, str | None]]:
    """Return key and code of each fault that rules lead to."""
    with pytest.raises(DataError) as caught:
        arguments(**rules)
    for fault in caught.value.faults:
        assert fault.text("zh") != fault.text("en")
    return [(fault.key.removeprefix("plan."), fault.where.code) for fault in caught.value.faults]


def test_codes_become_positions() -> None:
    told = arguments(
        must_together=[[CODES[1], CODES[0]]],
        never_together=[[CODES[0], CODES[5]]],
        fixed_lead={CODES[2]: CODES[3]},
        must_lead=[CODES[3]],
        frozen=[[CODES[5], CODES[4]]],
    )
    assert told["must_together"].tolist() == [[1, 0]]
    assert told["never_together"].tolist() == [[0, 5]]
    assert told["fixed_lead"] == {2: 3}
    assert (told["must_lead"], told["frozen"]) == ([3], [[5, 4]])


def test_all_unknown_codes_are_told_at_once() -> None:
    told = faults(
        excluded=["x0"],
        must_together=[[CODES[0], "x1"]],
        never_together=[["x2", "x3"]],
        fixed_lead={"x4": CODES[0]},
        must_lead=["x5"],
        frozen=[["x6", CODES[1]]],
        township_alliances={"t9": [1, 2]},
    )
    assert {code for _, code in told} == {"x0", "x1", "x2", "x3", "x4", "x5", "x6", None}
    assert [key for key, _ in told].count("unknown_township") == 1


def test_rules_that_contradict_each_other() -> None:
    assert faults(must_together=[[CODES[0], CODES[5]]]) == [("across_zones", CODES[0])]
    assert faults(fixed_lead={CODES[0]: CODES[5]}) == [("across_zones", CODES[0])]
    assert faults(excluded=[CODES[0]], must_lead=[CODES[0]]) == [("excluded_but_named", CODES[0])]
    assert faults(frozen=[CODES[:2]], must_together=[[CODES[1], CODES[2]]]) == [
        ("frozen_parts_pair", CODES[1])
    ]
    # Whatever the zone, two villages may be kept apart; an excluded one is so anyway.
    assert len(arguments(excluded=[CODES[0]], never_together=[[CODES[0], CODES[5]]])) > 0


def test_a_missing_amount_is_a_fault_and_never_zero() -> None:
    missing = [("amount_missing", CODES[2])]
    assert faults(transferable_land_mu=[0, 100]) == missing
    assert faults(min_transferable_land_mu=100) == missing
    told = arguments(transferable_land_mu=[0, 100], excluded=[CODES[2]])
    assert told["resource"][:, 0].tolist() == [10.0, 20.0, 0.0, 40.0, 50.0, 60.0]
    assert len(faults(arable_land_mu=[0, 100])) == 6
    assert faults(max_weak_members=1) == [("amount_missing", CODES[1])]


def test_amounts_are_told_in_thousands() -> None:
    told = arguments(target_population_persons=5000, target_population_weight=0.2)
    [term] = told["group_terms"]
    assert np.asarray(term.amount).tolist() == [0.1, 0.6, 0.7, 0.4, 0.8, 0.9]
    assert (term.target, term.weight) == (5.0, 0.2)
    assert arguments(population_persons=[1, 2])["resource"][0, 0] == 100.0


def test_small_villages_come_first_under_partial_coverage() -> None:
    told = arguments(coverage="partial", unassigned_cost=2.0, small_village_weight=3.0)
    assert told["unassigned_cost"].tolist() == [6.0, 2.0, 2.0, 6.0, 2.0, 2.0]
    assert arguments(small_village_weight=3.0)["unassigned_cost"] is None
    assert faults(coverage="partial", weak_village_weight=2.0) == [("amount_missing", CODES[1])]
    told = arguments(coverage="partial", weak_village_weight=2.0, excluded=[CODES[1]])
    assert told["unassigned_cost"].tolist() == [2.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_each_alliance_needs_an_enterprise() -> None:
    told = arguments(each_with_enterprise=True)["classes"]
    assert told.tolist() == [True, False, False, False, True, False]


def test_existing_alliances_stay_together_inside_each_zone() -> None:
    read = RuleSettings(keep_existing=True)
    told, notes = rule_arguments(TABLE, read, zone_labels(TABLE, read))
    assert told["must_together"].tolist() == [[0, 1], [4, 5]]
    [note] = notes
    assert (note.key, note.severity) == ("plan.existing_across_zones", "warning")
    assert "老片" in note.text("zh")


@pytest.mark.parametrize("method", ["listing", "assignment", "search"])
def test_the_method_does_not_change_what_is_meant(method: str) -> None:
    table = village_table(9)
    auto, other = (
        plan_alliances(
            table,
            parse_settings({"rules": {"min_size": 2, "max_size": 4}, "solver": {"method": name}}),
        )
        for name in ("auto", method)
    )
    assert other.result.objective == pytest.approx(auto.result.objective)


def test_the_compiler_takes_no_time_of_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr("liancun_geo.scenario.warm_up", lambda: order.append("compiled"))
    monkeypatch.setattr("liancun_geo.scenario.solve", lambda *_, **__: order.append("solved"))
    monkeypatch.setattr("liancun_geo.scenario.assemble", lambda *_: None)
    plan_alliances(village_table(4), parse_settings({}))
    assert order == ["compiled", "solved"]
