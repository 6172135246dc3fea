"""What a certificate says: what could be confirmed of each zone of a result, and of its sums."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message

Verdict = Literal["proven", "bound_confirmed", "not_certifiable", "refused"]

CertificateReason = Literal[
    "search_limit",
    "not_searched_through",
    "not_by_listing",
    "coupled",
    "too_large",
    "not_solved",
    "columns_dropped",
    "bound_beyond_prices",
    "plan_breaks_rules",
    "objective_differs",
    "candidates_differ",
    "prices_malformed",
    "bound_not_reproduced",
    "bound_above_plan",
    "better_plan",
    "plan_exists",
    "frozen_changed",
    "totals_differ",
]


@dataclass(frozen=True, slots=True)
class ZoneCertificate:
    """What could be confirmed of one zone.

    Attributes
    ----------
    label, n
        The zone and its villages that are not frozen.
    verdict
        ``"proven"``: plan, cost and candidates are as claimed, and no plan is cheaper (or, of an
        infeasible zone, there is none). ``"bound_confirmed"``: the same, except that the search
        for a cheaper plan met its limit; no plan costs less than ``confirmed_bound``.
        ``"not_certifiable"``: nothing is wrong, but the proof cannot be repeated this way.
        ``"refused"``: the result claims what is not so.
    reason
        Why it is not proven.
    objective, cost
        Cost of the zone's plan as claimed and as added up again (``inf`` without a plan or if it
        breaks a rule).
    claimed_bound, stored_bound, confirmed_bound
        The zone's bound, the bound said to follow from its prices (NaN without prices), and the
        greatest bound that was derived again (``-inf`` if none).
    claimed_candidates, candidates
        Feasible alliances as claimed and as listed again (-1 if they were not).
    nodes, seconds
        Nodes of the search, time.
    """

    label: Hashable
    n: int
    verdict: Verdict
    reason: CertificateReason | None
    objective: float
    cost: float
    claimed_bound: float
    stored_bound: float
    confirmed_bound: float
    claimed_candidates: int
    candidates: int
    nodes: int
    seconds: float

    @property
    def proven(self) -> bool:
        """Whether the zone's status was proven again in full."""
        return self.verdict == "proven"

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the verdict as one sentence for a planner."""
        return message(
            f"certificate.{self.reason or 'proven'}",
            language,
            zone=str(self.label),
            objective=self.objective,
            cost=self.cost,
            claimed=self.claimed_bound,
            stored=self.stored_bound,
            bound=self.confirmed_bound,
            claimed_candidates=self.claimed_candidates,
            candidates=self.candidates,
        )


@dataclass(frozen=True, eq=False)
class Certificate:
    """What could be confirmed of a result.

    Attributes
    ----------
    zones
        One record a zone, in the order of the problem.
    reason
        What is wrong with the result as a whole, None if nothing is.
    seconds
        Time it took.
    """

    zones: tuple[ZoneCertificate, ...]
    reason: CertificateReason | None
    seconds: float

    @property
    def proven(self) -> bool:
        """Whether every zone and the sums were proven again."""
        return self.reason is None and all(zone.proven for zone in self.zones)

    @property
    def refused(self) -> bool:
        """Whether the result claims anything that is not so."""
        return self.reason is not None or any(zone.verdict == "refused" for zone in self.zones)
