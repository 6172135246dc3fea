"""One damaged input for each number: what is written, and which door it is brought to."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import tomlkit

from fuzz.county import (
    odd_geopackage,
    odd_layer,
    odd_parquet,
    odd_rows,
    write_layer,
    write_ledger,
)
from fuzz.decisions import a_decision
from fuzz.mutate import ODD, TEXTS, damaged, odd_archive, odd_text, odd_tree, spliced
from fuzz.seeds import SHP_PARTS, settings_tables

LAYERS = ("gbk", "utf8", "villages.zip", "villages.gpkg", "villages.fgb", "villages.geojson",
          "villages.parquet")  # fmt: skip
LEDGERS = ("ledger.xlsx", "ledger.xls", "ledger_utf-8.csv", "ledger_gb18030.csv",
           "ledger_utf-16.csv", "ledger_big5.csv", "ledger_utf-8-sig.csv")  # fmt: skip


@dataclass
class Case:
    """One input: its folder, the door, and the paths brought there."""

    door: str
    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)
    rng: random.Random = field(default_factory=random.Random)


class Steps:
    """The mutations of an input, each with its own random numbers; some may be left out."""

    def __init__(self, name: str, skip: Collection[int] = ()) -> None:
        self.name, self.skip, self.count = name, frozenset(skip), 0
        self.rng = random.Random(name)

    def apply(self, value: Any, change: Callable[[Any, random.Random], Any], most: int = 4) -> Any:
        """Return a value changed one to ``most`` times."""
        for _ in range(self.rng.choice((1, 1, *range(1, most + 1)))):
            number = self.count
            self.count += 1
            if number not in self.skip:
                value = change(value, random.Random(f"{self.name}/{number}"))
        return value

    def apply_bytes(self, path: Path, change: Callable[[bytes, random.Random], bytes]) -> None:
        """Change the bytes of a file."""
        path.write_bytes(self.apply(path.read_bytes(), change))


def build(
    seeds: Path, folder: Path, seed: int, number: int, skip: Collection[int] = ()
) -> tuple[Case, Steps]:
    """Write the input of a number into a folder and tell where it goes.

    The same seed and number give the same input; ``skip`` leaves mutations out by their order.
    """
    steps = Steps(f"{seed}:{number}", skip)
    kinds = list(_KINDS)
    kind = steps.rng.choices(kinds, [_KINDS[k][1] for k in kinds])[0]
    case = Case(kind, folder, rng=random.Random(f"{seed}:{number}:door"))
    _KINDS[kind][0](seeds, case, steps)
    return case, steps


def _copied(seeds: Path, name: str, folder: Path) -> Path:
    if (seeds / name).is_dir():
        for part in (seeds / name).iterdir():
            shutil.copy(part, folder / part.name)
        return folder / "villages.shp"
    shutil.copy(seeds / name, folder / name)
    return folder / name


def _sound_layer(seeds: Path, case: Case, steps: Steps) -> None:
    case.paths["boundaries"] = _copied(seeds, steps.rng.choice(LAYERS[:3]), case.folder)


def _sound_ledger(seeds: Path, case: Case, steps: Steps) -> None:
    name = steps.rng.choice((LEDGERS[0], LEDGERS[2]))
    case.paths["ledger"] = _copied(seeds, name, case.folder)


def _rivers(seeds: Path, case: Case) -> None:
    for part in seeds.glob("rivers.*"):
        shutil.copy(part, case.folder / part.name)


def _splice_with(others: list[Path], change: Any) -> Any:
    def changed(data: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.05:
            return spliced(data, rng.choice(others).read_bytes(), rng)
        out: bytes = change(data, rng)
        return out

    return changed


def _layer_bytes(seeds: Path, case: Case, steps: Steps) -> None:
    path = _copied(seeds, steps.rng.choice(LAYERS), case.folder)
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
        _sound_ledger(seeds, case, steps)


def _layer_archive(seeds: Path, case: Case, steps: Steps) -> None:
    case.paths["boundaries"] = _copied(seeds, "villages.zip", case.folder)
    case.paths["boundaries"].write_bytes(_safely(case.paths["boundaries"], steps))
    _sound_ledger(seeds, case, steps)


def _safely(path: Path, steps: Steps) -> bytes:
    """Return an archive with damaged members; one that was damaged itself stays as it is."""

    def change(data: bytes, rng: random.Random) -> bytes:
        try:
            return odd_archive(data, rng)
        except Exception:
            return damaged(data, rng)

    changed: bytes = steps.apply(path.read_bytes(), change)
    return changed


def _layer_content(seeds: Path, case: Case, steps: Steps) -> None:
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
    layer = steps.apply(layer, _trying(odd_layer))
    case.paths["boundaries"] = write_layer(layer, case.folder, steps.rng)
    if steps.rng.random() < 0.6:
        _sound_ledger(seeds, case, steps)


def _trying(change: Callable[[Any, random.Random], Any]) -> Callable[[Any, random.Random], Any]:
    """Return the change, or none where the libraries that make the input refuse it."""

    def tried(value: Any, rng: random.Random) -> Any:
        try:
            return change(value, rng)
        except Exception:
            return value

    return tried


def _layer_json(seeds: Path, case: Case, steps: Steps) -> None:
    tree = steps.apply(json.loads((seeds / "villages.geojson").read_text("utf-8")), odd_tree)
    path = case.folder / "villages.geojson"
    path.write_bytes(_deep(_json(tree), steps.rng))
    case.paths["boundaries"] = path
    if steps.rng.random() < 0.5:
        _sound_ledger(seeds, case, steps)


def _json(tree: Any) -> bytes:
    try:
        return json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
    except (RecursionError, TypeError):
        return b"[" * 5000


def _deep(data: bytes, rng: random.Random) -> bytes:
    """Return JSON, now and then with a value nested deeper than any stack."""
    if rng.random() > 0.05:
        return data
    places = [at for at in range(len(data)) if data[at : at + 1] in b":,"][: rng.choice((9, 10**6))]
    at = rng.choice(places or [0]) + 1
    depth = rng.choice((500, 2000, 100_000))
    return data[:at] + b"[" * depth + b"]" * depth + b"," + data[at:]


def _layer_tables(seeds: Path, case: Case, steps: Steps) -> None:
    name, change = steps.rng.choice(
        (("villages.gpkg", odd_geopackage), ("villages.parquet", odd_parquet))
    )
    path = _copied(seeds, name, case.folder)

    def changed(value: Path, rng: random.Random) -> Path:
        _trying(change)(value, rng)
        return value

    case.paths["boundaries"] = steps.apply(path, changed)
    _sound_ledger(seeds, case, steps)


def _ledger_bytes(seeds: Path, case: Case, steps: Steps) -> None:
    _sound_layer(seeds, case, steps)
    path = case.paths["ledger"] = _copied(seeds, steps.rng.choice(LEDGERS), case.folder)
    steps.apply_bytes(path, _splice_with([seeds / name for name in LEDGERS], damaged))
    if steps.rng.random() < 0.1:
        # What a file calls itself is not always what it is.
        other = path.with_suffix(steps.rng.choice((".xlsx", ".csv", ".xls", ".xlsm", ".txt", "")))
        if other != path and other.name:
            case.paths["ledger"] = path.rename(other)


def _ledger_members(seeds: Path, case: Case, steps: Steps) -> None:
    _sound_layer(seeds, case, steps)
    path = case.paths["ledger"] = _copied(seeds, "ledger.xlsx", case.folder)
    path.write_bytes(_safely(path, steps))


def _ledger_content(seeds: Path, case: Case, steps: Steps) -> None:
    _sound_layer(seeds, case, steps)
    table = pd.read_excel(seeds / "ledger.xlsx", dtype={"村代码": str, "乡镇代码": str})
    rows = [
        list(table.columns),
        *table.astype(object).where(table.notna(), None).to_numpy().tolist(),
    ]
    rows = steps.apply(rows, odd_rows, most=6)
    case.paths["ledger"] = write_ledger(rows, case.folder, steps.rng)


def _both_content(seeds: Path, case: Case, steps: Steps) -> None:
    _ledger_content(seeds, case, steps)
    for part in case.folder.glob("villages.*"):
        part.unlink()
    layer = steps.apply(gpd.read_parquet(seeds / "villages.parquet"), _trying(odd_layer))
    case.paths["boundaries"] = write_layer(layer, case.folder, steps.rng)


def _barriers(seeds: Path, case: Case, steps: Steps) -> None:
    _rivers(seeds, case)
    path = case.paths["barriers"] = case.folder / "rivers.shp"
    if steps.rng.random() < 0.5:
        layer = steps.apply(gpd.read_file(seeds / "rivers.shp"), _trying(odd_layer))
        folder = case.folder / "made"
        folder.mkdir()
        case.paths["barriers"] = write_layer(layer, folder, steps.rng)
        return
    steps.apply_bytes(path.with_suffix(steps.rng.choice(SHP_PARTS)), damaged)


def _side_layers(seeds: Path, case: Case, steps: Steps) -> None:
    _sound_layer(seeds, case, steps)
    _sound_ledger(seeds, case, steps)
    name = steps.rng.choice(("reference", "townships", "roads"))
    source = "townships.gpkg" if name == "townships" else "villages.gpkg"
    layer = steps.apply(gpd.read_file(seeds / source), _trying(odd_layer))
    if name == "roads":
        layer["geometry"] = layer.geometry.boundary
    folder = case.folder / name
    folder.mkdir()
    case.paths[name] = write_layer(layer, folder, steps.rng)
    if case.paths[name].suffix != ".shp" and steps.rng.random() < 0.3:
        steps.apply_bytes(case.paths[name], damaged)


def _settings(seeds: Path, case: Case, steps: Steps) -> None:
    _sound_layer(seeds, case, steps)
    _sound_ledger(seeds, case, steps)
    _rivers(seeds, case)
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


_DRAWN = [[[117.0, 35.0], [117.2, 35.1], [117.3, 35.0]], [[117.1, 34.9], [117.1, 35.2]]]


def _write_toml(path: Path, tree: Any, steps: Steps) -> None:
    try:
        text = tomlkit.dumps(tree) if isinstance(tree, dict) else str(tree)
    except Exception:
        text = "a = " + "[" * 3000
    path.write_bytes(text.encode("utf-8", "replace"))
    if steps.rng.random() < 0.3:
        steps.apply_bytes(path, damaged)


def _decisions(seeds: Path, case: Case, steps: Steps) -> None:
    _layer_content(seeds, case, steps) if steps.rng.random() < 0.3 else _sound_layer(
        seeds, case, steps
    )
    if "ledger" not in case.paths:
        _sound_ledger(seeds, case, steps)
    rng = steps.rng
    file = rng.choice([path.name for path in case.paths.values()])
    some = [a_decision(file, rng) for _ in range(rng.randrange(1, 5))]
    tree = {"decision": some}
    if rng.random() < 0.5:
        tree = steps.apply(tree, odd_tree)
    case.paths["decisions"] = case.folder / "decisions.toml"
    _write_toml(case.paths["decisions"], tree, steps)


def _assignment(seeds: Path, case: Case, steps: Steps) -> None:
    name = steps.rng.choice(("assignment.csv", "assignment.xlsx"))
    path = case.paths["assignment"] = _copied(seeds, name, case.folder)
    action = steps.rng.randrange(3)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1 and path.suffix == ".xlsx":
        path.write_bytes(_safely(path, steps))
    else:
        path.unlink()
        table = pd.read_csv(seeds / "assignment.csv", dtype=str)
        rows = [list(table.columns), *table.to_numpy().tolist()]
        folder = case.folder / "made"
        folder.mkdir()
        case.paths["assignment"] = write_ledger(steps.apply(rows, odd_rows), folder, steps.rng)


def _assignment_layer(seeds: Path, case: Case, steps: Steps) -> None:
    path = _copied(seeds, steps.rng.choice(("plan.gpkg", "plan.geojson")), case.folder)
    case.paths["assignment"] = path
    action = steps.rng.randrange(3)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1 and path.suffix == ".gpkg":
        steps.apply(path, lambda value, rng: (_trying(odd_geopackage)(value, rng), value)[1])
    else:
        layer = gpd.read_file(path)
        path.unlink()
        layer = steps.apply(layer, _trying(odd_layer))
        case.paths["assignment"] = write_layer(layer, case.folder, steps.rng)


def _consultation(seeds: Path, case: Case, steps: Steps) -> None:
    path = case.paths["consultation"] = _copied(seeds, "consultation.xlsx", case.folder)
    action = steps.rng.randrange(4)
    if action == 0:
        steps.apply_bytes(path, damaged)
    elif action == 1:
        path.write_bytes(_safely(path, steps))
    else:
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0] if action == 2 else book.worksheets[-1]
        steps.apply(sheet, _trying(_odd_cell), most=6)
        book.save(path)


def _odd_cell(sheet: Any, rng: random.Random) -> Any:
    cells = [cell for row in sheet.iter_rows() for cell in row if hasattr(cell, "hyperlink")]
    cell = rng.choice(cells)
    cell.value = rng.choice(
        (None, rng.choice(TEXTS), odd_text(str(cell.value), rng), rng.choice(cells).value)
    )
    return sheet


def _template(seeds: Path, case: Case, steps: Steps) -> None:
    path = case.paths["template"] = _copied(seeds, "template.docx", case.folder)
    if steps.rng.random() < 0.3:
        steps.apply_bytes(path, damaged)
    else:
        path.write_bytes(_safely(path, steps))


def _plan_file(seeds: Path, case: Case, steps: Steps) -> None:
    case.paths["boundaries"] = _copied(seeds, "gbk", case.folder)
    case.paths["ledger"] = _copied(seeds, "ledger.xlsx", case.folder)
    _rivers(seeds, case)
    path = case.paths["plan"] = _copied(seeds, "plan.json", case.folder)
    if steps.rng.random() < 0.25:
        steps.apply_bytes(path, damaged)
        return
    tree = steps.apply(json.loads(path.read_text("utf-8")), _odd_plan)
    if isinstance(tree, dict) and steps.rng.random() < 0.8:
        from liancun_geo.output.document import checksum

        with contextlib.suppress(ValueError, TypeError, RecursionError):
            tree["checksum"] = checksum(tree)
    path.write_bytes(_deep(_json(tree), steps.rng))


def _odd_plan(tree: Any, rng: random.Random) -> Any:
    # What the file says of itself is easily refused; what it says of the plan goes deeper.
    if isinstance(tree, dict) and tree and rng.random() < 0.7:
        key = rng.choice(sorted(tree))
        return tree | {key: odd_tree(tree[key], rng)}
    if isinstance(tree, str):
        return odd_text(tree, rng)
    return odd_tree(tree, rng) if isinstance(tree, dict | list) else rng.choice(ODD)


_KINDS: dict[str, tuple[Callable[[Path, Case, Steps], None], int]] = {
    "layer_bytes": (_layer_bytes, 20),
    "layer_archive": (_layer_archive, 6),
    "layer_content": (_layer_content, 20),
    "layer_json": (_layer_json, 8),
    "layer_tables": (_layer_tables, 10),
    "ledger_bytes": (_ledger_bytes, 12),
    "ledger_members": (_ledger_members, 14),
    "ledger_content": (_ledger_content, 18),
    "both_content": (_both_content, 8),
    "barriers": (_barriers, 6),
    "side_layers": (_side_layers, 6),
    "settings": (_settings, 7),
    "decisions": (_decisions, 8),
    "assignment": (_assignment, 5),
    "assignment_layer": (_assignment_layer, 6),
    "consultation": (_consultation, 12),
    "template": (_template, 8),
    "plan_file": (_plan_file, 10),
}
