"""What stands around the map: strip and inspector, in both languages and every state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import written_map
from streamlit.testing.v1 import AppTest

from liancun_geo.editing import Draft, LeaveOut, Move
from liancun_geo.indicators import weak_villages
from liancun_geo.messages import Language
from liancun_geo.naming import alliance_name
from liancun_geo.plan import UNASSIGNED
from liancun_geo.project.inputs import Inputs
from liancun_geo.studio.adjust_panels import Panels, saved_at
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.mapping import parse_event
from liancun_geo.studio.steps.adjust import _weak, first_township
from liancun_geo.why import Explainer
from liancun_geo.why.ground import Ground

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("zh", "en")
CHINESE = re.compile("[\u4e00-\u9fff]+")


@pytest.fixture(scope="module")
def desk() -> Desk:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("甲")
    return desk


@pytest.fixture(scope="module")
def draft(desk: Desk) -> Draft:
    assert desk.draft is not None
    return desk.draft


@pytest.fixture(scope="module")
def ground(draft: Draft) -> Ground:
    return Ground(draft.proposal)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key not in ("event", "icon", "kind", "part", "side"):
                yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def whole(panel: Any, ground: Ground, language: Language) -> str:
    """Check that nothing is unfilled or untranslated, and return all of it."""
    said = "\n".join(texts(panel))
    assert not re.search(r"[{}]|None|nan|adjust_step", said)
    if language == "en":
        # Names of villages and industries stay as they are in the ledger.
        frame = ground.frame
        names = {str(one) for one in frame["name"]} | {str(one) for one in frame["township"]}
        names |= {tag for tags in frame["industries"] if tags is not None for tag in tags}
        left = said
        for name in sorted(names, key=len, reverse=True):
            left = left.replace(name, "").replace(alliance_name(name), "")
        assert not CHINESE.findall(left)
    return said


def rows(panel: Any) -> list[Any]:
    moves = panel["moves"]
    return [*moves["legal"], *moves["blocked"], *moves.get("common", [])]


def members(draft: Draft) -> list[int]:
    of = draft.state.lead_of.tolist()
    return [v for v, lead in enumerate(of) if lead not in (v, UNASSIGNED)]


def member(draft: Draft) -> int:
    return next(v for v in members(draft) if any(o.kind == "move" for o in draft.options(v).legal))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_told_and_every_row_is_an_event(
    draft: Draft, ground: Ground, desk: Desk, language: Language
) -> None:
    told = Panels(ground, language)
    of = draft.state.lead_of.tolist()
    one = member(draft)
    out = of.index(UNASSIGNED)
    for chosen in ([one], [of[one]], [out], [one, of[one]]):
        panel = told.inspector(draft, chosen, range(31), "x")
        whole(panel, ground, language)
        events = [row["event"] for row in rows(panel) if "event" in row]
        for event in events:
            sizes = len(of), len(desk.townships)
            assert parse_event({"id": 1, **event}, *sizes) is not None, event
        assert all("change" in row for row in panel["moves"]["legal"])
    assert any("event" in row for row in rows(told.inspector(draft, [one], [], "x")))


def test_a_member_is_told_its_points_and_a_lead_its_rank(draft: Draft, ground: Ground) -> None:
    told, of = Panels(ground, "zh"), draft.proposal.problem.zone_of
    # Of the smallest township, whose plans are soon listed, however busy the machine.
    zone = int(np.argmin(np.bincount(of)))
    one = next(v for v in members(draft) if of[v] == zone)
    near = Explainer(draft.proposal, seconds=600.0).near(zone)
    card = told.inspector(draft, [one], [], "x", near)["card"]
    names = [row["name"] for row in card["rows"]]
    assert names[:3] == ["距离", "强弱", "产业"]
    assert names[-1] == "稳定"
    parts = [float(row["value"].replace("−", "-")) for row in card["rows"] if "share" in row]
    assert float(card["score"]) == pytest.approx(sum(parts), abs=0.16)
    lead = int(draft.state.lead_of[one])
    said = "\n".join(texts(told.inspector(draft, [lead], [], "x")))
    assert "为什么由它领建" in said
    # Of nothing no rank is told.
    assert not re.search(r"^0，全镇第", said, re.M)


def test_a_township_is_summed_up(draft: Draft, ground: Ground, desk: Desk) -> None:
    panel = Panels(ground, "zh").inspector(draft, [], range(len(ground.frame)), "示例县")
    assert panel["title"] == "示例县"
    assert "261 村" in str(panel["facts"])
    assert [cell["name"] for cell in panel["totals"]][:2] == ["村数", "人口"]
    assert first_township(desk, draft) == 2  # where a village is left out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((None, None, None), "不详"),
        ((True, None, False), "1 村，1 村不详"),
        ((True, True, False), "2 村"),
        ((False, False, False), "0 村"),
    ],
)
def test_weak_villages_are_counted_only_where_they_are_known(
    draft: Draft, ground: Ground, flags: tuple[bool | None, ...], said: str
) -> None:
    told = Panels(ground, "zh", flags + (None,) * (len(ground.frame) - 3))
    panel = told.inspector(draft, [], range(3), "示例县")
    assert {cell["name"]: cell["value"] for cell in panel["totals"]}["弱村"] == said
    tags = told.inspector(draft, [0], [], "x")["tags"]
    assert ("弱村" in tags) == (flags[0] is True)


def test_a_village_is_weak_by_the_limit_of_the_step_of_villages(desk: Desk, draft: Draft) -> None:
    frame = draft.proposal.villages.frame
    marked = weak_villages(frame)
    income = frame["collective_income_wan_yuan"].to_numpy()
    between = [v for v, flag in enumerate(marked) if not flag and income[v] < 40.0]
    assert between and _weak(desk, draft) == marked
    desk.weak_below_wan_yuan = 40.0
    try:
        assert all(_weak(desk, draft)[village] for village in between)
    finally:
        desk.weak_below_wan_yuan = None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broken_plan_says_what_and_where_without_codes(
    draft: Draft, ground: Ground, language: Language
) -> None:
    told, codes = Panels(ground, language), [str(one) for one in ground.frame["code"]]
    one = member(draft)
    far = next(o for o in draft.options(one).blocked if o.kind == "move" and o.change is None)
    after = draft.after(Move(villages=(codes[one],), to=codes[far.target]), at=NOW)
    assert not after.standing.valid
    problems = told.inspector(after, [], range(31), "x")["problems"]
    said = "\n".join(problems)
    assert ground.name(one).name in said
    assert not re.search(r"\d{9}|\[", said)
    strip = told.strip(after.standing, "09:00", save_failed=True)
    assert [cell.get("kind") for cell in strip if cell.get("kind") == "bad"] == ["bad", "bad"]
    whole(strip, ground, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_strip_follows_the_edits(draft: Draft, ground: Ground, language: Language) -> None:
    told = Panels(ground, language)
    strip = told.strip(draft.standing, None, save_failed=False)
    said = whole(strip, ground, language)
    assert ("已证明最优" in said) == (language == "zh")
    code = str(ground.frame["code"].iat[member(draft)])
    after = draft.after(LeaveOut(villages=(code,), reason="班子不齐"), at=NOW)
    panel = told.inspector(after, [member(draft)], [], "x")
    assert "班子不齐" in "\n".join(texts(panel["card"]))
    assert panel["history"][0]["n"] == 1
    assert told.strip(after.standing, "09:00", save_failed=False) != strip


def test_a_plan_opened_again_was_saved_with_its_last_edit(draft: Draft, ground: Ground) -> None:
    assert saved_at(None, draft) is None
    code = str(ground.frame["code"].iat[member(draft)])
    after = draft.after(LeaveOut(villages=(code,), reason="班子不齐"), at=NOW)
    assert saved_at(None, after) == f"{NOW.astimezone():%H:%M}"
    later = NOW + timedelta(minutes=1)
    assert saved_at(later, after) == f"{later.astimezone():%H:%M}"


# --- the step --------------------------------------------------------------------------------


def step() -> None:
    import streamlit as st

    from liancun_geo.project.inputs import Inputs
    from liancun_geo.studio import session
    from liancun_geo.studio.desk import Desk
    from liancun_geo.studio.steps import adjust

    desk = session.desk()
    if desk.county is None:
        desk.take(Desk.of(Inputs()))
        if not st.session_state.get("no plan"):
            desk.show_sample_plan("甲")
    adjust.show(desk, session.words())


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("liancun_geo.studio.mapping.village_map", written_map)
    return AppTest.from_function(step, default_timeout=60)


def shown(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(one.value for one in page.get("html"))


def test_clicks_on_the_map_change_the_page(page: AppTest, draft: Draft) -> None:
    page.run()
    desk: Desk = page.session_state["desk"]
    assert desk.township == 2
    one = member(draft)
    page.session_state["map asked"] = {"type": "select", "villages": [one]}
    page.run()
    assert "可以怎么调" not in shown(page)  # a word of the browser
    assert "移入" in shown(page)
    option = next(o for o in draft.options(one).legal if o.kind == "move")
    page.session_state["map asked"] = {"type": "move", "villages": [one], "to": option.target}
    page.run()
    assert desk.draft is not None
    assert desk.draft.state.lead_of[one] == option.target
    page.session_state["map asked"] = {"type": "township", "township": 4}
    page.run()
    assert desk.township == 4


def test_without_a_plan_the_step_offers_one(page: AppTest) -> None:
    page.session_state["no plan"] = True
    page.run()
    assert "先算一个方案" in shown(page)
    assert page.button(key="lack").label
