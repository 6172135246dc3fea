"""The step that hands a plan over: what stops it, approval by name, the files."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import settled
from scenarios import scenario
from streamlit.testing.v1 import AppTest
from test_steps_compare import county, plans

from liancun_geo.contrasts import equity_first
from liancun_geo.editing import Draft, LeaveOut, Objection
from liancun_geo.errors import Fault, error, warning
from liancun_geo.fingerprint import fingerprint
from liancun_geo.messages import message
from liancun_geo.output import PRODUCTS, PackOptions
from liancun_geo.project.inputs import Inputs
from liancun_geo.scenario import County, Scenario, plan_alliances
from liancun_geo.settings import parse_settings
from liancun_geo.studio import keeping, pack_panel
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.handing import Approval, checks, made_now
from liancun_geo.studio.pack import packed_files, zipped
from liancun_geo.studio.pack_panel import pack_key
from liancun_geo.studio.wire import JobProgress
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import Shelf, Work

APP = Path(__file__).resolve().parents[1] / "app.py"
ORDER = ["xlsx", "consultation", "csv", "map", "html", "docx", "pdf", "shp", "gpkg", "geojson",
         "kml", "plan"]  # fmt: skip
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


def test_townships_without_a_plan_are_told_as_they_are_in_adjust() -> None:
    table, given = county()
    sizes = given.rules.model_copy(update={"min_size": 4, "max_size": 4})
    none = plan_alliances(table, given.model_copy(update={"rules": sizes}))
    draft = Draft(none)
    assert not none.violations and not draft.standing.valid
    found = checks(draft, none, none.fingerprint, None, "zh")
    keyed = {one.key: one.state for one in found}
    assert keyed["rules_partly"] == keyed["proof_partly"] == "warn"
    assert f"{len(draft.standing.violations)} 处" in found[0].text("zh")


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


def test_a_plan_for_weak_villages_is_not_called_old() -> None:
    table, settings = county()
    stricter = parse_settings({"rules": {"min_size": 3, "max_size": 5}})
    weak_first = plan_alliances(table, equity_first(settings, None))
    assert made_now(weak_first, County(table), settings) == weak_first.fingerprint
    assert made_now(weak_first, County(table), stricter) != weak_first.fingerprint
    assert made_now(weak_first, None, stricter) == weak_first.fingerprint
    own = plan_alliances(table, settings)
    assert made_now(own, County(table), settings) == own.fingerprint


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
    told: list[JobProgress] = []
    made = packed_files(
        told.append, plans()[0], ["csv", "plan"], PackOptions(), {"approval.json": "{}"}
    )
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert archive.namelist() == ["assignment.csv", "plan.json", "approval.json"]
    assert made.count == 3 and made.whole
    assert [one.stage for one in told] == ["csv", "plan", ""] and told[-1].share == 1.0
    alone = packed_files(told.append, plans()[0], ["csv"], PackOptions(), {})
    assert alone.name == "assignment.csv" and not alone.whole


def test_what_a_format_could_not_hold_is_shown_with_the_pack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacking = warning("gis.characters_replaced", count=1, characters="𠮷", stand_in="?")

    def write(_plan: object, folder: str, *_rest: object) -> tuple[Path, ...]:
        _rest[3].append(lacking)  # type: ignore[attr-defined]
        (Path(folder) / "a.csv").write_text("1")
        return (Path(folder) / "a.csv",)

    monkeypatch.setattr("liancun_geo.studio.pack.write_pack", write)
    made = packed_files(lambda _state: None, plans()[0], ["csv"], PackOptions(), {})
    assert made.remarks == (lacking,)
    shown: list[str] = []
    monkeypatch.setattr("liancun_geo.studio.pack_panel.st.html", shown.append)
    monkeypatch.setattr("liancun_geo.studio.pack_panel.st.download_button", lambda *_, **__: None)
    pack_panel._hand_out(made, Words("zh"))
    assert "有 1 处要留意" in shown[-1] and lacking.text("zh") in shown[-1]
    pack_panel._hand_out(replace(made, remarks=()), Words("zh"))
    assert "留意" not in shown[-1]


def test_only_the_plan_file_of_a_broken_plan_is_handed_out() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(plans()[1], "zh", {"a.json": "{}"}))) as archive:
        assert archive.namelist() == ["plan.json", "a.json"]


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
    assert len(page.get("download_button")) == 1  # the others are made first
    assert [one.key.removeprefix("pack what ") for one in page.checkbox
            if one.key.startswith("pack what ")] == sorted(PRODUCTS, key=ORDER.index)  # fmt: skip
    for sheet in ("quality", "benefit", "left_out"):
        page.session_state["export sheet"] = sheet
        page.run()
        shown(page)


def test_what_is_chosen_is_made_and_handed_out() -> None:
    desk = desk_with(plans()[0])
    page = opened(desk)
    for name in PRODUCTS:
        if name not in ("csv", "shp"):
            page.checkbox(key=f"pack what {name}").uncheck()
    page.run()
    page.selectbox(key="pack encoding").set_value("GBK")
    page.text_input(key="pack maker").set_value(" 县委\n组织部 ").run()
    assert desk.handing.encoding == "GBK" and desk.handing.maker == "县委 组织部"
    # In this process here, and not in a child.
    begun: list[Any] = []

    class Now:
        state, position, finished = "done", 0, True

        def __init__(self, task: Callable[..., Any], *args: Any) -> None:
            begun.append(args)
            self.value = task(lambda _told: None, *args)

        def result(self) -> Any:
            return self.value

    page.session_state["pack work"] = Work(Shelf(1), starter=Now)  # type: ignore[arg-type]
    page.run()
    page.button(key="pack-make").click().run()
    shown(page)
    [(_, wanted, options, _)] = begun
    assert wanted == ("shp", "csv") and options.encoding == "GBK" and options.language == "zh"
    [save] = [one for one in page.get("download_button") if "保存" in one.label]
    assert "2 个文件" in save.label
    page.checkbox(key="pack what csv").uncheck().run()
    # A pack of other choices is not handed out any more.
    assert not [one for one in page.get("download_button") if "保存" in one.label]
    for name in ("shp", "csv"):
        page.checkbox(key=f"pack what {name}").uncheck()
    page.run()
    assert page.button(key="pack-make").disabled


def test_a_pack_that_fails_says_why_and_can_be_cancelled() -> None:
    page = opened(desk_with(plans()[0]))

    class Stuck:
        state, position, finished = "running", 0, False

        def __init__(self, *_: Any) -> None:
            self.told = JobProgress(20, 100, stage="xlsx")

        def progress(self) -> JobProgress:
            return self.told

        def cancel(self) -> None:
            self.state, self.finished = "failed", True

        def faults(self) -> tuple[Fault, ...]:
            return (error("jobs.cancelled"),)

    page.session_state["pack work"] = Work(Shelf(1), starter=Stuck)  # type: ignore[arg-type]
    page.run()
    page.button(key="pack-make").click().run()
    page.run()
    page.button(key="pack-cancel").click().run()
    text = "\n".join(one.value for one in page.get("html"))
    assert message("jobs.cancelled", "zh") in text
    assert not page.button(key="pack-make").disabled


def test_the_form_of_the_files_is_kept_with_the_project() -> None:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("甲案")
    page = opened(desk)
    page.text_input(key="pack maker").set_value("县委组织部")
    page.selectbox(key="pack crs").set_value("EPSG:4490").run()
    shown(page)
    found = keeping.load(str(page.query_params["project"]))
    assert found is not None
    assert found[0].handing == PackOptions(maker="县委组织部", crs="EPSG:4490")
    assert found[1].project is not None
    assert "handing" in [one.action for one in found[1].project.history]


def test_why_cards_are_made_in_a_child_and_then_offered() -> None:
    page = opened(desk_with(plans()[0]))
    page.button(key="cards make").click()
    settled(page)
    assert len(page.get("download_button")) == 2
    # Another session finds them made.
    assert len(opened(desk_with(plans()[0])).get("download_button")) == 2


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
    assert 'class="verdict good">已定稿</span>' in shown(page) and "可以定稿" not in shown(page)
    assert desk.by == "<b>王某</b>"
    found = keeping.load(str(page.query_params["project"]))
    assert found is not None and found[0].approved == desk.approved
    # On the map it stays as it is, and a copy is offered.
    page.query_params["step"] = "adjust"
    page.run()
    assert "已经定稿，不能再改" in shown(page)
    # No red and nothing over the choice of plan and township: nothing went wrong.
    assert 'class="banner"' not in shown(page)
    page.button(key="copy to edit").click().run()
    assert desk.current == "甲案·定稿 副本" and "不能再改" not in shown(page)


def test_a_plan_that_breaks_rules_cannot_be_approved() -> None:
    page = opened(desk_with(plans()[1]))
    assert "还不能定稿" in shown(page)
    assert page.button(key="approve").disabled


def test_a_pack_is_kept_by_everything_that_is_in_it() -> None:
    one, options = scenario(), PackOptions()
    answers = (Objection("037040610001", "agree", outcome="kept"),)
    types = one.settings.types.model_copy(update={"strong_income_wan_yuan": 80.0})
    others = [
        (replace(one, settings=one.settings.model_copy(update={"types": types})), options),
        (replace(one, result=replace(one.result, status="feasible")), options),
        (replace(one, warnings=(warning("project.judged_anew"),)), options),
        (one, replace(options, objections=answers)),
        (one, replace(options, figures=False)),
    ]
    keys = {pack_key(plan, ("docx",), form, {}) for plan, form in [(one, options), *others]}
    assert len(keys) == 6
    assert pack_key(replace(one), ("docx",), replace(options), {}) in keys
