"""Ledgers for the tests of their reader: read, questions asked, answers confirmed, read again."""

import openpyxl
from intake_helpers import CODES, NAMES, gpkg, keys, workbook

from liancun_geo.decisions import in_force
from liancun_geo.intake.reading import read_all
from liancun_geo.settings import Settings

KEYS = ["村代码", "村名"]


def columns(*named, extra=()):
    """Return rows of the four villages with columns of (header, values)."""
    rows = [[*KEYS, *(header for header, _ in named)]]
    for i, (code, name) in enumerate(zip(CODES, NAMES, strict=True)):
        rows.append([code, name, *(values[i] for _, values in named)])
    return [*rows, *extra]


def reading(folder, rows=None, *decisions, ledger=None, sheets=None, **tables):
    """Read the four villages with a ledger and confirmed decisions."""
    path = ledger or workbook(folder, rows, sheets=sheets)
    layer = folder / "villages.gpkg"
    if not layer.exists():
        gpkg(folder)
    settings = Settings.model_validate(tables).deciding(decisions)
    found = read_all(layer, path, settings=settings)
    for fault in [*found.faults, *found.accepted]:
        assert fault.text("zh")
        assert fault.text("en")
        for fix in fault.fixes:
            assert fix.text("zh")
            assert not fix.confirmed
    return found


def errors(found):
    return [fault for fault in found.faults if fault.severity == "error"]


def questions(found):
    return [fault for fault in found.faults if fault.fixes]


def one(found, key):
    """Return the one fault of a kind."""
    (fault,) = [fault for fault in found.faults if fault.key == key]
    return fault


def column(found, field):
    return found.villages.frame[field].tolist()


def confirmed(fix):
    return fix.model_copy(update={"confirmed": True, "by": "王"})


def settle(folder, rows, key, number=0, *before, **more):
    """Confirm one fix of the one fault of a kind, read again, and check that it is settled."""
    first = reading(folder, rows, *before, **more)
    fault = one(first, key)
    fix = fault.fixes[number]
    assert in_force([fix]) == ()
    unconfirmed = reading(folder, rows, *before, fix, **more)
    assert keys(unconfirmed.faults) == keys(first.faults)
    again = reading(folder, rows, *before, confirmed(fix), **more)
    assert fault.key not in keys(again.faults), again.faults
    if again.villages is not None:
        applied = [f for f in again.faults if f.key == "decisions.applied"]
        assert any(f.params["decision"] == confirmed(fix) for f in applied)
        assert "decisions.unused" not in keys(again.faults)
    return again


def book_of(path, rows, change, title="台账"):
    """Write rows to a workbook, changed by a function of the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    change(sheet)
    book.save(path)
    return path
