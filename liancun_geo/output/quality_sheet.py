"""The plan quality sheet as a sheet of a workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.export import creation_time, input_files
from liancun_geo.output.sheets import A3, Sheet, fill_sheet, new_book, save_book
from liancun_geo.quality import COLUMNS, QualitySheet, quality_sheet

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

_BETTER, _WORSE = "D8F0DC", "FBE3D6"
_WIDTHS = (8.0, 24.0, 8.0, 10.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 56.0, 46.0, 46.0)
_VERDICT_COLUMN = 8


def quality_table(
    scenario: Scenario, language: Language, found: QualitySheet | None = None
) -> Sheet:
    """Return the sheet 方案质量: a row a measure, a column a plan, and the notes below.

    Parameters
    ----------
    scenario
        The plan.
    language
        Of headings and sentences.
    found
        The measures, if they are known already.
    """
    found = quality_sheet(scenario) if found is None else found
    rows: list[tuple[str | float | int | None, ...]] = []
    tones: dict[tuple[int, int], str] = {}
    for row in found.rows:
        metric, own = row.metric, row.by_plan["plan"]
        verdict = row.against("thumb")
        if verdict in ("better", "worse"):
            tones[len(rows), _VERDICT_COLUMN] = _BETTER if verdict == "better" else _WORSE
        values: list[str | float | int | None] = []
        for column in COLUMNS:
            number = metric.rounded(row.by_plan[column])
            values.append(metric.shown(row.by_plan[column], language) if number is None else number)
        rows.append(
            (
                message(f"quality.family_{metric.family}", language),
                metric.text("name", language),
                message(f"quality.unit_{metric.unit}", language),
                message(f"quality.direction_{metric.direction}", language),
                *values,
                message(f"quality.verdict_{verdict or 'none'}", language),
                own.counted,
                own.unknown,
                metric.text("definition", language),
                metric.text("formula", language),
                metric.source_text(language),
            )
        )
    note = message("quality.item_note", language)
    blank = (None,) * (len(_WIDTHS) - 3)
    # In the wide column of definitions, where a sentence has room.
    rows += [(note, *blank[:10], told, None, None) for told in found.notes(language)]
    heading = (
        *(
            message(f"quality.heading_{h}", language)
            for h in ("family", "metric", "unit", "better")
        ),
        *(message(f"quality.column_{column}", language) for column in COLUMNS),
        *(
            message(f"quality.heading_{h}", language)
            for h in ("against", "counted", "unknown", "definition", "formula", "source")
        ),
    )
    title = message("quality.sheet", language)
    return Sheet(title, heading, rows, A3, "#,##0.###", widths=_WIDTHS, tones=tones)


def write_sheets(
    scenario: Scenario,
    path: Path | str,
    tables: tuple[Sheet, ...],
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
) -> Path:
    """Write tables about a plan to a workbook of their own, whether or not it breaks rules.

    Raises
    ------
    DataError
        If the file is an input of the plan or cannot be written.
    """
    from liancun_geo.output.atomic import staged

    path = Path(path)
    when = creation_time(created)
    inputs = input_files(scenario.villages.sources)
    with staged(path.parent, [path.name], inputs=inputs) as stage:
        book = new_book(when, language)
        for table in tables:
            fill_sheet(book.create_sheet(table.name), table, language)
        save_book(book, stage.path(path.name), when)
    return path
