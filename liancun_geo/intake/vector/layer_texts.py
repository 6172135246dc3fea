"""Texts of a layer: raw bytes to characters, with what is doubtful or was cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from liancun_geo.decisions import EncodingDecision, Replay, accepting
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.vector.dbf import LONGEST_NAME_BYTES, DbfHeader, cut_values
from liancun_geo.intake.vector.encodings import (
    Encoding,
    choose_encoding,
    decode,
    decodes,
    encoding_of_language,
    is_cut,
    known_encoding,
    other_reading,
    readings,
)
from liancun_geo.messages import Listing

_USUAL: Final = ("gb18030", "utf-8", "big5")
_SHOWN: Final = 5


@dataclass
class RawTexts:
    """A layer whose texts were read as Latin-1, which keeps every byte.

    ``header`` is that of the DBF file; None for other formats.
    """

    frame: gpd.GeoDataFrame
    where: Where
    header: DbfHeader | None = None
    cpg: str | None = None
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        frame = self.frame
        self.attributes = [str(c) for c in frame.columns if c != frame.geometry.name]
        # Dates arrive as dates, not as text, and stay.
        self.columns = [
            column
            for column in self.attributes
            if not is_number(frame[column]) and not is_datetime64_any_dtype(frame[column])
        ]

    def values(self) -> list[bytes]:
        """Return every value once, in the order of the file, that is not pure ASCII."""
        found: dict[bytes, None] = {}
        for column in self.columns:
            for value in self.frame[column].unique():
                if isinstance(value, str) and not value.isascii():
                    found[value.encode("latin-1")] = None
        return list(found)

    def headers(self) -> list[bytes]:
        """Return the headers that are not pure ASCII."""
        return [name.encode("latin-1") for name in self.attributes if not name.isascii()]


def decode_layer(
    raw: RawTexts, setting: str | None, replay: Replay
) -> tuple[gpd.GeoDataFrame, str, list[Fault]]:
    """Decode the texts of a layer and ask where that can be done in two ways.

    Parameters
    ----------
    raw
        The layer; its frame is not changed.
    setting
        ``settings.data.encoding``.
    replay
        A decision on the encoding wins over file and settings.

    Returns
    -------
    frame, encoding, faults
        Characters that are damaged stand as ``\ufffd``, each with an error.

    Raises
    ------
    DataError
        If the stated encoding is unknown.
    """
    where = raw.where
    decided = replay.of_file(EncodingDecision, where)
    wanted = setting if decided is None else decided.encoding
    named = None if wanted is None else known_encoding(wanted)
    if wanted is not None and named is None:
        raise DataError([error("intake.encoding_unknown", where, encoding=wanted)])
    values, headers = raw.values(), raw.headers()
    faults = list(raw.faults)
    cpg = None
    if raw.cpg:
        cpg = known_encoding(raw.cpg)
        if cpg is None and named is None:
            faults.append(warning("intake.cpg_unknown", where, cpg=raw.cpg))
    language = None if raw.header is None else encoding_of_language(raw.header.language)
    found = choose_encoding([*values, *headers], setting=named, cpg=cpg, language=language)
    faults.extend(_doubts(found, values or headers, where))
    frame, damaged = _decoded(raw, found.name)
    if damaged:
        faults.append(_undecodable(damaged, [*values, *headers], found.name, where))
    faults.extend(_cut_off(raw, found.name))
    return frame, found.name, [fault for fault in faults if not replay.accepts(fault)]


def is_number(column: pd.Series) -> bool:
    """Tell whether a column holds numbers or flags."""
    return bool(is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype))


def lost_texts(frame: gpd.GeoDataFrame, where: Where) -> list[Fault]:
    """Say which texts hold the mark of a character that was lost on the way.

    GDAL reads with it what JSON can spell and no text can hold, half of a character of two
    (an escape such as ``ud800``); whoever converted the file before may have left it as well.
    """
    lost = {
        row: value
        for column in frame.columns.drop(frame.geometry.name)
        if not is_number(frame[column])
        for row, value in enumerate(frame[column], start=1)
        if isinstance(value, str) and "\ufffd" in value
    }
    if not lost:
        return []
    shown = sorted(lost)[:_SHOWN]
    return [
        warning(
            "layers.characters_lost",
            where,
            count=len(lost),
            examples=Listing(dict.fromkeys(lost[row] for row in shown)),
            rows=Listing(str(row) for row in shown),
        )
    ]


def _doubts(found: Encoding, samples: Sequence[bytes], where: Where) -> list[Fault]:
    """Say how the encoding became known, or ask."""
    if found.origin != "detected":
        return []
    names = dict.fromkeys([found.name, *([found.stated] if found.stated else found.rivals)])
    if len(names) == 1:
        used, other = readings(samples, (found.name, other_reading(found.name)))
        return [warning("layers.encoding_found", where, used=used, other=other)]
    fixes = [
        EncodingDecision(
            file=where.file or "",
            encoding=name,
            note="、".join(readings(samples, [name])[0].texts),
        )
        for name in names
        if decodes(samples, name)
    ]
    if found.stated:
        used, other = readings(samples, (found.name, found.stated))
        fault = warning("layers.encoding_contradicted", where, used=used, other=other)
    else:
        used, other = readings(samples, list(names)[:2])
        fault = error("layers.encoding_which", where, used=used, other=other)
    return [fault.proposing(*fixes)]


def _decoded(
    raw: RawTexts, encoding: str
) -> tuple[gpd.GeoDataFrame, list[tuple[int | None, str, str]]]:
    """Return the decoded frame and, of damaged texts, row, header and text."""
    damaged: list[tuple[int | None, str, str]] = []

    def text(value: object, row: int | None, header: str) -> str | None:
        if not isinstance(value, str):
            return None
        if value.isascii():
            return value
        data = value.encode("latin-1")
        decoded = decode(data, encoding)
        if decoded is None:
            decoded = data.decode(encoding, errors="replace")
            damaged.append((row, header or decoded, decoded))
        return decoded

    names: dict[str, str] = {}
    for column in raw.attributes:
        name = unique = text(column, None, "") or column
        number = 1
        # What told two headers apart may have been cut off or unreadable.
        while unique in names.values():
            number += 1
            unique = f"{name}_{number}"
        names[column] = unique
    columns = {
        column: pd.Series(
            [
                text(value, row, names[column])
                for row, value in enumerate(raw.frame[column], start=1)
            ],
            index=raw.frame.index,
            dtype=object,
        )
        for column in raw.columns
    }
    return raw.frame.assign(**columns).rename(columns=names), damaged


def _undecodable(
    damaged: Sequence[tuple[int | None, str, str]],
    samples: Sequence[bytes],
    encoding: str,
    where: Where,
) -> Fault:
    """Return the error of texts that are no text in the encoding."""
    others = [name for name in _USUAL if name != encoding and decodes(samples, name)]
    row, header, example = damaged[0]
    at = where if len(damaged) > 1 else Where(file=where.file, row=row, field=header)
    fault = error(
        "layers.undecodable",
        at,
        encoding=encoding,
        count=len(damaged),
        examples="、".join(dict.fromkeys(text for _, _, text in damaged[:_SHOWN])),
        rows="、".join(str(row) for row, _, _ in damaged[:_SHOWN] if row is not None),
        example=example,
    )
    if not others:
        return fault.proposing(accepting(fault))
    texts = [(name, readings(samples, [name])[0].texts) for name in others]
    return fault.proposing(
        *(
            EncodingDecision(file=where.file or "", encoding=name, note="、".join(shown))
            for name, shown in texts
        )
    )


def _cut_off(raw: RawTexts, encoding: str) -> list[Fault]:
    """Say which headers and values a DBF file has cut off."""
    if raw.header is None:
        return []
    faults = []
    cut = [
        decode(field.name, encoding) or ""
        for field in raw.header.fields
        if len(field.name) >= LONGEST_NAME_BYTES and is_cut(field.name, encoding)
    ]
    if cut:
        faults.append(warning("layers.headers_cut", raw.where, headers="、".join(cut)))
    bytes_of: Mapping[str, Sequence[bytes]] = {
        column: [v.encode("latin-1") for v in raw.frame[column] if isinstance(v, str)]
        for column in raw.columns
    }
    for name, count in cut_values(raw.header, bytes_of, encoding).items():
        header = decode(name.encode("latin-1"), encoding) or name
        at = Where(file=raw.where.file, field=header)
        faults.append(warning("layers.values_cut", at, count=count))
    return faults
