"""For researchers: estimators, baselines, fronts, sensitivity, learning, ensembles.

Everything here takes arrays, a frozen problem or a county with its settings, and returns plans
that :func:`liancun_geo.check` judges. Nothing needs the app; what needs scikit-learn, matplotlib
or a peer's package says so when it is called. Install with ``pip install liancun-geo[research]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liancun_geo.lazy import lazy_names

if TYPE_CHECKING:
    from liancun_geo.research.baselines import BASELINES, baseline
    from liancun_geo.research.clusterer import AllianceClusterer
    from liancun_geo.research.ensemble import Ensemble, sample_plans
    from liancun_geo.research.features import Features, county_features
    from liancun_geo.research.figures import (
        dot_chart,
        ensemble_chart,
        front_chart,
        offline_map,
        plan_map,
        swing_map,
    )
    from liancun_geo.research.lessons import Lesson, learn_from
    from liancun_geo.research.likeness import Agreement, agreement
    from liancun_geo.research.mixing import effective_draws, r_hat
    from liancun_geo.research.neighbours import edges_of
    from liancun_geo.research.objectives import Criterion
    from liancun_geo.research.pack import PackInstance, Score, read_instance, score
    from liancun_geo.research.pareto import ParetoFront, ParetoPoint, pareto_front
    from liancun_geo.research.peers import PEERS, peer, peer_labels
    from liancun_geo.research.precedent import (
        Learned,
        held_out,
        learn_weights,
        plan_with,
    )
    from liancun_geo.research.redrawn import Redrawn
    from liancun_geo.research.regions import Alliances
    from liancun_geo.research.sensitivity import (
        DataSensitivity,
        WeightSensitivity,
        data_sensitivity,
        under_weights,
        weight_sensitivity,
    )
    from liancun_geo.research.standing import (
        county_metrics,
        place_plan,
        plan_metrics,
        standing_text,
    )
    from liancun_geo.research.telling import front_text, ranges_text, redrawn_text
    from liancun_geo.research.weight_ranges import weight_ranges

_HOME = {
    "BASELINES": "baselines",
    "Agreement": "likeness",
    "AllianceClusterer": "clusterer",
    "Alliances": "regions",
    "Criterion": "objectives",
    "DataSensitivity": "sensitivity",
    "PEERS": "peers",
    "PackInstance": "pack",
    "Score": "pack",
    "peer": "peers",
    "peer_labels": "peers",
    "read_instance": "pack",
    "score": "pack",
    "Ensemble": "ensemble",
    "Features": "features",
    "Learned": "precedent",
    "Lesson": "lessons",
    "ParetoFront": "pareto",
    "ParetoPoint": "pareto",
    "Redrawn": "redrawn",
    "WeightSensitivity": "sensitivity",
    "agreement": "likeness",
    "baseline": "baselines",
    "county_features": "features",
    "county_metrics": "standing",
    "data_sensitivity": "sensitivity",
    "dot_chart": "figures",
    "edges_of": "neighbours",
    "effective_draws": "mixing",
    "ensemble_chart": "figures",
    "front_chart": "figures",
    "front_text": "telling",
    "held_out": "precedent",
    "learn_from": "lessons",
    "learn_weights": "precedent",
    "offline_map": "figures",
    "pareto_front": "pareto",
    "place_plan": "standing",
    "plan_map": "figures",
    "plan_metrics": "standing",
    "plan_with": "precedent",
    "r_hat": "mixing",
    "ranges_text": "telling",
    "redrawn_text": "telling",
    "sample_plans": "ensemble",
    "standing_text": "standing",
    "swing_map": "figures",
    "under_weights": "sensitivity",
    "weight_ranges": "weight_ranges",
    "weight_sensitivity": "sensitivity",
}

__all__ = [
    "BASELINES",
    "PEERS",
    "Agreement",
    "AllianceClusterer",
    "Alliances",
    "Criterion",
    "DataSensitivity",
    "Ensemble",
    "Features",
    "Learned",
    "Lesson",
    "PackInstance",
    "ParetoFront",
    "ParetoPoint",
    "Redrawn",
    "Score",
    "WeightSensitivity",
    "agreement",
    "baseline",
    "county_features",
    "county_metrics",
    "data_sensitivity",
    "dot_chart",
    "edges_of",
    "effective_draws",
    "ensemble_chart",
    "front_chart",
    "front_text",
    "held_out",
    "learn_from",
    "learn_weights",
    "offline_map",
    "pareto_front",
    "peer",
    "peer_labels",
    "place_plan",
    "plan_map",
    "plan_metrics",
    "plan_with",
    "r_hat",
    "ranges_text",
    "read_instance",
    "redrawn_text",
    "sample_plans",
    "score",
    "standing_text",
    "swing_map",
    "under_weights",
    "weight_ranges",
    "weight_sensitivity",
]


__getattr__ = lazy_names(__name__, _HOME)
