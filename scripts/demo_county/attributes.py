"""Invented indicators of the villages, distributed as the published accounts have them."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from demo_county.mosaic import Floats, Ints, SmoothNoise
from demo_county.names import Names

SMALL_VILLAGE_PERSONS = 500
SMALL_VILLAGES = 60
"""23 % of 261: the share of the Zibo account (648 of 2,811)."""
WEAK_ECONOMY_WAN_YUAN = 5.0
WEAK_ORGANISATIONS = 13
WITHOUT_SECRETARY = 7
INCOME_YEAR = 2023
MU_PER_M2 = 3 / 2_000
ENTERPRISES = ("示例县云岭果品加工有限公司", "示例县漱石文化旅游开发有限公司")
MISSING = {
    "population_resident_persons": 3,
    "households": 1,
    "party_members_persons": 1,
    "income_per_head_yuan": 3,
    "transferable_land_mu": 3,
}
"""Blank cells a column: real ledgers are never complete."""


def _standard(values: Floats) -> Floats:
    """Return the values with mean 0 and standard deviation 1."""
    standard: Floats = (values - values.mean()) / values.std()
    return standard


def _population(strength: Floats, area_mu: Floats, rng: np.random.Generator) -> Ints:
    """Return registered persons, exactly SMALL_VILLAGES of them under the threshold."""
    spread = _standard(
        0.8 * strength + 0.7 * _standard(np.log(area_mu)) + 0.9 * rng.standard_normal(len(area_mu))
    )
    persons = np.exp(0.68 * spread)
    ordered = np.sort(persons)
    persons *= SMALL_VILLAGE_PERSONS / np.sqrt(
        ordered[SMALL_VILLAGES - 1] * ordered[SMALL_VILLAGES]
    )
    whole = np.clip(np.round(persons), 96, 5_800).astype(np.int64)
    if (whole < SMALL_VILLAGE_PERSONS).sum() != SMALL_VILLAGES:
        raise RuntimeError("two villages share the threshold: change the seed")
    return whole


def _industries(
    at: Floats, relief: Floats, near_town: Floats, rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """Return one to three industries a village; neighbours tend to share them."""

    def field(wavelength_m: float) -> Floats:
        return SmoothNoise(rng, wavelength_m)(at) + 0.25 * rng.standard_normal(len(at))

    low, high = 1 - relief, relief
    tourism = 0.55 * field(7_000) + 1.1 * high - 0.55
    pull = {
        "粮食": 0.5 * field(9_000) + 1.5 * low - 0.1,
        "蔬菜": 0.6 * field(7_000) + 0.9 * low - 0.25,
        "林果": 0.5 * field(9_000) + 1.6 * high - 0.2,
        "养殖": 0.7 * field(6_000) + 0.05,
        "农产品加工": 0.5 * field(6_000) + 0.7 * near_town - 0.45,
        "乡村旅游": tourism,
        "民宿": tourism + 0.4 * field(4_000) - 0.6,
        "电商": 0.5 * field(5_000) + 0.9 * near_town - 0.2,
    }
    names = list(pull)
    table = np.column_stack([pull[name] for name in names])
    tags = []
    for row in table:
        order = np.argsort(-row, kind="stable")[:3]
        tags.append(tuple(names[k] for k in order if row[k] > 0.45 or k == order[0]))
    return tags


def _classes(
    names: Names,
    township: Ints,
    seats: dict[int, int],
    strength: Floats,
    high: Floats,
    rng: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Return the urban-rural class and the village class of each village."""
    seat_villages = set(seats.values())
    urban, kinds = [], []
    for v, t in enumerate(township.tolist()):
        street = t in (4, 7)
        if names.community[v]:
            urban.append("111" if street else "121")
        elif street:
            urban.append("112" if t == 4 or rng.random() < 0.3 else "220")
        elif v in seat_villages:
            urban.append("121")
        else:
            urban.append("122" if rng.random() < 0.05 else "220")
        draw = rng.random()
        if urban[v] in ("111", "112") or (urban[v] == "121" and draw < 0.5):
            kinds.append("城郊融合")
        elif high[v] > 0.8 and draw < 0.16:
            kinds.append("特色保护")
        elif strength[v] < -0.9 and draw > 0.8:
            kinds.append("搬迁撤并")
        else:
            kinds.append("集聚提升" if strength[v] + rng.normal(0, 0.6) > 0.1 else "其他")
    return urban, kinds


def _flags(count: int, chosen: list[int]) -> list[bool]:
    return [v in set(chosen) for v in range(count)]


def village_attributes(
    middles: Floats,
    relief: Floats,
    area_m2: Floats,
    township: Ints,
    seats: dict[int, int],
    land: nx.Graph[int],
    names: Names,
    seed: int,
) -> pd.DataFrame:
    """Return the ledger, one row a village, under the names of ``villages.FIELDS``.

    Flags are bool, tags are tuples, a missing number is NaN, a missing text is None.
    """
    rng = np.random.default_rng([seed, 5])
    count = len(middles)
    seat_at = middles[[seats[t] for t in sorted(seats)]]
    nearest = np.hypot(*(middles[:, None] - seat_at[None]).transpose(2, 0, 1)).min(axis=1)
    near_town = np.exp(-nearest / 2_500)
    strength = _standard(
        1.4 * near_town
        - 0.5 * relief
        + 0.35 * SmoothNoise(rng, 8_000)(middles)
        + 0.75 * rng.standard_normal(count)
    )
    area_mu = area_m2 * MU_PER_M2
    registered = _population(strength, area_mu, rng)
    staying = np.clip(0.72 + 0.07 * strength + rng.normal(0, 0.08, count), 0.42, 1.12)
    income = np.exp(
        np.log(10.5) + 1.1 * _standard(strength + 0.8 * rng.standard_normal(count))
    ).round(2)
    arable = area_mu * np.clip(0.52 - 0.42 * relief + rng.normal(0, 0.05, count), 0.06, 0.7)
    urban, kinds = _classes(names, township, seats, strength, relief, rng)

    by_strength = np.argsort(strength + rng.normal(0, 0.9, count), kind="stable").tolist()
    weak = by_strength[:WEAK_ORGANISATIONS]
    vacant = [*weak[:3], *rng.choice(by_strength[40:], WITHOUT_SECRETARY - 3, replace=False)]
    industries = _industries(middles, relief, near_town, rng)
    firms: list[tuple[str, ...]] = [()] * count
    for firm, trade in zip(ENTERPRISES, ("农产品加工", "乡村旅游"), strict=True):
        hosts = [v for v in range(count) if trade in industries[v] and not firms[v]]
        firms[max(hosts, key=lambda v: (strength[v], v))] = (firm,)
    alliance: list[str | None] = [None] * count
    lead = seats[6]
    partners = sorted(v for v in land[lead] if township[v] == 6)[:3]
    for v in [lead, *partners]:
        alliance[v] = "柿坪片区"
    resettled = min(
        (v for v in range(count) if urban[v] in ("121", "122") and not names.community[v]),
        key=lambda v: (-registered[v], v),
    )
    frame = pd.DataFrame(
        {
            "code": names.code,
            "name": names.name,
            "township_code": names.township_code,
            "township": names.township,
            "urban_rural_class": urban,
            "population_registered_persons": registered.astype(float),
            "population_resident_persons": np.round(registered * staying),
            "households": np.round(registered / rng.uniform(2.7, 3.5, count)),
            "party_members_persons": np.maximum(
                5, np.round(6 + registered * rng.uniform(0.026, 0.046, count))
            ),
            "collective_income_wan_yuan": income,
            "collective_income_year": float(INCOME_YEAR),
            "income_per_head_yuan": np.round(
                19_500 * np.exp(0.16 * strength + rng.normal(0, 0.08, count)), -1
            ),
            "arable_land_mu": np.round(arable),
            "transferable_land_mu": np.round(arable * rng.uniform(0.08, 0.38, count)),
            "industries": industries,
            "enterprises": firms,
            "weak_organisation": _flags(count, weak),
            "weak_economy": income < WEAK_ECONOMY_WAN_YUAN,
            "village_class": kinds,
            "resettlement": _flags(count, [resettled]),
            "secretary_in_post": [not flag for flag in _flags(count, vacant)],
            "existing_alliance": alliance,
        }
    )
    for column, blanks in MISSING.items():
        frame.loc[rng.choice(count, blanks, replace=False), column] = np.nan
    return frame
