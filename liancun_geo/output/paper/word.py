"""The report as a Word file, laid out by a template that a county can replace."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from liancun_geo.errors import DataError, Where, error
from liancun_geo.messages import Language
from liancun_geo.output.dated_zip import write_dated_zip
from liancun_geo.output.paper.content import Report

TEMPLATES: Mapping[Language, str] = {"zh": "template_zh.docx", "en": "template_en.docx"}

_MAP_MM = 164.0


def template(language: Language) -> bytes:
    """Return the shipped template."""
    return resources.files(__package__).joinpath(TEMPLATES[language]).read_bytes()


def fill_word(
    report: Report,
    path: Path,
    created: datetime,
    language: Language,
    pictures: Mapping[str, bytes],
    *,
    template_file: Path | None = None,
) -> None:
    """Write the report to a file that is not there yet.

    Parameters
    ----------
    report
        What it says. Text is text: nothing in a name is taken for markup of Word or of the
        template.
    path, created
        Where, and the date in the file.
    language
        Which of the shipped templates.
    pictures
        PNG of each map: ``""`` the county, else by the code of the township. A map that is not
        there leaves its place empty.
    template_file
        A Word file of the county's own instead of the shipped one. It can use everything in
        ``report``; it cannot run code (the template language is sandboxed), nor make the report
        fetch anything: see :func:`~liancun_geo.output.paper.own_template.read_own_template`.

    Raises
    ------
    DataError
        If the template cannot be read, or asks for something the report does not have.
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage

    from liancun_geo.output.paper.own_template import (
        Picture,
        environment,
        read_own_template,
        require_harmless,
    )

    own = None if template_file is None else read_own_template(template_file)
    paper = DocxTemplate(io.BytesIO(own or template(language)))

    def picture(name: str) -> Any:
        if name not in pictures:
            return ""
        return Picture(InlineImage(paper, io.BytesIO(pictures[name]), width=Mm(_MAP_MM)))

    words = _words(report, language, picture)
    try:
        paper.render(words, jinja_env=environment(), autoescape=True)
        _sign(paper.docx.core_properties, report, created)
        parts = _saved(paper)
        if own is not None:
            # What it writes past the escaping is not in it before it is filled.
            require_harmless(parts, Where(file=str(template_file)))
    except DataError:
        raise
    except Exception as cause:  # what stands in a template of somebody's can raise anything
        where = Where(file=str(template_file or TEMPLATES[language]))
        raise DataError([error("paper.bad_template_field", where, cause=str(cause))]) from cause
    write_dated_zip(path, parts.items(), created)


def _words(report: Report, language: Language, picture: Callable[[str], Any]) -> dict[str, Any]:
    """Return what a template may ask for."""
    words: dict[str, Any] = _one_line(report.words())
    words["sentence_gap"] = "" if language == "zh" else " "
    words["overview_map"] = picture("")
    for township in words["townships"]:
        township["map"] = picture(township["code"])
    return words


def _sign(properties: Any, report: Report, created: datetime) -> None:
    properties.author = report.maker or "liancun_geo"
    properties.title = report.title
    properties.created = properties.modified = created.replace(tzinfo=None)
    properties.last_modified_by = "liancun_geo"


def _saved(paper: Any) -> dict[str, bytes]:
    """Return the parts of the file that a template was filled into."""
    made = io.BytesIO()
    paper.save(made)
    with zipfile.ZipFile(made) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _one_line(value: Any) -> Any:
    """Return texts without line breaks: a name with one would break its line of the table."""
    if isinstance(value, str):
        return " ".join(value.split("\n"))
    if isinstance(value, list):
        return [_one_line(one) for one in value]
    if isinstance(value, dict):
        return {name: _one_line(one) for name, one in value.items()}
    return value
