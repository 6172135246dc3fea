"""What the page remembers: the plan on show, the faults of the last attempt."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import streamlit as st

from liancun_geo.errors import Fault, FaultsError, error
from liancun_geo.output.picture.scene import Scene, build_scene
from liancun_geo.scenario import County, Scenario, plan_alliances
from liancun_geo.settings import Settings
from liancun_geo.solve import Progress
from liancun_geo.studio.inputs import Inputs, read_inputs

_log = logging.getLogger(__name__)

_MOST_PLANS = 8


@dataclass(frozen=True)
class OnShow:
    """A plan with all the page needs to show it; replaced as a whole or not at all."""

    inputs_key: str
    is_sample: bool
    settings: Settings
    scenario: Scenario
    scene: Scene
    _made: dict[tuple[str, ...], str] = field(default_factory=dict)

    def made(self, key: tuple[str, ...], make: Callable[[], str]) -> str:
        """Return markup of this plan, made when first asked for."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


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
    """Return whether these files have not been tried yet."""
    return st.session_state.get("tried") != inputs.key


def stop(inputs: Inputs) -> None:
    """Do not try these files again by itself."""
    st.session_state["tried"] = inputs.key


def try_again() -> None:
    """Try the files again by themselves if the last attempt failed: something was decided."""
    if faults():
        st.session_state.pop("tried", None)


def attempt(inputs: Inputs, settings: Settings, tell: Callable[[float], None]) -> None:
    """Read and plan; put the plan on show, or remember the faults and keep the old plan.

    Parameters
    ----------
    inputs, settings
        What to plan from.
    tell
        Called several times a second with the share of zones done. Whatever the planner presses
        meanwhile makes Streamlit raise from it, which ends the attempt and changes nothing.
    """
    try:
        county = _county(inputs.key, _reading(settings), inputs, settings)
        scenario = _planned(inputs, settings, county, tell)
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
    stop(inputs)


def _planned(
    inputs: Inputs, settings: Settings, county: County, tell: Callable[[float], None]
) -> Scenario:
    plans = _plans()
    key = inputs.key, settings.model_dump_json()
    if key not in plans:
        plans[key] = _plan(county, settings, tell)
        for oldest in list(plans)[:-_MOST_PLANS]:
            plans.pop(oldest, None)
    return plans[key]


def _plan(county: County, settings: Settings, tell: Callable[[float], None]) -> Scenario:
    cancel = threading.Event()
    done: list[Progress] = []
    pool = ThreadPoolExecutor(1)
    job = pool.submit(
        plan_alliances,
        county,
        settings,
        workers=os.cpu_count() or 1,
        progress=done.append,
        cancel=cancel,
    )
    try:
        while not wait([job], timeout=0.2).done:
            tell(done[-1].zones_done / done[-1].zones if done else 0.0)
    finally:
        cancel.set()
        pool.shutdown(wait=False)
    return job.result()


def _reading(settings: Settings) -> str:
    """Return the part of the settings that decides how files are read."""
    return settings.model_dump_json(
        include={
            "data": True,
            "fields": True,
            "contiguity": {"barriers", "bridges"},
            "travel": True,
            "decisions": True,
        }
    )


# Resources are handed out as they are; cache_data would copy all geometry on every rerun.
# Nothing below ever changes what they hold. Few are kept: a county may take 100 MB.
@st.cache_resource(max_entries=4, show_spinner=False)
def _county(key: str, reading: str, _inputs: Inputs, _settings: Settings) -> County:
    return read_inputs(_inputs, _settings)


@st.cache_resource(show_spinner=False)
def _plans() -> dict[tuple[str, str], Scenario]:
    """Return the latest plans by files and settings, for all sessions."""
    return {}
