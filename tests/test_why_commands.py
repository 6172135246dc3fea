"""Why cards on the command line and in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import village_table
from typer.testing import CliRunner
from why_counties import (
    demo,
    of_demo,
)

from liancun_geo.cli import build_app
from liancun_geo.errors import DataError
from liancun_geo.sample import sample_county
from liancun_geo.why.finding import find_village


def test_villages_are_found_by_code_and_name_and_never_guessed() -> None:
    table = village_table(
        [
            {"code": "370406101200", "name": "双泉洼村", "township": "甲镇"},
            {"code": "370406101201", "name": "东河岔村", "township": "甲镇"},
            {"code": "370406102200", "name": "东河岔村", "township": "乙镇"},
            {"code": "370406102201", "name": "西河岔村", "township": "乙镇"},
        ]
    )
    for given_name in ("370406101200", "双泉洼村", "双泉洼", "双泉洼村委会", "甲镇双泉洼村"):
        assert find_village(given_name, table) == 0
    assert find_village("乙镇东河岔村", table) == 2
    with pytest.raises(DataError) as caught:
        find_village("东河岔村", table)
    assert caught.value.faults[0].key == "why.village_ambiguous"
    assert "370406102200" in caught.value.text("en")
    with pytest.raises(DataError) as caught:
        find_village("河岔", table)
    assert caught.value.faults[0].key == "why.village_similar"
    with pytest.raises(DataError) as caught:
        find_village("zzz", table)
    assert caught.value.faults[0].key == "why.village_unknown"


def test_wrong_questions_are_refused() -> None:
    explainer = of_demo()
    lead = demo().alliances[0].lead
    member = demo().alliances[0].members[0]
    for ask in (
        lambda: explainer.lead_card(member),
        lambda: explainer.member_card(lead),
        lambda: explainer.unplaced_card(lead),
        lambda: explainer.boundary(lead, lead),
        lambda: explainer.card(261),
    ):
        with pytest.raises(ValueError, match="village"):
            ask()


def command(*arguments: str) -> tuple[int, str]:
    files = sample_county()
    given_files = [str(files.boundaries), "--ledger", str(files.ledger)]
    told = CliRunner().invoke(build_app("en"), ["why", *given_files, *arguments])
    return told.exit_code, told.output


def test_the_command_explains_a_plan_as_it_is(tmp_path: Any) -> None:
    codes = demo().villages.frame["code"].tolist()
    lead_of = demo().plan.lead_of
    member = next(v for v in range(261) if lead_of[v] not in (-1, v))
    rows = [
        f"{code},{codes[lead] if lead >= 0 else ''}"
        for code, lead in zip(codes, lead_of, strict=True)
    ]
    assignment = tmp_path / "plan.csv"
    assignment.write_text("\n".join(["code,lead_code", *rows]), encoding="utf-8")
    wanted = ["--settings", str(sample_county().settings), "--plan", str(assignment)]
    exit_code, output = command(*wanted, "--village", codes[member], "--json", "--language", "en")
    assert exit_code == 0
    told = json.loads(output)
    [card] = told["cards"]
    assert card["card"] == "member"
    assert card["points"]["points"] == pytest.approx(of_demo().member_card(member).points.points)
    assert card["text"] == of_demo().member_card(member).text("en")
    exit_code, output = command(*wanted, "--village", "no such village")
    assert exit_code == 3
    assert "no such village" in output
    assert command(*wanted)[0] == 2
    assert command(*wanted, "--with", codes[member])[0] == 2
