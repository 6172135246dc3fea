"""What stands around the map: proof, faults, notices. Everything is markup by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liancun_geo.errors import Fault
from liancun_geo.output.export import sentence
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.reasons import violation_fault, zone_reason
from liancun_geo.scenario import Scenario
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words, at_most_percent


def title_bar(desk: Desk, words: Words) -> str:
    """Return the name of the county and, on the sample, the words that it is one."""
    bar = new("div", class_="title-bar")
    county = desk.county_name
    add(bar, "h1", words("title_county", county=county) if county else words("title"))
    if desk.is_sample and desk.county is not None:
        add(bar, "span", words("sample_chip"), class_="chip", title=words("sample_note"))
    return markup(bar)


def disclaimer(words: Words) -> str:
    """Return the sentence that every screen bears."""
    return markup(new("div", words("disclaimer"), class_="disclaimer"))


def logo() -> str:
    """Return the sign at the top of the rail."""
    return markup(new("div", class_="logo"))


def lacking(what: str, note: str) -> str:
    """Return what a step says that cannot begin yet."""
    box = new("div", class_="lacking")
    add(box, "h2", what)
    add(box, "p", note)
    return markup(box)


def banner(sentence: str, faults: Iterable[Fault], words: Words) -> str:
    """Return what was not saved, and why when pointed at."""
    why = " ".join(fault.text(words.language) for fault in faults)
    return markup(new("div", sentence, class_="banner", role="alert", title=why))


def failure(sentence: str) -> str:
    """Return a fault of the program in words."""
    box = new("div", class_="box error", role="alert")
    add(box, "div", sentence)
    return markup(box)


def zone_word(scenario: Scenario) -> str:
    """Return the ending of the keys that speak of townships, or of zones if they are others."""
    townships = scenario.settings.rules.zone_field in ("township_code", "township")
    return "townships" if townships else "zones"


def status_strip(scenario: Scenario, words: Words) -> str:
    """Return the line that answers: is it valid, how good is it, how much does it cover."""
    result = scenario.result
    placed = sum(len(alliance.villages) for alliance in scenario.alliances)
    count = placed + len(scenario.unassigned)
    strip = new("div", class_="strip")
    _proof(strip, scenario, words)
    left_out = len(scenario.unassigned)
    note = words("covered_rest", count=left_out) if left_out else words("covered_all")
    value = words("covered_value", placed=placed, count=count)
    _cell(strip, words("covered"), value, note, words("metric_covered_means"))
    rules = scenario.settings.rules
    sizes = words("sizes_note", min_size=rules.min_size, max_size=rules.max_size)
    value = words("alliances_value", count=len(scenario.alliances))
    _cell(strip, words("alliances"), value, sizes, words("metric_alliances_means"))
    if scenario.alliances:
        for name, figure in (("cost", result.objective), ("bound", result.bound)):
            means = words(f"metric_{name}_means")
            _cell(strip, words(name), f"{figure:.4f}", words(f"{name}_note"), means)
    return markup(strip)


def _proof(strip: Element, scenario: Scenario, words: Words) -> None:
    result = scenario.result
    statuses = [zone.status for zone in result.zones]
    of = zone_word(scenario)
    if scenario.violations:
        value, kind = words("proof_broken", count=len(scenario.violations)), "bad"
    elif result.status == "optimal":
        value, kind = words("proof_optimal"), "good"
    elif result.status == "feasible" and result.gap < float("inf"):
        value, kind = words("proof_gap", gap=at_most_percent(result.gap)), "open"
    elif result.status == "infeasible":
        value, kind = words(f"proof_infeasible_{of}", count=statuses.count("infeasible")), "warn"
    else:
        value, kind = words(f"proof_unknown_{of}", count=statuses.count("unknown")), "warn"
    proven = words(f"proof_note_{of}", proven=statuses.count("optimal"), zones=len(statuses))
    _cell(strip, words("proof"), value, proven, words("metric_proof_means"), kind)


def _cell(strip: Element, name: str, value: str, note: str, means: str, kind: str = "") -> None:
    """Add a figure that says what it means when it is clicked."""
    cell = add(strip, "details", class_=f"cell {kind}".strip(), name="metric")
    top = add(cell, "summary", title=means)
    add(top, "div", name, class_="name")
    line = add(top, "div", class_="line")
    add(line, "span", value, class_="value")
    add(line, "span", note, class_="note")
    add(cell, "div", means, class_="means")


def fault_box(
    faults: Sequence[Fault], words: Words, *, kept: bool = False, heading: str | None = None
) -> str:
    """Return the faults of an attempt: what, where, what to do; errors before warnings.

    Parameters
    ----------
    faults
        At least one error.
    words
        The language.
    kept
        Whether an earlier plan stays on show.
    heading
        Key of other words than that nothing was planned.
    """
    box = new("div", class_="box error", role="alert")
    errors = [fault for fault in faults if fault.severity == "error"]
    key = heading or ("faults_heading_kept" if kept else "faults_heading")
    add(box, "div", words(key, count=len(errors)), class_="heading")
    _list_faults(box, errors, words)
    rest = [fault for fault in faults if fault.severity == "warning"]
    if rest:
        add(box, "div", words("faults_rest", count=len(rest)), class_="heading rest")
        _list_faults(box, rest, words)
    return markup(box)


def notice_box(scenario: Scenario, words: Words) -> str:
    """Return what keeps the plan from being whole: broken rules, zones without plan; or ""."""
    villages, settings = scenario.villages, scenario.settings
    broken = [violation_fault(one, villages) for one in scenario.violations]
    open_zones = [
        zone_reason(zone.reason, zone.label, villages, settings)
        for zone in scenario.result.zones
        if zone.reason is not None and zone.status != "optimal"
    ]
    if not broken and not open_zones:
        return ""
    box = new("div", class_="box error" if broken else "box warn")
    key = "broken_heading" if broken else f"open_{zone_word(scenario)}"
    add(box, "div", words(key), class_="heading")
    _list_faults(box, [*broken, *open_zones], words)
    return markup(box)


def note_list(scenario: Scenario, words: Words) -> str:
    """Return the warnings of reading, neighbours, scores and zones."""
    if not scenario.warnings:
        return quiet(words("no_notes"))
    box = new("div", class_="notes")
    _list_faults(box, scenario.warnings, words)
    return markup(box)


def _list_faults(box: Element, faults: Iterable[Fault], words: Words) -> None:
    entries = add(box, "ul")
    for fault in faults:
        entry = add(entries, "li")
        place = fault.where.text(words.language)
        if place:
            add(entry, "div", place, class_="where")
        add(entry, "div", sentence(fault, words.language))


def heading(text: str) -> str:
    """Return a heading of the sidebar."""
    return markup(new("h2", text, class_="side"))


def quiet(text: str) -> str:
    """Return a sentence in small grey type."""
    return markup(new("p", text, class_="quiet"))


def section(title: str, note: str) -> str:
    """Return the heading of a part of a step, and what it is for."""
    box = new("div", class_="section")
    add(box, "h3", title)
    if note:
        add(box, "p", note)
    return markup(box)


def plain(text: str) -> str:
    """Return a line of text as it is."""
    return markup(new("p", text, class_="plain"))
