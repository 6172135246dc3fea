"""The list before handing over, and sheets of the workbook as tables on the page."""

from __future__ import annotations

from collections.abc import Sequence

from liancun_geo.messages import Language, message
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.output.sheets import Sheet
from liancun_geo.studio.handing import Check

_SIGNS = {"good": "✓", "warn": "!", "bad": "✗"}
_MOST_ROWS = 1_000


def check_list(found: Sequence[Check], language: Language, *, approved: bool = False) -> str:
    """Return the list with a verdict above it; signs stand beside the colours."""
    bad = sum(one.state == "bad" for one in found)
    warn = sum(one.state == "warn" for one in found)
    key, count = ("not_ready", bad) if bad else ("ready_open", warn) if warn else ("ready", 0)
    if approved:
        # There is nothing left to make ready.
        key = "ready_approved"
    box = new("div", class_="check-list")
    head = add(box, "div", class_="head")
    add(head, "h2", message("export_step.heading", language))
    # Signed is signed: what was to be known before is still listed below.
    state = "good" if approved else "bad" if bad else "warn" if warn else "good"
    told = message(f"export_step.{key}", language, count=count)
    add(head, "span", told, class_=f"verdict {state}")
    listed = add(box, "ul")
    for one in found:
        line = add(listed, "li", class_=one.state)
        add(line, "span", _SIGNS[one.state], class_="sign")
        add(line, "span", one.text(language))
    return markup(box)


def sheet_table(sheet: Sheet) -> str:
    """Return a sheet as the page's table: the same figures as in the workbook."""
    frame = new("div", class_="table-frame")
    table = add(frame, "table")
    line = add(add(table, "thead"), "tr")
    for name in sheet.columns:
        add(line, "th", name)
    body = add(table, "tbody")
    for values in sheet.rows[:_MOST_ROWS]:
        line = add(body, "tr")
        for value in values:
            if isinstance(value, str) or value is None:
                long = isinstance(value, str) and len(value) > 12
                add(line, "td", value or "", class_="wide" if long else "")
            else:
                add(line, "td", f"{value:,.3f}".rstrip("0").rstrip("."), class_="number")
    return markup(frame)
