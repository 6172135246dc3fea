"""Decisions of any kind, some of them nonsense."""

from __future__ import annotations

import random
from typing import Any

from fuzz.mutate import HEADERS, TEXTS


def a_decision(file: str, rng: random.Random) -> dict[str, Any]:
    """Return a confirmed decision on a file, sensible or not, as a table of TOML."""
    header = rng.choice((*HEADERS[:6], "村名称", "户籍人口（人）", rng.choice(TEXTS)))
    code = rng.choice(("370499001200", "370499001001", rng.choice(TEXTS)))
    text = rng.choice(TEXTS)
    encoding = rng.choice(("gbk", "big5", "rot13", "base64", "idna", text))
    crs = rng.choice(("EPSG:4326", "EPSG:3857", "EPSG:5972", text))
    field_name = rng.choice(("code", "name", "township", "population", "", text))
    unit = rng.choice(("亩", "万元", "公顷", "人", "万人", text))
    ways = ["approximate", "multiplied", "with_unit", "range", "from_above"]
    row = rng.choice((1, 2, 3, 10**9, -1))
    rest: dict[str, Any] = rng.choice((
        {"kind": "encoding", "encoding": encoding},
        {"kind": "crs", "crs": crs},
        {"kind": "axis_order", "order": "yx"},
        {"kind": "header", "header": header, "field": field_name},
        {"kind": "unit", "header": header, "unit": unit},
        {"kind": "cells", "header": header, "accept": ways},
        {"kind": "value", "header": header, "found": text, "value": header, "code": code},
        {"kind": "match", "row": row, "village": code},
        {"kind": "code", "row": row, "right": rng.choice((code, text))},
        {"kind": "drop_row", "row": row, "code": code},
        {"kind": "exclude", "village": code},
        {"kind": "keep", "village": code},
        {"kind": "link", "villages": [code, "370499001201"]},
        {"kind": "contiguity", "gap_tolerance_m": rng.choice((0.0, 50.0, 1000.0))},
        {"kind": "accept", "finding": rng.choice(("doctor.figures_missing", text))},
    ))  # fmt: skip
    decision = {"confirmed": True, "file": file, **rest}
    if rest["kind"] in ("link", "contiguity"):
        decision.pop("file")
    if file == "ledger.xlsx" and "header" in rest:
        decision["sheet"] = "台账"
    return decision
