"""Several tables of one answer: sheets of a workbook, or CSV files side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo.commands.inputs import Inputs
from liancun_geo.commands.tables import write_table
from liancun_geo.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from liancun_geo.scenario import Scenario


def write_answer(
    report: Report,
    scenario: Scenario,
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    inputs: Inputs,
) -> None:
    """Write tables and say where.

    Parameters
    ----------
    tables
        Name -> table. ``.xlsx``: a sheet each; else CSV: the first to ``path``, the others beside
        it with their names added.
    """
    from liancun_geo.output.quality_sheet import write_sheets
    from liancun_geo.output.sheets import Sheet

    if path.suffix.lower() == ".xlsx":
        sheets = tuple(
            Sheet(name, tuple(map(str, table.columns)), _rows(table))
            for name, table in tables.items()
        )
        write_sheets(scenario, path, sheets, language=report.language)
        report.line("research.table_written", file=path)
        return
    for number, (name, table) in enumerate(tables.items()):
        own = path if number == 0 else path.with_name(f"{path.stem}_{name}{path.suffix}")
        write_table(table, own, inputs)
        report.line("research.table_written", file=own)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON can hold them: nothing where a number is unknown."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _rows(table: pd.DataFrame) -> tuple[tuple[Any, ...], ...]:
    plain = table.astype(object).where(table.notna(), None)
    return tuple(tuple(row) for row in plain.to_numpy().tolist())
