"""The best plan that keeps the changes of another: asked for, worked out, shown, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from liancun_geo.compare import Figures, Kept, figures
from liancun_geo.scenario import Scenario
from liancun_geo.studio import compare_panels as panel
from liancun_geo.studio import panels, tasks
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.parts import part
from liancun_geo.studio.shared import contents_key
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, Work, work_of

POLLED_S = 0.5
SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked: of the changes from one plan to another.

    Attributes
    ----------
    name
        Of the second plan.
    first, second
        The plans.
    figures
        Of the second, judged by the first.
    changes
        How many villages differ.
    other
        What the second is called on the page.
    """

    name: str
    first: Scenario
    second: Scenario
    figures: Figures
    changes: int
    other: str

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What its answer is kept by: the contents of both plans."""
        found = hashlib.sha256()
        for plan in (self.first, self.second):
            found.update(contents_key(plan).encode())
        return "best", found.hexdigest()


def show(desk: Desk, asked: Asked, say: panel.Said, keep: Callable[[str], None]) -> None:
    """Show the question, how far its answer is, or the answer.

    Parameters
    ----------
    desk
        Takes the answer as a plan of its own.
    asked
        What is asked.
    say
        The words of the step.
    keep
        Told the name of the plan that was kept.
    """
    work = work_of(st.session_state)
    runs = work.runs(asked.key)
    poll = POLLED_S if runs else None
    part(_box, run_every=poll)(desk, asked, say, keep, work, runs)


def _box(
    desk: Desk,
    asked: Asked,
    say: panel.Said,
    keep: Callable[[str], None],
    work: Work,
    ran: bool,
) -> None:
    if work.runs(asked.key) != ran:
        # Polling begins or ends.
        st.rerun()
    kept = work.result(asked.key)
    with st.container(key="compare-best", horizontal=True, vertical_alignment="center"):
        if kept is MISSING:
            _unanswered(asked, say, work)
            return
        total = figures(kept.scenario, judged_by=asked.first).total
        st.html(panel.best_box(asked.figures, kept, total, asked.changes, asked.other, say))
        better = bool(kept.difference.moved or kept.difference.leads)
        if better and not kept.scenario.violations:
            _offers(desk, asked, kept, say, keep)
    if st.session_state.get("compare shown"):
        st.html(panel.best_moves(kept, say))


def _unanswered(asked: Asked, say: panel.Said, work: Work) -> None:
    key, job = asked.key, work.job(asked.key)
    begin = partial(work.begin, key, tasks.best_of_rest, asked.first, asked.second, SECONDS)
    if job is None:
        st.html(panel.best_box(asked.figures, None, None, asked.changes, asked.other, say))
        st.button(say("best_button"), key="compare ask", on_click=begin)
    elif job.finished:
        st.html(panels.plain(say("best_stopped")))
        if job.state == "failed":
            st.html(panels.fault_box(job.faults(), Words(say.language), kept=True))
        st.button(say("best_again"), key="compare ask", on_click=begin)
    else:
        waits = job.position
        told = say("best_queued", count=waits) if waits else say("best_working")
        st.html(panels.plain(told))
        st.button(say("best_cancel"), key="compare cancel", on_click=partial(work.cancel, key))


def _offers(
    desk: Desk, asked: Asked, kept: Kept, say: panel.Said, keep: Callable[[str], None]
) -> None:
    state = st.session_state
    shown = bool(state.get("compare shown"))
    with st.container(horizontal=True, width="content"):
        st.button(
            say("best_hide" if shown else "best_show"),
            key="compare show",
            on_click=lambda: state.update({"compare shown": not shown}),
        )
        if st.button(say("best_save"), key="compare save"):
            saved = desk.free_name(say("best_name", name=asked.name))
            desk.put(saved, kept.scenario)
            keep(saved)
            state["compare shown"] = False
            st.toast(say("best_saved", name=saved))
            # The choice of plans is above this part of the page.
            st.rerun()
