"""Rows and villages: nothing wrong is matched silently, and every question has its answer."""

from __future__ import annotations

import pandas as pd
import pytest
from joining_cases import (
    MAP,
    Row,
    confirmed,
    full,
    how,
    join,
    keys,
    only_question,
    questions,
    settle,
    villages_of,
)

from liancun_geo.decisions import (
    DropRowDecision,
    ExcludeDecision,
    KeepDecision,
    MatchDecision,
    ValueDecision,
)


# What needs no question
def test_a_clean_ledger_is_joined_by_code_without_a_word() -> None:
    joined, _ = join(full())
    assert joined.faults == []
    assert set(how(joined).values()) == {(i, "code") for i in range(len(MAP))}
    assert (joined.villages_without_row, joined.rows_without_village) == ([], [])


@pytest.mark.parametrize(
    ("township", "name", "position"),
    [
        ("城关镇", "王权村村民委员会", 2),
        ("城关镇", "王权", 2),
        ("城关", "王权村委会", 2),
        ("城关镇人民政府", "王权行政村", 2),
        ("城关镇", "城关镇王权村", 2),
        (None, "城关镇王权村", 2),
        ("城关镇", "王權邨", 2),
        ("城关镇", "大黎社区居委会", 3),
        ("城关镇", "大黎居民委员会", 3),
        ("城头镇", "鳧山村（原凫村）", 7),
    ],
)
def test_forms_of_a_name_are_one_name(township: str | None, name: str, position: int) -> None:
    rows = full((position, (township, name, None, 7)))
    joined, _ = join(rows)
    assert questions(joined) == []
    assert how(joined)[position] == (position, "form")
    assert "names.matched_by_form" in keys(joined.faults)
    # The map says who the village is, the ledger what it has.
    assert joined.attributes["name"][position] == MAP[position][1]
    assert joined.attributes["township"][position] == MAP[position][0]
    assert joined.attributes["population_registered_persons"][position] == 7


def test_a_township_written_in_another_way_does_not_become_two() -> None:
    joined, _ = join([("城关", *row[1:]) if row[0] == "城关镇" else row for row in full()])
    assert questions(joined) == []
    assert joined.attributes["township"].tolist() == [village[0] for village in MAP]


def test_slips_of_the_pen_under_the_right_code_are_told_once() -> None:
    joined, _ = join(full((6, ("城头镇", "西河杈村", MAP[6][2], 1))))
    assert questions(joined) == []
    assert keys(joined.faults) == ["names.spelt_differently", "intake.ledger_wins"]


# Names
@pytest.mark.parametrize("name", ["大黎村", "大黎村委会", "大黎"])
def test_a_village_is_never_a_community_of_the_same_name(name: str) -> None:
    rows = full((3, ("城关镇", name, None, 7)))
    joined, _ = join(rows)
    assert 3 not in how(joined)
    proposed = {f.village for q in questions(joined) for f in q.fixes if f.kind == "match"}
    # A bare name may be either, so a person is asked; 大黎村 is never even proposed.
    assert proposed == ({MAP[3][2]} if name == "大黎" else set())


def test_namesakes_told_apart_by_a_direction_are_never_proposed() -> None:
    rows = full((5, ("城头镇", "南河岔村", None, 7)))
    joined, _ = join(rows)
    stray = next(f for f in joined.faults if f.key == "intake.row_without_village")
    assert [fix.kind for fix in stray.fixes] == ["drop_row"]
    lonely = next(f for f in joined.faults if f.key == "intake.village_without_row")
    assert [fix.kind for fix in lonely.fixes] == ["keep", "exclude"]


def test_a_misspelt_name_is_proposed_and_matched_once_confirmed() -> None:
    rows = full((5, ("城头镇", "东河杈村", None, 7)))
    joined, _ = join(rows)
    stray = next(f for f in joined.faults if f.key == "intake.row_without_village")
    first = stray.fixes[0]
    assert isinstance(first, MatchDecision)
    assert first.village == MAP[5][2]
    assert stray.params["candidates"][0][1] >= 50
    joined = settle(rows, stray)
    assert questions(joined) == []
    assert how(joined)[5] == (5, "decision")
    assert joined.attributes["name"][5] == "东河岔村"


def test_a_row_that_is_not_wanted_is_dropped() -> None:
    rows = [*full(), ("城头镇", "开发区", None, 7)]
    joined, _ = join(rows)
    fault = only_question(joined, "intake.row_without_village")
    joined = settle(rows, fault, -1)
    assert (joined.faults, joined.rows_without_village) == ([], [])


@pytest.mark.parametrize("kind", [KeepDecision, ExcludeDecision])
def test_a_village_without_a_row_is_kept_or_excluded(kind: type) -> None:
    rows = full()[:-1]
    joined, _ = join(rows)
    fault = only_question(joined, "intake.village_without_row")
    number = next(i for i, fix in enumerate(fault.fixes) if isinstance(fix, kind))
    joined = settle(rows, fault, number)
    assert questions(joined) == []
    assert (7 in joined.kept) == (kind is KeepDecision)
    assert keys(joined.excluded) == ([] if kind is KeepDecision else ["names.village_excluded"])


def test_a_village_with_a_row_may_be_excluded_too() -> None:
    said = ExcludeDecision(file="map.shp", village=MAP[1][2], confirmed=True)
    joined, _ = join(full(), said)
    assert joined.kept == [0, 2, 3, 4, 5, 6, 7]


def test_one_name_in_two_townships_stops_with_both() -> None:
    rows = full((0, (None, "东村", None, 7)))
    joined, _ = join(rows)
    fault = only_question(joined, "intake.row_ambiguous")
    proposed = [fix.village for fix in fault.fixes if isinstance(fix, MatchDecision)]
    assert proposed == [MAP[0][2], MAP[4][2]]
    assert how(settle(rows, fault))[0] == (0, "decision")


def test_one_name_twice_in_a_township_stops_with_both_codes() -> None:
    villages = villages_of([*MAP, ("城头镇", "凫山村", "370499101299")])
    rows = [*full((7, ("城头镇", "凫山村", None, 7))), ("城头镇", "凫山村", None, 8)]
    joined, _ = join(rows, villages=villages)
    faults = questions(joined)
    assert keys(faults) == ["intake.row_ambiguous"] * 2
    assert "370499101299" in faults[0].text()
    # Rows that the file describes alike are told apart by their number.
    answers = [confirmed(faults[0].fixes[1]), confirmed(faults[1].fixes[0])]
    joined, _ = join(rows, *answers, villages=villages)
    assert questions(joined) == []
    assert joined.attributes["population_registered_persons"].tolist()[-2:] == [8, 7]


@pytest.mark.parametrize(
    ("mapped", "name", "asked"),
    [
        (["康村"], "康村委会", False),
        (["康"], "康村委会", False),
        (["康村", "康"], "康村委会", True),
        (["康村", "康"], "康村", False),
    ],
)
def test_both_readings_of_a_name_are_tried(mapped: list[str], name: str, asked: bool) -> None:
    villages = villages_of([("甲镇", n, f"37049910020{i}") for i, n in enumerate(mapped)])
    joined, _ = join([("甲镇", name, None, 1)], villages=villages)
    assert ("intake.row_ambiguous" in keys(joined.faults)) is asked
    assert bool(how(joined)) is not asked


def test_two_rows_that_may_be_one_village_are_asked_about() -> None:
    rows = [*full((2, ("城关镇", "王权村委会", None, 7))), ("城关镇", "王权", None, 8)]
    joined, _ = join(rows)
    faults = questions(joined)
    assert keys(faults) == ["names.rows_claim_one_village"] * 2
    answers = [confirmed(faults[0].fixes[0]), confirmed(faults[1].fixes[-1])]
    joined, _ = join(rows, *answers)
    assert questions(joined) == []
    assert joined.attributes["population_registered_persons"][2] == 7


def test_different_remarks_are_no_form_of_one_name() -> None:
    villages = villages_of([("甲镇", "王庄（原李庄）", "370499100201")])
    joined, _ = join([("甲镇", "王庄村（原赵庄）", None, 1)], villages=villages)
    only_question(joined, "names.perhaps_same")


def test_two_rows_that_contradict_each_other_offer_to_drop_either() -> None:
    rows = [*full(), ("城关镇", "东村", MAP[0][2], 999)]
    joined, _ = join(rows)
    fault = only_question(joined, "intake.rows_contradict")
    assert [fix.row for fix in fault.fixes if isinstance(fix, DropRowDecision)] == [10, 2]
    joined = settle(rows, fault)
    assert joined.attributes["population_registered_persons"][0] == 100


# Townships
def test_a_township_of_another_kind_is_one_question() -> None:
    rows = [("城关街道" if row[0] == "城关镇" else row[0], row[1], None, row[3]) for row in full()]
    joined, _ = join(rows)
    fault = only_question(joined, "names.township_differs")
    assert fault.params["count"] == 4
    assert isinstance(fault.fixes[0], ValueDecision)
    joined = settle(rows, fault)
    assert questions(joined) == []
    assert len(how(joined)) == len(MAP)


def test_a_sheet_named_after_a_township_of_another_kind_is_one_question() -> None:
    rows = [row[1:2] + row[3:] for row in full() if row[0] == "城关镇"]
    villages = villages_of(MAP[:5])
    more = {"villages": villages, "headers": ("村名", "户籍人口"), "on_unmatched": "keep"}
    joined, _ = join(rows, sheet="城关镇", **more)
    assert len(how(joined)) == 4
    joined, _ = join(rows, sheet="城关街道", **more)
    fault = only_question(joined, "names.township_differs")
    joined = settle(rows, fault, sheet="城关街道", **more)
    assert [position for position, _ in how(joined).values()] == [0, 1, 2, 3]


def test_township_name_and_township_code_that_disagree() -> None:
    villages = villages_of(MAP).assign(
        township_code=pd.Series([code[:9] for _, _, code in MAP], dtype=object)
    )
    headers = ("乡镇", "村名", "乡镇代码", "户籍人口")
    rows: list[Row] = [("城头镇", "东村", "370499100", 1)]
    joined, _ = join(rows, villages=villages, headers=headers, on_unmatched="keep")
    fault = only_question(joined, "names.township_disagrees")
    assert [f.village for f in fault.fixes[:2] if isinstance(f, MatchDecision)] == [
        MAP[0][2],
        MAP[4][2],
    ]


def test_a_township_code_of_another_township_is_asked_about_once() -> None:
    towns = pd.Series([code[:9] for _, _, code in MAP], dtype=object)
    villages = villages_of(MAP).assign(township_code=towns)
    headers = ("乡镇", "村名", "村代码", "乡镇代码", "户籍人口")
    rows: list[Row] = [(*row[:3], row[2][:9], row[3]) for row in full()]  # type: ignore[index]
    assert join(rows, villages=villages, headers=headers)[0].faults == []
    for number in (0, 1):
        rows[number] = (*rows[number][:3], "370499101", 1)
    joined, _ = join(rows, villages=villages, headers=headers)
    fault = only_question(joined, "names.township_code_differs")
    assert (fault.params["count"], fault.where.township) == (2, "城关镇")
    assert len(how(joined)) == len(MAP)
    _, replay = join(rows, confirmed(fault.fixes[0]), villages=villages, headers=headers)
    assert replay.accepts(fault)


def test_a_village_that_the_ledger_puts_into_another_township() -> None:
    rows = full((7, ("城关镇", "凫山村", MAP[7][2], 7)))
    joined, _ = join(rows)
    fault = only_question(joined, "names.township_against_code")
    assert how(joined)[7] == (7, "code")
    joined = settle(rows, fault)
    assert questions(joined) == []
    assert joined.attributes["township"][7] == "城头镇"
