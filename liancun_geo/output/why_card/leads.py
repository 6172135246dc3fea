"""Sections of the card of a lead village."""

from __future__ import annotations

from liancun_geo.messages import message
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.why_card.members import causes, replanned
from liancun_geo.output.why_card.parts import (
    Say,
    Segment,
    change,
    heading,
    icon,
    row,
    single,
    stacked,
)
from liancun_geo.points import OTHER
from liancun_geo.why import Challenger, LeadCard, ScoreLine, VillageName
from liancun_geo.why.wording import gate_line, signed
from liancun_geo.why.wording_sure import Listed

MOST_CHALLENGERS = 4
"""Other leads on a card: it fits on one page."""


def _segments(card: LeadCard) -> list[Segment]:
    order = [line.component for line in card.lines] + [OTHER]
    found = {p.name: Segment(p.name, p.points, p.most) for p in card.points.parts}
    return [found[name] for name in order if name in found]


def opening(parent: Element, card: LeadCard, say: Say) -> None:
    """Append why it leads: points, rank in its township, runner-up, gates."""
    village = card.profile.village
    line = add(parent, "div", class_="line")
    add(line, "h3", say("why_lead", village=village))
    add(add(line, "div", f"{card.points.points:.1f}", class_="big"), "small", say("of_ten"))
    stacked(parent, say, _segments(card), 382, 22)
    rank = (card.score_rank, card.score_of)
    told = lead_reasons(village, card.score, rank, card.runner_up, say)
    add(parent, "p", say.joined(told), class_="say")
    ticks = add(parent, "ul", class_="ticks")
    passed = [gate for gate in card.gates if gate.state == "passed"]
    names_of = Listed(say(gate.key.removeprefix("criteria.")) for gate in passed)
    lines = [("good", say("gates", gates=names_of))] if passed else []
    lines += [
        ("good" if gate.state == "off" else "warn", gate_line(gate, village, say.language))
        for gate in card.gates
        if gate.state != "passed"
    ]
    for kind, text in lines:
        tick = add(ticks, "li")
        icon(tick, kind)
        add(tick, "span", text)


def lead_reasons(
    village: VillageName, score: float, rank: tuple[int, int], second: Challenger | None, say: Say
) -> list[str]:
    """Return why a village leads: its score and rank in its township, and who comes next."""
    at = {"rank": rank[0], "of": rank[1], "township": village.township}
    told = [say("score", score=f"{score:.2f}", **at)]
    if second is None:
        told.append(message("why.no_runner_up", say.language))
    else:
        names = {"village": second.village, "change": signed(second.change or 0.0)}
        told.append(message("why.runner_up", say.language, **names))
    return told


def addition(parent: Element, card: LeadCard, say: Say) -> None:
    """Append how its score adds up against its township."""
    heading(parent, say("adds_up"), (), say)
    found = {segment.name: segment for segment in _segments(card)}
    top = max((segment.most for segment in found.values()), default=0.0)
    for line in card.lines:
        texts = _fact(line, card.profile.village.township, say)
        row(parent, say, found.get(line.component), texts, line.component, top)
    if OTHER in found:
        row(parent, say, found[OTHER], (say("fact_other"), say("detail_other")), OTHER, top)
    for name, points in card.whole_points:
        told = {"size": card.alliance.size, "points": signed(points)}
        add(parent, "p", message(f"why.whole_{name}", say.language, **told), class_="caption")


def _fact(line: ScoreLine, township: str, say: Say) -> tuple[str, str]:
    if line.value is None:
        return say("value_missing"), say("detail_not_counted")
    value = say(f"value_{line.component}", value=_plain(line.value))
    median = say("unknown") if line.median is None else _plain(line.median)
    if not line.value:
        return value, say("detail_median", township=township, median=median)
    where = {"township": township, "rank": line.rank, "of": line.of, "median": median}
    return value, say("detail_township", **where)


def _plain(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def comparison(parent: Element, card: LeadCard, say: Say) -> None:
    """Append who else could lead, and what that would cost."""
    heading(parent, say("why_not_others"), (), say)
    shown = card.challengers[:MOST_CHALLENGERS]
    if not shown:
        add(parent, "p", message("why.no_runner_up", say.language), class_="caption")
        return
    _scored(parent, "other", card.profile.village.text(say.language), say("now"), card.score, say)
    for one in shown:
        able = one.change is not None
        state = "runner_up" if one == card.runner_up else "can_lead" if able else "cannot_lead"
        kind, name = "other" if able else "other no", one.village.text(say.language)
        turn = _scored(parent, kind, name, say(state), one.score, say)
        if one.change is not None:
            change(turn, signed(one.change), one.change)
        else:
            causes(turn, one.obstacles, say)
        replanned(turn, one.best, one.change, say)
    if len(card.challengers) > len(shown):
        more = say("more_leads", count=len(card.challengers) - len(shown))
        add(parent, "p", more, class_="caption")
    add(parent, "p", say("caption_leads"), class_="caption")


def _scored(parent: Element, kind: str, name: str, state: str, score: float, say: Say) -> Element:
    line = add(parent, "div", class_=kind)
    add(add(line, "div", name, class_="who"), "small", state)
    told = say("bar", points=f"{score:.2f}", most="1")
    single(line, told, score, 380, 18, colour="#1D5B8F", track=1.0)
    add(line, "div", f"{score:.2f}", class_="sum")
    return add(line, "div", class_="turn")
