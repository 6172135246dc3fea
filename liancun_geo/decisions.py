"""Decisions on faults of the data: proposed by the program, confirmed by a person, replayed.

A file of decisions is TOML with one ``[[decision]]`` table each. Only confirmed decisions change
how files are read; each one that did is reported, and each one that found nothing to change is
too. Files are named without their folder, so that a county's files may move.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from liancun_geo.decision_conflicts import answers, contradictions, essence
from liancun_geo.decision_kinds import (
    AcceptDecision,
    AnyDecision,
    AxisOrderDecision,
    CellsDecision,
    CodeDecision,
    ContiguityDecision,
    CrsDecision,
    Decision,
    DropRowDecision,
    EncodingDecision,
    ExcludeDecision,
    HeaderDecision,
    KeepDecision,
    LayerDecision,
    LinkDecision,
    LinksDecision,
    MatchDecision,
    OfColumn,
    OfFile,
    OfRow,
    RowsUnitDecision,
    SameNameDecision,
    TownshipDecision,
    UnitDecision,
    ValueDecision,
    name_of,
    short_code,
)
from liancun_geo.decision_kinds.lookup import lookup_key, same_row
from liancun_geo.errors import Fault, SettingsError, Where, error, warning
from liancun_geo.tables import Table, read_toml, validated

__all__ = [
    "AcceptDecision",
    "AxisOrderDecision",
    "CellsDecision",
    "CodeDecision",
    "ContiguityDecision",
    "CrsDecision",
    "Decision",
    "DropRowDecision",
    "EncodingDecision",
    "ExcludeDecision",
    "HeaderDecision",
    "KeepDecision",
    "LayerDecision",
    "LinkDecision",
    "LinksDecision",
    "MatchDecision",
    "Replay",
    "RowsUnitDecision",
    "SameNameDecision",
    "TownshipDecision",
    "UnitDecision",
    "ValueDecision",
    "accepting",
    "in_force",
    "parse_decisions",
    "read_decisions",
]

F = TypeVar("F", bound=OfFile)
C = TypeVar("C", bound=OfColumn)
R = TypeVar("R", bound=OfRow)
V = TypeVar("V", ExcludeDecision, KeepDecision)
D = TypeVar("D", bound=AnyDecision)


# Topics of findings that are looked for only when the data are examined.
_ONLY_EXAMINED = ("contiguity", "datum", "doctor", "readings", "roads", "topology")
# Figures of a finding that make it the one that was looked at. Those of a column as a whole, or
# of many places of a map, change with every other decision and are not among them.
_LOOKED_AT = ("label", "value", "stated", "found", "computed", "crs", "prefix", "area", "shift_m")
_BY_ITS_LABEL = ("ledger.total_differs",)
_MOST_LOOKED_AT = 200
# Looked up when their file is read, whatever happens afterwards.
_OF_READING = (
    LayerDecision,
    EncodingDecision,
    CrsDecision,
    AxisOrderDecision,
    HeaderDecision,
    UnitDecision,
    RowsUnitDecision,
    CellsDecision,
    ValueDecision,
)


class _File(Table):
    decision: tuple[Decision, ...] = ()


def read_decisions(path: Path | str) -> tuple[Decision, ...]:
    """Read a file of decisions.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    path = Path(path)
    return parse_decisions(read_toml(path), file=str(path))


def parse_decisions(tables: dict[str, Any], *, file: str | None = None) -> tuple[Decision, ...]:
    """Return decisions given as nested tables.

    Raises
    ------
    SettingsError
        With every fault, of which confirmed decisions that contradict each other are one.
    """
    found = validated(_File, tables, file=file).decision
    faults = [
        error(
            "decisions.contradiction_in_file",
            Where(file=file),
            first=first + 1,
            second=second + 1,
            one=found[first],
            other=found[second],
        )
        for first, second in contradictions(found)
    ]
    if faults:
        raise SettingsError(faults)
    return found


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the confirmed decisions, each once, whoever signed it."""
    confirmed: dict[str, Decision] = {}
    for decision in decisions:
        if decision.confirmed:
            confirmed.setdefault(essence(decision), decision)
    return tuple(confirmed.values())


def accepting(fault: Fault) -> AcceptDecision:
    """Return the decision that a finding is right as it is, with the figures it has now."""
    where = fault.where
    known = where.code or where.village or fault.key in _BY_ITS_LABEL
    return AcceptDecision(
        finding=fault.key,
        file=where.file,
        sheet=where.sheet,
        field=where.field,
        # A row moves when the sheet is edited; a village stays what it is.
        row=None if known else where.row,
        township=where.township,
        village=where.village,
        code=where.code,
        found=_looked_at(fault),
    )


def _looked_at(fault: Fault) -> str | None:
    topic, _, name = fault.key.partition(".")
    counted = topic == "ledger" and fault.key not in _BY_ITS_LABEL
    names = (*_LOOKED_AT, "count") if counted else _LOOKED_AT
    if name.startswith("many_"):
        return None
    said = [str(fault.params[name]) for name in names if fault.params.get(name) not in (None, "")]
    return " / ".join(said)[:_MOST_LOOKED_AT] or None


class Replay:
    """The decisions in force while files are read, and which of them found their place.

    Parameters
    ----------
    decisions
        Unconfirmed ones are left aside.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.decisions = in_force(decisions)
        self._used: set[int] = set()
        self._passed: set[int] = set()
        self._contrary = dict.fromkeys(contradictions(self.decisions))
        self._numbers: dict[Hashable, list[int]] = {}
        for number, decision in enumerate(self.decisions):
            self._numbers.setdefault(lookup_key(decision), []).append(number)
            if isinstance(decision, LinkDecision | LinksDecision | ContiguityDecision):
                # They are part of the settings, not of the reading.
                self._used.add(number)

    def of_file(self, kind: type[F], where: Where) -> F | None:
        """Return the decision of a kind on a file, the last one if there are several.

        Several that differ are a fault of :meth:`contradictions`, here and in all look-ups.
        """
        return self._last(kind, [(name_of(kind), where.file)])

    def of_crs(self, where: Where, content: str) -> tuple[CrsDecision | None, list[CrsDecision]]:
        """Return the decision on the CRS of a file, and those on it with another content.

        Parameters
        ----------
        where
            Its file.
        content
            Digest of the coordinates it has now.
        """
        key = (name_of(CrsDecision), where.file)
        others = []
        for number in self._numbers.get(key, ()):
            decision = self.decisions[number]
            if isinstance(decision, CrsDecision) and decision.content not in (None, content):
                self._passed.add(number)
                others.append(decision)
        found = self._last(CrsDecision, [key], lambda one: one.content in (None, content))
        return found, [] if found is not None else others

    def pass_over(self, decision: Decision) -> None:
        """Note that a decision does not hold here and that it was told."""
        self._passed.update(n for n, known in enumerate(self.decisions) if known == decision)

    def of_column(self, kind: type[C], where: Where) -> C | None:
        """Return the decision of a kind on the column ``where.field`` of a sheet."""
        return self._last(kind, [(name_of(kind), where.file, where.sheet, where.field)])

    def of_row(self, kind: type[R], where: Where, **more: str) -> R | None:
        """Return the decision of a kind on a row.

        ``where`` gives file, sheet, row, and township, village and code as found; ``more`` what
        else must be equal (``header``, ``found``). What the decision leaves open fits anything;
        the row number counts only if the decision says nothing of the village.
        """
        sheet = (name_of(kind), where.file, where.sheet)
        code = None if where.code is None else short_code(where.code)
        named = dict.fromkeys([(where.village, None), (None, code), (None, where.row)])
        return self._last(
            kind,
            [(*sheet, *name) for name in named],
            lambda decision: (
                same_row(decision, where)
                and all(getattr(decision, name) == value for name, value in more.items())
            ),
            # Rows that are told alike in all else are told apart by it.
            lambda decision: decision.row is not None and decision.row == where.row,
        )

    def of_village(self, kind: type[V], where: Where, village: str) -> V | None:
        """Return the decision of a kind on a village, by code or ``township/name``."""
        return self._last(kind, [(name_of(kind), where.file, short_code(village))])

    def of_name(self, where: Where, township: str | None, name: str) -> SameNameDecision | None:
        """Return what was decided on features of one name in one township."""
        return self._last(SameNameDecision, [("same_name", where.file, township, name)])

    def of_township(self, where: Where, village: str | None) -> TownshipDecision | None:
        """Return the decision on the township of a village, of all villages if None."""
        return self._last(TownshipDecision, [("township", where.file, village)])

    def accepts(self, fault: Fault) -> bool:
        """Tell whether a finding was accepted as it is."""
        wanted = accepting(fault)
        whatever = wanted.model_copy(update={"found": None})
        return self._last(AcceptDecision, [lookup_key(wanted), lookup_key(whatever)]) is not None

    def use(self, decision: Decision) -> None:
        """Note that a decision found its place (for those not looked up here)."""
        self._used.update(n for n, known in enumerate(self.decisions) if known == decision)

    def contradictions(self) -> list[Fault]:
        """Return an error for each pair of decisions that answer one question differently."""
        return [
            error(
                "decisions.contradiction",
                Where(file=getattr(self.decisions[first], "file", None)),
                one=self.decisions[first],
                other=self.decisions[second],
            )
            for first, second in self._contrary
        ]

    def unused_of_files(self, read: Collection[str]) -> list[Fault]:
        """Return a notice for each unused decision on how to read a file that was read."""
        return [
            self._unused(number, read)
            for number, decision in enumerate(self.decisions)
            if number not in self._used | self._passed
            and isinstance(decision, OfFile)
            and (decision.file not in read or isinstance(decision, _OF_READING))
        ]

    def notices(self, *, examined: bool = True, read: Collection[str] | None = None) -> list[Fault]:
        """Return a warning for each decision: applied, or not needed any more.

        Parameters
        ----------
        examined
            Whether all that can be found was looked for. Planning looks for less: what only the
            doctor finds may have been accepted and still does not come up.
        read
            Names of all files of this run, to tell decisions on others; None if not known.
        """
        return [
            warning("decisions.applied", _place(decision), decision=decision)
            if number in self._used
            else self._unused(number, read)
            for number, decision in enumerate(self.decisions)
            if number in self._used
            or (number not in self._passed and (examined or not _of_the_doctor(decision)))
        ]

    def _unused(self, number: int, read: Collection[str] | None) -> Fault:
        decision = self.decisions[number]
        file = getattr(decision, "file", None)
        where = _place(decision)
        if read is None or file is None or file in read:
            return warning("decisions.unused", where, decision=decision)
        alike = [name for name in sorted(read) if name.casefold() == file.casefold()]
        if alike:
            params = {"file": file, "read": alike[0]}
            return warning("decisions.unused_other_case", where, decision=decision, **params)
        return warning("decisions.unused_no_file", where, decision=decision, file=file)

    def _last(
        self,
        kind: type[D],
        keys: Iterable[Hashable],
        fits: Callable[[D], bool] = lambda _: True,
        prefers: Callable[[D], bool] = lambda _: True,
    ) -> D | None:
        numbers = sorted({number for key in keys for number in self._numbers.get(key, ())})
        fitting: dict[int, D] = {}
        for number in numbers:
            decision = self.decisions[number]
            if isinstance(decision, kind) and fits(decision):
                fitting[number] = decision
        fitting = {n: d for n, d in fitting.items() if prefers(d)} or fitting
        self._used.update(fitting)
        for (first, one), (second, other) in pairwise(fitting.items()):
            if answers(one) != answers(other):
                self._contrary[first, second] = None
        return fitting[max(fitting)] if fitting else None


def _place(decision: Decision) -> Where:
    return Where(file=getattr(decision, "file", None), sheet=getattr(decision, "sheet", None))


def _of_the_doctor(decision: Decision) -> bool:
    topic = decision.finding.partition(".")[0] if isinstance(decision, AcceptDecision) else None
    return topic in _ONLY_EXAMINED
