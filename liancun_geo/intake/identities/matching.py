"""Which village a row of the ledger means: by code, by name, by form - or a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from liancun_geo.decision_kinds import short_code
from liancun_geo.decisions import DropRowDecision, MatchDecision, Replay, accepting
from liancun_geo.errors import Fault, error, warning
from liancun_geo.intake.identities.candidates import likeness
from liancun_geo.intake.identities.codes import likely_by_code
from liancun_geo.intake.identities.identity import key_of
from liancun_geo.intake.identities.names import Form, remark_of, same_village, village_forms
from liancun_geo.intake.identities.read_table import ReadTable, wide_values
from liancun_geo.intake.identities.register import Register, Towns
from liancun_geo.messages import Listing
from liancun_geo.villages import FIELDS

How = Literal["code", "name", "form", "decision"]
State = Literal["matched", "open", "stray", "dropped"]

_MOST_PROPOSED: Final = 5
_SLIP_OF_PEN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Stated:
    """The township a row states, and what is unclear about it."""

    towns: Towns = ()
    problem: Literal["", "unsure", "unknown", "disagrees"] = ""
    by_form: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of a row.

    ``open``: a person has to answer ``fault``; ``awaited`` are the villages it may be.
    ``reason`` says why a code was no help.
    """

    record: int
    state: State
    position: int | None = None
    how: How | None = None
    fault: Fault | None = None
    awaited: tuple[int, ...] = ()
    reason: str = ""
    towns: Towns = ()
    forms: tuple[Form, ...] = ()


@dataclass
class Matching:
    """The rows of one table, each with its village or its question.

    Parameters
    ----------
    register
        Villages of the map.
    table
        Table of the ledger.
    replay
        ``match`` and ``drop_row`` decisions.
    """

    register: Register
    table: ReadTable
    replay: Replay
    faults: list[Fault] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    townships: dict[tuple[str | None, str | None], Stated] = field(default_factory=dict)
    spelt: list[tuple[str, str]] = field(default_factory=list)

    def run(self) -> Matching:
        """Find the village of every row."""
        self.outcomes = [self._outcome(record) for record in range(len(self.table))]
        self._settle_forms()
        return self

    def proposals(self, record: int, positions: Sequence[int], *, drop: bool = True) -> Outcome:
        """Return an open row: it may be one of these villages, or be of no use."""
        identity = self.table.identity(record)
        fixes: list[MatchDecision | DropRowDecision] = [
            MatchDecision(
                **identity,
                village=self.register.reference(position),
                note=self.register.label(position),
            )
            for position in positions[:_MOST_PROPOSED]
        ]
        if drop:
            fixes.append(DropRowDecision(**identity))
        fault = Fault("", self.table.where(record), fixes=tuple(fixes))
        return Outcome(record, "open", fault=fault, awaited=tuple(positions))

    def _outcome(self, record: int) -> Outcome:
        table, register = self.table, self.register
        found = table.found(record)
        if self.replay.of_row(DropRowDecision, found) is not None:
            return Outcome(record, "dropped")
        decision = self.replay.of_row(MatchDecision, found)
        if decision is not None:
            position = register.referred(short_code(decision.village))
            if position is not None:
                return Outcome(record, "matched", position, "decision")
            where = table.where(record)
            self.faults.append(
                warning("names.decided_village_missing", where, village=decision.village)
            )
        name, code = table.cell(record, "name"), table.cell(record, "code")
        stated = self._stated(record)
        towns = stated.towns
        if not towns and not stated.problem and name is not None:
            towns = register.town_before(name)
        outcome = self._by_code(record, code, name, stated, towns)
        if outcome is None:
            outcome = self._by_name(record, name, stated, towns)
        outcome.towns = towns
        outcome.forms = self._forms(record, name, towns)
        return outcome

    def _forms(self, record: int, name: str | None, towns: Towns) -> tuple[Form, ...]:
        if name is None:
            return ()
        own = self.table.cell(record, "township")
        known = [] if own is None else [own]
        known.extend(self.register.towns[town].name for town in towns)
        return village_forms(name, tuple(dict.fromkeys(known)))

    # Townships

    def _stated(self, record: int) -> Stated:
        key = (self.table.cell(record, "township"), self.table.cell(record, "township_code"))
        if key not in self.townships:
            self.townships[key] = self._township(*key)
        return self.townships[key]

    def _township(self, name: str | None, code: str | None) -> Stated:
        register = self.register
        by_code = () if code is None else register.town_numbers(code)
        if name is not None and not register.has_township_names:
            # The map knows townships by their code; a name says nothing unless it is one.
            by_code, name = by_code or register.town_numbers(name), None
        if name is None:
            lost = code is not None and register.has_township_codes and not by_code
            return Stated((), "unknown") if lost else Stated(by_code) if by_code else self._sheet()
        sought = register.sought(name)
        if sought.how in ("unsure", "unknown"):
            if by_code:
                return Stated(by_code)
            return Stated((), "unsure" if sought.how == "unsure" else "unknown")
        if by_code:
            both = tuple(town for town in sought.towns if town in by_code)
            if not both:
                return Stated((*sought.towns, *by_code), "disagrees")
            return Stated(both, by_form=sought.how == "form")
        return Stated(sought.towns, by_form=sought.how == "form")

    def _sheet(self) -> Stated:
        """One sheet a township, named after it, is usual."""
        sheet = self.table.raw.sheet
        if sheet is None or not self.register.has_township_names:
            return Stated()
        raw = self.table.raw
        decided = wide_values(self.replay, raw.file, sheet, FIELDS["township"].zh).get(sheet)
        if decided is not None:
            self.replay.use(decided)
        sought = self.register.sought(sheet if decided is None else decided.value)
        if sought.how == "unsure":
            return Stated((), "unsure")
        return Stated(() if sought.how == "unknown" else sought.towns, by_form=sought.how == "form")

    # Codes

    def _by_code(
        self, record: int, code: str | None, name: str | None, stated: Stated, towns: Towns
    ) -> Outcome | None:
        """Return what the code of a row says, None if it has none."""
        register = self.register
        if code is None:
            if self.table.is_blank(record, "code"):
                return None
            return self._no_help(record, name, stated, towns, "damaged")
        if not register.by_code:
            return None
        position = register.by_code.get(code)
        if position is not None:
            return self._named_otherwise(record, position, name, stated, towns)
        if register.lengths and len(code) not in register.lengths:
            return self._no_help(record, name, stated, towns, "length")
        return self._no_help(record, name, stated, towns, "unknown")

    def _named_otherwise(
        self, record: int, position: int, name: str | None, stated: Stated, towns: Towns
    ) -> Outcome:
        """Return a match by code, or a question if the name says something else."""
        register = self.register
        matched = Outcome(record, "matched", position, "code")
        own = register.names[position]
        same_town = not towns or register.town_of[position] in towns
        # A name with damaged characters says nothing against the row.
        if name is None or own is None or "\ufffd" in own:
            return matched
        here = towns or (register.town_of[position],)
        forms = self._forms(record, name, (*here, register.town_of[position]))
        alike = key_of(own) == key_of(name) or same_village(
            register.forms[position], forms, loosely=True
        )
        if alike and same_town:
            return matched
        others = [p for p in self._likely(name, forms, here) if p != position]
        if others:
            # A code that was given to another village since, or slipped by a line.
            outcome = self.proposals(record, [*others, position])
            outcome.reason = "crossed"
            return self._asked(outcome, "names.code_of_other_village", code=self._code(record),
                               village=own, others=register.shown(others))  # fmt: skip
        if alike:
            outcome = self.proposals(record, [position])
            key = "names.township_against_code"
            return self._doubted(outcome, position, key, village=register.shown([position]))
        score = float(likeness(forms[:1], register.forms[position][:1])[0, 0])
        if score >= _SLIP_OF_PEN:
            self.spelt.append((name, own))
            return matched
        outcome = self.proposals(record, [position])
        return self._doubted(outcome, position, "names.name_against_code", village=own)

    def _no_help(
        self, record: int, name: str | None, stated: Stated, towns: Towns, reason: str
    ) -> Outcome:
        """Return a question on a row whose code leads nowhere: its name may."""
        register = self.register
        forms = self._forms(record, name, towns)
        likely = [] if name is None or stated.problem else self._likely(name, forms, towns)
        found = self._code(record)
        by_code = likely_by_code(found, register.by_code) if register.by_code else []
        # What code and name agree on comes first.
        ranked = list(dict.fromkeys([*(p for p in likely if p in by_code), *likely, *by_code]))
        if reason == "unknown" and len(likely) == 1 and register.codes[likely[0]] is None:
            return Outcome(record, "matched", likely[0], "name")
        if reason == "unknown" and not ranked:
            return Outcome(record, "stray", reason=reason)
        outcome = self.proposals(record, ranked)
        outcome.reason = reason
        if outcome.fault is not None:
            cell = self.table.raw.where(record, self.table.columns["code"].header)
            place = replace(outcome.fault.where, field=cell.field, cell=cell.cell)
            outcome.fault = replace(outcome.fault, where=place)
        if reason == "damaged":
            return self._asked(outcome, "intake.code_damaged", value=found)
        if reason == "unknown":
            return self._asked(outcome, "names.code_unknown", code=found,
                               villages=register.shown(ranked))  # fmt: skip
        if register.town_numbers(found):
            return self._asked(outcome, "names.code_of_township", code=found)
        expected = Listing(str(length) for length in sorted(register.lengths))
        return self._asked(outcome, "intake.code_length", length=str(len(found)), expected=expected)

    # Names

    def _by_name(self, record: int, name: str | None, stated: Stated, towns: Towns) -> Outcome:
        register = self.register
        if name is None:
            fault = error("intake.row_without_key", self.table.where(record))
            drop = DropRowDecision(**self.table.identity(record))
            return Outcome(record, "open", fault=fault.proposing(drop))
        if stated.problem in ("unsure", "unknown"):
            return Outcome(record, "open", reason="township")
        exact = register.named(name, towns)
        forms = self._forms(record, name, towns)
        found = exact or register.formed(forms, towns, loosely=True)
        if stated.problem == "disagrees" and found:
            return self._asked(self.proposals(record, found), "names.township_disagrees",
                               villages=register.shown(found))  # fmt: skip
        if not found:
            return Outcome(record, "stray")
        if len(found) > 1:
            return self._asked(self.proposals(record, found), "intake.row_ambiguous",
                               count=len(found), villages=register.shown(found))  # fmt: skip
        if exact:
            return Outcome(record, "matched", found[0], "name")
        return Outcome(record, "matched", found[0], "form")

    def _likely(self, name: str, forms: tuple[Form, ...], towns: Towns) -> list[int]:
        """Return the villages of this name, else those it may be another form of."""
        exact = self.register.named(name, towns)
        return exact or self.register.formed(forms, towns, loosely=True)

    def _settle_forms(self) -> None:
        """Ask about names that fit a village by form alone, unless it can be no other pair."""
        claims: Counter[int] = Counter()
        for outcome in self.outcomes:
            if outcome.state == "matched" and outcome.position is not None:
                claims[outcome.position] += 1
        for number, outcome in enumerate(self.outcomes):
            position = outcome.position
            if outcome.how != "form" or position is None:
                continue
            name = str(self.table.cell(outcome.record, "name"))
            village = self.register.forms[position]
            remarks = {remark_of(name), remark_of(self.register.names[position] or "")} - {""}
            placed = bool(outcome.towns) or len(self.register.towns) == 1
            sure = same_village(village, outcome.forms) and len(remarks) < 2 and placed
            if sure and claims[position] == 1:
                continue
            asked = self.proposals(outcome.record, [position])
            asked.towns, asked.forms = outcome.towns, outcome.forms
            key = "names.rows_claim_one_village" if sure else "names.perhaps_same"
            shown = self.register.shown([position])
            self.outcomes[number] = self._asked(asked, key, village=shown)

    # Questions

    def _code(self, record: int) -> str:
        """Return the code of a row as it stands, however damaged."""
        code = self.table.cell(record, "code")
        return str(code) if code is not None else str(self.table.found(record).code)

    @staticmethod
    def _asked(outcome: Outcome, key: str, **params: object) -> Outcome:
        """Say what the question is."""
        if outcome.fault is not None:
            asked = error(key, outcome.fault.where, **params)
            outcome.fault = asked.proposing(*outcome.fault.fixes)
        return outcome

    def _doubted(self, outcome: Outcome, position: int, key: str, **params: object) -> Outcome:
        """Match by code, and ask whether that is right."""
        if outcome.fault is not None:
            doubt = warning(key, outcome.fault.where, **params)
            self.faults.append(doubt.proposing(*outcome.fault.fixes, accepting(doubt)))
        return Outcome(outcome.record, "matched", position, "code")


def notices_of(matching: Matching) -> list[Fault]:
    """Return what was done without asking: names and townships matched by form."""
    register, table = matching.register, matching.table
    faults: list[Fault] = []
    pairs = [
        (str(table.cell(o.record, "name")), str(register.names[o.position]))
        for o in matching.outcomes
        if o.how == "form" and o.state == "matched" and o.position is not None
    ]
    towns = [
        (name, register.towns[stated.towns[0]].name)
        for (name, _), stated in matching.townships.items()
        if stated.by_form and name is not None
    ]
    for key, found in (
        ("names.matched_by_form", pairs),
        ("names.townships_by_form", towns),
        ("names.spelt_differently", matching.spelt),
    ):
        if found:
            listed = Listing(f"{one} = {other}" for one, other in found[:_MOST_PROPOSED])
            place = table.raw.where()
            faults.append(Fault(key, place, "warning", {"count": len(found), "pairs": listed}))
    return faults
