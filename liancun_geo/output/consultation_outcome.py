"""What came of a consultation: who said what, what changed for whom, what is left to decide."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from liancun_geo.editing.answers import Objection
from liancun_geo.errors import DataError, Fault, Where, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.naming import alliance_name
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import creation_time, input_files, office_time, one_line
from liancun_geo.output.sheets import A3, Sheet, fill_sheet, new_book, put_text, save_book
from liancun_geo.plan import UNASSIGNED
from liancun_geo.tables import parse_json

if TYPE_CHECKING:
    from openpyxl import Workbook

    from liancun_geo.scenario import Scenario

OUTCOME = "consultation_outcome.xlsx"
_KEPT = "objections"
_ORDER = ("conflict", "changed", "left_out", "moved", "granted", "noted", "kept")
_TONES = {"conflict": "FCEBE9", "changed": "FBF0DF", "left_out": "FBF0DF", "granted": "E4F2EA"}
_WIDTHS = {
    "township": 12.0,
    "village": 14.0,
    "code": 15.0,
    "answer": 9.0,
    "wish": 14.0,
    "refused": 16.0,
    "reason": 28.0,
    "outcome": 22.0,
    "before": 16.0,
    "after": 16.0,
    "in_the_way": 46.0,
}
_MOVED = ("township", "village", "code", "before", "after", "answer")
_OBJECTIONS: TypeAdapter[tuple[Objection, ...]] = TypeAdapter(tuple[Objection, ...])


def write_outcome(
    before: Scenario,
    after: Scenario,
    objections: Sequence[Objection],
    conflicts: Iterable[Fault],
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write 意见处理表: what is open first, then what was met; and every village that moved.

    Parameters
    ----------
    before, after
        The plan that was asked about, and the one that follows.
    objections, conflicts
        Of the draft that was consulted: ``draft.objections`` and ``draft.told``.
    path
        The file; replaced as a whole. :func:`read_objections` reads it back.
    language, created
        As for :func:`~liancun_geo.output.write_workbook`.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    path, made = Path(path), creation_time(created)
    book = new_book(made, language)
    for table in (
        _answers(before, after, objections, conflicts, made, language),
        _changes(before, after, objections, language),
    ):
        fill_sheet(book.create_sheet(table.name), table, language)
    _keep(book, objections)
    with staged(path.parent, [path.name], inputs=input_files(before.villages.sources)) as stage:
        save_book(book, stage.path(path.name), made)
    return path


def read_objections(path: Path | str) -> tuple[Objection, ...]:
    """Read the answers and outcomes of a workbook of :func:`write_outcome`.

    Raises
    ------
    DataError
        If it is none.
    """
    import openpyxl

    path = Path(path)
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                rows = list(book[_KEPT].iter_rows(values_only=True))
            finally:
                book.close()
        return _OBJECTIONS.validate_python([parse_json(str(row[0])) for row in rows])
    except ValidationError as cause:
        raise DataError([error("consultation.no_outcome", Where(file=path.name))]) from cause
    except Exception as cause:
        # openpyxl lets the errors of the XML parser and of its own descriptors through.
        raise DataError([error("consultation.no_outcome", Where(file=path.name))]) from cause


def changes(before: Scenario, after: Scenario) -> list[tuple[int, str, str]]:
    """Return every village whose lead changed, its alliance before and after; empty for none."""
    old, new = before.plan.lead_of, after.plan.lead_of
    moved = np.flatnonzero(old != new).tolist()
    return [(v, _alliance(before, int(old[v])), _alliance(before, int(new[v]))) for v in moved]


def _alliance(scenario: Scenario, lead: int) -> str:
    if lead == UNASSIGNED:
        return ""
    return alliance_name(one_line(str(scenario.villages.frame["name"].iat[lead])))


def _answers(
    before: Scenario,
    after: Scenario,
    objections: Sequence[Objection],
    conflicts: Iterable[Fault],
    made: datetime,
    language: Language,
) -> Sheet:
    named = _named(before)
    why: dict[str, str] = {}
    for fault in conflicts:
        why[fault.where.code or ""] = message(fault.key, language, **fault.params)
    place = {code: v for v, code in enumerate(before.villages.frame["code"].astype(str))}
    none = message("consultation.without_alliance", language)
    ordered = sorted(objections, key=lambda one: (_ORDER.index(one.outcome), one.village))
    rows = []
    tones: dict[tuple[int, int], str] = {}
    separator = message("output.separator", language)
    for number, one in enumerate(ordered):
        tone = _TONES.get(one.outcome)
        tones |= {} if tone is None else {(number, list(_WIDTHS).index("outcome")): tone}
        village = place[one.village]
        rows.append(
            (
                *_place(named, one.village),
                one.answer_text(language),
                named.get(one.wish, ("", ""))[1],
                separator.join(named.get(code, ("", code))[1] for code in one.refused),
                one.reason,
                one.outcome_text(language),
                _alliance(before, int(before.plan.lead_of[village])) or none,
                _alliance(before, int(after.plan.lead_of[village])) or none,
                why.get(one.village),
            )
        )
    counts = {
        kind: sum(o.answer == kind for o in objections) for kind in ("agree", "disagree", "abstain")
    }
    open_ones = sum(one.outcome == "conflict" for one in objections)
    date = f"{office_time(made):%Y-%m-%d}"
    about = message("consultation.about_outcome", language, **counts, open=open_ones, date=date)
    return Sheet(
        message("consultation.sheet_outcome", language),
        tuple(message(f"consultation.heading_{name}", language) for name in _WIDTHS),
        rows,
        A3,
        widths=tuple(_WIDTHS.values()),
        tones=tones,
        title=message("consultation.title_outcome", language),
        about=about,
        middle=True,
    )


def _changes(
    before: Scenario, after: Scenario, objections: Sequence[Objection], language: Language
) -> Sheet:
    named, said = _named(before), {one.village: one for one in objections}
    none = message("consultation.without_alliance", language)
    silent = message("consultation.silent", language)
    codes = before.villages.frame["code"].astype(str).tolist()
    rows = []
    for village, old, new in changes(before, after):
        one = said.get(codes[village])
        told = silent if one is None else one.answer_text(language)
        rows.append((*_place(named, codes[village]), old or none, new or none, told))
    return Sheet(
        message("consultation.sheet_changes", language),
        tuple(message(f"consultation.heading_{name}", language) for name in _MOVED),
        rows,
        widths=tuple(_WIDTHS[name] + 4 for name in _MOVED),
        title=message("consultation.title_changes", language),
        about=message("consultation.about_changes", language, count=len(rows)),
        middle=True,
    )


def _named(scenario: Scenario) -> Mapping[str, tuple[str, str]]:
    frame = scenario.villages.frame
    columns: list[Any] = [frame["code"], frame["township"], frame["name"]]
    return {
        str(code): (one_line(str(town)), one_line(str(name)))
        for code, town, name in zip(*columns, strict=True)
    }


def _place(named: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str, str]:
    return (*named.get(code, ("", "")), code)


def _keep(book: Workbook, objections: Sequence[Objection]) -> None:
    sheet = book.create_sheet(_KEPT)
    sheet.sheet_state = "hidden"
    for row, one in enumerate(objections, start=1):
        told = json.dumps(_OBJECTIONS.dump_python((one,), mode="json")[0], ensure_ascii=True)
        put_text(sheet.cell(row, 1), told)
