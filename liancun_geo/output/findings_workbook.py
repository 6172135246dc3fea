"""The findings of the data doctor as a workbook: overview, list to work through, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.doctor.findings import CATEGORIES, Coverage, Finding, Findings
from liancun_geo.errors import Where
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, catalogue, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import creation_time, input_files
from liancun_geo.output.findings_answers import keep_proposals
from liancun_geo.output.findings_words import LEVELS, VillageIndex, level_of, verdict
from liancun_geo.output.sheets import (
    Sheet,
    fill_sheet,
    new_book,
    save_book,
    set_up_print,
    write_table,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


_TONES = {
    "error": "FCEBE9",
    "question": "FBF0DF",
    "warning": "FFF9E8",
    "note": "F4F6F7",
    "accepted": "E4F2EA",
}
_MATCHED, _WITHOUT_ROW, _WITHOUT_VILLAGE, _FILL_IN = "E4F2EA", "FBF0DF", "FCEBE9", "FFFBE0"
_COVERAGE_WIDTHS = (20, 14, 18, 16, 16, 14, 18, 20, 12, 7)

_Entry = tuple[str | float | int | None, ...]
_OVERVIEW_WIDTHS = (34, 44, 12, 14, 20, 16, 10)

_LIST: tuple[tuple[str, float], ...] = (
    ("id", 10),
    ("level", 8),
    ("category", 10),
    ("what", 34),
    ("village", 11),
    ("code", 14.5),
    ("township", 10),
    ("file", 12),
    ("sheet", 9),
    ("cell", 9),
    ("coordinates", 12),
    ("why", 22),
    ("remedy", 24),
    ("fix_available", 6),
    ("proposals", 30),
    ("decide", 13),
)


def write_findings_workbook(
    findings: Findings,
    path: Path | str,
    language: Language = DEFAULT_LANGUAGE,
    *,
    created: datetime | None = None,
) -> Path:
    """Write the workbook: 总览, 问题清单, 对应情况, and hidden the proposals to choose from.

    No cell holds a formula, whatever names the input files bring along, and codes are text.

    Parameters
    ----------
    findings
        What :func:`liancun_geo.doctor.examine` found.
    path
        The file; replaced as a whole. An input file is never overwritten.
    language
        Of headings and sentences.
    created
        The date in the file; default ``SOURCE_DATE_EPOCH``, else now. The same date and findings
        give the same bytes.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    path = Path(path)
    made = creation_time(created)
    book = new_book(made, language)
    overview = message("findings.sheet_overview", language)
    _fill_overview(book.create_sheet(overview), findings, made, language)
    _fill_list(book, findings, language)
    _fill_coverage(book, findings, language)
    keep_proposals(book, findings.findings)
    with staged(path.parent, [path.name], inputs=input_files(findings.sources)) as stage:
        save_book(book, stage.path(path.name), made)
    return path


def _heading(names: Sequence[str], language: Language) -> tuple[str, ...]:
    return tuple(message(f"findings.heading_{name}", language) for name in names)


def _fill_overview(
    sheet: Worksheet, findings: Findings, made: datetime, language: Language
) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    title = message("findings.title", language)
    lines = (
        (title, Font(bold=True, size=16)),
        (verdict(findings, language), Font(bold=True, size=12)),
        (message("findings.made_on", language, date=f"{made:%Y-%m-%d %H:%M}"), Font()),
        (message("output.decision_support", language), Font(italic=True)),
    )
    for number, (text, font) in enumerate(lines, start=1):
        cell = sheet.cell(number, 1, text)
        cell.font, cell.alignment = font, Alignment(vertical="center")
    row = len(lines) + 2
    for block in (
        _counts(findings, language),
        _fit(findings, language),
        _sources(findings, language),
        _decisions(findings, language),
    ):
        if block.rows:
            widths = _OVERVIEW_WIDTHS[: len(block.columns)]
            row = write_table(sheet, replace(block, widths=widths), row) + 1
    for place, width in enumerate(_OVERVIEW_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    set_up_print(sheet, title, language)


def _counts(findings: Findings, language: Language) -> Sheet:
    counts = Counter((one.category, level_of(one)) for one in findings.findings)
    shown = [
        category for category in CATEGORIES if any((category, level) in counts for level in LEVELS)
    ]
    rows: list[Sequence[str | float | int | None]] = []
    tones: dict[tuple[int, int], str] = {}
    for category in shown:
        numbers = [counts[category, level] for level in LEVELS]
        name = message(f"findings.category_{category}", language)
        for place, level in enumerate(LEVELS, start=1):
            if counts[category, level]:
                tones[len(rows), place] = _TONES[level]
        rows.append((name, *(number or None for number in numbers), sum(numbers)))
    totals = [sum(counts[category, level] for category in shown) for level in LEVELS]
    rows.append((message("findings.heading_total", language), *totals, sum(totals)))
    heading = (
        message("findings.heading_category", language),
        *(message(f"findings.level_{level}", language) for level in LEVELS),
        message("findings.heading_total", language),
    )
    return Sheet("", heading, rows, tones=tones)


def _fit(findings: Findings, language: Language) -> Sheet:
    heading = _heading(("fit", "count"), language)
    coverage = findings.coverage
    if coverage is None:
        return Sheet("", heading, [(message("findings.no_coverage", language), None)])
    rows = [(message("findings.matched", language), len(coverage.matched))]
    for way, count in coverage.how.items():
        key = f"findings.how_{way}"
        rows.append((message(key, language) if key in catalogue() else way, count))
    tones = {(0, 0): _MATCHED, (len(rows), 0): _WITHOUT_ROW, (len(rows) + 1, 0): _WITHOUT_VILLAGE}
    rows.append((message("findings.without_row", language), len(coverage.without_row)))
    rows.append((message("findings.without_village", language), len(coverage.without_village)))
    return Sheet("", heading, rows, tones=tones)


def _sources(findings: Findings, language: Language) -> Sheet:
    names = ("file", "sha256", "role", "encoding", "crs", "layer")
    rows = [
        (
            Path(source.path).name,
            f"{source.sha256[:32]}\n{source.sha256[32:]}",
            message(f"findings.role_{source.role}", language),
            source.encoding,
            source.crs,
            source.layer,
        )
        for source in findings.sources
    ]
    return Sheet("", _heading(names, language), rows)


def _decisions(findings: Findings, language: Language) -> Sheet:
    names = ("decision_in_force", "by", "on")
    rows = [
        (one.text(language), one.by, None if one.on is None else one.on.isoformat())
        for one in findings.decisions
    ]
    return Sheet("", _heading(names, language), rows)


def _fill_list(book: Workbook, findings: Findings, language: Language) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    name = message("findings.sheet_findings", language)
    sheet = book.create_sheet(name)
    columns = [column for column, _ in _LIST]
    index = VillageIndex(findings)
    decide = columns.index("decide")
    tones: dict[tuple[int, int], str] = {}
    for row, finding in enumerate(findings.findings):
        tones[row, columns.index("level")] = _TONES[level_of(finding)]
        if level_of(finding) in ("error", "question", "warning"):
            tones[row, decide] = _FILL_IN
    rows = [_entry(finding, index, language) for finding in findings.findings]
    widths = tuple(width for _, width in _LIST)
    table = Sheet(name, _heading(columns, language), rows, widths=widths, tones=tones)
    fill_sheet(sheet, table, language)
    # The list is wide: it stays readable on A4 only with narrow margins.
    sheet.page_margins.left = sheet.page_margins.right = 0.3
    sheet.freeze_panes = "E2"
    if rows:
        letter = get_column_letter(decide + 1)
        hint = DataValidation(
            promptTitle=message("findings.decide_hint_title", language),
            prompt=message("findings.decide_hint", language),
            showInputMessage=True,
        )
        hint.add(f"{letter}2:{letter}{len(rows) + 1}")
        sheet.add_data_validation(hint)


def _entry(
    finding: Finding, index: VillageIndex, language: Language
) -> tuple[str | float | int | None, ...]:
    where, fixes = finding.fault.where, finding.fault.fixes
    at = where.point
    if at is None and finding.shape is not None and not finding.shape.is_empty:
        inside = finding.shape.representative_point()
        at = inside.x, inside.y
    concerned = [index.place(code) for code in finding.villages]
    proposals = "\n".join(
        message("findings.proposal_line", language, number=number, decision=fix.text(language))
        for number, fix in enumerate(fixes, start=1)
    )
    open_question = finding.is_question
    remedy = finding.remedy(language)
    return (
        finding.id,
        message(f"findings.level_{level_of(finding)}", language),
        message(f"findings.category_{finding.category}", language),
        finding.what(language),
        where.village or _lines(one.village for one in concerned),
        where.code or "\n".join(finding.villages),
        where.township or _lines(dict.fromkeys(one.township for one in concerned)),
        where.file,
        where.sheet,
        _lines([where.cell or _text(where.row), where.field]),
        None if at is None else f"{at[0]:.6f}\n{at[1]:.6f}",
        finding.why(language),
        message("findings.choose_proposal", language) if open_question else remedy,
        message("findings.fix_yes" if fixes else "findings.fix_no", language),
        proposals,
        None,
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _lines(texts: Iterable[str | None]) -> str:
    return "\n".join(text for text in texts if text)


def _fill_coverage(book: Workbook, findings: Findings, language: Language) -> None:
    name = message("findings.sheet_coverage", language)
    sheet = book.create_sheet(name)
    columns = ("fit", "township", "village", "code", "how", "ledger_township", "ledger_village",
               "file", "sheet", "row")  # fmt: skip
    coverage = findings.coverage
    if coverage is None:
        note = [(message("findings.no_coverage", language),)]
        table = Sheet(name, _heading(columns[:1], language), note, widths=(90,))
        fill_sheet(sheet, table, language)
        return
    rows: list[Sequence[str | float | int | None]] = []
    tones: dict[tuple[int, int], str] = {}
    # What needs attention comes first.
    for key, tone, entries in (
        ("without_row", _WITHOUT_ROW, [_of_map(place) for place in coverage.without_row]),
        ("without_village", _WITHOUT_VILLAGE, [_of_ledger(p) for p in coverage.without_village]),
        ("matched", _MATCHED, _pairs(coverage, VillageIndex(findings), language)),
    ):
        words = message(f"findings.{key}", language)
        for entry in entries:
            tones |= {(len(rows), column): tone for column in range(len(columns))}
            rows.append((words, *entry))
    table = Sheet(name, _heading(columns, language), rows, widths=_COVERAGE_WIDTHS, tones=tones)
    fill_sheet(sheet, table, language)


def _of_map(place: Where) -> _Entry:
    return (place.township, place.village, place.code, None, None, None,
            place.file, place.sheet, place.row)  # fmt: skip


def _of_ledger(place: Where) -> _Entry:
    return (None, None, place.code, None, place.township, place.village,
            place.file, place.sheet, place.row)  # fmt: skip


def _pairs(coverage: Coverage, index: VillageIndex, language: Language) -> list[_Entry]:
    """Return each village with its row and the way they were matched."""
    if not coverage.pairs:
        return [_of_map(index.place(village)) for village in coverage.matched]
    entries = []
    for pair in coverage.pairs:
        how = message(f"findings.way_{pair.how}", language)
        # A layer need not have codes; the ledger completes them.
        of_map = replace(pair.village, code=pair.village.code or pair.row.code)
        of_row = _of_ledger(pair.row)
        entries.append((*_of_map(of_map)[:3], how, *of_row[4:]))
    return entries
