"""The zones of a plan, each listed, solved and varied once, when first asked."""

from __future__ import annotations

import os
from collections.abc import Iterable

from liancun_geo.scenario import Scenario
from liancun_geo.solve.near_optimal import NearPlans, near_plans
from liancun_geo.solve.wishes import Wishes
from liancun_geo.why.facts import Stability, WeightStanding
from liancun_geo.why.ground import Ground
from liancun_geo.why.stability import DRAWS, WeightStability, weight_stability
from liancun_geo.why.standing import stability_of, under_weights


class ZoneAnswers:
    """What is known of each zone of a plan; parameters as of the explainer above."""

    def __init__(
        self,
        scenario: Scenario,
        locked: Iterable[int],
        within: float,
        most_plans: int,
        seconds: float,
    ) -> None:
        self.scenario = scenario
        self.ground = Ground(scenario, locked)
        self.within, self.most_plans, self.seconds = within, most_plans, seconds
        self._wishes: dict[int, Wishes] = {}
        self._near: dict[int, NearPlans | None] = {}
        self._varied: dict[int, WeightStability] = {}

    def wishes(self, zone: int) -> Wishes:
        """Return a zone ready to be asked, by its number."""
        if zone not in self._wishes:
            problem = self.ground.problem
            coupled = problem.rules.couples_zones and len(problem.zones) > 1
            elsewhere = self.ground.lead_of if coupled else None
            self._wishes[zone] = Wishes(problem, zone, elsewhere=elsewhere, seconds=self.seconds)
        return self._wishes[zone]

    def near(self, zone: int) -> NearPlans | None:
        """Return the near-optimal plans of a zone; None if they cannot be listed."""
        if zone not in self._near:
            context = self.wishes(zone).context
            listed = context is not None and context.plan.status == "optimal"
            self._near[zone] = (
                near_plans(context, self.within, self.most_plans, time_limit=self.seconds)
                if context is not None and listed
                else None
            )
        return self._near[zone]

    def vary_weights(self, zone: int, *, draws: int = DRAWS, seed: int = 0) -> WeightStability:
        """Plan a zone anew under weights near those at hand; cards made afterwards tell of it.

        It takes seconds, so no card does it unasked. The zone is planned once, with the first
        ``draws`` and ``seed`` asked for.
        """
        if zone not in self._varied:
            self._varied[zone] = weight_stability(
                self.scenario,
                draws,
                seed,
                zones=[zone],
                problem=self.ground.problem,
                workers=os.cpu_count() or 1,
            )
        return self._varied[zone]

    def _zone(self, village: int) -> int:
        return int(self.ground.problem.zone_of[village])

    def _stability(self, village: int) -> Stability | None:
        zone = self._zone(village)
        near, own = self.near(zone), self.wishes(zone).local(village)
        return None if near is None or own < 0 else stability_of(self.ground, village, near, own)

    def _weights(self, village: int) -> WeightStanding | None:
        varied = self._varied.get(self._zone(village))
        shares = None if varied is None else varied.village(village)
        return None if shares is None else under_weights(self.ground, shares)
