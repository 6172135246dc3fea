"""A county's existing alliances as a teacher: weights, a test, settings to plan others with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.plan import Plan
from liancun_geo.research.features import as_settings, county_features, weights_of
from liancun_geo.research.likeness import Agreement
from liancun_geo.research.precedent import Learned, held_out, learn_weights
from liancun_geo.scenario import Groundwork, Scenario
from liancun_geo.settings import Settings
from liancun_geo.settings_edits import SettingsEdit


@dataclass(frozen=True, eq=False)
class Lesson:
    """What existing alliances of a county teach.

    Attributes
    ----------
    learned
        Weights by feature, and how well they account for the alliances.
    pair_weights
        Component of the pair cost -> weight, together 1, as settings have them.
    lead_cost_weight
        ``rules.lead_cost_weight`` that goes with them.
    unseen
        Agreement on townships that were not learned from; None if that was not tested.
    """

    learned: Learned
    pair_weights: dict[str, float]
    lead_cost_weight: float
    unseen: Agreement | None

    @property
    def weights(self) -> dict[str, float]:
        """Pair weights, and ``lead_cost_weight``."""
        return {**self.pair_weights, "lead_cost_weight": self.lead_cost_weight}

    def edits(self, settings: Settings) -> tuple[SettingsEdit, ...]:
        """Return the changes that give settings these weights; what is unknown gets 0."""
        unknown = dict.fromkeys(settings.criteria.pair_weights.model_dump(), 0.0)
        weights = {**unknown, **self.pair_weights}
        return (
            SettingsEdit("criteria", "pair_weights", "set", weights),
            SettingsEdit("rules", "lead_cost_weight", "set", self.lead_cost_weight),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "weights": self.weights,
            "zones": self.learned.zones,
            "gap_before": self.learned.gap_before,
            "gap": self.learned.gap,
            "converged": self.learned.converged,
            "left_aside": [str(label) for label in self.learned.left_aside],
            "held_out_f1": None if self.unseen is None else self.unseen.f1,
        }

    def text(self, language: Language = DEFAULT_LANGUAGE) -> list[str]:
        """Return the lesson as sentences of the catalogue."""
        found = self.learned
        gaps = {"before": f"{found.gap_before:.4f}", "gap": f"{found.gap:.4f}"}
        told = [message("research.learned", language, zones=found.zones, **gaps)]
        for name, weight in self.weights.items():
            label = message(f"research.weight_{name}", language)
            shown = {"weight": f"{weight:.3f}", "name": label}
            told.append(message("research.weight_line", language, **shown))
        if found.left_aside:
            count = len(found.left_aside)
            told.append(message("research.left_aside", language, count=count))
        if self.unseen is not None:
            shown = {"f1": f"{self.unseen.f1:.2f}", "rand": f"{self.unseen.adjusted_rand:.2f}"}
            lead = f"{100 * self.unseen.lead:.0f}"
            told.append(message("research.held_out", language, lead=lead, **shown))
        return told


def learn_from(
    ground: Scenario | Groundwork,
    existing: Plan | ArrayLike,
    settings: Settings,
    *,
    folds: int = 5,
    margin: float = 0.05,
) -> Lesson:
    """Learn the weights of settings from alliances that exist, and test them.

    Parameters
    ----------
    ground
        The county, with what the settings make of it.
    existing
        (n,) leads of the existing alliances, -1 for a village in none.
    settings
        Their weights are what learning starts from.
    folds
        Parts of the townships for the test on unseen ones; below 2, or where one township alone
        can be learned from: no test.
    margin
        As for :func:`~liancun_geo.research.learn_weights`.

    Raises
    ------
    ValueError
        If no township has existing alliances that the rules allow.
    """
    features = county_features(ground)
    start = weights_of(settings, features)
    learned = learn_weights(features, existing, start=start, margin=margin)
    pair_weights, lead_cost_weight = as_settings(learned.weights, features)
    unseen = None
    if folds >= 2 and learned.zones > 1:
        unseen, _ = held_out(features, existing, folds=folds, start=start, margin=margin)
    return Lesson(learned, pair_weights, lead_cost_weight, unseen)
