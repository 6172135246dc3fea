"""Explainer: cards for the villages, boundaries and rules of one plan."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from liancun_geo.plan import UNASSIGNED
from liancun_geo.points import (
    PER_VILLAGE,
    alliance_lines,
    counting,
    lead_points,
    left_out_points,
    member_points,
    points_of_difference,
)
from liancun_geo.scenario import NamedAlliance, Scenario
from liancun_geo.solve.wishes import Answer, Wishes
from liancun_geo.why.cards import BoundaryCard, Card, LeadCard, MemberCard, RuleCost, UnplacedCard
from liancun_geo.why.facts import Challenger, Move, Outcome, Proof
from liancun_geo.why.moves import change_of_move, move_obstacles
from liancun_geo.why.place import place_of, swapped_leads
from liancun_geo.why.scores import gates_of, score_lines, score_rank
from liancun_geo.why.standing import possible_first
from liancun_geo.why.ways import ways_in
from liancun_geo.why.zone_answers import ZoneAnswers

WITHIN = 0.01
MOST_PLANS = 1_000
SECONDS = 10.0
CHALLENGED = 3
"""Other leads for whom the best plan is looked for: each takes some hundredths of a second."""


class Explainer(ZoneAnswers):
    """Answers why, from computed facts; every zone is listed and solved once, when first asked.

    Where rules look at all zones together (a number of alliances, a budget), a zone is solved
    with all others as the plan at hand has them.

    Parameters
    ----------
    scenario
        The plan to explain, planned or taken over.
    locked
        Positions of villages that keep their lead: they cannot move, and no re-solve moves them.
    within, most_plans
        How near to the best cost, and how many, the near-optimal plans are.
    seconds
        For solving a zone, and for each question.

    Raises
    ------
    ProblemError
        If the locks contradict the rules of the problem.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        locked: Iterable[int] = (),
        within: float = WITHIN,
        most_plans: int = MOST_PLANS,
        seconds: float = SECONDS,
    ) -> None:
        super().__init__(scenario, locked, within, most_plans, seconds)
        self._counts = counting(scenario.problem, scenario.plan.lead_of)

    def card(self, village: int) -> Card:
        """Return the card of a village: as a lead, as a member, or as left out."""
        lead = int(self.ground.lead_of[self._known(village)])
        if lead == UNASSIGNED:
            return self.unplaced_card(village)
        return self.lead_card(village) if lead == village else self.member_card(village)

    def lead_card(self, village: int, *, every: bool = False) -> LeadCard:
        """Return why a village leads: scores, gates, and what every other lead would cost.

        Parameters
        ----------
        village
            Position of a lead.
        every
            Look for the best plan under every other lead that the gates let through, and not
            only under the first :data:`CHALLENGED`.

        Raises
        ------
        ValueError
            If it does not lead.
        """
        alliance = self.ground.alliance_of(self._known(village))
        if alliance is None or alliance.lead != village:
            raise ValueError(f"village {village} leads no alliance")
        scenario = self.scenario
        swapped = swapped_leads(self.ground, alliance)
        challengers = [
            self._challenged(one) if every or at < CHALLENGED else one
            for at, one in enumerate(swapped)
        ]
        able = [c for c in challengers if c.change is not None]
        rank, among = score_rank(self.ground, village)
        lines = alliance_lines(scenario.problem, alliance.villages)
        return LeadCard(
            profile=self.ground.profile(village),
            alliance=self.ground.told(alliance),
            score=float(scenario.leads.score[village]),
            score_rank=rank,
            score_of=among,
            points=lead_points(scenario, village),
            whole_points=tuple((line.name, line.points) for line in lines),
            lines=score_lines(self.ground, village),
            gates=gates_of(self.ground, village),
            challengers=tuple(challengers),
            runner_up=able[0] if able else None,
            stability=self._stability(village),
            proof=self._proof(village),
            weights=self._weights(village),
        )

    def member_card(self, village: int) -> MemberCard:
        """Return why a village is in its alliance and not in a neighbouring one.

        Raises
        ------
        ValueError
            If it leads, or is in no alliance.
        """
        ground, scenario = self.ground, self.scenario
        alliance = ground.alliance_of(self._known(village))
        if alliance is None or alliance.lead == village:
            raise ValueError(f"village {village} is no member of an alliance")
        place = place_of(ground, village, alliance)
        lines = alliance_lines(scenario.problem, alliance.villages)
        return MemberCard(
            profile=ground.profile(village),
            alliance=ground.told(alliance),
            points=place.points,
            whole_points=tuple((line.name, line.points) for line in lines),
            borders=ground.borders(village, alliance.villages),
            distance_km=place.distance_km,
            distance_rank=place.distance_rank,
            travel_min=place.travel_min,
            common=place.common,
            feeding=place.feeding,
            lead_income_wan_yuan=place.lead_income_wan_yuan,
            income_wan_yuan=place.income_wan_yuan,
            lead_score=place.lead_score,
            score=place.score,
            sizes=(scenario.problem.min_size, scenario.problem.max_size),
            lead_gates=gates_of(ground, alliance.lead),
            moves=self._moves(village),
            stability=self._stability(village),
            proof=self._proof(village),
            weights=self._weights(village),
        )

    def boundary(self, a: int, b: int) -> BoundaryCard:
        """Return what it costs to bring two villages together, or apart, and to move either.

        Raises
        ------
        ValueError
            If the two are one.
        """
        if self._known(a) == self._known(b):
            raise ValueError(f"village {a} is asked about with itself")
        ground = self.ground
        homes = (ground.alliance_of(a), ground.alliance_of(b))
        shared = homes[0] is not None and homes[0] == homes[1]
        border = ground.borders(a, [b])
        moves = () if shared else (self._across(a, homes[1]), self._across(b, homes[0]))
        outcome = self._pair(a, b, together=not shared)
        return BoundaryCard(
            first=ground.profile(a),
            second=ground.profile(b),
            alliances=(
                None if homes[0] is None else ground.told(homes[0]),
                None if homes[1] is None else ground.told(homes[1]),
            ),
            shared_border_m=border[0].shared_border_m if border else None,
            adjacent=b in ground.neighbours(a),
            together=None if shared else outcome,
            apart=outcome if shared else None,
            moves=tuple(move for move in moves if move is not None),
            proof=self._proof(a),
        )

    def unplaced_card(self, village: int) -> UnplacedCard:
        """Return why a village has no alliance, and the cheapest way in.

        Raises
        ------
        ValueError
            If it is in an alliance.
        """
        self._known(village)
        found = [u for u in self.scenario.unassigned if u.position == village]
        if not found:
            raise ValueError(f"village {village} is in an alliance")
        wishes = self.wishes(self._zone(village))
        own = wishes.local(village)
        can_be_placed = own >= 0 and bool(wishes.best.placeable[own])
        rules, ways = ((), ()) if can_be_placed else ways_in(self, village)
        return UnplacedCard(
            profile=self.ground.profile(village),
            reason=found[0].reason,
            points=left_out_points(self.scenario.problem, village),
            rules=rules,
            ways=ways,
            placed=self.outcome(wishes.placed(village), village) if can_be_placed else None,
            moves=self._moves(village) if can_be_placed else (),
            stability=self._stability(village) if can_be_placed else None,
            proof=self._proof(village),
            weights=self._weights(village) if can_be_placed else None,
        )

    def rule_costs(self, *, seconds: float = 5.0) -> tuple[RuleCost, ...]:
        """Return what each rule and each manual override costs, dearest first.

        Parameters
        ----------
        seconds
            For solving one zone without one rule.
        """
        from liancun_geo.why.rule_costs import rule_costs

        return rule_costs(self, seconds=seconds)

    def outcome(self, answer: Answer, village: int | None = None) -> Outcome:
        """Return a re-solved plan as a change of the plan at hand.

        Parameters
        ----------
        answer
            Of :meth:`wishes` of the village's zone; without a plan the zone is not needed.
        village
            Whose alliance in that plan to name.
        """
        if answer.lead_of is None or village is None:
            return Outcome(answer.status)
        wishes = self.wishes(self._zone(village))
        before = wishes.cost_of(self.ground.lead_of)
        villages = wishes.zone.villages
        after = self.ground.lead_of.copy()
        after[villages] = answer.lead_of
        counts = counting(self.scenario.problem, after)[villages]
        more = PER_VILLAGE * (int(counts.sum()) - int(self._counts[villages].sum()))
        known = math.isfinite(before)
        change = points_of_difference(answer.objective - before) + more if known else None
        most = points_of_difference(answer.bound - before) + more if known else None
        proven = answer.status == "optimal" == wishes.best.status
        moved = villages[answer.lead_of != self.ground.lead_of[villages]]
        lead = int(after[village])
        inside = [] if lead == UNASSIGNED else np.flatnonzero(after == lead).tolist()
        return Outcome(
            status=answer.status,
            change=change,
            most=most if most is not None and math.isfinite(most) else None,
            price=points_of_difference(answer.objective - wishes.best.objective)
            if proven
            else None,
            moved=self.ground.names(moved.tolist()),
            alliance=self.ground.names([lead, *(v for v in inside if v != lead)] if inside else []),
        )

    def _known(self, village: int) -> int:
        if not 0 <= village < self.scenario.problem.n:
            raise ValueError(f"village must be 0 .. {self.scenario.problem.n - 1}, got {village}")
        return village

    def _moves(self, village: int) -> tuple[Move, ...]:
        """Return the neighbouring alliances: those open to it first, the best change first."""
        moves = [self._move(village, a) for a in self.ground.neighbouring_alliances(village)]
        return tuple(sorted(moves, key=possible_first))

    def _across(self, village: int, target: NamedAlliance | None) -> Move | None:
        return None if target is None else self._move(village, target)

    def _move(self, village: int, target: NamedAlliance) -> Move:
        ground, problem = self.ground, self.scenario.problem
        obstacles = move_obstacles(ground, village, target)
        change = None if obstacles else change_of_move(ground, village, target)
        wishes = self.wishes(self._zone(village))
        asked = wishes.local(village) >= 0 and wishes.local(target.lead) >= 0
        best = Outcome("infeasible")
        if asked:
            known = self._cost_after(wishes, change)
            best = self.outcome(wishes.led_by(village, target.lead, known=known), village)
        same_zone = problem.zone_of[village] == problem.zone_of[target.lead]
        return Move(
            village=ground.name(village),
            alliance=ground.told(target),
            borders=ground.borders(village, target.villages),
            distance_km=ground.distance_km(village, target.lead) if same_zone else None,
            travel_min=ground.travel_min(village, target.lead),
            points=member_points(self.scenario, village, target.lead),
            obstacles=obstacles,
            change=change,
            best=best,
        )

    def _challenged(self, one: Challenger) -> Challenger:
        """Return another lead with the best plan in which it leads."""
        village = one.village.position
        wishes = self.wishes(self._zone(village))
        if one.best is not None:
            return one
        if wishes.local(village) < 0:
            return replace(one, best=Outcome("infeasible"))
        known = self._cost_after(wishes, one.change)
        best = self.outcome(wishes.led_by(village, village, known=known), village)
        return replace(one, best=best)

    def _cost_after(self, wishes: Wishes, change: float | None) -> float:
        """Return what the zone costs after a change of the plan at hand that is possible."""
        if change is None:
            return math.inf
        return wishes.cost_of(self.ground.lead_of) - change / PER_VILLAGE

    def _pair(self, a: int, b: int, *, together: bool) -> Outcome:
        if self._zone(a) != self._zone(b):
            return Outcome("infeasible")
        wishes = self.wishes(self._zone(a))
        if wishes.local(a) < 0 or wishes.local(b) < 0:
            return Outcome("infeasible")
        answer = wishes.together(a, b) if together else wishes.apart(a, b)
        return self.outcome(answer, a)

    def _proof(self, village: int) -> Proof:
        """Return how good the plan at hand is in the village's zone."""
        wishes = self.wishes(self._zone(village))
        best, before = wishes.best, wishes.cost_of(self.ground.lead_of)
        if not math.isfinite(before):
            return Proof(best.status, None, None)
        villages = wishes.zone.villages
        points = PER_VILLAGE * int(self._counts[villages].sum()) - PER_VILLAGE * before
        told = self.outcome(wishes.as_it_is(), int(villages[0])) if len(villages) else None
        more = None if told is None or told.most is None else max(0.0, told.most)
        return Proof(best.status, points, more)
