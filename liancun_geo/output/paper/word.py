"""The report as a Word file, laid out by a template that a county can replace."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from liancun_geo.errors import DataError, Where, error
from liancun_geo.messages import Language
from liancun_geo.output.paper.content import Report

TEMPLATES: Mapping[Language, str] = {"zh": "template_zh.docx", "en": "template_en.docx"}

_MOST_BYTES = 20_000_000
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
        ``report``; it cannot run code (the template language is sandboxed).

    Raises
    ------
    DataError
        If the template cannot be read, or asks for something the report does not have.
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    paper = DocxTemplate(io.BytesIO(_read(template_file, language)))

    def picture(name: str) -> Any:
        if name not in pictures:
            return ""
        return InlineImage(paper, io.BytesIO(pictures[name]), width=Mm(_MAP_MM))

    words = _one_line(report.words())
    words["sentence_gap"] = "" if language == "zh" else " "
    words["overview_map"] = picture("")
    for township in words["townships"]:
        township["map"] = picture(township["code"])
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    try:
        paper.render(words, jinja_env=environment, autoescape=True)
    except Exception as cause:  # what stands in a template of somebody's can raise anything
        where = Where(file=str(template_file or TEMPLATES[language]))
        raise DataError([error("paper.bad_template_field", where, cause=str(cause))]) from cause
    properties = paper.docx.core_properties
    properties.author = report.maker or "liancun_geo"
    properties.title = report.title
    properties.created = properties.modified = created.replace(tzinfo=None)
    properties.last_modified_by = "liancun_geo"
    made = io.BytesIO()
    paper.save(made)
    _write_dated(made.getvalue(), path, created)


def _read(file: Path | None, language: Language) -> bytes:
    if file is None:
        return template(language)
    where = Where(file=str(file))
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise DataError([error("paper.template_too_large", where, size=_MOST_BYTES // 10**6)])
        content = file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # A few kilobytes can unpack to gigabytes.
            whole = sum(entry.file_size for entry in archive.infolist())
            if whole > 10 * _MOST_BYTES or "word/document.xml" not in archive.namelist():
                raise DataError([error("paper.bad_template", where)])
    except (OSError, zipfile.BadZipFile) as cause:
        raise DataError([error("paper.bad_template", where)]) from cause
    return content


def _one_line(value: Any) -> Any:
    """Return texts without line breaks: a name with one would break its line of the table."""
    if isinstance(value, str):
        return " ".join(value.split("\n"))
    if isinstance(value, list):
        return [_one_line(one) for one in value]
    if isinstance(value, dict):
        return {name: _one_line(one) for name, one in value.items()}
    return value


def _write_dated(content: bytes, path: Path, created: datetime) -> None:
    """Write a Word file whose parts bear the same date: equal contents give equal bytes."""
    date = max(created.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            info = zipfile.ZipInfo(name, date)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, source.read(name))
