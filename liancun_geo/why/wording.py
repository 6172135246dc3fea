"""Cards in words: whole sentences of the catalogue, filled with the facts of the card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from liancun_geo.messages import Language, catalogue, message
from liancun_geo.points import OTHER
from liancun_geo.villages import FIELDS
from liancun_geo.why.wording_sure import (
    EVEN,
    Listed,
    proof_lines,
    stability_lines,
    under_weights_lines,
)

if TYPE_CHECKING:
    from liancun_geo.messages import Wording
    from liancun_geo.points import Part
    from liancun_geo.why.cards import BoundaryCard, LeadCard, MemberCard, RuleCost, UnplacedCard
    from liancun_geo.why.facts import (
        AllianceName,
        Border,
        Gate,
        Move,
        Outcome,
        ScoreLine,
    )


def signed(points: float) -> str:
    """Return a change of points with its sign, a true minus."""
    if abs(points) < EVEN:
        return "0"
    return f"{'+' if points > 0 else '−'}{abs(points):.2f}"


def member_lines(card: MemberCard, language: Language) -> list[str]:
    """Return a member's card as sentences."""
    village, lead = card.profile.village, card.alliance.lead
    lines = [
        message(
            "why.head_member",
            language,
            village=village,
            township=village.township,
            alliance=card.alliance.name,
            lead=lead,
            points=_points(card.points.points),
        )
    ]
    if card.profile.locked:
        lines.append(message("why.locked", language))
    lines += [_member_part(card, part, language) for part in card.points.parts]
    if card.common is None:
        lines.append(message("why.industries_unknown", language))
    lines += _whole(card.whole_points, card.alliance, language)
    lines.append(_borders(card.borders, card.shared_border_m, language))
    least, most = card.sizes
    fits = least <= card.alliance.size <= most
    key = "why.within_sizes" if fits else "why.outside_sizes"
    lines.append(message(key, language, size=card.alliance.size, least=least, most=most))
    lines += [gate_line(gate, lead, language) for gate in card.lead_gates if gate.state != "off"]
    lines += _moves(card.moves, language)
    return [
        *lines,
        *stability_lines(card.stability, language),
        *under_weights_lines(card.weights, language),
        *proof_lines(card.proof, language),
    ]


def lead_lines(card: LeadCard, language: Language) -> list[str]:
    """Return a lead's card as sentences."""
    village = card.profile.village
    lines = [
        message(
            "why.head_lead",
            language,
            village=village,
            township=village.township,
            alliance=card.alliance.name,
            points=_points(card.points.points),
            size=card.alliance.size,
        )
    ]
    if card.profile.locked:
        lines.append(message("why.locked", language))
    score = f"{card.score:.3f}"
    where = {"township": village.township, "rank": card.score_rank, "of": card.score_of}
    lines.append(message("why.score", language, score=score, **where))
    lines += [_score_line(line, village.township, language) for line in card.lines]
    other = [part for part in card.points.parts if part.name == OTHER]
    lines += [message("why.other", language, points=_points(part.points)) for part in other]
    lines += _whole(card.whole_points, card.alliance, language)
    lines += [gate_line(gate, village, language) for gate in card.gates]
    if card.runner_up is None:
        lines.append(message("why.no_runner_up", language))
    else:
        change = signed(card.runner_up.change or 0.0)
        told = {"village": card.runner_up.village, "change": change}
        lines.append(message("why.runner_up", language, **told))
    for one in card.challengers:
        if one.change is not None:
            change = signed(one.change)
            lines.append(
                message("why.challenger_same", language, village=one.village, change=change)
            )
        else:
            lines.append(message("why.challenger_cannot", language, village=one.village))
            lines += [f"  {obstacle.text(language)}" for obstacle in one.obstacles]
        if one.best is not None:
            lines.append(outcome_line("leading", one.best, language, village=one.village))
    return [
        *lines,
        *stability_lines(card.stability, language),
        *under_weights_lines(card.weights, language),
        *proof_lines(card.proof, language),
    ]


def unplaced_lines(card: UnplacedCard, language: Language) -> list[str]:
    """Return the card of a village left out as sentences."""
    village = card.profile.village
    head = message("why.head_unplaced", language, village=village, township=village.township)
    lines = [head, card.reason.text(language)]
    lines += [rule.text(language) for rule in card.rules]
    for way in card.ways:
        lines.append(way.sentence.text(language))
        if way.change is not None and way.proven:
            told = {"change": signed(way.change), "alliance": Listed(way.alliance)}
            lines.append(message("why.way", language, **told))
    if card.rules and not card.ways:
        lines.append(message("why.no_ways", language))
    if card.placed is not None:
        others = [v for v in card.placed.alliance if v.position != village.position]
        lines.append(outcome_line("placed", card.placed, language, alliance=Listed(others)))
        lines += _moves(card.moves, language) + stability_lines(card.stability, language)
        lines += under_weights_lines(card.weights, language)
    return lines + proof_lines(card.proof, language)


def boundary_lines(card: BoundaryCard, language: Language) -> list[str]:
    """Return the card of a boundary as sentences."""
    homes = [
        message("why.not_in_alliance", language) if home is None else home.name
        for home in card.alliances
    ]
    told = {
        "first": card.first.village,
        "second": card.second.village,
        "first_alliance": homes[0],
        "second_alliance": homes[1],
    }
    if card.adjacent:
        length = _length(card.shared_border_m, language)
        lines = [message("why.boundary_adjacent", language, length=length, **told)]
    else:
        lines = [message("why.boundary_apart", language, **told)]
    if card.together is not None:
        lines.append(outcome_line("together", card.together, language))
    if card.apart is not None:
        lines.append(outcome_line("apart", card.apart, language))
    for move in card.moves:
        lines += _move(move, language)
    return lines + proof_lines(card.proof, language)


def rule_line(cost: RuleCost, language: Language) -> str:
    """Return what a rule costs as one line."""
    known = f"why.rule_{cost.rule}"
    key = known if known in catalogue() else "why.rule_other"
    told = {"villages": Listed(cost.villages), "value": cost.value, "name": cost.rule}
    rule = message(key, language, **told)
    if cost.status == "infeasible":
        return message("why.rule_blocks", language, rule=rule)
    if cost.most is None or cost.least is None:
        return message("why.rule_unknown", language, rule=rule)
    if math.isinf(cost.most):
        return message("why.rule_enables", language, rule=rule)
    if not cost.proven:
        ends = {"least": signed(cost.least), "most": signed(cost.most)}
        return message("why.rule_between", language, rule=rule, **ends)
    if cost.placed:
        gain, placed = signed(cost.most), cost.placed
        return message("why.rule_exact_placed", language, rule=rule, most=gain, placed=placed)
    free = abs(cost.most) < EVEN
    key = "why.rule_free" if free else "why.rule_exact"
    return message(key, language, rule=rule, most=signed(cost.most))


def _member_part(card: MemberCard, part: Part, language: Language) -> str:
    told = {"points": _points(part.points), "most": _points(part.most)}
    lead = card.alliance.lead
    if part.name == "proximity":
        far = "" if card.distance_km is None else f"{card.distance_km:.2f}"
        where = {"lead": lead, "distance": far, "rank": card.distance_rank}
        if card.travel_min is None:
            return message("why.proximity", language, **where, **told)
        minutes = f"{card.travel_min:.0f}"
        return message("why.proximity_travel", language, minutes=minutes, **where, **told)
    if part.name == "strength_contrast":
        strength = {
            "lead_income": _income(card.lead_income_wan_yuan, language),
            "income": _income(card.income_wan_yuan, language),
            "lead_score": f"{card.lead_score:.3f}",
            "score": f"{card.score:.3f}",
        }
        return message("why.strength_contrast", language, lead=lead, **strength, **told)
    if part.name == "industry_similarity":
        key = "why.industry_similarity" if card.common else "why.industry_similarity_none"
        return message(key, language, common=Listed(card.common or ()), **told)
    if part.name == "industry_complementarity":
        key = (
            "why.industry_complementarity" if card.feeding else "why.industry_complementarity_none"
        )
        pairs = [
            message("why.fed_by", language, lead=theirs, member=own)
            for theirs, own in card.feeding or ()
        ]
        return message(key, language, feeding=Listed(pairs), **told)
    return message("why.other", language, points=told["points"])


def _score_line(line: ScoreLine, township: str, language: Language) -> str:
    labels = FIELDS[line.field]
    label = labels.zh if language == "zh" else labels.en
    if line.value is None or line.points is None or line.most is None:
        return message("why.score_line_missing", language, field=label)
    return message(
        "why.score_line",
        language,
        field=label,
        value=f"{line.value:g}",
        township=township,
        rank=line.rank,
        of=line.of,
        median=f"{line.median:g}",
        points=_points(line.points),
        most=_points(line.most),
    )


def _whole(
    lines: Sequence[tuple[str, float]], alliance: AllianceName, language: Language
) -> list[str]:
    return [
        message(f"why.whole_{name}", language, size=alliance.size, points=signed(points))
        for name, points in lines
    ]


def gate_line(gate: Gate, village: Wording, language: Language) -> str:
    """Return how a village fares at a gate."""
    name = gate.key.removeprefix("criteria.gate_")
    return message(f"why.gate_{name}_{gate.state}", language, village=village)


def _borders(borders: Sequence[Border], total_m: float | None, language: Language) -> str:
    if not borders:
        return message("why.no_border", language)
    told = [
        message("why.linked_with", language, village=border.neighbour)
        if border.is_link and not border.shared_border_m
        else message(
            "why.border_with",
            language,
            village=border.neighbour,
            length=_length(border.shared_border_m, language),
        )
        for border in borders
    ]
    length = _length(total_m, language)
    return message("why.borders", language, neighbours=Listed(told), length=length)


def _moves(moves: Sequence[Move], language: Language) -> list[str]:
    if not moves:
        return [message("why.no_moves", language)]
    lines = [message("why.moves_heading", language)]
    for move in moves:
        lines += _move(move, language)
    return lines


def _move(move: Move, language: Language) -> list[str]:
    own = move.points.points
    told = {"alliance": move.alliance.name, "village": move.village, "own": _points(own)}
    lead = move.alliance.lead
    if move.possible and move.change is not None:
        lines = [message("why.move_possible", language, change=signed(move.change), **told)]
    else:
        key = "why.move_impossible" if math.isfinite(own) else "why.move_forbidden"
        lines = [message(key, language, **told)]
        lines += [f"  {obstacle.text(language)}" for obstacle in move.obstacles]
    return [*lines, outcome_line("move", move.best, language, lead=lead, village=move.village)]


def outcome_line(topic: str, outcome: Outcome, language: Language, **told: Wording | str) -> str:
    """Return the best plan under a wish in words.

    Parameters
    ----------
    topic
        ``move``, ``leading``, ``placed``, ``together`` or ``apart``.
    outcome
        The plan.
    language
        Of the sentence.
    **told
        What its sentences name beside the change.
    """
    if outcome.status == "infeasible":
        return message(f"why.{topic}_none", language, **told)
    if outcome.change is None:
        return message(f"why.{topic}_unknown", language, **told)
    change = signed(outcome.change)
    if outcome.status == "optimal":
        moved = Listed(outcome.moved)
        count = len(outcome.moved)
        return message(
            f"why.{topic}_best", language, change=change, count=count, moved=moved, **told
        )
    if outcome.most is None or f"why.{topic}_open" not in catalogue():
        return message(f"why.{topic}_unknown", language, **told)
    return message(f"why.{topic}_open", language, change=change, most=signed(outcome.most), **told)


def _points(points: float) -> str:
    return f"{points:.1f}"


def _length(metres: float | None, language: Language) -> str:
    if metres is None:
        return message("why.unknown", language)
    return message("why.length_m", language, value=f"{metres:,.0f}")


def _income(income: float | None, language: Language) -> str:
    if income is None:
        return message("why.unknown", language)
    return message("why.wan_yuan", language, value=f"{income:g}")
