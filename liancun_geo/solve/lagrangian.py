"""A bound that needs no listing: every lead picks its best members, whoever else wants them.

The rows "each village has one place" are priced; what is left falls apart into one small problem
per possible lead, solved by sorting. Contiguity and sums over an alliance are left out, which
only lowers the bound. Prices follow a subgradient (Held, Wolfe & Crowder 1974,
doi:10.1007/BF01580223).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from liancun_geo.zone import Zone

ROUNDS = 200


def lagrangian_bound(
    zone: Zone,
    placeable: NDArray[np.bool_],
    upper: float,
    *,
    out_of_time: Callable[[], bool],
) -> float:
    """Return a lower bound on the cost of every plan of a zone.

    Parameters
    ----------
    zone
        The zone.
    placeable
        (k,) villages that some alliance may hold; the others are left out.
    upper
        Cost of a plan, to aim the steps at; ``inf`` if none is known.
    out_of_time
        Asked after every round; then the best bound so far is returned.
    """
    n = zone.n
    if n == 0:
        return 0.0
    leaving = np.where(np.isinf(zone.unassigned_cost) & ~placeable, 0.0, zone.unassigned_cost)
    cost = zone.pair_cost.copy()
    np.fill_diagonal(cost, np.inf)
    width = min(zone.max_size, n)
    sizes = np.arange(zone.min_size, width + 1)
    cheapest = np.minimum(np.minimum(cost.min(axis=0), zone.lead_cost), leaving)
    price = np.where(np.isfinite(cheapest), cheapest, 0.0)
    best, step, waiting = -np.inf, 1.0, 0
    for _ in range(ROUNDS):
        value, gradient = _evaluate(zone, cost, leaving, sizes, price)
        if value > best:
            best, waiting = value, 0
        else:
            waiting += 1
            if waiting == 10:
                step, waiting = step / 2.0, 0
        norm = float((gradient**2).sum())
        if norm == 0.0 or out_of_time():
            break
        goal = upper if np.isfinite(upper) else best + 0.05 * abs(best) + 1.0
        price = price + step * max(goal - value, 1e-6 * abs(goal)) / norm * gradient
    return float(best)


def _evaluate(
    zone: Zone,
    cost: NDArray[np.float64],
    leaving: NDArray[np.float64],
    sizes: NDArray[np.intp],
    price: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Return the bound of some prices and how often each village is short of a place."""
    n = zone.n
    places = np.zeros(n)
    value = float(price.sum())
    alone = leaving - price < 0.0
    value += float((leaving - price)[alone].sum())
    places[alone] += 1.0
    if len(sizes):
        gain = cost - price[None, :]
        order = np.argsort(gain, axis=1, kind="stable")[:, : int(sizes[-1])]
        sums = np.cumsum(np.take_along_axis(gain, order, axis=1), axis=1)
        sums = np.column_stack([np.zeros(n), sums])
        by_size = sums[:, sizes - 1] + zone.size_cost[sizes][None, :]
        size = np.argmin(by_size, axis=1)
        total = by_size[np.arange(n), size] + zone.lead_cost - price
        ranked = np.argsort(total, kind="stable")
        least = int(min(max(zone.n_alliances[0], 0.0), n))
        most = int(min(zone.n_alliances[1], n))
        wanted = int((total < 0.0).sum())
        for lead in ranked[: min(max(wanted, least), most)].tolist():
            if not np.isfinite(total[lead]):
                return np.inf, places
            value += float(total[lead])
            places[lead] += 1.0
            places[order[lead, : int(sizes[size[lead]]) - 1]] += 1.0
    return value, 1.0 - places
