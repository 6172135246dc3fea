"""What several tests of types share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scenarios import scenario, table

from liancun_geo.places import Place
from liancun_geo.scenario import Scenario
from liancun_geo.settings import parse_settings
from liancun_geo.typology import TypedAlliance, classify

FOUR = (0, 0, 0, 0, -1, -1, -1, -1, -1)


def planned(
    lead_of: Sequence[int] = FOUR,
    *,
    places: Sequence[Place] = (),
    types: Any = None,
    place_settings: Any = None,
    **columns: Any,
) -> Scenario:
    given = {
        "name": [f"村{i}" for i in range(9)],
        "collective_income_wan_yuan": [10.0] * 9,
        "industries": [("粮食",)] * 9,
        "enterprises": [()] * 9,
        "weak_organisation": [False] * 9,
        "weak_economy": [False] * 9,
        "resettlement": [False] * 9,
        "urban_rural_class": ["220"] * 9,
        "party_members_persons": [20.0] * 9,
    } | columns
    villages = replace(table(9, **given), places=tuple(places))
    made = scenario(lead_of, villages=villages)
    tables = made.settings.model_dump(mode="json")
    return replace(
        made,
        settings=parse_settings(
            {
                **tables,
                "types": types or {},
                "places": {**tables["places"], **(place_settings or {})},
            }
        ),
    )


def typed(*args: Any, **kwargs: Any) -> TypedAlliance:
    (first,) = classify(planned(*args, **kwargs))
    for language in ("zh", "en"):
        for text in (first.reason(language), first.party_body.text(language)):
            assert "None" not in text
            assert "{" not in text
        for fact in first.facts.values():
            assert fact.text(language)
    return first


def id_of(one: TypedAlliance) -> str | None:
    return None if one.type is None else one.type.id
