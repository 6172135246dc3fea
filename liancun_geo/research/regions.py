"""Alliances in the manner of PySAL's ``spopt.region``: a frame, weights, attributes, ``solve``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.contiguity.borders import shared_borders
from liancun_geo.errors import DataError, Fault, error
from liancun_geo.messages import Listing
from liancun_geo.plan import UNASSIGNED
from liancun_geo.problem import AllianceProblem
from liancun_geo.research.neighbours import Edges, edges_of
from liancun_geo.solve import SolveResult, solve


class Alliances:
    """Connected alliances of bounded size, each with a lead, proven best.

    Parameters
    ----------
    gdf
        n areas; its index names them and is kept.
    w
        Contiguity: a libpysal ``Graph`` or ``W``, a networkx graph, a matrix, or None to take
        areas for neighbours that share a border of more than ``min_shared_border_m`` (then
        ``gdf`` must be in a projected CRS in metres).
    attrs
        Columns that likeness is judged by. Each is standardised to mean 0 and variance 1, as
        ``spopt`` does; the cost of a member is its Euclidean distance to its lead over them.
    min_size, max_size
        Areas in an alliance, lead included.
    strength
        Column by which an area is a better lead: standardised and turned round to a cost, it is
        the cost of opening an alliance, weighed with ``strength_weight``.
    can_lead
        Boolean column: who may lead. Default: everybody.
    zones
        Column; an alliance stays inside one zone.
    n_alliances
        How many; None: whatever is best.
    distance_weight
        Of the straight distance between lead and member beside likeness; distances are divided
        by their median, so that 1.0 weighs a typical distance as much as a typical difference
        of one standard deviation.
    strength_weight
        See ``strength``.
    unassigned_cost
        Of leaving an area out; None: it must be in an alliance wherever that is possible.
    min_shared_border_m, gap_tolerance_m
        See ``w``; borders at most this far apart are one.
    time_limit, workers, seed
        As for :func:`liancun_geo.solve`.

    Attributes
    ----------
    labels_
        (n,) alliance of each area, numbered by first appearance, -1 for one left out; after
        :meth:`solve`.
    leads_
        Index label of the lead of each alliance.
    problem
        The frozen problem, for everything else this package does.
    result_
        With status, objective and bound.

    Raises
    ------
    DataError
        If columns are missing or have gaps, or ``w`` does not fit the index: every fault.
    """

    labels_: NDArray[np.intp]
    leads_: list[Any]
    result_: SolveResult

    def __init__(
        self,
        gdf: gpd.GeoDataFrame,
        w: Any,
        attrs: Sequence[str],
        min_size: int = 4,
        max_size: int = 8,
        *,
        strength: str | None = None,
        can_lead: str | None = None,
        zones: str | None = None,
        n_alliances: int | None = None,
        distance_weight: float = 0.0,
        strength_weight: float = 1.0,
        unassigned_cost: float | None = None,
        min_shared_border_m: float = 0.0,
        gap_tolerance_m: float = 2.0,
        time_limit: float = 60.0,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        self._index = gdf.index
        self._time_limit, self._workers, self._seed = time_limit, workers, seed
        numeric = [*attrs, *([strength] if strength else [])]
        _check_columns(gdf, numeric, [name for name in (can_lead, zones) if name])
        values = _standardised(gdf[list(attrs)].to_numpy(dtype=np.float64))
        cost = np.sqrt(((values[:, None, :] - values[None, :, :]) ** 2).sum(axis=2))
        if distance_weight:
            cost = cost + distance_weight * _distances(gdf)
        opening = np.zeros(len(gdf))
        if strength:
            strong = _standardised(gdf[[strength]].to_numpy(dtype=np.float64))[:, 0]
            opening = strength_weight * (strong.max() - strong)
        edges = (
            _built(gdf, min_shared_border_m, gap_tolerance_m)
            if w is None
            else edges_of(w, gdf.index)
        )
        left = None if unassigned_cost is None else np.full(len(gdf), float(unassigned_cost))
        self.problem = AllianceProblem.from_arrays(
            cost,
            edges,
            min_size,
            max_size,
            zones=None if zones is None else gdf[zones].to_numpy(),
            lead_cost=opening,
            can_lead=None if can_lead is None else gdf[can_lead].to_numpy(dtype=bool),
            unassigned_cost=left,
            n_alliances=None if n_alliances is None else (n_alliances, n_alliances),
        )

    def solve(self) -> None:
        """Find the best alliances and fill ``labels_``, ``leads_`` and ``result_``."""
        self.result_ = solve(
            self.problem, time_limit=self._time_limit, workers=self._workers, seed=self._seed
        )
        lead_of = self.result_.lead_of
        order = list(dict.fromkeys(int(lead) for lead in lead_of if lead != UNASSIGNED))
        number = {lead: label for label, lead in enumerate(order)}
        self.labels_ = np.array([number.get(int(lead), -1) for lead in lead_of], dtype=np.intp)
        self.leads_ = [self._index[lead] for lead in order]

    def assignment(self) -> pd.DataFrame:
        """Return ``label``, ``lead`` (index label, None if left out) and ``role`` on the index."""
        leads = [None if label < 0 else self.leads_[label] for label in self.labels_.tolist()]
        roles = [
            "unassigned" if lead is None else "lead" if lead == own else "member"
            for own, lead in zip(self._index, leads, strict=True)
        ]
        columns = {"label": self.labels_, "lead": pd.Series(leads, dtype=object).to_numpy(),
                   "role": roles}  # fmt: skip
        return pd.DataFrame(columns, index=self._index)


def _check_columns(gdf: gpd.GeoDataFrame, numeric: list[str], others: list[str]) -> None:
    missing = [name for name in [*numeric, *others] if name not in gdf.columns]
    faults: list[Fault] = []
    if missing:
        faults.append(error("research.attribute_missing", names=Listing(missing)))
    for name in dict.fromkeys(numeric):
        if name not in missing:
            numbers = pd.to_numeric(gdf[name], errors="coerce").to_numpy(dtype=np.float64)
            gaps = int((~np.isfinite(numbers)).sum())
            if gaps:
                faults.append(error("research.attribute_not_number", name=name, count=gaps))
    if faults:
        raise DataError(faults)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _distances(gdf: gpd.GeoDataFrame) -> NDArray[np.float64]:
    points = gdf.geometry.representative_point()
    xy = np.column_stack([points.x, points.y])
    apart = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    typical = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    return np.asarray(apart / typical)


def _built(gdf: gpd.GeoDataFrame, least_m: float, gap_tolerance_m: float) -> Edges:
    if gdf.crs is None or not gdf.crs.is_projected:
        raise DataError([error("research.not_projected")])
    borders = shared_borders(
        gdf.geometry.to_numpy(), tolerance_m=gap_tolerance_m, main_part_only=False
    )
    return np.asarray(borders.pairs[borders.shared_m > least_m], dtype=np.intp)
