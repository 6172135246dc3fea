"""Sections of the card of a member village."""

from __future__ import annotations

import math
from collections.abc import Sequence

from liancun_geo.messages import message
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.why_card.parts import (
    Say,
    Segment,
    change,
    heading,
    icon,
    row,
    stacked,
)
from liancun_geo.points import VillagePoints
from liancun_geo.why import Gate, MemberCard, Move, Obstacle, Outcome, Place, Proof
from liancun_geo.why.wording import gate_line, signed
from liancun_geo.why.wording_sure import EVEN, Listed

MOST_MOVES = 4
"""Neighbouring alliances on a card: it fits on one page."""

_GOOD = 0.5  # of the most there is: what is said to speak for a place
_MOST_TAGS = 3
_INDUSTRY = ("industry_similarity", "industry_complementarity")
_ORDER = ("proximity", "strength_contrast", "industry", "other")
_METRES = 950.0


def segments(points: VillagePoints) -> list[Segment]:
    """Return the parts of a village's points, the two kinds of industry as one."""
    parts = {part.name: part for part in points.parts}
    both = [parts[name] for name in _INDUSTRY if name in parts]
    told = {name: Segment(name, part.points, part.most) for name, part in parts.items()}
    if both:
        sums = (math.fsum(p.points for p in both), math.fsum(p.most for p in both))
        told["industry"] = Segment("industry", *sums)
    return [told[name] for name in _ORDER if name in told]


def opening(parent: Element, card: MemberCard, say: Say) -> None:
    """Append why it is where it is: points, reasons, what the rules ask for."""
    line = add(parent, "div", class_="line")
    add(line, "h3", say("why_member", alliance=card.alliance.name))
    big = add(line, "div", f"{card.points.points:.1f}", class_="big")
    add(big, "small", say("of_ten"))
    stacked(parent, say, segments(card.points), 382, 22)
    add(parent, "p", say.joined(place_reasons(card, say, best=_best(card.proof))), class_="say")
    ticks = add(parent, "ul", class_="ticks")
    for kind, text in [*_rules(card, say), *gates(card.lead_gates, card, say)]:
        tick = add(ticks, "li")
        icon(tick, kind)
        add(tick, "span", text)


def gates(found: Sequence[Gate], card: MemberCard, say: Say) -> list[tuple[str, str]]:
    """Return the gates of the lead: those passed in one line, every other one in its own."""
    lead = card.alliance.lead
    passed = Listed(say(_gate_key(gate)) for gate in found if gate.state == "passed")
    told = [("good", say("lead_gates", lead=lead, gates=passed))] if passed.names else []
    odd = [gate for gate in found if gate.state in ("failed", "waived", "unknown")]
    return told + [("warn", gate_line(gate, lead, say.language)) for gate in odd]


def _gate_key(gate: Gate) -> str:
    return gate.key.removeprefix("criteria.")


def _best(proof: Proof) -> bool:
    return proof.status == "optimal" and proof.more is not None and proof.more < 0.005


def place_reasons(place: Place | MemberCard, say: Say, *, best: bool) -> list[str]:
    """Return what speaks for the place: the parts that have half of their points or more.

    ``best`` tells whether the plan of its zone is proven best, which is said where nothing else
    speaks for the place.
    """
    shares = {s.name: s.points / s.most for s in segments(place.points) if s.most > 0}
    good = [name for name in sorted(shares, key=lambda n: -shares[n]) if shares[name] >= _GOOD]
    told = [text for name in good for text in _reason(place, name, say)]
    if told:
        return told[:3]
    return [say("reason_low" if best else "reason_low_open")]


def _reason(place: Place | MemberCard, name: str, say: Say) -> list[str]:
    if name == "proximity" and place.travel_min is not None:
        return [say("reason_near_travel", minutes=f"{place.travel_min:.0f}")]
    if name == "proximity" and place.distance_km is not None:
        key = "reason_nearest" if place.distance_rank == 1 else "reason_near"
        return [say(key, distance=f"{place.distance_km:.1f}", rank=place.distance_rank)]
    if name == "strength_contrast":
        lead, own = place.lead_income_wan_yuan, place.income_wan_yuan
        if lead and own and lead >= 1.5 * own:
            return [say("reason_times", times=f"{lead / own:.1f}")]
        if place.lead_score > place.score:
            scores = {"lead_score": f"{place.lead_score:.2f}", "score": f"{place.score:.2f}"}
            return [say("reason_stronger", **scores)]
    if name == "industry" and place.common:
        return [say("reason_common", common=Listed(place.common[:_MOST_TAGS]))]
    if name == "industry" and place.feeding:
        return [say("reason_feeding", feeding=_feeding(place.feeding, say))]
    return []


def _feeding(pairs: Sequence[tuple[str, str]], say: Say) -> Listed:
    return Listed(say("feeds", lead=lead, member=own) for lead, own in pairs[:2])


def _rules(card: MemberCard, say: Say) -> list[tuple[str, str]]:
    told = []
    villages = Listed(border.neighbour for border in card.borders)
    length = card.shared_border_m
    if not card.borders:
        told.append(("warn", message("why.no_border", say.language)))
    elif length == 0 or all(b.is_link and not b.shared_border_m for b in card.borders):
        told.append(("good", say("borders_linked", villages=villages)))
    else:
        told.append(("good", say("borders", villages=villages, length=_length(length, say))))
    least, most = card.sizes
    size = {"size": card.alliance.size, "least": least, "most": most}
    if not least <= card.alliance.size <= most:
        told.append(("warn", message("why.outside_sizes", say.language, **size)))
    elif card.profile.village.township == card.alliance.lead.township:
        told.append(("good", say("sizes_same", township=card.alliance.lead.township, **size)))
    else:
        told.append(("good", say("sizes", **size)))
    return told


def _length(metres: float | None, say: Say) -> str:
    if metres is None:
        return say("length_unknown")
    if metres < _METRES:
        return say("length_m", value=f"{metres:.0f}")
    return say("length_km", value=f"{metres / 1000:.1f}")


def addition(parent: Element, card: MemberCard, say: Say) -> None:
    """Append how its points add up, all bars on one scale."""
    heading(parent, say("adds_up"), (), say)
    found = {segment.name: segment for segment in segments(card.points)}
    top = max((segment.most for segment in found.values()), default=0.0)
    names = [n for n in _ORDER if n in found or (n == "industry" and card.common is None)]
    for name in names:
        row(parent, say, found.get(name), _fact(card, name, say), name, top)
    for name, points in card.whole_points:
        told = {"size": card.alliance.size, "points": signed(points)}
        add(parent, "p", message(f"why.whole_{name}", say.language, **told), class_="caption")


def _fact(card: MemberCard, name: str, say: Say) -> tuple[str, str]:
    if name == "proximity":
        if card.distance_km is None:
            return say("fact_distance_unknown"), say("detail_rank", rank=card.distance_rank)
        where = {"distance": f"{card.distance_km:.1f}", "rank": card.distance_rank}
        if card.travel_min is None:
            return say("fact_distance", **where), say("detail_rank", **where)
        return say("fact_travel", minutes=f"{card.travel_min:.0f}"), say("detail_travel", **where)
    if name == "strength_contrast":
        incomes = {
            "lead_income": _income(card.lead_income_wan_yuan, say),
            "income": _income(card.income_wan_yuan, say),
        }
        scores = {"lead_score": f"{card.lead_score:.2f}", "score": f"{card.score:.2f}"}
        return say("fact_incomes", **incomes), say("detail_scores", **scores)
    if name == "industry":
        return _industries(card, say)
    return say("fact_other"), say("detail_other")


def _industries(card: MemberCard, say: Say) -> tuple[str, str]:
    if card.common is None:
        return say("fact_industry_unknown"), say("detail_not_counted")
    parts = {part.name: f"{part.points:.1f}" for part in card.points.parts}
    detail = say(
        "detail_industry",
        similar=parts.get(_INDUSTRY[0], "0.0"),
        complementary=parts.get(_INDUSTRY[1], "0.0"),
    )
    told = {
        "common": Listed(card.common[:_MOST_TAGS]),
        "feeding": _feeding(card.feeding or (), say),
    }
    names = [name for name, there in (("common", card.common), ("feeding", card.feeding)) if there]
    return say("_".join(["fact", *names]) if names else "fact_no_industry", **told), detail


def _income(value: float | None, say: Say) -> str:
    return say("unknown") if value is None else say("wan_yuan", value=f"{value:.1f}")


def comparison(parent: Element, card: MemberCard, say: Say) -> None:
    """Append its points where it is beside those it would have next door, and what that costs."""
    shown = card.moves[:MOST_MOVES]
    now = segments(card.points)
    every = {s.name for s in now} | {s.name for m in shown for s in segments(m.points)}
    legend = [name for name in _ORDER if name in every]
    heading(parent, say("why_not_there"), legend if shown else (), say)
    if not shown:
        add(parent, "p", message("why.no_moves", say.language), class_="caption")
        return
    line = _line(parent, "other", card.alliance.name, say("now"))
    stacked(line, say, now, 380, 18)
    add(line, "div", f"{card.points.points:.1f}", class_="sum")
    add(line, "div", class_="turn")
    moves(parent, shown, say)
    if len(card.moves) > len(shown):
        more = say("more_alliances", count=len(card.moves) - len(shown))
        add(parent, "p", more, class_="caption")
    add(parent, "p", say("caption_moves"), class_="caption")


def moves(parent: Element, shown: Sequence[Move], say: Say) -> None:
    """Append a line for each move: its points there, the change or what stands against it."""
    for move in shown:
        possible = move.possible and move.change is not None
        kind = "other" if possible else "other no"
        line = _line(
            parent, kind, move.alliance.name, say("can_move" if possible else "cannot_move")
        )
        stacked(line, say, segments(move.points), 380, 18)
        own = move.points.points
        add(line, "div", f"{own:.1f}" if math.isfinite(own) else say("no_points"), class_="sum")
        turn = add(line, "div", class_="turn")
        if possible and move.change is not None:
            change(turn, signed(move.change), move.change)
        else:
            causes(turn, move.obstacles, say)
        replanned(turn, move.best, move.change, say)


def _line(parent: Element, kind: str, name: str, state: str) -> Element:
    line = add(parent, "div", class_=kind)
    add(add(line, "div", name, class_="who"), "small", state)
    return line


def causes(parent: Element, obstacles: Sequence[Obstacle], say: Say) -> None:
    """Append the first reason against something, and how many more there are."""
    if not obstacles:
        return
    first = add(parent, "div", class_="cause")
    icon(first, "lock" if obstacles[0].kind.startswith("locked") else "barred")
    add(first, "span", obstacles[0].text(say.language))
    if len(obstacles) > 1:
        add(parent, "small", say("more_obstacles", count=len(obstacles) - 1))


def replanned(parent: Element, best: Outcome | None, alone: float | None, say: Say) -> None:
    """Append what the best plan with it gives, where that is another figure than it alone."""
    if best is None:
        return
    if best.status == "infeasible":
        add(parent, "small", say("replanned_none"))
    elif best.change is None:
        add(parent, "small", say("replanned_unknown"))
    elif alone is None or abs(best.change - alone) >= EVEN:
        key = "replanned" if best.status == "optimal" else "replanned_open"
        add(parent, "small", say(key, change=signed(best.change)))
