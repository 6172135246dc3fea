"""Travel times on a made-up road network of a city's size.

    python -m benchmarks.travel [--villages N] [--edges N] [--radius KM]

2,811 villages (Zibo) in a square of 5,965 km2, roads on a bent grid with gaps, about 50,000
stretches, classes from national roads to village roads, seed 20260101. Measured: noding and
snapping, all pairs of the villages of one zone (88 zones), and all pairs within 20 km.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from builders import ORIGIN, village_table

from benchmarks.criteria import zones
from liancun_geo.settings import TravelSettings
from liancun_geo.travel import build_network
from liancun_geo.villages import VillageTable

SEED = 20260101
SIDE_M = 77_234.0  # of a square of 5,965 km2
CLASSES = ("国道", "省道", "县道", "乡道", "村道")


def made_up_roads(edges: int) -> gpd.GeoDataFrame:
    """Return roads between the crossings of a bent grid, five of six kept."""
    rng = np.random.default_rng(SEED)
    k = int(np.sqrt(edges / 2 * 6 / 5)) + 1
    at = np.linspace(0, SIDE_M, k)
    crossing = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1)
    crossing += rng.normal(0, SIDE_M / k / 8, crossing.shape) + ORIGIN
    starts, ends, rank = [], [], []
    for axis in (0, 1):
        one = crossing[:-1] if axis == 0 else crossing[:, :-1]
        two = crossing[1:] if axis == 0 else crossing[:, 1:]
        number = np.arange(k)
        across = np.broadcast_to(number[None, :] if axis == 0 else number[:, None], one.shape[:2])
        starts.append(one.reshape(-1, 2))
        ends.append(two.reshape(-1, 2))
        rank.append(across.ravel())
    start, end, across = np.concatenate(starts), np.concatenate(ends), np.concatenate(rank)
    # Every 32nd line of the grid is a national road, every 16th a provincial one, and so on.
    level = np.array([min(4, 4 - int(np.gcd(int(a), 16)).bit_length() + 1) for a in across])
    level[across % 32 == 0] = 0
    keep = (level < 4) | (rng.random(len(level)) < 2 / 3)
    keep &= np.cumsum(keep) <= edges
    middle = (start + end) / 2 + rng.normal(0, SIDE_M / k / 20, start.shape)
    lines = shapely.linestrings(np.stack([start, middle, end], axis=1)[keep])
    names = [CLASSES[at] for at in level[keep]]
    frame = gpd.GeoDataFrame({"road_class": names}, geometry=lines, crs="EPSG:4527")
    return frame.astype({"road_class": object})


def made_up_villages(count: int) -> VillageTable:
    rng = np.random.default_rng(SEED)
    xy = np.array(ORIGIN) + rng.uniform(0, SIDE_M, (count, 2))
    return village_table(count, geometry=list(shapely.buffer(shapely.points(xy), 400.0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=2_811)
    parser.add_argument("--edges", type=int, default=50_000)
    parser.add_argument("--radius", type=float, default=20.0)
    arguments = parser.parse_args()
    roads, villages = made_up_roads(arguments.edges), made_up_villages(arguments.villages)
    labels = np.array(zones(villages, 88))

    def timed(name: str, begin: float, cpu: float, said: str) -> None:
        wall, used = time.perf_counter() - begin, time.process_time() - cpu
        # Linux counts in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:<26}{wall:>8.2f} s{used:>8.2f} s cpu{peak:>7.0f} MB  {said}")

    begin, cpu = time.perf_counter(), time.process_time()
    network = build_network(villages, roads, TravelSettings())
    edges = network.minutes.nnz // 2
    timed("network", begin, cpu, f"{len(roads)} roads, {edges} stretches with the villages")
    begin, cpu = time.perf_counter(), time.process_time()
    count = 0
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count += network.block_min(members).size - len(members)
    timed("pairs of one zone", begin, cpu, f"{count // 2} pairs in {len(np.unique(labels))} zones")
    begin, cpu = time.perf_counter(), time.process_time()
    pairs, times = network.nearby_min(arguments.radius)
    said = f"{len(pairs)} pairs, longest {times.max():.0f} min; load {os.getloadavg()[0]:.1f}"
    timed(f"pairs within {arguments.radius:g} km", begin, cpu, said)


if __name__ == "__main__":
    main()
