"""What a header says: a field of the village table, a unit, a year; or something like one."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal, NamedTuple

from rapidfuzz import fuzz

from liancun_geo.intake.ledgers.cells import cleaned
from liancun_geo.units import Unit, parse_unit
from liancun_geo.villages import FIELDS

Levels = tuple[str, ...]
"""The texts of one column's header, from the uppermost row down."""

SEPARATOR: Final = " / "
LONGEST_HEADER: Final = 200

_BRACKETED: Final = re.compile(r"[(\[【〔{]([^)\]】〕}]*)[)\]】〕}]")
_YEAR: Final = re.compile(r"^(19|20)\d{2}年?度?末?|(19|20)\d{2}年?度?末?$")
_YEAR_ONLY: Final = re.compile(r"(截至|截止)?(19|20)\d{2}(年度?|年?(年末|末|底))?(数据|数|情况)?")
_ANY_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_YEAR_NOTE: Final = re.compile(r"(截至|截止)?(19|20)\d{2}(年.*)?|年末|年底")
_WRITTEN_UNIT: Final = re.compile(
    r"(?:单位)?(百万元|千元|万元|亿元|元|万亩|亩|公顷|平方米|平方公里|万人|人|户)$"
)
_NUMBERED: Final = re.compile(r"[1-9一二三四五六七八九]$")
# What is counted per head, compared or explained is another indicator.
_DERIVED: Final = re.compile(
    r"人均|户均|亩均|平均|占比|比例|比重|增长|增速|增幅|同比|率$|排名|名次|备注|时间|来源|说明|姓名|电话|计划|目标"
)
_NO_INDUSTRY: Final = re.compile(
    r"产值|产量|总量|面积|规模|数量|个数|备注|情况|收入|效益|带头人|负责人|联系|年限|时间|说明|合计|小计"
)

How = Literal["sure", "fallback", "part", "listed", "named", "cut", "values"]


class Said(NamedTuple):
    """What a header says.

    ``how``: ``sure``; ``fallback`` (if no other column claims the field); ``part`` (only its
    lowest row names the field, under a heading that may change what it means); ``listed`` (one
    of several columns of a list of tags, as 产业1); ``named`` (under a heading of tags, each
    column is one tag, as 产业 | 苹果); ``cut`` (cut short by the file's format); ``values`` (the
    header says nothing, the cells do).
    """

    field: str
    how: How


@cache
def _tables() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    file = resources.files(__package__) / "headers.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    sure: dict[str, str] = {}
    for name, field in FIELDS.items():
        for header in (name, field.zh, field.en, *tables["headers"].get(name, ())):
            sure[bare(header)] = name
    fallback = {
        bare(header): name for name, headers in tables["fallback"].items() for header in headers
    }
    return sure, fallback, frozenset(bare(word) for word in tables["headings"]["neutral"])


def aliases() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return normalised header -> field: the sure ones, and those used only failing a sure one."""
    sure, fallback, _ = _tables()
    return sure, fallback


def normalised(header: object) -> str:
    """Return a header as it is compared: NFKC, no white space, no case, no ``_`` and ``*``."""
    if header is None:
        return ""
    text = unicodedata.normalize("NFKC", str(header)).casefold()
    return "".join(text.split()).replace("_", "").strip("*:：")


def bare(header: object) -> str:
    """Return a normalised header without its bracketed remarks."""
    return _BRACKETED.sub("", normalised(header))


def year_of(levels: Levels) -> int | None:
    """Return the year a header states, the lowest row first."""
    for text in reversed(levels):
        found = _ANY_YEAR.search(normalised(text))
        if found:
            return int(found.group(1))
    return None


def is_addition(text: str) -> bool:
    """Tell whether a row of a header only adds a year or a unit to what stands above."""
    plain = normalised(text).strip("()[]【】")
    return bool(_YEAR_ONLY.fullmatch(plain)) or parse_unit(plain) is not None


@lru_cache(maxsize=4096)
def look_up(levels: Levels) -> Said | None:
    """Return what field a header names, or None."""
    sure, fallback, neutral = _tables()
    words = _words(levels)
    if not words:
        return None
    joined = ("".join(words), "".join(reversed(words)))
    heading = look_up((words[0],)) if len(words) > 1 else None
    tags = heading.field if heading and FIELDS[heading.field].kind == "tags" else None
    tables: tuple[tuple[dict[str, str], How], ...] = ((sure, "sure"), (fallback, "fallback"))
    for table, how in tables:
        for text in joined if len(words) > 1 else (normalised(levels[0]), words[0]):
            field = _field(text, table)
            if field is not None:
                return Said(field, "listed" if tags else how)
    listed = _listed(joined)
    if listed is not None or len(words) == 1:
        return listed
    lowest = look_up((words[-1],))
    if tags is not None and (lowest is None or lowest.field == tags):
        if lowest is None and (tags != "industries" or _NO_INDUSTRY.search(words[-1])):
            return None
        return Said(tags, "named" if lowest is None else "listed")
    if lowest is None or all(word in neutral for word in words[:-1]):
        return lowest
    # Whatever stands above it, the name of a village stays one.
    kept = lowest.field in ("code", "name", "township", "township_code")
    return lowest if kept else Said(lowest.field, "part")


def alike(levels: Levels) -> list[str]:
    """Return the fields whose usual headers a header resembles or contains, likeliest first."""
    said = look_up(levels)
    if said is not None:
        return [said.field]
    text = _without_year("".join(_words(levels)))
    chinese = any("\u4e00" <= mark <= "\u9fff" for mark in text)
    if not text or len(text) > LONGEST_HEADER or _DERIVED.search(text):
        return []
    sure, fallback = aliases()
    scores: dict[str, float] = {}
    for alias, field in {**fallback, **sure}.items():
        score = fuzz.ratio(text, alias)
        long_enough = len(alias) >= (4 if chinese else 8)
        likely = score >= (85 if chinese else 90) and (chinese or long_enough)
        if likely or (chinese and long_enough and alias in text):
            scores[field] = max(score, scores.get(field, 0))
    return sorted(scores, key=lambda field: (-scores[field], field))[:2]


def unit_notes(levels: Levels) -> list[str]:
    """Return what may be units in a header: brackets and unit rows, the lowest first."""
    notes: list[str] = []
    for number, text in reversed(list(enumerate(levels))):
        text = normalised(text)
        if number and parse_unit(text) is not None:
            notes.append(text)
        notes.extend(note for note in _BRACKETED.findall(text) if not _YEAR_NOTE.fullmatch(note))
    return [note.removeprefix("单位").lstrip(":") for note in notes if note]


def written_unit(levels: Levels) -> Unit | None:
    """Return the unit a header ends with, without brackets, the lowest row first."""
    for text in reversed(levels):
        found = _WRITTEN_UNIT.search(bare(text))
        if found:
            return parse_unit(found.group(1))
    return None


def title_units(cells: list[object]) -> tuple[Unit, ...]:
    """Return the units that a title row states, as in ``单位：万元、亩``."""
    units: dict[str, Unit] = {}
    for cell in cells:
        text = cleaned(cell)[:LONGEST_HEADER] if isinstance(cell, str) else ""
        # The first may say who filled it in: 填报单位：县委组织部  单位：人、万元、亩.
        for stated in re.findall(r"单\s*位\s*[:：]\s*([^()\s]+)", text):
            for part in re.split(r"[、,;/]", stated):
                unit = parse_unit(part)
                if unit is not None:
                    units[unit.name] = unit
    return tuple(units.values())


def _words(levels: Levels) -> list[str]:
    """Return the bare texts of a header without the rows that only add a year or a unit."""
    if len(levels) == 1:
        text = bare(levels[0])
        return [text] if text else []
    texts = [text for text in levels if not is_addition(text)]
    return [text for text in (_without_year(bare(text)) for text in texts) if text]


def _without_year(text: str) -> str:
    return _YEAR.sub("", text)


def _field(text: str, table: Mapping[str, str]) -> str | None:
    plain = _BRACKETED.sub("", text)
    without = _without_year(plain)
    for form in (text, plain, without, _WRITTEN_UNIT.sub("", without)):
        field = table.get(form)
        if field is not None:
            return field
    return None


def _listed(texts: tuple[str, ...]) -> Said | None:
    sure, _ = aliases()
    for text in texts:
        field = sure.get(_NUMBERED.sub("", text)) if _NUMBERED.search(text) else None
        if field is not None and FIELDS[field].kind == "tags":
            return Said(field, "listed")
    return None
