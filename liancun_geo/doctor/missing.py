"""Figures that nobody delivered, or that single villages lack."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from liancun_geo.errors import Fault, Where, warning
from liancun_geo.intake.identities.identity import is_missing
from liancun_geo.intake.identities.joining import Joined
from liancun_geo.intake.reading import Reading
from liancun_geo.messages import Language, Listing
from liancun_geo.villages import FIELDS, Field

_SHOWN = 5
_IDENTITY = ("code", "name", "township_code", "township", "county", "existing_alliance")


class _Labels:
    """Names of fields, in the language of the sentence they stand in."""

    def __init__(self, fields: list[Field]) -> None:
        self._fields = fields

    def text(self, language: Language) -> str:
        return Listing(getattr(field, language) for field in self._fields).text(language)


def _without_row(joined: Joined) -> list[int]:
    return joined.villages_without_row if joined.matched else []


def _called(reading: Reading, villages: list[int]) -> list[str]:
    """Return what villages are called: name, else code, else the number of the feature."""
    if reading.joined is None or reading.features is None:
        return []
    attributes = reading.joined.attributes
    blank = [None] * len(attributes)
    columns = (attributes[f].tolist() if f in attributes else blank for f in ("name", "code"))
    known = [name or code for name, code in zip(*columns, strict=True)]
    rows = reading.features.raw.rows
    return [str(known[v] or rows[reading.groups[v][0]]) for v in villages]


def missing_figures(reading: Reading) -> Iterator[Fault]:
    """Yield one note on indicators nobody delivered, and a warning each on incomplete ones."""
    if reading.joined is None:
        return
    # A village without a row has its own finding.
    with_row = sorted(set(reading.joined.kept) - set(_without_row(reading.joined)))
    attributes = reading.joined.attributes.iloc[with_row]
    layer = reading.features
    # With a ledger, it may be the one or the other file that lacks them.
    where = Where() if layer is None or reading.ledgers else Where(file=layer.raw.file)
    absent: list[Field] = []
    names = _called(reading, with_row)
    for name, field in FIELDS.items():
        if name in _IDENTITY or not len(attributes):
            continue
        cells = attributes[name].tolist() if name in attributes else [None] * len(attributes)
        missing = np.fromiter((is_missing(cell) for cell in cells), dtype=bool, count=len(cells))
        count = int(missing.sum())
        if count == len(cells):
            absent.append(field)
        elif count:
            lacking = [names[n] for n in np.flatnonzero(missing)[:_SHOWN]]
            examples = Listing(lacking, " …" if count > _SHOWN else "")
            yield warning(
                "doctor.figures_missing",
                where,
                zh=field.zh,
                en=field.en,
                count=count,
                villages=len(cells),
                examples=examples,
            )
    if absent:
        yield warning("doctor.fields_absent", Where(), fields=_Labels(absent))
