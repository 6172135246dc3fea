"""The counties the solver is measured on: made-up counties, real ones, and known answers.

Everything made up follows from the numbers written here and a seed. Layers that lie beside the
project raise :class:`Absent` where they are missing, so that a row can be left out and said so.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import Delaunay

from liancun_geo import AllianceProblem

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
EXAMPLES = ROOT / "docs" / "examples"

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

SITE_SPACING_KM = 2.0
"""Villages sit this far apart on average, so a township of 30 is some 11 km across."""
LONG_EDGE = 2.1
"""Delaunay edges longer than this many site spacings do not make neighbours."""
INDUSTRIES = 8
FEEDS = ((0, 1), (0, 2), (3, 1), (4, 5), (6, 7), (2, 7))
"""Pairs of industries that complement each other."""


class Absent(Exception):  # noqa: N818  the word of the rows that are left out
    """A layer or a function this instance needs is not there."""


@dataclass(frozen=True, eq=False)
class Instance:
    """A problem, and what a peer that knows no pair costs may look at instead.

    Attributes
    ----------
    name
        Of the instance.
    problem
        As the solver gets it.
    xy
        (n, 2) points of the villages, kilometres or degrees; a peer standardises them.
    strength
        (n,) how capable each village is, 0 to 1.
    """

    name: str
    problem: AllianceProblem
    xy: Floats
    strength: Floats


def synthetic(villages: int, townships: int, seed: int) -> Instance:
    """Return a made-up county: random sites, Delaunay contiguity, townships of 20 to 35 villages.

    Parameters
    ----------
    villages, townships
        How many.
    seed
        Of everything random.

    Notes
    -----
    ``pair_cost[l, j] = 0.4 min(1, d / 8 km) + 0.3 (1 - max(0, strength_l - strength_j)) + 0.15
    (1 - industries alike) + 0.15 (1 - industries complementary)``, ``lead_cost = 1 - strength``:
    the weights of the program's own criteria. One village in twelve cannot lead.
    """
    made = draw(villages, townships, seed)
    problem = AllianceProblem.from_arrays(
        made.pair_cost,
        made.edges,
        zones=made.zones,
        lead_cost=1.0 - made.strength,
        can_lead=made.can_lead,
    )
    return Instance(f"synthetic {villages}/{townships}", problem, made.xy, made.strength)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a made-up county is made of: (n, 2) kilometres, (m, 2) contiguities, (n,) the rest."""

    xy: Floats
    edges: Ints
    zones: Ints
    income: Floats
    strength: Floats
    tags: NDArray[np.bool_]
    can_lead: NDArray[np.bool_]

    @property
    def pair_cost(self) -> Floats:
        """(n, n) as told by :func:`synthetic`."""
        return _pair_cost(self.xy, self.strength, self.tags)


def draw(villages: int, townships: int, seed: int) -> Drawn:
    """Draw a made-up county; arguments of :func:`synthetic`."""
    rng = np.random.default_rng(seed)
    side = SITE_SPACING_KM * villages**0.5
    xy = rng.uniform(0.0, side, (villages, 2))
    edges = _neighbours(xy)
    zones = _townships(xy, edges, townships, rng)
    income = rng.lognormal(2.0, 1.0, villages)
    strength = np.argsort(np.argsort(income)) / (villages - 1.0)
    tags = np.zeros((villages, INDUSTRIES), dtype=bool)
    for own in tags:
        own[rng.choice(INDUSTRIES, rng.integers(1, 4), replace=False)] = True
    # Nobody who is strong is barred, as in the field: the gates hit the weak ones.
    can_lead = (rng.random(villages) > 1 / 6) | (strength > 0.5)
    return Drawn(xy, edges, zones, income, strength, tags, can_lead)


def _neighbours(xy: Floats) -> Ints:
    corners = Delaunay(xy).simplices
    ends = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    edges = np.unique(np.sort(ends, axis=1), axis=0).astype(np.intp)
    length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    # The shortest spanning tree stays whatever its lengths: a valley road.
    n = len(xy)
    tree = minimum_spanning_tree(coo_array((length, tuple(edges.T)), shape=(n, n)).tocsr()).tocoo()
    spans = np.isin(
        edges @ [n, 1], np.minimum(tree.row, tree.col) * n + np.maximum(tree.row, tree.col)
    )
    kept: Ints = edges[(length <= LONG_EDGE * SITE_SPACING_KM) | spans]
    return kept


def _pieces(n: int, edges: Ints) -> Ints:
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    return np.asarray(piece, dtype=np.intp)


def _townships(xy: Floats, edges: Ints, townships: int, rng: np.random.Generator) -> Ints:
    """Cut the county into connected townships of 20 to 35 villages, give or take a few."""
    n = len(xy)
    size = rng.uniform(20.0, 35.0, townships)
    size *= n / size.sum()
    zone = np.zeros(n, dtype=np.intp)
    waiting = [(np.arange(n), np.arange(townships))]
    while waiting:
        here, labels = waiting.pop()
        if len(labels) == 1:
            zone[here] = labels[0]
            continue
        half = len(labels) // 2
        share = size[labels[:half]].sum() / size[labels].sum()
        centred = xy[here] - xy[here].mean(axis=0)
        axis = np.linalg.svd(centred, full_matrices=False)[2][0]
        direction = np.arctan2(axis[1], axis[0]) + rng.normal(0.0, 0.3)
        along = centred @ np.array([np.cos(direction), np.sin(direction)])
        order = here[np.argsort(along, kind="stable")]
        cut = round(share * len(here))
        waiting += [(np.sort(order[:cut]), labels[:half]), (np.sort(order[cut:]), labels[half:])]
    return _joined(zone, edges)


def _joined(zone: Ints, edges: Ints) -> Ints:
    """Hand every splinter of a township to the neighbour it shares most edges with."""
    zone = zone.copy()
    for _ in range(len(zone)):
        piece = _pieces(len(zone), edges[zone[edges[:, 0]] == zone[edges[:, 1]]])
        size = np.bincount(piece)
        splinters = [
            p
            for p in range(len(size))
            if size[p] < size[piece[zone == zone[np.argmax(piece == p)]]].max()
        ]
        if not splinters:
            return zone
        splinter = piece == splinters[0]
        ends = np.vstack([edges, edges[:, ::-1]])
        across = ends[splinter[ends[:, 0]] & ~splinter[ends[:, 1]], 1]
        zone[splinter] = np.bincount(zone[across]).argmax()
    raise RuntimeError("the townships of a made-up county did not come together")


def _pair_cost(xy: Floats, strength: Floats, tags: NDArray[np.bool_]) -> Floats:
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    shared = (tags[:, None, :] & tags[None, :, :]).sum(axis=2)
    alike = shared / (tags[:, None, :] | tags[None, :, :]).sum(axis=2)
    feeds = np.zeros((INDUSTRIES, INDUSTRIES), dtype=np.intp)
    feeds[tuple(np.array(FEEDS).T)] = 1
    links = tags.astype(np.intp) @ (feeds + feeds.T) @ tags.T.astype(np.intp)
    contrast = np.maximum(0.0, strength[:, None] - strength[None, :])
    cost: Floats = (
        0.40 * np.minimum(1.0, distance / 8.0)
        + 0.30 * (1.0 - contrast)
        + 0.15 * (1.0 - alike)
        + 0.15 * (1.0 - np.minimum(1.0, links / 2.0))
    )
    np.fill_diagonal(cost, 0.0)
    return cost


def county() -> Instance:
    """Shanting's scale: 261 villages in 10 townships."""
    return synthetic(261, 10, seed=20260101)


def city() -> Instance:
    """Zibo's scale: 2,811 villages in 88 townships."""
    return synthetic(2811, 88, seed=20260102)


def one_zone() -> Instance:
    """Return the 261 villages of :func:`county` without townships."""
    whole = county()
    problem = whole.problem.changed(zones=None)
    return dataclasses.replace(whole, name="one zone", problem=problem)


def demo_county() -> Instance:
    """Return the sample county that comes with the program, with its own settings."""
    return _read("demo")


def revitalisation(which: str) -> Instance:
    """Return a real county with alliances of 6 to 25 villages (片区): ``demo`` or ``nantou``."""
    return _read(which, min_size=6, max_size=25)


def _read(which: str, **rules: Any) -> Instance:
    from liancun_geo import read_county, read_settings
    from liancun_geo.sample import sample_county
    from liancun_geo.scenario import lay_groundwork

    ledger: Path | None = None
    if which == "demo":
        sample = sample_county()
        boundaries, ledger, settings_file = sample.boundaries, sample.ledger, sample.settings
    else:
        boundaries = beside("tw_nantou_chiayi_villages.gpkg")
        settings_file = EXAMPLES / "nantou_chiayi.toml"
    settings = read_settings(settings_file)
    settings = settings.model_copy(update={"rules": settings.rules.model_copy(update=rules)})
    read = read_county(boundaries, ledger, settings=settings, folder=settings_file.parent)
    ground = lay_groundwork(read, settings)
    points = read.villages.frame.geometry.centroid
    return Instance(
        which, ground.problem, np.column_stack([points.x, points.y]) / 1000.0, ground.leads.score
    )


def france() -> Instance:
    """All communes of mainland France; their EPCI take the townships' place.

    A commune without EPCI ("ZZZZZZZZZ", or none given: the districts of Paris, Lyon and
    Marseille) shares a zone with those of its department. A commune may be left out at a cost of
    1, which is what the farthest and least fitting pair costs.
    """
    from pyogrio import read_dataframe

    from liancun_geo import read_settings, read_villages
    from liancun_geo.contiguity import build_contiguity
    from liancun_geo.criteria import score_leads, score_pairs

    layer = beside("fr_all_communes_2013.gpkg")
    settings = read_settings(EXAMPLES / "france_communes.toml")
    # The reader refuses a village without township, so the department stands in for it.
    fields = {name: header for name, header in settings.fields.items() if name != "county"}
    settings = settings.model_copy(update={"fields": {**fields, "township_code": "dep"}})
    table = read_villages(layer, settings=settings)
    given = read_dataframe(layer, read_geometry=False, columns=["code", "epci2013", "dep"])
    given = given.set_index("code").loc[table.frame["code"]]
    none = given["epci2013"].isna() | (given["epci2013"] == "ZZZZZZZZZ")
    zones = list(given["epci2013"].where(~none, "none, " + given["dep"]).astype(str))
    graph = build_contiguity(table, settings.contiguity, zones=zones)
    leads = score_leads(table, settings.criteria)
    pairs = score_pairs(table, leads, zones, settings.criteria)
    problem = AllianceProblem.from_arrays(
        [(block.villages, block.cost) for block in pairs.blocks],
        graph.edges,
        min_size=4,
        max_size=8,
        zones=zones,
        lead_cost=1.0 - leads.score,
        can_lead=leads.can_lead,
        unassigned_cost=np.ones(len(table)),
    )
    points = table.frame.geometry.centroid
    return Instance("France", problem, np.column_stack([points.x, points.y]) / 1000.0, leads.score)


OKLAHOMA_OPTIMUM = 8408524436.390146
"""Population x squared geodesic miles, proven by others and by plain HiGHS."""


def oklahoma() -> Instance:
    """Oklahoma's 77 counties in 5 districts: Hess's problem with a known optimum.

    Cost: population x squared geodesic distance (miles on WGS-84, between the internal points)
    to the centre county; 783,952 to 799,789 persons a district, contiguous.
    """
    from pyproj import Geod

    graph = json.loads(beside("ok2020/OK_county.json").read_text(encoding="utf-8"))
    nodes, n = graph["nodes"], len(graph["nodes"])
    number = {node["id"]: i for i, node in enumerate(nodes)}
    edges = {
        tuple(sorted((i, number[other["id"]])))
        for i, others in enumerate(graph["adjacency"])
        for other in others
    }
    people = np.array([node["P0010001"] for node in nodes], dtype=np.float64)
    lat = np.array([float(node["INTPTLAT20"]) for node in nodes])
    lon = np.array([float(node["INTPTLON20"]) for node in nodes])
    i, j = (index.ravel() for index in np.indices((n, n)))
    metres = Geod(ellps="WGS84").inv(lon[i], lat[i], lon[j], lat[j])[2]
    miles = (np.asarray(metres) / 1609.344).reshape(n, n)
    problem = AllianceProblem.from_arrays(
        people[None, :] * miles**2,
        np.array(sorted(edges)),
        min_size=1,
        max_size=n,
        resource=people,
        resource_bounds=(783_952.0, 799_789.0),
        n_alliances=(5, 5),
    )
    return Instance("Oklahoma", problem, np.column_stack([lon, lat]), people / people.max())


def one_township(villages: int) -> Instance:
    """Return the township of :func:`city` that comes nearest to so many villages."""
    whole = city()
    zone = min(whole.problem.zones, key=lambda z: (abs(z.n - villages), str(z.label)))
    at, n = zone.villages, zone.n
    problem = AllianceProblem.from_arrays(
        whole.problem.cost_block(at),
        zone.edges,
        lead_cost=whole.problem.lead_cost[at],
        can_lead=whole.problem.can_lead[at],
    )
    return Instance(f"one township of {n}", problem, whole.xy[at], whole.strength[at])


def beside(name: str) -> Path:
    """Return a file of the data that lies beside the project.

    Raises
    ------
    Absent
        If it does not.
    """
    path = SHARED / name
    if not path.exists():
        raise Absent(f"{name} is not beside the project")
    return path


INSTANCES: dict[str, Callable[[], Instance]] = {
    "county": county,
    "county_demo": demo_county,
    "city": city,
    "one_zone": one_zone,
    "france": france,
    "revitalisation_demo": lambda: revitalisation("demo"),
    "revitalisation_nantou": lambda: revitalisation("nantou"),
    "oklahoma": oklahoma,
    "resolve": lambda: one_township(30),
    "alternatives": lambda: one_township(30),
}
