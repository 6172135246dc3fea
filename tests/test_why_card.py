"""Drawn why cards: what is on them is what was computed, and no name becomes markup."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import village_table
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from liancun_geo.cli import build_app
from liancun_geo.errors import DataError
from liancun_geo.messages import Language, message
from liancun_geo.output.why_card import why_cards_page, write_why_cards
from liancun_geo.output.why_card.members import MOST_MOVES, segments
from liancun_geo.output.why_card.parts import hundredths
from liancun_geo.sample import is_sample, sample_county
from liancun_geo.scenario import Scenario, plan_alliances
from liancun_geo.settings import parse_settings
from liancun_geo.why import Card, Explainer, LeadCard, MemberCard, UnplacedCard, WeightStanding
from liancun_geo.why.wording import signed

HOSTILE = ("<img src=x onerror=alert(1)>", "a\"b'c&amp;", "{{7*7}}", "`x`\n上")


@cache
def planned(seed: int = 3, *, hostile: bool = False) -> Scenario:
    """Return a plan of sixteen villages, one of them alone on an island."""
    rng = np.random.default_rng(seed)
    n = 16
    names = [f"村{i}" for i in range(n)]
    if hostile:
        names[: len(HOSTILE)] = HOSTILE
    tags = ("粮食", "养殖", "林果")
    town = ["370406101" if i < 8 else "370406102" for i in range(n)]
    table = village_table(
        n,
        name=names,
        code=[f"{town[i]}{200 + i}" for i in range(n)],
        township_code=town,
        township=["甲镇" if i < 8 else "乙镇" for i in range(n)],
        collective_income_wan_yuan=[float(rng.integers(1, 60)) for _ in range(n)],
        party_members_persons=[float(rng.integers(10, 90)) for _ in range(n)],
        population_registered_persons=[float(rng.integers(200, 2500)) for _ in range(n)],
        industries=[None if i == 5 else (tags[i % 3], tags[(i + 1) % 3]) for i in range(n)],
        weak_organisation=[i == 2 for i in range(n)],
        weak_economy=[i in (3, 9) for i in range(n)],
    )
    code = table.frame["code"].tolist()
    settings = parse_settings({"rules": {"min_size": 2, "max_size": 4, "excluded": [code[15]]}})
    return plan_alliances(table, settings)


@cache
def cards(*, hostile: bool = False) -> tuple[Card, ...]:
    explainer = Explainer(planned(hostile=hostile))
    return tuple(explainer.card(village) for village in range(16))


class _Page(HTMLParser):
    """Elements with their attributes, and the text of each card by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cards: dict[str, list[str]] = {}
        self._at: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "article":
            self._at = self.cards.setdefault(str(found["id"]), [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._at = None

    def handle_data(self, data: str) -> None:
        if self._at is not None:
            self._at.append(data)


def read(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    return parser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_village_has_one_card_with_what_was_computed(language: Language) -> None:
    told = read(why_cards_page(planned(), cards(), language)).cards
    assert list(told) == [f"w{village}" for village in range(16)]
    for card in cards():
        texts = told[f"w{card.profile.village.position}"]
        assert card.profile.village.name in texts
        assert message("output.decision_support", language) in texts
        if isinstance(card, UnplacedCard):
            continue
        assert f"{card.points.points:.1f}" in texts
        if isinstance(card, MemberCard):
            for move in card.moves[:MOST_MOVES]:
                assert move.alliance.name in texts
                if move.possible and move.change is not None:
                    assert signed(move.change) in texts
                else:
                    assert move.obstacles[0].text(language) in texts
        else:
            assert f"{card.score:.2f}" in texts


def test_the_plan_has_all_three_kinds_of_cards() -> None:
    kinds = {type(card) for card in cards()}
    assert kinds == {LeadCard, MemberCard, UnplacedCard}


def test_the_parts_of_a_bar_add_up_and_bars_start_at_zero() -> None:
    for card in cards():
        if isinstance(card, MemberCard):
            found = segments(card.points)
            assert math.fsum(s.points for s in found) == pytest.approx(card.points.points)
    page = read(why_cards_page(planned(), cards()))
    drawn = [a for tag, a in page.elements if tag == "rect" and a.get("height") in ("12", "18")]
    assert drawn and all(float(a["width"] or 0) <= 382 for a in drawn)


def test_unknown_industries_are_a_row_without_points() -> None:
    card = next(c for c in cards() if isinstance(c, MemberCard) and c.common is None)
    told = read(why_cards_page(planned(), [card])).cards[f"w{card.profile.village.position}"]
    assert message("why_card.fact_industry_unknown") in told
    assert message("why_card.no_points") in told


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_name_becomes_markup(language: Language) -> None:
    page = why_cards_page(planned(hostile=True), cards(hostile=True), language)
    found = read(page)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"img", "script", "iframe", "link", "object"}
    assert not any(name.startswith("on") for _, attrs in found.elements for name in attrs)
    texts = [text for one in found.cards.values() for text in one]
    assert HOSTILE[0] in texts and HOSTILE[2] in texts


def test_the_page_asks_nobody_for_anything() -> None:
    page = why_cards_page(planned(), cards())
    found = read(page)
    policy = [a["content"] for tag, a in found.elements if a.get("http-equiv")]
    assert policy and str(policy[0]).startswith("default-src 'none'")
    assert not re.search(r"(?:https?:)?//[a-z]", page)
    links = [str(a["href"]) for _, a in found.elements if "href" in a]
    assert links and all(link.startswith("#") for link in links)
    ids = {a["id"] for _, a in found.elements if "id" in a}
    assert {link[1:] for link in links} <= ids
    # The policy forbids inline styles: nothing may depend on them.
    assert not any("style" in attrs for _, attrs in found.elements)


def test_shapes_are_written_once_for_all_cards() -> None:
    one = len(why_cards_page(planned(), cards()[:1]))
    page = why_cards_page(planned(), cards())
    ids = [a["id"] for tag, a in read(page).elements if tag == "path" and "id" in a]
    assert len(ids) == len(set(ids))
    assert len(page) < 16 * one


def test_the_same_cards_give_the_same_page() -> None:
    explainer = Explainer(planned())
    again = [explainer.card(village) for village in range(16)]
    assert why_cards_page(planned(), again) == why_cards_page(planned(), cards())


def test_a_plan_that_is_no_good_says_so() -> None:
    card = next(c for c in cards() if isinstance(c, MemberCard))
    parts = tuple(replace(part, points=0.0) for part in card.points.parts)
    low = replace(card, points=replace(card.points, points=0.0, parts=parts))
    assert message("why_card.reason_low") in why_cards_page(planned(), [low])
    unproven = replace(low, proof=replace(low.proof, status="feasible", more=None))
    page = why_cards_page(planned(), [unproven])
    assert message("why_card.reason_low_open") in page and "已证明最优" not in page
    assert message("why_card.stability_unknown") in why_cards_page(
        planned(), [replace(card, stability=None)]
    )


def test_other_weights_where_they_were_tried_are_the_dots() -> None:
    card = next(c for c in cards() if isinstance(c, MemberCard))
    tried = replace(card, weights=WeightStanding(50, 50, 31, ((card.alliance.lead, 0.62),)))
    found = read(why_cards_page(planned(), [tried]))
    texts = found.cards[f"w{card.profile.village.position}"]
    assert "62%" in texts
    labels = [a.get("aria-label") for _, a in found.elements]
    assert message("why_card.dots", count=62) in labels


@given(st.floats(0, 1))
def test_dots_are_all_or_none_only_when_the_share_is(share: float) -> None:
    filled = hundredths(share)
    assert abs(filled - 100 * share) <= 1
    assert (filled == 100) == (share == 1) and (filled == 0) == (share == 0)


def test_an_input_file_is_never_overwritten(tmp_path: Path) -> None:
    ledger = tmp_path / "台账.html"
    ledger.write_text("mine", encoding="utf-8")
    villages = planned().villages
    source = replace_source(ledger)
    scenario = replace(planned(), villages=replace(villages, sources=(source,)))
    with pytest.raises(DataError):
        write_why_cards(scenario, cards(), ledger)
    assert ledger.read_text(encoding="utf-8") == "mine"


def replace_source(path: Path) -> Any:
    from liancun_geo.villages import Source

    return Source(str(path), "ledger", "0" * 64)


def test_only_the_sample_is_called_a_sample(tmp_path: Path) -> None:
    sample = sample_county()
    copy = tmp_path / "ledger.xlsx"
    copy.write_bytes(sample.ledger.read_bytes())
    from hashlib import sha256

    digest = sha256(copy.read_bytes()).hexdigest()
    assert is_sample([(str(sample.boundaries), "x")])
    assert is_sample([(str(copy), digest)])
    assert not is_sample([(str(copy), "0" * 64), ("villages.shp", "1" * 64)])
    assert message("why_card.sample") not in why_cards_page(planned(), cards()[:1])


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(build_app("zh"), ["why", *arguments])


@pytest.fixture(scope="module")
def sample_plan() -> list[str]:
    """Return the arguments that name the sample county."""
    sample = sample_county()
    return [str(sample.boundaries), "--ledger", str(sample.ledger), "--settings",
            str(sample.settings)]  # fmt: skip


def test_the_command_draws_one_village(sample_plan: list[str], tmp_path: Path) -> None:
    path = tmp_path / "为什么.html"
    result = invoke(*sample_plan, "--village", "邹家楼村", "--html", str(path), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["html"] == str(path)
    texts = read(path.read_text(encoding="utf-8")).cards
    assert len(texts) == 1
    assert message("why_card.sample") in next(iter(texts.values()))


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["--all"], "why_card.html_needed"),
        (["--html", "x.html"], "why_card.cannot_draw"),
        (["--rules", "--html", "x.html"], "why_card.cannot_draw"),
    ],
)
def test_what_cannot_be_drawn_is_said_before_any_work(arguments: list[str], key: str) -> None:
    result = invoke("nowhere.shp", *arguments)
    assert result.exit_code != 0
    assert message(key) in result.output
