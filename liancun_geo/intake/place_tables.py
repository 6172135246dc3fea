"""Rows of places as they stand in a list or a layer: columns found, values read."""

from __future__ import annotations

import math
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.identities.identity import unpadded_codes
from liancun_geo.intake.ledgers.cells import Bad, as_found, cleaned, is_missing, parse_number
from liancun_geo.intake.ledgers.headers import bare
from liancun_geo.intake.ledgers.sheets import HEADER_ROWS, Row, Sheet, is_filled, read_text
from liancun_geo.intake.ledgers.totals import is_total
from liancun_geo.intake.ledgers.words import parse_code, parse_tags, parse_text
from liancun_geo.intake.ledgers.xls import read_xls
from liancun_geo.intake.ledgers.xlsx import read_xlsx
from liancun_geo.intake.vector.files import place, require_file, sha256_of
from liancun_geo.intake.vector.layers import Layer
from liancun_geo.messages import Listing
from liancun_geo.place_rules import PlacesSettings
from liancun_geo.places import PLACE_KINDS, PlaceKind
from liancun_geo.villages import Source

_OF_LAYERS = ("name", "kind", "industries")
_LOCATIONS = (("village_code",), ("village",), ("lon", "lat"))


@dataclass(frozen=True, slots=True)
class Record:
    """One place as it was read; ``faulty`` if something in its row was told already."""

    where: Where
    name: str | None = None
    kind: PlaceKind | None = None
    industries: tuple[str, ...] | None = None
    village_code: str | None = None
    township: str | None = None
    village: str | None = None
    lon: float | None = None
    lat: float | None = None
    faulty: bool = False

    @property
    def states_village(self) -> bool:
        """Whether the row says which village the place is in."""
        return self.village_code is not None or self.village is not None


class _Words(NamedTuple):
    headers: Mapping[str, str]
    kind_of_header: Mapping[str, PlaceKind]
    kinds: Mapping[str, PlaceKind]


@cache
def _words() -> _Words:
    text = (resources.files(__package__) / "places.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return _Words(
        {bare(header): field for field, many in tables["headers"].items() for header in many},
        {bare(header): kind for header, kind in tables["kind_of_header"].items()},
        {_key(word): kind for kind, words in tables["kinds"].items() for word in words},
    )


def list_records(path: Path, settings: PlacesSettings) -> tuple[list[Record], Source, list[Fault]]:
    """Read a file of rows.

    Parameters
    ----------
    path
        XLSX, XLSM, XLS, CSV, TSV or TXT; never modified. All sheets that can be seen are read.
    settings
        ``fields`` and ``kinds`` are used.

    Returns
    -------
    records, source, faults
        In the order of the file; errors and warnings of sheets and rows.

    Raises
    ------
    DataError
        If the file cannot be read at all.
    """
    require_file(path)
    suffix, encoding = path.suffix.lower(), None
    if suffix == ".xls":
        sheets, faults = read_xls(path, ())
    elif suffix in (".xlsx", ".xlsm"):
        sheets, faults = read_xlsx(path, ())
    else:
        sheet, encoding, faults = read_text(path, {})
        sheets = [sheet]
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise DataError([*faults, error("places.empty", place(path))])
    records: list[Record] = []
    for sheet in filled:
        found, notes = _of_sheet(sheet, settings)
        records += found
        faults = [*faults, *notes]
    return records, Source(str(path), "places", sha256_of([path]), encoding=encoding), faults


def layer_records(layer: Layer, settings: PlacesSettings) -> tuple[list[Record], list[Fault]]:
    """Read the attributes of a layer, one record a feature."""
    cells = pd.DataFrame(layer.frame.drop(columns=layer.frame.geometry.name))
    where = Where(file=Path(layer.source.path).name)
    headers = [str(column) for column in cells.columns]
    # Where a feature lies, its geometry says.
    columns, faults = _columns(headers, settings, where, _OF_LAYERS)
    if "name" not in columns:
        shown = Listing(map(as_found, headers)) or "—"
        raise DataError([*faults, error("places.no_header", where, headers=shown)])
    if faults:
        raise DataError(faults)
    rows = [(n, list(row)) for n, row in enumerate(cells.itertuples(index=False), start=1)]
    return _Rows(headers, columns, settings, where).read(rows)


def _of_sheet(sheet: Sheet, settings: PlacesSettings) -> tuple[list[Record], list[Fault]]:
    where = Where(file=sheet.file, sheet=sheet.name)
    for position, (number, cells) in enumerate(sheet.rows):
        if number > HEADER_ROWS:
            break
        headers = [as_found(cell) if is_filled(cell) else "" for cell in cells]
        columns, faults = _columns(headers, settings, where)
        located = any(all(f in columns for f in fields) for fields in _LOCATIONS)
        if "name" in columns and located:
            if faults:
                return [], faults
            return _Rows(headers, columns, settings, where).read(sheet.rows[position + 1 :])
    first = Listing(as_found(cell) for cell in sheet.rows[0][1] if is_filled(cell)) or "—"
    return [], [error("places.no_header", where, headers=first)]


def _columns(
    headers: Sequence[str],
    settings: PlacesSettings,
    where: Where,
    wanted: Sequence[str] | None = None,
) -> tuple[dict[str, int], list[Fault]]:
    """Return field -> position, and a fault for each field that two columns may be."""
    named = {bare(header): field for field, header in settings.fields.items()}
    found: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        field = named.get(bare(header)) or _words().headers.get(bare(header))
        if field is not None and header and (wanted is None or field in wanted):
            found.setdefault(field, []).append(position)
    faults: list[Fault] = []
    columns: dict[str, int] = {}
    for field, positions in found.items():
        chosen = [p for p in positions if bare(headers[p]) in named] or positions
        if len(chosen) > 1:
            shown = Listing(headers[p] for p in chosen)
            faults.append(error("places.headers_ambiguous", where, headers=shown, field=field))
        columns[field] = chosen[0]
    return columns, faults


class _Rows:
    """Reads the rows below the headers of one sheet or layer."""

    def __init__(
        self,
        headers: Sequence[str],
        columns: Mapping[str, int],
        settings: PlacesSettings,
        where: Where,
    ) -> None:
        self.headers, self.columns, self.place = headers, columns, where
        own = {_key(word): kind for word, kind in settings.kinds.items()}
        self.kinds = {**_words().kinds, **own}
        self.usual = _words().kind_of_header.get(bare(headers[columns["name"]]))
        self.faults: list[Fault] = []

    def read(self, rows: Sequence[Row]) -> tuple[list[Record], list[Fault]]:
        """Return the records and what is wrong with them."""
        keys = [self.columns[f] for f in ("name", "township", "village") if f in self.columns]
        records = [
            self._record(number, cells)
            for number, cells in rows
            if any(is_filled(cell) for cell in cells) and is_total(cells, keys) is None
        ]
        if not records and not self.faults:
            self.faults.append(warning("places.no_rows", self.place))
        return records, self.faults

    def _record(self, number: int, cells: Sequence[Any]) -> Record:
        before = len(self.faults)
        where = Where(file=self.place.file, sheet=self.place.sheet, row=number)
        name = self._text(cells, "name", where)
        if name is None and len(self.faults) == before:
            self.faults.append(error("places.no_name", where))
        tags = self._cell(cells, "industries")
        industries = parse_tags(tags)
        if isinstance(industries, Bad):
            self._bad(industries, "industries", tags, where)
            industries = None
        lon, lat = self._degrees(cells, where)
        record = Record(
            where,
            name,
            self._kind(cells, where, name),
            industries,
            self._code(cells, where),
            self._text(cells, "township", where),
            self._text(cells, "village", where),
            lon,
            lat,
        )
        faulty = any(fault.severity == "error" for fault in self.faults[before:])
        return replace(record, faulty=faulty)

    def _cell(self, cells: Sequence[Any], field: str) -> Any:
        position = self.columns.get(field)
        return None if position is None or position >= len(cells) else cells[position]

    def _at(self, field: str, where: Where) -> Where:
        header = self.headers[self.columns[field]]
        return Where(file=where.file, sheet=where.sheet, row=where.row, field=header)

    def _bad(self, bad: Bad, field: str, cell: Any, where: Where) -> None:
        at = self._at(field, where)
        # No digits of a code that Excel has rounded can be told from the others.
        key = "intake.code_damaged" if bad.key == "intake.code_damaged" else "places.unreadable"
        self.faults.append(error(key, at, value=as_found(cell)))

    def _text(self, cells: Sequence[Any], field: str, where: Where) -> str | None:
        cell = self._cell(cells, field)
        value = parse_text(cell)
        if isinstance(value, Bad):
            self._bad(value, field, cell, where)
            return None
        return value

    def _code(self, cells: Sequence[Any], where: Where) -> str | None:
        cell = self._cell(cells, "village_code")
        value = parse_code(cell)
        if isinstance(value, Bad):
            self._bad(value, "village_code", cell, where)
            return None
        if value is None:
            return None
        short, _ = unpadded_codes(pd.Series([value], dtype=object), where)
        return str(short.iloc[0])

    def _kind(self, cells: Sequence[Any], where: Where, name: str | None) -> PlaceKind | None:
        cell = self._cell(cells, "kind")
        if is_missing(cell) or not is_filled(cell):
            if self.usual is None:
                known = Listing(PLACE_KINDS)
                self.faults.append(error("places.no_kind", where, name=name or "—", kinds=known))
            return self.usual
        kind = self.kinds.get(_key(str(cell)))
        if kind is None:
            at = self._at("kind", where)
            self.faults.append(
                error("places.kind_unknown", at, name=name or "—", kind=as_found(cell))
            )
        return kind

    def _degrees(self, cells: Sequence[Any], where: Where) -> tuple[float | None, float | None]:
        """Return longitude and latitude; both None where neither is given."""
        values: list[float | None] = []
        for field, most in (("lon", 180.0), ("lat", 90.0)):
            cell = self._cell(cells, field)
            value = parse_number(cell)
            if isinstance(value, Bad):
                self._bad(value, field, cell, where)
                return None, None
            if abs(value) > most:
                at = self._at(field, where)
                self.faults.append(error("places.not_degrees", at, value=as_found(cell)))
                return None, None
            values.append(None if math.isnan(value) else value)
        lon, lat = values
        if (lon is None) != (lat is None):
            self.faults.append(error("places.half_a_point", where))
            return None, None
        return lon, lat


def _key(text: str) -> str:
    return "".join(cleaned(unicodedata.normalize("NFKC", text)).split()).casefold()
