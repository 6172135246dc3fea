"""How many townships have a plan under the rules as they are: asked of the solver, live."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import streamlit as st

from liancun_geo.messages import Listing
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.reasons import zone_name
from liancun_geo.studio import panels, tasks, ways_panel
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.parts import part
from liancun_geo.studio.rule_widgets import say
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, RESULTS, Shelf, Work

POLLED_S = 0.5
SECONDS = 10.0
EXPLAINED_S = 15.0
_NAMED = 8
"""Villages named in one sentence."""
_ANSWERS = Shelf(20_000)
"""Answer of the solver by the digest of a zone's rules, for all sessions."""


def show(desk: Desk, words: Words, work: Work) -> None:
    """Show the count, kept up to date by itself."""
    key = _key(desk)
    work.only("feasible", [key])
    work.only("ways", [_ways_key(desk)])
    if work.result(key) is MISSING and work.job(key) is None:
        _begin(desk, work)
    runs = work.runs(key) or work.runs(_ways_key(desk))
    part(_panel, run_every=POLLED_S if runs else None)(desk, words, work, runs, key)


def _panel(desk: Desk, words: Words, work: Work, ran: bool, shown: Hashable) -> None:
    key = _key(desk)
    # Every job must be asked about, or it is taken for abandoned.
    busy = work.runs(key) + work.runs(_ways_key(desk)) > 0
    if key != shown or busy != ran:
        # A button in here runs no more than this part of the page: other rules change the
        # fields beside it, and a job just begun is asked after only from the top.
        st.rerun()
    found = work.result(key)
    if found is not MISSING:
        _learn(found)
        _told(desk, words, work, found)
        return
    job = work.job(key)
    if job is not None and not job.finished:
        told = job.progress()
        name = "count_busy" if told.total else "count_waiting"
        st.caption(say(name, words, **({"done": told.done, "total": told.total})))
        st.progress(told.share)
        return
    if job is not None and job.state == "failed":
        st.html(panels.fault_box(job.faults(), words, kept=desk.current is not None))
    else:
        st.caption(say("not_sure", words))
    st.button(say("check_again", words), key="check again", on_click=partial(_begin, desk, work))


def _told(desk: Desk, words: Words, work: Work, found: tasks.Feasibility) -> None:
    total = len(found.verdicts)
    yes = found.count("yes")
    townships = desk.settings.rules.zone_field.startswith("township")
    box = new("div", class_="feasible good" if yes == total else "feasible")
    add(box, "b", say("count", words, yes=yes, total=total))
    add(box, "span", say("count_townships" if townships else "count_zones", words))
    st.html(markup(box))
    rules = desk.settings.rules
    if rules.n_alliances is not None or rules.budget_wan_yuan is not None:
        st.caption(say("count_coupled", words))
    elif yes == total and not found.beyond:
        st.caption(say("count_all", words))
    for answer in ("no", "open"):
        names = _places(desk, words, found, answer)
        if names:
            st.html(panels.quiet(say(f"count_{answer}", words, places=names)))
    if found.beyond:
        st.html(panels.quiet(_beyond(desk, words, found.beyond)))
    if found.count("open"):
        st.button(
            say("check_again", words), key="check again", on_click=partial(_begin, desk, work, True)
        )
    if found.count("no"):
        key = _ways_key(desk)
        ways_panel.show(
            work,
            key,
            words,
            partial(work.begin, key, tasks.why_not, desk.county, desk.settings, EXPLAINED_S),
            desk.change,
            name="rules ways",
        )
    st.caption(say("count_note", words))


def _beyond(desk: Desk, words: Words, beyond: Sequence[int]) -> str:
    """Say which villages the rules let into no alliance: the townships count as possible."""
    assert desk.county is not None
    names = desk.county.villages.frame["name"].iloc[list(beyond[:_NAMED])]
    listed = Listing(names, " …" if len(beyond) > _NAMED else "").text(words.language)
    return say("count_beyond", words, count=len(beyond), villages=listed)


def _places(desk: Desk, words: Words, found: tasks.Feasibility, answer: str) -> str:
    assert desk.county is not None
    villages = desk.county.villages
    names = [
        zone_name(verdict.label, villages, desk.settings).text(words.language)
        for verdict in found.verdicts
        if verdict.answer == answer
    ]
    return ("、" if words.language == "zh" else ", ").join(names)


def _learn(found: tasks.Feasibility) -> None:
    for verdict in found.verdicts:
        if verdict.answer != "open":
            _ANSWERS.put(verdict.digest, verdict.answer)


def _begin(desk: Desk, work: Work, anew: bool = False) -> None:
    key = _key(desk)
    if anew:
        RESULTS.drop(key)
    known = _ANSWERS.all()
    work.begin(key, tasks.feasibility, desk.county, desk.settings, known, SECONDS)


def _key(desk: Desk) -> tuple[Hashable, ...]:
    return ("feasible", desk.inputs.key, desk.settings.model_dump_json())


def _ways_key(desk: Desk) -> tuple[Hashable, ...]:
    return ("ways", desk.inputs.key, desk.settings.model_dump_json())
