"""A certificate: the proof behind a result, derived again by other means.

The bound of a zone follows from its dual prices and from its candidates; anyone who lists these
can check it. That is done here with a listing of its own (:mod:`liancun_geo.solve.relisting`)
and, where the bound lies below the plan, a search of its own
(:mod:`liancun_geo.solve.recovering`), in plain numpy: no linear programme is solved, and none of
the solver's compiled code is used.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.errors import ProblemError
from liancun_geo.problem import AllianceProblem
from liancun_geo.solve.certificate import (
    Certificate,
    CertificateReason,
    Verdict,
    ZoneCertificate,
)
from liancun_geo.solve.recovering import Columns, recover
from liancun_geo.solve.rederiving import dual_bound, plan_cost
from liancun_geo.solve.relisting import MOST_SETS, Relisting, relist
from liancun_geo.solve.result import SolveResult, ZoneResult
from liancun_geo.zone import Zone

TOLERANCE = 1e-6
"""Relative difference (absolute below 1) of figures that count as the same."""
CLOSE = 2e-9
"""A plan that is cheaper by less than this, relatively, does not disprove another."""
NODE_LIMIT = 50_000
"""Nodes of the search of one zone: some ten seconds at most."""


def certify(
    problem: AllianceProblem,
    result: SolveResult,
    *,
    node_limit: int = NODE_LIMIT,
    most_sets: int = MOST_SETS,
) -> Certificate:
    """Derive the proof of a result again, without the solver.

    Parameters
    ----------
    problem
        The problem that was solved; its compiled zones are what both sides rely on (that a plan
        keeps the rules as given is for :func:`liancun_geo.check.check` to say).
    result
        Its result with the dual prices of every zone.
    node_limit, most_sets
        Nodes of each zone's search, connected sets of each zone's listing, before giving up.

    Returns
    -------
    Certificate
        Always: a result that claims too much is refused in it, not by an exception.

    Raises
    ------
    ProblemError
        If the result has other zones or villages than the problem.

    Notes
    -----
    For prices ``p`` of the villages, ``s`` of the rules over all alliances of the zone and
    ``q <= 0`` of the cuts, every plan costs at least ``sum(p) + s * (the end of the rule) +
    sum(q) + the sum over the villages of min(0, the worst reduced cost per village of a candidate
    that holds it)``: see "Why it is a proof" in docs/formulation.md. Rules that tie zones
    together (a number of alliances overall, a budget) are not in the prices of a zone, so such a
    result is checked for its plan and its cost only.
    """
    begin = time.perf_counter()
    raw = np.asarray(result.lead_of)
    if len(result.zones) != len(problem.zones) or raw.shape != (problem.n,):
        raise ProblemError("the result has other zones or villages than the problem")
    zones = []
    for zone, record in zip(problem.zones, result.zones, strict=True):
        if (record.label, record.n) != (zone.label, zone.n):
            raise ProblemError(f"the result has another zone in place of {zone.label!r}")
        start = time.perf_counter()
        coupled = problem.rules.couples_zones
        own = _Zone(replace(zone, use=None), record, _local(zone, raw), node_limit, most_sets)
        own.judge(coupled)
        zones.append(own.certificate(time.perf_counter() - start))
    return Certificate(tuple(zones), _whole(problem, result), time.perf_counter() - begin)


def _local(zone: Zone, lead_of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return leads in the zone's own numbers; ``k`` for a lead that is not of the zone."""
    number = np.full(len(lead_of) + 1, zone.n, dtype=np.intp)
    number[zone.villages] = np.arange(zone.n)
    own = lead_of[zone.villages]
    known = (own >= 0) & (own < len(lead_of))
    return np.where(own == -1, -1, np.where(known, number[np.where(known, own, -1)], zone.n))


def _same(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))


def _whole(problem: AllianceProblem, result: SolveResult) -> CertificateReason | None:
    """Say what is wrong with the frozen alliances and the sums over the zones."""
    lead_of = np.asarray(result.lead_of)
    for villages in problem.rules.frozen:
        if set(np.flatnonzero(lead_of == villages[0]).tolist()) != set(villages):
            return "frozen_changed"
    planned = [zone for zone in result.zones if np.isfinite(zone.objective)]
    of_zones = {zone.status for zone in result.zones}
    worst = [s for s in ("infeasible", "unknown", "feasible") if s in of_zones]
    if result.status != (worst[0] if worst else "optimal"):
        return "totals_differ"
    if not planned and result.zones:
        return None if np.isinf(result.objective) else "totals_differ"
    frozen = problem.frozen_cost()
    objective = sum(zone.objective for zone in planned) + frozen
    bound = sum(zone.bound for zone in planned) + frozen
    agrees = _same(objective, result.objective) and _same(bound, result.bound)
    return None if agrees else "totals_differ"


class _Zone:
    """One zone under examination."""

    def __init__(
        self,
        zone: Zone,
        record: ZoneResult,
        lead_of: NDArray[np.intp],
        node_limit: int,
        most_sets: int,
    ) -> None:
        self.zone, self.record, self.lead_of = zone, record, lead_of
        self.node_limit, self.most_sets = node_limit, most_sets
        self.verdict: Verdict = "proven"
        self.reason: CertificateReason | None = None
        self.cost, self.bound = np.inf, -np.inf
        self.candidates, self.nodes = -1, 0

    def certificate(self, seconds: float) -> ZoneCertificate:
        """Return what was found."""
        record = self.record
        return ZoneCertificate(
            label=record.label,
            n=record.n,
            verdict=self.verdict,
            reason=self.reason,
            objective=record.objective,
            cost=self.cost,
            claimed_bound=record.bound,
            stored_bound=np.nan if record.relaxation is None else float(record.relaxation.bound),
            confirmed_bound=self.bound,
            claimed_candidates=record.candidates,
            candidates=self.candidates,
            nodes=self.nodes,
            seconds=seconds,
        )

    def judge(self, coupled: bool) -> None:
        """Look at the plan, the candidates, the bound and the gap, in this order."""
        record = self.record
        if record.status in ("optimal", "feasible"):
            if not self._plan_stands():
                return
        elif np.isfinite(record.objective) or (self.lead_of != -1).any():
            return self._end("refused", "objective_differs")
        if coupled:
            return self._end("not_certifiable", "coupled")
        if record.status == "unknown":
            return self._end("not_certifiable", "not_solved")
        if record.status == "infeasible":
            return self._no_plan()
        if self.zone.n == 0:
            self.bound = self.cost
            return None
        if record.method != "listing" or record.relaxation is None:
            return self._end("not_certifiable", "not_by_listing")
        return self._bounded()

    def _end(self, verdict: Verdict, reason: CertificateReason) -> None:
        self.verdict, self.reason = verdict, reason

    def _plan_stands(self) -> bool:
        cost = plan_cost(self.zone, self.lead_of)
        if cost is None:
            self._end("refused", "plan_breaks_rules")
            return False
        self.cost, record = cost, self.record
        if not _same(cost, record.objective):
            self._end("refused", "objective_differs")
            return False
        too_high = record.bound > record.objective and not _same(record.bound, record.objective)
        if too_high or (record.status == "optimal" and not _same(record.bound, record.objective)):
            self._end("refused", "bound_above_plan" if too_high else "bound_not_reproduced")
            return False
        return True

    def _listed(self) -> tuple[Relisting, NDArray[np.bool_]] | None:
        """List the candidates; None if there are too many or not as many as claimed."""
        listing = relist(self.zone, self.most_sets)
        if not listing.complete:
            self._end("not_certifiable", "too_large")
            return None
        self.candidates = len(listing.cost)
        claimed = self.record.candidates
        # Whether a sum that rounding puts on its bound is inside cannot be decided twice alike.
        if not listing.certain <= claimed <= self.candidates:
            self._end("refused", "candidates_differ")
            return None
        return listing, np.array(listing.held.any(axis=0))

    def _columns(self, listing: Relisting, placeable: NDArray[np.bool_]) -> Columns:
        """Return candidates and leaving out, with the cost in place of the reduced cost."""
        price = self.zone.unassigned_cost
        price = np.where(placeable | np.isfinite(price), price, 0.0)
        out = np.flatnonzero(np.isfinite(price))
        alone = np.zeros((len(out), self.zone.n), dtype=bool)
        alone[np.arange(len(out)), out] = True
        alliance = np.ones(len(listing.cost) + len(out), dtype=bool)
        alliance[len(listing.cost) :] = False
        cost = np.concatenate([listing.cost, price[out]])
        return Columns(np.concatenate([listing.held, alone]), cost, cost, alliance)

    def _no_plan(self) -> None:
        listed = self._listed()
        if listed is None:
            return
        columns = self._columns(*listed)
        found = recover(
            replace(columns, reduced=np.zeros(len(columns.cost))),
            room=np.inf,
            below=np.inf,
            n_alliances=self.zone.n_alliances,
            node_limit=self.node_limit,
        )
        self.nodes = found.nodes
        if not found.exhausted:
            self._end("not_certifiable", "not_searched_through")
        elif np.isfinite(found.cheapest):
            self._end("refused", "plan_exists")
        else:
            self.bound = np.inf

    def _bounded(self) -> None:
        listed = self._listed()
        if listed is None:
            return
        left_out = self.lead_of == -1
        if (left_out & listed[1] & np.isinf(self.zone.unassigned_cost)).any():
            return self._end("refused", "plan_breaks_rules")
        columns = self._columns(*listed)
        relaxation = self.record.relaxation
        assert relaxation is not None
        derived = dual_bound(self.zone, relaxation, columns)
        if derived is None:
            return self._end("refused", "prices_malformed")
        self.bound, columns = derived
        dropped = len(relaxation.reduced_cost) < len(columns.cost)
        reproduced = _same(self.bound, float(relaxation.bound))
        if not reproduced and not dropped:
            return self._end("refused", "bound_not_reproduced")
        below = self.cost - CLOSE * max(1.0, abs(self.cost))
        if self.bound < below:
            found = recover(
                columns,
                room=below - self.bound,
                below=below,
                n_alliances=self.zone.n_alliances,
                node_limit=self.node_limit,
            )
            self.nodes = found.nodes
            if np.isfinite(found.cheapest):
                # A plan that is not claimed to be the best may well be beaten.
                if self.record.status == "optimal" or found.cheapest < self.record.bound - CLOSE:
                    return self._end("refused", "better_plan")
                return self._below(reproduced)
            if not found.exhausted:
                return self._below(reproduced)
        self.bound = self.cost
        return None

    def _below(self, reproduced: bool) -> None:
        """Say what holds if the gap between bound and plan could not be closed."""
        record = self.record
        if not reproduced:
            self._end("not_certifiable", "columns_dropped")
        elif (
            record.status == "optimal"
            or record.bound <= self.bound
            or _same(record.bound, self.bound)
        ):
            self._end("bound_confirmed", "search_limit")
        else:
            self._end("not_certifiable", "bound_beyond_prices")
