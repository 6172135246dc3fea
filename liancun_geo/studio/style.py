"""The style sheet of the page, with what depends on step and language."""

from __future__ import annotations

import json
from collections.abc import Mapping

from liancun_geo.studio.icons import as_url, image, mask
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.steps import BARE, STEPS
from liancun_geo.studio.words import Words

_SHEETS = (
    "page.css",
    "shell.css",
    "steps.css",
    "checkup.css",
    "compare.css",
    "export.css",
)
_SAID = ("browse", "page_busy")
"""What Streamlit says in English only, or not at all: the sheet puts our words in its place."""


def style(words: Words, step: str, done: Mapping[str, bool]) -> str:
    """Return the style sheets of the page.

    Parameters
    ----------
    words
        The language.
    step
        On show.
    done
        Which steps bear a tick, from :func:`liancun_geo.studio.desk.done`.
    """
    said = "".join(f"--{key.replace('_', '-')}:{_quoted(words(key))};" for key in _SAID)
    rules = [
        f":root{{{said}--check:{image('check', '#FFF', 3.5)};--logo:{as_url(shipped('logo.svg'))}}}"
    ]
    for name in (*STEPS, "help"):
        rules.append(f".st-key-rail-{name} button::before{{mask-image:{mask(name)}}}")
    for name, side in (("before", "left"), ("after", "right")):
        rules.append(f".st-key-township-{name} button::before{{mask-image:{mask(side)}}}")
    ticked = [f".st-key-rail-{name} button::after" for name in STEPS if done[name] and name != step]
    if ticked:
        rules.append(f"{','.join(ticked)}{{display:block}}")
    todo = [f".st-key-rail-{name} button" for name in STEPS if not done[name] and name != step]
    if todo:
        rules.append(f"{','.join(todo)}{{color:#8FA3AE}}")
    sheets = [shipped(name) for name in (*_SHEETS, *(["bare.css"] if step in BARE else []))]
    return f"<style>{''.join(sheets)}{''.join(rules)}</style>"


def _quoted(text: str) -> str:
    # A sentence of ours as a CSS string; nothing in it may end the style element.
    return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")
