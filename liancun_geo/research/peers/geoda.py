"""pygeoda's methods: SKATER, REDCAP, max-p (Anselin, Li, Koschinsky 2021, doi:10.1111/gean.12311).

SKATER and REDCAP: Assuncao et al. 2006 and Guo 2008, doi:10.1080/13658810701674970.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from liancun_geo.research.needs import needed
from liancun_geo.research.peers.asking import Answer, Told, timed

_THREADS = 2


def skater(told: Told) -> Answer:
    """SKATER, with or without a least size."""
    geoda, weights, data = _asked(told)
    return _labels(
        lambda: geoda.skater(told.count, weights, data, cpu_threads=_THREADS, **_bound(told))
    )


def redcap(told: Told) -> Answer:
    """REDCAP, with or without a least size."""
    geoda, weights, data = _asked(told)
    linkage = told.setting.linkage or "fullorder-completelinkage"
    return _labels(
        lambda: geoda.redcap(
            told.count, weights, data, linkage, cpu_threads=_THREADS, **_bound(told)
        )
    )


def max_p(told: Told) -> Answer:
    """Greedy max-p."""
    geoda, weights, data = _asked(told)
    ones, floor = [1.0] * told.piece.n, float(max(told.floor, 1))
    return _labels(lambda: geoda.maxp_greedy(weights, data, ones, floor, cpu_threads=_THREADS))


def _labels(call: Any) -> Answer:
    seconds, found = timed(call)
    assert isinstance(found, dict)
    return seconds, np.asarray(found["Clusters"], dtype=np.intp)


def _bound(told: Told) -> dict[str, Any]:
    if not told.floor:
        return {}
    return {"bound_variable": [1.0] * told.piece.n, "min_bound": float(told.floor)}


def _asked(told: Told) -> tuple[Any, Any, Any]:
    geoda = needed("pygeoda")
    lines = [f"0 {told.piece.n} piece id"]
    for village, own in enumerate(told.neighbours):
        lines += [f"{village} {len(own)}", " ".join(map(str, own))]
    # It reads weights from a file only.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "piece.gal"
        file.write_text("\n".join(lines) + "\n", encoding="ascii")
        weights = geoda.weights.read_gal(str(file), [str(i) for i in range(told.piece.n)])
    return geoda, weights, told.features.T.tolist()
