"""The pair cost: how badly a lead and a member fit, from distance, industries and strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.criteria._common import (
    check_settings,
    first_names,
    normalised,
    readonly,
    tag_sets,
)
from liancun_geo.criteria._components import (
    PAIR_COMPONENTS,
    Apart,
    Matrix,
    PairInputs,
    Positions,
    Travel,
    industry_tables,
    pair_component,
    straight_line_km,
)
from liancun_geo.criteria.lead_score import LeadScores
from liancun_geo.errors import DataError, Fault, SettingsError, Where, error, warning
from liancun_geo.settings import CriteriaSettings
from liancun_geo.villages import VillageTable, representative_points_m, village_where

SCALE_PERCENTILE = 95.0

# Cost and distance of one zone of this size take 400 MB; beyond it memory runs out, not time.
MAX_ZONE_VILLAGES = 5_000

_DEFAULTS = CriteriaSettings()


@dataclass(frozen=True, eq=False)
class ZoneCosts:
    """Pair costs of the k villages of one zone.

    Attributes
    ----------
    label
        The zone.
    villages
        (k,) positions in the village table, ascending; rows and columns below follow it.
    cost
        (k, k) ``[lead, member]`` in [0, 1], 0 is best; diagonal 0. Not symmetric.
    distance_km
        (k, k) straight-line distance between representative points, km; symmetric.
    travel_min
        (k, k) travel time, minutes; symmetric. None without roads.
    """

    label: str
    villages: Positions
    cost: Matrix
    distance_km: Matrix
    _inputs: PairInputs = field(repr=False)
    travel_min: Matrix | None = None

    def components(self) -> Mapping[str, Matrix]:
        """Return each component, (k, k) ``[lead, member]``, diagonal 0, NaN where unknown.

        Computed on demand: kept for every zone it would take four times the memory.
        """
        apart = self._inputs.apart.of_block(self.distance_km, self.travel_min)
        return MappingProxyType(
            {
                name: pair_component(name, self._inputs, self.villages, self.villages, apart)
                for name in PAIR_COMPONENTS
            }
        )

    def under(self, weights: Mapping[str, float], strength: NDArray[np.float64]) -> Matrix:
        """Return the (k, k) cost that other weights and other lead scores make of this zone.

        Parameters
        ----------
        weights
            Component name -> weight; together 1, 0 wherever :attr:`PairCosts.weights` is 0.
        strength
            (n,) lead scores of the whole county.

        Notes
        -----
        A pair of which nothing is known keeps the cost that it has.
        """
        known = self._inputs.strength is not None
        inputs = replace(self._inputs, strength=strength if known else None)
        apart = inputs.apart.of_block(self.distance_km, self.travel_min)
        cost = _combined(inputs, weights, self.villages, apart)
        return np.where(np.isnan(cost), self.cost, cost)


@dataclass(frozen=True, eq=False)
class PairCosts:
    """Pair costs of every zone.

    Attributes
    ----------
    blocks
        One per zone, sorted by label.
    weights
        Component name -> weight as used. They add up to 1 over the components that the county
        has data for; the others are 0.
    proximity_scale_km
        Distance at which the proximity cost reaches 1. NaN if none was set and no zone has two
        villages, or if proximity is measured by travel time.
    proximity_scale_min
        Travel time at which the proximity cost reaches 1; NaN if it is measured by distance.
    warnings
        What was missing and how it was treated.
    """

    blocks: tuple[ZoneCosts, ...]
    weights: Mapping[str, float]
    proximity_scale_km: float
    warnings: tuple[Fault, ...]
    _inputs: PairInputs = field(repr=False)
    proximity_scale_min: float = float("nan")

    def components(self, lead: int, member: int) -> Mapping[str, float]:
        """Return each component of one pair, by positions; NaN where it is unknown.

        The two need not be of one zone, so that a planner can ask what the neighbouring alliance
        would have cost. A village with itself is 0 throughout.
        """
        leads, members = np.array([lead], np.intp), np.array([member], np.intp)
        apart = self._inputs.apart.between(leads, members)
        return MappingProxyType(
            {
                name: float(pair_component(name, self._inputs, leads, members, apart)[0, 0])
                for name in PAIR_COMPONENTS
            }
        )


def score_pairs(
    villages: VillageTable,
    leads: LeadScores,
    zones: Sequence[str],
    settings: CriteriaSettings = _DEFAULTS,
    *,
    travel: Travel | None = None,
    detour_factor: float = 1.0,
) -> PairCosts:
    """Cost of every pair of lead and member inside one zone.

    The weighted mean of four components in [0, 1], 0 best: proximity ``min(d / scale, 1)`` with
    ``d`` the straight line times the detour factor, or the travel time; industry similarity
    ``1 - |A ∩ B| / |A ∪ B|``; industry complementarity, 1 minus the share of the member's
    industries with a complementary partner at the lead; strength contrast
    ``(1 + s_member - s_lead) / 2``. A component that is unknown for a pair is left out for that
    pair and the other weights are rescaled; one unknown in the whole county is dropped.

    Parameters
    ----------
    villages
        n villages in a projected CRS in metres. The frame is not changed.
    leads
        Their lead scores.
    zones
        (n,) labels, for example township codes.
    settings
        Pair weights (at least one above 0), complementary industries, what proximity is measured
        by and its scale.
    travel
        Ways between the villages; needed for ``settings.proximity = "travel_time"``.
    detour_factor
        How much longer a way is than the straight line.

    Returns
    -------
    PairCosts
        One block a zone; an n x n array never exists.

    Raises
    ------
    SettingsError
        If all weights are 0, no weighted component can be computed, a zone has more than
        :data:`MAX_ZONE_VILLAGES` villages, or travel times are asked for and not given.
    DataError
        If the CRS is not in metres, or a village has no boundary or no zone. With every fault.
    ValueError
        If ``leads`` or ``zones`` are not of length n.

    Notes
    -----
    Similarity: Jaccard (1912), doi:10.1111/j.1469-8137.1912.tb05611.x. Weighted mean over what
    both have: Gower (1971), doi:10.2307/2528823. Complementarity: backward and forward linkages
    of Hirschman (1958), as a yes or no for each pair of industries. Distances are between
    ``point_on_surface`` of the largest part of each village, which unlike a centroid always lies
    inside it.
    """
    by_time = settings.proximity == "travel_time"
    _check(villages.frame, leads, zones, settings, travel)
    frame = villages.frame
    blocks = _zones(zones)
    notes: list[Fault] = []
    points_m = representative_points_m(frame)
    distances = [straight_line_km(points_m, members, members) for _, members in blocks]
    times = [None if travel is None else travel.block_min(members) for _, members in blocks]
    measure = Apart(points_m, detour_factor, travel if by_time else None)
    apart = [measure.of_block(d, t) for d, t in zip(distances, times, strict=True)]
    given = settings.proximity_scale_min if by_time else settings.proximity_scale_km
    scale = given or _scale(apart, by_time, notes)
    inputs, weights = _inputs(frame, measure, leads, scale, settings, notes)
    costs = [
        _combined(inputs, weights, members, matrix)
        for (_, members), matrix in zip(blocks, apart, strict=True)
    ]
    _fill_unknown(costs, notes)
    rows = zip(blocks, costs, distances, times, strict=True)
    return PairCosts(
        blocks=tuple(
            ZoneCosts(
                label,
                readonly(members),
                readonly(cost),
                readonly(distance_km),
                inputs,
                None if travel_min is None else readonly(travel_min),
            )
            for (label, members), cost, distance_km, travel_min in rows
        ),
        weights=weights,
        proximity_scale_km=float("nan") if by_time else scale,
        warnings=tuple(notes),
        _inputs=inputs,
        proximity_scale_min=scale if by_time else float("nan"),
    )


def _check(
    frame: gpd.GeoDataFrame,
    leads: LeadScores,
    zones: Sequence[str],
    settings: CriteriaSettings,
    travel: Travel | None,
) -> None:
    """Raise what :func:`score_pairs` says that it raises, but for zones that are too large."""
    check_settings(settings)
    if not len(frame) == len(zones) == len(leads.score):
        raise ValueError(f"{len(frame)} villages, {len(zones)} zones, {len(leads.score)} scores")
    _check_places(frame, zones)
    if settings.proximity == "travel_time" and travel is None:
        raise SettingsError([error("roads.not_given", Where(field="criteria.proximity"))])


def _check_places(frame: gpd.GeoDataFrame, zones: Sequence[str]) -> None:
    faults: list[Fault] = []
    crs = frame.crs
    if crs is None or any(axis.unit_name not in ("metre", "meter") for axis in crs.axis_info):
        faults.append(error("criteria.not_metres"))
    no_boundary = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    no_zone = pd.isna(np.asarray(zones, dtype=object))
    for key, absent in (("no_geometry", no_boundary), ("zone_missing", no_zone)):
        faults += [
            error(f"criteria.{key}", village_where(frame, int(position)))
            for position in np.flatnonzero(absent)
        ]
    if faults:
        raise DataError(faults)


def _zones(zones: Sequence[str]) -> list[tuple[str, Positions]]:
    """Return the positions of each zone, ascending, sorted by label."""
    names, zone_of = np.unique(np.array(list(zones), dtype=np.str_), return_inverse=True)
    order = np.argsort(zone_of, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(zone_of, minlength=len(names)))[:-1])
    blocks = [(str(name), positions) for name, positions in zip(names, members, strict=False)]
    faults = [
        error(
            "criteria.zone_too_large",
            Where(field="rules.zone_field"),
            label=label,
            count=len(positions),
            limit=MAX_ZONE_VILLAGES,
        )
        for label, positions in blocks
        if len(positions) > MAX_ZONE_VILLAGES
    ]
    if faults:
        raise SettingsError(faults)
    return blocks


def _scale(apart: list[Matrix], by_time: bool, notes: list[Fault]) -> float:
    """Return the 95th percentile of how far apart two villages of one zone are."""
    pairs = [matrix[np.triu_indices(len(matrix), 1)] for matrix in apart]
    every = np.concatenate([*pairs, np.empty(0)])
    if not len(every):
        return float("nan")
    scale = float(np.percentile(every, SCALE_PERCENTILE))
    shown, count = round(scale, 2), len(every)
    notes.append(
        warning("roads.proximity_scale", scale_min=shown, pairs=count)
        if by_time
        else warning("criteria.proximity_scale", scale_km=shown, pairs=count)
    )
    return scale


def _inputs(
    frame: gpd.GeoDataFrame,
    apart: Apart,
    leads: LeadScores,
    scale: float,
    settings: CriteriaSettings,
    notes: list[Fault],
) -> tuple[PairInputs, Mapping[str, float]]:
    chosen = {name: float(getattr(settings.pair_weights, name)) for name in PAIR_COMPONENTS}
    available = ["proximity"]
    scored = any(leads.weights.values())
    if scored:
        available.append("strength_contrast")
    elif chosen["strength_contrast"] and len(frame):
        notes.append(warning("criteria.strength_dropped"))
    tags = tag_sets(frame["industries"])
    known = np.array([own is not None for own in tags], dtype=np.bool_)
    has, feeds, applies = industry_tables(tags, settings.complementary)
    if known.any():
        available.append("industry_similarity")
        available += ["industry_complementarity"] if feeds is not None else []
    wanted = chosen["industry_similarity"] or chosen["industry_complementarity"]
    if wanted and len(frame) and not known.any():
        notes.append(warning("criteria.industries_dropped"))
    elif wanted and not known.all():
        count, names = int((~known).sum()), first_names(frame, ~known)
        notes.append(
            warning("criteria.industries_missing", count=count, total=len(frame), names=names)
        )
    if chosen["industry_complementarity"] and known.any() and not applies:
        unused = "complementary_none" if feeds is None else "complementary_unused"
        notes.append(warning(f"criteria.{unused}"))
    weights = normalised(chosen, available)
    if len(frame) and not any(weights.values()):
        where = Where(field="criteria.pair_weights")
        raise SettingsError([error("criteria.no_pair_component", where), *notes])
    strength = leads.score if scored else None
    return PairInputs(apart, strength, has, feeds, known, scale), weights


def _combined(
    inputs: PairInputs, weights: Mapping[str, float], members: Positions, apart: Matrix
) -> Matrix:
    """Return the weighted mean of the known components, NaN where none is known."""
    total = np.zeros_like(apart)
    available = np.zeros_like(apart)
    for name, weight in weights.items():
        if weight == 0.0:
            continue
        component = pair_component(name, inputs, members, members, apart)
        known = ~np.isnan(component)
        total += np.where(known, weight * component, 0.0)
        available += weight * known
    cost = np.full_like(total, np.nan)
    np.divide(total, available, out=cost, where=available > 0)
    return np.clip(cost, 0.0, 1.0, out=cost)


def _fill_unknown(costs: list[Matrix], notes: list[Fault]) -> None:
    """Give pairs that share no known component the county's median cost."""
    unknown = sum(int(np.isnan(cost).sum()) for cost in costs)
    if not unknown:
        return
    between = [cost[~np.eye(len(cost), dtype=np.bool_) & ~np.isnan(cost)] for cost in costs]
    every = np.concatenate(between)
    if not len(every):
        where = Where(field="criteria.pair_weights")
        raise SettingsError([error("criteria.no_pair_component", where), *notes])
    median = float(np.median(every))
    for cost in costs:
        cost[np.isnan(cost)] = median
    notes.append(warning("criteria.pair_unknown", count=unknown, cost=round(median, 3)))
