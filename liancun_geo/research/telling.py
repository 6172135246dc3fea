"""What fronts, draws and ranges say, as sentences of the catalogue, one a finding."""

from __future__ import annotations

import pandas as pd

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing, message
from liancun_geo.research.pareto import ParetoFront
from liancun_geo.research.redrawn import Redrawn
from liancun_geo.research.sensitivity import DataSensitivity

_NAMED_AT_MOST = 8


def front_text(front: ParetoFront, language: Language = DEFAULT_LANGUAGE) -> list[str]:
    """Return what a front holds: how many plans, how exact, and those with a name."""
    whole = "research.front_complete" if front.status == "optimal" else "research.front_partial"
    criteria = ", ".join(front.criteria)
    seconds = f"{front.seconds:.1f}"
    told = [message(whole, language, count=len(front), criteria=criteria, seconds=seconds)]
    if front.without:
        zones = Listing(str(label) for label, _ in front.without)
        told.append(message("research.front_without", language, zones=zones))
    if front.epsilon.any():
        each = zip(front.criteria, front.epsilon, strict=True)
        steps = ", ".join(f"{name} {step:.4g}" for name, step in each)
        told.append(message("research.front_step", language, steps=steps))
    for called, at in front.names().items():
        point = front[at]
        values = ", ".join(f"{name} {point.values[name]:.4f}" for name in front.criteria)  # noqa: PD011
        kind, _, of = called.partition("_")
        what = message(f"research.front_{kind}", language, criterion=of)
        told.append(message("research.front_point", language, number=at, what=what, values=values))
    return told


def redrawn_text(found: Redrawn, language: Language = DEFAULT_LANGUAGE) -> list[str]:
    """Return what other weights or figures do to a plan: what survives, and who swings."""
    data = isinstance(found, DataSensitivity)
    villages, alliances, swinging = found.frame(), found.alliances(), found.swing_villages()
    names = ("、" if language == "zh" else ", ").join(swinging["name"].head(_NAMED_AT_MOST))
    return [
        message(
            "research.redrawn_figures" if data else "research.redrawn_weights",
            language,
            draws=found.draws,
            asked=found.asked,
            proven=int(found.proven.sum()),
        ),
        message(
            "research.survival",
            language,
            exact=f"{alliances['exact'].mean():.0%}",
            jaccard=f"{alliances['jaccard'].mean():.2f}",
            kept=f"{villages['kept'].mean():.0%}",
        ),
        message(
            "research.swinging",
            language,
            count=len(swinging),
            below=f"{found.swing_below:.0%}",
            names=names or "—",
        ),
    ]


def ranges_text(ranges: pd.DataFrame, language: Language = DEFAULT_LANGUAGE) -> list[str]:
    """Return what :func:`~liancun_geo.research.weight_ranges` found, a sentence a component."""
    return [
        message(
            "research.weight_range" if row["proven"] else "research.weight_range_open",
            language,
            component=row["component"],
            weight=f"{row['weight']:.2f}",
            low=f"{row['low']:.3f}",
            high=f"{row['high']:.3f}",
        )
        for row in ranges.to_dict("records")
    ]
