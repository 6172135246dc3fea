"""The table of a shapefile: its header, and what the format has cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from liancun_geo.errors import DataError, error
from liancun_geo.intake.vector.encodings import is_cut
from liancun_geo.intake.vector.files import place

LONGEST_NAME_BYTES: Final = 10
LONGEST_TEXT_BYTES: Final = 254
# What is left of a character at the end is dropped: up to two bytes in UTF-8, one in GBK.
_LEAST_NAME_BYTES: Final = {"utf-8": LONGEST_NAME_BYTES - 2}


class DbfField(NamedTuple):
    """One column of a DBF file."""

    name: bytes
    kind: str
    width_bytes: int


class DbfHeader(NamedTuple):
    """What the header of a DBF file says."""

    records: int
    header_bytes: int
    record_bytes: int
    language: int
    fields: tuple[DbfField, ...]


def read_header(path: Path) -> DbfHeader:
    """Return the header of a DBF file.

    Layout: dBASE III PLUS table file format (Borland; Library of Congress fdd000325).

    Raises
    ------
    DataError
        If the file is cut short, or its header contradicts itself.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise DataError([error("intake.truncated", place(path))])
        header_bytes = int.from_bytes(head[8:10], "little")
        described = stream.read(max(header_bytes - 32, 0))
    fields = []
    for start in range(0, len(described) - 31, 32):
        entry = described[start : start + 32]
        if entry[0] == 0x0D:
            break
        fields.append(DbfField(entry[:11].partition(b"\x00")[0], chr(entry[11]), entry[16]))
    header = DbfHeader(
        int.from_bytes(head[4:8], "little"),
        header_bytes,
        int.from_bytes(head[10:12], "little"),
        head[29],
        tuple(fields),
    )
    told = sum(field.width_bytes for field in fields) + 1
    if not fields or header_bytes < 33 or header.record_bytes < told:
        raise DataError([error("layers.dbf_header", place(path), fields=len(fields))])
    if size < header_bytes + header.records * header.record_bytes:
        raise DataError([error("intake.truncated", place(path))])
    return header


def cut_values(
    header: DbfHeader, columns: Mapping[str, Sequence[bytes]], encoding: str
) -> dict[str, int]:
    """Return how many values of each column were cut off when the file was written.

    A value was cut if it fills its column and ends in the middle of a character, or fills the
    greatest width that the format allows.

    Parameters
    ----------
    header
        Of the DBF file.
    columns
        Raw name of a column, as Latin-1 text -> its values.
    encoding
        Encoding of the values.
    """
    widths = {field.name.decode("latin-1"): field.width_bytes for field in header.fields}
    counts = {}
    for name, values in columns.items():
        width = widths.get(name)
        if width is None:
            continue
        # Some programs drop the whole character that does not fit.
        longest = width >= LONGEST_TEXT_BYTES - 3
        least = LONGEST_TEXT_BYTES - 3 if longest else width
        cut = [v for v in values if len(v) >= least and (longest or is_cut(v, encoding))]
        if cut:
            counts[name] = len(cut)
    return counts


def completions(
    headers: Sequence[str], encoding: str, known: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return what headers cut at 10 bytes may have been.

    Parameters
    ----------
    headers
        Headers of a DBF file, decoded; a character cut at the end is gone.
    encoding
        Encoding of the file.
    known
        Known header, normalised as :func:`~liancun_geo.intake.ledgers.fields.normalised` does
        -> field of the village table.

    Returns
    -------
    dict
        Header -> fields, that of the shortest known header first. Headers that are short enough
        to be whole, are known themselves, or begin no known header are left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    ordered = sorted(known, key=lambda name: (len(name), name))
    least = _LEAST_NAME_BYTES.get(encoding, LONGEST_NAME_BYTES - 1)
    for header in headers:
        stem = _stem(header)
        length = len(stem.encode(encoding, errors="ignore"))
        whole = stem == header and length < least
        text = "".join(stem.split()).replace("_", "").casefold()
        if whole or not text or text in known:
            continue
        fields = dict.fromkeys(known[name] for name in ordered if name.startswith(text))
        if fields:
            found[header] = tuple(fields)
    return found


def _stem(header: str) -> str:
    """Return a header without the number that GDAL puts behind the second of two alike."""
    head, mark, number = header.rpartition("_")
    return head if mark and number.isdigit() and len(header.encode()) >= 8 else header
