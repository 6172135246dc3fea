"""How evenly something is spread: Gini, Jain, least to greatest."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def gini(values: ArrayLike) -> float:
    """Return the Gini coefficient, 0 if all have the same, towards 1 if one has everything.

    ``G = sum over i of (2 i - n - 1) x(i) / (n sum x)``, ``x(1) <= x(2) <= ...``, which is half
    the relative mean difference; at most ``(n - 1) / n``.

    Parameters
    ----------
    values
        Amounts of any unit, none below 0.

    Returns
    -------
    float
        NaN where it is not defined: no value, a value that is missing, infinite or below 0, or
        nothing but zeros.

    Notes
    -----
    Gini (1912), *Variabilità e mutabilità*; the formula is that of Sen (1973), *On Economic
    Inequality*, section 2.8.
    """
    amounts = _usable(values)
    if amounts is None:
        return math.nan
    n = len(amounts)
    ordered = np.sort(amounts)
    rank = 2.0 * np.arange(1, n + 1) - n - 1.0
    return max(0.0, math.fsum((rank * ordered).tolist()) / (n * math.fsum(ordered.tolist())))


def jain(values: ArrayLike) -> float:
    """Return Jain's index of fairness, 1 if all have the same, 1 / n if one has everything.

    ``J = (sum x)^2 / (n sum x^2)``.

    Returns
    -------
    float
        NaN where :func:`gini` is.

    Notes
    -----
    Jain, Chiu and Hawe (1984), *A Quantitative Measure of Fairness and Discrimination for
    Resource Allocation in Shared Computer Systems*, DEC-TR-301.
    """
    amounts = _usable(values)
    if amounts is None:
        return math.nan
    # By the largest, so that squares neither overflow nor vanish.
    scaled = (amounts / amounts.max()).tolist()
    total = math.fsum(scaled)
    return min(1.0, total * total / (len(scaled) * math.fsum(x * x for x in scaled)))


def least_to_greatest(values: ArrayLike) -> float:
    """Return the least value divided by the greatest, 1 if all are the same; NaN as above."""
    amounts = _usable(values)
    return math.nan if amounts is None else float(amounts.min() / amounts.max())


def _usable(values: ArrayLike) -> NDArray[np.float64] | None:
    amounts = np.asarray(values, dtype=np.float64).ravel()
    sound = bool(len(amounts)) and bool(np.isfinite(amounts).all()) and bool((amounts >= 0).all())
    return amounts if sound and amounts.max() > 0 else None
