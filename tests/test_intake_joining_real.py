"""Ledgers joined to villages by the names of real counties."""

from __future__ import annotations

import csv
import random
import time
from collections import Counter

import pytest
from intake_helpers import shared
from joining_cases import (
    Row,
    how,
    join,
    questions,
    table_of,
    villages_of,
)

from liancun_geo.decisions import (
    MatchDecision,
    Replay,
)
from liancun_geo.errors import Where
from liancun_geo.intake.identities.joining import join_ledger


# Thousands of rows
def test_thousands_of_rows_without_a_village_take_seconds() -> None:
    letters = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
    drawn = random.Random(1)
    names = ["".join(drawn.choices(letters, k=4)) for _ in range(2811)]
    villages = villages_of(
        [(f"{letters[i % 20]}镇", f"{n}村", f"{370499000000 + i}") for i, n in enumerate(names)]
    )
    rows: list[Row] = [
        (f"{letters[i % 20]}镇", f"{n[:2]}某{n[3]}村", None, 1) for i, n in enumerate(names)
    ]
    table = table_of(rows, Replay())
    started = time.process_time()
    joined = join_ledger(villages, [table], lambda p: Where(file="map.shp", row=p + 1), "stop")
    # It takes 1 s; the bound leaves room for a slow machine.
    assert time.process_time() - started < 6
    assert sum(f.fixes[0].kind == "match" for f in questions(joined)) > 2700


# Real names and codes
def real(*counties: str) -> list[tuple[str, str, str]]:
    """Return township, name and code of the villages of some counties."""
    with shared("cn/villages_zibo_shanting.csv").open(encoding="utf-8") as file:
        return [
            (record["streetName"], record["name"], record["code"])
            for record in csv.DictReader(file)
            if record["areaCode"] in counties
        ]


ENDINGS = ("社区居民委员会", "社区居委会", "居民委员会", "村民委员会", "居委会", "村委会")


def shortened(name: str) -> str:
    """Return a name as ledgers write it: 王权村, 大黎社区."""
    for ending in ENDINGS:
        if name.endswith(ending):
            core = name.removesuffix(ending)
            if "居" in ending:
                return f"{core}社区"
            return core if core.endswith("村") else f"{core}村"
    return name


def misspelt(name: str, drawn: random.Random) -> str:
    """Return a name with one character of its core wrong."""
    core = name.removesuffix("社区").removesuffix("村")
    at = drawn.randrange(len(core))
    return core[:at] + drawn.choice("佳梁泽圣坊颜") + name[at + 1 :]


@pytest.mark.parametrize("county", ["370302", "370321", "370406"])
def test_real_names_without_codes_are_matched_and_never_wrongly(county: str) -> None:
    records = real(county)
    villages = villages_of(records)
    rows: list[Row] = [(town, shortened(name), None, 1) for town, name, _ in records]
    joined, _ = join(rows, villages=villages)
    matched = how(joined)
    assert all(record == position for record, (position, _) in matched.items())
    assert len(matched) > 0.98 * len(records)


def test_real_names_where_half_the_villages_are_missing_are_never_matched_wrongly() -> None:
    records = real("370406", "370302")
    drawn = random.Random(7)
    on_map = sorted(drawn.sample(range(len(records)), len(records) // 2))
    villages = villages_of([records[i] for i in on_map])
    rows: list[Row] = [(town, shortened(name), None, 1) for town, name, _ in records]
    joined, _ = join(rows, villages=villages)
    assert all(on_map[position] == record for record, (position, _) in how(joined).items())
    assert len(how(joined)) > 0.97 * len(on_map)


def test_real_misspelt_names_have_the_right_village_first() -> None:
    records = real("370406")
    villages = villages_of(records)
    drawn = random.Random(3)
    wrong = set(drawn.sample(range(len(records)), 40))
    rows: list[Row] = [
        (town, misspelt(shortened(name), drawn) if i in wrong else shortened(name), None, 1)
        for i, (town, name, _) in enumerate(records)
    ]
    joined, _ = join(rows, villages=villages)
    assert all(record == position for record, (position, _) in how(joined).items())
    first: Counter[bool] = Counter()
    for fault in questions(joined):
        if fault.key == "intake.row_without_village" and fault.where.row is not None:
            fix = fault.fixes[0]
            right = records[fault.where.row - 2][2]
            first[isinstance(fix, MatchDecision) and fix.village == right] += 1
    assert first[True] > 0.6 * sum(first.values())
