"""How sure a plan is, in whole sentences: near-optimal plans, other weights, the proof."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from liancun_geo.messages import Language, message

if TYPE_CHECKING:
    from liancun_geo.messages import Wording
    from liancun_geo.why.facts import Proof, Stability, VillageName, WeightStanding

EVEN = 0.005
"""A change smaller than this reads as none."""


class Listed:
    """Names one after the other, in whatever language they are read."""

    def __init__(self, names: Iterable[Wording | str]) -> None:
        self.names = tuple(names)

    def text(self, language: Language) -> str:
        """Return the names joined; the word for none if there are none."""
        if not self.names:
            return message("why.none", language)
        told = [name if isinstance(name, str) else name.text(language) for name in self.names]
        return message("reason.separator", language).join(told)


def stability_lines(stability: Stability | None, language: Language) -> list[str]:
    """Return how much choice the near-optimal plans leave a village."""
    if stability is None:
        return [message("why.stability_unknown", language)]
    key = "why.stability" if stability.complete else "why.stability_some"
    within, share = f"{stability.within:.2%}", f"{stability.stays:.0%}"
    lines = [message(key, language, plans=stability.plans, within=within, share=share)]
    if stability.stays < 1.0:
        leads = _shared(stability.leads, language)
        lines.append(message("why.stability_elsewhere", language, leads=leads))
    return lines


def under_weights_lines(standing: WeightStanding | None, language: Language) -> list[str]:
    """Return what other weights would change; nothing where nobody asked."""
    if standing is None:
        return []
    key = "why.weights" if standing.proven == standing.draws else "why.weights_some"
    share = f"{standing.stays:.0%}"
    told = {"draws": standing.draws, "kept": standing.kept, "proven": standing.proven}
    lines = [message(key, language, share=share, **told)]
    if standing.kept < standing.draws:
        leads = _shared(standing.leads, language)
        lines.append(message("why.weights_elsewhere", language, leads=leads))
    return lines


def _shared(shares: Iterable[tuple[VillageName | None, float]], language: Language) -> Listed:
    return Listed(
        message(
            "why.with_share",
            language,
            village=message("why.not_in_alliance", language) if lead is None else lead,
            share=f"{share:.0%}",
        )
        for lead, share in shares
    )


def proof_lines(proof: Proof, language: Language) -> list[str]:
    """Return how good the plan of a zone is."""
    if proof.points is None or proof.more is None:
        return [message("why.proof_unknown", language)]
    points = f"{proof.points:.1f}"
    if proof.status == "optimal" and proof.more < EVEN:
        return [message("why.proof_best", language, points=points)]
    return [message("why.proof_more", language, points=points, more=f"{proof.more:.2f}")]
