"""What all drafts of one proposal share: codes and positions, judges, names."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from liancun_geo.editing.judging import Judge, Judged
from liancun_geo.editing.kinds import EditError
from liancun_geo.editing.state import Pair, State
from liancun_geo.errors import Where, error
from liancun_geo.naming import alliance_name
from liancun_geo.points import PER_VILLAGE
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario
from liancun_geo.villages import positions_by_code
from liancun_geo.why.facts import AllianceName
from liancun_geo.why.ground import Ground

MOST_JUDGES = 4


class Base:
    """A proposal, ready to be edited.

    Parameters
    ----------
    scenario
        The proposal.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        frame = scenario.villages.frame
        self.codes = [str(code) for code in frame["code"]]
        self.position = positions_by_code(self.codes)
        self.zone_of: list[int] = scenario.problem.zone_of.tolist()
        self.start = State(_readonly(scenario.plan.lead_of))
        self._judges: OrderedDict[tuple[tuple[Pair, ...], tuple[Pair, ...]], Judge] = OrderedDict()

    @cached_property
    def ground(self) -> Ground:
        """Names, ways and borders: what does not depend on who leads whom."""
        return Ground(self.scenario)

    @cached_property
    def judged(self) -> Judged:
        """The proposal as it is."""
        return self.judge(self.start).fresh(self.start.lead_of)

    @cached_property
    def ceiling(self) -> float | None:
        """The most points that any plan under the proposal's rules has; None while unknown."""
        result = self.scenario.result
        ends = [end for zone in result.zones for end in (zone.objective, zone.bound)]
        ends += [result.objective, result.bound, self.judged.total]
        if not all(map(math.isfinite, ends)) or self.judged.violations:
            return None
        return self.judged.total + PER_VILLAGE * max(0.0, result.objective - result.bound)

    def judge(self, state: State) -> Judge:
        """Return who judges plans under the ties of a state."""
        ties = state.ties
        if ties not in self._judges:
            self._judges[ties] = Judge(self._problem_with(*ties))
            if len(self._judges) > MOST_JUDGES:
                # The proposal's own judge is asked again and again.
                oldest = next(kept for kept in self._judges if kept != ((), ()))
                del self._judges[oldest]
        self._judges.move_to_end(ties)
        return self._judges[ties]

    def _problem_with(self, together: tuple[Pair, ...], apart: tuple[Pair, ...]) -> AllianceProblem:
        problem = self.scenario.problem
        if not (together or apart):
            return problem
        rules = problem.rules
        return problem.changed(
            must_together=np.vstack([rules.must_together, _pairs(together)]),
            never_together=np.vstack([rules.never_together, _pairs(apart)]),
        )

    def positions(self, codes: Iterable[str]) -> list[int]:
        """Return the positions of villages, each once, in the order given.

        Raises
        ------
        EditError
            Naming every code the county does not have.
        """
        wanted = list(dict.fromkeys(codes))
        unknown = [code for code in wanted if code not in self.position]
        if unknown:
            raise EditError(error("editing.unknown_code", Where(code=code)) for code in unknown)
        return [self.position[code] for code in wanted]

    def told(self, villages: tuple[int, ...]) -> AllianceName:
        """Return an alliance, its lead first, as a planner speaks of it; it has no number here."""
        lead = self.ground.name(villages[0])
        return AllianceName("", alliance_name(lead.name), lead, villages)


def _pairs(pairs: tuple[Pair, ...]) -> NDArray[np.intp]:
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _readonly(lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
    own = np.array(lead_of, dtype=np.intp)
    own.flags.writeable = False
    return own
