"""The report for the meeting: one content, laid out as a Word file and as a PDF."""

from liancun_geo.output.paper.content import Report
from liancun_geo.output.paper.gathering import gather
from liancun_geo.output.paper.reports import (
    Parts,
    fill_docx,
    fill_pdf,
    parts_of,
    write_report,
)
from liancun_geo.output.paper.word import template

__all__ = [
    "Parts",
    "Report",
    "fill_docx",
    "fill_pdf",
    "gather",
    "parts_of",
    "template",
    "write_report",
]
