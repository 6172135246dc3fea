"""Posing the problem: what the settings make of neighbours, lead scores and pair costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from liancun_geo.arrays import FloatArray
from liancun_geo.contiguity import ContiguityGraph
from liancun_geo.criteria import LeadScores, PairCosts
from liancun_geo.errors import DataError, Where, error
from liancun_geo.problem import AllianceProblem
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.villages import VillageTable, positions_by_code


def zone_labels(villages: VillageTable, rules: RuleSettings) -> list[str]:
    """Return the label of each village's zone."""
    if rules.zone_field == "none":
        return [""] * len(villages)
    return [str(label) for label in villages.frame[rules.zone_field].fillna("")]


def excluded_positions(villages: VillageTable, codes: Sequence[str]) -> list[int]:
    """Return the positions of the villages that do not take part, ascending.

    Raises
    ------
    DataError
        With every unknown code.
    """
    position = positions_by_code(villages.frame["code"])
    unknown = [code for code in codes if code not in position]
    if unknown:
        raise DataError(
            error("plan.unknown_excluded", Where(code=code), code=code) for code in unknown
        )
    return sorted({position[code] for code in codes})


def pose(
    contiguity: ContiguityGraph,
    leads: LeadScores,
    pairs: PairCosts,
    zones: list[str],
    rules: RuleSettings,
    excluded: list[int],
    arguments: Mapping[str, Any],
) -> AllianceProblem:
    """Return the problem: a village that is excluded neither leads nor is led.

    Parameters
    ----------
    contiguity, leads, pairs
        Of all villages of the county.
    zones
        Label of each village's zone.
    rules
        Sizes, distances and weights.
    excluded
        Positions of the villages that do not take part.
    arguments
        From :func:`~liancun_geo.agreements.rule_arguments`.
    """
    n = len(zones)
    takes_part = np.ones(n, dtype=bool)
    takes_part[excluded] = False
    may_lead = leads.can_lead.copy()
    may_lead[arguments["may_lead"]] = True
    blocks: list[tuple[object, FloatArray]] = []
    for block in pairs.blocks:
        cost = block.cost.copy()
        outside = ~takes_part[block.villages]
        cost[outside, :] = np.inf
        cost[:, outside] = np.inf
        if rules.max_travel_min is not None and block.travel_min is not None:
            cost[block.travel_min > rules.max_travel_min] = np.inf
        blocks.append((block.villages, cost))
    size_cost = np.zeros(rules.max_size + 1)
    for size, extra in rules.size_cost.items():
        if size <= rules.max_size:
            size_cost[size] = extra
    distances = None
    if rules.max_distance_km is not None:
        distances = [(block.villages, block.distance_km) for block in pairs.blocks]
    return AllianceProblem.from_arrays(
        blocks,
        contiguity.edges,
        min_size=rules.min_size,
        max_size=rules.max_size,
        zones=zones,
        lead_cost=rules.lead_cost_weight * (1.0 - leads.score),
        can_lead=may_lead & takes_part,
        size_cost=size_cost,
        distance=distances,
        max_distance=rules.max_distance_km,
        **{name: value for name, value in arguments.items() if name != "may_lead"},
    )
