"""Damaged boundaries, ledgers and layers beside them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from fuzz.case import (
    LAYERS,
    LEDGERS,
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
    odd_parquet,
    odd_rows,
    write_layer,
    write_ledger,
)
from fuzz.mutate import damaged, odd_tree, spliced
from fuzz.seeds import SHP_PARTS


def _splice_with(others: list[Path], change: Any) -> Any:
    def changed(data: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.05:
            return spliced(data, rng.choice(others).read_bytes(), rng)
        out: bytes = change(data, rng)
        return out

    return changed


def layer_bytes(seeds: Path, case: Case, steps: Steps) -> None:
    """Write boundaries with wrong bytes."""
    path = copied(seeds, steps.rng.choice(LAYERS), case.folder)
    case.paths["boundaries"] = path
    target = path
    if path.suffix == ".shp":
        parts = [path.with_suffix(s) for s in SHP_PARTS if path.with_suffix(s).exists()]
        target = steps.rng.choice(parts)
        if steps.rng.random() < 0.1:
            case.paths["boundaries"] = case.folder
        if steps.rng.random() < 0.1:
            steps.rng.choice(parts).unlink()
    if target.exists():
        others = [seeds / name for name in LAYERS[2:]]
        steps.apply_bytes(target, _splice_with(others, damaged))
    if steps.rng.random() < 0.7:
        sound_ledger(seeds, case, steps)


def layer_archive(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a zip of boundaries with wrong parts."""
    case.paths["boundaries"] = copied(seeds, "villages.zip", case.folder)
    case.paths["boundaries"].write_bytes(safely(case.paths["boundaries"], steps))
    sound_ledger(seeds, case, steps)


def layer_content(seeds: Path, case: Case, steps: Steps) -> None:
    """Write boundaries whose shapes and texts are odd."""
    layer = gpd.read_parquet(seeds / "villages.parquet")
    if steps.rng.random() < 0.3:
        layer = layer.merge(
            pd.read_csv(seeds / "ledger_utf-8.csv", dtype=str).drop(
                columns=["乡镇代码"], errors="ignore"
            ),
            on="村代码",
            how="left",
        )
        layer = gpd.GeoDataFrame(layer, geometry="geometry")
    layer = steps.apply(layer, trying(odd_layer))
    case.paths["boundaries"] = write_layer(layer, case.folder, steps.rng)
    if steps.rng.random() < 0.6:
        sound_ledger(seeds, case, steps)


def layer_json(seeds: Path, case: Case, steps: Steps) -> None:
    """Write GeoJSON with an odd tree."""
    tree = steps.apply(json.loads((seeds / "villages.geojson").read_text("utf-8")), odd_tree)
    path = case.folder / "villages.geojson"
    path.write_bytes(deep(as_json(tree), steps.rng))
    case.paths["boundaries"] = path
    if steps.rng.random() < 0.5:
        sound_ledger(seeds, case, steps)


def layer_tables(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a GeoPackage or Parquet file with odd tables."""
    name, change = steps.rng.choice(
        (("villages.gpkg", odd_geopackage), ("villages.parquet", odd_parquet))
    )
    path = copied(seeds, name, case.folder)

    def changed(value: Path, rng: random.Random) -> Path:
        trying(change)(value, rng)
        return value

    case.paths["boundaries"] = steps.apply(path, changed)
    sound_ledger(seeds, case, steps)


def ledger_bytes(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a ledger with wrong bytes."""
    sound_layer(seeds, case, steps)
    path = case.paths["ledger"] = copied(seeds, steps.rng.choice(LEDGERS), case.folder)
    steps.apply_bytes(path, _splice_with([seeds / name for name in LEDGERS], damaged))
    if steps.rng.random() < 0.1:
        # What a file calls itself is not always what it is.
        other = path.with_suffix(steps.rng.choice((".xlsx", ".csv", ".xls", ".xlsm", ".txt", "")))
        if other != path and other.name:
            case.paths["ledger"] = path.rename(other)


def ledger_members(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a workbook with wrong parts."""
    sound_layer(seeds, case, steps)
    path = case.paths["ledger"] = copied(seeds, "ledger.xlsx", case.folder)
    path.write_bytes(safely(path, steps))


def ledger_content(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a ledger whose cells are odd."""
    sound_layer(seeds, case, steps)
    table = pd.read_excel(seeds / "ledger.xlsx", dtype={"村代码": str, "乡镇代码": str})
    rows = [
        list(table.columns),
        *table.astype(object).where(table.notna(), None).to_numpy().tolist(),
    ]
    rows = steps.apply(rows, odd_rows, most=6)
    case.paths["ledger"] = write_ledger(rows, case.folder, steps.rng)


def both_content(seeds: Path, case: Case, steps: Steps) -> None:
    """Write odd boundaries and an odd ledger."""
    ledger_content(seeds, case, steps)
    for part in case.folder.glob("villages.*"):
        part.unlink()
    layer = steps.apply(gpd.read_parquet(seeds / "villages.parquet"), trying(odd_layer))
    case.paths["boundaries"] = write_layer(layer, case.folder, steps.rng)


def barriers(seeds: Path, case: Case, steps: Steps) -> None:
    """Write a damaged layer of rivers."""
    rivers(seeds, case)
    path = case.paths["barriers"] = case.folder / "rivers.shp"
    if steps.rng.random() < 0.5:
        layer = steps.apply(gpd.read_file(seeds / "rivers.shp"), trying(odd_layer))
        folder = case.folder / "made"
        folder.mkdir()
        case.paths["barriers"] = write_layer(layer, folder, steps.rng)
        return
    steps.apply_bytes(path.with_suffix(steps.rng.choice(SHP_PARTS)), damaged)


def side_layers(seeds: Path, case: Case, steps: Steps) -> None:
    """Write damaged layers of roads, bridges, seats or places."""
    sound_layer(seeds, case, steps)
    sound_ledger(seeds, case, steps)
    name = steps.rng.choice(("reference", "townships", "roads"))
    source = "townships.gpkg" if name == "townships" else "villages.gpkg"
    layer = steps.apply(gpd.read_file(seeds / source), trying(odd_layer))
    if name == "roads":
        layer["geometry"] = layer.geometry.boundary
    folder = case.folder / name
    folder.mkdir()
    case.paths[name] = write_layer(layer, folder, steps.rng)
    if case.paths[name].suffix != ".shp" and steps.rng.random() < 0.3:
        steps.apply_bytes(case.paths[name], damaged)
