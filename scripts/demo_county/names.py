"""Invented names and codes of a county that does not exist."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from demo_county.mosaic import Floats, Ints

COUNTY = "示例县"
COUNTY_CODE = "370499"
TOWNSHIPS = (
    ("100", "漱石镇"),
    ("101", "枣岭镇"),
    ("102", "鹭洲镇"),
    ("200", "苍屏乡"),
    ("001", "云汀街道"),
    ("103", "禾坊镇"),
    ("104", "柿坪镇"),
    ("002", "望澜街道"),
    ("105", "砚湾镇"),
    ("106", "芦汀镇"),
)
COMMUNITIES = {4: 2, 7: 2, 0: 1, 5: 1, 6: 1}
"""Township -> how many of its villages are communities (居委会, codes 001-199)."""
FAMILIES = (
    "赵孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严魏陶姜谢邹苏潘葛范彭鲁韦马苗方任袁柳史唐薛雷贺倪汤罗毕郝邵汪毛米贝戴宋"
    "庞纪舒屈项祝董梁杜阮蓝季贾路江童颜郭梅林钟徐邱骆高夏蔡田樊胡霍"
)
NATURE = tuple("石柳枣槐桃杏榆松青白龙凤玉云清黑")
SCENES = (
    "青石", "白石", "柳泉", "双泉", "石桥", "桃花", "杏花", "松林", "枣林", "槐树", "梨园", "龙潭",
    "凤台", "云台", "清水", "黑石", "红石", "黄土", "古井", "三角", "榆树", "竹园", "鹿鸣", "磨盘",
)  # fmt: skip
HILL_ENDS = ("峪", "沟", "岭", "崖", "坡", "泉", "坪", "涧", "山", "川")
PLAIN_ENDS = ("庄", "楼", "屯", "桥", "店", "湾", "洼", "集", "寨", "埠")
PAIRS = (("东", "西"), ("前", "后"), ("上", "下"), ("大", "小"), ("南", "北"))
NAME_PAIRS = 9
"""Pairs of neighbouring villages that differ in one word only, such as 上 and 下."""


@dataclass(frozen=True)
class Names:
    """Names and codes of the villages, in the order of the villages."""

    code: list[str]
    name: list[str]
    township_code: list[str]
    township: list[str]
    community: list[bool]


def _stems(relief: Floats, rng: np.random.Generator) -> list[str]:
    """Return a different stem for each village, fitting its land."""
    used: set[str] = set()
    stems = []
    for height in relief.tolist():
        ends = HILL_ENDS if height > 0.55 else PLAIN_ENDS
        while True:
            end = ends[rng.integers(len(ends))]
            family = FAMILIES[rng.integers(len(FAMILIES))]
            first = NATURE[rng.integers(len(NATURE))]
            scene = SCENES[rng.integers(len(SCENES))]
            stem = (f"{family}家{end}", f"{family}{end}", f"{first}{end}", f"{scene}{end}")[
                rng.choice(4, p=[0.46, 0.14, 0.16, 0.24])
            ]
            if stem not in used and scene[-1] != end:
                used.add(stem)
                stems.append(stem)
                break
    return stems


def _pair_up(
    stems: list[str], township: Ints, land: nx.Graph[int], rng: np.random.Generator
) -> None:
    """Give some neighbouring villages of a township names that differ in one word, in place."""
    edges = sorted(
        tuple(sorted(edge)) for edge in land.edges if township[edge[0]] == township[edge[1]]
    )
    done: set[int] = set()
    for k in rng.permutation(len(edges)).tolist():
        a, b = edges[k]
        if len(done) == 2 * NAME_PAIRS:
            return
        if a in done or b in done or len(stems[a]) > 3:
            continue
        first, second = PAIRS[len(done) // 2 % len(PAIRS)]
        stems[a], stems[b] = first + stems[a], second + stems[a]
        done |= {a, b}


def name_villages(
    middles: Floats,
    relief: Floats,
    township: Ints,
    seats: dict[int, int],
    land: nx.Graph[int],
    seed: int,
) -> Names:
    """Return invented names and codes.

    Parameters
    ----------
    middles, relief, township
        Shape (n, 2), (n,), (n,): place, height and township of each village.
    seats
        Township -> the village at its seat.
    land
        Which villages share a border on land.
    seed
        Source of the names.
    """
    rng = np.random.default_rng([seed, 4])
    stems = _stems(relief, rng)
    _pair_up(stems, township, land, rng)
    north_to_south = np.lexsort((middles[:, 0], -np.round(middles[:, 1], -3))).tolist()
    community = [False] * len(stems)
    code = [""] * len(stems)
    for t, (part, _) in enumerate(TOWNSHIPS):
        members = [v for v in north_to_south if township[v] == t]
        away = np.hypot(*(middles[members] - middles[seats[t]]).T)
        nearest = [members[k] for k in np.argsort(away, kind="stable")]
        for v in nearest[: COMMUNITIES.get(t, 0)]:
            community[v] = True
        for first, wanted in ((1, True), (200, False)):
            chosen = [v for v in members if community[v] is wanted]
            for number, v in enumerate(chosen, start=first):
                code[v] = f"{COUNTY_CODE}{part}{number:03d}"
    # The same name in two townships, as every county has it.
    twins = [
        next(
            v
            for v in north_to_south
            if township[v] == t and not community[v] and len(stems[v]) == 3
        )
        for t in (3, 8)
    ]
    stems[twins[1]] = stems[twins[0]]
    return Names(
        code=code,
        name=[
            stem + ("社区" if urban else "村") for stem, urban in zip(stems, community, strict=True)
        ],
        township_code=[COUNTY_CODE + TOWNSHIPS[t][0] for t in township.tolist()],
        township=[TOWNSHIPS[t][1] for t in township.tolist()],
        community=community,
    )
