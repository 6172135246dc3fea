"""The lead score: how capable each village is of leading an alliance, and who may not lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.criteria._common import (
    check_settings,
    first_names,
    labels,
    normalised,
    readonly,
    tag_sets,
)
from liancun_geo.errors import DataError, Fault, error, warning
from liancun_geo.settings import CriteriaSettings, Gates
from liancun_geo.villages import VillageTable, village_where

LEAD_INDICATORS = (
    "collective_income",
    "party_members",
    "population",
    "income_per_head",
    "enterprises",
)
"""Names of the indicators, as in :class:`~liancun_geo.settings.LeadWeights`."""

GATES = (
    "criteria.gate_weak_organisation",
    "criteria.gate_to_be_relocated",
    "criteria.gate_secretary_in_post",
)
"""Message keys of the gates: each sentence says why the village may not lead."""

_RELOCATED = "搬迁撤并"
_DEFAULTS = CriteriaSettings()


@dataclass(frozen=True, eq=False)
class LeadScores:
    """Lead capability of every village.

    Attributes
    ----------
    score
        (n,) in [0, 1]; higher is a more capable lead. Never NaN.
    components
        Indicator name -> (n,) scaled indicator in [0, 1], NaN where it is missing.
    weights
        Indicator name -> weight as used. They add up to 1 over the indicators that somebody in
        the county has; an indicator nobody has is 0. All 0 if no weighted indicator is left:
        then every score is 0.5.
    gate_failed
        Per village, the message keys of the gates it fails (of :data:`GATES`, in that order).
    can_lead
        (n,) whether the village passes every gate that is switched on.
    warnings
        What was missing and how it was treated.
    """

    score: NDArray[np.float64]
    components: Mapping[str, NDArray[np.float64]]
    weights: Mapping[str, float]
    gate_failed: tuple[tuple[str, ...], ...]
    can_lead: NDArray[np.bool_]
    warnings: tuple[Fault, ...]


@dataclass(frozen=True)
class _Indicator:
    field: str
    column: NDArray[np.float64]


def score_leads(villages: VillageTable, settings: CriteriaSettings = _DEFAULTS) -> LeadScores:
    """Score every village as a lead, and apply the gates.

    A composite index: each indicator is winsorised at ``settings.winsorise`` and min-max scaled
    over the known values of the county, then averaged with ``settings.lead_weights``. An
    indicator that is missing for a village is left out of that village's index and its other
    weights are rescaled; a village with no indicator takes the median score of the county. It is
    never counted as zero, and always reported.

    Parameters
    ----------
    villages
        n villages. The frame is not changed.
    settings
        Weights (at least one above 0), gates, winsorising share (below 0.5).

    Returns
    -------
    LeadScores
        By position in ``villages.frame``.

    Raises
    ------
    SettingsError
        If all weights are 0 or the winsorising share is 0.5 or more.
    DataError
        If an indicator is infinite. With every such village.

    Notes
    -----
    Min-max scaling, expert weights and linear aggregation: OECD and JRC (2008), *Handbook on
    Constructing Composite Indicators*, steps 5 and 6, doi:10.1787/9789264043466-en. Missing
    values: available-case analysis, ibid. step 3, after Little and Rubin (2002). Quantiles:
    type 7 of Hyndman and Fan (1996), doi:10.2307/2684934. Raising one indicator of a village
    never lowers its score, although the village itself moves the quantiles: see
    ``docs/criteria.md``.
    """
    check_settings(settings)
    frame = villages.frame
    notes: list[Fault] = []
    gate_failed = _gates(frame, settings.gates, notes)
    indicators = _indicators(frame, settings, notes)
    chosen = {name: float(getattr(settings.lead_weights, name)) for name in LEAD_INDICATORS}
    components: dict[str, NDArray[np.float64]] = {}
    for name, indicator in indicators.items():
        scaled, faults = _scaled(frame, indicator, settings.winsorise)
        components[name] = readonly(scaled)
        # A planner who gave it no weight need not hear about it.
        notes.extend(faults if chosen[name] else ())
    available = [name for name, scaled in components.items() if not np.isnan(scaled).all()]
    weights = normalised(chosen, available)
    score = _aggregated(frame, components, weights, notes)
    return LeadScores(
        score=readonly(score),
        components=MappingProxyType(components),
        weights=weights,
        gate_failed=gate_failed,
        can_lead=readonly(np.array([not failed for failed in gate_failed], dtype=np.bool_)),
        warnings=tuple(notes),
    )


def _indicators(
    frame: pd.DataFrame, settings: CriteriaSettings, notes: list[Fault]
) -> dict[str, _Indicator]:
    population = "population_registered_persons"
    resident = "population_resident_persons"
    if frame[population].isna().all() and frame[resident].notna().any():
        population = resident
        if settings.lead_weights.population:
            notes.append(warning("criteria.resident_population_used"))
    fields = {
        "collective_income": "collective_income_wan_yuan",
        "party_members": "party_members_persons",
        "population": population,
        "income_per_head": "income_per_head_yuan",
    }
    indicators = {
        name: _Indicator(field, frame[field].to_numpy(dtype=np.float64, na_value=np.nan))
        for name, field in fields.items()
    }
    faults = [
        error("criteria.not_finite", village_where(frame, int(position)), **labels(indicator.field))
        for indicator in indicators.values()
        for position in np.flatnonzero(np.isinf(indicator.column))
    ]
    if faults:
        raise DataError(faults)
    any_enterprise = np.array(
        [np.nan if tags is None else float(bool(tags)) for tags in tag_sets(frame["enterprises"])],
        dtype=np.float64,
    )
    return indicators | {"enterprises": _Indicator("enterprises", any_enterprise)}


def _scaled(
    frame: pd.DataFrame, indicator: _Indicator, share: float
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Winsorise and scale one indicator to [0, 1]; NaN stays NaN."""
    values, named = indicator.column, labels(indicator.field)
    missing = np.isnan(values)
    if missing.all():
        return values.copy(), [warning("criteria.indicator_dropped", **named)]
    faults: list[Fault] = []
    if missing.any():
        faults.append(
            warning(
                "criteria.indicator_missing",
                count=int(missing.sum()),
                total=len(values),
                names=first_names(frame, missing),
                **named,
            )
        )
    known = values[~missing]
    least, most = float(known.min()), float(known.max())
    if least == most:
        faults.append(warning("criteria.indicator_constant", **named))
        return np.where(missing, np.nan, 0.5), faults
    # Yes or no has no outliers: capping it would only erase the rarer answer.
    low, high = least, most
    if indicator.field != "enterprises":
        low, high = (float(bound) for bound in np.quantile(known, [share, 1 - share]))
    if not low < high:
        # Nearly all villages share one value. Capping would erase the few that differ.
        faults.append(warning("criteria.indicator_not_capped", **named))
        low, high = least, most
    return np.clip((values - low) / (high - low), 0.0, 1.0), faults


def composite(
    components: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float], n: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the (n,) index under some weights, and which villages have any indicator for it.

    The others take the median of those; without any, all are 0.5.
    """
    total, available = np.zeros(n), np.zeros(n)
    for name, weight in weights.items():
        known = ~np.isnan(components[name])
        total += np.where(known, weight * components[name], 0.0)
        available += weight * known
    scored = available > 0
    if not scored.any():
        return np.full(n, 0.5), scored
    score = np.clip(np.divide(total, available, out=np.zeros(n), where=scored), 0.0, 1.0)
    score[~scored] = float(np.median(score[scored]))
    return score, scored


def _aggregated(
    frame: pd.DataFrame,
    components: Mapping[str, NDArray[np.float64]],
    weights: Mapping[str, float],
    notes: list[Fault],
) -> NDArray[np.float64]:
    """Return the weighted mean of what each village has."""
    score, scored = composite(components, weights, len(frame))
    if not scored.any():
        if len(frame):
            notes.append(warning("criteria.no_lead_indicator"))
        return np.full(len(frame), 0.5)
    notes.extend(
        warning(
            "criteria.median_score",
            village_where(frame, int(position)),
            score=round(float(score[position]), 3),
        )
        for position in np.flatnonzero(~scored)
    )
    return score


def _gates(frame: pd.DataFrame, gates: Gates, notes: list[Fault]) -> tuple[tuple[str, ...], ...]:
    """Return the gates each village fails; a missing answer passes and is counted."""
    weak: pd.Series[Any] = frame["weak_organisation"].astype("boolean")
    serving: pd.Series[Any] = frame["secretary_in_post"].astype("boolean")
    village_class: pd.Series[Any] = frame["village_class"]
    # The official term is 搬迁撤并类; ledgers write it with and without the last character.
    relocated = village_class.map(lambda text: str(text).strip().startswith(_RELOCATED))
    answers = (
        (gates.weak_organisation, weak, weak.fillna(value=False)),
        (gates.to_be_relocated, village_class, relocated),
        (gates.secretary_in_post, serving, ~serving.fillna(value=True)),
    )
    failed: list[tuple[str, ...]] = [()] * len(frame)
    for key, (switched_on, given, fails) in zip(GATES, answers, strict=True):
        if not switched_on:
            continue
        for position in np.flatnonzero(fails.to_numpy(dtype=np.bool_)):
            failed[position] += (key,)
        unknown = given.isna().to_numpy(dtype=np.bool_)
        if unknown.any():
            notes.append(
                warning(
                    f"{key}_unknown",
                    count=int(unknown.sum()),
                    total=len(frame),
                    names=first_names(frame, unknown),
                )
            )
    return tuple(failed)
