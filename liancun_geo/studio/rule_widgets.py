"""Widgets of the step of rules; each gives back what it says now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from liancun_geo.messages import message
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.output.setting_words import setting_label
from liancun_geo.scenario import County
from liancun_geo.settings import Settings
from liancun_geo.studio import rule_fields
from liancun_geo.studio.markup import plain
from liancun_geo.studio.rule_fields import Field, Path, default_at, value_at
from liancun_geo.studio.words import Words

Values = dict[Path, Any]
PAIR_LISTS: tuple[Path, ...] = (
    ("contiguity", "links"),
    ("rules", "must_together"),
    ("rules", "never_together"),
)


def say(key: str, words: Words, **params: object) -> str:
    """Return one sentence of the step."""
    return message(f"rules_step.{key}", words.language, **params)


def label_of(path: Path, words: Words, choice: str = "") -> str:
    """Return what a setting or one of its choices is called, here and in the files of a plan."""
    return setting_label(".".join((*path, choice)) if choice else ".".join(path), words.language)


def fields(
    words: Words,
    settings: Settings,
    some: Sequence[Field],
    version: int,
    *,
    columns: int = 2,
    disabled: bool = False,
    lacking: Collection[str] = (),
) -> Values:
    """Show fields side by side and return their values; those of ``lacking`` are grey."""
    places = st.columns(columns)
    return {
        field.path: _field(
            places[number % columns],
            words,
            settings,
            field,
            version,
            disabled=disabled or field.name in lacking,
        )
        for number, field in enumerate(some)
    }


def _field(
    place: Any, words: Words, settings: Settings, field: Field, version: int, *, disabled: bool
) -> Any:
    value = value_at(settings, field.path)
    label = label_of(field.path, words)
    told = help_of(field.help, default_at(field.path), words)
    # Names of weights appear under leads and pairs.
    inside = "" if field.path[0] == "rules" else f" {field.path[1]}"
    key = f"{field.name}{inside} {version}"
    if field.kind == "switch":
        return place.toggle(label, bool(value), key=key, help=told, disabled=disabled)
    whole = field.kind.startswith("whole")
    number = int if whole else float
    high = field.high if value is None else max(field.high, value)
    return place.number_input(
        label,
        number(field.low),
        number(high),
        None if value is None else number(value),
        number(field.step),
        key=key,
        help=told,
        disabled=disabled,
        placeholder=setting_label("value.unlimited", words.language),
    )


def help_of(key: str, default: Any, words: Words) -> str:
    """Return the plain words of a rule with its default."""
    if isinstance(default, bool):
        shown = say("on" if default else "off", words)
    else:
        unlimited = setting_label("value.unlimited", words.language)
        shown = unlimited if default is None else f"{default:g}"
    return say("with_default", words, help=say(f"help_{key}", words), value=shown)


def weight_bars(
    words: Words, settings: Settings, some: tuple[Field, ...], lacking: Collection[str] = ()
) -> None:
    """Show weights as shares of a hundred per cent; of what the ledger lacks, that it does."""
    box = new("div", class_="weights")
    shares = rule_fields.shares(settings, some, lacking)
    for field, share in zip(some, shares.values(), strict=True):
        line = add(box, "div", class_="off" if field.name in lacking else "")
        add(line, "span", label_of(field.path, words))
        if field.name in lacking:
            add(line, "span", say("not_in_ledger", words), class_="why")
            continue
        bar = add(line, "span", class_="bar", aria_hidden="true")
        add(bar, "i", style=f"width:{100 * share:.1f}%")
        add(line, "b", say("share", words, percent=f"{100 * share:.0f}"))
    st.html(markup(box))


def village_names(county: County, words: Words) -> dict[str, str]:
    """Return code -> name with township, for lists to choose from."""
    frame = county.villages.frame
    return {
        str(code): message(
            "setting_names.value.village_of", words.language, name=name, township=township
        )
        for code, name, township in zip(
            frame["code"], frame["name"], frame["township"], strict=True
        )
    }


def villages(
    words: Words, settings: Settings, path: Path, names: Mapping[str, str], version: int
) -> tuple[str, ...]:
    """Show a list of villages and return their codes."""
    name = path[-1]
    chosen = [code for code in value_at(settings, path) if code in names]
    found = st.multiselect(
        label_of(path, words),
        list(names),
        chosen,
        format_func=lambda code: names.get(code, code),
        key=f"{name} {version}",
        help=say(f"help_{name}", words),
        placeholder=say("choose_villages", words),
    )
    return tuple(found)


def pairs(
    words: Words,
    settings: Settings,
    path: Path,
    names: Mapping[str, str],
    change: Callable[[Values], None],
) -> None:
    """Show a list of pairs with pickers; a button adds or removes one."""
    name = path[-1]
    here = [tuple(pair) for pair in value_at(settings, path)]
    st.markdown(f"**{label_of(path, words)}**", help=say(f"help_pairs_{name}", words))
    for number, (one, other) in enumerate(here):
        with st.container(horizontal=True, vertical_alignment="center"):
            told = {"one": names.get(one, one), "other": names.get(other, other)}
            st.caption(plain(say("pair", words, **told)))
            rest = [pair for pair in here if pair != (one, other)]
            st.button(
                say("pair_remove", words),
                key=f"remove {name} {number}",
                type="tertiary",
                on_click=partial(change, {path: rest}),
            )
    keys = f"one {name}", f"other {name}"
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    for key, column in zip(keys, columns[:2], strict=True):
        column.selectbox(
            say("choose_village", words),
            list(names),
            None,
            format_func=lambda code: names.get(code, code),
            key=key,
            label_visibility="collapsed",
            placeholder=say("choose_village", words),
        )
    columns[2].button(
        say("pair_add", words), key=f"add {name}", on_click=partial(_add, path, here, keys, change)
    )


def _add(
    path: Path,
    here: Sequence[tuple[str, ...]],
    keys: tuple[str, str],
    change: Callable[[Values], None],
) -> None:
    one, other = (st.session_state.get(key) for key in keys)
    if one is None or other is None or one == other:
        return
    if not any({one, other} == set(pair) for pair in here):
        change({path: [*here, (one, other)]})
