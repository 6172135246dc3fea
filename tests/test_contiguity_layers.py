"""Neighbours of real layers."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import geopandas.testing
import numpy as np
import pytest
import shapely
from contiguity_cases import pairs
from shapely import affinity

from liancun_geo.contiguity import build_contiguity
from liancun_geo.settings import ContiguitySettings
from liancun_geo.villages import VillageTable

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


def layer(path: Path, epsg: int | None, name: str | None = None) -> VillageTable:
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    read = gpd.read_file(path, **({} if name is None else {"layer": name}))
    if epsg is not None:
        read = read.to_crs(epsg)
    codes = [str(i) for i in range(len(read))]
    frame = gpd.GeoDataFrame(
        {"code": codes, "name": codes, "township": "", "township_code": ""},
        geometry=read.geometry.to_numpy(),
        crs=read.crs,
    )
    return VillageTable(frame)


def rook(table: VillageTable) -> list[tuple[int, int]]:
    """Pairs whose boundaries share a line, by the DE-9IM: right on edge-matched layers only."""
    geometries = np.asarray(table.frame.geometry.array, dtype=object)
    i, j = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    i, j = i[i < j], j[i < j]
    share = shapely.relate_pattern(geometries[i], geometries[j], "****1****")
    return sorted(zip(i[share].tolist(), j[share].tolist(), strict=True))


EDGE_MATCHED = [
    (SHARED / "fr_dep49_14_communes_2013.gpkg", 2154, None),
    (SHARED / "tw_nantou_chiayi_villages.gpkg", 3826, None),
    (ROOT / "data" / "boundaries" / "nantou" / "nantou_villages.gpkg", 3826, None),
    (ROOT / "data" / "boundaries" / "demo_county" / "demo_county.gpkg", None, "villages"),
]


@pytest.mark.parametrize(
    ("path", "epsg", "name"), EDGE_MATCHED, ids=lambda v: getattr(v, "stem", "")
)
@pytest.mark.parametrize("tolerance", [0.0, 2.0])
def test_edge_matched_layers_give_the_rook_neighbours(path, epsg, name, tolerance):
    table = layer(path, epsg, name)
    options = ContiguitySettings(parts="all", min_shared_border_m=0, gap_tolerance_m=tolerance)
    assert pairs(build_contiguity(table, options)) == rook(table)


def test_oklahoma_counties_match_the_published_graph():
    folder = SHARED / "ok2020"
    table = layer(folder / "OK_county.shp", 32614)
    published = json.loads((folder / "OK_county.json").read_text(encoding="utf-8"))
    ids = [node["GEOID20"] for node in published["nodes"]]
    expected = {
        frozenset((ids[i], ids[link["id"]]))
        for i, links in enumerate(published["adjacency"])
        for link in links
    }
    built = build_contiguity(table, ContiguitySettings(parts="all", min_shared_border_m=0))
    geoid = gpd.read_file(folder / "OK_county.shp")["GEOID20"].tolist()
    assert {frozenset((geoid[i], geoid[j])) for i, j in pairs(built)} == expected


def test_all_of_france():
    built = build_contiguity(layer(SHARED / "fr_all_communes_2013.gpkg", 2154))
    assert (built.n, len(built.edges), len(built.isolates)) == (36_234, 105_981, 12)


def test_communes_surveyed_one_by_one_lose_no_neighbour():
    table = layer(SHARED / "fr_dep49_14_communes_2013.gpkg", 2154)
    offsets = np.random.default_rng(1).uniform(-0.7, 0.7, (len(table), 2))
    frame = table.frame.copy()
    frame["geometry"] = [
        affinity.translate(g, *xy) for g, xy in zip(frame.geometry, offsets, strict=True)
    ]
    once, again = build_contiguity(table), build_contiguity(VillageTable(frame))
    assert set(pairs(once)) <= set(pairs(again))
    assert len(again.edges) - len(once.edges) <= 3


def test_micro_gaps_of_tlaxcala_are_closed():
    table = layer(SHARED / "dirty" / "tlaxcala_municipalities.gpkg", None)
    options = {"parts": "all", "min_shared_border_m": 0}
    built = build_contiguity(table, ContiguitySettings(gap_tolerance_m=2, **options))
    assert set(rook(table)) < set(pairs(built))
    assert not len(built.isolates)


def test_broken_layer_of_sikkim_gains_neighbours_with_the_tolerance():
    table = layer(SHARED / "dirty" / "sikkim_villages.geojson", 32645)
    isolates = [
        len(build_contiguity(table, ContiguitySettings(gap_tolerance_m=t)).isolates)
        for t in (0.0, 10.0, 50.0)
    ]
    assert isolates == [93, 90, 89]
