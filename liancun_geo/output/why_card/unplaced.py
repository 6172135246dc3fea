"""Sections of the card of a village that is in no alliance."""

from __future__ import annotations

from liancun_geo.messages import message
from liancun_geo.output.export import sentence
from liancun_geo.output.picture.markup import Element, add
from liancun_geo.output.why_card.members import MOST_MOVES, moves, segments
from liancun_geo.output.why_card.parts import Say, heading, icon
from liancun_geo.why import UnplacedCard
from liancun_geo.why.wording import outcome_line, signed
from liancun_geo.why.wording_sure import Listed


def opening(parent: Element, card: UnplacedCard, say: Say) -> None:
    """Append the reason of the plan, and the rules that keep it out."""
    add(parent, "h3", say("why_unplaced"))
    add(parent, "p", sentence(card.reason, say.language), class_="say")
    ticks = add(parent, "ul", class_="ticks")
    for rule in card.rules:
        tick = add(ticks, "li")
        icon(tick, "barred")
        add(tick, "span", sentence(rule, say.language))


def ways(parent: Element, card: UnplacedCard, say: Say) -> None:
    """Append what would let it in, the gentlest first, with the price where it was solved."""
    heading(parent, say("ways_in"), (), say)
    if card.placed is not None:
        others = [v for v in card.placed.alliance if v != card.profile.village]
        told = outcome_line("placed", card.placed, say.language, alliance=Listed(others))
        add(parent, "p", told)
    elif not card.ways:
        add(parent, "p", message("why.no_ways", say.language))
        return
    listed = add(parent, "ol", class_="ways") if card.ways else parent
    for way in card.ways:
        entry = add(listed, "li")
        add(entry, "span", sentence(way.sentence, say.language))
        if way.change is not None and way.proven:
            named = Listed(way.alliance)
            price = message("why.way", say.language, change=signed(way.change), alliance=named)
            add(entry, "p", price)


def comparison(parent: Element, card: UnplacedCard, say: Say) -> None:
    """Append the alliances next to it, and what it would change to join one alone."""
    shown = card.moves[:MOST_MOVES]
    legend = dict.fromkeys(s.name for move in shown for s in segments(move.points))
    heading(parent, say("why_not_there"), legend, say)
    moves(parent, shown, say)
    if len(card.moves) > len(shown):
        more = say("more_alliances", count=len(card.moves) - len(shown))
        add(parent, "p", more, class_="caption")
    add(parent, "p", say("caption_moves"), class_="caption")
