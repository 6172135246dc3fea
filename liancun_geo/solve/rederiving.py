"""Cost and bound of a zone added up again from its arrays, for the certificate alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from liancun_geo.solve.recovering import Columns
from liancun_geo.solve.relisting import keeps_sums, priced
from liancun_geo.zone import Zone

if TYPE_CHECKING:
    from liancun_geo.solve.master import Relaxation


def plan_cost(zone: Zone, lead_of: NDArray[np.intp]) -> float | None:
    """Return the cost of a plan of a zone, None if one of its alliances breaks a rule.

    Parameters
    ----------
    zone
        The zone with its rules.
    lead_of
        (k,) lead of each village in the zone's own numbers, -1 if left out. Whether a village
        may be left out for nothing is not asked: that takes the list of candidates.
    """
    k = zone.n
    if (lead_of >= k).any() or (lead_of < -1).any():
        return None
    leads = np.unique(lead_of[lead_of >= 0])
    if not zone.n_alliances[0] <= len(leads) <= zone.n_alliances[1]:
        return None
    alone = lead_of == -1
    price = zone.unassigned_cost[alone]
    parts = price[np.isfinite(price)].tolist()
    for group in np.unique(zone.together[zone.together >= 0]):
        if len(np.unique(lead_of[zone.together == group])) > 1:
            return None
    for lead in leads.tolist():
        held = lead_of == lead
        size = int(held.sum())
        if not held[lead] or not zone.min_size <= size <= zone.max_size:
            return None
        if not keeps_sums(zone, held[None, :])[0][0] or not _hangs_together(zone, held):
            return None
        cost = priced(zone, held[None, :])[0, np.flatnonzero(held).tolist().index(lead)]
        if np.isinf(cost):
            return None
        parts.append(float(cost))
    return float(np.sum(np.sort(np.array(parts)))) if parts else 0.0


def _hangs_together(zone: Zone, held: NDArray[np.bool_]) -> bool:
    reached = np.zeros(zone.n, dtype=bool)
    reached[np.argmax(held)] = True
    ends = zone.edges[held[zone.edges].all(axis=1)]
    for _ in range(int(held.sum())):
        touched = ends[reached[ends].any(axis=1)]
        reached[touched.ravel()] = True
    return bool((reached == held).all())


def dual_bound(
    zone: Zone, relaxation: Relaxation, columns: Columns
) -> tuple[float, Columns] | None:
    """Return the bound that follows from some prices, and the columns with their reduced costs.

    Parameters
    ----------
    zone
        The zone.
    relaxation
        Prices of the villages, of the number of alliances and of cuts.
    columns
        Candidates and leaving out.

    Returns
    -------
    tuple or None
        None if the prices are not prices of this zone.

    Notes
    -----
    The formula is that of :func:`liancun_geo.solve.certifying.certify`. It holds for whatever
    prices; good ones make the bound high.
    """
    k = zone.n
    prices = np.asarray(relaxation.prices, dtype=np.float64)
    side = np.asarray(relaxation.side_prices, dtype=np.float64)
    cuts = np.asarray(relaxation.cuts, dtype=np.intp).reshape(-1, 3)
    cut_prices = np.asarray(relaxation.cut_prices, dtype=np.float64)
    # The number of alliances has a price or is no row of the programme at all.
    if prices.shape != (k,) or side.shape not in ((0,), (1,)) or cut_prices.shape != (len(cuts),):
        return None
    if not all(np.isfinite(p).all() for p in (prices, side, cut_prices)) or (cut_prices > 0).any():
        return None
    ordered = np.sort(cuts, axis=1)
    if (cuts < 0).any() or (cuts >= k).any() or (np.diff(ordered, axis=1) == 0).any():
        return None
    bound = float(prices.sum() + cut_prices.sum())
    reduced = columns.cost - columns.held @ prices
    for triple, price in zip(cuts, cut_prices.tolist(), strict=True):
        reduced[columns.held[:, triple].sum(axis=1) >= 2] -= price
    if len(side) and side[0] != 0.0:
        end = zone.n_alliances[0] if side[0] > 0.0 else zone.n_alliances[1]
        if np.isinf(end):
            return None
        bound += float(side[0]) * end
        reduced[columns.alliance] -= side[0]
    share = np.minimum(0.0, reduced) / columns.held.sum(axis=1)
    bound += float(np.where(columns.held, share[:, None], 0.0).min(axis=0, initial=0.0).sum())
    return bound, replace(columns, reduced=np.maximum(reduced, 0.0))
