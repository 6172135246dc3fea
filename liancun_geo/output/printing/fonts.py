"""The Chinese typeface that paper is set in: found on this machine, or a clear error."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import typst

from liancun_geo.errors import DataError, Where, error
from liancun_geo.messages import Listing

FONTS_VARIABLE = "LIANCUN_FONTS"
"""Environment variable: folders that hold fonts, parted as in ``PATH``."""

FAMILIES = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "思源黑体",
    "HarmonyOS Sans SC",
    "Alibaba PuHuiTi",
    "SimHei",
    "黑体",
    "Heiti SC",
    "STHeiti",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "SimSun",
    "宋体",
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK JP",
)
"""Families with the Chinese characters of village names, the best for a map first."""

_TOLD = ("Microsoft YaHei", "SimHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC")


@dataclass(frozen=True, eq=False)
class Typefaces:
    """Fonts that paper is set in.

    Attributes
    ----------
    fonts
        What typst is handed.
    families
        The Chinese families that were found, the best first: a rare character that one lacks is
        taken from the next.
    """

    fonts: typst.Fonts
    families: tuple[str, ...]

    @property
    def family(self) -> str:
        """The family of all that has no rare character."""
        return self.families[0]


def find_fonts() -> Typefaces:
    """Return the Chinese fonts of this machine and of the folders in ``LIANCUN_FONTS``.

    Raises
    ------
    DataError
        If there is none: what is looked for, and where to put it. Without one a map would show
        empty boxes.
    """
    given = os.environ.get(FONTS_VARIABLE, "")
    folders = tuple(folder for folder in given.split(os.pathsep) if folder)
    missing = [folder for folder in folders if not Path(folder).is_dir()]
    if missing:
        where = Where(field=FONTS_VARIABLE)
        raise DataError(error("printing.no_font_folder", where, folder=one) for one in missing)
    found = _found(folders)
    if not found.families:
        raise DataError(
            [error("printing.no_font", families=Listing(_TOLD), variable=FONTS_VARIABLE)]
        )
    return found


@lru_cache(maxsize=4)
def _found(folders: tuple[str, ...]) -> Typefaces:
    fonts = typst.Fonts(
        include_system_fonts=_with_system_fonts(),
        include_embedded_fonts=False,
        font_paths=list(folders),
    )
    known = set(fonts.families())
    return Typefaces(fonts, tuple(name for name in FAMILIES if name in known))


def _with_system_fonts() -> bool:
    """Tell whether the machine's own fonts are looked through; a test says no."""
    return True
