"""The decisions that a planner filled into the findings workbook, read back.

The workbook keeps every proposal, word for word as the decisions file would have it, on a hidden
sheet; the number in the column 决定 picks one. So the workbook is enough: the data need not be
examined again to know what was meant.
"""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from liancun_geo.decisions import Decision, parse_decisions, read_decisions
from liancun_geo.doctor.findings import Finding
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.ledgers.xlsx import require_bounded
from liancun_geo.messages import Language, message
from liancun_geo.output.consultation_book import cell_text
from liancun_geo.tables import parse_json

if TYPE_CHECKING:
    from openpyxl import Workbook

PROPOSALS_SHEET = "proposals"
"""Hidden: id of the finding, number of the proposal, the proposal as JSON in several cells."""
SUFFIXES = (".xlsx",)
_LIST_OF_SHEETS = "xl/workbook.xml"
_PIECE = 30_000
_NUMBERS = re.compile(r"[0-9]{1,3}(?:[\s,，、;；.]+[0-9]{1,3})*")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was filled in.

    Attributes
    ----------
    decisions
        Confirmed, in the order of the list.
    notes
        Answers in words: kept for the people who wrote them, without effect; told as warnings.
    """

    decisions: tuple[Decision, ...]
    notes: tuple[Fault, ...]


def decisions_of(path: Path) -> tuple[Decision, ...]:
    """Return the decisions of a decisions file, or of a findings workbook that was filled in.

    Raises
    ------
    SettingsError
        With every fault of the file.
    DataError
        If a workbook cannot be read as one of findings.
    """
    return read_answers(path).decisions if is_workbook(path) else read_decisions(path)


def is_workbook(path: Path) -> bool:
    """Say whether decisions are kept in a workbook."""
    return path.suffix.lower() in SUFFIXES


def holds_proposals(content: bytes) -> bool:
    """Say whether the bytes of a file are a workbook of findings, without reading its sheets."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book, book.open(_LIST_OF_SHEETS) as sheets:
            return f'name="{PROPOSALS_SHEET}"'.encode() in sheets.read(_PIECE)
    except (
        zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, RuntimeError
    ):  # fmt: skip
        return False


def keep_proposals(book: Workbook, findings: Sequence[Finding]) -> None:
    """Add the hidden sheet with every proposal of a list of findings."""
    sheet = book.create_sheet(PROPOSALS_SHEET)
    sheet.sheet_state = "hidden"
    for finding in findings:
        for number, fix in enumerate(finding.fault.fixes, start=1):
            told = json.dumps(fix.model_dump(mode="json", exclude_none=True), ensure_ascii=True)
            pieces = [told[at : at + _PIECE] for at in range(0, len(told), _PIECE)]
            sheet.append([finding.id, str(number), *pieces])
            for cell in sheet[sheet.max_row]:
                # JSON begins with a brace, its next piece with whatever comes: text, all of it.
                cell.data_type = "s"


def read_answers(path: Path | str) -> Answers:
    """Read the column 决定 of a findings workbook.

    Parameters
    ----------
    path
        A workbook of :func:`~liancun_geo.output.findings_workbook.write_findings_workbook`,
        filled in: numbers of proposals, several with commas between them. Rows may have been
        sorted or deleted.

    Raises
    ------
    DataError
        If it is no such workbook, or a number stands for no proposal: with every such cell.
    SettingsError
        If the chosen decisions contradict each other.
    """
    path = Path(path)
    rows, proposals = _sheets(path)
    faults: list[Fault] = []
    notes: list[Fault] = []
    chosen: list[dict[str, Any]] = []
    for row, finding, answer in rows:
        where = Where(file=path.name, row=row)
        if not _NUMBERS.fullmatch(answer):
            notes.append(warning("findings.answer_in_words", where, id=finding, answer=answer))
            continue
        for number in dict.fromkeys(int(digits) for digits in re.findall("[0-9]+", answer)):
            proposal = proposals.get((finding, number))
            if proposal is None:
                told = {"id": finding, "number": number}
                faults.append(error("findings.answer_unknown", where, **told))
            else:
                chosen.append({**proposal, "confirmed": True})
    if faults:
        raise DataError([*faults, *notes])
    return Answers(parse_decisions({"decision": chosen}, file=path.name), tuple(notes))


def _sheets(
    path: Path,
) -> tuple[list[tuple[int, str, str]], dict[tuple[str, int], dict[str, Any]]]:
    """Return (row, finding, answer) of every cell filled in, and the proposals."""
    import openpyxl

    try:
        require_bounded(path)
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                tables = {
                    sheet.title: list(sheet.iter_rows(values_only=True))
                    for sheet in book.worksheets
                }
            finally:
                book.close()
        proposals = dict(_proposals(tables.pop(PROPOSALS_SHEET)))
        return list(_answered(tables)), proposals
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError([error("findings.answers_missing", Where(file=str(path)))]) from None
    except (zipfile.BadZipFile, LookupError, ValueError, TypeError, OSError) as cause:
        raise DataError([error("findings.no_answers", Where(file=path.name))]) from cause
    except Exception as cause:
        # openpyxl lets the errors of the XML parser and of its own descriptors through.
        raise DataError([error("findings.no_answers", Where(file=path.name))]) from cause


def _proposals(
    rows: Sequence[Sequence[Any]],
) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    for finding, number, *pieces in rows:
        told = parse_json("".join(str(piece) for piece in pieces if piece is not None))
        yield (str(finding), int(number)), dict(told)


def _answered(tables: Mapping[str, Sequence[Sequence[Any]]]) -> Iterator[tuple[int, str, str]]:
    """Yield what was filled in on the first sheet that has both columns, in any language."""
    names = [
        tuple(message(f"findings.heading_{name}", language) for name in ("id", "decide"))
        for language in get_args(Language)
    ]
    for rows in tables.values():
        heading = [str(cell) for cell in rows[0]] if rows else []
        for known, decide in names:
            if known in heading and decide in heading:
                at, answered = heading.index(known), heading.index(decide)
                for number, row in enumerate(rows[1:], start=2):
                    answer = cell_text(row[answered])
                    if answer and row[at] is not None:
                        yield number, str(row[at]), answer
                return
    raise LookupError("no list of findings")
