"""What villages said, worked into a plan: agreements hold, objections are met, little changes.

Villages that agree keep their lead. An objection asks for another lead, or at least not for the
present one. All of a zone is first tried together; where that has no plan, objections are taken
up one after the other as far as a plan is left, agreements first, and each of the others is told
with what stands in its way. Among the plans that are left, those with the fewest changes count,
and of these the best.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liancun_geo.editing import kinds
from liancun_geo.editing.answers import Answer, Objection, Outcome
from liancun_geo.editing.base import Base
from liancun_geo.editing.judging import Judged
from liancun_geo.editing.kinds import EditError
from liancun_geo.editing.options import preview_of
from liancun_geo.editing.reasons import short_text
from liancun_geo.editing.solving import coded
from liancun_geo.editing.state import Pair, State
from liancun_geo.errors import Fault, ProblemError, error, warning
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.reasons import Names
from liancun_geo.solve import resolve
from liancun_geo.villages import village_where
from liancun_geo.why.facts import Obstacle


@dataclass(frozen=True, eq=False)
class Heard:
    """What came of a consultation.

    Attributes
    ----------
    edit
        One step for the log, with every answer and its outcome.
    conflicts
        What could not be met, and why: a sentence each.
    """

    edit: kinds.Consulted
    conflicts: tuple[Fault, ...]


@dataclass(frozen=True)
class _Item:
    """What one answer asks of the plan, beside that a village that agrees stays."""

    village: int
    wish: int | None = None
    together: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    relieved: bool = False

    def clashes(self, together: set[Pair], apart: set[Pair]) -> set[Pair]:
        """Return its pairs that are agreed the other way round."""
        return {*self.together} & apart | {*self.apart} & together


@dataclass
class _Found:
    """What a try came to: the leads, or why there are none."""

    lead_of: NDArray[np.intp] | None = None
    unknown: bool = False


@dataclass
class _Taken:
    items: list[_Item] = field(default_factory=list)
    conflicts: dict[int, Fault] = field(default_factory=dict)


def heard(
    base: Base,
    state: State,
    judged: Judged,
    answers: Sequence[Answer],
    seconds: float,
    cancel: threading.Event | None = None,
) -> Heard:
    """Work the answers of villages into a plan.

    Parameters
    ----------
    base, state, judged
        The plan they were asked about.
    answers
        One a village.
    seconds
        For one solve; there are two a zone, and more where objections conflict.
    cancel
        Set to stop early.

    Raises
    ------
    EditError
        If there is no answer, two of one village, or a village that the county does not have.
    """
    if not answers:
        raise EditError([error("consultation.no_answers")])
    named = [c for a in answers for c in (a.village, *a.refused, *([a.wish] if a.wish else ()))]
    base.positions(named)
    said = Counter(answer.village for answer in answers)
    twice = sorted(village for village, times in said.items() if times > 1)
    if twice:
        places = (
            village_where(base.scenario.villages.frame, base.position[code]) for code in twice
        )
        raise EditError(error("consultation.twice_here", place) for place in places)
    return _Hearing(base, state, judged, answers, seconds, cancel).heard()


class _Hearing:
    def __init__(
        self,
        base: Base,
        state: State,
        judged: Judged,
        answers: Sequence[Answer],
        seconds: float,
        cancel: threading.Event | None,
    ) -> None:
        self.base, self.state, self.judged = base, state, judged
        self.seconds, self.cancel = seconds, cancel
        self.answers = {base.position[a.village]: a for a in answers}
        self.agreed = {v for v, a in self.answers.items() if a.answer == "agree"}
        self.problem = base.judge(state).problem
        self.lead_of = state.lead_of.copy()

    def heard(self) -> Heard:
        """Work zone by zone, then put the outcomes together."""
        taken = _Taken()
        by_zone: dict[int, list[_Item]] = {}
        for village in sorted(self.answers):
            item, conflict = self._item(village)
            if conflict is not None:
                taken.conflicts[village] = conflict
            elif item is not None:
                by_zone.setdefault(self.base.zone_of[village], []).append(item)
        for zone in sorted(by_zone):
            self._zone(zone, by_zone[zone], taken)
        return Heard(self._edit(taken), tuple(taken.conflicts[v] for v in sorted(taken.conflicts)))

    # --- what an answer asks for -------------------------------------------------------------

    def _item(self, village: int) -> tuple[_Item | None, Fault | None]:
        """Return what an answer asks of the plan, or why that cannot even be asked."""
        answer, lead = self.answers[village], int(self.state.lead_of[village])
        refused = tuple(_pair(village, self.base.position[c]) for c in answer.refused)
        if answer.answer != "disagree":
            return (_Item(village, apart=refused) if refused else None), None
        if village in self.state.locked:
            return None, self._fault("locked", village)
        apart = () if lead in (village, UNASSIGNED) else (_pair(village, lead),)
        if not answer.wish:
            if lead == UNASSIGNED and not refused:
                return None, self._fault("unplaced", village)
            return _Item(village, apart=(*apart, *refused), relieved=lead == village), None
        wish = self.base.position[answer.wish]
        if self.base.zone_of[wish] != self.base.zone_of[village]:
            return None, self._fault("zone", village, other=self._names([wish]))
        together = () if wish == village else (_pair(village, wish),)
        if {*together} & {*apart}:
            return None, self._fault("same_lead", village, other=self._names([wish]))
        return _Item(village, wish, together, (*apart, *refused)), None

    # --- one zone ----------------------------------------------------------------------------

    def _zone(self, zone: int, items: list[_Item], taken: _Taken) -> None:
        """Take up the items of a zone as far as they go together."""
        free = [item for item in items if not self._clash(item, taken)]
        found = self._tried(zone, free)
        if found.lead_of is not None:
            self.lead_of = found.lead_of
            taken.items += free
            return
        if self._tried(zone, []).lead_of is None:
            taken.conflicts |= {i.village: self._fault("zone_broken", i.village) for i in free}
            return
        kept: list[_Item] = []
        for item in free:
            trial = self._tried(zone, [*kept, item])
            if trial.lead_of is not None:
                kept.append(item)
            elif trial.unknown:
                taken.conflicts[item.village] = self._fault("time", item.village)
            else:
                taken.conflicts[item.village] = self._explained(zone, item, kept)
        last = self._tried(zone, kept)
        if last.lead_of is not None:
            self.lead_of = last.lead_of
            taken.items += kept

    def _clash(self, item: _Item, taken: _Taken) -> bool:
        """Tell an item whose pairs are agreed the other way round, by rules or by hand."""
        rules = self.problem.rules
        together = {_pair(a, b) for a, b in rules.must_together.tolist()}
        apart = {_pair(a, b) for a, b in rules.never_together.tolist()}
        found = item.clashes(together, apart)
        if found:
            others = sorted({v for pair in found for v in pair} - {item.village})
            fault = self._fault("pair", item.village, others=self._names(others))
            taken.conflicts[item.village] = fault
        return bool(found)

    def _tried(
        self, zone: int, items: Iterable[_Item], agreed: Iterable[int] | None = None
    ) -> _Found:
        """Return the plan with the fewest changes that holds all of some items."""
        items = list(items)
        problem = self._problem_with(items)
        if problem is None:
            return _Found()
        label = problem.zones[zone].label
        objecting = {item.village for item in items}
        held = self._held(self.agreed if agreed is None else agreed)
        held |= {v for v in self.state.left_out if v not in objecting}
        held |= {v for v, z in enumerate(self.base.zone_of) if z != zone}
        if not problem.rules.couples_zones:
            problem = replace(problem, zones=(problem.zones[zone],))
        moves: int | None = 0
        for _ in range(2):
            result = resolve(
                problem,
                self.lead_of,
                max_moves=moves,
                locked=held,
                zones=[label],
                time_limit=self.seconds,
                cancel=self.cancel,
            )
            record = next(one for one in result.zones if one.label == label)
            if np.isfinite(record.objective):
                here = np.flatnonzero(self.problem.zone_of == zone)
                lead_of = self.lead_of.copy()
                lead_of[here] = result.lead_of[here]
                return _Found() if self._loses(lead_of) else _Found(lead_of)
            if record.reason is None or record.reason.rule != "max_moves":
                return _Found(unknown=record.status == "unknown")
            moves = record.reason.value
        return _Found(unknown=True)

    def _loses(self, lead_of: NDArray[np.intp]) -> bool:
        """Say whether a village that must be placed is so no more: nothing could hold it."""
        lost = (lead_of == UNASSIGNED) & (self.lead_of != UNASSIGNED)
        return bool(np.isinf(self.problem.unassigned_cost[lost]).any())

    def _problem_with(self, items: list[_Item]) -> Any:
        """Return the problem in which some items are rules; None if they contradict each other."""
        rules = self.problem.rules
        asked, refused = _of(items, "together"), _of(items, "apart")
        together = [*(_pair(a, b) for a, b in rules.must_together.tolist()), *asked]
        apart = [*(_pair(a, b) for a, b in rules.never_together.tolist()), *refused]
        # What the rules contradict by themselves is not told here.
        if {*asked} & {*apart} or {*refused} & {*together}:
            return None
        wishes = {i.village: i.wish for i in items if i.wish is not None}
        fixed = {v: lead for v, lead in wishes.items() if v != lead}
        own = [v for v, lead in wishes.items() if v == lead]
        can_lead = self.problem.can_lead.copy()
        can_lead[[item.village for item in items if item.relieved]] = False
        try:
            return self.problem.changed(
                must_together=np.array(together, dtype=np.intp).reshape(-1, 2),
                never_together=np.array(apart, dtype=np.intp).reshape(-1, 2),
                fixed_lead={**rules.fixed_lead, **fixed},
                must_lead=[*rules.must_lead, *(v for v in own if v not in rules.must_lead)],
                can_lead=can_lead,
            )
        except ProblemError:
            return None

    def _held(self, agreed: Iterable[int]) -> set[int]:
        """Return who keeps its lead; an alliance that agrees as a whole stays open to others."""
        held = {*self.state.locked, *agreed}
        for lead in [v for v in sorted(held) if self.state.leads(v)]:
            villages = {*self.state.villages_of(lead)}
            if villages <= self.state.locked or not villages & held - {lead}:
                continue
            # Members that keep this lead keep it leading.
            held.discard(lead)
        return held

    def _explained(self, zone: int, item: _Item, kept: list[_Item]) -> Fault:
        """Say what an item cannot go together with: agreements, other objections, or rules."""
        if kept and self._tried(zone, [item]).lead_of is not None:
            said = [other.village for other in kept]
            return self._fault("objections", item.village, others=self._names(said))
        without = self._tried(zone, [item], self.agreed & {item.village})
        if without.lead_of is None:
            return self._fault("rules", item.village, reason=self._obstacles(item))
        moved = np.flatnonzero(without.lead_of != self.lead_of).tolist()
        others = [v for v in moved if v in self.agreed and v != item.village]
        return self._fault("agreed", item.village, others=self._names(others))

    def _obstacles(self, item: _Item) -> _Told:
        lead = UNASSIGNED if item.wish is None else int(self.state.lead_of[item.wish])
        if lead in (UNASSIGNED, int(self.state.lead_of[item.village])):
            return _Told(())
        codes = (self.base.codes[item.village],)
        edit = kinds.Move(villages=codes, to=self.base.codes[lead])
        return _Told(preview_of(self.base, self.state, self.judged, edit).obstacles)

    # --- the outcome -------------------------------------------------------------------------

    def _edit(self, taken: _Taken) -> kinds.Consulted:
        codes, before = self.base.codes, self.state.lead_of
        moved = np.flatnonzero(self.lead_of != before).tolist()
        stays = [v for v in sorted(self.agreed) if self.lead_of[v] == before[v]]
        known = {"together": {*self.state.together}, "apart": {*self.state.apart}}
        pairs = {
            name: sorted({*_of(taken.items, name)} - known[name]) for name in ("together", "apart")
        }
        coded_pairs = {
            name: tuple((codes[a], codes[b]) for a, b in found) for name, found in pairs.items()
        }
        return kinds.Consulted(
            lead_of=coded(self.base, self.lead_of, moved),
            lock=tuple(codes[v] for v in stays),
            together=coded_pairs["together"],
            apart=coded_pairs["apart"],
            answers=tuple(
                Objection(
                    a.village,
                    a.answer,
                    a.reason,
                    a.wish,
                    a.refused,
                    self._outcome(v, taken.conflicts),
                )
                for v, a in sorted(self.answers.items())
            ),
        )

    def _outcome(self, village: int, conflicts: Mapping[int, Fault]) -> Outcome:
        answer = self.answers[village]
        before, now = int(self.state.lead_of[village]), int(self.lead_of[village])
        if village in conflicts:
            return "conflict"
        if answer.answer == "agree":
            return "kept" if now == before else "changed"
        if answer.answer == "abstain" or now == before:
            return "noted"
        if now == UNASSIGNED:
            return "left_out"
        return "granted" if answer.wish and now == self.base.position[answer.wish] else "moved"

    def _fault(self, key: str, village: int, **params: Any) -> Fault:
        where = village_where(self.base.scenario.villages.frame, village)
        return warning(f"consultation.conflict_{key}", where, **params)

    def _names(self, villages: Iterable[int]) -> Names:
        return Names(villages, self.base.scenario.villages)


class _Told:
    """Obstacles in a few words each."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)

    def text(self, language: Language) -> str:
        """Return what is in the way, or that no plan holds it."""
        if not self.obstacles:
            return message("consultation.no_plan_holds", language)
        told = dict.fromkeys(short_text(one, language) for one in self.obstacles)
        return message("reason.separator", language).join(told)

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


def _pair(a: int, b: int) -> Pair:
    return (min(a, b), max(a, b))


def _of(items: Iterable[_Item], name: str) -> list[Pair]:
    return [pair for item in items for pair in getattr(item, name)]
