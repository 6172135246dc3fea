"""Downloads: which products, in which form, packed in a child process and handed out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from liancun_geo.errors import SettingsError
from liancun_geo.messages import catalogue, message
from liancun_geo.output.options import LONGEST_LINE, PackOptions, options_from
from liancun_geo.output.products import PRODUCTS
from liancun_geo.scenario import Scenario
from liancun_geo.studio import panels, session
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.jobs import Job
from liancun_geo.studio.pack import Packed, packed_files, zipped
from liancun_geo.studio.parts import part
from liancun_geo.studio.shared import contents_key
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import MISSING, Shelf, Work

POLLED_S = 0.5
Key = tuple[Hashable, ...]

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "tables": ("xlsx", "consultation", "csv"),
    "maps": ("map", "html"),
    "papers": ("docx", "pdf"),
    "gis": ("shp", "gpkg", "geojson", "kml"),
    "record": ("plan",),
}
_CRS = ("", "auto", "EPSG:4490", "EPSG:4326")
_LINES = ("maker", "drawn_by", "checked_by", "vintage")
_TYPES = {
    ".zip": "application/zip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".html": "text/html",
}


def show(desk: Desk, scenario: Scenario, record: str | None, words: Words) -> None:
    """Show what can be downloaded of a plan.

    Parameters
    ----------
    desk
        Its choices are changed, and kept with the project.
    scenario
        The plan; of one that breaks rules only the plan file is handed out.
    record
        Of its approval, for the pack; None without.
    words
        In the language of the page.
    """
    more = {} if record is None else {"approval.json": record}
    if scenario.violations:
        _broken(scenario, more, words)
        return
    work = _work()
    wanted = _products(words)
    _form(desk, wanted, words)
    said = None if desk.draft is None else desk.draft.objections or None
    options = replace(
        desk.handing,
        language=words.language,
        objections=said,
        plan_name=desk.current or "",
        lasting=desk.colouring.lasting(scenario),
    )
    key = pack_key(scenario, wanted, options, more)
    # A pack of other choices is of no use any more.
    work.only("pack", [key])
    poll = POLLED_S if work.runs(key) else None
    begin = partial(work.begin, key, packed_files, scenario, wanted, options, dict(more))
    part(_state, run_every=poll)(work, key, wanted, begin, poll is not None, words)


def _broken(scenario: Scenario, more: Mapping[str, str], words: Words) -> None:
    st.download_button(
        message("export.product_plan", words.language),
        partial(zipped, scenario, words.language, more),
        _say("pack_name", words),
        "application/zip",
        key="download",
        type="primary",
        on_click="ignore",
    )
    st.html(panels.quiet(_say("pack_broken", words)))


# --- which and how -------------------------------------------------------------------------------


def _products(words: Words) -> tuple[str, ...]:
    """Show a box a product and return those ticked, in the order in which they are written."""
    grouped = {name for names in _GROUPS.values() for name in names}
    groups = {**_GROUPS, "other": tuple(name for name in PRODUCTS if name not in grouped)}
    for group, names in groups.items():
        offered = [name for name in names if name in PRODUCTS]
        if not offered:
            continue
        with st.container(key=f"pack-{group}", horizontal=True, gap="small"):
            st.html(panels.quiet(_say(f"group_{group}", words)), width=76)
            for name in offered:
                st.checkbox(
                    message(f"export.product_{name}", words.language),
                    value=True,
                    key=f"pack what {name}",
                    width="content",
                )
    return tuple(name for name in PRODUCTS if st.session_state.get(f"pack what {name}", True))


def _form(desk: Desk, wanted: Iterable[str], words: Words) -> None:
    """Show in which form the products are made; what was chosen is kept with the project."""
    chosen, changes = desk.handing, dict[str, Any]()
    asked = set(wanted)
    with st.expander(_say("form", words)):
        left, right = st.columns(2)
        if asked & {"shp"}:
            with left:
                changes["encoding"] = _choice("encoding", ("UTF-8", "GBK"), chosen.encoding, words)
        if asked & {"shp", "gpkg"}:
            with right:
                known = _CRS if (chosen.crs or "") in _CRS else (*_CRS, chosen.crs or "")
                crs = _choice("crs", known, chosen.crs or "", words)
                changes["crs"] = crs or None
        if asked & {"map"}:
            with left:
                changes["paper"] = _choice("paper", ("A3", "A4"), chosen.paper, words)
            with right:
                kinds = ("both", "colour", "bw")
                changes["colours"] = _choice("colours", kinds, chosen.colours, words)
            changes["png"] = st.checkbox(_say("png", words), value=chosen.png, key="pack png")
        if asked & {"html"}:
            changes["figures"] = st.checkbox(
                _say("figures", words), value=chosen.figures, key="pack figures"
            )
        for name, column in zip(_LINES, (left, right, left, right), strict=True):
            with column:
                changes[name] = st.text_input(
                    _say(name, words),
                    value=getattr(chosen, name),
                    key=f"pack {name}",
                    max_chars=LONGEST_LINE,
                    placeholder=_say(f"{name}_hint", words),
                )
    handing = _understood(chosen, changes)
    if handing != chosen:
        desk.handing = handing
        session.keep()


def _understood(chosen: PackOptions, changes: Mapping[str, Any]) -> PackOptions:
    texts = {name: value for name, value in changes.items() if name != "crs"}
    try:
        handing = options_from(texts, chosen)
        if "crs" in changes:
            handing = options_from({"crs": changes["crs"] or ""}, handing)
    except SettingsError:
        # Widgets offer nothing else; whatever a browser sends beside them changes nothing.
        return chosen
    return handing


def _choice(name: str, known: tuple[str, ...], chosen: str, words: Words) -> str:
    def told(value: str) -> str:
        plain = value.lower().replace("epsg:", "").replace("-", "") or "own"
        key = f"export_step.{name}_{plain}"
        return message(key, words.language) if key in catalogue() else value

    picked: str = st.selectbox(
        _say(name, words), known, index=known.index(chosen), format_func=told, key=f"pack {name}"
    )
    return picked


# --- making and handing out ----------------------------------------------------------------------


def _state(
    work: Work,
    key: Key,
    wanted: tuple[str, ...],
    begin: Callable[[], None],
    ran: bool,
    words: Words,
) -> None:
    """Show the button, how far the pack is, or the pack."""
    runs = work.runs(key)
    if runs != ran:
        # Polling begins or ends with a run of the whole page.
        st.rerun()
    made, job = work.result(key), work.job(key)
    if made is not MISSING:
        _hand_out(made, words)
    elif runs and job is not None:
        st.progress(job.progress().share, text=_how_far(job, words))
        st.button(_say("pack_cancel", words), key="pack-cancel", on_click=partial(work.cancel, key))
    else:
        if job is not None and job.state == "failed":
            st.html(panels.fault_box(job.faults(), words, kept=True))
        whole = len(wanted) == len(PRODUCTS)
        st.button(
            _say("pack_make_all" if whole else "pack_make", words, count=len(wanted)),
            key="pack-make",
            type="primary",
            on_click=begin,
            disabled=not wanted,
        )
        st.html(panels.quiet(_say("pack_note" if wanted else "pack_nothing", words)))


def _hand_out(made: Packed, words: Words) -> None:
    kind = _TYPES.get(PurePosixPath(made.name).suffix, "application/octet-stream")
    name = _say("pack_name", words) if made.name.endswith(".zip") and made.whole else made.name
    size = f"{len(made.content) / 1e6:.1f}"
    st.download_button(
        _say("pack_save", words, size=size, count=made.count),
        made.content,
        name,
        kind,
        key="download",
        type="primary",
        on_click="ignore",
    )
    st.html(panels.quiet(_say("pack_ready", words)))
    if made.remarks:
        told = _say("pack_remarks", words, count=len(made.remarks))
        st.html(panels.remark_box(told, made.remarks, words))


def _how_far(job: Job[Any], words: Words) -> str:
    if job.position:
        return message("jobs.queued", words.language, count=job.position)
    told = job.progress()
    if told.stage not in PRODUCTS:
        return _say("pack_begins", words)
    product = message(f"export.product_{told.stage}", words.language)
    return message("export.writing", words.language, product=product)


def pack_key(
    scenario: Scenario, wanted: tuple[str, ...], options: PackOptions, more: Mapping[str, str]
) -> Key:
    """Return what a pack is kept by: everything that is in it."""
    return ("pack", contents_key(scenario), wanted, options, tuple(sorted(more.items())))


def _work() -> Work:
    """Return the packs of this session: large, and of no use to another one."""
    found: Work = st.session_state.setdefault("pack work", Work(Shelf(1)))
    return found


def _say(key: str, words: Words, **params: object) -> str:
    return message(f"export_step.{key}", words.language, **params)
