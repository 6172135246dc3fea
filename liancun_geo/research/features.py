"""What plans are judged by, with the weights left open: a plan's cost is linear in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Groundwork, Scenario
from liancun_geo.settings import Settings
from liancun_geo.zone import Zone

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Features:
    """What plans are judged by, with the weights left open.

    Attributes
    ----------
    problem
        Zones, contiguity and rules; its own costs only tell which pairs and leads are forbidden.
    pair
        Name -> one (k, k) matrix ``[lead, member]`` for each zone, in the order of the zones.
    lead
        Name -> (n,) number of each village.
    """

    problem: AllianceProblem
    pair: Mapping[str, Sequence[Floats]]
    lead: Mapping[str, Floats]

    @property
    def names(self) -> tuple[str, ...]:
        """Features of pairs, then of leads."""
        return (*self.pair, *self.lead)

    def zone(self, number: int, weights: Floats) -> Zone:
        """Return a zone with the costs that weights make."""
        zone = self.problem.zones[number]
        split = len(self.pair)
        pair = np.zeros((zone.n, zone.n))
        for weight, matrices in zip(weights[:split], self.pair.values(), strict=True):
            pair += weight * matrices[number]
        np.fill_diagonal(pair, 0.0)
        lead = np.zeros(zone.n)
        for weight, values in zip(weights[split:], self.lead.values(), strict=True):
            lead += weight * values[zone.villages]
        return replace(
            zone,
            pair_cost=np.where(np.isfinite(zone.pair_cost), pair, np.inf),
            lead_cost=np.where(np.isfinite(zone.lead_cost), lead, np.inf),
        )

    def of_plan(self, number: int, lead_of: Ints) -> Floats:
        """Return (features,) what a plan of a zone (local leads) adds up to."""
        placed = np.flatnonzero(lead_of >= 0)
        members = placed[lead_of[placed] != placed]
        leads = np.unique(lead_of[placed])
        villages = self.problem.zones[number].villages
        pairs = [float(m[number][lead_of[members], members].sum()) for m in self.pair.values()]
        ends = [float(values[villages[leads]].sum()) for values in self.lead.values()]
        return np.array([*pairs, *ends])


def county_features(ground: Scenario | Groundwork) -> Features:
    """Return the features of a county: the components of the pair cost, and weak leads.

    A component that is unknown for a pair is taken as the mean of its zone; one that is unknown
    everywhere is left out. ``lead_score`` is 1 minus the lead score: with weights ``w`` the
    settings that say the same are ``criteria.pair_weights`` in proportion to the components, and
    ``rules.lead_cost_weight = w["lead_score"] / sum of the others``.
    """
    problem = ground.problem
    pair: dict[str, list[Floats]] = {}
    for zone in problem.zones:
        block = next(b for b in ground.pairs.blocks if np.isin(zone.villages[:1], b.villages).all())
        at = np.searchsorted(block.villages, zone.villages)
        for name, whole in block.components().items():
            matrix = np.asarray(whole, dtype=np.float64)[np.ix_(at, at)]
            pair.setdefault(name, []).append(matrix)
    known = {
        name: matrices
        for name, matrices in pair.items()
        if any(np.isfinite(m[~np.eye(len(m), dtype=bool)]).any() for m in matrices)
    }
    filled = {name: [_filled(m) for m in matrices] for name, matrices in known.items()}
    return Features(problem, filled, {"lead_score": 1.0 - np.asarray(ground.leads.score)})


def _filled(matrix: Floats) -> Floats:
    known = matrix[~np.isnan(matrix)]
    return np.where(np.isnan(matrix), float(known.mean()) if len(known) else 0.5, matrix)


def weights_of(settings: Settings, features: Features) -> dict[str, float]:
    """Return the weights that settings give to the features of a county, not added up to 1."""
    present = settings.criteria.pair_weights.model_dump()
    total = sum(present[name] for name in features.pair)
    found = {name: present[name] / total for name in features.pair} if total else {}
    return {**found, "lead_score": settings.rules.lead_cost_weight}


def as_settings(weights: Mapping[str, float], features: Features) -> tuple[dict[str, float], float]:
    """Return pair weights and ``rules.lead_cost_weight`` that say the same as learned weights."""
    pairs = sum(weights[name] for name in features.pair) or 1.0
    own = {name: round(weights[name] / pairs, 4) for name in features.pair}
    return own, round(weights["lead_score"] / pairs, 4)
