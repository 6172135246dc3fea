"""The page says why there is no plan, and a button relaxes a rule and plans again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.relaxing import Explanation
from liancun_geo.scenario import Scenario
from liancun_geo.settings import RuleSettings
from liancun_geo.studio import conflict_panel

ROOT = Path(__file__).resolve().parents[1]


def explained(scenario: Scenario, **_: Any) -> tuple[Explanation, ...]:
    """Explain one township only: ten would take minutes."""
    from liancun_geo.relaxing import explain_scenario

    zones = scenario.result.zones
    lost = [zone for zone in zones if zone.status == "infeasible"]
    few = min(lost, key=lambda zone: zone.n)
    result = replace(scenario.result, zones=(few,), left_out={})
    return explain_scenario(replace(scenario, result=result), time_limit_s=15.0)


def test_a_button_relaxes_a_rule_and_plans_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflict_panel, "explain_scenario", explained)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.query_params["step"] = "plans"
    page.run()
    desk = page.session_state["desk"]
    assert not [one for one in page.button if one.key == "relax ask"]
    rules = {**desk.settings.model_dump(mode="json")["rules"], "min_size": 7}
    desk.change(desk.settings.model_copy(update={"rules": RuleSettings.model_validate(rules)}))
    page.button(key="plan").click().run()
    assert desk.scenario.result.status == "infeasible"
    page.button(key="relax ask").click().run()
    _, [told] = page.session_state["explained"]
    text = "\n".join(one.value for one in page.get("html"))
    assert "不能同时满足" in text
    [lower] = [way for way in told.ways if way.relaxation.kind == "min_size"]
    [out] = [way for way in told.ways if way.relaxation.kind == "leave_out"]
    page.button(key=f"relax {out.number}").click().run()
    assert not page.exception
    after = desk.scenario
    assert set(out.edits[0].value) <= set(after.settings.rules.excluded)
    label = told.conflict.label
    [zone] = [zone for zone in after.result.zones if zone.label == label]
    assert zone.objective == pytest.approx(out.relaxation.objective, abs=1e-6)
    page.button(key="relax undo").click().run()
    assert desk.scenario.settings.rules.excluded == ()
    page.button(key=f"relax {lower.number}").click().run()
    assert desk.settings.rules.min_size == 6
    assert desk.scenario.settings.rules.min_size == 6
