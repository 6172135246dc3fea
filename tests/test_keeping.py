"""Nothing is ever lost: every change is on file, and two windows never overwrite each other."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.commands.checking import verify
from liancun_geo.commands.inputs import BAD_DATA, GOOD
from liancun_geo.editing import EditError, LeaveOut, Lock
from liancun_geo.errors import DataError, error
from liancun_geo.output import write_plan_file
from liancun_geo.output.document import checksum
from liancun_geo.project import Project, ProjectError
from liancun_geo.project.inputs import Inputs, sample_inputs
from liancun_geo.report import Report
from liancun_geo.studio import keeping, shared
from liancun_geo.studio.desk import Desk, done
from liancun_geo.studio.saved import Saved

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def desk() -> Desk:
    desk = Desk.of(Inputs())
    assert desk.solve("甲", lambda _: None)
    return desk


def locked(desk: Desk, place: int) -> None:
    """Make an edit: lock one village."""
    assert desk.draft is not None and desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[place])
    desk.replace(desk.draft.after(Lock(villages=(code,)), at=NOW, by="赵"))


def test_who_only_looks_leaves_no_file(desk: Desk) -> None:
    saved = Saved()
    keeping.save(desk, saved, NOW)
    assert saved.project is None and saved.key is None


def test_colours_come_back_and_are_written_only_when_they_change(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    assert desk.draft is not None
    colours = desk.colouring.of_plan(desk.draft.proposal)
    keeping.save(desk, saved, NOW)
    assert saved.key is not None and saved.project is not None
    loaded = keeping.load(saved.key)
    assert loaded is not None
    again, kept = loaded
    assert again.draft is not None
    assert again.colouring.document() == desk.colouring.document() != {}
    assert again.colouring.of_plan(again.draft.proposal) == colours
    before = kept.project.path.read_bytes() if kept.project else b""
    keeping.save(again, kept, NOW)
    assert not kept.faults and saved.project.path.read_bytes() == before


def test_edits_undone_steps_and_other_plans_come_back(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    locked(desk, 1)
    keeping.save(desk, saved, NOW)
    assert not saved.faults and saved.key is not None
    assert desk.draft is not None
    desk.replace(desk.draft.undo())
    keeping.save(desk, saved, NOW)
    locked(desk, 2)
    assert desk.draft is not None
    desk.put("乙", desk.draft)
    desk.show("甲")
    keeping.save(desk, saved, NOW)
    assert saved.faults == () and saved.conflict is None
    found = keeping.load(saved.key)
    assert found is not None
    again, _ = found
    assert again.is_sample
    assert list(again.drafts) == ["甲", "乙"]
    for name, draft in desk.drafts.items():
        assert again.drafts[name].state.lead_of.tolist() == draft.state.lead_of.tolist()
        assert len(again.drafts[name].entries) == len(draft.entries) == 2
        assert again.drafts[name].cursor == draft.cursor
    desk.remove("乙")
    keeping.save(desk, saved, NOW)
    found = keeping.load(saved.key)
    assert found is not None and list(found[0].drafts) == ["甲"]


def test_corrections_and_settings_come_back(desk: Desk) -> None:
    saved = Saved()
    assert desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[0])
    desk.correct([(code, "households", 5)], by="赵", at=NOW, reason="报表")
    desk.set_limit("strong", 80.0, source="")
    keeping.save(desk, saved, NOW)
    assert saved.key is not None and not saved.faults
    found = keeping.load(saved.key)
    assert found is not None
    assert found[0].settings == desk.settings
    assert [one.reason for one in found[0].corrections] == ["报表"]
    assert found[0].county is not None
    assert found[0].county.villages.frame["households"].iat[0] == 5


def test_of_two_windows_the_second_is_told(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert saved.key is not None
    found = keeping.load(saved.key)
    assert found is not None
    other, also = found
    locked(other, 1)
    keeping.save(other, also, NOW)
    assert also.conflict is None
    locked(desk, 2)
    keeping.save(desk, saved, NOW)
    assert saved.conflict is not None
    found = keeping.load(saved.key)
    assert found is not None and found[0].draft is not None and other.draft is not None
    assert found[0].draft.state.locked == other.draft.state.locked


@pytest.mark.parametrize("spoilt", [None, ("value", 6.0), ("field", "geometry"), ("at", "早上")])
def test_an_export_of_a_project_with_corrections_is_verified(
    desk: Desk, spoilt: tuple[str, Any] | None, tmp_path: Path
) -> None:
    assert desk.county is not None
    codes = desk.county.villages.frame["code"].astype(str).tolist()
    desk.correct([(codes[0], "households", 5)], by="赵", at=NOW, reason="报表")
    desk.correct([(codes[1], "industries", ["电商"])], by="赵", at=NOW, reason="")
    assert desk.solve("乙", lambda _: None) and desk.scenario is not None
    inputs = sample_inputs()
    for name, content in (*inputs.boundaries, *inputs.ledgers):
        (tmp_path / name).write_bytes(content)
    path = write_plan_file(desk.scenario, tmp_path / "plan.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert [one["by"] for one in document["corrections"]] == ["赵", "赵"]
    if spoilt is not None:
        document["corrections"][0] |= dict([spoilt])
        document["checksum"] = checksum(document)
        path.write_text(json.dumps(document), encoding="utf-8")
    report = Report("zh", as_json=False)
    assert verify(report, path, None, None) == (GOOD if spoilt is None else BAD_DATA)


def test_plans_on_file_are_restored_when_somebody_looks_at_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saved()
    locked(desk, 0)
    assert desk.draft is not None
    for name in ("乙", "丙"):
        desk.put(name, desk.draft)
    keeping.save(desk, saved, NOW)
    restored: list[str] = []
    real = Project.draft
    monkeypatch.setattr(
        Project, "draft", lambda self, name: restored.append(name) or real(self, name)
    )
    other, also = keeping.load(saved.key or "") or (desk, saved)
    assert restored == ["丙"] and other.current == "丙"
    assert done(other)["adjust"] and [other.drafts.cursor(name) for name in other.drafts] == [1] * 3
    # A plan that nobody has looked at can be annotated, renamed and taken away all the same.
    other.notes["乙"] = "再议"
    assert other.rename("乙", "丁")
    keeping.save(other, also, NOW)
    assert also.faults == () and also.conflict is None and restored == ["丙"]
    again, more = keeping.load(saved.key or "") or (desk, saved)
    assert list(again.drafts) == ["甲", "丁", "丙"] and again.notes == {"丁": "再议"}
    again.remove("甲")
    keeping.save(again, more, NOW)
    assert list(reopened(more).drafts) == ["丁", "丙"]
    # What is edited first is restored first, and goes on from there.
    other, also = keeping.load(saved.key or "") or (desk, saved)
    other.show("丁")
    locked(other, 1)
    keeping.save(other, also, NOW)
    assert also.conflict is None and len(reopened(also).drafts["丁"].entries) == 2


def test_a_plan_that_cannot_be_restored_leaves_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saved()
    locked(desk, 0)
    assert desk.draft is not None
    desk.put("乙", desk.draft)
    keeping.save(desk, saved, NOW)
    other, _ = keeping.load(saved.key or "") or (desk, saved)

    def broken(*_: object) -> None:
        raise ProjectError([error("project.disk_full")])

    monkeypatch.setattr(Project, "draft", broken)
    other.show("甲")
    assert other.current == "乙" and [one.key for one in other.faults] == ["project.disk_full"]
    monkeypatch.undo()
    other.show("甲")
    assert other.current == "甲" and other.faults == ()


def test_sessions_on_one_project_hold_one_county_one_ground_and_one_plan(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    assert desk.county is not None
    code = str(desk.county.villages.frame["code"].iat[0])
    desk.correct([(code, "households", 5)], by="赵", at=NOW, reason="")
    keeping.save(desk, saved, NOW)
    with ThreadPoolExecutor(4) as pool:
        found = [one for one in pool.map(keeping.load, [saved.key or ""] * 4) if one]
    assert len(found) == 4
    assert len({id(one.county) for one, _ in found}) == 1
    assert len({id(one.draft.proposal) for one, _ in found if one.draft is not None}) == 1


def test_settings_that_another_window_changed_are_not_overwritten(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    found = keeping.load(saved.key or "")
    assert found is not None
    other, also = found
    for limit in (80.0, 90.0):
        # One's own changes after each other are no conflict.
        other.set_limit("strong", limit, source="")
        keeping.save(other, also, NOW)
        assert also.conflict is None and also.faults == ()
    desk.set_limit("small", 400.0, source="")
    keeping.save(desk, saved, NOW)
    assert saved.conflict is not None
    assert saved.conflict.faults[0].key == "project.conflict_settings"
    on_file = keeping.load(saved.key or "")
    assert on_file is not None
    assert on_file[0].settings == other.settings


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a/b", "nobody-has-this-key", "x" * 99])
def test_an_address_that_names_no_project_opens_none(key: str) -> None:
    assert keeping.load(key) is None


def test_a_file_that_is_no_project_is_not_kept() -> None:
    before = set(keeping.folder().glob("*"))
    with pytest.raises(DataError):
        keeping.adopt(b"SQLite format 3\0 and nothing more")
    assert set(keeping.folder().glob("*")) == before


def test_a_reloaded_page_goes_on_where_it_was() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    locked(page.session_state["desk"], 0)
    page.run()
    key = page.query_params["project"]
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    again.query_params["project"] = key
    again.run()
    assert not again.exception
    desk: Desk = again.session_state["desk"]
    assert desk.draft is not None and len(desk.draft.entries) == 1
    assert desk.is_sample


def test_a_conflict_is_a_banner_with_two_ways_out() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    mine: Desk = page.session_state["desk"]
    locked(mine, 0)
    page.run()
    found = keeping.load(str(page.query_params["project"]))
    assert found is not None
    locked(found[0], 1)
    keeping.save(*found, NOW)
    locked(mine, 2)
    page.run().run()
    assert "另一个窗口刚改过" in "".join(one.value for one in page.get("html"))
    page.button(key="keep as plan").click().run()
    desk: Desk = page.session_state["desk"]
    assert len(desk.drafts) == 2
    assert not [one for one in page.button if one.key == "refresh"]


def test_a_county_is_read_once_however_many_open_its_project(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert saved.key is not None
    first = keeping.load(saved.key)

    def again(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(shared, "read_inputs", again)
    second = keeping.load(saved.key)
    assert first is not None and second is not None
    assert second[0].county is first[0].county
    assert second[0].change(second[0].settings) and second[0].faults == ()


def reopened(saved: Saved) -> Desk:
    assert saved.key is not None and saved.faults == () and saved.conflict is None
    found = keeping.load(saved.key)
    assert found is not None
    return found[0]


def test_the_name_of_a_project_comes_back_and_no_window_overwrites_another_s(desk: Desk) -> None:
    saved = Saved()
    desk.title = "云溪县联村片区 2026"
    keeping.save(desk, saved, NOW)
    other = reopened(saved)
    assert other.title == "云溪县联村片区 2026"
    assert keeping._name_of(saved.project.path if saved.project else Path()) == other.title
    found = keeping.load(saved.key or "")
    assert found is not None
    found[0].title = "另一个"
    keeping.save(*found, NOW)
    desk.title = "<b>第三个"
    keeping.save(desk, saved, NOW)
    assert saved.conflict is not None
    assert saved.conflict.faults[0].key == "project.conflict_title"


def test_a_project_is_named_in_the_top_bar() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["step"] = "rules"
    page.run()
    page.text_input(key="project title ").set_value("  东川  <b>片区 ")
    page.button(key="title save").click().run()
    shown = "".join(one.value for one in page.get("html"))
    assert ">东川 &lt;b&gt;片区</h1>" in shown and "project" in page.query_params
    page.text_input(key="project title 东川 <b>片区").set_value("")
    page.button(key="title save").click().run()
    assert ">示例县联村片区</h1>" in "".join(one.value for one in page.get("html"))


def test_limits_of_the_planners_own_come_back_with_their_sources(desk: Desk) -> None:
    saved = Saved()
    desk.set_limit("weak", 7.5, source="县农业农村局 2025")
    desk.set_limit("strong", 80.0, source="县委组织部")
    keeping.save(desk, saved, NOW)
    again = reopened(saved)
    assert again.weak_below_wan_yuan == 7.5
    assert again.sources == {"weak": "县农业农村局 2025", "strong": "县委组织部"}
    revision = saved.project.revision if saved.project else None
    keeping.save(desk, saved, NOW)
    assert saved.project is not None and saved.project.revision == revision


def test_new_names_and_words_beside_plans_and_steps_come_back(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    locked(desk, 1)
    keeping.save(desk, saved, NOW)
    assert desk.draft is not None
    desk.notes["甲"] = "镇里意见不一"
    desk.replace(desk.draft.noted(1, "书记提出"))
    keeping.save(desk, saved, NOW)
    assert not desk.rename("甲", "甲") and desk.rename("甲", "乙")
    locked(desk, 2)
    keeping.save(desk, saved, NOW)
    again = reopened(saved)
    assert list(again.drafts) == ["乙"] and again.notes == {"乙": "镇里意见不一"}
    assert again.draft is not None
    assert [entry.note for entry in again.draft.entries] == ["书记提出", "", ""]
    assert saved.project is not None
    done = [one.action for one in saved.project.history]
    assert done == ["create", "add", "note", "annotate", "rename", "edit"]


def test_another_plan_of_the_same_name_takes_its_place(desk: Desk) -> None:
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert desk.draft is not None
    for _ in range(2):
        desk.put("甲", replace(desk.draft.proposal))
        keeping.save(desk, saved, NOW)
    assert list(reopened(saved).drafts) == ["甲"]


def test_an_approved_plan_comes_back_and_is_not_changed(desk: Desk) -> None:
    saved = Saved()
    assert keeping.approve(desk, saved, "甲·定稿", by="赵", at=NOW)
    again = reopened(saved)
    assert desk.approved == again.approved == {"甲·定稿": ("赵", NOW)}
    for one in (desk, again):
        one.show("甲·定稿")
        with pytest.raises(EditError) as caught:
            locked(one, 0)
        assert [fault.key for fault in caught.value.faults] == ["studio.approved_stays"]
        one.remove("甲·定稿")
        assert "甲·定稿" in one.drafts and not one.rename("甲·定稿", "丙")
    assert desk.draft is not None
    desk.put("再改", desk.draft)
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert list(reopened(saved).drafts) == ["甲", "甲·定稿", "再改"]


def test_a_plan_that_breaks_rules_or_that_another_window_changed_is_not_approved(
    desk: Desk,
) -> None:
    saved = Saved()
    assert desk.draft is not None and desk.county is not None
    codes = desk.county.villages.frame["code"].astype(str).tolist()
    lead = next(lead for lead in desk.draft.proposal.plan.lead_of.tolist() if lead >= 0)
    alone = desk.draft.proposal.settings.rules.min_size > 1
    members = [codes[v] for v in (desk.draft.proposal.plan.lead_of == lead).nonzero()[0]]
    assert alone and len(members) > 1
    others = tuple(code for code in members if code != codes[lead])
    whole = desk.draft
    desk.replace(whole.after(LeaveOut(villages=others, reason="不同意"), at=NOW, by="赵"))
    assert not keeping.approve(desk, saved, "甲·定稿", by="赵", at=NOW)
    assert desk.faults[0].key == "project.approve_breaks_rules" and desk.approved == {}
    other, also = keeping.load(saved.key or "") or (desk, saved)
    assert other.draft is not None
    other.replace(other.draft.undo())
    keeping.save(other, also, NOW)
    assert not keeping.approve(desk, saved, "甲·定稿", by="赵", at=NOW)
    assert saved.conflict is not None and desk.approved == {}


def test_what_was_not_saved_is_saved_once_it_can_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert saved.project is not None
    for place in (1, 2):
        locked(desk, place)
    real, left = Project.append, iter((True, False))

    def full(self: Project, *given: Any, **named: Any) -> int:
        if not next(left):
            raise ProjectError([error("project.disk_full")])
        return real(self, *given, **named)

    monkeypatch.setattr(Project, "append", full)
    keeping.save(desk, saved, NOW)
    assert [one.key for one in saved.faults] == ["project.disk_full"]
    monkeypatch.undo()
    keeping.save(desk, saved, NOW)
    again = reopened(saved)
    assert desk.draft is not None and again.draft is not None
    assert again.draft.state.locked == desk.draft.state.locked
    assert len(again.draft.entries) == 3


def test_a_folder_that_cannot_be_written_to_is_told_and_tried_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv(keeping.FOLDER, str(blocked / "projects"))
    saved = Saved()
    locked(desk, 0)
    keeping.save(desk, saved, NOW)
    assert saved.faults and saved.project is None
    blocked.unlink()
    keeping.save(desk, saved, NOW)
    assert len(reopened(saved).drafts) == 1
