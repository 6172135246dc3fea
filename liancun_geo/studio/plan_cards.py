"""Cards of contrasting plans, and the rows of figures under them, as markup."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from liancun_geo.contrasts import Contrast, changed_villages
from liancun_geo.messages import Language, message
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.picture.scene import Scene
from liancun_geo.scenario import Scenario
from liancun_geo.studio.plan_figures import Figure, Key, Row
from liancun_geo.studio.small_map import as_image, small_map
from liancun_geo.studio.words import at_most_percent

_DECIMALS: dict[Key, int] = {
    "points": 1,
    "weak": 0,
    "similar": 0,
    "mean": 1,
    "far": 1,
    "moved": 0,
    "steady": 0,
}
_SHARES = ("similar", "steady")


def card(
    kind: Contrast,
    scene: Scene,
    language: Language,
    *,
    first: Scene | None,
    township: int | None,
    place: str,
    chosen: bool,
) -> str:
    """Return the card of a plan.

    Parameters
    ----------
    kind
        Which leaning it has.
    scene
        Of the plan.
    language
        Of everything said.
    first
        Plan it is laid beside; None for that plan itself.
    township, place
        What the map shows, and its name.
    chosen
        Whether it is the plan in use.
    """
    name = message(f"plans_step.name_{kind}", language)
    box = new("section", class_="card on" if chosen else "card", aria_label=name)
    head = add(box, "div", class_="card-head")
    title = add(head, "div")
    add(title, "b", name)
    add(title, "small", message(f"plans_step.about_{kind}", language))
    head.append(proof_chip(scene.scenario, language))
    drawing = small_map(scene, name, first=first, township=township)
    alt = message("plans_step.map_of", language, name=name, place=place)
    add(box, "img", src=as_image(drawing), alt=alt, class_="card-map")
    add(box, "div", _caption(scene, first, township, place, language), class_="card-foot")
    return markup(box)


def empty_card(kind: Contrast, text: str, language: Language) -> str:
    """Return the card of a plan that is not there, with what is to be said of it."""
    box = new("section", class_="card empty")
    head = add(box, "div", class_="card-head")
    title = add(head, "div")
    add(title, "b", message(f"plans_step.name_{kind}", language))
    add(title, "small", message(f"plans_step.about_{kind}", language))
    add(box, "p", text)
    return markup(box)


def proof_chip(scenario: Scenario, language: Language) -> Element:
    """Return what is proven of a plan: never "best" without proof."""
    result = scenario.result
    lost = sum(zone.status == "infeasible" for zone in result.zones)
    late = sum(math.isinf(zone.objective) for zone in result.zones) - lost
    if scenario.violations:
        text = message("plans_step.broken", language, count=len(scenario.violations))
        return new("span", text, class_="proof bad")
    if lost:
        return new("span", message("plans_step.partly", language, count=lost), class_="proof warn")
    if late:
        # No plan yet is no proof that there is none.
        return new("span", message("plans_step.late", language, count=late), class_="proof warn")
    if result.status == "optimal":
        return new("span", message("plans_step.proven", language), class_="proof ok")
    if math.isfinite(result.gap):
        gap = at_most_percent(result.gap)
        return new("span", message("plans_step.within", language, gap=gap), class_="proof acc")
    return new("span", message("plans_step.unproven", language), class_="proof acc")


def _caption(
    scene: Scene, first: Scene | None, township: int | None, place: str, language: Language
) -> str:
    here = np.ones(len(scene.villages), dtype=bool)
    if township is not None:
        here = scene.township_of == township
    count = sum(bool(here[alliance.lead]) for alliance in scene.scenario.alliances)
    if first is None:
        return message("plans_step.caption_first", language, place=place, count=count)
    changed = changed_villages(first.scenario.plan.lead_of, scene.scenario.plan.lead_of)
    other = int((changed & here).sum())
    if not other:
        return message("plans_step.caption_same", language, place=place, count=count)
    return message("plans_step.caption", language, place=place, count=count, other=other)


def legend(language: Language) -> str:
    """Return what star and hatch mean."""
    box = new("div", class_="card-legend")
    for sign in ("lead", "other"):
        line = add(box, "div")
        add(line, "i", class_=f"sign-{sign}", aria_hidden="true")
        add(line, "span", message(f"plans_step.legend_{sign}", language))
    return markup(box)


def figures(rows: Sequence[Row], language: Language) -> str:
    """Return the rows of figures: one label, then one cell a plan."""
    grid = new("div", class_="figures", role="table")
    add(grid, "div", message("plans_step.figures", language), class_="figures-heading")
    for row in rows:
        line = add(grid, "div", class_="figures-row", role="row")
        note = message(f"plans_step.note_{row.key}", language, **row.note)
        told = message(f"plans_step.help_{row.key}", language, **row.note)
        label = add(line, "div", class_="label", role="rowheader", title=told)
        add(label, "b", message(f"plans_step.row_{row.key}", language))
        add(label, "small", note)
        for figure in row.figures:
            _cell(line, row.key, figure, language)
    return markup(grid)


def _cell(line: Element, key: Key, figure: Figure, language: Language) -> None:
    cell = add(line, "div", class_="cell best" if figure.best else "cell", role="cell")
    add(cell, "span", shown(key, figure, language), class_="value")
    if figure.value is None:
        return
    bar = add(cell, "span", class_="bar", aria_hidden="true")
    add(bar, "i", style=f"width:{100 * figure.bar:.1f}%")
    add(cell, "span", message("plans_step.best", language) if figure.best else "", class_="mark")


def shown(key: Key, figure: Figure, language: Language) -> str:
    """Return a figure with its unit."""
    if figure.value is None:
        return message("plans_step.value_none", language)
    value = 100.0 * figure.value if key in _SHARES else figure.value
    number = f"{value:,.{_DECIMALS[key]}f}".replace("-", "−")
    of = "" if figure.of is None else f"{figure.of:,.0f}"
    return message(f"plans_step.value_{key}", language, value=number, of=of)
