"""Where the headers of a sheet are: one row, or up to three with merged or blank upper cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from openpyxl.utils.cell import get_column_letter

from liancun_geo.intake.ledgers.cells import as_found, shortened
from liancun_geo.intake.ledgers.fields import recognised
from liancun_geo.intake.ledgers.headers import (
    LONGEST_HEADER,
    SEPARATOR,
    Levels,
    is_addition,
    normalised,
)
from liancun_geo.intake.ledgers.sheets import HEADER_ROWS, Range, Row, Sheet, is_filled

_MOST_LEVELS: Final = 3
_TITLE: Final = re.compile(
    r"^(填报|填表|制表|单位|日期|时间)|[:：]$|(台账|一览表|统计表|登记表|汇总表|明细表|调查表|花名册)$"
)


class Headers(NamedTuple):
    """Headers of a sheet: the rows they stand in, as positions in ``Sheet.rows``, and texts."""

    top: int
    bottom: int
    levels: tuple[Levels, ...]

    def shown(self) -> tuple[str, ...]:
        """Return one text a column; equal ones are told apart by the letter of their column."""
        texts = [SEPARATOR.join(levels) for levels in self.levels]
        times = Counter(normalised(text) for text in texts if text)
        return tuple(
            f"{text} [{get_column_letter(position + 1)}]" if times[normalised(text)] > 1 else text
            for position, text in enumerate(texts)
        )


def find_headers(sheet: Sheet, named: Mapping[str, str]) -> Headers | None:
    """Return the headers of a sheet, None if no row within the first ten names a village.

    Of all blocks of up to three rows the one with most known headers is taken; rows above belong
    to it if they say something over several columns, rows below if they name more, or only add
    years and units.
    """
    best: tuple[int, Headers] | None = None
    merged = [span for span in sheet.merged if span.top <= HEADER_ROWS + _MOST_LEVELS]
    for top, (number, _) in enumerate(sheet.rows):
        if number > HEADER_ROWS:
            break
        before = 0
        for height in range(1, _MOST_LEVELS + 1):
            rows = sheet.rows[top : top + height]
            if len(rows) < height or rows[-1][0] != number + height - 1:
                break
            if height > 1 and not _spans(rows[-2][1]):
                break
            levels = _levels(rows, merged)
            known = recognised(levels, named)
            # A heading over two columns is one thing known, its two columns below are two.
            score = len({levels[position] for position in known})
            extends = height == 1 or score > before or _only_adds(rows[-1][1])
            before = max(before, score)
            if not extends or not {"code", "name"} & {said.field for said in known.values()}:
                continue
            adds = best is not None and height > 1 and top == best[1].top and score == best[0]
            if best is None or score > best[0] or adds:
                best = score, Headers(top, top + height - 1, levels)
    return None if best is None else best[1]


def _spans(cells: Sequence[Any]) -> bool:
    """Tell whether a row may be an upper row of headers, and is no title."""
    texts = {str(cell).strip() for cell in cells if is_filled(cell)}
    return len(texts) > 1 and not any(_TITLE.search(text[:LONGEST_HEADER]) for text in texts)


def _only_adds(cells: Sequence[Any]) -> bool:
    return all(is_addition(as_found(cell)) for cell in cells if is_filled(cell))


def _levels(rows: Sequence[Row], merged: Sequence[Range]) -> tuple[Levels, ...]:
    width = max(len(cells) for _, cells in rows)
    grid = [[_text(cells[p]) if p < len(cells) else "" for p in range(width)] for _, cells in rows]
    held = [[False] * width for _ in rows]
    for span in merged:
        line = span.top - rows[0][0]
        for depth in range(max(line, 0), min(span.bottom - rows[0][0] + 1, len(rows))):
            for position in range(span.left, min(span.right + 1, width)):
                held[depth][position] = True
                if depth == line:
                    grid[depth][position] = grid[line][span.left]
    for depth in range(len(rows) - 1):
        _spread(grid, held, depth)
    columns = (
        tuple(grid[depth][position] for depth in range(len(rows))) for position in range(width)
    )
    return tuple(_without_repeats(texts) for texts in columns)


def _spread(grid: list[list[str]], held: list[list[bool]], depth: int) -> None:
    """Carry a heading over the blank cells to its right that have something below them."""
    heading = ""
    for position, text in enumerate(grid[depth]):
        below = any(line[position] for line in grid[depth + 1 :])
        if text or held[depth][position]:
            heading = text if below and not held[depth][position] else ""
        elif below and heading:
            grid[depth][position] = heading
        else:
            heading = ""


def _without_repeats(texts: Sequence[str]) -> Levels:
    kept: list[str] = []
    for text in texts:
        if text and (not kept or kept[-1] != text):
            kept.append(text)
    return tuple(kept) or ("",)


def _text(cell: Any) -> str:
    text = as_found(cell) if not isinstance(cell, str) else shortened(cell, LONGEST_HEADER)
    return text if is_filled(cell) else ""
