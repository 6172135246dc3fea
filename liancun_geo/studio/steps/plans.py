"""Plans: contrasting ones side by side, each with its proof; which others come near."""

from __future__ import annotations

import math
from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from liancun_geo.contrasts import CONTRASTS, Contrast, existing_plan
from liancun_geo.messages import message
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.output.picture.scene import Scene, build_scene
from liancun_geo.reasons import zone_name
from liancun_geo.scenario import Scenario
from liancun_geo.settings import Settings
from liancun_geo.studio import near_panel, panels, plan_cards, session, tasks, ways_panel
from liancun_geo.studio.choosing import choose
from liancun_geo.studio.colouring import painted
from liancun_geo.studio.desk import WHOLE_COUNTY, Desk
from liancun_geo.studio.icons import as_url
from liancun_geo.studio.jobs import Job
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.parts import part
from liancun_geo.studio.plan_figures import rows_of
from liancun_geo.studio.small_map import beside
from liancun_geo.studio.wire import JobProgress
from liancun_geo.studio.words import Words, at_most_percent
from liancun_geo.studio.working import MISSING, RESULTS, Work, work_of

POLLED_S = 0.5
EXPLAINED_S = 20.0
Key = tuple[Hashable, ...]


def show(desk: Desk, words: Words) -> None:
    """Show the plans; whatever is missing is begun by itself, once."""
    if desk.county is None:
        st.html(panels.quiet(_say("no_data", words)))
        return
    st.html(_style())
    work, keys = work_of(st.session_state), {kind: _key(desk, kind) for kind in CONTRASTS}
    work.only("plan", keys.values())
    if st.session_state.get("plans begun") != keys["fit"]:
        _begin(desk, work)
    runs = _busy(desk, work)
    poll = POLLED_S if runs else None
    part(_content, run_every=poll)(desk, words, work, runs, _place(desk))


def _content(desk: Desk, words: Words, work: Work, ran: bool, shown: Key) -> None:
    if _left(desk, work, ran, shown):
        # A button in here runs no more than this part of the page.
        st.rerun()
    plans = {kind: work.result(_key(desk, kind)) for kind in CONTRASTS}
    made: dict[Contrast, Scenario] = {
        kind: plan for kind, plan in plans.items() if isinstance(plan, Scenario)
    }
    first = made.get("fit")
    with st.container(key="plan-cards"):
        if first is not None:
            _infeasible(desk, words, work, first)
        columns = st.columns(len(CONTRASTS) + 1)
        with columns[0]:
            # A plan that is not there yet counts: most counties have all three.
            _side(desk, words, work, first, sum(one is not None for one in plans.values()))
        for kind, column in zip(CONTRASTS, columns[1:], strict=True):
            with column:
                _card(desk, words, work, kind, plans[kind], first)
        if first is not None:
            st.html(_figures(desk, words, work, made))
        _uses(desk, words, made)
        if first is not None:
            near_panel.show(desk, words, work, first, near_key(desk))


def _left(desk: Desk, work: Work, ran: bool, shown: Key) -> bool:
    """Whether the page must run from the top: another step, other rules, polling begins or ends."""
    # Every job must be asked about, or it is taken for abandoned.
    busy = _busy(desk, work)
    return _place(desk) != shown or busy != ran


def _place(desk: Desk) -> Key:
    return (session.step(), *_data(desk))


def _side(desk: Desk, words: Words, work: Work, first: Scenario | None, leanings: int) -> None:
    assert desk.county is not None
    box = new("div", class_="plans-side")
    add(box, "h2", _say("heading", words))
    count = {"townships": len(desk.townships), "villages": len(desk.county.villages)}
    add(box, "p", _say("intro", words, count=leanings, **count))
    st.html(markup(box))
    st.button(
        _say("again", words),
        key="plans again",
        help=_say("again_help", words),
        on_click=partial(_again, desk, work),
        disabled=_busy(desk, work),
    )
    if first is not None:
        near_panel.ask(desk, words, work, first, near_key(desk))
    names = desk.townships
    choose(
        _say("place", words),
        range(WHOLE_COUNTY, len(names)),
        desk.township,
        desk.view,
        key="plans place",
        format_func=lambda one: _say("county", words) if one < 0 else names[one],
        label_visibility="collapsed",
    )
    st.html(plan_cards.legend(words.language))
    if first is not None:
        _steadiness(desk, words, work)


def _card(
    desk: Desk, words: Words, work: Work, kind: Contrast, plan: Any, first: Scenario | None
) -> None:
    if plan is None:
        lacking = "no_weak" if kind == "equity" else "no_existing"
        st.html(plan_cards.empty_card(kind, _say(lacking, words), words.language))
    elif plan is MISSING:
        _unfinished(desk, words, work, kind)
    else:
        township = None if desk.township == WHOLE_COUNTY else desk.township
        place = _say("county", words) if township is None else desk.townships[township]
        chosen = _is_chosen(desk, plan)
        base = plan if first is None else first
        # Asked of the first plan first: the others take their colours from it.
        shades = desk.colouring.of_plan(base), desk.colouring.of_plan(plan)
        drawn = (plan.plan.lead_of.tobytes(), base.plan.lead_of.tobytes())
        look = (_key(desk, kind), words.language, township, chosen, first is None, shades, *drawn)

        def made() -> str:
            scene = painted(_scene(desk, kind, plan, base), shades[1])
            beside_it = painted(_scene(desk, "fit", base, base), shades[0])
            return plan_cards.card(
                kind,
                scene,
                words.language,
                first=None if kind == "fit" or first is None else beside_it,
                township=township,
                place=place,
                chosen=chosen,
            )

        st.html(RESULTS.made(("card", *look), made))


def _unfinished(desk: Desk, words: Words, work: Work, kind: Contrast) -> None:
    """Show how far a plan is, or why it was not finished."""
    key = _key(desk, kind)
    job = work.job(key)
    if work.result(key) is not MISSING or (job is not None and job.state == "done"):
        # It came in between two questions.
        st.rerun()
    if job is None or job.finished:
        st.html(plan_cards.empty_card(kind, _say("stopped", words), words.language))
        if job is not None and job.state == "failed":
            st.html(panels.fault_box(job.faults(), words, kept=desk.current is not None))
        st.button(
            _say("retry", words),
            key=f"retry {kind}",
            on_click=partial(_begin_one, desk, work, kind),
        )
        return
    st.html(plan_cards.empty_card(kind, how_far(job, words), words.language))
    st.progress(job.progress().share)
    st.button(_say("cancel", words), key=f"cancel {kind}", on_click=partial(work.cancel, key))


def how_far(job: Job[Any], words: Words) -> str:
    """Return in words how far a job of planning is."""
    if job.position:
        return message("jobs.queued", words.language, count=job.position)
    told = job.progress()
    if not told.total:
        return _say("busy", words)
    known = {"done": told.done, "total": told.total, "seconds": f"{told.seconds:.0f}"}
    if math.isfinite(told.objective) and math.isfinite(told.bound) and told.objective:
        gap = max(0.0, (told.objective - told.bound) / abs(told.objective))
        return _say("busy_gap", words, gap=at_most_percent(gap), **known)
    return _say("busy_zones", words, **known)


def _figures(desk: Desk, words: Words, work: Work, made: dict[Contrast, Scenario]) -> str:
    first = made["fit"]
    steady = work.result(_steady_key(desk))
    shares: list[float | None] | None = None
    if steady is not MISSING and len(steady) == len(made):
        of_made = dict(zip(made, steady, strict=True))
        shares = [of_made.get(kind) for kind in CONTRASTS]
    plans_made = tuple(plan.plan.lead_of.tobytes() for plan in made.values())
    look = (_key(desk, "fit"), tuple(made), plans_made, str(shares), words.language)

    def rows() -> str:
        before = existing_plan(first.villages, first.settings, first.problem)
        existing = before if (before >= 0).any() else None
        plans = [made.get(kind) for kind in CONTRASTS]
        found = rows_of(first, plans, before=existing, steady=shares, shakes=_shakes(desk))
        return plan_cards.figures(found, words.language)

    return str(RESULTS.made(("figures", *look), rows))


def _uses(desk: Desk, words: Words, made: dict[Contrast, Scenario]) -> None:
    columns = st.columns(len(CONTRASTS) + 1)
    for kind, column in zip(CONTRASTS, columns[1:], strict=True):
        if kind in made:
            column.button(
                _say("use_first" if kind == "fit" else "use", words),
                key=f"use {kind}",
                type="primary" if kind == "fit" else "secondary",
                width="stretch",
                on_click=partial(use, desk, _say(f"name_{kind}", words), made[kind]),
            )


def use(desk: Desk, name: str, scenario: Scenario) -> None:
    """Put a plan on the desk, or show it with its edits if it is there; go on to adjusting it."""
    for known, draft in desk.drafts.items():
        if _same(draft.proposal, scenario):
            desk.show(known)
            break
    else:
        desk.put(desk.free_name(name), scenario)
    session.go("adjust")


def _infeasible(desk: Desk, words: Words, work: Work, first: Scenario) -> None:
    lost = [zone.label for zone in first.result.zones if zone.status == "infeasible"]
    if not lost:
        return
    villages, settings, language = first.villages, first.settings, words.language
    names = [zone_name(label, villages, settings).text(language) for label in lost]
    box = new("div", class_="box warn", role="alert")
    add(box, "div", _say("infeasible", words, places=words.listed(names)), class_="heading")
    st.html(markup(box))
    key = ("ways", *_data(desk))
    ways_panel.show(
        work,
        key,
        words,
        partial(work.begin, key, tasks.explain, first, EXPLAINED_S),
        desk.change,
        name="plans ways",
    )


def _steadiness(desk: Desk, words: Words, work: Work) -> None:
    key = _steady_key(desk)
    if work.result(key) is not MISSING:
        return
    if work.runs(key):
        job = work.job(key)
        told = JobProgress() if job is None else job.progress()
        total = told.total or _shakes(desk)
        st.caption(_say("steady_busy", words, done=told.done, total=total))
        st.button(_say("cancel", words), key="cancel steady", on_click=partial(work.cancel, key))
        return
    st.button(
        _say("steady_ask", words),
        key="steady",
        type="tertiary",
        help=_say("steady_help", words, count=_shakes(desk)),
        on_click=partial(_begin_steady, desk, work),
        disabled=_planning(desk, work),
    )


def _begin_steady(desk: Desk, work: Work) -> None:
    plans = [work.result(_key(desk, kind)) for kind in CONTRASTS]
    leads = [np.asarray(plan.plan.lead_of) for plan in plans if isinstance(plan, Scenario)]
    key = _steady_key(desk)
    work.begin(key, tasks.stability, desk.county, desk.settings, leads, _shakes(desk))


def _shakes(desk: Desk) -> int:
    return 0 if desk.county is None else tasks.shakes(len(desk.county.villages))


def _begin(desk: Desk, work: Work) -> None:
    st.session_state["plans begun"] = _key(desk, "fit")
    for kind in CONTRASTS:
        _begin_one(desk, work, kind)


def _begin_one(desk: Desk, work: Work, kind: Contrast) -> None:
    work.begin(_key(desk, kind), tasks.contrast, desk.county, desk.settings, kind)


def _again(desk: Desk, work: Work) -> None:
    for kind in CONTRASTS:
        RESULTS.drop(_key(desk, kind))
    _begin(desk, work)


def _planning(desk: Desk, work: Work) -> bool:
    # Every job must be asked about, or it is taken for abandoned.
    return sum(work.runs(_key(desk, kind)) for kind in CONTRASTS) > 0


def _busy(desk: Desk, work: Work) -> bool:
    others = (_steady_key(desk), near_key(desk), ("ways", *_data(desk)))
    return _planning(desk, work) + sum(work.runs(key) for key in others) > 0


def _scene(desk: Desk, kind: Contrast, plan: Scenario, first: Scenario) -> Scene:
    def made() -> Scene:
        assert desk.county is not None
        if plan is first:
            return build_scene(plan, desk.county.barriers)
        return beside(_scene(desk, "fit", first, first), plan)

    # A search that ran out of time may end in another plan the next time it is asked.
    drawn = (plan.plan.lead_of.tobytes(), first.plan.lead_of.tobytes())
    scene: Scene = RESULTS.made(("scene", _key(desk, kind), *drawn), made)
    return scene


def _is_chosen(desk: Desk, plan: Scenario) -> bool:
    return desk.scenario is not None and _same(desk.scenario, plan)


def _same(one: Scenario, other: Scenario) -> bool:
    return one.fingerprint == other.fingerprint and np.array_equal(
        one.plan.lead_of, other.plan.lead_of
    )


def settings_key(settings: Settings) -> str:
    """Return the settings as a key of results."""
    return settings.model_dump_json()


def _data(desk: Desk) -> tuple[str, str]:
    return desk.inputs.key, settings_key(desk.settings)


def _key(desk: Desk, kind: Contrast) -> Key:
    return ("plan", *_data(desk), kind)


def near_key(desk: Desk) -> Key:
    """Return the key of the plans that come near the first one."""
    return ("near", *_data(desk))


def _steady_key(desk: Desk) -> Key:
    return ("steady", *_data(desk))


def _style() -> str:
    shield = as_url(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" '
        'stroke-width="2"><path d="M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6z"/>'
        "</svg>"
    )
    star = as_url(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 1.5l1.9 4.4 4.7.4'
        '-3.5 3.1 1 4.6L8 11.6 3.9 14l1-4.6L1.4 6.3l4.7-.4z"/></svg>'
    )
    return f"<style>:root{{--shield:{shield};--star:{star}}}{shipped('plans.css')}</style>"


def _say(key: str, words: Words, **params: object) -> str:
    return message(f"plans_step.{key}", words.language, **params)
