"""Texts as a DBF file can hold them, and the tables that say what became of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.messages import Language, message
from liancun_geo.output.columns import meaning, unit
from liancun_geo.output.export import guarded
from liancun_geo.output.options import Encoding

TEXT_BYTES: Final = 254
"""Most bytes a text field of a DBF file holds."""
STAND_IN: Final = "〓"
"""What Chinese typesetting puts where a character is lacking (U+3013, in GBK)."""
_MOST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Replacement:
    """A text that the encoding cannot hold: row in the layer, canonical field, before and after."""

    row: int
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the texts of a layer.

    Attributes
    ----------
    cut
        Field -> how many texts were cut.
    replaced
        Texts with characters that the encoding does not have.
    """

    cut: Mapping[str, int] = field(default_factory=dict)
    replaced: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A layer as it was, by name, and what became of its texts."""

    name: str
    layer: gpd.GeoDataFrame
    changes: Changes


def fitting(
    layer: gpd.GeoDataFrame, encoding: Encoding, language: Language
) -> tuple[gpd.GeoDataFrame, Changes]:
    """Return the layer as a DBF file in an encoding can hold it, and what became of its texts.

    Parameters
    ----------
    layer
        Canonical names; not changed.
    encoding
        A character it lacks becomes :data:`STAND_IN`; a text longer than :data:`TEXT_BYTES` is
        cut between two characters.
    language
        Of the roles, which are words of the program.
    """
    columns: dict[str, Any] = {}
    cut: dict[str, int] = {}
    replaced: list[Replacement] = []
    for name in layer.columns.drop("geometry"):
        series = layer[name]
        if series.dtype == object:
            before = _in_words(series, language) if name == "role" else series.tolist()
            held = [None if text is None else _held(text, encoding) for text in before]
            replaced += [
                Replacement(row, name, old, new)
                for row, (old, new) in enumerate(zip(before, held, strict=True))
                if old is not None and new is not None and old != new
            ]
            after = [None if text is None else _cut_to_fit(text, encoding) for text in held]
            cut[name] = sum(a != b for a, b in zip(after, held, strict=True))
            columns[name] = pd.Series(after, dtype=object)
        elif series.dtype == "boolean":
            columns[name] = series.astype("Int16")
        else:
            columns[name] = series
    fitted = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=layer.geometry, crs=layer.crs)
    return fitted, Changes(cut, tuple(replaced))


def dictionary(layers: Iterable[Described], names: Mapping[str, str], language: Language) -> bytes:
    """Return the table of all fields as CSV in UTF-8 with BOM.

    Parameters
    ----------
    layers
        In the order of the table.
    names
        Canonical name -> name in the shapefile.
    language
        Of the headings, units and notes; meanings come in both.
    """
    heads = ("layer", "short", "full", "meaning_zh", "meaning_en", "unit", "note")
    rows = [
        [
            one.name,
            names[name],
            name,
            meaning(name, "zh"),
            meaning(name, "en"),
            unit(name, language),
            " ".join(_notes(one, name, language)),
        ]
        for one in layers
        for name in one.layer.columns.drop("geometry")
    ]
    return _csv([message(f"output.dictionary_{head}", language) for head in heads], rows)


def replacements(
    layers: Iterable[Described], names: Mapping[str, str], language: Language
) -> bytes:
    """Return the table of all texts that the encoding cannot hold, as :func:`dictionary`."""
    heads = ("layer", "row", "field", "before", "after")
    rows = [
        [one.name, str(change.row + 1), names[change.field], change.before, change.after]
        for one in layers
        for change in one.changes.replaced
    ]
    return _csv([message(f"gis.replaced_{head}", language) for head in heads], rows)


def remarks(layers: Iterable[Described], file: str) -> tuple[Fault, ...]:
    """Return a warning for what the encoding, and one for what the length, has cost a file."""
    given = list(layers)
    replaced = [change for one in given for change in one.changes.replaced]
    cut = sum(count for one in given for count in one.changes.cut.values())
    faults = []
    if replaced:
        faults.append(
            warning(
                "gis.characters_replaced",
                Where(file=file),
                count=len(replaced),
                characters=_lacking(replaced),
                stand_in=STAND_IN,
            )
        )
    if cut:
        faults.append(warning("gis.texts_cut", Where(file=file), count=cut, bytes=TEXT_BYTES))
    return tuple(faults)


def _held(text: str, encoding: Encoding) -> str:
    if encoding == "UTF-8":
        return text
    return "".join(char if _has(char) else STAND_IN for char in text)


def _has(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _cut_to_fit(text: str, encoding: Encoding) -> str:
    # Decoding drops the character that the cut went through.
    return text.encode(encoding)[:TEXT_BYTES].decode(encoding, errors="ignore")


def _in_words(roles: pd.Series[Any], language: Language) -> list[str | None]:
    return [message(f"output.role_{role}", language) for role in roles]


def _notes(one: Described, name: str, language: Language) -> list[str]:
    notes = []
    if one.layer[name].dtype == "boolean":
        notes.append(message("output.flag_values", language))
    cut = one.changes.cut.get(name)
    if cut:
        notes.append(message("output.cut", language, count=cut, bytes=TEXT_BYTES))
    replaced = [change for change in one.changes.replaced if change.field == name]
    if replaced:
        lacking = _lacking(replaced)
        notes.append(
            message(
                "gis.replaced_note",
                language,
                count=len(replaced),
                characters=lacking,
                stand_in=STAND_IN,
            )
        )
    return notes


def _lacking(replaced: Sequence[Replacement]) -> str:
    chars = [c for change in replaced for c in change.before if not _has(c)]
    found = list(dict.fromkeys(chars))
    return "".join(found[:_MOST_SHOWN]) + ("…" if len(found) > _MOST_SHOWN else "")


def _csv(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    # Excel opens these tables: what it would take for a formula stays text.
    writer.writerows([[f"'{cell}" if guarded(cell) else cell for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")
