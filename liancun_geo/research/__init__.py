"""For researchers: estimators, baselines, fronts, sensitivity, learning, ensembles.

Everything here takes arrays, a frozen problem or a county with its settings, and returns plans
that :func:`liancun_geo.check` judges. Nothing needs the app; what needs scikit-learn, matplotlib
or a peer's package says so when it is called. Install with ``pip install liancun-geo[research]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liancun_geo.research.baselines import BASELINES, baseline
    from liancun_geo.research.clusterer import AllianceClusterer
    from liancun_geo.research.neighbours import edges_of
    from liancun_geo.research.regions import Alliances

_HOME = {
    "BASELINES": "baselines",
    "AllianceClusterer": "clusterer",
    "Alliances": "regions",
    "baseline": "baselines",
    "edges_of": "neighbours",
}

__all__ = ["BASELINES", "AllianceClusterer", "Alliances", "baseline", "edges_of"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
