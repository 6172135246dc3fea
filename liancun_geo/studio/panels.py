"""What stands around the map: title, faults, notices. Everything is markup by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liancun_geo.errors import Fault
from liancun_geo.output.export import sentence
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.words import Words


def title_bar(desk: Desk, words: Words, looked_at: Desk | None = None) -> str:
    """Return the name of the county and, on the sample, the words that it is one.

    Parameters
    ----------
    desk, words
        What is in use, and the language.
    looked_at
        Data on show that are not in use yet: the title speaks of them.
    """
    bar = new("div", class_="title-bar")
    if looked_at is not None:
        name = looked_at.county_name
        said = words("title_looked_at", county=name) if name else words("title_uploaded")
        add(bar, "h1", said, title=said)
        return markup(bar)
    # The sample county is named in the language of the page; all others as their data say.
    county = words("data_sample") if desk.is_sample else desk.county_name
    usual = words("title_county", county=county) if county else words("title")
    add(bar, "h1", desk.title or usual, title=desk.title or usual)
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


def remark_box(sentence: str, faults: Iterable[Fault], words: Words) -> str:
    """Return what came out otherwise than asked for, nothing being wrong with the rest."""
    box = new("div", class_="box warn", role="status")
    add(box, "div", sentence, class_="heading")
    _list_faults(box, faults, words)
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
