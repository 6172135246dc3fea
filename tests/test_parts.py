"""Parts of the page that run alone speak as the whole page does."""

from __future__ import annotations

import contextvars
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import scenarios
import streamlit as st

from liancun_geo import studio
from liancun_geo.errors import warning
from liancun_geo.messages import message, speak_in_app
from liancun_geo.studio.parts import part
from liancun_geo.studio.shared import contents_key


def test_a_part_that_runs_alone_names_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "fragment", lambda show, run_every: show)

    def show(value: int) -> Any:
        return message("reason.conflict_min_size", "zh", value=value)

    assert contextvars.Context().run(part(show), 4) == "每片至少 4 村。"


def test_every_part_is_made_that_way() -> None:
    for path in sorted(Path(studio.__file__).parent.rglob("*.py")):
        if path.name != "parts.py":
            assert "st.fragment(" not in path.read_text(encoding="utf-8"), path.name


def test_a_plan_is_the_same_plan_in_whichever_words_it_is_spoken_of() -> None:
    told = warning("reason.conflict_min_size", value=4)
    plan = replace(scenarios.scenario(), warnings=(told,))

    def in_the_app() -> str:
        speak_in_app()
        return contents_key(plan)

    assert contextvars.Context().run(in_the_app) == contextvars.Context().run(contents_key, plan)
