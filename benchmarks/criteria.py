"""Time the criteria on made-up counties of the sizes the tool must carry.

    python benchmarks/criteria.py

"zibo" is 2,811 villages in 88 townships; "france" 36,000 villages in 2,500 zones; "one zone" is
2,811 villages without zones. Points are random, so the geometry costs less than in a real county.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from builders import ORIGIN, village_table

from liancun_geo.criteria import score_leads, score_pairs
from liancun_geo.villages import VillageTable

SEED = 20260101
INDUSTRIES = ("种植", "粮食", "林果", "蔬菜", "养殖", "农产品加工", "乡村旅游", "民宿", "电商")


def county(villages: int) -> VillageTable:
    rng = np.random.default_rng(SEED)
    xy = np.array(ORIGIN) + rng.uniform(0, 1400.0 * villages**0.5, (villages, 2))

    def some(values: np.ndarray, missing: float = 0.05) -> np.ndarray:
        return np.where(rng.random(villages) < missing, np.nan, values)

    tags = [
        tuple(sorted(rng.choice(INDUSTRIES, rng.integers(0, 4), False))) for _ in range(villages)
    ]
    return village_table(
        villages,
        geometry=list(shapely.buffer(shapely.points(xy), 500.0)),
        collective_income_wan_yuan=some(rng.lognormal(2.0, 1.0, villages)),
        party_members_persons=some(rng.integers(10, 120, villages).astype(float)),
        population_registered_persons=some(rng.lognormal(6.5, 0.6, villages)),
        income_per_head_yuan=some(rng.normal(18_000, 4_000, villages)),
        enterprises=[("厂",) if rng.random() < 0.2 else () for _ in range(villages)],
        industries=[None if rng.random() < 0.05 else own for own in tags],
        weak_organisation=list(rng.random(villages) < 0.03),
        secretary_in_post=True,
        village_class="其他",
    )


def zones(table: VillageTable, count: int) -> list[str]:
    """Return zones of neighbouring villages: strips cut into blocks."""
    points = table.frame.geometry.centroid
    strips = max(int(count**0.5), 1)
    strip = (points.x.rank(method="first").to_numpy() - 1) * strips // len(table)
    order = np.lexsort((points.y.to_numpy(), strip))
    zone = np.empty(len(table), dtype=int)
    zone[order] = np.arange(len(table)) * count // len(table)
    return [f"{number:05d}" for number in zone]


def main() -> None:
    print(f"{'county':<10}{'villages':>9}{'zones':>7}{'leads_s':>9}{'pairs_s':>9}{'peak_mb':>9}")
    for name, villages, count in (
        ("zibo", 2_811, 88),
        ("france", 36_000, 2_500),
        ("one zone", 2_811, 1),
    ):
        table = county(villages)
        labels = zones(table, count)
        start = time.perf_counter()
        leads = score_leads(table)
        middle = time.perf_counter()
        pairs = score_pairs(table, leads, labels)
        end = time.perf_counter()
        assert len(pairs.blocks) == count
        # Peak of the whole process so far, the made-up county included; Linux counts in KiB.
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name:<10}{villages:>9}{count:>7}{middle - start:>9.3f}{end - middle:>9.3f}"
            f"{peak_mb:>9.0f}"
        )


if __name__ == "__main__":
    main()
