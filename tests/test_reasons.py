"""Every reason and every broken rule has a sentence, in both languages, with village names."""

from __future__ import annotations

import re
import string
from typing import get_args

import pytest
from builders import village_table

from liancun_geo.check import RuleKind, Violation
from liancun_geo.messages import catalogue
from liancun_geo.reasons import (
    MOST_NAMES,
    Names,
    conflict_faults,
    excluded_reason,
    relaxation_fault,
    village_reason,
    violation_fault,
    zone_name,
    zone_reason,
)
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.settings import Settings
from liancun_geo.solve.deletion import Conflict, Situation
from liancun_geo.solve.relaxation import Relaxation, RelaxationKind
from liancun_geo.solve.result import Reason, RuleName
from liancun_geo.solve.rule_items import ItemRule, RuleItem
from liancun_geo.solve.trials import NEAREST

VILLAGES = village_table(
    4, name=["张庄", "李庄", "张庄", "{braces}"], county=["示例县"] * 4, township=["西泉镇"] * 4
)
CODES = VILLAGES.frame["code"].tolist()
LABEL = VILLAGES.frame["township_code"].iat[0]


@pytest.mark.parametrize("rule", get_args(RuleName))
@pytest.mark.parametrize("value", [None, 3])
@pytest.mark.parametrize("villages", [(), (0, 1)])
def test_every_rule_has_a_sentence(
    rule: RuleName, value: int | None, villages: tuple[int, ...]
) -> None:
    reason = Reason(rule, villages, value)
    settings = Settings()
    for fault in (
        village_reason(reason, 1, VILLAGES, settings),
        zone_reason(reason, LABEL, VILLAGES, settings),
    ):
        assert fault.severity == "warning"
        zh, en = fault.text("zh"), fault.text("en")
        assert "None" not in zh + en
        assert not re.search(r"\{\w*\}", zh + en)
        assert zh != en


def test_village_reason_is_placed_at_the_village() -> None:
    fault = village_reason(Reason("too_few_connected", (1, 3), 2), 1, VILLAGES, Settings())
    assert (fault.where.village, fault.where.code) == ("李庄", CODES[1])
    assert fault.where.township == "西泉镇"
    assert "只有 2 村，而每片至少要 4 村" in fault.text("zh")


def test_zone_reason_names_zone_rule_and_villages() -> None:
    fault = zone_reason(Reason("min_size", (1, 3), 3), LABEL, VILLAGES, Settings())
    assert fault.text("zh").startswith("西泉镇按现在的规则排不出来：每片至少 4 村")
    assert "改为 3 即可；或者不安排 李庄、{braces}" in fault.text("zh")
    assert "Lowering min_size to 3 is enough; or leave out 李庄, {braces}" in fault.text("en")
    alone = zone_reason(Reason("min_size", (), 3), LABEL, VILLAGES, Settings())
    assert alone.text("zh").endswith("改为 3 即可。")


@pytest.mark.parametrize(
    ("field", "label", "zh", "en"),
    [
        ("township_code", LABEL, "西泉镇", "西泉镇"),
        ("township", "西泉镇", "西泉镇", "西泉镇"),
        ("county", "示例县", "示例县", "示例县"),
        ("none", "0", "全县", "the whole county"),
        ("township_code", "000", "000", "000"),
    ],
)
def test_zone_name(field: str, label: str, zh: str, en: str) -> None:
    settings = Settings(rules=RuleSettings.model_validate({"zone_field": field}))
    name = zone_name(label, VILLAGES, settings)
    assert (name.text("zh"), name.text("en")) == (zh, en)


def test_names_are_told_apart_and_long_lists_are_cut() -> None:
    assert str(Names((0, 1, 2), VILLAGES)) == f"张庄（{CODES[0]}）、李庄、张庄（{CODES[2]}）"
    many = village_table(30)
    text = Names(range(30), many).text("zh")
    assert text.count("、") == MOST_NAMES - 1
    assert text.endswith("等 30 村")
    assert str(Names((99, -1), VILLAGES)) == ""


@pytest.mark.parametrize("rule", get_args(RuleKind))
@pytest.mark.parametrize("lead", [None, 1, 99])
def test_every_violation_has_a_sentence(rule: RuleKind, lead: int | None) -> None:
    fault = violation_fault(Violation(rule, lead, (1, 3), "detail"), VILLAGES)
    assert fault.severity == "error"
    assert fault.text("zh") != fault.text("en")
    if rule in ("size", "connected", "zone") and lead == 1:
        assert "李庄片区" in fault.text("zh")


@pytest.mark.parametrize("rule", get_args(ItemRule))
def test_every_rule_of_a_conflict_and_its_way_out_have_a_sentence(rule: ItemRule) -> None:
    item = RuleItem(rule, (0, 1), 0, 3.0, LABEL)
    other = "drop" if rule not in NEAREST else "leave_out"
    kinds = [kind for kind in get_args(RelaxationKind) if kind in (rule, other)]
    ways = tuple(Relaxation(kind, item, (2,), 2, 1.5, True, {}) for kind in kinds)
    conflict = Conflict(LABEL, None, (item,), (0,), ways, True, 0.1)
    told = conflict_faults(conflict, VILLAGES, Settings())
    assert len(told) - len(ways) in (2, 3)
    for fault in told:
        zh, en = fault.text("zh"), fault.text("en")
        assert "None" not in zh + en
        assert not re.search(r"\{(?!braces)\w*\}", zh + en)
        assert zh != en
    assert all("1.500" in fault.text("zh") for fault in told[-len(ways) :])


@pytest.mark.parametrize("kind", ["link", "let_lead", "leave_out"])
def test_ways_out_name_their_villages(kind: RelaxationKind) -> None:
    item = None if kind == "link" else RuleItem("can_lead", (0,))
    way = Relaxation(kind, item, (1, 3), None, 2.0, True, {})
    fault = relaxation_fault(way, VILLAGES, Settings())
    assert "李庄、{braces}" in fault.text("zh")
    assert "李庄, {braces}" in fault.text("en")


def test_a_conflict_of_a_village_is_placed_at_it() -> None:
    item = RuleItem("fixed_lead", (1, 3))
    conflict = Conflict(LABEL, 1, (item,), (), (), False, 0.1)
    first, agreed, unproven = conflict_faults(conflict, VILLAGES, Settings())
    assert first.where.village == "李庄"
    assert agreed.text("zh") == "李庄只能由{braces}领建（fixed_lead）。"
    assert unproven.key == "reason.conflict_unproven"
    zone = Conflict(LABEL, None, (item, item), (), (), False, 0.1)
    assert "去掉其中任何一条" not in conflict_faults(zone, VILLAGES, Settings())[0].text("zh")
    open_question = Conflict(LABEL, None, (), (), (), False, 0.1)
    [only] = conflict_faults(open_question, VILLAGES, Settings())
    assert "西泉镇" in only.text("zh")


def test_the_map_is_told_where_it_decides() -> None:
    item = RuleItem("min_size", value=4)
    lonely = Conflict(LABEL, 1, (item,), (), (), True, 0.1, (Situation(1, (0,), 2),))
    fact = conflict_faults(lonely, VILLAGES, Settings())[-1]
    assert "李庄只与张庄相邻，连成一片的一共才 2 村；每片至少 4 村" in fact.text("zh")
    assert "李庄 touches only 张庄" in fact.text("en")
    assert "with at least 4 villages an alliance no connected choice exists" in fact.text("en")
    alone = Conflict(LABEL, 1, (item,), (), (), True, 0.1, (Situation(1, (), 1),))
    assert "没有相邻的村" in conflict_faults(alone, VILLAGES, Settings())[-1].text("zh")


def test_a_conflict_over_all_zones_names_the_county_and_its_numbers() -> None:
    items = (RuleItem("coverage"), RuleItem("most_overall", value=30))
    ways = (Relaxation("most_overall", items[1], (), 36, 91.25, True, {}),)
    conflict = Conflict(None, None, items, (), ways, True, 0.1, whole=True)
    first, everyone, most, way = conflict_faults(conflict, VILLAGES, Settings())
    assert first.text("zh").startswith("全县排不出方案")
    assert everyone.key == "reason.conflict_coverage_all"
    assert most.text("zh") == "全县至多 30 个片区（n_alliances）。"
    assert way.text("zh") == "全县片区个数上限由 30 升到 36（放宽后的方案代价 91.250）。"


def test_a_resource_is_named_as_the_settings_name_it() -> None:
    rules = RuleSettings.model_validate({"arable_land_mu": [0, 9], "transferable_land_mu": [1, 9]})
    item = RuleItem("resource_least", index=1, value=1.0)
    conflict = Conflict(LABEL, None, (item,), (), (), True, 0.1)
    for settings, name in ((Settings(rules=rules), "可流转土地"), (Settings(), "第 2 项资源")):
        assert name in conflict_faults(conflict, VILLAGES, settings)[1].text("zh")


def test_excluded_village() -> None:
    fault = excluded_reason(1, VILLAGES)
    assert fault.where.code == CODES[1]
    assert "excluded" in fault.text("zh")


def test_both_languages_have_the_same_places() -> None:
    for key, sentences in catalogue().items():
        if key.startswith(("reason.", "output.")):
            places = [
                {name for _, name, _, _ in string.Formatter().parse(sentences[language]) if name}
                for language in ("zh", "en")
            ]
            assert set(sentences) == {"zh", "en"}, key
            assert places[0] == places[1], key


def test_every_rule_of_the_solver_has_its_words() -> None:
    from typing import get_args

    from liancun_geo.messages import catalogue
    from liancun_geo.solve.result import RuleName

    for rule in get_args(RuleName):
        assert {f"reason.zone_{rule}", f"reason.village_{rule}"} & set(catalogue()), rule
