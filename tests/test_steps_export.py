"""The step that hands a plan over: what stops it, approval by name, the files."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest
from test_steps_compare import county, plans

from liancun_geo.editing import Draft, LeaveOut
from liancun_geo.fingerprint import fingerprint
from liancun_geo.project.inputs import Inputs
from liancun_geo.scenario import County, Scenario
from liancun_geo.settings import parse_settings
from liancun_geo.studio import keeping
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.handing import Approval, checks
from liancun_geo.studio.pack import zipped

APP = Path(__file__).resolve().parents[1] / "app.py"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def states(draft: Draft, scenario: Scenario, now: str | None = None) -> dict[str, str]:
    found = checks(draft, scenario, now or scenario.fingerprint, None, "zh")
    return {one.key: one.state for one in found}


def test_a_good_plan_is_ready() -> None:
    best = plans()[0]
    assert states(Draft(best), best) == {
        "rules_good": "good",
        "unplaced_good": "good",
        "data_good": "good",
        "decisions_good": "good",
        "proof_good": "good",
    }


def test_broken_rules_stop_a_plan_and_say_which() -> None:
    worse = plans()[1]
    assert worse.violations
    found = checks(Draft(worse), worse, worse.fingerprint, None, "zh")
    assert found[0].state == "bad" and found[0].key == "rules_bad"
    assert "{" not in found[0].text("zh") and "{" not in found[0].text("en")


def test_a_village_left_out_by_hand_needs_a_reason() -> None:
    best = plans()[0]
    code = str(best.villages.frame["code"].iat[best.alliances[0].members[0]])
    edited = {
        reason: Draft(best).after(LeaveOut(villages=(code,), reason=reason), at=NOW)
        for reason in ("", "村民代表会议未通过")
    }
    assert states(edited[""], edited[""].scenario)["unplaced_warn"] == "bad"
    told = edited["村民代表会议未通过"]
    assert states(told, told.scenario)["unplaced_told"] == "good"


def test_other_data_or_rules_than_the_plan_was_made_with_are_told() -> None:
    best, (table, _) = plans()[0], county()
    other = fingerprint(table, parse_settings({"rules": {"min_size": 3, "max_size": 5}}))
    assert states(Draft(best), best, other)["data_warn"] == "warn"


def test_an_approval_holds_for_the_plan_it_was_given_to() -> None:
    best, worse = plans()
    approval = Approval(best, "王某", NOW)
    assert approval.holds(best) and not approval.holds(worse)
    told = json.loads(approval.as_json())
    assert told["approved_by"] == "王某" and told["fingerprint"] == best.fingerprint


def test_the_record_goes_with_the_files() -> None:
    best = plans()[0]
    with zipfile.ZipFile(io.BytesIO(zipped(best, "zh", {"approval.json": "{}"}))) as archive:
        names = archive.namelist()
    assert {"alliances.xlsx", "plan.json", "plan.gpkg", "approval.json"} <= set(names)


def opened(desk: Desk, language: str = "zh") -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.session_state["desk"] = desk
    page.query_params["step"], page.query_params["lang"] = "export", language
    return page.run()


def shown(page: AppTest) -> str:
    assert not page.exception
    text = "\n".join(one.value for one in page.get("html"))
    assert 'class="box error"' not in text
    return re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def desk_with(scenario: Scenario) -> Desk:
    table, given = county()
    desk = Desk(settings=given, county=County(table))
    desk.put("甲案", scenario)
    return desk


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_step_lists_and_offers_everything(language: str) -> None:
    page = opened(desk_with(plans()[0]), language)
    text = shown(page)
    assert {"zh": "规则全部符合", "en": "Every rule is kept"}[language] in text
    assert len(page.get("download_button")) == 3
    for sheet in ("quality", "benefit", "left_out"):
        page.session_state["export sheet"] = sheet
        page.run()
        shown(page)


def test_approval_asks_for_a_name_and_once_more() -> None:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("甲案")
    page = opened(desk)
    page.button(key="approve").click().run()
    assert "请写批准人" in shown(page)
    page.text_input(key="approver").set_value("<b>王某</b>").run()
    assert "&lt;b&gt;王某" in shown(page)
    page.button(key="approve-no").click().run()
    assert list(desk.drafts) == ["甲案"]
    page.button(key="approve").click().run()
    page.button(key="approve-yes").click().run()
    assert list(desk.drafts) == ["甲案", "甲案·定稿"]
    assert "已定稿：&lt;b&gt;王某" in shown(page)
    assert desk.by == "<b>王某</b>"
    found = keeping.load(str(page.query_params["project"]))
    assert found is not None and found[0].approved == desk.approved
    # On the map it stays as it is, and a copy is offered.
    page.query_params["step"] = "adjust"
    page.run()
    assert "已经定稿，不能再改" in shown(page)
    page.button(key="copy to edit").click().run()
    assert desk.current == "甲案·定稿 副本" and "不能再改" not in shown(page)


def test_a_plan_that_breaks_rules_cannot_be_approved() -> None:
    page = opened(desk_with(plans()[1]))
    assert "还不能定稿" in shown(page)
    assert page.button(key="approve").disabled
