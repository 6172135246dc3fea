"""The map of the adjust step: what is sent to the browser and what is heard from it."""

from __future__ import annotations

import base64
import json
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("streamlit", reason="the application needs Streamlit: pip install .[app]")

from liancun_geo.output.picture.arcs import DEGREES_PER_STEP, arcs_of, encoded
from liancun_geo.output.picture.borders import build_geometry, drawable
from liancun_geo.output.picture.colours import TOO_LIKE
from liancun_geo.studio.lasting_colours import DISTANCES
from liancun_geo.studio.mapping import LastingColours, parse_event, state_payload, static_payload
from liancun_geo.studio.mapping.component import events_after, last_number
from liancun_geo.studio.mapping.events import MOST_TEXT
from liancun_geo.studio.mapping.payload import DIGITS, bits
from liancun_geo.villages import VillageTable

STEP = DEGREES_PER_STEP


def squares(wide: int, high: int, size: float = 0.01) -> Any:
    return np.array(
        [
            shapely.box(x * size, y * size, (x + 1) * size, (y + 1) * size)
            for y in range(high)
            for x in range(wide)
        ]
    )


def grid(wide: int = 4, high: int = 3, *, per_township: int = 6, name: str = "村{k}") -> Any:
    n = wide * high
    shapes = shapely.transform(squares(wide, high, 1000.0), lambda xy: xy + np.array([5e5, 3.9e6]))
    frame = gpd.GeoDataFrame(
        {
            "code": [f"3704020{k // per_township:02}{k % per_township + 200:03}" for k in range(n)],
            "name": [name.format(k=k) for k in range(n)],
            "township": [f"镇{k // per_township}" for k in range(n)],
            "township_code": [f"3704020{k // per_township:02}" for k in range(n)],
        },
        geometry=shapes,
        crs=4547,
    )
    return build_geometry(VillageTable(frame, ()))


def ring_points(arcs: Any, ring: tuple[int, ...]) -> list[tuple[int, int]]:
    points: list[tuple[int, int]] = []
    for signed in ring:
        line = arcs.lines[~signed][::-1] if signed < 0 else arcs.lines[signed]
        points += [tuple(point) for point in line.tolist()[:-1]]
    return points


# --- borders ---------------------------------------------------------------------------------


def test_each_border_is_there_once_and_the_villages_come_back_from_it() -> None:
    shapes = squares(5, 4)
    arcs = arcs_of(shapes)
    assert len(arcs.touching()) == 5 * 3 + 4 * 4
    inner = arcs.sides[(arcs.sides >= 0).all(axis=1)]
    assert len(np.unique(np.sort(inner, axis=1), axis=0)) == len(inner)
    for shape, rings in zip(shapes, arcs.rings, strict=True):
        (ring,) = rings
        back = shapely.Polygon(np.array(ring_points(arcs, ring)) * STEP)
        assert back.symmetric_difference(shape).area < 1e-12


def test_enclave_and_parts_keep_their_rings() -> None:
    around = shapely.Polygon(
        shapely.box(0, 0, 0.05, 0.05).exterior, [shapely.box(0.02, 0.02, 0.03, 0.03).exterior]
    )
    inside = shapely.box(0.02, 0.02, 0.03, 0.03)
    apart = shapely.MultiPolygon([inside, shapely.box(0.1, 0.1, 0.11, 0.11)])
    arcs = arcs_of(np.array([around, apart]))
    assert [len(rings) for rings in arcs.rings] == [2, 2]
    assert arcs.touching().tolist() == [[0, 1]]
    areas = [
        sum(
            abs(shapely.Polygon(np.array(ring_points(arcs, ring)) * STEP).area)
            for ring in arcs.rings[1]
        )
    ]
    assert areas == [pytest.approx(apart.area)]


def test_overlap_and_gap_leave_no_village_without_a_drawing() -> None:
    shapes = np.array(
        [
            shapely.box(0, 0, 1003, 1000),
            shapely.box(1000, 0, 2000, 1000),
            shapely.box(2003, 0, 3000, 1000),
        ]
    )
    drawn = drawable(shapes)
    assert not shapely.is_empty(drawn).any()
    arcs = arcs_of(shapely.transform(drawn, lambda xy: xy / 111_000))
    assert [len(rings) for rings in arcs.rings] == [1, 1, 1]
    assert [0, 1] in arcs.touching().tolist()


def test_village_under_another_is_still_drawn() -> None:
    shapes = np.array([shapely.box(0, 0, 1000, 1000), shapely.box(0, 0, 1000, 1000)])
    assert not shapely.is_empty(drawable(shapes)).any()


@given(
    st.lists(
        st.tuples(st.integers(-18_000_000, 18_000_000), st.integers(-9_000_000, 9_000_000)),
        min_size=1,
        max_size=30,
    )
)
def test_encoded_line_can_be_read_again(points: list[tuple[int, int]]) -> None:
    text = encoded(np.array(points, dtype=np.int64))
    values, at, axis, last = [], 0, 0, [0, 0]
    while at < len(text):
        value, shift = 0, 0
        while True:
            byte = ord(text[at]) - 63
            at += 1
            value |= (byte & 0x1F) << shift
            shift += 5
            if byte < 0x20:
                break
        last[axis] += ~(value >> 1) if value & 1 else value >> 1
        values.append(last[axis])
        axis = 1 - axis
    assert list(zip(values[::2], values[1::2], strict=True)) == points


# --- static ----------------------------------------------------------------------------------


def test_static_payload_is_the_same_for_the_same_county_and_new_for_another_language() -> None:
    one, two = static_payload(grid(), "zh"), static_payload(grid(), "zh")
    assert one == two
    assert static_payload(grid(), "en")["id"] != one["id"]
    assert static_payload(grid(), "zh", weak=[3])["id"] != one["id"]
    assert static_payload(grid(5), "zh")["id"] != one["id"]


def test_static_payload_says_where_the_villages_lie() -> None:
    told = static_payload(grid(), "zh", weak=[0, 11])
    assert told["n"] == 12 and told["townships"] == ["镇0", "镇1"]
    assert told["township_of"] == [0] * 6 + [1] * 6
    assert told["radii_m"] == [pytest.approx(500, abs=3)] * 12
    assert base64.b64decode(told["weak"]) == bytes([1, 8])
    assert told["alliance_names"][3] == "村3片区"
    json.dumps(told, allow_nan=False)


def test_names_are_one_line_without_marks_that_turn_them_about() -> None:
    told = static_payload(grid(name="李\n家\u202e村{k}\x00"), "zh")
    assert told["names"][0] == "李 家 村0"


# --- state -----------------------------------------------------------------------------------


def test_state_of_zibo_is_small() -> None:
    n, a = 2811, 600
    rng = np.random.default_rng(7)
    many = [int(one) for one in rng.choice(n, 900, replace=False)]
    row = {
        "title": "移入马家湾片区",
        "reason": "互补：养殖、粮食与农产品加工",
        "change": "+2.4",
        "sign": 1,
        "button": "移入",
        "lead": 2000,
        "event": {"type": "move", "villages": [2810], "to": 2000},
    }
    entry = {
        "n": 12,
        "time": "14:32",
        "text": "孙家峪：马家湾 → 西泉",
        "change": "−3.0",
        "sign": -1,
    }
    why = {
        "name": "距离",
        "text": "到领建村西泉村 2.5 公里",
        "value": "2.1",
        "of": "/3",
        "share": 0.2,
    }
    state = state_payload(
        rng.integers(-1, a, n),
        [int(one) for one in rng.choice(n, a, replace=False)],
        rng.integers(0, 10, a).tolist(),
        selected=[5],
        locked=many,
        changed=many,
        broken=many,
        strip=[{"name": "总得分", "value": "1514.9", "note": "比原方案 −8.6", "help": "二" * 60}]
        * 8,
        inspector={  # type: ignore[typeddict-item]
            "title": "后坡村",
            "card": {"title": "为什么在西泉片区", "rows": [why] * 6, "more": [why] * 8},
            "moves": {"legal": [row] * 10, "blocked": [row] * 10},
            "history": [entry] * 20,
        },
    )
    assert len(json.dumps(state, ensure_ascii=False).encode()) <= 20_000


def test_state_can_be_read_again() -> None:
    state = state_payload([0, 1, -1, 70], list(range(4)) * 20, [9] * 80, locked=[1, 3])
    assert state["of"] == "0001..16"
    assert DIGITS.index(state["of"][6]) * 64 + DIGITS.index(state["of"][7]) == 70
    assert state["leads"][:8] == "00010203"
    assert state["colours"] == "9" * 80
    assert base64.b64decode(state["locked"]) == bytes([0b1010])
    assert "changed" not in state


def test_bits_of_nothing_are_empty() -> None:
    assert bits([], 10) == ""


# --- colours ---------------------------------------------------------------------------------


def coloured(geometry: Any, of: list[int], leads: list[int], so_far: LastingColours) -> Any:
    return so_far.after(of, leads, geometry.codes, geometry.arcs.touching(), geometry.township_of)


def test_neighbours_differ_for_every_eye() -> None:
    geometry = grid(8, 8, per_township=16)
    of = [(k // 16) * 4 + (k % 8) // 2 for k in range(64)]
    leads = [of.index(number) for number in range(16)]
    _, colours = coloured(geometry, of, leads, LastingColours())
    for a, b in geometry.arcs.touching().tolist():
        one, two = colours[of[a]], colours[of[b]]
        assert of[a] == of[b] or (one != two and frozenset((one, two)) not in TOO_LIKE)


def test_colours_stay_through_edits_and_a_new_lead() -> None:
    geometry = grid(4, 3, per_township=12)
    of = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 2]
    so_far, first = coloured(geometry, of, [0, 2, 8], LastingColours())
    so_far, second = coloured(geometry, of, [1, 2, 8], so_far)
    assert second == first
    edited = [0, 0, 1, 1, 0, 0, 1, 1, 3, 2, 2, 2]
    so_far, third = coloured(geometry, edited, [1, 2, 9, 8], so_far)
    assert third[:2] == first[:2]
    assert first[2] in third[2:]
    # Another plan with the alliances in another order: by lead.
    _, fourth = coloured(geometry, [1 - one if one < 2 else 2 for one in of], [2, 1, 8], so_far)
    assert (fourth[0], fourth[1]) == (first[1], first[0])


def test_like_colours_that_meet_are_parted_at_the_smaller_alliance() -> None:
    geometry = grid(4, 1, per_township=4)
    same = LastingColours({geometry.codes[0]: 3, geometry.codes[3]: 3})
    _, colours = coloured(geometry, [0, 0, 0, 1], [0, 3], same)
    assert colours[0] == 3
    assert DISTANCES[3, colours[1]] >= 10


def test_likes_that_meet_all_over_are_parted_as_well() -> None:
    # Another plan of the same villages: where one alliance alone cannot help, a neighbour moves.
    geometry = grid(8, 8, per_township=16)
    of = [(k // 16) * 4 + (k % 8) // 2 for k in range(64)]
    leads = [of.index(number) for number in range(16)]
    for seed in range(30):
        drawn = np.random.default_rng(seed).integers(0, 10, size=16).tolist()
        had = LastingColours(
            {geometry.codes[lead]: c for lead, c in zip(leads, drawn, strict=True)}
        )
        _, colours = coloured(geometry, of, leads, had)
        for a, b in geometry.arcs.touching().tolist():
            one, two = colours[of[a]], colours[of[b]]
            assert of[a] == of[b] or (one != two and frozenset((one, two)) not in TOO_LIKE)


def test_distances_agree_with_the_pairs_that_never_touch() -> None:
    assert (DISTANCES == DISTANCES.T).all() and (np.diag(DISTANCES) == 0).all()
    near = {frozenset((i, j)) for i in range(10) for j in range(i) if DISTANCES[i, j] <= 10.0}
    assert near == TOO_LIKE


# --- events ----------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "points",
    "near",
    "villages",
    "to",
    "lead",
    "village",
    "a",
    "b",
    "scope",
    "township",
    "n",
    "max_moves",
]
TYPES = [
    "barrier",
    "unbar",
    "link",
    "select",
    "move",
    "paint",
    "lead",
    "leave_out",
    "new",
    "lock",
    "note",
    "jump",
    "township",
]


@given(JUNK)
def test_junk_is_no_event(junk: Any) -> None:
    assert parse_event(junk, 10, 2) is None


@given(
    st.fixed_dictionaries(
        {"id": st.integers(1, 9) | JUNK, "type": st.sampled_from(TYPES) | JUNK},
        optional={
            name: JUNK | st.lists(st.integers(-2, 12)) for name in [*FIELDS, "text", "reason"]
        },
    )
)
def test_whatever_is_heard_lies_within_the_county(raw: dict[str, Any]) -> None:
    event = parse_event(raw, 10, 2)
    if event is None:
        return
    assert all(0 <= village < 10 for village in event.villages)
    assert len(set(event.villages)) == len(event.villages)
    for one in (event.to, event.lead, event.village, event.a, event.b):
        assert one is None or 0 <= one < 10
    assert event.township is None or -1 <= event.township < 2
    for text in (event.text, event.reason):
        assert text is None or (len(text) <= MOST_TEXT and text.isprintable())


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "move", "villages": [1, 1, 2], "to": 4},
        {"type": "move", "villages": [1.0, 2], "to": 4.0},
    ],
)
def test_move_is_read(fields: dict[str, Any]) -> None:
    event = parse_event({"id": 3, **fields}, 10, 2)
    assert event is not None and (event.villages, event.to) == ((1, 2), 4)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "move", "villages": [], "to": 4},
        {"type": "move", "villages": [1], "to": 10},
        {"type": "move", "villages": [True], "to": 4},
        {"type": "move", "villages": "12", "to": 4},
        {"type": "move", "villages": [1]},
        {"type": "lock", "scope": "alliance"},
        {"type": "together", "a": 1, "b": 1},
        {"type": "select", "villages": [float("nan")]},
        {"type": "__class__"},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    assert parse_event({"id": 3, **fields}, 10, 2) is None


def test_events_are_heard_once_in_order_and_refused_ones_are_not_sent_again() -> None:
    static = {"n": 10, "townships": ["a"]}
    pending: list[Any] = [
        {"id": 5, "type": "undo"},
        {"id": 4, "type": "select", "villages": [1]},
        {"id": 3, "type": "redo"},
        {"id": 6, "type": "nonsense"},
        "junk",
    ]
    assert [event.id for event in events_after(pending, 3, static)] == [4, 5]
    assert last_number(pending) == 6
    assert events_after({"id": 9}, 0, static) == [] and last_number(None) == 0
