"""The step of rules: what is set is in force, and how many townships have a plan is told."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from app_steps import settled
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from liancun_geo.errors import SettingsError, Where
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio import rule_fields
from liancun_geo.studio.steps.rules import as_toml
from liancun_geo.tables import parse_toml


def step() -> None:
    from liancun_geo.project.inputs import Inputs
    from liancun_geo.studio import session
    from liancun_geo.studio.desk import Desk
    from liancun_geo.studio.steps import rules

    desk = session.desk()
    if desk.county is None:
        desk.take(Desk.of(Inputs()))
    rules.show(desk, session.words())


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(step, default_timeout=60).run()


def widget(page: AppTest, kind: str, name: str) -> Any:
    found = [one for one in getattr(page, kind) if str(one.key).rsplit(" ", 1)[0] == name]
    assert len(found) == 1, name
    return found[0]


def rules_of(page: AppTest) -> Any:
    assert not page.exception
    return page.session_state["desk"].settings.rules


def counted(page: AppTest) -> str:
    until = time.monotonic() + 90.0
    while time.monotonic() < until:
        page.run()
        shown = "\n".join(one.value for one in page.get("html"))
        if 'class="feasible' in shown:
            return shown
        time.sleep(0.5)  # looking costs as much as working
    raise AssertionError("no count")


def test_every_rule_is_shown_with_its_help_and_its_default(page: AppTest) -> None:
    assert widget(page, "number_input", "min_size").value == 4
    assert widget(page, "number_input", "max_size").value == 8
    for one in [*page.number_input, *page.toggle]:
        if not str(one.key).startswith("n_"):
            assert "默认：" in one.help
    assert widget(page, "toggle", "weak_organisation gates").value is True
    shown = "\n".join(one.value for one in page.get("html"))
    assert [int(n) for n in re.findall(r"<b>(\d+)%</b>", shown)] == [
        *(35, 20, 20, 10, 15),
        *(40, 15, 15, 30),
    ]


def test_a_change_is_in_force_at_once_and_weights_are_shares(page: AppTest) -> None:
    widget(page, "number_input", "max_size").set_value(7).run()
    widget(page, "number_input", "proximity pair_weights").set_value(1.0).run()
    assert rules_of(page).max_size == 7
    assert page.session_state["desk"].settings.criteria.pair_weights.proximity == 1.0
    shown = "\n".join(one.value for one in page.get("html"))
    assert "<b>62%</b>" in shown
    widget(page, "number_input", "max_distance_km").set_value(9.5).run()
    assert rules_of(page).max_distance_km == 9.5
    assert widget(page, "number_input", "max_size").value == 7


def test_weights_of_what_the_ledger_lacks_are_grey_and_count_nothing(page: AppTest) -> None:
    desk = page.session_state["desk"]
    frame = desk.county.villages.frame.assign(party_members_persons=float("nan"))
    desk.county = replace(desk.county, villages=replace(desk.county.villages, frame=frame))
    page.run()
    assert widget(page, "number_input", "party_members lead_weights").disabled
    assert not widget(page, "number_input", "population lead_weights").disabled
    shown = "\n".join(one.value for one in page.get("html"))
    assert shown.count("台账里没有这一项") == 1
    shares = [int(n) for n in re.findall(r"<b>(\d+)%</b>", shown)]
    assert shares[:4] == [44, 25, 12, 19]


def test_what_cannot_be_is_told_and_not_put_in_force(page: AppTest) -> None:
    widget(page, "number_input", "min_size").set_value(9).run()
    shown = "\n".join(one.value for one in page.get("html"))
    assert "每片最少 9 村，比最多 8 村还多" in shown
    assert rules_of(page).min_size == 4
    widget(page, "number_input", "min_size").set_value(3).run()
    assert rules_of(page).min_size == 3


def test_presets_set_the_sizes_and_reset_sets_them_back(page: AppTest) -> None:
    preset = next(one for one in page.get("button_group") if "preset" in str(one.key))
    preset.set_value("revitalisation_zone").run()
    assert (rules_of(page).min_size, rules_of(page).max_size) == (6, 25)
    assert widget(page, "number_input", "max_size").value == 25
    page.button(key="rules reset").click().run()
    assert (rules_of(page).min_size, rules_of(page).max_size) == (4, 8)


def test_the_count_is_the_solver_s_and_says_which_townships_fail(page: AppTest) -> None:
    first = counted(page)
    assert "<b>10 / 10</b>" in first
    # A township counts as possible without the villages that nothing can place: they are told.
    assert "另有 1 村" in first and "邹家楼村" in first
    widget(page, "number_input", "max_size").set_value(5).run()
    shown = counted(page)
    found = re.search(r"<b>(\d+) / 10</b>", shown)
    assert found is not None
    assert int(found[1]) < 10
    assert "排不出来：" in shown
    # Another test of this process may have asked already: the answers are shared.
    for one in page.run().button:
        if one.key == "rules ways ask":
            one.click()
    settled(page)
    ways = [one for one in page.button if " way " in str(one.key)]
    assert ways
    ways[0].click().run()
    assert not page.exception


def test_pairs_are_added_and_removed_by_name(page: AppTest) -> None:
    codes = page.session_state["desk"].county.villages.frame["code"].tolist()
    page.selectbox(key="one links").set_value(codes[3])
    page.selectbox(key="other links").set_value(codes[5])
    page.button(key="add links").click().run()
    contiguity = page.session_state["desk"].settings.contiguity
    assert contiguity.links == ((codes[3], codes[5]),)
    page.selectbox(key="one links").set_value(codes[5])
    page.selectbox(key="other links").set_value(codes[3])
    page.button(key="add links").click().run()
    assert len(page.session_state["desk"].settings.contiguity.links) == 1
    page.button(key="remove links 0").click().run()
    assert page.session_state["desk"].settings.contiguity.links == ()
    page.multiselect[0].set_value([codes[7]]).run()
    assert rules_of(page).excluded == (codes[7],)


def test_partial_coverage_asks_for_its_price(page: AppTest) -> None:
    assert not [one for one in page.number_input if "unassigned_cost" in str(one.key)]
    cover = next(one for one in page.get("button_group") if "coverage" in str(one.key))
    cover.set_value("partial").run()
    widget(page, "number_input", "unassigned_cost").set_value(0.4).run()
    assert (rules_of(page).coverage, rules_of(page).unassigned_cost) == ("partial", 0.4)


def test_english_has_every_word() -> None:
    page = AppTest.from_function(step, default_timeout=60)
    page.query_params["lang"] = "en"
    page.run()
    assert not page.exception
    labels = [one.label for one in [*page.number_input, *page.toggle, *page.multiselect]]
    assert not re.search("[一-鿿]", " ".join(labels))


@given(
    some.integers(1, 60),
    some.integers(1, 60),
    some.one_of(some.none(), some.floats(0.1, 50)),
    some.dictionaries(some.integers(1, 9), some.floats(-2, 2), max_size=3),
)
def test_a_downloaded_file_says_the_same(
    low: int, high: int, far: float | None, costs: dict[int, float]
) -> None:
    values = {
        ("rules", "min_size"): low,
        ("rules", "max_size"): high,
        ("rules", "max_distance_km"): far,
        ("rules", "size_cost"): costs,
    }
    if low > high:
        with pytest.raises(SettingsError):
            rule_fields.with_values(Settings(), values)
        return
    settings = rule_fields.with_values(Settings(), values)
    assert parse_settings(parse_toml(as_toml(settings), Where(file="settings.toml"))) == settings
