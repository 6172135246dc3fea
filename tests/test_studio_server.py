"""The first page solves nothing: the plan shipped is the plan that solving gives."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")
from liancun_geo.project.inputs import Inputs
from liancun_geo.studio import server, shared
from liancun_geo.studio.desk import Desk
from scripts.make_sample_plan import essence, solved


@pytest.fixture(scope="module")
def shipped() -> Any:
    return json.loads(shared.SAMPLE_PLAN.read_text("utf-8"))


@pytest.fixture
def unsolvable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was solved")

    monkeypatch.setattr(shared, "plan_alliances", refused)


def test_the_plan_shipped_is_the_plan_that_solving_gives(shipped: Any) -> None:
    assert essence(shipped) == essence(solved()), "run: python -m scripts.make_sample_plan"


def test_the_sample_is_shown_with_its_proof_and_nothing_is_solved(
    shipped: Any, unsolvable: None
) -> None:
    desk = Desk.of(Inputs())
    assert desk.show_sample_plan("方案一")
    assert desk.current == "方案一" and desk.scenario is not None
    assert desk.scenario.fingerprint == shipped["fingerprint"]
    assert desk.scenario.result.status == "optimal" and desk.scenario.violations == ()


def test_under_other_rules_or_from_a_damaged_file_it_is_not_shown(
    shipped: Any, unsolvable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.of(Inputs())
    other = tmp_path / "plan.json"
    monkeypatch.setattr(shared, "SAMPLE_PLAN", other)
    for text in ("", "{", "[]", json.dumps({**shipped, "objective": 1.0})):
        other.write_text(text, encoding="utf-8")
        assert not desk.show_sample_plan("方案一")
    assert not desk.show_sample_plan("方案一")
    monkeypatch.undo()
    rules = desk.settings.rules.model_copy(update={"max_size": 7})
    assert desk.change(desk.settings.model_copy(update={"rules": rules}))
    assert not desk.show_sample_plan("方案一")
    assert desk.drafts == {}


def test_the_server_gets_ready_without_declaring_parts_of_a_page() -> None:
    # A part declared outside a session belongs to no session.
    code = (
        "import sys; from liancun_geo.studio.server import get_ready; get_ready();"
        "print(*sorted(n for n in sys.modules if n.startswith('streamlit')))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert told.stdout.split() == []
    assert told.stderr == ""


def test_a_failure_while_getting_ready_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_NEEDED", ("no_such_module",))
    server.get_ready()
    assert "not ready beforehand" in caplog.text


def test_what_was_got_ready_is_no_work_for_the_collector() -> None:
    # Streamlit collects after every run of the page, the answer to a click waits for it.
    gc.unfreeze()
    try:
        server.get_ready()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
