"""The step of plans: contrasting plans side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import choice, settled
from streamlit.testing.v1 import AppTest

from liancun_geo.project.inputs import Inputs
from liancun_geo.studio import tasks
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.steps import plans
from liancun_geo.studio.working import RESULTS, Work


def step() -> None:
    import streamlit as st

    from liancun_geo.project.inputs import Inputs
    from liancun_geo.studio import session
    from liancun_geo.studio.desk import Desk
    from liancun_geo.studio.steps import plans

    desk = session.desk()
    if desk.county is None:
        desk.take(Desk.of(Inputs()))
    change = st.session_state.get("change")
    if change is not None:
        desk.change(desk.settings.model_copy(update={"rules": change}))
        st.session_state["change"] = None
    plans.show(desk, session.words())


def text(page: AppTest) -> str:
    return "\n".join(one.value for one in page.get("html"))


def keys(page: AppTest) -> set[str]:
    return {str(one.key) for one in page.button}


@pytest.fixture(scope="module")
def planned() -> AppTest:
    return settled(AppTest.from_function(step, default_timeout=60).run())


def test_three_plans_stand_side_by_side_with_proof_and_figures(planned: AppTest) -> None:
    shown = text(planned)
    assert shown.count('class="card-map"') == 3
    for name in ("契合优先", "弱村优先", "少变动"):
        assert name in shown
    assert shown.count("已证明最优") == 3
    for row in ("总得分", "弱村有强村带", "产业相近", "平均距离", "最远一村", "要变动的村"):
        assert row in shown
    assert "最好" in shown
    assert {"use fit", "use equity", "use fewest"} <= keys(planned)
    widths = [float(found) for found in re.findall(r"width:([\d.]+)%", shown)]
    assert len(widths) == 18
    assert all(0.0 <= width <= 100.0 for width in widths)


def test_equity_serves_more_weak_villages_and_fit_scores_higher(planned: AppTest) -> None:
    shown = text(planned)
    points = [float(n.replace(",", "")) for n in re.findall(r'value">([\d,]+\.\d)</span>', shown)]
    assert points[0] == max(points[:3])
    weak = [int(n) for n in re.findall(r'value">(\d+) / \d+ 村', shown)]
    assert weak[1] >= weak[0]


def test_a_plan_is_taken_to_adjusting_under_its_name() -> None:
    page = settled(AppTest.from_function(step, default_timeout=60).run())
    page.button(key="use equity").click().run()
    desk = page.session_state["desk"]
    assert desk.current == "弱村优先"
    assert page.query_params["step"] in ("adjust", ["adjust"])
    assert desk.scenario.settings.criteria.pair_weights.strength_contrast == pytest.approx(0.7)
    page.button(key="use equity").click().run()
    assert list(desk.drafts) == ["弱村优先"]
    assert 'class="card on"' in text(page)


def test_without_weak_villages_or_alliances_one_leaning_is_offered_and_says_why() -> None:
    desk = Desk.of(Inputs())
    assert desk.county is not None and desk.show_sample_plan("甲")
    frame = desk.county.villages.frame.assign(weak_organisation=False, weak_economy=pd.NA)
    county = replace(desk.county, villages=replace(desk.county.villages, frame=frame))
    assert tasks.contrast(lambda _: None, county, desk.settings, "equity") is None
    found = {"fit": desk.scenario, "equity": None, "fewest": None}
    # A county of its own, of which everything is known already.
    settings = desk.settings.model_copy(
        update={"solver": desk.settings.solver.model_copy(update={"seed": 77})}
    )
    desk.change(settings)
    for kind, plan in found.items():
        RESULTS.put(plans._key(desk, kind), plan)  # type: ignore[arg-type]
    page = AppTest.from_function(step, default_timeout=60)
    page.session_state["desk"] = desk
    shown = text(page.run())
    assert not page.exception
    assert "1 种侧重" in shown and shown.count('class="card-map"') == 1
    assert "台账里没有标出弱村" in shown and "台账里没有现有联建" in shown
    assert "总得分" in shown


def test_steadiness_is_counted_under_other_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SHAKES", 3)
    assert tasks.shakes(tasks.MANY) == tasks.SHAKES_OF_MANY
    page = settled(AppTest.from_function(step, default_timeout=60).run())
    page.button(key="steady").click()
    settled(page)
    shown = text(page)
    assert "换 3 种权重" in shown and "稳定" in shown


def test_the_map_shows_one_township_and_what_is_grouped_otherwise() -> None:
    page = settled(AppTest.from_function(step, default_timeout=60).run())
    choice(page, "plans place").set_value(3).run()
    desk = page.session_state["desk"]
    assert desk.township == 3
    assert f"{desk.townships[3]} · " in text(page)


def test_similar_plans_are_counted_and_can_be_taken() -> None:
    page = settled(AppTest.from_function(step, default_timeout=60).run())
    page.button(key="near").click()
    settled(page)
    assert re.search("相近方案 .*个", page.button(key="near open").label)
    taken = next(key for key in sorted(keys(page)) if re.match(r"near \d+ 0", key))
    page.button(key=taken).click().run()
    desk = page.session_state["desk"]
    assert "另一种" in desk.current
    assert desk.scenario.violations == ()
    best = page.session_state["work"]
    assert best is not None
    assert 0.0 < desk.scenario.result.gap < 0.01


def test_without_a_plan_the_page_says_why_and_offers_the_smallest_relaxation() -> None:
    page = AppTest.from_function(step, default_timeout=60).run()
    rules = page.session_state["desk"].settings.rules
    page.session_state["change"] = rules.model_copy(update={"max_size": 5})
    settled(page)
    assert "按现在的规则排不出来" in text(page)
    # Another test of this process may have asked already: the answers are shared.
    for one in page.button:
        if one.key == "plans ways ask":
            one.click()
    settled(page)
    ways = sorted(key for key in keys(page) if " way " in key)
    assert ways
    before = page.session_state["desk"].settings
    page.button(key=ways[0]).click().run()
    assert page.session_state["desk"].settings != before


def test_cancelling_ends_the_work_and_leaves_a_way_to_go_on() -> None:
    page = AppTest.from_function(step, default_timeout=60).run()
    rules = page.session_state["desk"].settings.rules
    page.session_state["change"] = rules.model_copy(update={"lead_cost_weight": 0.97})
    page.run()
    for _ in range(3):
        cancel = [one for one in page.button if str(one.key).startswith("cancel ")]
        if not cancel:
            break
        cancel[0].click().run()
    assert not page.exception
    settled(page)
    retry = [one for one in page.button if str(one.key).startswith("retry ")]
    assert retry
    retry[0].click()
    settled(page)
    assert 'class="card-map"' in text(page)


def test_english_says_the_same(planned: AppTest) -> None:
    page = AppTest.from_function(step, default_timeout=60)
    page.query_params["lang"] = "en"
    settled(page)
    shown = text(page)
    assert shown.count("Proven best") == 3
    plain = re.sub(r"<style>.*?</style>|src=\"[^\"]*\"", "", shown, flags=re.S)
    assert not re.search("总得分|已证明|领建村", plain)


def test_without_data_the_step_says_what_is_missing() -> None:
    def bare() -> None:
        from liancun_geo.studio import session
        from liancun_geo.studio.desk import Desk
        from liancun_geo.studio.steps import plans

        plans.show(Desk(), session.words())

    page: Any = AppTest.from_function(bare, default_timeout=30).run()
    assert "数据" in page.get("html")[0].value


def test_a_button_of_the_polled_part_brings_the_whole_page_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, work, busy = Desk.of(Inputs()), Work(), [False]
    monkeypatch.setattr(plans.session, "step", lambda: at[0])
    monkeypatch.setattr(plans, "_busy", lambda *_: busy[0])
    at = ["plans"]
    shown = plans._place(desk)
    assert not plans._left(desk, work, False, shown)
    busy[0] = True
    assert plans._left(desk, work, False, shown), "a job begun in here must be polled"
    assert not plans._left(desk, work, True, shown)
    busy[0], at[0] = False, "adjust"
    assert plans._left(desk, work, False, shown), "a plan taken must open the step of adjusting"
    at[0] = "plans"
    rules = desk.settings.rules.model_copy(update={"max_size": desk.settings.rules.max_size + 1})
    desk.change(desk.settings.model_copy(update={"rules": rules}))
    assert plans._left(desk, work, False, shown), "other rules must be planned for"
