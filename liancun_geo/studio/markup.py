"""Texts that Streamlit shows as they are, and the text files that come with the page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from liancun_geo.output.export import clean

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: object) -> str:
    """Return text that a label, a tooltip or a note shows as it is.

    Streamlit reads these as Markdown, in which ``![](http://...)`` asks another machine for a
    picture. CommonMark lets a backslash stand before any ASCII punctuation; line breaks, which
    could begin a block, become spaces.
    """
    return _PUNCTUATION.sub(r"\\\1", " ".join(clean(str(text)).split()))


@cache
def shipped(name: str) -> str:
    """Return a text file that comes with the application, such as a style sheet."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
