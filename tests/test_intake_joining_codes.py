"""Ledgers joined to villages by codes: damaged, reissued, of other villages, put right by hand."""

from __future__ import annotations

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
    CodeDecision,
    HeaderDecision,
    MatchDecision,
    ValueDecision,
)


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
