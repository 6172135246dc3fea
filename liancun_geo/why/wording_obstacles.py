"""Obstacles in whole sentences; apart from the cards, since an obstacle says itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liancun_geo.messages import Language, message
from liancun_geo.villages import FIELDS
from liancun_geo.why.wording_sure import Listed

if TYPE_CHECKING:
    from liancun_geo.why.facts import Obstacle


def obstacle_text(obstacle: Obstacle, language: Language) -> str:
    """Return why something is not possible."""
    key = f"why.obstacle_{obstacle.kind}"
    if obstacle.kind == "gates" and obstacle.name is not None:
        key = f"{key}_{obstacle.name.removeprefix('criteria.gate_')}"
    elif obstacle.kind == "hops" and obstacle.value is None:
        key = f"{key}_unreachable"
    return message(
        key,
        language,
        villages=Listed(obstacle.villages),
        value=None if obstacle.value is None else f"{obstacle.value:.4g}",
        limit=None if obstacle.limit is None else f"{obstacle.limit:g}",
        name=name_of(obstacle, language),
        township=obstacle.villages[0].township if obstacle.villages else "",
    )


def name_of(obstacle: Obstacle, language: Language) -> str | None:
    """Return what the amount is called that an obstacle is about, None if it is about none."""
    known = FIELDS.get(obstacle.name or "")
    if known is None:
        return obstacle.name
    return known.zh if language == "zh" else known.en
