"""The report as PDF: the same contents as the Word file, set by typst."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path

import typst

from liancun_geo.messages import Language, message
from liancun_geo.output.paper.content import Report
from liancun_geo.output.printing.fonts import find_fonts

_LABELS = (
    "classification",
    "section_summary",
    "section_method",
    "section_overview",
    "section_townships",
    "section_comparison",
    "section_objections",
    "section_unplaced",
    "section_data",
    "section_appendix",
    "section_record",
    "section_sources",
    "section_settings",
    "label_proof",
    "label_type",
    "label_party_body",
    "label_lead",
    "label_lead_why",
    "label_members",
    "comparison_note",
    "others_note",
)
_MEMBER = ("village", "distance", "persons", "income", "points", "why")


def fill_portable(
    report: Report,
    path: Path,
    created: datetime,
    language: Language,
    pictures: Mapping[str, bytes],
) -> None:
    """Write the report to a file that is not there yet.

    Parameters
    ----------
    report
        What it says. It reaches typst as data: nothing in a name is taken for markup.
    path, created
        Where, and the date in the file. Equal contents give equal bytes.
    language
        Of the headings.
    pictures
        SVG of each map: ``""`` the county, else by the code of the township.

    Raises
    ------
    DataError
        If this machine has no Chinese font.
    """
    typefaces = find_fonts()
    labels = {name: message(f"paper.{name}", language) for name in _LABELS}
    labels["decision_support"] = message("output.decision_support", language)
    data = {
        **report.words(),
        "labels": labels,
        "member_heading": [message(f"paper.heading_{name}", language) for name in _MEMBER],
        "author": report.maker or "liancun_geo",
        "day": [created.year, created.month, created.day],
        "fonts": list(typefaces.families),
        "lang": "zh" if language == "zh" else "en",
        "region": "CN" if language == "zh" else "GB",
        "gap": "" if language == "zh" else " ",
        "pictures": {code: svg.decode() for code, svg in pictures.items()},
    }
    template = resources.files(__package__).joinpath("report.typ").read_bytes()
    compiler = typst.Compiler(
        template, font_paths=typefaces.fonts, sys_inputs={"data": json.dumps(data)}
    )
    made = compiler.compile(format="pdf", timestamp=int(created.timestamp()))
    assert isinstance(made, bytes)
    path.write_bytes(made)
