"""Markup of :mod:`liancun_geo.output.picture`, and the text files that come with the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from liancun_geo.output.picture.markup import Element, add, markup, new

__all__ = ["Element", "add", "markup", "new", "shipped"]


@cache
def shipped(name: str) -> str:
    """Return a text file that comes with the application, such as a style sheet."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
