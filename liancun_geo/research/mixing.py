"""Whether chains have mixed: rank-normalised split R-hat and effective sample size.

After Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, "Rank-normalization, folding, and
localization: an improved R-hat", Bayesian Analysis 16(2), doi:10.1214/20-BA1221.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

MIXED = 1.01
"""R-hat up to which the authors call chains mixed."""
ENOUGH = 400
"""Effective draws from which they trust it."""


def r_hat(values: ArrayLike) -> float:
    """Return the rank-normalised split R-hat, the greater of bulk and tail.

    Parameters
    ----------
    values
        (chains, draws) a metric of every draw, at least four draws a chain.

    Returns
    -------
    float
        1 if the chains agree; NaN with fewer than four draws; 1 if nothing varies.
    """
    draws = _split(values)
    if draws.shape[1] < 2:
        return float("nan")
    if np.ptp(draws) == 0.0:
        return 1.0
    folded = np.abs(draws - np.median(draws))
    return max(_split_r_hat(_normal_scores(draws)), _split_r_hat(_normal_scores(folded)))


def effective_draws(values: ArrayLike) -> float:
    """Return the bulk effective sample size of (chains, draws) of a metric.

    Autocorrelations by Geyer's initial monotone sequence. The number of draws itself if nothing
    varies, NaN with fewer than four draws a chain.
    """
    draws = _split(values)
    chains, n = draws.shape
    if n < 2:
        return float("nan")
    if np.ptp(draws) == 0.0:
        return float(chains * n)
    scores = _normal_scores(draws)
    centred = scores - scores.mean(axis=1, keepdims=True)
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    spectrum = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    autocovariance = np.fft.irfft(spectrum, size, axis=1)[:, :n] / n
    within = autocovariance[:, 0].mean() * n / (n - 1)
    between = scores.mean(axis=1).var(ddof=1) if chains > 1 else 0.0
    total = within * (n - 1) / n + between
    if total <= 0.0:
        return float(chains * n)
    rho = 1.0 - (within - autocovariance.mean(axis=0) * n / (n - 1)) / total
    rho[0] = 1.0
    pairs = rho[: 2 * (n // 2)].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    pairs = pairs[: negative[0]] if len(negative) else pairs
    time = -1.0 + 2.0 * float(np.minimum.accumulate(pairs).sum()) if len(pairs) else 1.0
    # Draws that alternate can be worth more than independent ones, but not without limit.
    return float(chains * n / max(time, 1.0 / np.log10(chains * n)))


def _split(values: ArrayLike) -> Floats:
    draws = np.asarray(values, dtype=np.float64)
    if draws.ndim != 2:
        raise ValueError(f"values must be (chains, draws), got {draws.shape}")
    half = draws.shape[1] // 2
    return np.vstack([draws[:, :half], draws[:, draws.shape[1] - half :]])


def _normal_scores(draws: Floats) -> Floats:
    ranks = stats.rankdata(draws, method="average").reshape(draws.shape)
    return np.asarray(stats.norm.ppf((ranks - 0.375) / (draws.size + 0.25)))


def _split_r_hat(draws: Floats) -> float:
    n = draws.shape[1]
    within = float(draws.var(axis=1, ddof=1).mean())
    between = n * float(draws.mean(axis=1).var(ddof=1))
    if within == 0.0:
        return float("inf") if between > 0.0 else 1.0
    return float(np.sqrt(((n - 1) / n * within + between / n) / within))
