"""The candidates that a wish leaves, and the best plan among them.

A wish only takes plans away. The programme that bounds the zone therefore bounds the zone under
the wish as well, and a plan that costs at most so much more than the bound uses no column whose
reduced cost is greater: a few thousand columns usually hold the answer and its proof. Where they
do not, more are taken, at last all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.branching import BranchAndCut, leads_of
from liancun_geo.solve.context import ZoneContext
from liancun_geo.solve.master import SideRules
from liancun_geo.solve.stopping import Stop
from liancun_geo.solve.zoneplan import ZonePlan
from liancun_geo.zone import Zone

IntArray = NDArray[np.intp]

FEW_COLUMNS = (5_000, 40_000)
"""Columns of least reduced cost among which a first plan is looked for."""
CLOSE = 1e-9
"""Difference of costs that counts as none."""
KEPT_MASKS = 1_000_000
"""With more candidates than this, who holds a village is looked up anew each time."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Candidates that a wish leaves, some of them under another lead.

    ``rows`` of the pool, with their cost, lead and reduced cost; ``held`` are those of which
    every plan uses exactly one, if there are such.
    """

    rows: IntArray
    cost: NDArray[np.float64]
    lead: NDArray[np.int16]
    reduced: NDArray[np.float64]
    held: NDArray[np.bool_] | None = None

    def raised(self) -> tuple[NDArray[np.float64], float]:
        """Return tighter reduced costs, and by how much the bound then rises."""
        if self.held is None or not self.held.any():
            return self.reduced, 0.0
        rise = float(self.reduced[self.held].min())
        return self.reduced - np.where(self.held, rise, 0.0), rise


class Candidates:
    """The candidates of a zone that was solved with a list of them.

    Parameters
    ----------
    context
        The zone with its candidates.
    seconds
        For each search.
    """

    def __init__(self, context: ZoneContext, seconds: float) -> None:
        self.context, self.seconds = context, seconds
        self.zone, self.pool, self.best = context.zone, context.pool, context.plan
        self._reduced: NDArray[np.float64] | None = None
        self._bound = -np.inf
        self._beside: NDArray[np.float64] | None = None
        self._holds: dict[int, NDArray[np.bool_]] = {}

    def holding(self, own: int) -> NDArray[np.bool_]:
        """Return (c,) which candidates hold a village."""
        if own in self._holds:
            return self._holds[own]
        held = self.pool.holds(own)
        if len(held) <= KEPT_MASKS:
            self._holds[own] = held
        return held

    def kept(self, keep: NDArray[np.bool_], held: NDArray[np.bool_] | None = None) -> Columns:
        """Return the columns that a wish keeps as they are."""
        pool, rows = self.pool, np.flatnonzero(keep)
        return Columns(
            rows,
            pool.cost[rows],
            pool.lead[rows],
            self._reduced_costs()[rows],
            None if held is None else held[rows],
        )

    def led_by(self, member: int, at: int) -> Columns | None:
        """Return the columns of the wish that ``at`` leads ``member``, or that it leads itself.

        Those without the member stay as they are; those with both get the lead that is wished
        for. None if no alliance grants the wish.
        """
        here = self.holding(member)
        wanted = here if member == at else here & self.holding(at)
        rows, cost = self._under(np.flatnonzero(wanted & self._first_of_set()), at)
        if len(rows) == 0:
            return None
        pool, reduced = self.pool, self._reduced_costs()
        kept = np.flatnonzero(~here)
        return Columns(
            rows=np.concatenate([kept, rows]),
            cost=np.concatenate([pool.cost[kept], cost]),
            lead=np.concatenate([pool.lead[kept], np.full(len(rows), at, dtype=np.int16)]),
            reduced=np.concatenate([reduced[kept], reduced[rows] + cost - pool.cost[rows]]),
            held=np.arange(len(kept) + len(rows)) >= len(kept),
        )

    def best_plan(self, columns: Columns, zone: Zone, known: float = np.inf) -> ZonePlan | None:
        """Find a plan among the columns of least reduced cost, then prove it or find a better.

        Parameters
        ----------
        columns
            What plans are made of.
        zone
            The zone with the prices of leaving out under the wish.
        known
            Cost of a plan among the columns: dearer ones need not be looked at.

        Returns
        -------
        ZonePlan or None
            None if the columns miss a village that has to be placed.
        """
        must = self.best.placeable & np.isinf(zone.unassigned_cost)
        reduced, rise = columns.raised()
        floor = self._bound + rise
        with Stop(self.seconds) as stop:
            for limit in _limits(reduced, known - floor + CLOSE * max(1.0, abs(known))):
                plan = self._solved(columns, reduced <= limit, zone, must, stop)
                if plan is None or plan.lead_of is None:
                    if np.isinf(limit):
                        return plan
                    continue
                # Whatever uses a dearer column costs at least the bound and that much more.
                room = plan.objective - floor + CLOSE * max(1.0, abs(plan.objective))
                if plan.status == "optimal" and room > limit:
                    limit = room
                    plan = self._solved(columns, reduced <= limit, zone, must, stop) or plan
                if np.isfinite(limit):
                    plan = replace(plan, bound=min(plan.bound, floor + limit))
                return plan
        raise AssertionError("the last limit takes all columns")

    def _reduced_costs(self) -> NDArray[np.float64]:
        """Return the reduced costs of all candidates; zeros where they say nothing."""
        if self._reduced is None:
            reduced = np.zeros(len(self.pool))
            # Under a budget the price of a column depends on its lead as well.
            if np.isinf(self.context.budget):
                relaxation = self.context.relaxation(*self.context.columns())
                if relaxation is not None:
                    reduced = relaxation.reduced_cost[: len(reduced)]
                    self._bound = relaxation.bound
            self._reduced = reduced
        return self._reduced

    def _first_of_set(self) -> NDArray[np.bool_]:
        """Return (c,) the first column of each set."""
        members = self.pool.members
        fresh = np.ones(len(members), dtype=bool)
        if self.zone.use is not None:
            # With a budget a set occurs once for each lead worth listing, one after the other.
            fresh[1:] = (members[1:] != members[:-1]).any(axis=1)
        return fresh

    def _under(self, rows: IntArray, lead: int) -> tuple[IntArray, NDArray[np.float64]]:
        """Return which columns may have another lead, and what they cost under it."""
        zone, pool = self.zone, self.pool
        led = np.pad(zone.pair_cost, ((0, 0), (0, 1)))
        if self._beside is None:
            chosen = pool.lead.astype(np.intp)
            own = zone.lead_cost[chosen] + led[chosen[:, None], pool.members].sum(axis=1)
            self._beside = pool.cost - own
        members = pool.members[rows]
        cost = zone.lead_cost[lead] + led[lead][members].sum(axis=1) + self._beside[rows]
        kept = np.isfinite(cost)
        if zone.weak.any():
            weak = np.append(zone.weak, False)
            kept &= weak[members].sum(axis=1) - int(zone.weak[lead]) <= zone.max_weak
        return rows[kept], cost[kept]

    def _solved(
        self,
        columns: Columns,
        some: NDArray[np.bool_],
        zone: Zone,
        must: NDArray[np.bool_],
        stop: Stop,
    ) -> ZonePlan | None:
        """Return the best plan made of some columns; None if they miss a village to be placed."""
        rows = columns.rows[some]
        part = replace(self.pool.subset(rows), cost=columns.cost[some], lead=columns.lead[some])
        if zone.use is not None:
            part = replace(part, use=zone.use[part.lead])
        if (must & ~part.covered()).any():
            return None
        placeable = self.best.placeable
        price = np.where(placeable | np.isfinite(zone.unassigned_cost), zone.unassigned_cost, 0.0)
        optional = np.flatnonzero(np.isfinite(price))
        with_out = part.with_left_out(optional, price[optional])
        sides = SideRules.of(with_out, zone.n_alliances, self.context.budget)
        search = BranchAndCut(with_out, sides, stop.left, stop.flag)
        status = search.run()
        lead_of = leads_of(with_out, search.best)
        return ZonePlan(status, lead_of, search.upper, search.lower, len(part), placeable)


def _limits(reduced: NDArray[np.float64], known: float) -> Iterator[float]:
    """Yield how dear a column may be: few columns first, at last all of them."""
    if np.isfinite(known) and int((reduced <= known).sum()) <= FEW_COLUMNS[-1]:
        yield known
    for few in FEW_COLUMNS if reduced.any() else ():
        if few < len(reduced):
            yield float(np.partition(reduced, few)[few])
    yield np.inf
