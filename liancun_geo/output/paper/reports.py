"""The report of a plan as files: both are made of the same contents and maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.messages import DEFAULT_LANGUAGE, Language
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.paper.content import Report
from liancun_geo.output.paper.gathering import gather

if TYPE_CHECKING:
    from liancun_geo.editing.answers import Objection
    from liancun_geo.output.picture.scene import Lasting
    from liancun_geo.scenario import Scenario

Tell = Callable[[int, int], None]

WIDTH_MM = 165.0
_DPI = 200
_TALLEST = 1.05  # the table of the township stands below it on the same page


@dataclass(frozen=True, slots=True)
class Parts:
    """What both files are made of: the contents and the maps as SVG by code of township."""

    report: Report
    maps: dict[str, bytes]


def parts_of(
    scenario: Scenario,
    language: Language,
    created: datetime,
    maker: str = "",
    objections: Sequence[Objection] = (),
    plan_name: str = "",
    others: Mapping[str, Scenario] | None = None,
    lasting: Lasting = (),
    *,
    tell: Tell = lambda _part, _parts: None,
) -> Parts:
    """Return the contents and maps of the report; ``tell`` is called map by map.

    ``lasting`` as for :func:`~liancun_geo.output.picture.scene.plan_colours`.
    """
    from liancun_geo.output.printing import prepare, sheet_picture

    report = gather(
        scenario,
        language,
        created,
        maker=maker,
        plan_name=plan_name,
        objections=objections,
        others=others,
    )
    chart = prepare(scenario, lasting)
    codes = ["", *(township.code for township in report.townships)]
    maps = {}
    for number, code in enumerate(codes):
        tell(number, len(codes))
        maps[code] = sheet_picture(
            chart, code or None, WIDTH_MM, language, tallest=_TALLEST, form="svg"
        )
    return Parts(report, maps)


def write_report(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    maker: str = "",
    plan_name: str = "",
    objections: Sequence[Objection] = (),
    others: Mapping[str, Scenario] | None = None,
    template_file: Path | None = None,
) -> Path:
    """Write the report of a plan: a Word file, or a PDF if the name ends so.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    path
        The file; replaced as a whole.
    language
        Of every sentence.
    created
        Its date; default ``SOURCE_DATE_EPOCH``, else now.
    maker
        The office that answers for it.
    plan_name
        What the plan is called.
    objections
        What villages answered when they were consulted.
    others
        Other plans of the same villages by name, to be laid beside this one.
    template_file
        A Word template of the county's own.

    Raises
    ------
    DataError
        If the plan breaks a rule, the template cannot be used, no Chinese font is found, or the
        file cannot be written.
    """
    path, created = Path(path), creation_time(created)
    with exporting(scenario, path.parent, [path.name]) as stage:
        parts = parts_of(scenario, language, created, maker, objections, plan_name, others)
        target = stage.path(path.name)
        if path.suffix.lower() == ".pdf":
            fill_pdf(parts, target, created, language)
        else:
            fill_docx(parts, target, created, language, template_file=template_file)
    return path


def fill_pdf(parts: Parts, path: Path, created: datetime, language: Language) -> None:
    """Write the report as PDF to a file that is not there yet."""
    from liancun_geo.output.paper.portable import fill_portable

    fill_portable(parts.report, path, created, language, parts.maps)


def fill_docx(
    parts: Parts,
    path: Path,
    created: datetime,
    language: Language,
    *,
    template_file: Path | None = None,
) -> None:
    """Write the report as a Word file to a file that is not there yet."""
    from liancun_geo.output.paper.word import fill_word
    from liancun_geo.output.printing.picture import as_png

    pictures = {code: as_png(svg, WIDTH_MM, _DPI) for code, svg in parts.maps.items()}
    fill_word(parts.report, path, created, language, pictures, template_file=template_file)
