"""What was typed into the table of villages outlives every view of it."""

from __future__ import annotations

import pandas as pd

from liancun_geo.studio.typed_cells import TypedCells

WHOLE = pd.DataFrame(
    {
        "name": ["甲村", "乙村", "丙村"],
        "households": [10.0, float("nan"), 30.0],
        "weak_economy": [True, False, False],
        "industries": ["粮食", None, "养殖"],
    }
)
MAY = ("households", "weak_economy", "industries")


def test_what_was_typed_goes_along_to_every_other_view() -> None:
    typed = TypedCells()
    first = typed.open("county", "all")
    typed.take({0: {"households": 11}, 2: {"weak_economy": True, "name": "丁村"}}, WHOLE, MAY)
    assert typed.now == {(0, "households"): 11, (2, "weak_economy"): True}
    # Only the villages that are searched for: row 0 is another village now.
    few = WHOLE.loc[[1, 2]]
    assert typed.open("county", "few") != first
    assert typed.laid_over(few)["weak_economy"].tolist() == [False, True]
    typed.take({0: {"households": 20, "industries": "果蔬"}}, few, MAY)
    assert typed.now == {
        (0, "households"): 11,
        (2, "weak_economy"): True,
        (1, "households"): 20,
        (1, "industries"): "果蔬",
    }
    typed.open("county", "all again")
    over = typed.laid_over(WHOLE)
    assert over["households"].tolist() == [11.0, 20.0, 30.0]
    assert over["industries"].tolist() == ["粮食", "果蔬", "养殖"]
    assert WHOLE["households"].iloc[0] == 10.0


def test_a_view_stays_while_it_is_typed_into() -> None:
    typed = TypedCells()
    number = typed.open("county", "all")
    typed.take({0: {"households": 11}}, WHOLE, MAY)
    assert typed.open("county", "all") == number
    # The table that was given to the page stays the same, or it would be put in anew.
    pd.testing.assert_frame_equal(typed.laid_over(WHOLE), WHOLE)


def test_what_is_back_at_its_old_value_is_no_change() -> None:
    typed = TypedCells()
    typed.open("county", "all")
    typed.take({0: {"households": 11}, 1: {"households": 5}}, WHOLE, MAY)
    typed.open("county", "other")
    typed.take({0: {"households": 10}, 1: {"households": None}}, WHOLE, MAY)
    assert typed.now == {}


def test_other_data_and_a_signature_forget_it() -> None:
    typed = TypedCells()
    number = typed.open("county", "all")
    typed.take({0: {"households": 11}}, WHOLE, MAY)
    assert typed.open("another", "all") > number and typed.now == {}
    typed.take({0: {"households": 11}, 9: {"households": 1}}, WHOLE, MAY)
    typed.forget()
    assert typed.now == {} and typed.open("another", "all") > number + 1
