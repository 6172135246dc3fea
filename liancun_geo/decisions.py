"""Decisions on faults of the data: proposed by the program, confirmed by a person, replayed.

A file of decisions is TOML with one ``[[decision]]`` table each. Only confirmed decisions change
how files are read; each one that did is reported, and each one that found nothing to change is
too. Files are named without their folder, so that a county's files may move.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

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
    SameNameDecision,
    TownshipDecision,
    UnitDecision,
    ValueDecision,
    name_of,
)
from liancun_geo.errors import Fault, Where, warning
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
        With every fault.
    """
    return validated(_File, tables, file=file).decision


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the confirmed decisions, each once."""
    return tuple(dict.fromkeys(decision for decision in decisions if decision.confirmed))


def accepting(fault: Fault) -> AcceptDecision:
    """Return the decision that a finding is right as it is."""
    where = fault.where
    return AcceptDecision(
        finding=fault.key,
        file=where.file,
        sheet=where.sheet,
        field=where.field,
        # A row moves when the sheet is edited; a village stays what it is.
        row=None if where.code or where.village else where.row,
        township=where.township,
        village=where.village,
        code=where.code,
    )


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
        self._numbers: dict[Hashable, list[int]] = {}
        for number, decision in enumerate(self.decisions):
            self._numbers.setdefault(_key(decision), []).append(number)
            if isinstance(decision, LinkDecision | LinksDecision | ContiguityDecision):
                # They are part of the settings, not of the reading.
                self._used.add(number)

    def of_file(self, kind: type[F], where: Where) -> F | None:
        """Return the decision of a kind on a file, the last one if there are several."""
        return self._last(kind, [(name_of(kind), where.file)])

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
        named = dict.fromkeys([(where.village, None), (None, where.code), (None, where.row)])
        return self._last(
            kind,
            [(*sheet, *name) for name in named],
            lambda decision: (
                _same_row(decision, where)
                and all(getattr(decision, name) == value for name, value in more.items())
            ),
        )

    def of_village(self, kind: type[V], where: Where, village: str) -> V | None:
        """Return the decision of a kind on a village, by code or ``township/name``."""
        return self._last(kind, [(name_of(kind), where.file, village)])

    def of_name(self, where: Where, township: str | None, name: str) -> SameNameDecision | None:
        """Return what was decided on features of one name in one township."""
        return self._last(SameNameDecision, [("same_name", where.file, township, name)])

    def of_township(self, where: Where, village: str | None) -> TownshipDecision | None:
        """Return the decision on the township of a village, of all villages if None."""
        return self._last(TownshipDecision, [("township", where.file, village)])

    def accepts(self, fault: Fault) -> bool:
        """Tell whether a finding was accepted as it is."""
        return self._last(AcceptDecision, [_key(accepting(fault))]) is not None

    def use(self, decision: Decision) -> None:
        """Note that a decision found its place (for those not looked up here)."""
        self._used.update(n for n, known in enumerate(self.decisions) if known == decision)

    def notices(self, *, examined: bool = True) -> list[Fault]:
        """Return a warning for each decision: applied, or not needed any more.

        Parameters
        ----------
        examined
            Whether all that can be found was looked for. Planning looks for less: what only the
            doctor finds may have been accepted and still does not come up.
        """
        return [
            warning(
                "decisions.applied" if number in self._used else "decisions.unused",
                Where(file=getattr(decision, "file", None), sheet=getattr(decision, "sheet", None)),
                decision=decision,
            )
            for number, decision in enumerate(self.decisions)
            if examined or number in self._used or not _of_the_doctor(decision)
        ]

    def _last(
        self, kind: type[D], keys: Iterable[Hashable], fits: Callable[[D], bool] = lambda _: True
    ) -> D | None:
        chosen = None
        for number in sorted(number for key in keys for number in self._numbers.get(key, ())):
            decision = self.decisions[number]
            if isinstance(decision, kind) and fits(decision):
                self._used.add(number)
                chosen = decision
        return chosen


def _of_the_doctor(decision: Decision) -> bool:
    topic = decision.finding.partition(".")[0] if isinstance(decision, AcceptDecision) else None
    return topic in _ONLY_EXAMINED


def _key(decision: Decision) -> Hashable:
    """Return what a decision is looked up by."""
    if isinstance(decision, AcceptDecision):
        said = decision.model_dump(exclude={"confirmed", "by", "on", "note"})
        return tuple(said.values())
    if isinstance(decision, OfColumn):
        return (decision.kind, decision.file, decision.sheet, decision.header)
    if isinstance(decision, OfRow):
        # By its name, so that thousands of decisions are found as fast as one.
        other = decision.row if decision.code is None else decision.code
        other = None if decision.name is not None else other
        return (decision.kind, decision.file, decision.sheet, decision.name, other)
    if isinstance(decision, ExcludeDecision | KeepDecision | TownshipDecision):
        return (decision.kind, decision.file, decision.village)
    if isinstance(decision, SameNameDecision):
        return (decision.kind, decision.file, decision.township, decision.name)
    if isinstance(decision, OfFile):
        return (decision.kind, decision.file)
    return decision.kind


def _same_row(decision: OfRow, where: Where) -> bool:
    same_number = decision.row is not None and decision.row == where.row
    known = False
    for wanted, found in (
        (decision.code, where.code),
        (decision.name, where.village),
        (decision.township, where.township),
    ):
        # A column that another decision leaves out says nothing any more.
        if wanted is not None and wanted != found and not (found is None and same_number):
            return False
        known = known or (wanted is not None and found is not None)
    named = decision.code is not None or decision.name is not None
    if named and decision.row is not None and not same_number and decision.code is None:
        # Made for a row that says no township; its namesake says one.
        known = known and (decision.township is not None or where.township is None)
    return known if named else same_number
