"""The tables of a comparison: villages that differ, figures side by side, the best of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

PLACES = ("first", "second", "third")
"""What plans on show are called in keys of the catalogue: 甲, 乙, 丙."""
_EVEN = 0.05
_MOST_NAMED = 6


class Said:
    """The words of the step in one language."""

    def __init__(self, words: Words) -> None:
        self.language = words.language

    def __call__(self, key: str, **params: Any) -> str:
        """Return a sentence of the topic of this step."""
        return message(f"compare_step.{key}", self.language, **params)


def heading(found: Difference, other: str, note: str, say: Said) -> str:
    """Return in how many villages the plans differ, and how.

    Parameters
    ----------
    found
        What differs.
    other
        What the plan beside the first is called here.
    note
        The planner's words beside that plan.
    """
    box = new("div", class_="compared")
    same = not found.moved and not found.leads
    told = say("heading_same", other=other)
    add(box, "h2", told if same else say("heading", other=other, count=len(found.moved)))
    if not same:
        counts = {
            "switched": found.n_switched,
            "placed": found.n_placed,
            "left_out": found.n_left_out,
            "leads": len(found.leads),
        }
        details = Listed(say(f"detail_{name}", count=n) for name, n in counts.items() if n)
        add(box, "span", details.text(say.language))
    if note:
        add(box, "span", note, class_="note", title=note)
    if not found.same_rules:
        # Beside the count: a line of its own would not fit below the map.
        add(box, "span", say("other_rules"), class_="rules")
    return markup(box)


def moved_table(
    first: Scene,
    second: Scene,
    found: Difference,
    reasons: Mapping[str, str],
    other: str,
    say: Said,
) -> Element:
    """Return a row for each village that moved, with both colours, the reason and the points.

    ``data-v`` of a row is the village's position, as on the map.
    """
    names = (say("column_village"), say("column_from_to", other=other), say("column_points"))
    frame, body = _table("moved", names)
    codes = second.scenario.villages.frame["code"].astype(str).tolist()
    for one in found.moved:
        line = add(body, "tr", data_v=one.village, tabindex=0)
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
    return frame


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


def _table(kind: str, names: tuple[str, ...]) -> tuple[Element, Element]:
    frame = new("div", class_=f"compare-table {kind}")
    table = add(frame, "table")
    line = add(add(table, "thead"), "tr")
    for name in names[:-1]:
        add(line, "th", name)
    add(line, "th", names[-1], class_="number" if kind != "figures three" else "")
    return frame, add(table, "tbody")


Change = tuple[str, str]
"""What a change says, and its kind: ``gain``, ``loss``, ``even`` or ``neutral``."""


def figure_table(plans: Sequence[Figures], say: Said) -> Element:
    """Return two or three plans figure by figure, with what the others have more than the first.

    The change stands in a column of its own beside two plans, under the figure of three.
    """
    three = len(plans) > 2
    names = [say("whole_county"), *(say(f"column_{name}") for name in PLACES[: len(plans)])]
    frame, body = _table(
        "figures three" if three else "figures",
        (*names, *(() if three else (say("column_change"),))),
    )
    for name, values, changes in _figures(plans, say):
        row = add(body, "tr")
        add(row, "td", name, class_="muted")
        add(row, "td", values[0])
        for value, change in zip(values[1:], changes, strict=True):
            cell = add(row, "td")
            add(cell, "b", value)
            told, kind = change or ("", "even")
            if not three:
                add(row, "td", told, class_=f"number {kind}")
            elif kind != "even":
                add(cell, "small", told, class_=kind)
    return frame


def _figures(
    plans: Sequence[Figures], say: Said
) -> Iterator[tuple[str, list[str], list[Change | None]]]:
    """Yield name, figures, and changes against the first plan."""
    first, rest = plans[0], plans[1:]
    nothing: list[Change | None] = [None] * len(rest)
    yield (
        say("figure_total"),
        [_total(f) for f in plans],
        [_change(first.total, f.total) for f in rest],
    )
    yield say("figure_proof"), [_proof(f, say) for f in plans], nothing
    yield (
        say("figure_placed"),
        [say("of", part=f.placed, whole=f.count) for f in plans],
        [_count_change(f.placed - first.placed, "villages", say) for f in rest],
    )
    yield (
        say("figure_alliances"),
        [say("count", value=f.alliances) for f in plans],
        [_count_change(f.alliances - first.alliances, "count", say, neutral=True) for f in rest],
    )
    if any(f.weak for f in plans):
        yield (
            say("figure_weak"),
            [say("of", part=f.weak_led, whole=f.weak) for f in plans],
            [_count_change(f.weak_led - first.weak_led, "villages", say) for f in rest],
        )
    for name in ("mean", "max"):
        km = [getattr(f, f"distance_{name}_km") for f in plans]
        told = [say("no_bound") if v is None else say("km", value=f"{v:.1f}") for v in km]
        yield say(f"figure_{name}"), told, [_way(km[0], one, say) for one in km[1:]]
    shares = [f.similar_share for f in plans]
    told = [say("no_bound") if one is None else f"{one:.0%}" for one in shares]
    yield say("figure_similar"), told, [_share(shares[0], one, say) for one in shares[1:]]
    kept = [say("broken", count=f.broken) if f.broken else say("all_kept") for f in plans]
    yield say("figure_rules"), kept, nothing


def _way(before: float | None, after: float | None, say: Said) -> Change | None:
    if before is None or after is None:
        return None
    km = round(after, 1) - round(before, 1)
    return _told(km, say("km", value=_sign(km, 1)), say, better=-1)


def _share(before: float | None, after: float | None, say: Said) -> Change | None:
    if before is None or after is None:
        return None
    points = round(100 * after) - round(100 * before)
    return _told(points, f"{_sign(points, 0)}%", say)


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


def best_box(
    second: Figures, kept: Kept | None, total: float | None, count: int, other: str, say: Said
) -> str:
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
    other
        What the second plan is called on the page.
    """
    box = new("div", class_="best-box")
    if kept is None:
        add(box, "b", say("best_ask"))
        add(box, "span", say("best_ask_note", other=other))
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
