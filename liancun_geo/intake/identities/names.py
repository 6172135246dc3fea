"""Forms of a name: what the many ways to write one village, or one township, have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import opencc

Kind = Literal["village", "residents", "town", "township", "subdistrict", ""]

_SIMPLIFY: Final = opencc.OpenCC("t2s")
# Variants in names of places that the conversion to simplified characters leaves alone.
_VARIANTS: Final = str.maketrans(
    {"邨": "村", "堉": "峪", "埧": "坝", "垻": "坝", "凴": "凭", "砦": "寨", "厓": "崖", "隄": "堤",
     "菴": "庵", "庒": "庄", "荘": "庄", "窰": "窑", "淩": "凌", "甯": "宁", "塲": "场", "峯": "峰",
     "垜": "垛", "畊": "耕", "坵": "丘", "槗": "桥", "髙": "高"}
)  # fmt: skip
_REMARK: Final = re.compile(r"[(\[【〔{<]([^)\]】〕}>]*)[)\]】〕}>]")
_DIGIT: Final = re.compile(r"(?<!\d)([0-9])(?!\d)")
_NUMERALS: Final = "〇一二三四五六七八九"
_VILLAGE: Final = re.compile(r"(村民委员会|村民委会|村委会|行政村|村委|村)$")
_RESIDENTS: Final = re.compile(
    r"(社区居民委员会|社区居委会|居民委员会|居委会|社区居委|居委|社区居|社区|居)$"
)
_TOWNSHIP: Final = re.compile(r"(街道办事处|街道办|办事处|街道|民族乡|镇|乡)$")
_OFFICE: Final = re.compile(r"(人民政府|党工委|党委|政府)$")
# Two villages of one name are told apart by these, so they are never a slip of the pen.
_MARKERS: Final = frozenset("东西南北前后上下大小一二三四五六七八九十新老旧内外里左右中")
_NUMBER: Final = re.compile(r"\d+")


class Form(NamedTuple):
    """A way to read a name: what is left without its ending, and what the ending says."""

    core: str
    kind: Kind


@lru_cache(maxsize=65536)
def canonical(text: str) -> str:
    """Return a name without differences of writing.

    NFKC, no white space, simplified characters (OpenCC ``t2s``), one form for variants, lone
    digits as numerals, brackets of one shape.
    """
    squeezed = "".join(unicodedata.normalize("NFKC", text).split()).casefold()
    plain = str(_SIMPLIFY.convert(squeezed)).translate(_VARIANTS)
    return _DIGIT.sub(lambda found: _NUMERALS[int(found.group(1))], plain)


def remark_of(text: str) -> str:
    """Return what a name says in brackets, ``""`` if nothing."""
    return "".join(_REMARK.findall(canonical(text)))


@lru_cache(maxsize=65536)
def village_forms(name: str, townships: tuple[str, ...] = ()) -> tuple[Form, ...]:
    """Return the ways to read the name of a village, the likeliest first.

    Parameters
    ----------
    name
        As written: 王权村村民委员会, 城关镇东村, 大黎社区（原东黎）.
    townships
        Names of its township, which may stand before its own.

    Returns
    -------
    tuple of Form
        村民委员会, 村委会, 村委, 行政村 and 村 all say ``village`` and are taken off as often as
        they occur, 居民委员会, 居委会, 社区 and 居 all say ``residents``; a bare name says nothing.
    """
    text = _without_remark(canonical(name))
    for township in townships:
        text = _without_township(text, canonical(township))
    if (found := _RESIDENTS.search(text)) and found.start() > 0:
        forms = [Form(text[: found.start()], "residents")]
        # 居 may also belong to the name itself, as in 安居.
        return (*forms, Form(text, "")) if found.group() == "居" else tuple(forms)
    core = text
    while (found := _VILLAGE.search(core)) and found.start() > 0:
        core = core[: found.start()]
    return (Form(core, "village" if core != text else ""),)


def same_village(first: Sequence[Form], second: Sequence[Form], *, loosely: bool = False) -> bool:
    """Tell whether two names may be forms of one name.

    A bare name stands for a village (王权 = 王权村), and for residents only if ``loosely``:
    大黎 may be 大黎村 as well as 大黎社区, which are different villages.
    """
    return any(
        one.core == other.core
        and (one.kind == other.kind or kinds_meet(one.kind, other.kind, loosely=loosely))
        for one in first
        for other in second
    )


def kinds_meet(one: Kind, other: Kind, *, loosely: bool) -> bool:
    """Tell whether a name of one kind may stand for one of the other."""
    if one == other:
        return True
    return not (one and other) and (loosely or "residents" not in (one, other))


def markers(core: str) -> str:
    """Return the characters that tell namesakes apart: directions, sizes, numbers."""
    marks = "".join(character for character in core if character in _MARKERS)
    return "/".join([marks, *_NUMBER.findall(core)])


@lru_cache(maxsize=4096)
def township_form(name: str) -> Form:
    """Return the core of the name of a township and whether it is a 镇, a 乡 or a 街道."""
    text = _without_remark(canonical(name))
    text = _OFFICE.sub("", text) or text
    found = _TOWNSHIP.search(text)
    if found is None or not found.start():
        return Form(text, "")
    ending = found.group()
    kind: Kind = (
        "town" if ending == "镇" else "township" if ending.endswith("乡") else "subdistrict"
    )
    return Form(text[: found.start()], kind)


def _without_remark(text: str) -> str:
    """Take remarks in brackets off, unless they tell namesakes apart: 东村（南）."""

    def taken_off(found: re.Match[str]) -> str:
        remark = found.group(1)
        told_apart = remark and all(c in _MARKERS or c.isdigit() for c in remark.rstrip("村区"))
        return f"({remark})" if told_apart else ""

    return _REMARK.sub(taken_off, text) or text


def _without_township(text: str, township: str) -> str:
    core = township_form(township).core
    found = re.match(f"{re.escape(core)}(街道办事处|街道办|办事处|街道|民族乡|镇|乡)", text)
    if found is None:
        return text
    rest = text[found.end() :]
    # 城关镇社区 is the community of the town itself: nothing but the ending would be left.
    bare = not rest or _VILLAGE.fullmatch(rest) or _RESIDENTS.fullmatch(rest)
    return text if bare else rest
