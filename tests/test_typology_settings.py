"""Types as the settings have them: own ones, wrong ones, party bodies."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from typology_cases import id_of, planned, typed

from liancun_geo.errors import SettingsError
from liancun_geo.fingerprint import fingerprint
from liancun_geo.messages import catalogue
from liancun_geo.settings import parse_settings
from liancun_geo.type_rules import FACT_NAMES, YES_OR_NO, Condition, shipped_types
from liancun_geo.typology import judge, type_notices

DOCS = Path(__file__).parents[1] / "docs" / "types.md"


def test_a_type_set_by_a_person_is_shown_as_such() -> None:
    code = planned().villages.frame["code"].iloc[0]
    for name in ("industry", "产业拉动型", "产业联盟型", "industry-led"):
        one = typed(types={"chosen": {code: {"type": name, "reason": "镇党委会商定"}}})
        assert id_of(one) == "industry"
        assert one.recommended is not None
        assert one.recommended.rule.id == "mutual_help"
        assert "人工定为产业拉动型：镇党委会商定" in one.reason("zh")
        assert "村村互助型" in one.reason("zh")
        told = one.as_dict("zh")
        assert (told["set_by_planner"], told["recommended"]) == (True, "mutual_help")


def test_entries_without_effect_are_told() -> None:
    codes = planned().villages.frame["code"].tolist()
    entry = {"type": "industry", "reason": "x"}
    s = planned(
        types={"chosen": {codes[1]: entry, "9": entry}, "core_enterprise": {codes[0]: "无名"}}
    )
    found = type_notices(s)
    assert [fault.key for fault in found] == [
        "types.no_lead",
        "types.no_such_village",
        "types.core_not_listed",
    ]
    assert all(fault.severity == "warning" and fault.text("en") for fault in found)
    assert type_notices(planned()) == ()


def test_types_do_not_shape_the_plan() -> None:
    s = planned()
    code = s.villages.frame["code"].iloc[0]
    other = planned(types={"chosen": {code: {"type": "industry", "reason": "x"}}})
    assert fingerprint(s.villages, s.settings) == fingerprint(other.villages, other.settings)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ([12, 12, 13, 13], "branch"),
        ([12, 12, 13, 14], "general_branch"),
        ([25, 25, 25, 25], "general_branch"),
        ([25, 25, 25, 26], "committee"),
        ([25, 25, None, 26], None),
        ([60, 45, None, None], "committee"),
    ],
)
def test_the_party_body_that_the_members_allow(members: list[int | None], kind: str | None) -> None:
    """50 members are a branch and 51 a general branch; 100 and 101 likewise."""
    body = typed(party_members_persons=[*members, *[9.0] * 5]).party_body
    assert body.kind == kind
    assert body.missing == sum(m is None for m in members)
    assert ("不详" in body.text("zh")) == (kind is None)
    assert ("确认" in body.text("zh")) == (kind is not None)
    other = typed(
        party_members_persons=[*members, *[9.0] * 5],
        types={"branch_above_persons": 500, "committee_above_persons": 900},
    ).party_body
    assert other.kind == (None if None in members else "branch")


def test_a_type_takes_a_few_lines_of_settings() -> None:
    """The example of the documentation, as it stands there."""
    text = DOCS.read_text(encoding="utf-8")
    example = text.split("```toml\n", 1)[1].split("```", 1)[0]
    import tomllib

    types = tomllib.loads(example)["types"]
    one = typed(types=types, industries=[("茶叶",), ("茶叶",), *[("粮食",)] * 7])
    known = {match.rule.id for match in one.matches}
    assert {rule["id"] for rule in types["rules"]} <= known
    assert known == {rule.id for rule in shipped_types()} | {r["id"] for r in types["rules"]}
    # The id of a shipped type replaces it.
    rule = {
        "id": "mutual_help",
        "zh": "互助",
        "en": "help",
        "require": [{"fact": "villages", "at_least": 1, "weight": 99}],
    }
    replaced = typed(types={"rules": [rule]})
    assert replaced.name("zh") == "互助"
    assert len(replaced.matches) == len(shipped_types())


@pytest.mark.parametrize(
    ("types", "key"),
    [
        ({"used": ["nothing"]}, "types.unknown_type"),
        ({"chosen": {"1": {"type": "nothing", "reason": "x"}}}, "types.unknown_type"),
        ({"chosen": {"1": {"type": "industry", "reason": " "}}}, "types.text_empty"),
        ({"chosen": {"1": {"type": "industry"}}}, "settings.entry_missing"),
        ({"branch_above_persons": 101}, "types.thresholds_order"),
        ({"rules": [{"fact": "villages"}]}, "types.condition_unsound"),
        ({"rules": [{"fact": "villages", "yes": True}]}, "types.condition_unsound"),
        ({"rules": [{"fact": "lead_strong", "at_least": 1}]}, "types.condition_unsound"),
        ({"rules": [{"fact": "nothing", "at_least": 1}]}, "settings.not_a_choice"),
    ],
)
def test_what_cannot_be_a_type_is_told(types: dict[str, Any], key: str) -> None:
    if "rules" in types:
        rule = {"id": "own", "zh": "自定", "en": "own", "require": types["rules"]}
        types = {"rules": [rule]}
    with pytest.raises(SettingsError) as caught:
        parse_settings({"types": types})
    assert key in [fault.key for fault in caught.value.faults]
    assert all(fault.text("zh") and fault.text("en") for fault in caught.value.faults)


def test_types_listed_twice_are_told() -> None:
    rule = {"id": "a", "zh": "甲", "en": "a", "require": [{"fact": "villages", "at_least": 1}]}
    with pytest.raises(SettingsError) as caught:
        parse_settings({"types": {"rules": [rule, rule]}})
    assert [fault.key for fault in caught.value.faults] == ["types.listed_twice"]


def test_any_of_is_met_by_one_and_failed_by_none() -> None:
    facts = typed().facts
    villages = {"fact": "villages", "at_least": 4}
    more = {"fact": "villages", "at_least": 9}
    parks = {"fact": "parks", "at_least": 1}
    for parts, verdict in (
        ([villages, more], "met"),
        ([more, more], "not_met"),
        ([more, parks], "unknown"),
        ([villages, parks], "met"),
    ):
        assert judge(Condition.model_validate({"any_of": parts}), facts).verdict == verdict


def test_equal_weights_go_by_the_order_of_the_list() -> None:
    rules = [
        {"id": name, "zh": name, "en": name, "require": [{"fact": "villages", "at_least": 1}]}
        for name in ("first", "second", "third")
    ]
    for order in itertools.permutations(rules):
        names = [rule["id"] for rule in order]
        one = typed(types={"rules": list(order), "used": names})
        assert [match.rule.id for match in one.matches] == names


def test_every_fact_is_named_and_computed() -> None:
    assert set(typed().facts) == set(FACT_NAMES)
    for name in FACT_NAMES:
        assert f"types.name_{name}" in catalogue()
    for name in YES_OR_NO:
        assert {f"types.{name}_yes", f"types.{name}_no"} <= set(catalogue())
    for rule in shipped_types():
        for condition in (*rule.require, *rule.count):
            assert "None" not in condition.text("zh") + condition.text("en")


def test_shipped_names_are_those_of_the_accounts(shared: Path) -> None:
    """No type is made up: every name stands in the domain document or in a case."""
    domain = (shared.parent / "docs" / "DOMAIN.md").read_text(encoding="utf-8")
    facts = (shared / "seed_facts.json").read_text(encoding="utf-8")
    for rule in shipped_types():
        for name in (rule.zh, *rule.also):
            assert name.partition("（")[0].removesuffix("型") in domain + facts
    assert {"强村带动型（1+1）", "强村带动型（1+N）"} <= {rule.zh for rule in shipped_types()}
