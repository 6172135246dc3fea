"""The consultation workbook of a township: handed out, filled in by hand, read back."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from liancun_geo.editing.answers import Answer, AnswerKind, Objection
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.export import (
    clean,
    creation_time,
    exporting,
    guarded,
    office_time,
    one_line,
    sentence,
)
from liancun_geo.output.sheets import (
    A4,
    Sheet,
    narrow_margins,
    new_book,
    put_text,
    save_book,
    set_up_print,
    write_heading,
    write_table,
)
from liancun_geo.plan import UNASSIGNED

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from liancun_geo.scenario import Scenario

__all__ = [
    "Answer",
    "Objection",
    "Township",
    "consultation_names",
    "fill_consultation",
    "townships_to_ask",
    "write_consultation",
]

SHEET = "consultation"
"""Hidden: what the file is, the plan it asks about, codes and names of villages and leads."""
FORMAT = "liancun-consultation"
FORMAT_VERSION = 1
COLUMNS: tuple[tuple[str, float], ...] = (
    ("number", 5),
    ("village", 14),
    ("code", 14.5),
    ("alliance", 15),
    ("lead", 13),
    ("role", 9),
    ("fellows", 28),
    ("answer", 9),
    ("wish", 15),
    ("refused", 15),
    ("reason", 22),
    ("signature", 10),
    ("date", 10),
)
ANSWERED = ("answer", "wish", "refused", "reason", "signature", "date")
"""Columns that are filled in; all others are protected."""
_FILL_IN, _OBJECTED = "FFFBE0", "FFFCEBE9"
_HEADING_ROW = 4
_LEAST_HEIGHT_PT = 27.0  # room to write by hand on the printed sheet
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_SEPARATORS = re.compile(r"[、，,;；/\s（）()]")


@dataclass(frozen=True, slots=True)
class Township:
    """A township that is asked.

    Attributes
    ----------
    code, name
        As the village table has them.
    villages
        Positions, alliance by alliance, the lead first, then those without alliance.
    """

    code: str
    name: str
    villages: tuple[int, ...]


def write_consultation(
    scenario: Scenario,
    folder: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    only: Iterable[str] | None = None,
) -> tuple[Path, ...]:
    """Write a workbook a township: a row a village, with cells to answer in.

    Everything but these cells is protected, without a password. A hidden sheet keeps which plan
    was asked about, so that answers to another one are noticed.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    folder
        Made if it does not exist.
    language
        Of headings and sentences.
    created
        The date in the files; default ``SOURCE_DATE_EPOCH``, else now.
    only
        Codes of townships; default all.

    Returns
    -------
    tuple of pathlib.Path
        The files, by township code.

    Raises
    ------
    DataError
        If the plan breaks a rule, a workbook of that name has answers in it already, or a file
        cannot be written.
    """
    when = creation_time(created)
    asked = None if only is None else set(only)
    names = {
        name: township
        for name, township in consultation_names(scenario, language).items()
        if asked is None or township.code in asked
    }
    from liancun_geo.output.consultation_answers import refuse_answered

    refuse_answered(folder, names)
    with exporting(scenario, folder, list(names)) as stage:
        for name, township in names.items():
            fill_consultation(scenario, township, stage.path(name), when, language)
    return stage.targets()


def consultation_names(scenario: Scenario, language: Language) -> dict[str, Township]:
    """Return the file name of every township's workbook, by township code.

    Characters that a file system or a zip may not hold are left out; the same name twice is told
    apart by the township's code.
    """
    townships = townships_to_ask(scenario)
    plain = [_FORBIDDEN.sub("", clean(one.name)).strip(" .")[:60] for one in townships]
    times = Counter(name.casefold() for name in plain)
    found = {}
    for township, name in zip(townships, plain, strict=True):
        twice = not name or times[name.casefold()] > 1
        told = f"{name}{_FORBIDDEN.sub('', township.code)}" if twice else name
        found[message("consultation.file_name", language, township=told)] = township
    return found


def townships_to_ask(scenario: Scenario) -> tuple[Township, ...]:
    """Return the townships of the plan by code, their villages as the workbook lists them."""
    frame = scenario.villages.frame
    ordered = [v for alliance in scenario.alliances for v in alliance.villages]
    rest = sorted(set(range(len(frame))) - set(ordered))
    by_code: dict[tuple[str, str], list[int]] = {}
    codes, names = frame["township_code"].tolist(), frame["township"].tolist()
    for village in (*ordered, *rest):
        key = (_text(codes[village]), _text(names[village]))
        by_code.setdefault(key, []).append(village)
    return tuple(Township(*key, tuple(by_code[key])) for key in sorted(by_code))


def plan_mark(scenario: Scenario, villages: Iterable[int]) -> str:
    """Return the fingerprint of what some villages are asked: the data, the rules, their leads.

    Other townships do not count, so that the answers of one may be worked in before those of
    another come back.
    """
    codes = scenario.villages.frame["code"].tolist()
    leads = scenario.plan.lead_of.tolist()
    told = {
        str(codes[v]): None if leads[v] == UNASSIGNED else str(codes[leads[v]]) for v in villages
    }
    whole = json.dumps([scenario.fingerprint, sorted(told.items())], ensure_ascii=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def labels_of(scenario: Scenario, villages: Sequence[int]) -> dict[int, str]:
    """Return how villages are called in a list to choose from: by name, where need be by code.

    What is chosen is typed into a cell: no label begins as a formula does.
    """
    frame = scenario.villages.frame
    names = {v: one_line(str(frame["name"].iat[v])) for v in villages}
    times = Counter(names.values())
    codes = frame["code"].tolist()
    found = {}
    for village, name in names.items():
        if guarded(name):
            found[village] = f"（{codes[village]}）{name}"
        elif not name or times[name] > 1 or _SEPARATORS.search(name):
            found[village] = f"{name}（{codes[village]}）"
        else:
            found[village] = name
    return found


def possible_leads(scenario: Scenario, villages: Iterable[int]) -> list[int]:
    """Return who may lead in the zones of some villages, ascending."""
    problem = scenario.problem
    zones = {int(problem.zone_of[v]) for v in villages}
    can = problem.can_lead & (problem.lead_cost < float("inf"))
    return [v for v in range(problem.n) if can[v] and int(problem.zone_of[v]) in zones]


def fill_consultation(
    scenario: Scenario, township: Township, path: Path, created: datetime, language: Language
) -> None:
    """Write the workbook of one township to a file that is not there yet."""
    from openpyxl.workbook.protection import WorkbookProtection

    title = message("consultation.title", language, township=clean(township.name))
    book = new_book(created, language)
    sheet = book.create_sheet(message("consultation.sheet", language))
    widths = tuple(width for _, width in COLUMNS)
    leading = {int(scenario.plan.lead_of[v]) for v in township.villages} - {UNASSIGNED}
    counts = {
        "villages": len(township.villages),
        "alliances": len(leading),
        "left_out": sum(int(scenario.plan.lead_of[v]) == UNASSIGNED for v in township.villages),
        "date": f"{office_time(created):%Y-%m-%d}",
    }
    about = message("consultation.about", language, **counts)
    write_heading(sheet, title, about, widths)
    _instructions(sheet, language)
    columns = tuple(message(f"consultation.heading_{name}", language) for name, _ in COLUMNS)
    rows = _rows(scenario, township, language)
    answered = [at for at, (name, _) in enumerate(COLUMNS) if name in ANSWERED]
    tones = {(row, column): _FILL_IN for row in range(len(rows)) for column in answered}
    table = Sheet(title, columns, rows, A4, widths=widths, tones=tones, middle=True)
    after = write_table(sheet, table, _HEADING_ROW)
    for row in range(_HEADING_ROW + 1, after):
        height = sheet.row_dimensions[row].height or 0.0
        sheet.row_dimensions[row].height = max(height, _LEAST_HEIGHT_PT)
    _sign_off(sheet, after + 1, language)
    sheet.freeze_panes = f"C{_HEADING_ROW + 1}"
    sheet.print_title_rows = f"{_HEADING_ROW}:{_HEADING_ROW}"
    set_up_print(sheet, title, language)
    narrow_margins(sheet)
    leads = possible_leads(scenario, township.villages)
    _keep(book, scenario, township, leads)
    _answer_cells(sheet, len(rows), len(leads), language)
    book.security = WorkbookProtection(lockStructure=True)
    save_book(book, path, created)


def _rows(
    scenario: Scenario, township: Township, language: Language
) -> list[tuple[str | int | None, ...]]:
    frame = scenario.villages.frame
    names = [one_line(str(name)) for name in frame["name"].tolist()]
    of_lead = {alliance.lead: alliance for alliance in scenario.alliances}
    why = {one.position: one.reason for one in scenario.unassigned}
    rows: list[tuple[str | int | None, ...]] = []
    for number, village in enumerate(township.villages, start=1):
        alliance = of_lead.get(int(scenario.plan.lead_of[village]))
        start = (number, names[village], clean(str(frame["code"].iat[village])))
        blank = (None,) * len(ANSWERED)
        if alliance is None:
            reason = why.get(village)
            told = "" if reason is None else clean(sentence(reason, language))
            outside = message("consultation.without_alliance", language)
            rows.append((*start, outside, None, None, told, *blank))
            continue
        role = "lead" if village == alliance.lead else "member"
        fellows = message("output.separator", language).join(
            names[v] for v in alliance.villages if v != village
        )
        rows.append(
            (
                *start,
                clean(alliance.name),
                names[alliance.lead],
                message(f"output.role_{role}", language),
                fellows,
                *blank,
            )
        )
    return rows


def _instructions(sheet: Worksheet, language: Language) -> None:
    from openpyxl.styles import Alignment

    cell = put_text(sheet.cell(3, 1), message("consultation.how_to", language))
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.merge_cells(start_row=3, start_column=1, end_row=3, end_column=len(COLUMNS))
    sheet.row_dimensions[3].height = 66


def _sign_off(sheet: Worksheet, row: int, language: Language) -> None:
    from openpyxl.styles import Alignment, Protection

    cell = put_text(sheet.cell(row, 1), message("consultation.sign_off", language))
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    cell.protection = Protection(locked=False)
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(COLUMNS))
    sheet.row_dimensions[row].height = 40


def _answer_cells(sheet: Worksheet, count: int, leads: int, language: Language) -> None:
    """Open the cells that are filled in, with lists to choose from, and protect all others."""
    from openpyxl.formatting.rule import Rule
    from openpyxl.styles import Alignment, PatternFill, Protection
    from openpyxl.styles.differential import DifferentialStyle
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    first, last = _HEADING_ROW + 1, _HEADING_ROW + count
    letter = {name: get_column_letter(at) for at, (name, _) in enumerate(COLUMNS, start=1)}
    for name in ANSWERED:
        for row in range(first, last + 1):
            cell = sheet[f"{letter[name]}{row}"]
            cell.protection = Protection(locked=False)
            # Whatever is typed stays as it was typed: a date, a code, a name like =A1.
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.protection.sheet = True
    for allowed in ("formatCells", "formatColumns", "formatRows", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    if not count:
        return
    words = [message(f"consultation.answer_{name}", language) for name in get_args(AnswerKind)]
    choices = {"answer": f'"{",".join(words)}"', "wish": f"{SHEET}!$F$2:$F${leads + 1}"}
    for name, formula in choices.items():
        if name == "wish" and not leads:
            continue
        check = DataValidation(
            type="list",
            formula1=formula,
            allow_blank=True,
            showErrorMessage=True,
            # A name typed by hand is read as well.
            errorStyle="stop" if name == "answer" else "warning",
            errorTitle=message("consultation.not_in_list_title", language),
            error=message(f"consultation.not_in_list_{name}", language),
            showInputMessage=True,
            promptTitle=message(f"consultation.heading_{name}", language),
            prompt=message(f"consultation.hint_{name}", language),
        )
        check.add(f"{letter[name]}{first}:{letter[name]}{last}")
        sheet.add_data_validation(check)
    red = DifferentialStyle(fill=PatternFill(bgColor=_OBJECTED))
    rule = Rule(type="cellIs", operator="equal", formula=[f'"{words[1]}"'], dxf=red)
    sheet.conditional_formatting.add(f"{letter['answer']}{first}:{letter['answer']}{last}", rule)


def _keep(book: Workbook, scenario: Scenario, township: Township, leads: Sequence[int]) -> None:
    """Add the hidden sheet; its texts are cells of their own, never formulas."""
    sheet = book.create_sheet(SHEET)
    sheet.sheet_state = "hidden"
    codes = scenario.villages.frame["code"].tolist()
    facts = {
        "format": FORMAT,
        "version": str(FORMAT_VERSION),
        "plan": plan_mark(scenario, township.villages),
        "township": township.code,
        "township_name": clean(township.name),
    }
    called = labels_of(scenario, sorted({*leads, *township.villages}))
    columns: dict[int, list[str]] = {
        1: ["fact", *facts],
        2: ["value", *facts.values()],
        3: ["village", *(str(codes[v]) for v in township.villages)],
        4: ["name", *(called[v] for v in township.villages)],
        5: ["lead", *(str(codes[v]) for v in leads)],
        6: ["lead_name", *(called[v] for v in leads)],
    }
    for column, texts in columns.items():
        for row, text in enumerate(texts, start=1):
            put_text(sheet.cell(row, column), text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
