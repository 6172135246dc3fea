"""Types of alliances: what decides them, what second place lacks, what missing data leave open."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typology_cases import id_of, planned, typed

from liancun_geo.places import Place
from liancun_geo.typology import classify

PAIR = (0, 0, -1, -1, -1, -1, -1, -1, -1)


def incomes(*first: float | None) -> list[float | None]:
    return [*first, *[10.0] * (9 - len(first))]


def test_a_strong_lead_with_weaker_members() -> None:
    one = typed(
        collective_income_wan_yuan=incomes(60, 5, 8, 6),
        weak_economy=[False, True, None, *[False] * 6],
    )
    assert id_of(one) == "strong_leads_many"
    ratio = one.facts["lead_income_ratio"]
    assert ratio.low == ratio.high == pytest.approx(60 / 6)
    # One member is weak, of another it is not known.
    assert (one.facts["weak_members"].low, one.facts["weak_members"].high) == (1, 2)
    assert one.recommended is not None
    assert one.recommended.weight == 5
    assert "领建村收入是联建村中位数的 10 倍" in one.reason("zh")
    assert "at least 1 (data incomplete)" in one.reason("en") or "between 1 and 2" in one.reason(
        "en"
    )


def test_one_and_one_is_a_variant_and_no_runner_up_of_the_other() -> None:
    one = typed(PAIR, collective_income_wan_yuan=incomes(60, 5))
    assert id_of(one) == "strong_leads_one"
    assert one.runner_up is not None
    assert one.runner_up.rule.family != "strong_leads"


def test_equals_help_each_other() -> None:
    one = typed(collective_income_wan_yuan=incomes(12, 10, 9, 11))
    assert id_of(one) == "mutual_help"
    assert one.runner_up is not None
    assert one.runner_up.lacking or one.runner_up.fits


def test_an_industry_that_only_they_have_draws_villages_together() -> None:
    own = [("粮食", "艾草")] * 4 + [("粮食",)] * 5
    one = typed(industries=own)
    assert id_of(one) == "industry"
    assert one.facts["leading_industry_share"].names == ("艾草",)
    assert one.facts["industry_quotient"].value == pytest.approx(1 / (4 / 9))
    # What everybody grows weighs little.
    assert id_of(typed()) == "mutual_help"


def test_a_core_enterprise_makes_villages_and_an_enterprise() -> None:
    own = [("粮食", "黑牛")] * 4 + [("粮食",)] * 5
    place = Place("示例牧业公司", "enterprise", 2, ("黑牛",))
    one = typed(industries=own, places=[place], enterprises=[(), (), (place.name,), *[()] * 6])
    assert id_of(one) == "village_enterprise"
    assert one.core_enterprise is not None
    assert (one.core_enterprise.name, one.core_enterprise.how) == (place.name, "leading_industry")
    assert place.name in one.reason("zh")
    assert one.places_in == (0,)
    # An enterprise of another industry is none to build an alliance around.
    other = typed(industries=own, places=[replace(place, industries=("水泥",))])
    assert id_of(other) == "industry"
    assert other.core_enterprise is None
    # One whose industry nobody stated may be.
    unsaid = typed(industries=own, places=[replace(place, industries=None)])
    assert not unsaid.facts["core_enterprise"].known
    # A planner may know better.
    code = planned().villages.frame["code"].iloc[0]
    named = typed(types={"core_enterprise": {code: place.name}}, places=[place])
    assert id_of(named) == "village_enterprise"
    assert named.core_enterprise is not None
    assert named.core_enterprise.how == "settings"


def test_the_enterprise_of_the_leading_industry_comes_before_that_of_the_lead() -> None:
    own = [("艾草", "黑牛"), ("艾草",), ("艾草",), ("艾草",), *[("粮食",)] * 5]
    places = [
        Place("甲牧业", "enterprise", 0, ("黑牛",)),
        Place("乙艾草", "enterprise", 3, ("艾草",)),
    ]
    core = typed(industries=own, places=places).core_enterprise
    assert core is not None
    assert core.name == "乙艾草"
    core = typed(industries=own, places=places[:1]).core_enterprise
    assert core is not None
    assert core.how == "lead_industry"


def test_next_to_an_alliance_is_told_from_in_it() -> None:
    s = planned()
    west, south, east, north = s.villages.frame.geometry.iloc[4].bounds
    assert west < east
    # Village 4 lies above village 1; the first point is near their border, the second is not.
    close = Place("近", "park", 4, how="inside", point=(west + 500, south + 100))
    far = Place("远", "park", 4, how="inside", point=(west + 500, north - 100))
    rows_only = Place("无坐标", "park", 4)
    lead_of = (0, 0, 0, -1, -1, -1, -1, -1, -1)
    one = typed(lead_of, places=[close, far, rows_only])
    assert (one.places_in, one.places_near) == ((), (0,))
    assert one.facts["parks"].value == 1
    assert one.facts["parks"].names == ("近",)
    tight = typed(lead_of, places=[close, far], place_settings={"tolerance_m": 50})
    assert tight.places_near == ()
    assert typed(lead_of, places=[replace(close, counted=False)]).places_near == ()


def test_town_and_country_and_resettlement() -> None:
    urban = typed(urban_rural_class=["111", "122", "220", "220", *["220"] * 5])
    assert id_of(urban) == "urban_rural"
    assert "50% 的村属于城镇" in urban.reason("zh")
    community = Place("示例社区", "community", 1)
    assert id_of(typed(places=[community])) == "urban_rural"
    moved = [True, True, False, None, *[False] * 5]
    assert id_of(typed(resettlement=moved)) == "resettlement"
    # The account of Zibo has no type of that name and counts it among town and country.
    zibo = ["strong_leads_one", "strong_leads_many", "mutual_help", "village_enterprise"]
    of_zibo = typed(resettlement=moved, types={"used": [*zibo, "urban_rural"]})
    assert id_of(of_zibo) == "urban_rural"


def test_what_is_missing_is_unknown_and_said() -> None:
    one = typed(collective_income_wan_yuan=[None] * 9, industries=[None] * 9)
    assert one.type is None
    assert one.name("zh") == "未定"
    assert one.runner_up is not None
    assert {judged.verdict for judged in one.runner_up.lacking} == {"unknown"}
    assert "无法判断" in one.reason("zh")
    assert one.as_dict("en")["id"] is None
    for name in ("lead_income_wan_yuan", "lead_strong", "lead_income_ratio"):
        assert not one.facts[name].known  # type: ignore[index]
    # The missing figure of one member cannot hide a contrast this large.
    large = typed(collective_income_wan_yuan=incomes(90, 5, 8, None))
    assert id_of(large) == "strong_leads_many"
    assert not large.facts["lead_income_ratio"].known


def test_without_any_list_parks_and_communities_are_unknown() -> None:
    one = typed()
    assert not one.facts["parks"].known
    assert typed(place_settings={"complete": ["park"]}).facts["parks"].value == 0
    assert typed(places=[Place("园", "park", 8)]).facts["parks"].value == 0


def test_many_names_are_cut_and_counted() -> None:
    names = tuple(f"企{i}" for i in range(7))
    fact = typed(enterprises=[names, *[()] * 8]).facts["enterprises"]
    assert fact.names == names
    assert fact.text("zh").endswith("7（企0、企1、企2、企3、企4、企5等 7 个）")


amount = st.one_of(st.none(), st.integers(-5, 200).map(float))
flag = st.one_of(st.none(), st.booleans())
tags = st.one_of(st.none(), st.lists(st.sampled_from("甲乙丙"), unique=True).map(tuple))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_completing_the_data_never_contradicts_what_was_said(data: st.DataObject) -> None:
    """An interval holds every completion; a verdict of met or not met stands."""
    size = data.draw(st.integers(2, 6))
    lead_of = [0] * size + [-1] * (9 - size)

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return [data.draw(values) for _ in range(9)]

    kinds: dict[str, tuple[st.SearchStrategy[Any], st.SearchStrategy[Any]]] = {
        "collective_income_wan_yuan": (amount, st.integers(-5, 200).map(float)),
        "weak_economy": (flag, st.booleans()),
        "resettlement": (flag, st.booleans()),
        "enterprises": (tags, st.lists(st.sampled_from("甲乙丙"), unique=True).map(tuple)),
        "urban_rural_class": (
            st.sampled_from([None, "111", "220"]),
            st.sampled_from(["122", "210"]),
        ),
    }
    before = {name: column(values) for name, (values, _) in kinds.items()}
    after = {
        name: [data.draw(kinds[name][1]) if cell is None else cell for cell in cells]
        for name, cells in before.items()
    }
    # A flag that nobody delivered says nothing of any village, so some village has it.
    for one in (before, after):
        one["weak_economy"] = [*one["weak_economy"][:8], False]
    open_, closed = (classify(planned(lead_of, **one))[0] for one in (before, after))
    for name, fact in open_.facts.items():
        known = closed.facts[name]
        assert fact.low <= known.low
        assert known.high <= fact.high
    for match in open_.matches:
        again = next(m for m in closed.matches if m.rule.id == match.rule.id)
        for judged, sure in zip(match.required, again.required, strict=True):
            assert judged.verdict in ("unknown", sure.verdict)


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.integers(0, 90).map(float), min_size=2, max_size=8),
    weak=st.lists(st.booleans(), min_size=9, max_size=9),
    industries=st.lists(
        st.lists(st.sampled_from("甲乙丙丁"), unique=True).map(tuple), min_size=9, max_size=9
    ),
)
def test_facts_are_what_plain_arithmetic_says(
    values: list[float], weak: list[bool], industries: list[tuple[str, ...]]
) -> None:
    n = len(values)
    (one,) = classify(
        planned(
            [0] * n + [-1] * (9 - n),
            collective_income_wan_yuan=incomes(*values),
            weak_economy=weak,
            industries=industries,
        )
    )
    facts = {name: fact.low for name, fact in one.facts.items() if fact.low == fact.high}
    middle = statistics.median(values[1:])
    expected = 1.0 if values[0] == middle == 0 else math.inf if middle == 0 else values[0] / middle
    assert facts["lead_income_ratio"] == pytest.approx(expected)
    assert facts["weak_members"] == sum(weak[1:n])
    assert facts["villages"] == n
    most = max((sum(tag in i for i in industries[:n]) for tag in "甲乙丙丁"), default=0)
    share = most / n
    assert one.facts["leading_industry_share"].low == pytest.approx(share)
    if most:
        (leading,) = one.facts["leading_industry_share"].names
        in_county = sum(leading in tag for tag in industries) / 9
        assert facts["industry_quotient"] == pytest.approx(share / in_county)
        assert facts["lead_in_leading_industry"] == (leading in industries[0])
