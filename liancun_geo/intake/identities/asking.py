"""Questions on rows without a village: as few as possible, the likeliest answer first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from liancun_geo.decisions import (
    HeaderDecision,
    Replay,
    ValueDecision,
    accepting,
)
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.identities.candidates import Stray, likely_townships, rank_candidates
from liancun_geo.intake.identities.matching import Matching, Outcome
from liancun_geo.intake.identities.register import Towns
from liancun_geo.messages import Listing
from liancun_geo.villages import FIELDS

_MANY: Final = 5
_SHOWN: Final = 5
_REASONS: Final = ("damaged", "length", "unknown")


def open_faults(matching: Matching) -> list[Fault]:
    """Return the questions of a table that are not on stray rows, of one kind as one."""
    faults = [*_on_townships(matching), *_on_the_code_column(matching)]
    faults.extend(o.fault for o in matching.outcomes if o.state == "open" and o.fault is not None)
    return faults


def stray_faults(matching: Matching) -> list[Fault]:
    """Return an error for each row without a village, with likely villages of its township."""
    strays = [outcome for outcome in matching.outcomes if outcome.state == "stray"]
    taken = {p for o in matching.outcomes for p in (o.position, *o.awaited) if p is not None}
    free = [position for position in range(len(matching.register)) if position not in taken]
    ranked = rank_candidates(
        matching.register, [Stray(stray.forms, stray.towns) for stray in strays], free
    )
    faults = []
    for stray, candidates in zip(strays, ranked, strict=True):
        positions = [candidate.position for candidate in candidates]
        proposed = matching.proposals(stray.record, positions).fault
        register = matching.register
        scores = tuple((register.reference(c.position), c.score) for c in candidates)
        fault = error(
            "intake.row_without_village", matching.table.where(stray.record), candidates=scores
        )
        faults.append(fault.proposing(*(proposed.fixes if proposed is not None else ())))
    return faults


def _on_townships(matching: Matching) -> list[Fault]:
    """Ask once for each township the map does not know by that name."""
    waiting: dict[str, list[Outcome]] = {}
    for outcome in matching.outcomes:
        if outcome.state == "open" and outcome.reason == "township":
            waiting.setdefault(_stated(matching, outcome.record), []).append(outcome)
    faults: list[Fault] = []
    register, table = matching.register, matching.table
    for stated, outcomes in waiting.items():
        villages = [str(table.cell(o.record, "name")) for o in outcomes]
        towns = register.sought(stated).towns or likely_townships(register, stated, villages)
        if not towns:
            for outcome in outcomes:
                outcome.state = "stray"
            continue
        for outcome in outcomes:
            _await(matching, outcome, towns)
        header = FIELDS["township"].zh
        if table.cell(outcomes[0].record, "township") is not None:
            header = table.columns["township"].header
        names = [register.towns[town].name for town in towns]
        fixes = [
            ValueDecision(
                file=table.raw.file,
                sheet=table.raw.sheet,
                header=header,
                found=stated,
                value=name,
            )
            for name in names
        ]
        known = Listing(names)
        place = Where(file=table.raw.file, sheet=table.raw.sheet, field=header, township=stated)
        count = len(outcomes)
        fault = error("names.township_differs", place, stated=stated, known=known, count=count)
        faults.append(fault.proposing(*fixes))
    return faults


def _stated(matching: Matching, record: int) -> str:
    return str(matching.table.cell(record, "township") or matching.table.raw.sheet)


def _await(matching: Matching, outcome: Outcome, towns: Towns) -> None:
    name = matching.table.cell(outcome.record, "name")
    found = matching.register.named(name, towns)
    outcome.awaited = tuple(found or matching.register.formed(outcome.forms, towns, loosely=True))


@dataclass(frozen=True)
class _ByName:
    """The rows of a table as they would match without the column of codes."""

    settled: dict[int, int]
    safe: bool


def _on_the_code_column(matching: Matching) -> list[Fault]:
    """Ask once whether to leave the codes aside, if many are damaged and names will do."""
    unusable = [o for o in matching.outcomes if o.state == "open" and o.reason in _REASONS]
    crossed = [o for o in matching.outcomes if o.reason == "crossed"]
    if len(crossed) * 2 >= len(matching.outcomes):
        # Not a few codes given to other villages, but a column that has slipped.
        unusable = [*unusable, *crossed]
    table = matching.table
    if len(unusable) < _MANY:
        return []
    known = _without_codes(matching)
    helped = [outcome for outcome in unusable if outcome.record in known.settled]
    if not known.safe or len(helped) * 2 < len(unusable):
        return []
    for outcome in unusable:
        outcome.fault = None
        position = known.settled.get(outcome.record)
        outcome.awaited = outcome.awaited if position is None else (position,)
    header = table.columns["code"].header
    examples = Listing(str(table.found(o.record).code) for o in unusable[:_SHOWN])
    place = Where(file=table.raw.file, sheet=table.raw.sheet, field=header)
    fix = HeaderDecision(file=table.raw.file, sheet=table.raw.sheet, header=header, field="")
    fault = error(
        "names.codes_unusable",
        place,
        count=len(unusable),
        total=len(table),
        helped=len(helped),
        examples=examples,
    )
    return [fault.proposing(fix)]


def _without_codes(matching: Matching) -> _ByName:
    if "name" not in matching.table.columns:
        return _ByName({}, safe=False)
    # What decisions do was noted already.
    probe = Matching(matching.register, matching.table.without("code"), Replay()).run()
    settled = {o.record: o.position for o in probe.outcomes if o.position is not None}
    safe = all(
        settled.get(outcome.record) == outcome.position
        for outcome in matching.outcomes
        if outcome.how in ("code", "name", "form")
    )
    return _ByName(settled, safe)


def code_disagreements(matching: Matching) -> list[Fault]:
    """Return a question for each township whose name and code mean two townships of the map."""
    table = matching.table
    counted: dict[tuple[str | None, str | None], int] = {}
    for outcome in matching.outcomes:
        key = (table.cell(outcome.record, "township"), table.cell(outcome.record, "township_code"))
        stated = matching.townships.get(key)
        if stated is not None and stated.problem == "disagrees" and outcome.how == "code":
            counted[key] = counted.get(key, 0) + 1
    faults = []
    for (name, code), count in counted.items():
        place = Where(file=table.raw.file, sheet=table.raw.sheet, township=name)
        fault = warning("names.township_code_differs", place, code=code, count=count)
        faults.append(fault.proposing(accepting(fault)))
    return faults
