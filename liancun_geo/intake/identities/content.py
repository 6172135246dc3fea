"""What unused columns of a layer may hold, judged by their values: for a person to confirm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from liancun_geo.decisions import HeaderDecision
from liancun_geo.intake.ledgers.cells import as_found, is_missing
from liancun_geo.intake.ledgers.raw import RawTable, header_decision

_MOST: Final = 3
_CODE: Final = re.compile(r"[0-9A-Za-z-]{3,20}")
_LONGEST_NAME: Final = 60
# As far above chance as this, neighbours say the same.
_COHERENT: Final = 0.5


class Unused:
    """The columns of a layer that are no field yet.

    Parameters
    ----------
    table
        Attributes of the layer.
    taken
        Positions of the columns that are a field.
    geometry
        Usable polygons, projected, index: position of the feature; None if there are none.
    """

    def __init__(
        self, table: RawTable, taken: Collection[int], geometry: gpd.GeoSeries | None
    ) -> None:
        self.table, self.geometry = table, geometry
        self._columns = {
            header: _texts(table.cells.iloc[:, position].tolist())
            for position, header in enumerate(table.headers)
            if position not in taken and header
        }

    def codes(self) -> list[HeaderDecision]:
        """Propose columns of codes: every value once, short, alike at the beginning."""
        ranked = []
        for header, texts in self._columns.items():
            known = [text for text in texts if text]
            if len(known) == len(texts) and _are_codes(known):
                length = Counter(map(len, known)).most_common(1)[0][0]
                ranked.append((length != 12, -length, header))
        return self._proposed([header for *_, header in sorted(ranked)], "code")

    def names(self) -> list[HeaderDecision]:
        """Propose columns of names: words, most of them once."""
        ranked = []
        for header, texts in self._columns.items():
            known = [text for text in texts if text]
            words = [text for text in known if _is_word(text)]
            if len(known) * 10 < len(texts) * 9 or len(words) * 10 < len(known) * 9:
                continue
            different = len(set(known)) / max(len(known), 1)
            if different >= 0.8:
                ranked.append((-different, header))
        return self._proposed([header for _, header in sorted(ranked)], "name")

    def townships(self) -> list[HeaderDecision]:
        """Propose columns of townships: few different values, the same in villages side by side."""
        ranked = []
        for header, texts in self._columns.items():
            count = Counter(text for text in texts if text)
            known = sum(count.values())
            together = sum(times for times in count.values() if times > 1)
            if not 2 <= len(count) <= known / 2 or known * 2 < len(texts):
                continue
            if together * 10 < known * 9 or not self._is_coherent(texts):
                continue
            field = _township_field(list(count))
            if field is not None:
                ranked.append((-len(count), header, field))
        found = [header_decision(self.table, header, field) for _, header, field in sorted(ranked)]
        return found[:_MOST]

    def _proposed(self, headers: Sequence[str], field: str) -> list[HeaderDecision]:
        return [header_decision(self.table, header, field) for header in headers[:_MOST]]

    def _is_coherent(self, texts: Sequence[str]) -> bool:
        """Tell whether villages side by side say the same far more often than by chance."""
        if self.geometry is None:
            return True
        values = np.array([texts[position] for position in self.geometry.index], dtype=object)
        known = np.flatnonzero(values.astype(bool))
        if len(known) < 3:
            return False
        points = shapely.get_coordinates(shapely.centroid(np.asarray(self.geometry.array)[known]))
        nearest = cKDTree(points).query(points, k=2)[1][:, 1]
        same = float(np.mean(values[known] == values[known][nearest]))
        shares = np.array(list(Counter(values[known].tolist()).values())) / len(known)
        chance = float((shares**2).sum())
        return chance < 1 and (same - chance) / (1 - chance) >= _COHERENT


def _texts(cells: Sequence[Any]) -> list[str]:
    """Return the cells as texts, blank where they are missing or no text; 29001.0 is 29001."""
    texts = []
    for cell in cells:
        if isinstance(cell, list | np.ndarray | dict) or is_missing(cell):
            texts.append("")
        elif isinstance(cell, float) and cell.is_integer():
            texts.append(str(int(cell)))
        else:
            texts.append(as_found(cell).strip())
    return texts


def _are_codes(known: Sequence[str]) -> bool:
    if len(known) < 2 or len(set(known)) < len(known):
        return False
    if not all(_CODE.fullmatch(text) and any(mark.isdigit() for mark in text) for text in known):
        return False
    # Numbers of the rows are no codes, and figures do not begin alike.
    counted = [str(number) for number in range(len(known) + 1)]
    return known not in (counted[:-1], counted[1:]) and len({text[0] for text in known}) == 1


def _is_word(text: str) -> bool:
    letters = sum(mark.isalpha() for mark in text)
    return letters * 2 > len(text) and 1 < len(text) <= _LONGEST_NAME


def _township_field(values: Sequence[str]) -> str | None:
    if all(map(_is_word, values)):
        return "township"
    lengths = {len(value) for value in values}
    numbered = all(_CODE.fullmatch(value) and value.isdigit() for value in values)
    return "township_code" if numbered and len(lengths) == 1 and min(lengths) >= 4 else None
