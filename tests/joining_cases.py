"""What several tests of ledgers joined to villages share."""

from __future__ import annotations

import pandas as pd

from liancun_geo.decisions import (
    Decision,
    Replay,
)
from liancun_geo.errors import Fault, Where
from liancun_geo.intake.identities.joining import Joined, join_ledger
from liancun_geo.intake.identities.read_table import ReadTable, decided_identities
from liancun_geo.intake.ledgers.fields import RawTable, map_headers
from liancun_geo.intake.ledgers.values import read_values

HEADERS = ("乡镇", "村名", "村代码", "户籍人口")
MAP = [
    ("城关镇", "东村", "370499100201"),
    ("城关镇", "西村", "370499100202"),
    ("城关镇", "王权村", "370499100203"),
    ("城关镇", "大黎社区", "370499100001"),
    ("城头镇", "东村", "370499101201"),
    ("城头镇", "东河岔村", "370499101202"),
    ("城头镇", "西河岔村", "370499101203"),
    ("城头镇", "凫山村", "370499101204"),
]
Row = tuple[str | float | None, ...]


def table_of(
    rows: list[Row], replay: Replay, headers: tuple[str, ...] = HEADERS, sheet: str | None = "台账"
) -> ReadTable:
    cells = pd.DataFrame([list(row) for row in rows], columns=range(len(headers)), dtype=object)
    raw = RawTable("ledger.xlsx", sheet, headers, cells, tuple(range(2, 2 + len(rows))))
    columns, _ = map_headers(raw, {}, replay=replay)
    values, _ = read_values(raw, columns, replay=replay)
    return decided_identities(ReadTable(raw, columns, values), replay)


def villages_of(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["township", "name", "code"], dtype=object)
    return frame.where(frame.notna(), None)


def join(
    rows: list[Row],
    *decisions: Decision,
    villages: pd.DataFrame | None = None,
    on_unmatched: str = "stop",
    headers: tuple[str, ...] = HEADERS,
    sheet: str | None = "台账",
) -> tuple[Joined, Replay]:
    villages = villages_of(MAP) if villages is None else villages
    replay = Replay(decisions)
    table = table_of(rows, replay, headers, sheet)

    def where_of(position: int) -> Where:
        known = {c: villages[c][position] for c in ("code", "township") if c in villages}
        return Where(file="map.shp", row=position + 1, village=villages["name"][position], **known)

    joined = join_ledger(villages, [table], where_of, on_unmatched, replay=replay)  # type: ignore[arg-type]
    for fault in [*joined.faults, *joined.excluded]:
        assert fault.text("zh")
        assert fault.text("en")
        for fix in fault.fixes:
            assert not fix.confirmed
            assert fix.text("zh")
    return joined, replay


def full(*changes: tuple[int, Row]) -> list[Row]:
    """Return the ledger of the whole map with some rows changed."""
    rows: list[Row] = [(*village, 100 + i) for i, village in enumerate(MAP)]
    for number, row in changes:
        rows[number] = row
    return rows


def confirmed(fix: Decision) -> Decision:
    return fix.model_copy(update={"confirmed": True, "by": "测试"})


def questions(joined: Joined) -> list[Fault]:
    return [fault for fault in joined.faults if fault.fixes]


def keys(faults: list[Fault]) -> list[str]:
    return [fault.key for fault in faults]


def how(joined: Joined) -> dict[int, tuple[int, str]]:
    return {match.record: (match.position, match.how) for match in joined.matched}


def only_question(joined: Joined, key: str) -> Fault:
    (fault,) = questions(joined)
    assert fault.key == key
    return fault


def settle(rows: list[Row], fault: Fault, number: int = 0, **more: object) -> Joined:
    """Confirm one fix, join again, and see the fault gone and the decision applied."""
    fix = fault.fixes[number]
    unconfirmed, _ = join(rows, fix, **more)  # type: ignore[arg-type]
    assert fault.key in keys(unconfirmed.faults)
    joined, replay = join(rows, confirmed(fix), **more)  # type: ignore[arg-type]
    assert (fault.key, fault.where) not in [(f.key, f.where) for f in joined.faults]
    assert keys(replay.notices()) == ["decisions.applied"]
    return joined
