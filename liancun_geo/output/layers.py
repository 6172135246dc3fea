"""A plan as three map layers: villages, alliances and the links between lead and members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.columns import COUNTS, SUMMED, missing
from liancun_geo.output.export import clean, sentence
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.scene import plan_colours
from liancun_geo.typology import classify
from liancun_geo.villages import FIELDS, representative_points_m

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

Layers = Mapping[str, gpd.GeoDataFrame]
"""The layers of a plan by name: villages, alliances, links."""

LIST_SEPARATOR = "、"
_OF_PLAN = ("alliance_id", "alliance_name", "role", "lead_code", "reason", "colour")


def village_layer(
    scenario: Scenario, language: Language, colours: Sequence[int] | None = None
) -> gpd.GeoDataFrame:
    """Return one row a village: all its attributes, its alliance and its role.

    Parameters
    ----------
    scenario
        The plan; its village frame is not touched.
    language
        Of the column ``reason``, the sentence that says why a village has no alliance.
    colours
        (a,) of the alliances, as :func:`~liancun_geo.output.picture.scene.plan_colours` returns
        them; found if not given.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of :data:`~liancun_geo.villages.FIELDS` (tags joined by 、, an empty string for
        "none"; flags as nullable booleans; heads and households as nullable integers where all
        are whole) and ``alliance_id``, ``alliance_name``, ``role`` (lead, member or unassigned),
        ``lead_code``, ``reason``, ``colour`` (of the alliance); MultiPolygon in the CRS of the
        table.
    """
    frame = scenario.villages.frame
    columns: dict[str, Any] = {
        field.name: _plain(frame[field.name], field.kind, field.name) for field in FIELDS.values()
    }
    codes = columns["code"].tolist()
    n = len(frame)
    placed: dict[str, list[str | None]] = {name: [None] * n for name in _OF_PLAN}
    placed["role"] = ["unassigned"] * n
    colours = plan_colours(scenario) if colours is None else colours
    for alliance, colour in zip(scenario.alliances, colours, strict=True):
        for village in alliance.villages:
            placed["alliance_id"][village] = alliance.id
            placed["alliance_name"][village] = clean(alliance.name)
            placed["role"][village] = "lead" if village == alliance.lead else "member"
            placed["lead_code"][village] = codes[alliance.lead]
            placed["colour"][village] = PALETTE[colour]
    for left_out in scenario.unassigned:
        if left_out.position is not None:
            placed["reason"][left_out.position] = clean(sentence(left_out.reason, language))
    columns |= {name: pd.Series(values, dtype=object) for name, values in placed.items()}
    geometry = _multipolygons(frame.geometry.to_numpy())
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=frame.crs)


def alliance_layer(
    scenario: Scenario,
    language: Language = DEFAULT_LANGUAGE,
    colours: Sequence[int] | None = None,
) -> gpd.GeoDataFrame:
    """Return one row an alliance: its villages, its type, its totals and its territory.

    Totals add up the known values; beside each stands the number of villages without one, and a
    total of which nothing is known is missing, not zero. ``colours`` as for
    :func:`village_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``alliance_id``, ``alliance_name``, ``township``, ``township_code``, ``lead_code``,
        ``lead_name``, ``member_codes``, ``member_names``, ``villages`` (how many),
        ``alliance_type``, ``party_body``, ``core_enterprise`` (in words), the fields of
        :data:`~liancun_geo.output.columns.SUMMED` each followed by its ``_missing`` count,
        ``industries`` (most frequent first), ``industries_missing``, ``area_km2`` (planar, in
        the CRS of the table), ``colour`` (``#RRGGBB``); geometry: union of the villages,
        MultiPolygon.
    """
    frame = scenario.villages.frame
    alliances = scenario.alliances
    text = {
        name: _plain(frame[name], "text", name).tolist()
        for name in ("code", "name", "township_code")
    }
    columns: dict[str, Any] = {
        "alliance_id": _texts(alliance.id for alliance in alliances),
        "alliance_name": _texts(clean(alliance.name) for alliance in alliances),
        "township": _texts(clean(alliance.township) for alliance in alliances),
        "township_code": _texts(text["township_code"][alliance.lead] for alliance in alliances),
        "lead_code": _texts(text["code"][alliance.lead] for alliance in alliances),
        "lead_name": _texts(text["name"][alliance.lead] for alliance in alliances),
        "member_codes": _texts(_joined(text["code"], a.members) for a in alliances),
        "member_names": _texts(_joined(text["name"], a.members) for a in alliances),
        "villages": np.array([len(a.villages) for a in alliances], dtype=np.int64),
        **_types(scenario, language),
    }
    columns |= _totals(scenario)
    columns |= _industries(scenario)
    shapes = frame.geometry.to_numpy()
    territories = np.array(
        [shapely.union_all(shapes[list(a.villages)]) for a in alliances], dtype=object
    )
    columns["area_km2"] = shapely.area(territories).astype(np.float64) / 1e6
    colours = plan_colours(scenario) if colours is None else colours
    columns["colour"] = _texts(PALETTE[colour] for colour in colours)
    return gpd.GeoDataFrame(columns, geometry=_multipolygons(territories), crs=frame.crs)


def link_layer(scenario: Scenario) -> gpd.GeoDataFrame:
    """Return one row a member village: the line from its lead to it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``alliance_id``, ``lead_code``, ``lead_name``, ``member_code``, ``member_name``,
        ``distance_m`` (straight line between points inside the largest part of each village),
        ``travel_min`` (minutes on the roads; only of a plan that was made with roads),
        ``shared_border_m`` (missing if the two are not neighbours), ``pair_cost``; LineString.
    """
    frame = scenario.villages.frame
    code = _plain(frame["code"], "text", "code").tolist()
    name = _plain(frame["name"], "text", "name").tolist()
    pairs = [(a, member) for a in scenario.alliances for member in a.members]
    lead = np.array([a.lead for a, _ in pairs], dtype=np.intp)
    member = np.array([village for _, village in pairs], dtype=np.intp)
    points = representative_points_m(frame) if pairs else np.zeros((0, 2))
    ends = np.stack([points[lead], points[member]], axis=1)
    borders = _shared_borders(scenario)
    shared = [
        borders.get((min(i, j), max(i, j)), np.nan) for i, j in zip(lead, member, strict=True)
    ]
    columns = {
        "alliance_id": _texts(a.id for a, _ in pairs),
        "lead_code": _texts(code[i] for i in lead),
        "lead_name": _texts(name[i] for i in lead),
        "member_code": _texts(code[i] for i in member),
        "member_name": _texts(name[i] for i in member),
        "distance_m": np.hypot(*(ends[:, 1] - ends[:, 0]).T),
        **_travel_times(scenario, lead, member),
        "shared_border_m": np.array(shared, dtype=np.float64),
        "pair_cost": _pair_costs(scenario, lead, member),
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.linestrings(ends), crs=frame.crs)


def _plain(series: pd.Series[Any], kind: str, name: str) -> pd.Series[Any]:
    """Return a column in a type that every format can hold."""
    if kind == "text":
        return _texts(clean(value) if isinstance(value, str) else None for value in series)
    if kind == "tags":
        return _texts(
            clean(LIST_SEPARATOR.join(value)) if isinstance(value, tuple | list) else None
            for value in series
        )
    if kind == "flag":
        return series.astype("boolean").reset_index(drop=True)
    numbers = series.astype(np.float64).reset_index(drop=True)
    whole = bool((numbers.dropna() % 1 == 0).all())
    return numbers.astype("Int64") if whole and (kind == "year" or name in COUNTS) else numbers


def _texts(values: Any) -> pd.Series[Any]:
    return pd.Series(list(values), dtype=object)


def _joined(words: list[str], positions: tuple[int, ...]) -> str:
    return LIST_SEPARATOR.join(words[position] for position in positions)


def _types(scenario: Scenario, language: Language) -> dict[str, Any]:
    typed = classify(scenario)
    cores = [one.core_enterprise for one in typed]
    return {
        "alliance_type": _texts(clean(one.name(language)) for one in typed),
        "party_body": _texts(one.party_body.name(language) for one in typed),
        "core_enterprise": _texts(None if core is None else clean(core.name) for core in cores),
    }


def _totals(scenario: Scenario) -> dict[str, Any]:
    numbers = scenario.alliance_of
    rows = pd.DataFrame(scenario.villages.frame[list(SUMMED)]).astype(np.float64)
    by_alliance = rows[numbers >= 0].groupby(numbers[numbers >= 0])
    every = pd.RangeIndex(len(scenario.alliances))
    # 0.1 + 0.2 is 0.3 to a planner; a millionth of a mu or of 10,000 yuan is below any ledger.
    sums = by_alliance.sum(min_count=1).reindex(every).round(6)
    unknown = (by_alliance.size().reindex(every, fill_value=0)).to_numpy()
    known = by_alliance.count().reindex(every, fill_value=0)
    columns: dict[str, Any] = {}
    for name in SUMMED:
        columns[name] = _plain(sums[name], "number", name)
        columns[missing(name)] = (unknown - known[name].to_numpy()).astype(np.int64)
    return columns


def _industries(scenario: Scenario) -> dict[str, Any]:
    tags = scenario.villages.frame["industries"].tolist()
    lists: list[str | None] = []
    unknown: list[int] = []
    for alliance in scenario.alliances:
        known = [tags[v] for v in alliance.villages if isinstance(tags[v], tuple | list)]
        times = Counter(tag for village in known for tag in sorted(set(village)))
        ordered = sorted(times, key=lambda tag: (-times[tag], tag))
        lists.append(clean(LIST_SEPARATOR.join(ordered)) if known else None)
        unknown.append(len(alliance.villages) - len(known))
    return {
        "industries": _texts(lists),
        missing("industries"): np.array(unknown, dtype=np.int64),
    }


def _multipolygons(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return the shapes as MultiPolygons, since a layer has one geometry type."""
    many = np.array(
        [
            shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape
            for shape in shapes
        ],
        dtype=object,
    )
    return many


def _shared_borders(scenario: Scenario) -> Mapping[tuple[int, int], float]:
    graph = scenario.contiguity
    return {
        (int(i), int(j)): float(shared)
        for (i, j), shared in zip(graph.edges, graph.shared_border_m, strict=True)
    }


def _travel_times(
    scenario: Scenario, lead: NDArray[np.intp], member: NDArray[np.intp]
) -> dict[str, NDArray[np.float64]]:
    """Return the column of travel times, none without roads."""
    blocks = () if scenario.pairs is None else scenario.pairs.blocks
    times = np.full(len(lead), np.nan)
    for block in blocks:
        if block.travel_min is None:
            return {}
        here = np.isin(lead, block.villages) & np.isin(member, block.villages)
        rows = np.searchsorted(block.villages, lead[here])
        columns = np.searchsorted(block.villages, member[here])
        times[here] = block.travel_min[rows, columns]
    return {"travel_min": times} if blocks else {}


def _pair_costs(
    scenario: Scenario, lead: NDArray[np.intp], member: NDArray[np.intp]
) -> NDArray[np.float64]:
    problem = scenario.problem
    costs = np.full(len(lead), np.nan)
    for number in np.unique(problem.zone_of[lead]):
        zone = problem.zones[number]
        here = (problem.zone_of[lead] == number) & (problem.zone_of[member] == number)
        rows = np.searchsorted(zone.villages, lead[here])
        columns = np.searchsorted(zone.villages, member[here])
        costs[here] = zone.pair_cost[rows, columns]
    # A forbidden pair costs infinity, which no file format can hold.
    return np.where(np.isfinite(costs), costs, np.nan)
