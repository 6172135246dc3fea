"""Rules and weights, with a live count of the townships that have a plan under them."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st
import tomlkit

from liancun_geo.errors import Fault, FaultsError, Where
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.project.inputs import base_settings
from liancun_geo.rule_settings import PRESETS
from liancun_geo.settings import Settings, parse_settings
from liancun_geo.studio import feasible_panel, lines_map, panels, rule_widgets
from liancun_geo.studio import rule_fields as of
from liancun_geo.studio.choosing import choose
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.rule_widgets import Values, say
from liancun_geo.studio.words import Words
from liancun_geo.studio.working import work_of
from liancun_geo.tables import parse_toml

_ZONES = ("township_code", "township", "county", "none")
_MAP = lines_map.OPEN
_SEEN, _VERSION, _FAULTS = "rules seen", "rules version", "rules faults"


def show(desk: Desk, words: Words) -> None:
    """Show the rules; what is changed is in force for the next plan."""
    if desk.county is None:
        st.html(panels.quiet(say("no_data", words)))
        return
    if st.session_state.get(_MAP):
        lines_map.show(desk, words)
        return
    st.html(f"<style>{shipped('rules.css')}</style>")
    version = _version(desk)
    left, right = st.columns([2.2, 1], gap="medium")
    with left, st.container(key="rules-card"):
        _head(desk, words)
        place = st.container()
        values = _sections(desk, words, version)
        _take(desk, values)
        faults: tuple[Fault, ...] = st.session_state.get(_FAULTS, ())
        if faults:
            place.html(panels.fault_box(faults, words, kept=desk.current is not None))
    with right, st.container(key="feasible"):
        feasible_panel.show(desk, words, work_of(st.session_state))


def _version(desk: Desk) -> int:
    """Return a number for the keys of widgets: another whenever the rules changed elsewhere."""
    now = desk.inputs.key, desk.settings.model_dump_json()
    if st.session_state.get(_SEEN) != now:
        st.session_state[_SEEN] = now
        st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
        st.session_state[_FAULTS] = ()
    version: int = st.session_state[_VERSION]
    return version


def _take(desk: Desk, values: Values) -> None:
    """Put what the widgets say in force, or say what is wrong with it."""
    try:
        settings = of.with_values(desk.settings, values)
    except FaultsError as cause:
        st.session_state[_FAULTS] = cause.faults
        return
    st.session_state[_FAULTS] = ()
    if settings.model_dump_json() != desk.settings.model_dump_json() and desk.change(settings):
        # The widgets know already.
        st.session_state[_SEEN] = desk.inputs.key, desk.settings.model_dump_json()


def _head(desk: Desk, words: Words) -> None:
    box = new("div", class_="rules-head")
    add(box, "h2", say("heading", words))
    add(box, "p", say("intro", words))
    st.html(markup(box))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            say("reset", words),
            key="rules reset",
            help=say("help_reset", words),
            on_click=partial(_reset, desk),
        )
        st.download_button(
            say("download", words),
            partial(as_toml, desk.settings),
            say("download_name", words),
            "application/toml",
            key="rules download",
            on_click="ignore",
            help=say("help_download", words),
        )
        with st.popover(say("upload", words)):
            st.file_uploader(
                say("upload", words),
                type=["toml"],
                key="rules upload",
                help=say("help_upload", words),
                on_change=partial(_upload, desk),
            )


def _sections(desk: Desk, words: Words, version: int) -> Values:
    settings = desk.settings
    values: Values = {}
    with _section("sizes", words):
        _presets(desk, words)
        values |= rule_widgets.fields(words, settings, of.SIZES, version)
    with _section("coverage", words):
        values |= _coverage(words, settings, version)
        values |= _number(words, settings, version)
    with _section("distance", words):
        values[("rules", "zone_field")] = _zone(words, settings, version)
        values |= rule_widgets.fields(words, settings, of.DISTANCES, version)
        roads = bool(settings.travel.roads)
        travel = rule_widgets.fields(words, settings, of.TRAVEL, version, disabled=not roads)
        values |= travel if roads else {}
    with _section("members", words):
        values |= rule_widgets.fields(words, settings, of.MEMBERS, version)
    with _section("leads", words):
        values |= rule_widgets.fields(words, settings, of.GATES, version, columns=1)
        values |= rule_widgets.fields(words, settings, of.LEAD_COST, version)
    assert desk.county is not None
    lacking = of.lacking(desk.county.villages.frame)
    for name, some in (("lead_weights", of.LEAD_WEIGHTS), ("pair_weights", of.PAIR_WEIGHTS)):
        with _section(name, words):
            weights = rule_widgets.fields(
                words, settings, some, version, columns=3, lacking=lacking
            )
            values |= weights
            rule_widgets.weight_bars(words, _shown(settings, weights), some, lacking)
    names = rule_widgets.village_names(desk.county, words)
    with _section("agreed", words):
        for listed in (("rules", "excluded"), ("rules", "must_lead")):
            values[listed] = rule_widgets.villages(words, settings, listed, names, version)
        for pairs in rule_widgets.PAIR_LISTS[1:]:
            rule_widgets.pairs(words, settings, pairs, names, partial(_change, desk))
    with _section("joins", words):
        files = ", ".join(settings.contiguity.barriers)
        st.html(panels.quiet(say("barriers" if files else "barriers_none", words, files=files)))
        drawn = len(settings.contiguity.drawn_barriers)
        if drawn:
            st.html(panels.quiet(say("barriers_drawn", words, count=drawn)))
        st.button(say("on_map", words), key="rules map", on_click=lines_map.open_map)
        links = rule_widgets.PAIR_LISTS[0]
        rule_widgets.pairs(words, settings, links, names, partial(_change, desk))
    return values


def _section(name: str, words: Words) -> Any:
    box = st.container(key=f"section-{name}", border=True)
    if name in ("lead_weights", "pair_weights"):
        heading = rule_widgets.label_of(("criteria", name), words)
    else:
        heading = say(f"section_{name}", words)
    box.html(markup(new("h3", heading, class_="section")))
    return box


def _shown(settings: Settings, values: Values) -> Settings:
    """Return settings for the bars; what cannot be used is told elsewhere."""
    try:
        return of.with_values(settings, values)
    except FaultsError:
        return settings


def _presets(desk: Desk, words: Words) -> None:
    path = ("rules", "preset")
    choose(
        rule_widgets.label_of(path, words),
        of.PRESET_CHOICES,
        of.preset_of(desk.settings),
        partial(_preset, desk),
        key="preset",
        control=st.segmented_control,
        required=True,
        format_func=lambda one: rule_widgets.label_of(path, words, one),
        help=say("help_preset", words),
    )


def _preset(desk: Desk, name: of.Preset) -> None:
    if name in PRESETS:
        least, most = PRESETS[name]
        _change(desk, {("rules", "min_size"): least, ("rules", "max_size"): most})


def _coverage(words: Words, settings: Settings, version: int) -> Values:
    path = ("rules", "coverage")
    chosen = st.segmented_control(
        rule_widgets.label_of(path, words),
        ["full", "partial"],
        default=settings.rules.coverage,
        required=True,
        format_func=lambda one: rule_widgets.label_of(path, words, one),
        key=f"coverage {version}",
        help=say("help_coverage", words),
    )
    if chosen != "partial":
        return {path: chosen}
    prices = rule_widgets.fields(words, settings, of.LEFT_OUT, version, columns=3)
    return {path: chosen, **prices}


def _number(words: Words, settings: Settings, version: int) -> Values:
    path = ("rules", "n_alliances")
    now = settings.rules.n_alliances
    limited = st.toggle(
        rule_widgets.label_of(path, words),
        now is not None,
        key=f"n_alliances {version}",
        help=say("help_n_alliances", words),
    )
    if not limited:
        return {path: None}
    left, right = st.columns(2)
    fewest, most = now or (0, 1000)
    low = left.number_input(
        say("n_fewest", words), 0, 100_000, int(fewest), 1, key=f"n_fewest {version}"
    )
    high = right.number_input(
        say("n_most", words), 0, 100_000, int(most), 1, key=f"n_most {version}"
    )
    return {path: (low, high)}


def _zone(words: Words, settings: Settings, version: int) -> Any:
    path = ("rules", "zone_field")
    return st.selectbox(
        rule_widgets.label_of(path, words),
        _ZONES,
        _ZONES.index(settings.rules.zone_field),
        format_func=lambda one: rule_widgets.label_of(path, words, one),
        key=f"zone_field {version}",
        help=say("help_zone_field", words),
    )


def _change(desk: Desk, values: Values) -> None:
    """Put single values in force; for callbacks."""
    try:
        desk.change(of.with_values(desk.settings, values))
    except FaultsError as cause:
        st.session_state[_FAULTS] = cause.faults


def _reset(desk: Desk) -> None:
    fresh = base_settings(desk.inputs)
    desk.change(_rules_of(desk.settings, fresh))


def _upload(desk: Desk) -> None:
    file = st.session_state.get("rules upload")
    if file is None:
        return
    try:
        tables = parse_toml(file.getvalue(), Where(file=file.name))
        desk.change(_rules_of(desk.settings, parse_settings(tables, file=file.name)))
    except FaultsError as cause:
        st.session_state[_FAULTS] = cause.faults


def _rules_of(own: Settings, other: Settings) -> Settings:
    """Return settings that read the data as before, with the rules and weights of others."""
    theirs = other.contiguity
    joins = {"links": theirs.links, "drawn_barriers": theirs.drawn_barriers}
    links = own.contiguity.model_copy(update=joins)
    return own.model_copy(
        update={
            "rules": other.rules,
            "criteria": other.criteria,
            "types": other.types,
            "benefit": other.benefit,
            "quality": other.quality,
            "contiguity": links,
        }
    )


def as_toml(settings: Settings) -> bytes:
    """Return what differs from the defaults as a settings file; decisions have their own file."""
    tables = settings.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"decisions"}
    )
    return tomlkit.dumps(_texts(tables)).encode()


def _texts(value: Any) -> Any:
    """Return tables whose keys are texts, as TOML has them."""
    if isinstance(value, dict):
        return {str(key): _texts(one) for key, one in value.items()}
    return [_texts(one) for one in value] if isinstance(value, list) else value
