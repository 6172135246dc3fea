"""The tables of a comparison: villages that differ, figures side by side, the best of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liancun_geo.compare import Difference, Figures, Kept
from liancun_geo.messages import message
from liancun_geo.naming import alliance_name
from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.picture.scene import Scene
from liancun_geo.studio.words import Words, at_most_percent
from liancun_geo.why.wording import signed
from liancun_geo.why.wording_sure import Listed

_EVEN = 0.05
_MOST_NAMED = 6


class Said:
    """The words of the step in one language."""

    def __init__(self, words: Words) -> None:
        self.language = words.language

    def __call__(self, key: str, **params: Any) -> str:
        """Return a sentence of the topic of this step."""
        return message(f"compare_step.{key}", self.language, **params)


def heading(found: Difference, say: Said) -> str:
    """Return in how many villages the plans differ, and how."""
    box = new("div", class_="compared")
    same = not found.moved and not found.leads
    add(box, "h2", say("heading_same") if same else say("heading", count=len(found.moved)))
    if not same:
        counts = {
            "switched": found.n_switched,
            "placed": found.n_placed,
            "left_out": found.n_left_out,
            "leads": len(found.leads),
        }
        told = Listed(say(f"detail_{name}", count=n) for name, n in counts.items() if n)
        add(box, "span", told.text(say.language))
    return markup(box)


def moved_table(
    first: Scene, second: Scene, found: Difference, reasons: Mapping[str, str], say: Said
) -> str:
    """Return a row for each village that moved, with both colours, the reason and the points."""
    frame, body = _table("moved", (say("column_village"), say("column_from_to")), say)
    codes = second.scenario.villages.frame["code"].astype(str).tolist()
    for one in found.moved:
        line = add(body, "tr")
        add(add(line, "td"), "b", second.names[one.village])
        cell = add(line, "td")
        _from_to(cell, (first, one.before), (second, one.after), say)
        if reasons.get(codes[one.village]):
            add(cell, "small", reasons[codes[one.village]])
        _points(line, one.points)
    for change in found.leads:
        line = add(body, "tr")
        add(line, "td", say("lead_change"), class_="muted")
        _from_to(add(line, "td"), (first, change.before), (second, change.after), say)
        _points(line, change.points)
    if found.rest is not None and abs(found.rest) >= _EVEN:
        line = add(body, "tr")
        add(line, "td", say("rest"), class_="muted", colspan=2)
        _points(line, found.rest)
    if not len(body):
        add(add(body, "tr"), "td", say("nothing_moved"), class_="muted", colspan=3)
    return markup(frame)


def _from_to(
    cell: Element, before: tuple[Scene, int | None], after: tuple[Scene, int | None], say: Said
) -> None:
    line = add(cell, "span", class_="from-to")
    for place, (scene, lead) in enumerate((before, after)):
        if place:
            add(line, "span", "→", class_="to")
        colour = None
        if lead is not None:
            colour = PALETTE[scene.colours[int(scene.alliance_of[lead])]]
        shade = f"background:{colour or '#E7EAEC'}"
        add(line, "i", class_="swatch" if colour else "swatch none", style=shade)
        name = say("not_placed") if lead is None else alliance_name(scene.names[lead])
        add(line, "span", name)


def _points(line: Element, points: float | None) -> None:
    told = "—" if points is None else signed(points)
    kind = "" if points is None or abs(points) < _EVEN else "gain" if points > 0 else "loss"
    add(line, "td", told, class_=f"number {kind}".strip())


def _table(kind: str, names: tuple[str, ...], say: Said) -> tuple[Element, Element]:
    frame = new("div", class_=f"compare-table {kind}")
    table = add(frame, "table")
    line = add(add(table, "thead"), "tr")
    for name in names:
        add(line, "th", name)
    last = say("column_points") if kind == "moved" else say("column_change")
    add(line, "th", last, class_="number")
    return frame, add(table, "tbody")


def figure_table(one: Figures, other: Figures, say: Said) -> str:
    """Return both plans figure by figure with what the second has more."""
    names = (say("whole_county"), say("column_first"), say("column_second"))
    frame, body = _table("figures", names, say)
    line(body, say("figure_total"), (_total(one), _total(other)), _change(one.total, other.total))
    line(body, say("figure_proof"), (_proof(one, say), _proof(other, say)), None)
    placed = [say("of", part=f.placed, whole=f.count) for f in (one, other)]
    villages = _count_change(other.placed - one.placed, "villages", say)
    line(body, say("figure_placed"), (placed[0], placed[1]), villages)
    alliances = [say("count", value=f.alliances) for f in (one, other)]
    more = _count_change(other.alliances - one.alliances, "count", say, neutral=True)
    line(body, say("figure_alliances"), (alliances[0], alliances[1]), more)
    if one.weak or other.weak:
        weak = [say("of", part=f.weak_led, whole=f.weak) for f in (one, other)]
        led = _count_change(other.weak_led - one.weak_led, "villages", say)
        line(body, say("figure_weak"), (weak[0], weak[1]), led)
    for name in ("mean", "max"):
        values = [getattr(f, f"distance_{name}_km") for f in (one, other)]
        told = [say("no_bound") if v is None else say("km", value=f"{v:.1f}") for v in values]
        change = None
        if None not in values:
            km = round(values[1], 1) - round(values[0], 1)
            change = _told(km, say("km", value=_sign(km, 1)), say, better=-1)
        line(body, say(f"figure_{name}"), (told[0], told[1]), change)
    shares = [f.similar_share for f in (one, other)]
    told = [say("no_bound") if s is None else f"{s:.0%}" for s in shares]
    change = None
    if shares[0] is not None and shares[1] is not None:
        points = round(100 * shares[1]) - round(100 * shares[0])
        change = _told(points, f"{_sign(points, 0)}%", say)
    line(body, say("figure_similar"), (told[0], told[1]), change)
    kept = [say("broken", count=f.broken) if f.broken else say("all_kept") for f in (one, other)]
    line(body, say("figure_rules"), (kept[0], kept[1]), None)
    return markup(frame)


Change = tuple[str, str]
"""What a change says, and its kind: ``gain``, ``loss``, ``even`` or ``neutral``."""


def line(body: Element, name: str, values: tuple[str, str], change: Change | None) -> None:
    """Append one figure of both plans."""
    row = add(body, "tr")
    add(row, "td", name, class_="muted")
    add(row, "td", values[0])
    add(add(row, "td"), "b", values[1])
    told, kind = change or ("", "even")
    add(row, "td", told, class_=f"number {kind}")


def _total(found: Figures) -> str:
    return "—" if found.total is None else f"{found.total:,.1f}"


def _proof(found: Figures, say: Said) -> str:
    if found.gap is None or found.most is None:
        return say("no_bound")
    return say("proven") if found.most < 1e-6 else say("gap", gap=at_most_percent(found.gap))


def _change(before: float | None, after: float | None) -> Change | None:
    if before is None or after is None:
        return None
    change = after - before
    if abs(change) < _EVEN:
        return "0", "even"
    return _sign(change, 1), "gain" if change > 0 else "loss"


def _count_change(more: int, unit: str, say: Said, *, neutral: bool = False) -> Change:
    return _told(more, say(unit, value=_sign(more, 0)), say, better=0 if neutral else 1)


def _told(change: float, text: str, say: Said, *, better: int = 1) -> Change:
    if abs(change) < 1e-9:
        return say("unchanged"), "even"
    return text, "neutral" if not better else "gain" if change * better > 0 else "loss"


def _sign(value: float, decimals: int) -> str:
    return f"{'+' if value > 0 else '−'}{abs(value):.{decimals}f}"


def best_box(second: Figures, kept: Kept | None, total: float | None, count: int, say: Said) -> str:
    """Return what the best plan is that keeps the changes; before it is asked for, the question.

    Parameters
    ----------
    second
        Figures of the second plan.
    kept
        The answer; None before.
    total
        Points of that plan, counted as those of the second.
    count
        How many changes are kept.
    """
    box = new("div", class_="best-box")
    if kept is None:
        add(box, "b", say("best_ask"))
        add(box, "span", say("best_ask_note"))
        return markup(box)
    if total is None or kept.scenario.violations:
        add(box, "b", say("best_none", kept=count))
        return markup(box)
    moved = kept.difference.moved
    if not moved and not kept.difference.leads:
        add(box, "b", say("best_already", kept=count))
        return markup(box)
    key = "best_more" if kept.proven else "best_more_open"
    add(box, "b", say(key, kept=count, points=f"{total:,.1f}"))
    names = kept.scenario.villages.frame["name"].astype(str).tolist()
    separator = message("reason.separator", say.language)
    told = separator.join(names[one.village] for one in moved[:_MOST_NAMED])
    change = "—" if second.total is None else signed(total - second.total)
    add(box, "span", say("best_moves", count=len(moved), change=change, villages=told))
    return markup(box)


def best_moves(kept: Kept, say: Said) -> str:
    """Return where every village goes in the best plan that keeps the changes."""
    box = new("ul", class_="best-moves")
    names = kept.scenario.villages.frame["name"].astype(str).tolist()
    for one in kept.difference.moved:
        home = say("not_placed") if one.after is None else alliance_name(names[one.after])
        add(box, "li", say("moved_to", village=names[one.village], alliance=home))
    for change in kept.difference.leads:
        told = say("moved_to", village=names[change.before], alliance=names[change.after])
        add(box, "li", told)
    return markup(box)
