"""Fonts, colours and words that all figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from liancun_geo.messages import Language
from liancun_geo.research.needs import needed

INK, INK_2, INK_3, LINE = "#1B2A34", "#4A5963", "#65727B", "#DDE3E7"
ALLIANCE_LINE, ACCENT, WEAK = "#3A4A55", "#1D5B8F", "#A65A00"
UNPLACED, UNPLACED_DOTS, UNPLACED_LINE = "#E7EAEC", "#8A959D", "#5F6C75"
SERIES = ("#1D5B8F", "#96670F", "#21776C", "#75648F")
"""Lines and points of a chart; beside them every series has a mark of its own."""
MARKS = ("o", "s", "^", "D", "v", "P", "X")
RAMP = ("#F4F6F7", "#F3D9A8", "#DB9430", "#A65A00", "#5E3300")
"""From steady to swinging: one hue, ever darker, so that any eye and any printer orders it."""

FAMILIES = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "SimHei",
    "Heiti SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
)
_FILES = ("CJK", "SourceHan", "NotoSansSC", "wqy", "simhei", "msyh")


@cache
def chinese_font() -> str | None:
    """Return the family that Chinese is set in, None if this machine has none."""
    manager = needed("matplotlib.font_manager", "matplotlib")
    known = {font.name for font in manager.fontManager.ttflist}
    if not known & set(FAMILIES):
        # The list that matplotlib keeps may be older than the fonts.
        for path in sorted(manager.findSystemFonts()):
            if any(part in path for part in _FILES):
                manager.fontManager.addfont(path)
        known = {font.name for font in manager.fontManager.ttflist}
    return next((family for family in FAMILIES if family in known), None)


def spoken(language: Language) -> Language:
    """Return the language that can be set here: English where there is no Chinese font."""
    return language if chinese_font() else "en"


def shown(name: str) -> str:
    """Return a name as it can be set here: empty if it would be boxes."""
    return name if chinese_font() or name.isascii() else ""


def titled(ax: Any, title: str) -> None:
    """Put a title above axes, in our font also where the caller made the axes before."""
    import matplotlib as mpl

    ax.set_title(title, fontfamily=mpl.rcParams["font.family"])


@contextmanager
def style() -> Iterator[Any]:
    """Yield pyplot with fonts and lines of our own, for the block alone."""
    needed("matplotlib")
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    # The first family leads; what it lacks comes from the next.
    families = [name for name in (chinese_font(), "DejaVu Sans") if name]
    own: dict[str, Any] = {
        "font.family": families,
        "font.size": 9.0,
        "text.color": INK,
        "axes.edgecolor": INK_3,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11.0,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,
        "xtick.color": INK_2,
        "ytick.color": INK_2,
        "legend.frameon": False,
    }
    before = {name: mpl.rcParams[name] for name in own}
    # Not rc_context: it would also take back what a notebook sets when it first draws, and no
    # later figure would be shown.
    mpl.rcParams.update(own)
    try:
        yield plt
    finally:
        mpl.rcParams.update(before)
