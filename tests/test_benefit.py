"""Benefit and burden: sums, land that hangs together, and pots shared to the cent."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from builders import village_table
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import scenario
from typer.testing import CliRunner, Result

from liancun_geo.benefit import (
    AllianceBenefit,
    SharingRule,
    benefit_of,
    county_benefit,
    share_among,
    share_pot,
)
from liancun_geo.benefit.sharing import pot_fen
from liancun_geo.benefit_rules import SharingWeights
from liancun_geo.cli import build_app
from liancun_geo.errors import DataError, SettingsError
from liancun_geo.indicators import small_villages, weak_villages
from liancun_geo.output.benefit_sheet import benefit_table
from liancun_geo.sample import sample_county
from liancun_geo.scenario import NamedAlliance, Scenario
from liancun_geo.settings import Settings, parse_settings

YUAN = 100


def alliance(n: int = 6, *, chosen: Settings | None = None, **columns: Any) -> AllianceBenefit:
    """Return an alliance of n villages on a grid (three squares wide), the first leads."""
    found = plan(n, chosen=chosen, **columns)
    return county_benefit(found)[0]


def plan(n: int = 6, *, chosen: Settings | None = None, **columns: Any) -> Scenario:
    found = scenario([0] * n, villages=village_table(n, **columns))
    return found if chosen is None else replace(found, settings=chosen)


# --- sums and burden --------------------------------------------------------------------------


def test_sums_hold_what_is_known_and_say_what_is_not() -> None:
    found = alliance(
        3,
        population_registered_persons=[1000.0, 500.0, None],
        income_per_head_yuan=[20_000.0, 10_000.0, 90_000.0],
        collective_income_wan_yuan=[0.1, 0.2, 0.0],
        weak_economy=[True, True, None],
        weak_organisation=[False, False, False],
    )
    assert (found.population.total, found.population.unknown) == (1500.0, 1)
    assert (found.collective_income_wan_yuan.total, found.party_members.total) == (0.3, None)
    assert found.party_members.unknown == 3
    assert found.income_per_head_yuan == pytest.approx((20_000 * 1000 + 10_000 * 500) / 1500)
    # The third has an income and nobody known who has it.
    assert found.per_head_unknown == 1
    # The lead is weak itself, but does not carry itself.
    assert (found.weak_members, found.weak_unknown, found.weak_share) == (1, 1, 1.0)
    assert found.lead_income_per_weak_wan_yuan == pytest.approx(0.1)
    assert found.population_carried is None
    assert [village.leads for village in found.villages] == [True, False, False]


def test_what_the_lead_carries() -> None:
    found = alliance(
        4,
        population_registered_persons=[800.0, 600.0, 400.0, 200.0],
        weak_economy=[False, True, True, False],
        collective_income_wan_yuan=[30.0, 1.0, 2.0, 8.0],
    )
    assert found.population_carried == pytest.approx(1200 / 800)
    assert (found.weak_members, found.weak_share) == (2, pytest.approx(2 / 3))
    assert found.lead_income_per_weak_wan_yuan == pytest.approx(15.0)
    assert [village.small for village in found.villages] == [False, False, True, True]


def test_one_village_carries_nobody() -> None:
    found = plan(2)
    alone = benefit_of(found, NamedAlliance("A001", "甲片区", "镇", 1, ()))
    assert (alone.weak_members, alone.weak_share, alone.population_carried) == (0, None, None)
    assert alone.population.total is None


def test_weak_is_yes_no_or_unknown() -> None:
    table = village_table(
        4, weak_organisation=[True, False, None, False], weak_economy=[None, False, False, None]
    )
    assert weak_villages(table.frame) == (True, False, None, None)
    # A flag that nobody delivered says nothing of any village.
    assert weak_villages(village_table(2, weak_economy=[True, False]).frame) == (True, False)
    assert weak_villages(village_table(2).frame) == (None, None)
    people = village_table(2, population_resident_persons=[499.0, 500.0]).frame
    assert small_villages(people, 500.0) == (True, False)


# --- land -------------------------------------------------------------------------------------

PROJECT = parse_settings({"benefit": {"project_land_mu": 500.0}})


@pytest.mark.parametrize(
    ("land", "pieces", "largest", "reaches"),
    [
        # 0 1 2 below, 3 4 5 above
        ([200.0, 200.0, 200.0, 0.0, 0.0, 0.0], [(0, 1, 2)], 600.0, True),
        ([300.0, 0.0, 300.0, 0.0, 0.0, 0.0], [(0,), (2,)], 300.0, False),
        ([300.0, 0.0, 300.0, 10.0, 10.0, 10.0], [(0, 2, 3, 4, 5)], 630.0, True),
        ([300.0, None, 300.0, 0.0, 0.0, 0.0], [(0,), (2,)], 300.0, None),
        ([500.0, None, 0.0, 0.0, 0.0, 0.0], [(0,)], 500.0, True),
        ([0.0] * 6, [], 0.0, False),
        ([None] * 6, [], None, None),
    ],
)
def test_connected_land(
    land: list[float | None],
    pieces: list[tuple[int, ...]],
    largest: float | None,
    reaches: bool | None,
) -> None:
    found = alliance(6, chosen=PROJECT, transferable_land_mu=land).land
    assert [piece.villages for piece in found.pieces] == pieces
    assert (found.largest_mu, found.reaches) == (largest, reaches)
    assert found.unknown == land.count(None)


def test_the_threshold_of_the_rules_counts_where_no_other_is_set() -> None:
    land = [400.0, 0.0, 0.0]
    rules = parse_settings({"rules": {"min_transferable_land_mu": 300.0}})
    both = rules.model_copy(update={"benefit": PROJECT.benefit})
    assert alliance(3, chosen=rules, transferable_land_mu=land).land.reaches is True
    assert alliance(3, chosen=both, transferable_land_mu=land).land.threshold_mu == 500.0
    assert alliance(3, chosen=both, transferable_land_mu=land).land.reaches is False
    assert alliance(3, transferable_land_mu=land).land.reaches is None


# --- sharing ----------------------------------------------------------------------------------


def test_twenty_villages_share_3000_equally() -> None:
    """Issue 5: "20 villages x 60万 + 1,050万 + 750万 = 3,000万, split equally"."""
    found = alliance(20)
    parts = (*["60"] * 20, "1050", "750")
    shared = share_among(found, SharingRule(parts))
    assert shared.pot_wan_yuan == 3000.0
    assert [share.amount_wan_yuan for share in shared.shares] == [150.0] * 20
    assert [share.share for share in shared.shares] == [0.05] * 20
    assert (shared.amounts.gini, shared.amounts.jain) == (0.0, 1.0)


def test_five_villages_hold_20_percent_each() -> None:
    """Issue 5: "5 villages x 20 %"."""
    found = alliance(5)
    by_shares = SharingWeights(equal=0.0, shares=1.0)
    held = {village.code: 20.0 for village in found.villages}
    shared = share_among(found, SharingRule(("100.01",), by_shares, held))
    assert [share.share for share in shared.shares] == [0.2] * 5
    assert [share.amount_fen for share in shared.shares] == [20_002_000] * 5
    assert shared.faults == ()
    as_fractions = {village.code: 0.2 for village in found.villages}
    again = share_among(found, SharingRule(("100.01",), by_shares, as_fractions))
    assert again.shares == shared.shares
    assert again.faults == ()


def test_shares_that_do_not_add_up_are_told() -> None:
    found = alliance(3)
    codes = [village.code for village in found.villages]
    rule = SharingRule(
        ("9",), SharingWeights(equal=0.0, shares=1.0), dict(zip(codes, (20, 20, 20), strict=True))
    )
    shared = share_among(found, rule)
    assert [fault.key for fault in shared.faults] == ["benefit.shares_sum"]
    assert [share.amount_wan_yuan for share in shared.shares] == [3.0] * 3


def test_mixed_weights_and_after() -> None:
    found = alliance(
        2,
        population_registered_persons=[300.0, 100.0],
        transferable_land_mu=[100.0, 400.0],
        collective_income_wan_yuan=[10.0, None],
        income_per_head_yuan=[20_000.0, 15_000.0],
    )
    weights = SharingWeights(equal=2.0, population=1.0, land=1.0)
    shared = share_among(found, SharingRule((100,), weights, dividend_share=0.6))
    first, second = shared.shares
    assert first.share == pytest.approx(0.5 * 0.5 + 0.25 * 0.75 + 0.25 * 0.2)
    assert first.share + second.share == pytest.approx(1.0)
    assert first.amount_wan_yuan == pytest.approx(48.75)
    assert first.collective_after_wan_yuan == pytest.approx(58.75)
    assert second.collective_after_wan_yuan is None
    assert first.per_head_after_yuan == pytest.approx(20_000 + 0.6 * 487_500 / 300)
    assert second.per_head_after_yuan == pytest.approx(15_000 + 0.6 * 512_500 / 100)
    assert (shared.collective_after.known, shared.collective_after.unknown) == (1, 1)
    assert shared.per_head_before.gini == pytest.approx(5_000 / 2 / 35_000)
    assert shared.weights == {"equal": 0.5, "population": 0.25, "land": 0.25}


def test_what_is_missing_stops_the_sharing_and_is_told_all_at_once() -> None:
    found = alliance(
        3,
        population_registered_persons=[300.0, None, None],
        transferable_land_mu=[0.0, 0.0, 0.0],
    )
    weights = SharingWeights(equal=1.0, population=1.0, land=1.0, shares=1.0)
    shared = share_among(found, SharingRule(("10",), weights))
    assert shared.shares == ()
    assert [fault.key for fault in shared.faults] == [
        "benefit.population_missing",
        "benefit.population_missing",
        "benefit.land_zero",
        *["benefit.shares_missing"] * 3,
    ]
    assert [f.where.code for f in shared.faults[:2]] == [v.code for v in found.villages[1:]]
    assert shared.amounts.gini is None
    for fault in shared.faults:
        assert fault.text("zh") != fault.text("en")


@pytest.mark.parametrize(
    ("pots", "keys"),
    [
        ([], ["benefit.pot_missing"]),
        (["一百", "0", "-3", "nan", "inf"], ["benefit.pot_unreadable"] * 5),
        (["0.0000001", "1"], ["benefit.pot_cents"]),
    ],
)
def test_a_pot_is_money(pots: Sequence[str], keys: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        pot_fen(pots)
    assert [fault.key for fault in caught.value.faults] == keys


def test_pots_add_up_exactly() -> None:
    assert pot_fen([0.1, 0.2]) == 300_000
    assert pot_fen(["0.000001"] * 3) == 3


def test_cents_left_over_go_to_the_largest_remainders_then_the_smaller_code() -> None:
    thirds = [Fraction(1)] * 3
    assert share_pot(100, thirds, ["c", "a", "b"]) == (33, 34, 33)
    assert share_pot(101, thirds, ["c", "a", "b"]) == (33, 34, 34)
    # 10 x 55/100 = 5.5, 10 x 27/100 = 2.7, 10 x 18/100 = 1.8
    assert share_pot(10, [Fraction(55), Fraction(27), Fraction(18)], ["a", "b", "c"]) == (5, 3, 2)
    with pytest.raises(ValueError, match="sum above 0"):
        share_pot(10, [Fraction(0)], ["a"])


@settings(deadline=None)
@given(
    st.integers(0, 10**12),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any),
    st.randoms(use_true_random=False),
)
def test_amounts_add_up_and_are_near_their_quota(fen: int, bases: list[int], random: Any) -> None:
    codes = [f"{i:02d}" for i in range(len(bases))]
    quotas = [Fraction(b) for b in bases]
    cents = share_pot(fen, quotas, codes)
    assert sum(cents) == fen
    for amount, basis in zip(cents, bases, strict=True):
        assert abs(amount - Fraction(fen * basis, sum(bases))) < 1
        assert basis or amount == 0
    order = list(range(len(bases)))
    random.shuffle(order)
    moved = share_pot(fen, [quotas[i] for i in order], [codes[i] for i in order])
    assert moved == tuple(cents[i] for i in order)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_shares_again_in_plain_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    people = rng.integers(1, 3000, n).astype(float).tolist()
    land = np.round(rng.uniform(0.1, 900, n), 2).tolist()
    found = alliance(n, population_registered_persons=people, transferable_land_mu=land)
    held = {v.code: float(rng.integers(0, 50)) + 1 for v in found.villages}
    w = dict(zip(("equal", "population", "land", "shares"), rng.random(4).tolist(), strict=True))
    shared = share_among(found, SharingRule(("1234.56",), SharingWeights(**w), held))
    bases = {"equal": [1.0] * n, "population": people, "land": land, "shares": list(held.values())}
    total = math.fsum(w.values())
    for i, share in enumerate(shared.shares):
        expected = sum(w[k] / total * bases[k][i] / math.fsum(bases[k]) for k in w)
        assert share.share == pytest.approx(expected, rel=1e-9)
        assert share.amount_wan_yuan == pytest.approx(1234.56 * expected, abs=2e-6)
    assert sum(share.amount_fen for share in shared.shares) == 123_456 * 10_000


def test_all_weights_zero_are_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"benefit": {"sharing": {"equal": 0.0}}})
    assert [fault.key for fault in caught.value.faults] == ["benefit.sharing_weights_zero"]


def test_a_pot_of_the_settings() -> None:
    chosen = parse_settings({"benefit": {"pot_wan_yuan": 12.5, "dividend_share": 0.5}})
    rule = SharingRule.of(chosen.benefit)
    assert rule is not None
    assert share_among(alliance(2), rule).pot_wan_yuan == 12.5
    assert SharingRule.of(Settings().benefit) is None


# --- the sheet of the workbook and the command --------------------------------------------------

SAMPLE = sample_county()
FILES = [SAMPLE.boundaries, "--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings]


def run(*arguments: object, language: str = "zh") -> Result:
    return CliRunner().invoke(build_app(language), [str(a) for a in arguments])  # type: ignore[arg-type]


def test_the_sheet_adds_up_to_the_cent_and_says_what_is_missing() -> None:
    found = plan(
        3,
        population_registered_persons=[700.0, 200.0, 100.0],
        transferable_land_mu=[1.0, 2.0, None],
        weak_economy=[False, True, None],
    )
    rule = SharingRule(("10",), SharingWeights(equal=0.0, population=1.0))
    table = benefit_table(found, "zh", rule=rule)
    total, *villages = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert total["分配额（元）"] == 100_000.0
    assert [row["分配额（元）"] for row in villages] == [70_000.0, 20_000.0, 10_000.0]
    assert [row["弱村"] for row in villages] == ["否", "是", "不详"]
    assert (total["弱村"], total["小村"], total["可流转土地（亩）"]) == ("1/1", 2, 3)
    assert total["党员（人）"] is None
    assert "可流转土地（亩）缺 1 村" in str(total["说明"])
    assert len(table.widths) == len(table.columns)
    by_land = replace(rule, weights=SharingWeights(equal=0.0, land=1.0))
    stopped = benefit_table(found, "en", rule=by_land)
    assert stopped.rows[0][stopped.columns.index("amount (yuan)")] is None
    assert "transferable land is missing" in str(stopped.rows[0][-1])
    assert "amount (yuan)" not in benefit_table(found, "en").columns


def test_the_command_shares_a_pot_on_the_sample_county(tmp_path: Path) -> None:
    pots = ["--pot", "1200", "--pot", "1050", "--pot", "750"]
    file = tmp_path / "b.xlsx"
    told = run("benefit", *FILES, *pots, "--land", "1900", "--alliance", "A001", "--xlsx", file)
    assert told.exit_code == 0, told.output
    for words in ("3,000 万元", "连片土地不够", "差 280 亩", "平均 100%"):
        assert words in told.output
    sheet = openpyxl.load_workbook(file)["效益与负担"]
    heading, total, *villages = [[cell.value for cell in row] for row in sheet.iter_rows()]
    amount = heading.index("分配额（元）")
    assert sum(row[amount] for row in villages) == total[amount] == 30_000_000
    found = json.loads(run("benefit", *FILES, "--json", *pots).stdout)["alliances"]
    assert len(found) == 43
    for alliance in found:
        amounts = [share["amount_fen"] for share in alliance["sharing"]["shares"]]
        assert sum(amounts) == 3_000_000_000
        assert max(amounts) - min(amounts) <= 1


def test_the_command_tells_every_wrong_option_at_once() -> None:
    told = run("benefit", *FILES, "--pot", "abc", "--by", "luck", "--by", "land=-1", "--json")
    assert told.exit_code == 3
    keys = [fault["key"] for fault in json.loads(told.stdout)["errors"]]
    assert keys == ["benefit.by_unknown", "benefit.by_unknown", "benefit.pot_unreadable"]
    unknown = run("benefit", *FILES, "--alliance", "A999", "--json")
    assert [f["key"] for f in json.loads(unknown.stdout)["errors"]] == ["benefit.alliance_unknown"]
    assert run("benefit", *FILES, "--by", "equal", "--json").exit_code == 3
