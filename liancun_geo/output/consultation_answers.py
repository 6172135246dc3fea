"""Consultation workbooks that were filled in, read back: every fault of every file at once.

Rows may have been moved, sorted or left empty; names may be typed by hand, with blanks or with
another ending. The hidden sheet says which plan was asked about, so that answers to an older one
are not taken for answers to this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from liancun_geo.editing.answers import Answer, AnswerKind
from liancun_geo.errors import DataError, Fault, Where, error, warning
from liancun_geo.intake.ledgers.cells import shortened
from liancun_geo.messages import Language, message
from liancun_geo.output.consultation import (
    labels_of,
    plan_mark,
    possible_leads,
)
from liancun_geo.output.consultation_book import FilledRow, opened, squeezed
from liancun_geo.plan import UNASSIGNED
from liancun_geo.reasons import Names
from liancun_geo.villages import positions_by_code
from liancun_geo.why.finding import find_village

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

_MOST_REASON = 2_000
_MOST_REFUSED, _MOST_FAULTS = 50, 200
_SEPARATORS = re.compile(r"[、，,;；/\n]+")
_CODE_INSIDE = re.compile(r"^\(\s*(\w+)\s*\)|\(\s*(\w+)\s*\)$")
_FILLED = ("answer", "wish", "refused", "reason")


@dataclass(frozen=True, slots=True)
class Consultation:
    """What villages said.

    Attributes
    ----------
    answers
        One a village, by position in the village table.
    silent
        Codes of villages that were asked and whose row is empty, in the same order.
    notes
        What was noticed and does not stand in the way.
    """

    answers: tuple[Answer, ...]
    silent: tuple[str, ...]
    notes: tuple[Fault, ...]


def read_consultation(paths: Iterable[Path | str], scenario: Scenario) -> Consultation:
    """Read what villages said of a plan.

    Parameters
    ----------
    paths
        Workbooks of :func:`~liancun_geo.output.consultation.write_consultation`, filled in.
    scenario
        The plan they were made of. Other townships may have changed since.

    Raises
    ------
    DataError
        With every fault of every file, each with its file, sheet and row: not such a workbook,
        another plan, an unknown village, an answer that is none, a lead that nobody knows or that
        may not lead, an answer that contradicts itself, two answers of one village.
    """
    reader = _Reader(scenario)
    for path in paths:
        reader.read(Path(path))
    return reader.outcome()


def refuse_answered(folder: Path | str, names: Iterable[str]) -> None:
    """Refuse to replace consultation workbooks that somebody has filled in already.

    Parameters
    ----------
    folder, names
        Where files are about to be written; those that are no consultation workbooks may go.

    Raises
    ------
    DataError
        Naming every workbook with an answer in it: a township's work is not made again.
    """
    filled = []
    for name in names:
        path = Path(folder) / name
        if path.suffix.lower() != ".xlsx" or not path.is_file():
            continue
        try:
            book = opened(path)
        except DataError:
            continue
        if any(row.cells.get(cell) for row in book.rows for cell in _FILLED):
            filled.append(error("consultation.answered", Where(file=str(path))))
    if filled:
        raise DataError(filled)


class _Reader:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.frame = scenario.villages.frame
        self.codes = [str(code) for code in self.frame["code"]]
        self.position = positions_by_code(self.codes)
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []
        self.said: dict[int, tuple[Answer, Where]] = {}
        self.asked: set[int] = set()
        self.labels: dict[str, int] = {}
        self.leads: frozenset[int] = frozenset()

    def read(self, path: Path) -> None:
        """Read one workbook; what is wrong with it is kept for the end."""
        try:
            book = opened(path)
        except DataError as cause:
            self.faults += cause.faults
            return
        where = Where(file=book.file)
        unknown = [code for code in book.villages if code not in self.position]
        asked = [self.position[code] for code in book.villages if code in self.position]
        if unknown or book.facts.get("plan") != plan_mark(self.scenario, asked):
            township = book.facts.get("township_name", "")
            self.faults.append(error("consultation.other_plan", where, township=township))
            return
        self.asked |= set(asked)
        leads = possible_leads(self.scenario, asked)
        self.leads = frozenset(leads)
        called = labels_of(self.scenario, sorted({*leads, *asked}))
        self.labels = {squeezed(label): village for village, label in called.items()}
        for row in book.rows:
            self._row(row)
            if len(self.faults) >= _MOST_FAULTS:
                return

    def outcome(self) -> Consultation:
        """Return what was read, or raise every fault."""
        if self.faults:
            raise DataError([*self.faults, *self.notes])
        silent = sorted(self.asked - self.said.keys())
        if not self.said:
            raise DataError([error("consultation.no_answers")])
        return Consultation(
            tuple(self.said[village][0] for village in sorted(self.said)),
            tuple(self.codes[village] for village in silent),
            tuple(self.notes),
        )

    # --- a row -------------------------------------------------------------------------------

    def _row(self, row: FilledRow) -> None:
        filled = [name for name in _FILLED if row.cells.get(name)]
        if not filled:
            return
        village = self._village(row)
        if village is None:
            return
        where = _at(row.where, self.frame, village)
        before = len(self.faults)
        kind = self._kind(row.cells.get("answer", ""), where)
        wish = self._wish(row.cells.get("wish", ""), where)
        refused = self._refused(row.cells.get("refused", ""), where, village)
        if kind is not None:
            self._contradictions(kind, village, wish, refused, where)
        if kind is None or len(self.faults) > before:
            return
        answer = Answer(
            self.codes[village],
            kind,
            row.cells.get("reason", "")[:_MOST_REASON],
            # Who agrees and names its lead has only said it twice.
            self.codes[wish] if wish is not None and kind == "disagree" else "",
            tuple(self.codes[v] for v in refused),
        )
        self._keep(village, answer, where)

    def _keep(self, village: int, answer: Answer, where: Where) -> None:
        known = self.said.get(village)
        if known is None:
            self.said[village] = (answer, where)
        elif known[0] == answer:
            self.notes.append(warning("consultation.said_twice", where))
        else:
            first = known[1]
            places = {"file": first.file or "", "row": first.row or 0}
            self.faults.append(error("consultation.two_answers", where, **places))

    def _village(self, row: FilledRow) -> int | None:
        """Return whose row it is: by its code, else by its name in this workbook."""
        code, name = row.cells.get("code", ""), row.cells.get("village", "")
        told = {"code": shortened(code) or "—", "village": shortened(name) or "—"}
        found = self.position.get(code, self.position.get(code.zfill(12)))
        if found is None and not code:
            found = self.labels.get(squeezed(name))
        if found is None or found not in self.asked:
            self.faults.append(error("consultation.unknown_row", row.where, **told))
            return None
        # The cells are locked, but copying whole rows or another program moves them all the same.
        named = self.labels.get(squeezed(name), found)
        if named != found:
            self.faults.append(error("consultation.code_of_another", row.where, **told))
            return None
        return found

    def _kind(self, text: str, where: Where) -> AnswerKind | None:
        if not text:
            self.faults.append(error("consultation.answer_missing", where))
            return None
        kind = _kinds().get(squeezed(text).casefold())
        if kind is None:
            self.faults.append(error("consultation.answer_unknown", where, answer=shortened(text)))
        return kind

    def _wish(self, text: str, where: Where) -> int | None:
        if not text:
            return None
        found = self._named(text, where, "wish_unknown")
        if found is not None and found not in self.leads:
            names = Names([found], self.scenario.villages)
            self.faults.append(error("consultation.wish_cannot_lead", where, village=names))
            return None
        return found

    def _refused(self, text: str, where: Where, village: int) -> list[int]:
        known = self.labels
        parts = [text] if squeezed(text) in known else _SEPARATORS.split(text)
        # Blanks part names only where they do not stand inside of one.
        parts = [n for p in parts for n in ([p] if squeezed(p) in known else p.split())]
        if len(parts) > _MOST_REFUSED:
            told = error(
                "consultation.too_many_refused", where, count=len(parts), most=_MOST_REFUSED
            )
            self.faults.append(told)
            return []
        found = [self._named(part, where, "refused_unknown") for part in parts]
        if village in found:
            self.faults.append(error("consultation.refuses_itself", where))
        return list(dict.fromkeys(v for v in found if v is not None))

    def _named(self, text: str, where: Where, key: str) -> int | None:
        """Return the village that a cell names: as the list has it, by code, or by name."""
        text = text.strip()
        if len(text) > _MOST_REASON:
            self.faults.append(error(f"consultation.{key}", where, name=shortened(text)))
            return None
        found = self.labels.get(squeezed(text))
        code = _CODE_INSIDE.search(text)
        if found is None:
            found = self.position.get((code.group(1) or code.group(2)) if code else text)
        if found is not None:
            return found
        for told in (f"{where.township or ''}{text}", text):
            try:
                return find_village(told, self.scenario.villages)
            except DataError:
                continue
        self.faults.append(error(f"consultation.{key}", where, name=shortened(text)))
        return None

    def _contradictions(
        self, kind: AnswerKind, village: int, wish: int | None, refused: list[int], where: Where
    ) -> None:
        lead_of = self.scenario.plan.lead_of
        lead = int(lead_of[village])
        if kind == "disagree" and wish is not None and wish == lead:
            self.faults.append(error("consultation.objects_but_same", where))
        if kind != "disagree" and wish is not None and wish != lead:
            self.faults.append(error("consultation.agrees_but_wishes", where))
        if kind == "disagree" and wish is not None and wish in refused:
            self.faults.append(error("consultation.refuses_its_wish", where))
        inside = [v for v in refused if lead != UNASSIGNED and int(lead_of[v]) == lead]
        if kind == "agree" and inside:
            names = Names(inside, self.scenario.villages)
            self.faults.append(error("consultation.agrees_but_refuses", where, villages=names))


def _kinds() -> dict[str, AnswerKind]:
    """Return every way to write an answer, in both languages."""
    found: dict[str, AnswerKind] = {}
    for kind in get_args(AnswerKind):
        for language in get_args(Language):
            words = message(f"consultation.words_{kind}", language).split()
            for word in (message(f"consultation.answer_{kind}", language), *words):
                found[squeezed(word).casefold()] = kind
    return found


def _at(where: Where, frame: Any, village: int) -> Where:
    return Where(
        file=where.file,
        sheet=where.sheet,
        row=where.row,
        village=str(frame["name"].iat[village]),
        code=str(frame["code"].iat[village]),
        township=str(frame["township"].iat[village]),
    )
