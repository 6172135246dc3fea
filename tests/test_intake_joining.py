"""Rows and villages: nothing wrong is matched silently, and every question has its answer."""

from __future__ import annotations

import csv
import random
import time
from collections import Counter

import pandas as pd
import pytest
from intake_helpers import shared

from liancun_geo.decisions import (
    CodeDecision,
    Decision,
    DropRowDecision,
    ExcludeDecision,
    HeaderDecision,
    KeepDecision,
    MatchDecision,
    Replay,
    ValueDecision,
)
from liancun_geo.errors import Fault, Where
from liancun_geo.intake.identities.joining import Joined, join_ledger
from liancun_geo.intake.identities.read_table import ReadTable, decided_identities
from liancun_geo.intake.ledgers.fields import RawTable, map_headers
from liancun_geo.intake.ledgers.values import read_values

HEADERS = ("乡镇", "村名", "村代码", "户籍人口")
MAP = [
    ("城关镇", "东村", "370499100201"),
    ("城关镇", "西村", "370499100202"),
    ("城关镇", "王权村", "370499100203"),
    ("城关镇", "大黎社区", "370499100001"),
    ("城头镇", "东村", "370499101201"),
    ("城头镇", "东河岔村", "370499101202"),
    ("城头镇", "西河岔村", "370499101203"),
    ("城头镇", "凫山村", "370499101204"),
]
Row = tuple[str | float | None, ...]


def table_of(
    rows: list[Row], replay: Replay, headers: tuple[str, ...] = HEADERS, sheet: str | None = "台账"
) -> ReadTable:
    cells = pd.DataFrame([list(row) for row in rows], columns=range(len(headers)), dtype=object)
    raw = RawTable("ledger.xlsx", sheet, headers, cells, tuple(range(2, 2 + len(rows))))
    columns, _ = map_headers(raw, {}, replay=replay)
    values, _ = read_values(raw, columns, replay=replay)
    return decided_identities(ReadTable(raw, columns, values), replay)


def villages_of(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["township", "name", "code"], dtype=object)
    return frame.where(frame.notna(), None)


def join(
    rows: list[Row],
    *decisions: Decision,
    villages: pd.DataFrame | None = None,
    on_unmatched: str = "stop",
    headers: tuple[str, ...] = HEADERS,
    sheet: str | None = "台账",
) -> tuple[Joined, Replay]:
    villages = villages_of(MAP) if villages is None else villages
    replay = Replay(decisions)
    table = table_of(rows, replay, headers, sheet)

    def where_of(position: int) -> Where:
        known = {c: villages[c][position] for c in ("code", "township") if c in villages}
        return Where(file="map.shp", row=position + 1, village=villages["name"][position], **known)

    joined = join_ledger(villages, [table], where_of, on_unmatched, replay=replay)  # type: ignore[arg-type]
    for fault in [*joined.faults, *joined.excluded]:
        assert fault.text("zh")
        assert fault.text("en")
        for fix in fault.fixes:
            assert not fix.confirmed
            assert fix.text("zh")
    return joined, replay


def full(*changes: tuple[int, Row]) -> list[Row]:
    """Return the ledger of the whole map with some rows changed."""
    rows: list[Row] = [(*village, 100 + i) for i, village in enumerate(MAP)]
    for number, row in changes:
        rows[number] = row
    return rows


def confirmed(fix: Decision) -> Decision:
    return fix.model_copy(update={"confirmed": True, "by": "测试"})


def questions(joined: Joined) -> list[Fault]:
    return [fault for fault in joined.faults if fault.fixes]


def keys(faults: list[Fault]) -> list[str]:
    return [fault.key for fault in faults]


def how(joined: Joined) -> dict[int, tuple[int, str]]:
    return {match.record: (match.position, match.how) for match in joined.matched}


def only_question(joined: Joined, key: str) -> Fault:
    (fault,) = questions(joined)
    assert fault.key == key
    return fault


def settle(rows: list[Row], fault: Fault, number: int = 0, **more: object) -> Joined:
    """Confirm one fix, join again, and see the fault gone and the decision applied."""
    fix = fault.fixes[number]
    unconfirmed, _ = join(rows, fix, **more)  # type: ignore[arg-type]
    assert fault.key in keys(unconfirmed.faults)
    joined, replay = join(rows, confirmed(fix), **more)  # type: ignore[arg-type]
    assert (fault.key, fault.where) not in [(f.key, f.where) for f in joined.faults]
    assert keys(replay.notices()) == ["decisions.applied"]
    return joined


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


# Codes


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("3.70E+11", "intake.code_damaged"),
        ("3.70499100201E+11", "intake.code_damaged"),
        (3.70499100201e18, "intake.code_damaged"),
        ("70499100201", "intake.code_length"),
        ("370499100201000", "intake.code_length"),
        ("370499100", "names.code_of_township"),
        ("370499100277", "names.code_unknown"),
    ],
)
def test_a_damaged_code_is_matched_by_name_once_confirmed(code: str | float, key: str) -> None:
    rows = full((0, ("城关镇", "东村", code, 7)))
    joined, _ = join(rows)
    fault = only_question(joined, key)
    assert fault.where.field == "村代码"
    first = fault.fixes[0]
    assert isinstance(first, MatchDecision)
    assert first.village == MAP[0][2]
    joined = settle(rows, fault)
    assert questions(joined) == []
    assert joined.attributes["code"][0] == MAP[0][2]
    assert joined.attributes["population_registered_persons"][0] == 7


def test_digits_that_are_left_point_to_a_village_whose_name_does_not() -> None:
    villages = villages_of(
        [("城关镇", f"{n}庄", f"03049910020{i}") for i, n in enumerate("赵钱孙")]
    )
    rows: list[Row] = [("城关镇", "不详庄", "30499100201", 1)]
    joined, _ = join(rows, villages=villages, on_unmatched="keep")
    fault = only_question(joined, "intake.code_length")
    assert isinstance(fault.fixes[0], MatchDecision)
    assert fault.fixes[0].village == "030499100201"


def test_a_column_of_damaged_codes_is_one_question() -> None:
    rows: list[Row] = [(*row[:2], "3.70E+11", row[3]) for row in full()]
    joined, _ = join(rows)
    fault = only_question(joined, "names.codes_unusable")
    assert fault.fixes == (
        HeaderDecision(file="ledger.xlsx", sheet="台账", header="村代码", field=""),
    )
    joined = settle(rows, fault)
    assert joined.faults == []
    assert {way for _, way in how(joined).values()} == {"name"}


def test_a_column_of_codes_is_not_given_up_where_names_say_something_else() -> None:
    rows: list[Row] = [(*row[:2], "3.70E+11", row[3]) for row in full()]
    rows[5] = ("城头镇", None, MAP[5][2], 1)
    joined, _ = join(rows)
    assert keys(questions(joined)) == ["intake.code_damaged"] * 7


def test_a_reissued_code_is_never_merged_silently() -> None:
    # 东河岔村 and 西河岔村 have changed codes.
    rows = full(
        (5, ("城头镇", "东河岔村", MAP[6][2], 5)), (6, ("城头镇", "西河岔村", MAP[5][2], 6))
    )
    joined, _ = join(rows)
    faults = questions(joined)
    assert keys(faults) == ["names.code_of_other_village"] * 2
    for fault in faults:
        assert {f.village for f in fault.fixes if isinstance(f, MatchDecision)} == {
            MAP[5][2],
            MAP[6][2],
        }
    joined, _ = join(rows, *(confirmed(fault.fixes[0]) for fault in faults))
    assert questions(joined) == []
    assert joined.attributes["code"].tolist() == [village[2] for village in MAP]
    assert joined.attributes["population_registered_persons"].tolist()[5:7] == [5, 6]


def test_another_name_under_a_known_code_is_asked_about_and_can_be_accepted() -> None:
    rows = full((7, ("城头镇", "幸福里", MAP[7][2], 7)))
    joined, _ = join(rows)
    fault = only_question(joined, "names.name_against_code")
    assert fault.severity == "warning"
    assert [fix.kind for fix in fault.fixes] == ["match", "drop_row", "accept"]
    joined = settle(rows, fault)
    assert joined.attributes["name"][7] == "凫山村"
    _, replay = join(rows, confirmed(fault.fixes[-1]))
    assert replay.accepts(fault)


def test_a_code_put_right_by_hand_is_used() -> None:
    rows = full((1, ("城关镇", "西村", MAP[0][2], 7)))
    joined, _ = join(rows)
    assert "names.code_of_other_village" in keys(joined.faults)
    right = CodeDecision(
        file="ledger.xlsx", sheet="台账", name="西村", code=MAP[0][2], right=MAP[1][2],
        confirmed=True,
    )  # fmt: skip
    joined, replay = join(rows, right)
    assert joined.faults == []
    assert how(joined)[1] == (1, "code")
    assert keys(replay.notices()) == ["decisions.applied"]


def test_a_decision_on_a_village_that_is_gone_is_told() -> None:
    gone = MatchDecision(
        file="ledger.xlsx", sheet="台账", name="东村", village="370499999999", confirmed=True
    )
    joined, _ = join(full(), gone)
    assert keys(joined.faults) == ["names.decided_village_missing"] * 2
    assert len(how(joined)) == len(MAP)


def test_a_name_put_right_by_hand_is_used() -> None:
    rows = full((5, ("城头镇", "东湾", None, 7)))
    value = ValueDecision(
        file="ledger.xlsx", sheet="台账", township="城头镇", name="东湾", header="村名",
        found="东湾", value="东河岔村", confirmed=True,
    )  # fmt: skip
    joined, _ = join(rows, value)
    assert joined.faults == []
    assert how(joined)[5] == (5, "name")


def test_unmatched_keeps_its_meaning() -> None:
    rows = [*full()[:-1], ("城头镇", "凫山村", "370499101999", 7)]
    joined, _ = join(rows, on_unmatched="exclude")
    assert 7 not in joined.kept
    assert keys(joined.excluded) == ["intake.village_excluded", "intake.row_dropped"]
    joined, _ = join(rows, on_unmatched="keep")
    assert keys(joined.faults) == ["intake.village_kept_empty", "intake.row_dropped"]


# Thousands of rows


def test_thousands_of_rows_without_a_village_take_seconds() -> None:
    letters = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
    drawn = random.Random(1)
    names = ["".join(drawn.choices(letters, k=4)) for _ in range(2811)]
    villages = villages_of(
        [(f"{letters[i % 20]}镇", f"{n}村", f"{370499000000 + i}") for i, n in enumerate(names)]
    )
    rows: list[Row] = [
        (f"{letters[i % 20]}镇", f"{n[:2]}某{n[3]}村", None, 1) for i, n in enumerate(names)
    ]
    table = table_of(rows, Replay())
    started = time.process_time()
    joined = join_ledger(villages, [table], lambda p: Where(file="map.shp", row=p + 1), "stop")
    # It takes 1 s; the bound leaves room for a slow machine.
    assert time.process_time() - started < 6
    assert sum(f.fixes[0].kind == "match" for f in questions(joined)) > 2700


# Real names and codes


def real(*counties: str) -> list[tuple[str, str, str]]:
    """Return township, name and code of the villages of some counties."""
    with shared("cn/villages_zibo_shanting.csv").open(encoding="utf-8") as file:
        return [
            (record["streetName"], record["name"], record["code"])
            for record in csv.DictReader(file)
            if record["areaCode"] in counties
        ]


ENDINGS = ("社区居民委员会", "社区居委会", "居民委员会", "村民委员会", "居委会", "村委会")


def shortened(name: str) -> str:
    """Return a name as ledgers write it: 王权村, 大黎社区."""
    for ending in ENDINGS:
        if name.endswith(ending):
            core = name.removesuffix(ending)
            if "居" in ending:
                return f"{core}社区"
            return core if core.endswith("村") else f"{core}村"
    return name


def misspelt(name: str, drawn: random.Random) -> str:
    """Return a name with one character of its core wrong."""
    core = name.removesuffix("社区").removesuffix("村")
    at = drawn.randrange(len(core))
    return core[:at] + drawn.choice("佳梁泽圣坊颜") + name[at + 1 :]


@pytest.mark.parametrize("county", ["370302", "370321", "370406"])
def test_real_names_without_codes_are_matched_and_never_wrongly(county: str) -> None:
    records = real(county)
    villages = villages_of(records)
    rows: list[Row] = [(town, shortened(name), None, 1) for town, name, _ in records]
    joined, _ = join(rows, villages=villages)
    matched = how(joined)
    assert all(record == position for record, (position, _) in matched.items())
    assert len(matched) > 0.98 * len(records)


def test_real_names_where_half_the_villages_are_missing_are_never_matched_wrongly() -> None:
    records = real("370406", "370302")
    drawn = random.Random(7)
    on_map = sorted(drawn.sample(range(len(records)), len(records) // 2))
    villages = villages_of([records[i] for i in on_map])
    rows: list[Row] = [(town, shortened(name), None, 1) for town, name, _ in records]
    joined, _ = join(rows, villages=villages)
    assert all(on_map[position] == record for record, (position, _) in how(joined).items())
    assert len(how(joined)) > 0.97 * len(on_map)


def test_real_misspelt_names_have_the_right_village_first() -> None:
    records = real("370406")
    villages = villages_of(records)
    drawn = random.Random(3)
    wrong = set(drawn.sample(range(len(records)), 40))
    rows: list[Row] = [
        (town, misspelt(shortened(name), drawn) if i in wrong else shortened(name), None, 1)
        for i, (town, name, _) in enumerate(records)
    ]
    joined, _ = join(rows, villages=villages)
    assert all(record == position for record, (position, _) in how(joined).items())
    first: Counter[bool] = Counter()
    for fault in questions(joined):
        if fault.key == "intake.row_without_village" and fault.where.row is not None:
            fix = fault.fixes[0]
            right = records[fault.where.row - 2][2]
            first[isinstance(fix, MatchDecision) and fix.village == right] += 1
    assert first[True] > 0.6 * sum(first.values())
