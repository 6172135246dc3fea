"""Damaged settings, decisions, plans and papers that come back."""

from __future__ import annotations

import contextlib
import json
import random
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import tomlkit

from fuzz import of_counties
from fuzz.case import (
    Case,
    Steps,
    as_json,
    copied,
    deep,
    rivers,
    safely,
    sound_layer,
    sound_ledger,
    trying,
)
from fuzz.county import (
    odd_geopackage,
    odd_layer,
    odd_rows,
    write_layer,
    write_ledger,
)
from fuzz.decisions import a_decision
from fuzz.mutate import ODD, TEXTS, damaged, odd_text, odd_tree
from fuzz.seeds import settings_tables

_DRAWN = [[[117.0, 35.0], [117.2, 35.1], [117.3, 35.0]], [[117.1, 34.9], [117.1, 35.2]]]


def settings(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged settings file."""
    sound_layer(seeds, case, steps)
    sound_ledger(seeds, case, steps)
    rivers(seeds, case)
    tables = settings_tables()
    whole = Path(__file__).parents[1] / "data" / "boundaries" / "demo_county" / "settings.toml"
    if steps.rng.random() < 0.5:
        tables = tomllib.loads(whole.read_text("utf-8"))
    if steps.rng.random() < 0.5:
        tables |= {"fields": {"code": "村代码", "name": steps.rng.choice(TEXTS)}}
    if steps.rng.random() < 0.5:
        tables["contiguity"] |= {"drawn_barriers": steps.apply(_DRAWN, odd_tree)}
    case.paths["settings"] = case.folder / "settings.toml"
    _write_toml(case.paths["settings"], steps.apply(tables, odd_tree), steps)


def _write_toml(path: Path, tree: Any, steps: Steps) -> None:
    try:
        text = tomlkit.dumps(tree) if isinstance(tree, dict) else str(tree)
    except Exception:
        text = "a = " + "[" * 3000
    path.write_bytes(text.encode("utf-8", "replace"))
    if steps.rng.random() < 0.3:
        steps.apply_bytes(path, damaged)


def decisions(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged file of decisions."""
    of_counties.layer_content(seeds, case, steps) if steps.rng.random() < 0.3 else sound_layer(
        seeds, case, steps
    )
    if "ledger" not in case.paths:
        sound_ledger(seeds, case, steps)
    rng = steps.rng
    file = rng.choice([path.name for path in case.paths.values()])
    some = [a_decision(file, rng) for _ in range(rng.randrange(1, 5))]
    tree = {"decision": some}
    if rng.random() < 0.5:
        tree = steps.apply(tree, odd_tree)
    case.paths["decisions"] = case.folder / "decisions.toml"
    _write_toml(case.paths["decisions"], tree, steps)


def assignment(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged list of who leads whom."""
    name = steps.rng.choice(("assignment.csv", "assignment.xlsx"))
    path = case.paths["assignment"] = copied(seeds, name, case.folder)
    action = steps.rng.randrange(3)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1 and path.suffix == ".xlsx":
        path.write_bytes(safely(path, steps))
    else:
        path.unlink()
        table = pd.read_csv(seeds / "assignment.csv", dtype=str)
        rows = [list(table.columns), *table.to_numpy().tolist()]
        folder = case.folder / "made"
        folder.mkdir()
        case.paths["assignment"] = write_ledger(steps.apply(rows, odd_rows), folder, steps.rng)


def assignment_layer(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged layer that says who leads whom."""
    path = copied(seeds, steps.rng.choice(("plan.gpkg", "plan.geojson")), case.folder)
    case.paths["assignment"] = path
    action = steps.rng.randrange(3)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1 and path.suffix == ".gpkg":
        steps.apply(path, lambda value, rng: (trying(odd_geopackage)(value, rng), value)[1])
    else:
        layer = gpd.read_file(path)
        path.unlink()
        layer = steps.apply(layer, trying(odd_layer))
        case.paths["assignment"] = write_layer(layer, case.folder, steps.rng)


def consultation(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged consultation workbook."""
    path = case.paths["consultation"] = copied(seeds, "consultation.xlsx", case.folder)
    action = steps.rng.randrange(4)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1:
        path.write_bytes(safely(path, steps))
    else:
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0] if action == 2 else book.worksheets[-1]
        steps.apply(sheet, trying(_odd_cell), most=6)
        book.save(path)


def _odd_cell(sheet: Any, rng: random.Random) -> Any:
    cells = [cell for row in sheet.iter_rows() for cell in row if hasattr(cell, "hyperlink")]
    cell = rng.choice(cells)
    cell.value = rng.choice(
        (None, rng.choice(TEXTS), odd_text(str(cell.value), rng), rng.choice(cells).value)
    )
    return sheet


def template(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged Word template."""
    path = case.paths["template"] = copied(seeds, "template.docx", case.folder)
    if steps.rng.random() < 0.3:
        steps.apply_bytes(path, damaged)
    else:
        path.write_bytes(safely(path, steps))


def plan_file(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged plan file."""
    case.paths["boundaries"] = copied(seeds, "gbk", case.folder)
    case.paths["ledger"] = copied(seeds, "ledger.xlsx", case.folder)
    rivers(seeds, case)
    path = case.paths["plan"] = copied(seeds, "plan.json", case.folder)
    if steps.rng.random() < 0.25:
        steps.apply_bytes(path, damaged)
        return
    tree = steps.apply(json.loads(path.read_text("utf-8")), _odd_plan)
    if isinstance(tree, dict) and steps.rng.random() < 0.8:
        from liancun_geo.output.document import checksum

        with contextlib.suppress(ValueError, TypeError, RecursionError):
            tree["checksum"] = checksum(tree)
    path.write_bytes(deep(as_json(tree), steps.rng))


def _odd_plan(tree: Any, rng: random.Random) -> Any:
    # What the file says of itself is easily refused; what it says of the plan goes deeper.
    if isinstance(tree, dict) and tree and rng.random() < 0.7:
        key = rng.choice(sorted(tree))
        return tree | {key: odd_tree(tree[key], rng)}
    if isinstance(tree, str):
        return odd_text(tree, rng)
    return odd_tree(tree, rng) if isinstance(tree, dict | list) else rng.choice(ODD)
