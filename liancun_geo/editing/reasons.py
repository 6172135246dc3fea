"""Short reasons for the map: an obstacle in a few words, one fact that speaks for a move."""

from __future__ import annotations

from collections.abc import Sequence

from liancun_geo.editing.base import Base
from liancun_geo.editing.state import State
from liancun_geo.errors import Fault, warning
from liancun_geo.messages import Language, message
from liancun_geo.plan import UNASSIGNED
from liancun_geo.why.facts import Obstacle, VillageName
from liancun_geo.why.scores import industry_links
from liancun_geo.why.wording_obstacles import name_of
from liancun_geo.why.wording_sure import Listed

MOST_SHOWN = 2
"""Names in a short reason; more become a number."""


class Few:
    """One or two names, of more the first and their number."""

    def __init__(self, names: Sequence[VillageName]) -> None:
        self.names = tuple(names)

    def text(self, language: Language) -> str:
        """Return the names."""
        if len(self.names) <= MOST_SHOWN:
            return Listed(self.names).text(language)
        return message(
            "editing.few", language, first=self.names[0].text(language), count=len(self.names)
        )


def short_text(obstacle: Obstacle, language: Language) -> str:
    """Return an obstacle in a few words, as a greyed row has room for."""
    key = f"editing.short_{obstacle.kind}"
    if obstacle.kind == "gates" and obstacle.name is not None:
        key = f"editing.short_{obstacle.name.removeprefix('criteria.')}"
    elif obstacle.kind == "hops" and obstacle.value is None:
        key = "editing.short_forbidden_pair"
    return message(
        key,
        language,
        villages=Few(obstacle.villages),
        value=_figure(obstacle.value),
        limit=_figure(obstacle.limit),
        name=name_of(obstacle, language) or message("editing.some_amount", language),
        township=obstacle.villages[0].township if obstacle.villages else "",
    )


def fact_of(
    base: Base, before: State, after: State, kind: str, villages: Sequence[int], target: int
) -> Fault | None:
    """Return one fact about an edit, the one a planner would want first.

    Parameters
    ----------
    base, before, after
        The plan before and after it.
    kind, villages, target
        As :class:`~liancun_geo.editing.options.Option` has them.
    """
    ground = base.ground
    heirs = [
        int(after.lead_of[v])
        for old in sorted({int(before.lead_of[v]) for v in villages} - {UNASSIGNED})
        if kind != "lead" and not after.leads(old)
        for v in before.villages_of(old)
        if v not in villages
    ]
    if heirs:
        return warning("editing.fact_heir", village=ground.name(heirs[0]))
    if kind == "lead":
        old = int(before.lead_of[target])
        scores = ground.scenario.leads.score
        own, theirs = f"{float(scores[target]):.2f}", f"{float(scores[old]):.2f}"
        return warning("editing.fact_score", score=own, other=theirs, village=ground.name(old))
    if kind == "new":
        count = int((after.lead_of == target).sum())
        return warning("editing.fact_new", village=ground.name(target), count=count)
    if kind == "leave_out":
        rules = ground.scenario.settings.rules
        key = "editing.fact_out_partial" if rules.coverage == "partial" else "editing.fact_out"
        return warning(key)
    lead = int(after.lead_of[villages[0]])
    return _fit(base, villages, lead)


def _fit(base: Base, villages: Sequence[int], lead: int) -> Fault | None:
    """Return how a village fits the lead it comes to; of several, how far the farthest has it."""
    ground = base.ground
    if len(villages) == 1 and villages[0] != lead:
        common, feeding = industry_links(ground, lead, villages[0])
        if common:
            return warning("editing.fact_common", industries=Listed(common[:2]))
        if feeding:
            theirs, own = feeding[0]
            return warning("editing.fact_feeding", own=own, theirs=theirs)
    far = [ground.distance_km(v, lead) for v in villages if v != lead]
    known = [distance for distance in far if distance is not None]
    if not known:
        return None
    key = "editing.fact_km" if len(villages) == 1 else "editing.fact_km_most"
    return warning(key, distance=f"{max(known):.1f}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
