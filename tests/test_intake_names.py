"""Forms of names: what is the same village, and what never is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.errors import Where
from liancun_geo.intake.identities.candidates import (
    Stray,
    likely_townships,
    likeness,
    rank_candidates,
)
from liancun_geo.intake.identities.codes import doubtful_codes, likely_by_code
from liancun_geo.intake.identities.names import (
    canonical,
    markers,
    remark_of,
    same_village,
    township_form,
    village_forms,
)
from liancun_geo.intake.identities.register import Register
from liancun_geo.messages import catalogue

JOIN = Path(__file__).parents[1] / "liancun_geo" / "intake" / "identities"
CORES = st.text(alphabet="王李张东西南北新大小家庄河沟峪康权黎", min_size=1, max_size=4)
OF_VILLAGES = ("村民委员会", "村委会", "村委", "行政村", "村", "村村民委员会", "村村委会")
OF_RESIDENTS = ("居民委员会", "居委会", "社区居委会", "社区居民委员会", "社区", "居")


def alike(first: str, second: str, *, loosely: bool = False) -> bool:
    return same_village(village_forms(first), village_forms(second), loosely=loosely)


@given(CORES, st.sampled_from(OF_VILLAGES), st.sampled_from(OF_VILLAGES))
def test_every_ending_of_a_village_says_the_same(core: str, one: str, other: str) -> None:
    assert alike(core + one, core + other)
    assert alike(core + one, core)


@given(CORES, st.sampled_from(OF_RESIDENTS), st.sampled_from(OF_RESIDENTS))
def test_every_ending_of_a_community_says_the_same(core: str, one: str, other: str) -> None:
    assert alike(core + one, core + other)
    # A bare name may be a community too, but nobody says so.
    assert alike(core + one, core, loosely=True)


@given(CORES, st.sampled_from(OF_VILLAGES), st.sampled_from(OF_RESIDENTS))
def test_a_village_and_a_community_are_never_the_same(core: str, one: str, other: str) -> None:
    assert not alike(core + one, core + other, loosely=True)


@given(CORES, CORES, st.sampled_from(OF_VILLAGES), st.sampled_from(OF_VILLAGES))
def test_different_cores_are_different_villages(a: str, b: str, one: str, other: str) -> None:
    assert alike(a + one, b + other) == (a == b)


@pytest.mark.parametrize("name", ["村", "社区", "居委会", "村委会", "（）", "()", " ", "9"])
def test_nothing_but_an_ending_still_has_a_core(name: str) -> None:
    assert len(village_forms(name)) == 1


@given(st.text(max_size=30))
def test_any_text_has_forms(text: str) -> None:
    assert not any(character.isspace() for character in canonical(text))
    assert village_forms(text)
    assert township_form(text)


@pytest.mark.parametrize(
    ("name", "township", "other"),
    [
        ("城关镇东村", "城关镇", "东村"),
        ("城关镇东村", "城关", "东村"),
        ("城关街道办事处东关居委会", "城关街道", "东关社区"),
        ("王村镇王村村", "王村镇", "王村"),
    ],
)
def test_the_township_may_stand_before_the_name(name: str, township: str, other: str) -> None:
    assert same_village(village_forms(name, (township,)), village_forms(other))


@pytest.mark.parametrize(
    ("name", "township"), [("城关镇村", "城关镇"), ("城关镇社区", "城关镇"), ("城关东村", "城关镇")]
)
def test_a_name_is_not_taken_for_a_township(name: str, township: str) -> None:
    assert village_forms(name, (township,)) == village_forms(name)


def test_traditional_variant_and_wide_characters() -> None:
    assert canonical("鳧城邨") == canonical(" 凫城村　")
    assert canonical("臺兒莊") == "台儿庄"
    assert canonical("１村") == canonical("一村")
    assert canonical("12组") == "12组"


def test_remarks_are_left_aside_unless_they_tell_namesakes_apart() -> None:
    assert alike("王庄村（原李庄）", "王庄")
    assert remark_of("王庄村（原李庄）") == "原李庄"
    assert not alike("东村（南）", "东村（北）")
    assert not alike("东村(南)", "东村")


@pytest.mark.parametrize(
    ("name", "core", "kind"),
    [
        ("城关", "城关", ""),
        ("城关镇", "城关", "town"),
        ("城关乡", "城关", "township"),
        ("城关镇人民政府", "城关", "town"),
        ("城关街道办事处", "城关", "subdistrict"),
        ("城關街道", "城关", "subdistrict"),
        ("镇", "镇", ""),
    ],
)
def test_townships(name: str, core: str, kind: str) -> None:
    assert township_form(name) == (core, kind)


# Candidates


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("东河岔", "西河岔"),
        ("河岔", "东河岔"),
        ("前王庄", "后王庄"),
        ("一村", "二村"),
        ("大张庄", "小张庄"),
        ("12队", "13队"),
        ("大黎村", "大黎社区"),
    ],
)
def test_namesakes_told_apart_score_nothing(one: str, other: str) -> None:
    assert likeness(village_forms(one), village_forms(other))[0, 0] == 0


@given(CORES, CORES)
def test_a_score_needs_equal_markers(one: str, other: str) -> None:
    score = float(likeness(village_forms(one), village_forms(other))[0, 0])
    assert 0 <= score <= 100
    mine, theirs = village_forms(one)[0].core, village_forms(other)[0].core
    assert markers(mine) == markers(theirs) or score == 0


def register(*villages: tuple[str, str]) -> Register:
    return Register(pd.DataFrame(villages, columns=["township", "name"], dtype=object))


def test_the_likeliest_village_of_the_township_comes_first() -> None:
    county = register(
        ("甲镇", "李家庄村"), ("甲镇", "凫城村"), ("甲镇", "凫山村"), ("乙镇", "凫诚村")
    )
    strays = [Stray(village_forms("凫成村"), (0,)), Stray(village_forms("凫城"), ())]
    ranked, nowhere = rank_candidates(county, strays, range(4))
    assert [candidate.position for candidate in ranked] == [1, 2]
    assert ranked[0].score == ranked[1].score == 50
    assert nowhere == []


def test_at_most_three_and_only_free_villages_are_proposed() -> None:
    county = register(*(("甲镇", f"王{letter}庄村") for letter in "赵钱孙李周"))
    strays = [Stray(village_forms("王吴庄村"), (0,))]
    (ranked,) = rank_candidates(county, strays, [1, 2, 3, 4])
    assert [candidate.position for candidate in ranked] == [1, 2, 3]


def test_townships_that_are_like_a_name() -> None:
    county = register(("凫城镇", "甲村"), ("桑村镇", "乙村"), ("东桑镇", "丙村"))
    assert likely_townships(county, "凫诚山镇") == ()
    assert likely_townships(county, "凫城山镇") == (0,)
    assert likely_townships(county, "西桑镇") == ()


def test_a_township_is_sought_by_form_only_if_there_is_no_other() -> None:
    county = register(("城关镇", "甲村"), ("城关街道", "乙村"), ("城头镇", "丙村"))
    assert county.sought("城关") == ((0, 1), "unsure")
    assert county.sought("城关街道办事处") == ((1,), "form")
    assert county.sought("城关乡") == ((0, 1), "unsure")
    assert county.sought("城头") == ((2,), "form")
    assert county.sought("城头街道") == ((2,), "unsure")
    assert county.sought("城尾镇") == ((), "unknown")


# Codes


@pytest.mark.parametrize(
    ("found", "positions"),
    [
        ("3.70E+11", []),
        ("3.70499100201E+11", [0]),
        ("3.7049910020E+11", []),
        ("3.70499100201e+18", [0]),
        ("370499100201000", [0]),
        ("3704991002010000001", [0]),
        ("70499100201", []),
        ("30499100201", [4]),
        ("三七", []),
    ],
)
def test_what_a_damaged_code_still_says(found: str, positions: list[int]) -> None:
    codes = [f"37049910020{number}" for number in (1, 2, 3, 4)]
    by_code = {code: i for i, code in enumerate([*codes, "030499100201"])}
    assert likely_by_code(found, by_code) == positions


def doubts(rows: list[tuple[str, str, str]]) -> list[tuple[str, str | None]]:
    villages = pd.DataFrame(rows, columns=["township", "name", "code"], dtype=object)
    faults = doubtful_codes(
        villages, lambda p: Where(village=rows[p][1], code=rows[p][2]), Where(file="map.shp")
    )
    for fault in faults:
        assert fault.text("zh")
        kinds = [fix.kind for fix in fault.fixes]
        assert kinds == ([] if fault.key == "names.kind_against_code" else ["accept"])
    return [(fault.key, fault.where.village or fault.where.township) for fault in faults]


def test_a_code_that_does_not_fit_its_township_or_county_is_asked_about() -> None:
    rows = [
        (f"{town}镇", f"{town}{n}村", f"37049910{t}20{n}")
        for t, town in enumerate("甲乙丙丁戊己庚")
        for n in range(6)
    ]
    assert doubts(rows) == []
    rows[8] = (rows[8][0], rows[8][1], "370499105299")
    assert doubts(rows) == [("names.township_prefix", "乙2村")]
    rows[:6] = [(town, name, "370498" + code[6:]) for town, name, code in rows[:6]]
    assert doubts(rows) == [("names.county_prefix", "甲镇"), ("names.township_prefix", "乙2村")]


def test_codes_of_two_counties_in_one_layer_are_no_fault() -> None:
    rows = [
        (f"{t}镇", f"{t}{n}村", f"37040{c}10020{n}") for c, t in enumerate("甲乙") for n in range(5)
    ]
    assert doubts(rows) == []


def test_a_community_with_the_code_of_a_village_is_told_without_asking() -> None:
    rows = [("甲镇", f"{name}村", f"37049910020{n}") for n, name in enumerate("赵钱孙李周")]
    rows[0] = ("甲镇", "赵社区", "370499100200")
    rows[1] = ("甲镇", "钱村", "370499100007")
    assert [key for key, _ in doubts(rows)] == ["names.kind_against_code"]


def test_foreign_codes_are_left_alone() -> None:
    assert doubts([("A", f"v{n}", f"{n}0{n}") for n in range(9)]) == []


def test_every_sentence_of_the_join_exists() -> None:
    """Keys handed on through helpers, which tests/test_docs.py does not see."""
    used = set()
    for name in ("matching", "asking", "joining", "codes", "code_faults"):
        tree = ast.parse((JOIN / f"{name}.py").read_text(encoding="utf-8"))
        used |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"(names|intake)\.[a-z_]+", node.value)
        }
    assert used - set(catalogue()) == set()
    own = {key for key in catalogue() if key.startswith("names.")}
    assert own - used == set()


def test_likeness_has_a_row_for_each_row() -> None:
    scores = likeness(
        [village_forms(name)[0] for name in ("甲庄", "乙庄")], village_forms("甲庄村")
    )
    assert scores.shape == (2, 1)
    assert np.isclose(scores[0, 0], 100)
