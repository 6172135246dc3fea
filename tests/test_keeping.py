"""Nothing is ever lost: every change is on file, and two windows never overwrite each other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from streamlit.testing.v1 import AppTest

from liancun_geo.editing import Lock
from liancun_geo.errors import DataError
from liancun_geo.studio import keeping, shared
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.inputs import Inputs
from liancun_geo.studio.keeping import Saved

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
