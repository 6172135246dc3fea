"""What the web map knows: borders, who is where, the figures that may be passed on, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from liancun_geo.indicators import weak_villages
from liancun_geo.messages import Language, Listing, catalogue, message
from liancun_geo.output.columns import SUMMED, meaning, missing, unit
from liancun_geo.output.export import clean, county_name, office_time, sentence
from liancun_geo.output.layers import LIST_SEPARATOR
from liancun_geo.output.picture.borders import MapGeometry, build_geometry
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.packed import one_line, packed_county
from liancun_geo.sample import is_sample
from liancun_geo.typology import classify
from liancun_geo.villages import FIELDS
from liancun_geo.why.ground import Ground
from liancun_geo.why.scores import score_rank, strengths

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

_FIGURES = (
    "population_registered_persons",
    "population_resident_persons",
    "households",
    "party_members_persons",
    "collective_income_wan_yuan",
    "collective_income_year",
    "income_per_head_yuan",
    "arable_land_mu",
    "transferable_land_mu",
)
_FACTS = ("industries", "enterprises", "village_class")
_UNIT = re.compile(r"\s*[（(][^（）()]*[）)]$")
_STRENGTHS = 2
_SAID = (*SUMMED, "industries", "area_km2")


def contents(
    scenario: Scenario,
    alliances: pd.DataFrame,
    created: datetime,
    language: Language,
    *,
    figures: bool = True,
) -> dict[str, Any]:
    """Return everything the page shows, ready to be written as JSON.

    Parameters
    ----------
    scenario
        The plan.
    alliances
        Its layer of alliances (:func:`~liancun_geo.output.layers.alliance_layer`).
    created
        The date on the page.
    language
        Of all sentences.
    figures
        Whether figures of the ledger, which villages are weak, and the sentences made of them
        go along. Names, borders and the plan always do.
    """
    geometry = build_geometry(scenario.villages)
    frame = scenario.villages.frame
    weak = [v for v, one in enumerate(weak_villages(frame)) if one] if figures else []
    sources = [(source.path, source.sha256) for source in scenario.villages.sources]
    county = one_line(county_name(frame))
    title = message("web_map.title_of" if county else "web_map.title", language, county=county)
    return {
        "language": language,
        "title": title,
        "about": _about(scenario, created, language),
        "demo": is_sample(sources),
        "figures": figures,
        "county": packed_county(geometry, weak),
        "codes": [one_line(code) for code in geometry.codes],
        "plan": _plan(scenario, alliances),
        "alliances": _alliances(scenario, alliances, language, figures=figures),
        "villages": _villages(scenario, geometry, language, figures=figures),
        "words": {
            key.removeprefix("web_map."): sentences[language]
            for key, sentences in catalogue().items()
            if key.startswith("web_map.")
        },
    }


def _about(scenario: Scenario, created: datetime, language: Language) -> str:
    placed = sum(len(alliance.villages) for alliance in scenario.alliances)
    return message(
        "web_map.about",
        language,
        villages=len(scenario.villages),
        alliances=len(scenario.alliances),
        placed=placed,
        left_out=len(scenario.unassigned),
        date=f"{office_time(created):%Y-%m-%d}",
    )


def _plan(scenario: Scenario, layer: pd.DataFrame) -> dict[str, Any]:
    return {
        "of": scenario.alliance_of.tolist(),
        "leads": [int(alliance.lead) for alliance in scenario.alliances],
        "colours": [PALETTE.index(colour) for colour in layer["colour"]],
    }


def _alliances(
    scenario: Scenario, layer: pd.DataFrame, language: Language, *, figures: bool
) -> list[dict[str, Any]]:
    ground = Ground(scenario)
    told = []
    rows = layer.drop(columns="geometry", errors="ignore").to_dict("records")
    for row, typed in zip(rows, classify(scenario), strict=True):
        alliance, core = typed.alliance, typed.core_enterprise
        told.append(
            {
                "id": alliance.id,
                "name": one_line(alliance.name),
                "township": one_line(alliance.township),
                "type": one_line(typed.name(language)),
                "body": typed.party_body.name(language) if figures else "",
                "core": one_line(core.name) if core is not None and figures else "",
                "totals": list(_totals(row, language)) if figures else [],
                "why": lead_reason(ground, alliance.lead, language) if figures else "",
            }
        )
    return told


def lead_reason(ground: Ground, lead: int, language: Language) -> str:
    """Return in one sentence why a village leads: its score in its township, its strengths."""
    rank, of = score_rank(ground, lead)
    places = {"village": one_line(ground.name(lead).name), "rank": rank, "of": of}
    best = [_label(line.field, language) for line in strengths(ground, lead, _STRENGTHS)]
    if not best:
        return message("web_map.why_plain", language, **places)
    return message("web_map.why", language, strengths=Listing(best), **places)


def _totals(row: Mapping[Any, Any], language: Language) -> Iterator[tuple[str, str]]:
    """Yield what an alliance has, label and value; what nobody knows is left out."""
    for name in _SAID:
        value = row[name]
        if value is None or value == "" or (not isinstance(value, str) and pd.isna(value)):
            continue
        shown = one_line(value) if isinstance(value, str) else number(value)
        unknown = int(row.get(missing(name), 0))
        if unit(name, language) and not isinstance(value, str):
            shown = message("web_map.measured", language, value=shown, unit=unit(name, language))
        if unknown:
            shown = message("web_map.partly", language, value=shown, count=unknown)
        yield _label(name, language), shown


def _label(name: str, language: Language) -> str:
    """Return what a field means without its unit, which stands with the value."""
    return (
        _UNIT.sub("", meaning(name, language)) if unit(name, language) else meaning(name, language)
    )


def number(value: float) -> str:
    """Return a figure as it is read: thousands apart, two decimals at most, a true minus."""
    text = f"{float(value):,.2f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def _villages(
    scenario: Scenario, geometry: MapGeometry, language: Language, *, figures: bool
) -> dict[str, Any]:
    """Return columns of the villages by position, without those of which nothing is known."""
    frame = scenario.villages.frame
    ground = Ground(scenario)
    lead_of = scenario.plan.lead_of.tolist()
    distance = [
        None if lead in (-1, village) else _rounded(ground.distance_km(village, lead))
        for village, lead in enumerate(lead_of)
    ]
    columns: list[dict[str, Any]] = []
    for name in (*_FIGURES, *_FACTS) if figures else ():
        values = [_value(value) for value in frame[name]]
        if any(value is not None for value in values):
            shown = {"label": _label(name, language), "unit": unit(name, language)}
            if FIELDS[name].kind == "year":
                shown["kind"] = "year"
            columns.append({**shown, "values": values})
    reasons = {
        str(one.position): clean(sentence(one.reason, language))
        for one in scenario.unassigned
        if one.position is not None
    }
    absent = [
        {
            "name": one_line(one.name),
            "township": one_line(one.township),
            "reason": clean(sentence(one.reason, language)),
        }
        for one in scenario.unassigned
        if one.position is None
    ]
    return {"columns": columns, "distance_km": distance, "reasons": reasons, "absent": absent}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _value(value: Any) -> float | int | str | None:
    """Return a cell as JSON has it: a number, a text, or None."""
    if isinstance(value, str):
        return one_line(value) or None
    if isinstance(value, tuple | list):
        return one_line(LIST_SEPARATOR.join(map(str, value))) or None
    if value is None or pd.isna(value):
        return None
    plain = float(value)
    if not math.isfinite(plain):
        return None
    return int(plain) if plain.is_integer() else round(plain, 2)
