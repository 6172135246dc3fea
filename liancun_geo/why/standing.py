"""Where a village stands: in the near-optimal plans, and how answers about it are ordered."""

from __future__ import annotations

import math

import numpy as np

from liancun_geo.plan import UNASSIGNED
from liancun_geo.solve.near_optimal import NearPlans
from liancun_geo.why.facts import Challenger, Move, Stability, WeightStanding
from liancun_geo.why.ground import Ground
from liancun_geo.why.stability import WeightShares


def stability_of(ground: Ground, village: int, near: NearPlans, own: int) -> Stability:
    """Count the leads of a village over the near-optimal plans of its zone.

    Parameters
    ----------
    ground, village
        The plan at hand, and a position.
    near, own
        The plans, and the village's number in their zone.
    """
    leads, times = np.unique(near.lead_of[:, own], return_counts=True)
    shares = times / len(near.cost)
    order: list[int] = np.lexsort((leads, -shares)).tolist()
    return Stability(
        plans=len(near.cost),
        within=max(0.0, near.within),
        complete=near.complete,
        stays=float(shares[leads == int(ground.lead_of[village])].sum()),
        leads=tuple(
            (
                None if leads[at] == UNASSIGNED else ground.name(int(leads[at])),
                float(shares[at]),
            )
            for at in order
        ),
    )


def under_weights(ground: Ground, shares: WeightShares) -> WeightStanding:
    """Return where a village is under other weights, its leads by name."""
    return WeightStanding(
        draws=shares.draws,
        proven=shares.proven,
        kept=shares.kept,
        leads=tuple(
            (None if lead == UNASSIGNED else ground.name(lead), share)
            for lead, share in shares.leads
        ),
    )


def able_first(challenger: Challenger) -> tuple[int, float, float, int]:
    """Order other leads: those of the same villages first, those no gate lets through last."""
    same = challenger.change
    return (
        0 if same is not None else 1 if challenger.best is None else 2,
        0.0 if same is None else -same,
        -challenger.score,
        challenger.village.position,
    )


def possible_first(move: Move) -> tuple[bool, float, int]:
    """Order moves: those that are possible first, then by what the plan gains."""
    gain = move.best.change if move.change is None else move.change
    return (not move.possible, math.inf if gain is None else -gain, move.alliance.lead.position)
