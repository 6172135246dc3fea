"""What the page remembers: the plan on show, the faults of the last attempt."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import streamlit as st

from liancun_geo.errors import Fault, FaultsError, error
from liancun_geo.scenario import County, Scenario, plan_alliances
from liancun_geo.settings import Settings
from liancun_geo.studio.inputs import Inputs, read_inputs
from liancun_geo.studio.scene import Scene, build_scene

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OnShow:
    """A plan with all the page needs to show it; replaced as a whole or not at all."""

    inputs_key: str
    is_sample: bool
    settings: Settings
    scenario: Scenario
    scene: Scene


def on_show() -> OnShow | None:
    """Return the plan on show, None before the first one."""
    return st.session_state.get("on_show")


def faults() -> tuple[Fault, ...]:
    """Return the faults of the last attempt, none if it went well."""
    found: tuple[Fault, ...] = st.session_state.get("faults", ())
    return found


def fail(found: tuple[Fault, ...]) -> None:
    """Remember faults; the plan on show stays."""
    st.session_state["faults"] = found


def is_new(inputs: Inputs) -> bool:
    """Return whether these files have not been tried yet, and remember that they are now."""
    new = st.session_state.get("tried") != inputs.key
    st.session_state["tried"] = inputs.key
    return new


def attempt(inputs: Inputs, settings: Settings) -> None:
    """Read and plan; put the plan on show, or remember the faults and keep the old plan."""
    try:
        county = _county(inputs.key, _reading(settings), inputs, settings)
        scenario = _scenario(inputs.key, settings.model_dump_json(), county, settings)
        st.session_state["on_show"] = OnShow(
            inputs.key, inputs.is_sample, settings, scenario, build_scene(scenario, county.barriers)
        )
        fail(())
    except FaultsError as cause:
        fail(cause.faults)
    except Exception as cause:
        # The outermost edge: a planner never meets a traceback, the log keeps it.
        _log.exception("planning failed")
        fail((error("studio.internal_error", cause=type(cause).__name__),))


def _reading(settings: Settings) -> str:
    """Return the part of the settings that decides how files are read."""
    return settings.model_dump_json(
        include={"data": True, "fields": True, "contiguity": {"barriers"}}
    )


# Resources are handed out as they are; cache_data would copy all geometry on every rerun.
# Nothing below ever changes what they hold. Few are kept: a county may take 100 MB.
@st.cache_resource(max_entries=4, show_spinner=False)
def _county(key: str, reading: str, _inputs: Inputs, _settings: Settings) -> County:
    return read_inputs(_inputs, _settings)


@st.cache_resource(max_entries=8, show_spinner=False)
def _scenario(key: str, settings: str, _county: County, _settings: Settings) -> Scenario:
    return plan_alliances(_county, _settings, workers=os.cpu_count() or 1)
